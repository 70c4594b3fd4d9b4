package tfcli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// Command is one call of Terraform.
type Command struct {
	Args []string
	Dir  string
	Env  []string          // whole environment, not an addition
	Log  io.Writer         // gets all that Terraform says; an *os.File also when this process is gone
	Line func(line string) // is told each line; may be nil
	Kill <-chan struct{}   // when closed, Terraform is killed, state or no state; may be nil
	// Held, when set, is open in Terraform as well, so that a lock on it is held
	// until Terraform has ended, whatever becomes of this process. Terraform's
	// process ID is written there, and HeldInterrupted once it was interrupted.
	Held *os.File
}

// HeldInterrupted is the second line of Command.Held after an interrupt:
// Terraform must not get another one.
const HeldInterrupted = "interrupted"

// ErrKilled is in the error of a Terraform that was killed, or whose provider
// ended before it did: its state may lack what it was just making.
var ErrKilled = errors.New("killed, and may have created resources that its state lacks")

// Error is what Terraform failed with.
type Error struct {
	Args     []string
	Messages []string // its errors, each a headline with detail
	Err      error
}

// shownMessages is how many errors are told; the log has all.
const shownMessages = 4

// Error gives the command and the first messages.
func (e *Error) Error() string {
	if len(e.Messages) == 0 {
		return fmt.Sprintf("terraform %s: %v", e.Args[0], e.Err)
	}
	text := fmt.Sprintf("terraform %s: %s", e.Args[0], strings.Join(e.Messages[:min(len(e.Messages), shownMessages)], "\n"))
	if more := len(e.Messages) - shownMessages; more > 0 {
		text += fmt.Sprintf("\nand %d more errors", more)
	}
	return text
}

// pluginGone is Terraform's headline for a provider that crashed or was killed.
const pluginGone = "Plugin did not respond"

// Is makes it an ErrKilled when the provider is gone: the answer on what it was
// just asked to make is lost.
func (e *Error) Is(target error) bool {
	return target == ErrKilled && slices.ContainsFunc(e.Messages, func(message string) bool {
		return strings.Contains(message, pluginGone)
	})
}

// Unwrap gives the process's own error.
func (e *Error) Unwrap() error { return e.Err }

// Run runs Terraform to its end.
//
// Terraform gets a process group of its own, so that a Ctrl-C in the terminal
// does not reach it: it would take a second signal for an order to abort
// without saving. When ctx is done it gets one interrupt, and then all the
// time it wants to end what it is doing and to write its state.
func (tf Terraform) Run(ctx context.Context, c Command) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("terraform %s was not started: %w", c.Args[0], context.Cause(ctx))
	}
	cmd := exec.CommandContext(ctx, tf.Path, c.Args...)
	cmd.Dir, cmd.Env = c.Dir, c.Env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return errors.Join(c.hold(HeldInterrupted), cmd.Process.Signal(os.Interrupt)) }
	if c.Held != nil {
		cmd.ExtraFiles = []*os.File{c.Held}
	}
	output := &lines{log: c.Log, line: c.Line}
	read, err := c.connect(cmd, output)
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return errors.Join(fmt.Errorf("starting %s: %w", tf.Path, err), read())
	}
	held := c.hold(fmt.Sprint(cmd.Process.Pid))
	err = c.wait(cmd)
	failed := errors.Join(held, read())
	output.flush()
	switch {
	case ctx.Err() != nil && killed(cmd):
		return fmt.Errorf("terraform %s was stopped: %w: it was %w", c.Args[0], context.Cause(ctx), ErrKilled)
	case ctx.Err() != nil:
		return fmt.Errorf("terraform %s was stopped: %w", c.Args[0], context.Cause(ctx))
	case killed(cmd):
		return fmt.Errorf("terraform %s was %w", c.Args[0], ErrKilled)
	case err != nil:
		return &Error{Args: c.Args, Messages: output.messages, Err: err}
	}
	return failed
}

// connect makes the command's output go to the log and to its reader. A
// file is written by Terraform itself: a pipe would end Terraform, its state
// half written, as soon as this process is gone. read ends the reading.
func (c Command) connect(cmd *exec.Cmd, output *lines) (read func() error, err error) {
	file, ok := c.Log.(*os.File)
	if !ok {
		cmd.Stdout, cmd.Stderr = output, output
		return func() error { return nil }, nil
	}
	cmd.Stdout, cmd.Stderr = file, file
	output.log = io.Discard
	f, err := follow(file.Name(), output)
	if err != nil {
		return nil, err
	}
	return f.close, nil
}

