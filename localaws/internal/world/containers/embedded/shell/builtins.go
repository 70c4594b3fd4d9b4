package shell

import (
	"errors"
	"path"
	"slices"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/kernel"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/tools"
)

// builtins are the commands that the shell itself runs. They set the status,
// which is 0 when they are called, and return how the shell goes on.
var builtins map[string]func(s *shell, args []string) error

func init() { //nolint:gochecknoinits // the table refers to functions that refer to it
	builtins = map[string]func(*shell, []string) error{
		":": func(*shell, []string) error { return nil }, "true": func(*shell, []string) error { return nil },
		"false": func(s *shell, _ []string) error { s.status = 1; return nil },
		".":     dot, "source": dot, "[": test, "test": test, "break": leaveLoop, "continue": leaveLoop,
		"cd": cd, "command": command, "echo": echo, "eval": eval, "exec": exec, "exit": exit,
		"kill": kill, "printf": printf, "pwd": pwd, "read": read, "return": leaveFunction, "set": set,
		"shift": shift, "trap": trap, "type": typeOf, "umask": umask, "ulimit": umask, "unset": unset,
		"wait":     wait,
		"export":   declareVariables(func(_ *shell, _ string, v *expand.Variable) { v.Exported = true }),
		"readonly": declareVariables(func(_ *shell, _ string, v *expand.Variable) { v.ReadOnly = true }),
		"local":    declareVariables(hide), "declare": declareVariables(hide), "typeset": declareVariables(hide),
	}
}

// hide keeps what a local variable hides, once a function call.
func hide(s *shell, name string, v *expand.Variable) {
	if len(s.locals) == 0 {
		return
	}
	hideVariable(s, s.locals[len(s.locals)-1], name)
	v.ReadOnly = false
}

func test(s *shell, args []string) error {
	s.status = tools.Test(s.p, args[0], args[1:])
	return nil
}

func echo(s *shell, args []string) error {
	s.status = tools.Echo(s.p.Output(), args[1:], s.dialect == Dash)
	return nil
}

func printf(s *shell, args []string) error {
	s.status = tools.Printf(s.p.Output(), s.p.Stderr, s.name, args[1:])
	return nil
}

func kill(s *shell, args []string) error {
	s.status = tools.Kill(s.p, args[1:])
	return nil
}

// umask and ulimit are taken and have no effect here.
func umask(*shell, []string) error { return nil }

func pwd(s *shell, args []string) error {
	directory := s.p.Dir
	if len(args) > 1 && args[1] == "-P" {
		if resolved, err := s.p.Kernel.Files.Resolve(directory); err == nil {
			directory = resolved
		}
	}
	if _, err := s.p.Stdout.Write([]byte(directory + "\n")); err != nil {
		s.status = 1
	}
	return nil
}

func cd(s *shell, args []string) error {
	args = slices.DeleteFunc(slices.Clone(args), func(a string) bool { return a == "-L" || a == "-P" || a == "--" })
	target := s.get("HOME")
	if len(args) > 1 {
		target = args[1]
	}
	if target == "-" {
		target = s.get("OLDPWD")
	}
	directory := path.Clean(s.p.Path(target))
	info, err := s.p.Kernel.Files.Stat(directory)
	if err == nil && info.IsDir() {
		old := s.p.Dir
		s.p.Dir = directory
		return errors.Join(s.set("OLDPWD", old), s.set("PWD", directory))
	}
	s.status = 2
	switch {
	case s.dialect == Bash && err == nil:
		s.errorf("cd: %s: Not a directory", target)
	case s.dialect == Bash:
		s.errorf("cd: %s: %s", target, kernel.Reason(err))
	default:
		s.errorf("cd: can't cd to %s", target)
	}
	if s.dialect != Dash {
		s.status = 1
	}
	return nil
}

func eval(s *shell, args []string) error { return s.source(strings.Join(args[1:], " "), false) }

// dot is ". file [args]".
func dot(s *shell, args []string) error {
	if len(args) < 2 {
		return s.fatal(2, "%s: filename argument required", args[0])
	}
	name := args[1]
	if !strings.Contains(name, "/") {
		for _, directory := range strings.Split(s.get("PATH"), ":") {
			if _, err := s.p.Kernel.Files.Stat(s.p.Path(path.Join(directory, name))); err == nil {
				name = path.Join(directory, name)
				break
			}
		}
	}
	content, err := s.p.Kernel.Files.ReadFile(s.p.Path(name))
	if err != nil {
		if s.dialect == Bash {
			s.errorf("%s: %s", args[1], kernel.Reason(err))
			s.status = 1
			return nil
		}
		return s.fatal(2, "%s: cannot open %s: %s", args[0], args[1], kernel.Reason(err))
	}
	if len(args) > 2 {
		defer withParams(s, args[2:])()
	}
	err = s.source(string(content), false)
	if errors.As(err, &returnError{}) {
		return nil
	}
	return err
}

