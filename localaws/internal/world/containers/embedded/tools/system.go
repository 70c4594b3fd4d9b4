package tools

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/kernel"
)

func hostname(_ context.Context, p *kernel.Process) int { return printLine(p, p.Kernel.Hostname) }

func pwd(_ context.Context, p *kernel.Process) int { return printLine(p, p.Dir) }

func whoami(_ context.Context, p *kernel.Process) int { return printLine(p, "root") }

func nproc(_ context.Context, p *kernel.Process) int { return printLine(p, "2") }

func id(_ context.Context, p *kernel.Process) int {
	flags, _, ok := options(p, "ugnG")
	switch {
	case !ok:
		return 1
	case has(flags, 'n'):
		return printLine(p, "root")
	case len(flags) > 0:
		return printLine(p, "0")
	}
	return printLine(p, "uid=0(root) gid=0(root) groups=0(root)")
}

func uname(_ context.Context, p *kernel.Process) int {
	flags, _, ok := options(p, "asnrm")
	switch {
	case !ok:
		return 1
	case has(flags, 'm'):
		return printLine(p, "x86_64")
	case has(flags, 'n'):
		return printLine(p, p.Kernel.Hostname)
	case has(flags, 'a'):
		return printLine(p, "Linux "+p.Kernel.Hostname+" x86_64 GNU/Linux")
	}
	return printLine(p, "Linux")
}

// date writes the time, in UTC as containers have it, with +FORMAT if given.
func date(_ context.Context, p *kernel.Process) int {
	now := p.Kernel.Clock.Now().UTC()
	format := "%a %b %e %H:%M:%S UTC %Y"
	for _, arg := range p.Args[1:] {
		switch {
		case strings.HasPrefix(arg, "+"):
			format = arg[1:]
		case arg == "-Iseconds":
			format = "%Y-%m-%dT%H:%M:%S+00:00"
		case arg != "-u":
			p.Errorf("date: unsupported argument '%s': the embedded runtime knows -u, -Iseconds and +FORMAT", arg)
			return 1
		}
	}
	text, err := formatTime(now, format)
	if err != nil {
		p.Errorf("date: %s", err)
		return 1
	}
	return printLine(p, text)
}

var timeLayouts = map[byte]string{
	'Y': "2006", 'm': "01", 'd': "02", 'H': "15", 'M': "04", 'S': "05", 'N': "000000000",
	'y': "06", 'e': "_2", 'b': "Jan", 'B': "January", 'a': "Mon", 'A': "Monday",
	'F': "2006-01-02", 'T': "15:04:05", 'Z': "MST", 'z': "-0700", 'j': "002", 'I': "03", 'p': "PM",
}

func formatTime(t time.Time, format string) (string, error) {
	var out strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			out.WriteByte(format[i])
			continue
		}
		i++
		switch c := format[i]; {
		case c == 's':
			out.WriteString(strconv.FormatInt(t.Unix(), 10))
		case c == '%':
			out.WriteByte('%')
		case c == 'N':
			fmt.Fprintf(&out, "%09d", t.Nanosecond())
		case timeLayouts[c] != "":
			out.WriteString(t.Format(timeLayouts[c]))
		default:
			return "", fmt.Errorf("the embedded runtime does not know %%%c", c)
		}
	}
	return out.String(), nil
}

func printenv(_ context.Context, p *kernel.Process) int {
	if len(p.Args) == 1 {
		return writeLines(p, sortedEnv(p.Env))
	}
	code := 0
	for _, name := range p.Args[1:] {
		value, ok := p.Env[name]
		if !ok {
			code = 1
			continue
		}
		printLine(p, value)
	}
	return code
}

// env prints the environment or runs a command in a changed one.
func env(ctx context.Context, p *kernel.Process) int {
	values := maps.Clone(p.Env)
	args := p.Args[1:]
	for len(args) > 0 {
		name, value, assigns := strings.Cut(args[0], "=")
		switch {
		case args[0] == "-i" || args[0] == "-":
			clear(values)
		case args[0] == "-u" && len(args) > 1:
			delete(values, args[1])
			args = args[1:]
		case assigns && name != "":
			values[name] = value
		case strings.HasPrefix(args[0], "-"):
			p.Errorf("env: invalid option '%s' (the embedded runtime knows -i and -u)", args[0])
			return 125
		default:
			p.Env = values
			return replace(ctx, p, args)
		}
		args = args[1:]
	}
	return writeLines(p, sortedEnv(values))
}

