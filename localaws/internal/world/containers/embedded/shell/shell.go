// Package shell is the sh and bash of containers and instances. It parses and
// expands with mvdan.cc/sh, and runs what comes out on a kernel.Kernel: paths,
// programs, processes, signals and exec are the kernel's, never the host's.
// (That library's own interpreter looks at the host for cd, test and command,
// has no signals, and panics on file descriptors above 2.)
package shell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/kernel"
)

// Dialect is whose messages and extensions a shell has.
type Dialect int

// Dash is Debian's sh, Bash is also Amazon Linux's, Ash is busybox's.
const (
	Dash Dialect = iota
	Bash
	Ash
)

// Bounds of what would take the stack of this process: how deep functions, eval and
// sourced files may nest, and commands within each other; how long a script may be,
// in bytes; and how many calls its parser may nest, which are a few for each level.
const (
	maxDepth       = 500
	maxNested      = 5000
	maxScript      = 256 << 10
	maxParserCalls = 4000
)

// Program returns the shell as a program.
func Program(dialect Dialect) kernel.Program {
	return func(ctx context.Context, p *kernel.Process) int {
		s := newShell(ctx, p, dialect)
		defer s.memory.end()
		return s.main(p.Args[1:])
	}
}

// shell is an interpreter's state. A subshell is a copy in a process of its own.
type shell struct {
	ctx     context.Context
	p       *kernel.Process
	dialect Dialect
	name    string // $0
	line    uint

	vars   map[string]expand.Variable
	locals []map[string]hidden // what local variables hide, a map a function call
	funcs  map[string]*syntax.Stmt
	params []string
	opts   options
	files  map[int]stream // open descriptors above 2
	opened []io.Closer    // files that exec has opened
	memory holdings

	redirections int // that are to be undone

	status      int
	before      int // the status before the builtin that runs
	substituted int // status of the last $(...) of a command
	background  int // process number of the last command with &
	jobs        []*kernel.Process
	traps       map[kernel.Signal]string
	exitTrap    string
	pending     chan kernel.Signal

	depth     int
	nested    int // statements within each other
	splitting bool
	outputs   map[*syntax.CmdSubst]string // of commands that ran before their word was expanded
	loops     int
	tested    int // within a condition, where -e does not end the shell
	mayExec   bool
	keepFiles bool
}

type options struct {
	exitOnError, noUnset, noGlob, trace, pipeFail, exportAll, noExec, noClobber bool
}

type stream struct {
	reader io.Reader
	writer io.Writer
	text   *share // of a here-document
}

// How a command list ends early.
type (
	exitError     struct{ code int }
	returnError   struct{}
	breakError    struct{ loops int }
	continueError struct{ loops int }
)

func (e exitError) Error() string     { return "exit " + strconv.Itoa(e.code) }
func (returnError) Error() string     { return "return" }
func (e breakError) Error() string    { return "break " + strconv.Itoa(e.loops) }
func (e continueError) Error() string { return "continue " + strconv.Itoa(e.loops) }

func newShell(ctx context.Context, p *kernel.Process, dialect Dialect) *shell {
	s := &shell{
		ctx: ctx, p: p, dialect: dialect, name: p.Args[0],
		vars: map[string]expand.Variable{}, funcs: map[string]*syntax.Stmt{},
		files: map[int]stream{}, traps: map[kernel.Signal]string{},
		pending: make(chan kernel.Signal, 16), memory: newHoldings(p), outputs: map[*syntax.CmdSubst]string{},
	}
	for name, value := range p.Env {
		s.vars[name] = expand.Variable{Set: true, Exported: true, Kind: expand.String, Str: value}
	}
	for name, value := range map[string]string{"PWD": p.Dir, "IFS": " \t\n", "OPTIND": "1", "PS4": "+ "} {
		if name == "PWD" || !s.vars[name].IsSet() {
			s.vars[name] = expand.Variable{Set: true, Exported: s.vars[name].Exported, Kind: expand.String, Str: value}
		}
	}
	return s
}