// wait waits for the process, or kills it with all that it started.
func (c Command) wait(cmd *exec.Cmd) error {
	done := make(chan struct{})
	var killer sync.WaitGroup
	if c.Kill != nil {
		killer.Go(func() {
			select {
			case <-c.Kill:
				_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			case <-done:
			}
		})
	}
	err := cmd.Wait()
	close(done)
	killer.Wait()
	if killed(cmd) { // its providers would go on, and what they make would be in no state
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
	return err
}

// killed reports whether a signal ended the process.
func killed(cmd *exec.Cmd) bool {
	return cmd.ProcessState != nil && !cmd.ProcessState.Exited()
}

// hold adds a line to the held file.
func (c Command) hold(line string) error {
	if c.Held == nil {
		return nil
	}
	if _, err := fmt.Fprintln(c.Held, line); err != nil {
		return fmt.Errorf("noting Terraform's process: %w", err)
	}
	return nil
}

// Output runs Terraform and returns what it prints on standard output.
func (tf Terraform) Output(ctx context.Context, c Command) ([]byte, error) {
	cmd := exec.CommandContext(ctx, tf.Path, c.Args...)
	cmd.Dir, cmd.Env = c.Dir, c.Env
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return nil, &Error{Args: c.Args, Messages: messages(string(exit.Stderr)), Err: err}
		}
		return nil, fmt.Errorf("terraform %s: %w", c.Args[0], err)
	}
	return out, nil
}

// lines is a writer that passes all on to the log, and line by line to its
// reader.
type lines struct {
	log      io.Writer
	line     func(string)
	rest     []byte   // the beginning of the next line
	box      []string // lines of the message that is being read
	messages []string
}

func (l *lines) Write(p []byte) (int, error) {
	if _, err := l.log.Write(p); err != nil {
		return 0, fmt.Errorf("writing Terraform's log: %w", err)
	}
	unread := p
	for {
		line, rest, whole := bytes.Cut(unread, []byte("\n"))
		l.rest = append(l.rest, line...)
		if !whole {
			return len(p), nil
		}
		l.take(string(l.rest))
		l.rest, unread = l.rest[:0], rest
	}
}

func (l *lines) flush() {
	if len(l.rest) > 0 {
		l.take(string(l.rest))
		l.rest = nil
	}
	l.endMessage()
}

func (l *lines) take(line string) {
	if l.line != nil {
		l.line(line)
	}
	// With colors Terraform draws its diagnostics as boxes, ╷ │ ╵; without, a
	// headline at the line's beginning starts one, and only the next one or the
	// output's end ends it.
	switch text, inside := strings.CutPrefix(line, "│"); {
	case inside:
		l.box = append(l.box, strings.TrimSpace(text))
	case strings.HasPrefix(line, "╷"), strings.HasPrefix(line, "╵"):
		l.endMessage()
	case strings.HasPrefix(line, "Error: "), strings.HasPrefix(line, "Warning: "):
		l.endMessage()
		l.box = []string{line}
	case len(l.box) > 0:
		l.box = append(l.box, strings.TrimSpace(line))
	}
}

// endMessage takes up the diagnostic that was read, if it is an error.
func (l *lines) endMessage() {
	if message := errorText(l.box); message != "" {
		l.messages = append(l.messages, message)
	}
	l.box = nil
}

// messages reads the errors out of a whole output.
func messages(output string) []string {
	l := &lines{log: io.Discard}
	_, _ = l.Write([]byte(output)) // to nowhere, which takes all
	l.flush()
	return l.messages
}

// shownLines is how much of one error is told; the log has all of it.
const shownLines = 15

// errorText makes one text of a diagnostic's lines; "" of a warning.
func errorText(box []string) string {
	var kept []string
	for _, line := range box {
		if line != "" && len(kept) < shownLines {
			kept = append(kept, line)
		}
	}
	if len(kept) == 0 || !strings.HasPrefix(kept[0], "Error: ") {
		return ""
	}
	return strings.Join(kept, "\n  ")
}