// replace runs another command in the same process, as exec does.
func replace(ctx context.Context, p *kernel.Process, args []string) int {
	program, loaded, err := p.Load(args)
	if err != nil {
		p.Errorf("%s: '%s': %s", p.Name(), args[0], kernel.Reason(err))
		if errors.Is(err, fs.ErrNotExist) {
			return 127
		}
		return 126
	}
	p.Args = loaded
	return program(ctx, p)
}

// timeout runs a command and ends it after a time: exit code 124.
func timeout(ctx context.Context, p *kernel.Process) int {
	if len(p.Args) < 3 {
		return missing(p)
	}
	limit, ok := interval(p.Args[1])
	if !ok {
		p.Errorf("timeout: invalid time interval '%s'", p.Args[1])
		return 125
	}
	program, args, err := p.Load(p.Args[2:])
	if err != nil {
		p.Errorf("timeout: failed to run command '%s': %s", p.Args[2], kernel.Reason(err))
		return 127
	}
	child, err := p.Spawn(kernel.Spec{
		Args: args, Env: p.Env, Dir: p.Dir, Stdin: p.Stdin, Stdout: p.Stdout, Stderr: p.Stderr,
	}, program)
	if err != nil {
		return fail(p, "fork", err)
	}
	passed, stop := p.Kernel.Clock.At(p.Kernel.Clock.In(limit))
	defer stop()
	select {
	case <-child.Done():
		return child.ExitCode()
	case <-ctx.Done():
		child.Signal(kernel.SIGKILL)
		return 137
	case <-passed:
		child.Signal(kernel.SIGTERM)
		select {
		case <-child.Done():
		case <-ctx.Done():
			child.Signal(kernel.SIGKILL)
		}
		return 124
	}
}

func ps(_ context.Context, p *kernel.Process) int {
	printLine(p, "    PID CMD")
	for _, other := range p.Kernel.Processes() {
		printLine(p, fmt.Sprintf("%7d %s", other.PID, strings.Join(other.Command(), " ")))
	}
	return 0
}

func kill(_ context.Context, p *kernel.Process) int { return Kill(p, p.Args[1:]) }

// Kill sends a signal to processes: kill [-SIGNAL | -s SIGNAL] pid... Number 0
// and -1 are all processes of the machine.
func Kill(p *kernel.Process, args []string) int {
	signal := kernel.SIGTERM
	if len(args) > 1 && args[0] == "-s" {
		args = append([]string{"-" + args[1]}, args[2:]...)
	}
	if len(args) > 1 && strings.HasPrefix(args[0], "-") {
		name := args[0][1:]
		number, err := strconv.Atoi(name)
		parsed, known := kernel.ParseSignal(name)
		switch {
		case err == nil && number >= 0 && number < 65:
			signal = kernel.Signal(number)
		case known:
			signal = parsed
		default:
			p.Errorf("%s: kill: %s: invalid signal specification", p.Name(), name)
			return 1
		}
		args = args[1:]
	}
	if len(args) == 0 {
		p.Errorf("%s: kill: usage: kill [-s sigspec | -signum] pid ...", p.Name())
		return 2
	}
	code := 0
	for _, arg := range args {
		if err := signalProcess(p, arg, signal); err != nil {
			p.Errorf("%s: kill: %s", p.Name(), err)
			code = 1
		}
	}
	return code
}

func signalProcess(p *kernel.Process, arg string, signal kernel.Signal) error {
	pid, err := strconv.Atoi(arg)
	if err != nil {
		return fmt.Errorf("illegal pid: %s", arg)
	}
	if pid == 0 || pid == -1 {
		for _, other := range p.Kernel.Processes() {
			other.Signal(signal)
		}
		return nil
	}
	other, ok := p.Kernel.Process(pid)
	if !ok {
		return fmt.Errorf("(%d) - No such process", pid)
	}
	if signal != 0 {
		other.Signal(signal)
	}
	return nil
}