// exec replaces the shell by a program, or keeps its redirections.
func exec(s *shell, args []string) error {
	if len(args) > 1 && args[1] == "--" {
		args = args[1:]
	}
	if len(args) == 1 {
		s.keepFiles = true
		return nil
	}
	clear(s.traps)
	s.exitTrap = ""
	if err := s.run(args[1:], true); err != nil {
		return err
	}
	return exitError{s.status} // it could not be run
}

// codeOperand is a builtin's operand, or the status before it.
func codeOperand(s *shell, args []string) (int, error) {
	if len(args) < 2 {
		return s.before, nil
	}
	n, err := strconv.Atoi(args[1])
	if err != nil || n < 0 {
		return 2, s.fatal(2, "%s: Illegal number: %s", args[0], args[1])
	}
	return n & 0xff, nil
}

// countOperand is a builtin's operand, 1 without one.
func countOperand(s *shell, args []string) (int, error) {
	if len(args) < 2 {
		return 1, nil
	}
	return codeOperand(s, args)
}

func exit(s *shell, args []string) error {
	code, err := codeOperand(s, args)
	if err != nil {
		return err
	}
	return exitError{code}
}

func leaveFunction(s *shell, args []string) error {
	code, err := codeOperand(s, args)
	if err != nil {
		return err
	}
	s.status = code
	return returnError{}
}

func leaveLoop(s *shell, args []string) error {
	n, err := countOperand(s, args)
	if err != nil {
		return err
	}
	n = min(n, s.loops)
	switch {
	case n < 1:
		return nil
	case args[0] == "break":
		return breakError{n}
	}
	return continueError{n}
}

func set(s *shell, args []string) error {
	args = args[1:]
	if len(args) == 0 {
		var out strings.Builder
		environ{s}.Each(func(name string, v expand.Variable) bool {
			out.WriteString(name + "='" + strings.ReplaceAll(v.String(), "'", `'"'"'`) + "'\n")
			return true
		})
		_, err := s.p.Stdout.Write([]byte(out.String()))
		s.status = exitStatus(err == nil)
		return nil
	}
	for len(args) > 0 && len(args[0]) > 1 && (args[0][0] == '-' || args[0][0] == '+') {
		arg := args[0]
		args = args[1:]
		if arg == "--" {
			setParams(s, args)
			return nil
		}
		for _, letter := range arg[1:] {
			var err error
			switch {
			case letter == 'o' && len(args) == 0:
				return nil
			case letter == 'o':
				err = setLong(s, args[0], arg[0] == '-')
				args = args[1:]
			default:
				err = setShort(s, letter, arg[0] == '-')
			}
			if err != nil {
				return s.fatal(2, "%s", err)
			}
		}
	}
	if len(args) > 0 {
		setParams(s, args)
	}
	return nil
}

func shift(s *shell, args []string) error {
	n, err := countOperand(s, args)
	if err != nil {
		return err
	}
	if n > len(s.params) {
		s.status = 1
		if s.dialect == Dash {
			return s.fatal(2, "shift: can't shift that many")
		}
		return nil
	}
	s.params = s.params[n:]
	return nil
}

func unset(s *shell, args []string) error {
	functions := false
	for _, arg := range args[1:] {
		switch {
		case arg == "-f":
			functions = true
		case arg == "-v":
		case functions:
			delete(s.funcs, arg)
			s.memory.drop(functionKey + arg)
		case s.vars[arg].ReadOnly:
			return s.fatal(2, "unset: %s: is read only", arg)
		default:
			forgetVariable(s, arg)
		}
	}
	return nil
}

// command runs a builtin or program, or with -v says what a name stands for.
func command(s *shell, args []string) error {
	args = args[1:]
	if len(args) > 0 && (args[0] == "-v" || args[0] == "-V") {
		s.status = 127
		for _, name := range args[1:] {
			if found := whatIs(s, name); found != "" {
				s.status = 0
				_, _ = s.p.Stdout.Write([]byte(found + "\n"))
			}
		}
		return nil
	}
	if len(args) > 0 && (args[0] == "--" || args[0] == "-p") {
		args = args[1:]
	}
	if len(args) == 0 {
		return nil
	}
	if builtin := builtins[args[0]]; builtin != nil {
		return builtin(s, args)
	}
	return s.run(args, false)
}

