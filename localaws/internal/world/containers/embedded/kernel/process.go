package kernel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
)

// RealImages is the command that runs what the embedded runtime does not have.
const RealImages = "localaws start -runtime docker"

// Program is what a process runs. It returns the exit code, and soon after ctx
// is done, which is how a process is killed.
type Program func(ctx context.Context, p *Process) int

// Process is a running program.
type Process struct {
	PID    int
	Args   []string
	Env    map[string]string // its own
	Dir    string
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	Kernel *Kernel

	session context.Context
	cancel  context.CancelFunc
	killed  <-chan struct{}
	done    chan struct{}

	allocated atomic.Int64

	mu       sync.Mutex
	files    map[io.Closer]bool // that it opened
	handled  map[Signal]chan<- Signal
	ignored  map[Signal]bool
	killedBy Signal
	exitCode int
}

// Spec is a process to start. Nil streams read nothing and discard.
type Spec struct {
	Args           []string
	Env            map[string]string
	Dir            string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
}

// Start runs a program as a new process until it ends or ctx is done, which
// also kills what it spawned. The first process of a kernel has the number 1:
// when it ends, all others are killed.
func (k *Kernel) Start(ctx context.Context, spec Spec, program Program) (*Process, error) {
	cost := spec.cost()
	if err := k.Memory.Charge(cost); err != nil {
		return nil, err
	}
	p, err := k.start(ctx, spec, program, cost)
	if err != nil {
		k.Memory.Release(cost)
	}
	return p, err
}

func (k *Kernel) start(ctx context.Context, spec Spec, program Program, cost int) (*Process, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.ctx.Err() != nil {
		return nil, errors.New("the container has stopped")
	}
	if len(k.processes) >= maxProcesses {
		return nil, errors.New("Resource temporarily unavailable") //nolint:staticcheck // as the C library says it
	}
	k.lastPID++
	own, cancel := context.WithCancel(ctx)
	p := &Process{
		PID: k.lastPID, Args: slices.Clone(spec.Args), Env: maps.Clone(spec.Env), Dir: spec.Dir,
		Stdin: spec.Stdin, Stdout: spec.Stdout, Stderr: spec.Stderr, Kernel: k,
		session: ctx, cancel: cancel, killed: own.Done(), done: make(chan struct{}),
		handled: map[Signal]chan<- Signal{}, ignored: map[Signal]bool{}, files: map[io.Closer]bool{},
	}
	p.fillIn()
	p.allocated.Store(int64(cost))
	stop := context.AfterFunc(k.ctx, cancel) //nolint:contextcheck // the kernel's end is every process's
	k.processes[p.PID] = p
	k.running.Go(func() {
		defer stop()
		if unmetered(ctx) {
			p.run(own, program)
			return
		}
		k.meter.count(func() { p.run(own, program) })
	})
	return p, nil
}

func (p *Process) fillIn() {
	if p.Env == nil {
		p.Env = map[string]string{}
	}
	if p.Dir == "" {
		p.Dir = "/"
	}
	if p.Stdin == nil {
		p.Stdin = strings.NewReader("")
	}
	if p.Stdout == nil {
		p.Stdout = io.Discard
	}
	if p.Stderr == nil {
		p.Stderr = io.Discard
	}
}

// cost is what the process holds from its start.
func (s *Spec) cost() int {
	cost := processCost
	for _, arg := range s.Args {
		cost += stringCost + len(arg)
	}
	for name, value := range s.Env {
		cost += 2*stringCost + len(name) + len(value)
	}
	return cost
}

// stringCost is what a string in a list takes beside its bytes.
const stringCost = 32

func (p *Process) run(ctx context.Context, program Program) {
	defer p.cancel()
	code := p.guard(ctx, program)
	p.closeFiles()
	p.Kernel.Memory.Release(int(p.allocated.Swap(0)))
	p.mu.Lock()
	switch {
	case p.killedBy != 0:
		code = 128 + int(p.killedBy)
	case ctx.Err() != nil || p.Kernel.ctx.Err() != nil:
		code = 128 + int(SIGKILL)
	}
	p.exitCode = code
	p.mu.Unlock()
	p.Kernel.remove(p)
	close(p.done)
}

// closeFiles closes what the process has not: a shell's "exec 3>file" is for as
// long as it lives.
func (p *Process) closeFiles() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for file := range p.files {
		_ = file.Close() // nobody is left to be told
	}
	clear(p.files)
}

// guard turns a panic of a program into its own crash, and its end for want of
// memory into a kill.
func (p *Process) guard(ctx context.Context, program Program) (code int) {
	defer func() {
		failure := recover()
		if failed, ok := failure.(error); ok && errors.Is(failed, ErrOutOfMemory) {
			code = 128 + int(SIGKILL)
			return
		}
		if failure != nil {
			p.Errorf("%s: crashed: %v", p.Name(), failure)
			code = 139
		}
	}()
	return program(ctx, p)
}

// Spawn runs a program as a child, which outlives its parent as on Unix.
func (p *Process) Spawn(spec Spec, program Program) (*Process, error) {
	return p.Kernel.Start(p.session, spec, program)
}

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// ExitCode is valid once Done is closed.
func (p *Process) ExitCode() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.exitCode
}

// Notify has signals sent to a channel instead of ending the process; a nil
// channel ignores them. The channel must have room: a signal that finds none is
// lost, as one that is pending already.
func (p *Process) Notify(c chan<- Signal, signals ...Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range signals {
		delete(p.handled, s)
		delete(p.ignored, s)
		if c == nil {
			p.ignored[s] = true
		} else {
			p.handled[s] = c
		}
	}
}

// ResetSignals takes all handlers away, as exec does.
func (p *Process) ResetSignals() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.handled)
}

// DefaultSignals undoes Notify for signals.
func (p *Process) DefaultSignals(signals ...Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range signals {
		delete(p.handled, s)
		delete(p.ignored, s)
	}
}

// Signal sends a signal. Without a handler it ends the process, but not number
// 1: the kernel keeps from it what it has no handler for, except SIGKILL.
func (p *Process) Signal(s Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s == SIGKILL {
		p.killedBy = s
		p.cancel()
		return
	}
	if c := p.handled[s]; c != nil {
		select {
		case c <- s:
		default:
		}
		return
	}
	if p.ignored[s] || p.PID == 1 || s.ignoredByDefault() || s <= 0 {
		return
	}
	p.killedBy = s
	p.cancel()
}

// Name is the program's name in messages.
func (p *Process) Name() string {
	if len(p.Args) == 0 {
		return "?"
	}
	return path.Base(p.Args[0])
}

// Errorf writes a line to the process's standard error.
func (p *Process) Errorf(format string, values ...any) {
	_, _ = fmt.Fprintf(p.Stderr, format+"\n", values...)
}

// Path makes a name absolute.
func (p *Process) Path(name string) string {
	if path.IsAbs(name) {
		return name
	}
	return p.Dir + "/" + name
}

// Reason is an error's cause without the file's name, as strerror says it:
// "No such file or directory".
func Reason(err error) string {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "No such file or directory"
	case errors.Is(err, fs.ErrExist):
		return "File exists"
	case errors.Is(err, fs.ErrPermission):
		return "Permission denied"
	}
	var number syscall.Errno
	if errors.As(err, &number) {
		err = number
	}
	text := err.Error()
	if text == "" {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