// main runs sh [-options] [-c command [name [arg...]] | script [arg...]].
func (s *shell) main(args []string) int {
	command, rest, err := shellArguments(s, args)
	if err != nil {
		s.p.Errorf("%s: 0: %s", s.name, err)
		return 2
	}
	var source string
	switch {
	case command:
		if len(rest) == 0 {
			s.p.Errorf("%s: 0: -c requires an argument", s.name)
			return 2
		}
		source, rest = rest[0], rest[1:]
		s.mayExec = true
		if len(rest) > 0 {
			s.name, rest = rest[0], rest[1:]
		}
	case len(rest) > 0:
		content, err := s.p.Kernel.Files.ReadFile(s.p.Path(rest[0]))
		if err != nil {
			s.p.Errorf("%s: 0: cannot open %s: %s", s.name, rest[0], kernel.Reason(err))
			return 127
		}
		source, s.name, rest = string(content), rest[0], rest[1:]
	default:
		content, err := io.ReadAll(io.LimitReader(s.p.Stdin, maxScript+1))
		if err != nil {
			s.p.Errorf("%s: 0: reading standard input: %s", s.name, kernel.Reason(err))
			return 2
		}
		source = string(content)
	}
	s.params = rest
	return s.finish(s.source(source, true))
}

// shellArguments reads the shell's own options.
func shellArguments(s *shell, args []string) (command bool, rest []string, err error) {
	for len(args) > 0 && len(args[0]) > 1 && (args[0][0] == '-' || args[0][0] == '+') {
		arg := args[0]
		args = args[1:]
		if arg == "--" || arg == "--login" || arg == "--norc" || arg == "--noprofile" || arg == "--posix" {
			if arg == "--" {
				break
			}
			continue
		}
		for i, letter := range arg[1:] {
			switch letter {
			case 'c':
				command = true
			case 'l', 'i', 's':
			case 'o':
				if len(args) == 0 || i != len(arg)-2 {
					return false, nil, errors.New("-o requires an argument")
				}
				if err := setLong(s, args[0], arg[0] == '-'); err != nil {
					return false, nil, err
				}
				args = args[1:]
			default:
				if err := setShort(s, letter, arg[0] == '-'); err != nil {
					return false, nil, err
				}
			}
		}
	}
	return command, args, nil
}

func setShort(s *shell, letter rune, on bool) error {
	o := &s.opts
	flags := map[rune]*bool{
		'e': &o.exitOnError, 'u': &o.noUnset, 'f': &o.noGlob, 'x': &o.trace, 'a': &o.exportAll,
		'n': &o.noExec, 'C': &o.noClobber, 'v': new(bool), 'm': new(bool), 'b': new(bool), 'h': new(bool),
	}
	if flags[letter] == nil {
		return fmt.Errorf("Illegal option -%c", letter) //nolint:staticcheck // as dash says it
	}
	*flags[letter] = on
	return nil
}

func setLong(s *shell, name string, on bool) error {
	letters := map[string]rune{
		"errexit": 'e', "nounset": 'u', "noglob": 'f', "xtrace": 'x', "allexport": 'a',
		"noexec": 'n', "noclobber": 'C', "verbose": 'v', "monitor": 'm', "notify": 'b',
	}
	if name == "pipefail" && s.dialect != Dash {
		s.opts.pipeFail = on
		return nil
	}
	if letters[name] == 0 {
		return fmt.Errorf("set: Illegal option -o %s", name)
	}
	return setShort(s, letters[name], on)
}

// source parses and runs a text. last says that the shell ends after it.
func (s *shell) source(text string, last bool) error {
	if s.depth++; s.depth > maxDepth {
		return s.fatal(2, "maximum nesting level exceeded")
	}
	if len(text) > maxScript {
		return s.fatal(2, "the script is longer than %d bytes", maxScript)
	}
	working := s.memory.working
	s.memory.grow(sourceCost * len(text))
	defer func() { s.depth--; s.memory.release(working) }()
	variant := syntax.LangPOSIX
	if s.dialect != Dash {
		variant = syntax.LangBash
	}
	file, err := syntax.NewParser(syntax.Variant(variant)).Parse(&shallow{strings.NewReader(text)}, "")
	if err != nil {
		var problem syntax.ParseError
		if errors.As(err, &problem) {
			s.line = problem.Pos.Line()
			err = errors.New(problem.Text)
		}
		return s.fatal(2, "Syntax error: %s", err)
	}
	return s.stmts(file.Stmts, last && s.mayExec)
}