func whatIs(s *shell, name string) string {
	if s.funcs[name] != nil || builtins[name] != nil || syntax.IsKeyword(name) {
		return name
	}
	finder := &kernel.Process{Env: map[string]string{"PATH": s.get("PATH")}, Dir: s.p.Dir, Kernel: s.p.Kernel}
	found, err := finder.LookPath(name)
	if err != nil {
		return ""
	}
	return found
}

func typeOf(s *shell, args []string) error {
	for _, name := range args[1:] {
		text := name + " is " + whatIs(s, name)
		switch {
		case whatIs(s, name) == "":
			s.status, text = 127, name+": not found"
		case s.funcs[name] != nil:
			text = name + " is a shell function"
		case builtins[name] != nil:
			text = name + " is a shell builtin"
		}
		_, _ = s.p.Stdout.Write([]byte(text + "\n"))
	}
	return nil
}

// readCost is what a byte of a line takes until the line is split.
const readCost = 16

// read reads a line into variables; the last one gets the rest.
func read(s *shell, args []string) error {
	raw, names := false, []string{}
	for _, arg := range args[1:] {
		switch {
		case arg == "-r":
			raw = true
		case strings.HasPrefix(arg, "-"):
			return s.fatal(2, "read: Illegal option %s (the embedded runtime knows -r)", arg)
		default:
			names = append(names, arg)
		}
	}
	if len(names) == 0 {
		names = []string{"REPLY"}
	}
	line, ok := readLine(s, raw)
	s.memory.grow(readCost * len(line))
	values := expand.ReadFields(config(s), line, len(names), raw)
	for i, name := range names {
		value := ""
		if i < len(values) {
			value = values[i]
		}
		if err := s.set(name, value); err != nil {
			return err
		}
	}
	s.status = exitStatus(ok)
	return nil
}

// readLine reads byte by byte: what follows the line is for the next command.
func readLine(s *shell, raw bool) (string, bool) {
	var line []byte
	room := 0
	one := make([]byte, 1)
	for {
		n, err := s.p.Stdin.Read(one)
		if n == 0 && err != nil {
			return string(line), false
		}
		if n == 0 {
			continue
		}
		if len(line) == room {
			s.memory.grow(room + 1<<10)
			room += room + 1<<10
		}
		if one[0] == '\n' {
			if raw || len(line) == 0 || line[len(line)-1] != '\\' {
				return string(line), true
			}
			line = line[:len(line)-1]
			continue
		}
		line = append(line, one[0])
	}
}

// trap sets what runs when a signal comes or the shell exits.
func trap(s *shell, args []string) error {
	args = args[1:]
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		return nil
	}
	action, names := args[0], args[1:]
	if len(names) == 0 {
		action, names = "-", args
	}
	for _, name := range names {
		if name == "EXIT" || name == "0" {
			s.exitTrap = action
			s.memory.keep(trapKey, variableCost+len(action))
			if action == "-" {
				s.exitTrap = ""
			}
			continue
		}
		signal, ok := kernel.ParseSignal(name)
		if number, err := strconv.Atoi(name); err == nil && number > 0 && number < 65 {
			signal, ok = kernel.Signal(number), true
		}
		if !ok {
			s.errorf("trap: %s: bad trap", name)
			s.status = 1
			continue
		}
		delete(s.traps, signal)
		s.memory.keep(trapKey+name, variableCost+len(action))
		switch action {
		case "-":
			s.p.DefaultSignals(signal)
		case "":
			s.p.Notify(nil, signal)
		default:
			s.traps[signal] = action
			s.p.Notify(s.pending, signal)
		}
	}
	return nil
}

// wait waits for background jobs; a trapped signal interrupts it.
func wait(s *shell, args []string) error {
	if len(args) == 1 {
		for _, job := range s.jobs {
			if done, err := waitFor(s, job); !done || err != nil {
				return err
			}
		}
		s.jobs, s.status = nil, 0
		return nil
	}
	for _, arg := range args[1:] {
		at := slices.IndexFunc(s.jobs, func(job *kernel.Process) bool { return strconv.Itoa(job.PID) == arg })
		if at < 0 {
			s.status = 127
			continue
		}
		if done, err := waitFor(s, s.jobs[at]); !done || err != nil {
			return err
		}
	}
	return nil
}

// waitFor returns false when a signal came first.
func waitFor(s *shell, job *kernel.Process) (bool, error) {
	select {
	case <-job.Done():
		s.status = job.ExitCode()
		return true, nil
	case <-s.ctx.Done():
		return false, exitError{137}
	case signal := <-s.pending:
		if err := s.source(s.traps[signal], false); err != nil {
			return false, err
		}
		s.status = 128 + int(signal)
		return false, nil
	}
}
