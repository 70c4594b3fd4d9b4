// Package tools has the small programs that commands of containers use: cat, cp,
// mkdir and so on, as in Debian's coreutils. What one does not know it refuses,
// by name, instead of doing something else.
package tools

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/kernel"
)

// Programs are all tools by name.
func Programs() map[string]kernel.Program {
	return map[string]kernel.Program{
		"[": testProgram, "cat": cat, "chmod": chmod, "curl": curl, "cut": cut, "echo": echo, "false": exits(1),
		"grep": grep, "head": head, "hostname": hostname, "ln": ln, "ls": ls, "mkdir": mkdir, "openssl": openssl,
		"printf": printf, "pwd": pwd, "rm": rm, "sed": sedProgram, "sleep": sleep, "test": testProgram,
		"touch": touch, "true": exits(0),
	}
}

func exits(code int) kernel.Program {
	return func(context.Context, *kernel.Process) int { return code }
}

// options splits a tool's arguments: single letters that it knows from those
// that follow. A letter with a colon after it in known takes a value. ok is
// false when it said on stderr what is wrong.
func options(p *kernel.Process, known string) (flags map[byte]string, rest []string, ok bool) {
	flags = map[byte]string{}
	args := p.Args[1:]
	for len(args) > 0 {
		arg := args[0]
		if arg == "--" {
			return flags, append(rest, args[1:]...), true
		}
		if len(arg) < 2 || arg[0] != '-' {
			rest = append(rest, arg)
			args = args[1:]
			continue
		}
		args = args[1:]
		if strings.HasPrefix(arg, "--") {
			return nil, nil, badOption(p, "unrecognized option '"+arg+"'", known)
		}
		for letters := arg[1:]; letters != ""; {
			letter := letters[0]
			letters = letters[1:]
			at := strings.IndexByte(known, letter)
			if at < 0 || letter == ':' {
				return nil, nil, badOption(p, "invalid option -- '"+string(letter)+"'", known)
			}
			before := flags[letter]
			flags[letter] = ""
			if at+1 >= len(known) || known[at+1] != ':' {
				continue
			}
			if letters == "" && len(args) == 0 {
				return nil, nil, badOption(p, "option requires an argument -- '"+string(letter)+"'", known)
			}
			if letters == "" {
				letters, args = args[0], args[1:]
			}
			if letter == 'H' && before != "" { // headers of curl: all count
				letters = before + "\n" + letters
			}
			flags[letter], letters = letters, ""
		}
	}
	return flags, rest, true
}

func badOption(p *kernel.Process, problem, known string) bool {
	p.Errorf("%s: %s (the embedded runtime knows -%s)", p.Name(), problem, strings.ReplaceAll(known, ":", ""))
	return false
}

func has(flags map[byte]string, letter byte) bool {
	_, ok := flags[letter]
	return ok
}

// fail writes "tool: doing what: reason" and returns the exit code 1.
func fail(p *kernel.Process, what string, err error) int {
	p.Errorf("%s: %s: %s", p.Name(), what, kernel.Reason(err))
	return 1
}

// missing says that an operand is missing.
func missing(p *kernel.Process) int {
	p.Errorf("%s: missing operand", p.Name())
	return 1
}

// inputs calls f with each named file, or standard input for none and "-".
func inputs(p *kernel.Process, names []string, f func(name string, r io.Reader) error) int {
	if len(names) == 0 {
		names = []string{"-"}
	}
	code := 0
	for _, name := range names {
		if err := input(p, name, f); err != nil {
			if errors.Is(err, errBrokenPipe) {
				return 141
			}
			code = fail(p, name, err)
		}
	}
	return code
}

// errBrokenPipe says that the output has no reader anymore.
var errBrokenPipe = errors.New("broken pipe")

func input(p *kernel.Process, name string, f func(string, io.Reader) error) error {
	if name == "-" {
		return f(name, p.Stdin)
	}
	file, err := p.Open(name, 0, 0)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	return f(name, file)
}

// write copies text to standard output.
func write(p *kernel.Process, text string) error {
	if _, err := io.WriteString(p.Output(), text); err != nil {
		return fmt.Errorf("%w: %w", errBrokenPipe, err)
	}
	return nil
}

func printLine(p *kernel.Process, text string) int {
	if write(p, text+"\n") != nil {
		return 141
	}
	return 0
}

// sleep waits in AWS's time, which localaws lets pass faster.
func sleep(ctx context.Context, p *kernel.Process) int {
	if len(p.Args) < 2 {
		return missing(p)
	}
	var total time.Duration
	for _, arg := range p.Args[1:] {
		d, ok := interval(arg)
		if !ok {
			p.Errorf("sleep: invalid time interval '%s'", arg)
			return 1
		}
		total += d
	}
	if p.Kernel.Clock.Sleep(ctx, total) != nil {
		return 143
	}
	return 0
}

// interval reads a number with an optional unit s, m, h or d, or "infinity".
func interval(text string) (time.Duration, bool) {
	const forever = 100 * 365 * 24 * time.Hour
	if text == "infinity" || text == "inf" {
		return forever, true
	}
	units := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}
	unit := time.Second
	if n := len(text); n > 0 && units[text[n-1]] != 0 {
		unit, text = units[text[n-1]], text[:n-1]
	}
	var number float64
	if _, err := fmt.Sscanf(text+"\n", "%g\n", &number); err != nil || number < 0 {
		return 0, false
	}
	if number > float64(forever/unit) {
		return forever, true
	}
	return time.Duration(number * float64(unit)), true
}
