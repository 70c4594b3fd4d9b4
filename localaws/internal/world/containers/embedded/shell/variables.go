package shell

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/kernel"
)

// substitute runs $(...).
func substitute(s *shell, w io.Writer, c *syntax.CmdSubst) error {
	output := &substitution{memory: s.p.Kernel.Memory}
	defer output.close()
	child, err := s.fork(s.p.Stdin, &pipeEnd{w: output}, s.p.Stderr, func(sub *shell) error {
		if len(c.Stmts) == 1 && c.Stmts[0].Cmd == nil && len(c.Stmts[0].Redirs) == 1 {
			return copyFile(sub, c.Stmts[0])
		}
		return sub.stmts(c.Stmts, true)
	})
	if err != nil {
		return err
	}
	if s.substituted, err = s.wait(child); err != nil {
		return err
	}
	text := output.close()
	s.memory.grow(len(text))
	if s.splitting {
		s.memory.grow(splitCost(s, text))
	}
	_, err = io.WriteString(w, text)
	return err
}

// copyFile is $(<file).
func copyFile(s *shell, stmt *syntax.Stmt) error {
	redirection, ok := redirect(s, stmt.Redirs)
	defer redirection.undo(s)
	if !ok {
		return exitError{1}
	}
	_, err := io.Copy(s.p.Stdout, s.p.Stdin)
	return err
}

// substitution takes the output of a substitution until that is over: what it
// left running in the background writes into nothing.
type substitution struct {
	memory *kernel.Memory

	mu     sync.Mutex
	text   []byte
	held   int
	closed bool
}

func (o *substitution) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return len(b), nil
	}
	if missing := len(o.text) + len(b) - cap(o.text); missing > 0 {
		if err := o.grow(missing + len(o.text)); err != nil {
			return 0, err
		}
	}
	o.text = append(o.text, b...)
	return len(b), nil
}

// grow makes room for more.
func (o *substitution) grow(more int) error {
	if err := o.memory.Charge(more); err != nil {
		return err
	}
	o.held += more
	o.text = slices.Grow(o.text, more)
	return nil
}

// close returns the output, which the caller is to charge.
func (o *substitution) close() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	text := string(o.text)
	o.memory.Release(o.held)
	o.text, o.held, o.closed = nil, 0, true
	return text
}

// expansionFailed writes what is wrong with a word and ends the shell, as POSIX
// asks of a shell that is not interactive.
func (s *shell) expansionFailed(err error) error {
	if err == nil {
		s.status = 0
		return nil
	}
	var exit exitError
	if errors.As(err, &exit) {
		return err
	}
	var unset expand.UnsetParameterError
	if errors.As(err, &unset) && unset.Message == "unbound variable" && s.dialect == Dash {
		return s.fatal(2, "%s: parameter not set", unset.Node.Param.Value)
	}
	code := 2
	if s.dialect == Bash {
		code = 1
	}
	return s.fatal(code, "%s", err)
}

// environ gives the library the variables, the special ones too.
type environ struct{ s *shell }

func (e environ) Get(name string) expand.Variable {
	s := e.s
	text := func(value string) expand.Variable {
		s.memory.grow(len(value))
		return expand.Variable{Set: true, Kind: expand.String, Str: value}
	}
	switch name {
	case "@", "*":
		s.memory.grow(listSize(s.params) + fieldCost*len(s.params))
		return expand.Variable{Set: true, Kind: expand.Indexed, List: append([]string{}, s.params...)}
	case "#":
		return text(strconv.Itoa(len(s.params)))
	case "?":
		return text(strconv.Itoa(s.status))
	case "$":
		return text(strconv.Itoa(s.p.PID))
	case "!":
		if s.background == 0 {
			return expand.Variable{}
		}
		return text(strconv.Itoa(s.background))
	case "-":
		return text("")
	case "0":
		return text(s.name)
	case "PPID":
		return text("0")
	}
	if n, err := strconv.Atoi(name); err == nil {
		if n < 1 || n > len(s.params) {
			return expand.Variable{}
		}
		return text(s.params[n-1])
	}
	if user, ok := strings.CutPrefix(name, "HOME "); ok {
		return text(homeOf(s, user))
	}
	value := s.vars[name]
	s.memory.grow(len(value.Str))
	if s.splitting {
		s.memory.grow(splitCost(s, value.Str))
	}
	return value
}