// shallow is a script that ends where it nests too deep: the parser calls itself for
// what stands within something else, and reads on from there.
type shallow struct{ text io.Reader }

func (s *shallow) Read(b []byte) (int, error) {
	if runtime.Callers(maxParserCalls, make([]uintptr, 1)) > 0 {
		return 0, errors.New("maximum nesting level exceeded")
	}
	return s.text.Read(b)
}

// finish turns the end of the script into an exit code, and runs the exit trap.
func (s *shell) finish(err error) int {
	var exit exitError
	code := s.status
	if errors.As(err, &exit) {
		code = exit.code
	}
	if trap := s.exitTrap; trap != "" && s.ctx.Err() == nil {
		s.exitTrap, s.status = "", code
		if errors.As(s.source(trap, false), &exit) {
			code = exit.code
		}
	}
	return code & 0xff
}

// fatal writes a message and ends the shell.
func (s *shell) fatal(code int, format string, values ...any) error {
	s.errorf(format, values...)
	s.status = code
	return exitError{code}
}

// errorf writes a message as the dialect does: "sh: 1: what".
func (s *shell) errorf(format string, values ...any) {
	line := max(1, s.line)
	switch s.dialect {
	case Bash:
		s.p.Errorf("%s: line %d: %s", s.name, line, fmt.Sprintf(format, values...))
	case Ash:
		s.p.Errorf("%s: %s", s.name, fmt.Sprintf(format, values...))
	default:
		s.p.Errorf("%s: %d: %s", s.name, line, fmt.Sprintf(format, values...))
	}
}

// fork runs f in a subshell: a copy of this shell in a process of its own.
func (s *shell) fork(stdin io.Reader, stdout, stderr io.Writer, f func(*shell) error) (*kernel.Process, error) {
	sub := *s
	sub.vars, sub.funcs, sub.files = maps.Clone(s.vars), maps.Clone(s.funcs), maps.Clone(s.files)
	sub.params, sub.locals = slices.Clone(s.params), nil
	for _, scope := range s.locals {
		names := map[string]hidden{} // it does not come back to what they hide
		for name := range scope {
			names[name] = hidden{}
		}
		sub.locals = append(sub.locals, names)
	}
	sub.opened, sub.redirections = nil, 0
	sub.memory, sub.splitting, sub.outputs = s.memory.fork(s.files), false, map[*syntax.CmdSubst]string{}
	sub.traps, sub.exitTrap, sub.jobs = map[kernel.Signal]string{}, "", nil
	sub.pending = make(chan kernel.Signal, 16)
	sub.mayExec, sub.keepFiles = false, false
	child, err := s.p.Spawn(kernel.Spec{
		Args: s.p.Args, Env: s.p.Env, Dir: s.p.Dir, Stdin: stdin, Stdout: stdout, Stderr: stderr,
	}, func(ctx context.Context, p *kernel.Process) int {
		defer sub.memory.end()
		sub.ctx, sub.p, sub.memory.p = ctx, p, p
		sub.memory.grow(listSize(sub.params))
		if end, ok := p.Stdout.(*pipeEnd); ok {
			p.Stdout = &pipeEnd{end.w, p}
		}
		return sub.finish(f(&sub))
	})
	if err != nil {
		sub.memory.end()
		return nil, s.fatal(2, "Cannot fork: %s", err)
	}
	return child, nil
}

// wait waits for a child in the foreground and returns its exit code.
func (s *shell) wait(child *kernel.Process) (int, error) {
	select {
	case <-child.Done():
		return child.ExitCode(), nil
	case <-s.ctx.Done():
		return 0, exitError{137}
	}
}

// handleSignals runs the traps of signals that have come.
func (s *shell) handleSignals() error {
	for {
		select {
		case signal := <-s.pending:
			status := s.status
			if err := s.source(s.traps[signal], false); err != nil {
				return err
			}
			s.status = status
		default:
			return nil
		}
	}
}
