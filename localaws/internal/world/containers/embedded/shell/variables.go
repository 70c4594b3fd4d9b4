package shell

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"
)

// maxSubstitution bounds what $(...) may return, in bytes.
const maxSubstitution = 4 << 20

// config is how words expand at this moment.
func (s *shell) config() *expand.Config {
	config := &expand.Config{
		Env:      environ{s},
		CmdSubst: func(w io.Writer, c *syntax.CmdSubst) error { return substitute(s, w, c) },
		ProcSubst: func(*syntax.ProcSubst) (string, error) {
			return "", errors.New("process substitution is not supported by the embedded runtime")
		},
		NoUnset: s.opts.noUnset,
	}
	if !s.opts.noGlob {
		config.ReadDir2 = func(name string) ([]fs.DirEntry, error) {
			return s.p.Kernel.Files.ReadDir(s.p.Path(name))
		}
	}
	return config
}

// substitute runs $(...).
func substitute(s *shell, w io.Writer, c *syntax.CmdSubst) error {
	limited := &limitedWriter{w: w, left: maxSubstitution}
	defer limited.close()
	child, err := s.fork(s.p.Stdin, &pipeEnd{w: limited}, s.p.Stderr, func(sub *shell) error {
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
	if limited.exceeded() {
		return s.fatal(2, "the output of a command substitution is longer than %d bytes", maxSubstitution)
	}
	return nil
}

// copyFile is $(<file).
func copyFile(s *shell, stmt *syntax.Stmt) error {
	restore, ok := redirect(s, stmt.Redirs)
	defer restore()
	if !ok {
		return exitError{1}
	}
	_, err := io.Copy(s.p.Stdout, s.p.Stdin)
	return err
}

// limitedWriter takes the output of a substitution until that is over: what it
// left running in the background writes into nothing.
type limitedWriter struct {
	mu   sync.Mutex
	w    io.Writer
	left int
}

func (l *limitedWriter) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.w == nil {
		return len(b), nil
	}
	if l.left -= len(b); l.left < 0 {
		return 0, io.ErrClosedPipe
	}
	return l.w.Write(b)
}

func (l *limitedWriter) exceeded() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.left < 0
}

func (l *limitedWriter) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.w = nil
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
		return expand.Variable{Set: true, Kind: expand.String, Str: value}
	}
	switch name {
	case "@", "*":
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
	return s.vars[name]
}

func (e environ) Set(name string, value expand.Variable) error {
	old := e.s.vars[name]
	if old.ReadOnly {
		return fmt.Errorf("%s: is read only", name)
	}
	if !value.IsSet() {
		delete(e.s.vars, name)
		return nil
	}
	value.Exported = value.Exported || old.Exported || e.s.opts.exportAll
	e.s.vars[name] = value
	return nil
}

func (e environ) Each(f func(string, expand.Variable) bool) {
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
// command only, and what they hide goes to hidden.
func (s *shell) assign(assigns []*syntax.Assign, export bool, hidden map[string]expand.Variable) error {
	for _, a := range assigns {
		name := a.Name.Value
		value, err := assigned(s, a)
		if err != nil {
			return err
		}
		if export {
			if _, done := hidden[name]; !done {
				hidden[name] = s.vars[name]
			}
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
	value, err := expand.Literal(s.config(), a.Value)
	if err != nil {
		return "", s.expansionFailed(err)
	}
	if a.Append {
		value = s.get(a.Name.Value) + value
	}
	return value, nil
}

// declareClause is export, readonly, local, declare and typeset where the library
// parses them itself (bash).
func declareClause(s *shell, c *syntax.DeclClause) error {
	args := []string{c.Variant.Value}
	for _, a := range c.Args {
		switch {
		case a.Name == nil && a.Value != nil:
			words, err := expand.Fields(s.config(), a.Value)
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
			s.vars[name] = before
		}
		return nil
	}
}