// homeOf is the directory that ~user stands for. Without an answer the library
// would ask the host.
func homeOf(s *shell, user string) string {
	content, err := s.p.Kernel.Files.ReadFile("/etc/passwd")
	if err == nil {
		for line := range strings.SplitSeq(string(content), "\n") {
			if entry := strings.Split(line, ":"); len(entry) == 7 && entry[0] == user {
				return entry[5]
			}
		}
	}
	return "~" + user
}

func (e environ) Set(name string, value expand.Variable) error {
	old := e.s.vars[name]
	if old.ReadOnly {
		return fmt.Errorf("%s: is read only", name)
	}
	if !value.IsSet() {
		forgetVariable(e.s, name)
		return nil
	}
	value.Exported = value.Exported || old.Exported || e.s.opts.exportAll
	keepVariable(e.s, name, value)
	return nil
}

func (e environ) Each(f func(string, expand.Variable) bool) {
	e.s.memory.grow(elementCost * len(e.s.vars))
	for _, name := range slices.Sorted(maps.Keys(e.s.vars)) {
		if !f(name, e.s.vars[name]) {
			return
		}
	}
}

func (s *shell) get(name string) string { return s.vars[name].String() }

// set assigns a variable; one that is read only ends the shell.
func (s *shell) set(name, value string) error {
	err := environ{s}.Set(name, expand.Variable{Set: true, Kind: expand.String, Str: value})
	if err != nil {
		return s.fatal(2, "%s", err)
	}
	return nil
}

// environment is what a program gets: the exported variables.
func (s *shell) environment() map[string]string {
	values := map[string]string{}
	for name, value := range s.vars {
		if value.Exported && value.IsSet() {
			values[name] = value.String()
		}
	}
	return values
}

// assign makes the assignments before a command. With export they are for the
// command only, and what they hide goes to scope.
func (s *shell) assign(assigns []*syntax.Assign, export bool, scope map[string]hidden) error {
	for _, a := range assigns {
		name := a.Name.Value
		value, err := assigned(s, a)
		if err != nil {
			return err
		}
		if export {
			hideVariable(s, scope, name)
		}
		if err := s.set(name, value); err != nil {
			return err
		}
		if export {
			exported := s.vars[name]
			exported.Exported = true
			s.vars[name] = exported
		}
	}
	return nil
}

func assigned(s *shell, a *syntax.Assign) (string, error) {
	if a.Array != nil || a.Index != nil {
		return "", s.fatal(2, "arrays are not supported by the embedded runtime")
	}
	if a.Value == nil {
		return "", nil
	}
	working := s.memory.working
	value, err := literal(s, a.Value)
	if err != nil {
		return "", s.expansionFailed(err)
	}
	if a.Append {
		s.memory.grow(len(s.get(a.Name.Value)) + len(value))
		value = s.get(a.Name.Value) + value
	}
	s.memory.release(working) // whoever keeps it charges it
	return value, nil
}

// declareClause is export, readonly, local, declare and typeset where the library
// parses them itself (bash).
func declareClause(s *shell, c *syntax.DeclClause) error {
	args := []string{c.Variant.Value}
	for _, a := range c.Args {
		switch {
		case a.Name == nil && a.Value != nil:
			words, err := fields(s, a.Value)
			if err != nil {
				return s.expansionFailed(err)
			}
			args = append(args, words...)
		case a.Naked:
			args = append(args, a.Name.Value)
		default:
			value, err := assigned(s, a)
			if err != nil {
				return err
			}
			args = append(args, a.Name.Value+"="+value)
		}
	}
	builtin := builtins[args[0]]
	if builtin == nil {
		return s.fatal(2, "%s is not supported by the embedded runtime", args[0])
	}
	s.status = 0
	return builtin(s, args)
}

// declareVariables is export, readonly and local: change sets the attribute.
func declareVariables(change func(s *shell, name string, v *expand.Variable)) func(*shell, []string) error {
	return func(s *shell, args []string) error {
		for _, arg := range args[1:] {
			if arg == "-p" || arg == "--" {
				continue
			}
			if strings.HasPrefix(arg, "-") {
				return s.fatal(2, "%s: Illegal option %s", args[0], arg)
			}
			name, value, assigns := strings.Cut(arg, "=")
			if !syntax.ValidName(name) {
				return s.fatal(2, "%s: %s: bad variable name", args[0], name)
			}
			before := s.vars[name]
			change(s, name, &before)
			if assigns {
				if s.vars[name].ReadOnly {
					return s.fatal(2, "%s: is read only", name)
				}
				before.Set, before.Kind, before.Str = true, expand.String, value
			}
			keepVariable(s, name, before)
		}
		return nil
	}
}
