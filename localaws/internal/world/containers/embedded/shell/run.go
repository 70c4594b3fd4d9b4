package shell

import (
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/pattern"
	"mvdan.cc/sh/v3/syntax"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/kernel"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/regex"
)

// stmts runs a list. last says that the shell ends after it: its last command
// then takes over the shell's process, as after exec, so that it gets the
// signals which are sent to a container.
func (s *shell) stmts(list []*syntax.Stmt, last bool) error {
	for i, stmt := range list {
		if err := s.stmt(stmt, last && i == len(list)-1); err != nil {
			return err
		}
	}
	return nil
}

func (s *shell) stmt(stmt *syntax.Stmt, last bool) error {
	if s.ctx.Err() != nil {
		return exitError{137}
	}
	if err := s.handleSignals(); err != nil || s.opts.noExec {
		return err
	}
	if s.nested++; s.nested > maxNested {
		return s.fatal(2, "maximum nesting level exceeded")
	}
	working := s.memory.working
	s.memory.grow(statementCost)
	defer func() { s.nested--; s.memory.release(working) }()
	s.line = stmt.Pos().Line()
	if stmt.Coprocess {
		return s.fatal(2, "coprocesses are not supported by the embedded runtime")
	}
	if stmt.Background {
		return startJob(s, stmt)
	}
	if stmt.Negated {
		s.tested++
		last = false
	}
	err := s.redirected(stmt, last)
	if stmt.Negated {
		s.tested--
		if s.status == 0 {
			s.status = 1
		} else {
			s.status = 0
		}
	}
	if err == nil && s.status != 0 && s.opts.exitOnError && s.tested == 0 && !isList(stmt.Cmd) && !stmt.Negated {
		return exitError{s.status}
	}
	if err == nil {
		err = s.handleSignals()
	}
	return err
}

// isList reports whether a command's parts have been looked at by -e already.
func isList(cmd syntax.Command) bool {
	list, ok := cmd.(*syntax.BinaryCmd)
	return ok && (list.Op == syntax.AndStmt || list.Op == syntax.OrStmt)
}

// startJob runs a command in the background.
func startJob(s *shell, stmt *syntax.Stmt) error {
	foreground := *stmt
	foreground.Background = false
	child, err := s.fork(strings.NewReader(""), s.p.Stdout, s.p.Stderr, func(sub *shell) error {
		return sub.stmt(&foreground, true)
	})
	if err != nil {
		return err
	}
	s.jobs = append(slices.DeleteFunc(s.jobs, forgotten(len(s.jobs))), child)
	s.background, s.status = child.PID, 0
	return nil
}

func (s *shell) redirected(stmt *syntax.Stmt, last bool) error {
	if len(stmt.Redirs) == 0 {
		return s.command(stmt.Cmd, last)
	}
	redirection, ok := redirect(s, stmt.Redirs)
	if !ok {
		redirection.undo(s)
		s.status = 2
		if s.dialect == Bash {
			s.status = 1
		}
		return nil
	}
	var err error
	if stmt.Cmd != nil {
		err = s.command(stmt.Cmd, last)
	} else {
		s.status = 0
	}
	if s.keepFiles {
		s.keepFiles = false
		redirection.keep(s)
		return err
	}
	redirection.undo(s)
	return err
}

func (s *shell) command(cmd syntax.Command, last bool) error {
	switch c := cmd.(type) {
	case *syntax.CallExpr:
		return s.call(c, last)
	case *syntax.BinaryCmd:
		return binaryCommand(s, c, last)
	case *syntax.Block:
		return s.stmts(c.Stmts, last)
	case *syntax.Subshell:
		return subshell(s, func(sub *shell) error { return sub.stmts(c.Stmts, true) })
	case *syntax.IfClause:
		return ifClause(s, c, last)
	case *syntax.WhileClause:
		return whileClause(s, c)
	case *syntax.ForClause:
		return forClause(s, c)
	case *syntax.CaseClause:
		return caseClause(s, c, last)
	case *syntax.FuncDecl:
		s.memory.keep(functionKey+c.Name.Value, variableCost+sourceCost*int(c.End().Offset()-c.Pos().Offset())) //nolint:gosec // a script is not long
		s.funcs[c.Name.Value] = c.Body
		s.status = 0
		return nil
	case *syntax.DeclClause:
		return declareClause(s, c)
	case *syntax.TestClause:
		truth, err := testClause(s, c.X)
		if err != nil {
			return s.expansionFailed(err)
		}
		s.status = exitStatus(truth)
		return nil
	case *syntax.ArithmCmd:
		n, err := expand.Arithm(config(s), c.X)
		if err != nil {
			return s.expansionFailed(err)
		}
		s.status = exitStatus(n != 0)
		return nil
	case *syntax.TimeClause:
		return s.stmt(c.Stmt, false)
	case nil:
		return nil
	}
	return s.fatal(2, "this kind of command is not supported by the embedded runtime (%T)", cmd)
}

func exitStatus(truth bool) int {
	if truth {
		return 0
	}
	return 1
}

// subshell runs f in a process of its own and waits for it.
func subshell(s *shell, f func(*shell) error) error {
	child, err := s.fork(s.p.Stdin, s.p.Stdout, s.p.Stderr, f)
	if err != nil {
		return err
	}
	s.status, err = s.wait(child)
	return err
}

func binaryCommand(s *shell, c *syntax.BinaryCmd, last bool) error {
	if c.Op == syntax.Pipe || c.Op == syntax.PipeAll {
		return pipeline(s, c)
	}
	s.tested++
	err := s.stmt(c.X, false)
	s.tested--
	if err != nil || (s.status == 0) != (c.Op == syntax.AndStmt) {
		return err
	}
	return s.stmt(c.Y, last)
}

// pipeline runs both sides in processes of their own.
func pipeline(s *shell, c *syntax.BinaryCmd) error {
	r, w := io.Pipe()
	stderr := s.p.Stderr
	if c.Op == syntax.PipeAll {
		stderr = w
	}
	// A killed shell must not leave a side that waits for the other one.
	defer func() { _, _ = r.Close(), w.Close() }()
	left, err := s.fork(s.p.Stdin, &pipeEnd{w: w}, stderr, func(sub *shell) error {
		defer func() { _ = w.Close() }()
		return sub.stmt(c.X, false)
	})
	if err != nil {
		return err
	}
	right, err := s.fork(r, s.p.Stdout, s.p.Stderr, func(sub *shell) error {
		defer func() { _ = r.Close() }()
		return sub.stmt(c.Y, false)
	})
	if err != nil {
		return err
	}
	status, err := s.wait(right)
	if err != nil {
		return err
	}
	leftStatus, err := s.wait(left)
	if s.opts.pipeFail && status == 0 {
		status = leftStatus
	}
	s.status = status
	return err
}

// maxJobs is how many jobs a shell knows; of more, those that ended are forgotten.
const maxJobs = 512

func forgotten(jobs int) func(*kernel.Process) bool {
	return func(job *kernel.Process) bool {
		select {
		case <-job.Done():
			return jobs >= maxJobs
		default:
			return false
		}
	}
}

func ifClause(s *shell, c *syntax.IfClause, last bool) error {
	for c != nil && len(c.Cond) > 0 {
		s.tested++
		err := s.stmts(c.Cond, false)
		s.tested--
		if err != nil {
			return err
		}
		if s.status == 0 {
			return s.stmts(c.Then, last)
		}
		s.status = 0
		c = c.Else
	}
	if c != nil { // else
		return s.stmts(c.Then, last)
	}
	return nil
}

func whileClause(s *shell, c *syntax.WhileClause) error {
	status := 0
	for {
		s.tested++
		err := s.stmts(c.Cond, false)
		s.tested--
		if err != nil {
			return err
		}
		if (s.status == 0) == c.Until {
			s.status = status
			return nil
		}
		if stop, err := s.body(c.Do); stop || err != nil {
			return err
		}
		status = s.status
	}
}

// body runs a loop's body once. stop says that the loop has ended.
func (s *shell) body(list []*syntax.Stmt) (stop bool, err error) {
	s.loops++
	err = s.stmts(list, false)
	s.loops--
	var broken breakError
	var continued continueError
	switch {
	case errors.As(err, &broken):
		if broken.loops > 1 {
			return true, breakError{broken.loops - 1}
		}
		return true, nil
	case errors.As(err, &continued):
		if continued.loops > 1 {
			return true, continueError{continued.loops - 1}
		}
		return false, nil
	}
	return false, err
}

func forClause(s *shell, c *syntax.ForClause) error {
	if c.Select {
		return s.fatal(2, "select is not supported by the embedded runtime")
	}
	loop, ok := c.Loop.(*syntax.WordIter)
	if !ok {
		return cStyleLoop(s, c.Loop.(*syntax.CStyleLoop), c.Do)
	}
	items := s.params
	if loop.InPos.IsValid() {
		var err error
		if items, err = fields(s, loop.Items...); err != nil {
			return s.expansionFailed(err)
		}
	}
	s.status = 0
	for _, item := range slices.Clone(items) {
		if err := s.set(loop.Name.Value, item); err != nil {
			return err
		}
		if stop, err := s.body(c.Do); stop || err != nil {
			return err
		}
	}
	return nil
}

func cStyleLoop(s *shell, loop *syntax.CStyleLoop, do []*syntax.Stmt) error {
	evaluate := func(e syntax.ArithmExpr) (int, error) {
		if e == nil {
			return 1, nil
		}
		return expand.Arithm(config(s), e)
	}
	_, err := evaluate(loop.Init)
	for err == nil {
		var n int
		working := s.memory.working
		if n, err = evaluate(loop.Cond); err != nil || n == 0 {
			break
		}
		stop, bodyErr := s.body(do)
		if stop || bodyErr != nil {
			return bodyErr
		}
		if s.ctx.Err() != nil {
			return exitError{137}
		}
		_, err = evaluate(loop.Post)
		s.memory.release(working)
	}
	return s.expansionFailed(err)
}

func caseClause(s *shell, c *syntax.CaseClause, last bool) error {
	word, err := literal(s, c.Word)
	if err != nil {
		return s.expansionFailed(err)
	}
	s.status = 0
	for _, item := range c.Items {
		for _, candidate := range item.Patterns {
			matched, err := matchesWord(s, candidate, word)
			if err != nil {
				return s.expansionFailed(err)
			}
			if matched {
				return s.stmts(item.Stmts, last)
			}
		}
	}
	return nil
}

// matchesWord reports whether a text matches a word as a pattern.
func matchesWord(s *shell, word *syntax.Word, text string) (bool, error) {
	if err := reckon(s, word); err != nil {
		return false, err
	}
	wildcard, err := expand.Pattern(config(s), word)
	if err != nil {
		return false, err
	}
	expression, err := pattern.Regexp(wildcard, pattern.EntireString)
	if err != nil {
		return wildcard == text, nil //nolint:nilerr // a malformed pattern stands for itself
	}
	compiled, err := regex.Compile(expression, regex.Native, false, s.memory.grow)
	if err != nil {
		return false, err
	}
	return compiled.Matches(text)
}

// call runs a simple command.
func (s *shell) call(c *syntax.CallExpr, last bool) error {
	s.substituted = 0
	args, err := fields(s, c.Args...)
	if err != nil {
		return s.expansionFailed(err)
	}
	if len(args) == 0 {
		err := s.assign(c.Assigns, false, nil)
		s.status = s.substituted
		return err
	}
	scope := map[string]hidden{}
	if err := s.assign(c.Assigns, true, scope); err != nil {
		return err
	}
	if s.opts.trace {
		s.p.Errorf("%s%s", s.get("PS4"), strings.Join(args, " "))
	}
	err = s.invoke(args, last && len(c.Assigns) == 0)
	unhide(s, scope)
	return err
}

// invoke runs a function, a builtin or a program.
func (s *shell) invoke(args []string, last bool) error {
	if body := s.funcs[args[0]]; body != nil {
		return s.function(body, args)
	}
	if builtin := builtins[args[0]]; builtin != nil {
		s.before, s.status = s.status, 0
		return builtin(s, args)
	}
	return s.run(args, last)
}

func (s *shell) function(body *syntax.Stmt, args []string) error {
	if s.depth++; s.depth > maxDepth {
		return s.fatal(2, "%s: maximum function nesting level exceeded", args[0])
	}
	restore, loops := withParams(s, args[1:]), s.loops
	s.loops = 0
	s.locals = append(s.locals, map[string]hidden{})
	err := s.stmt(body, false)
	unhide(s, s.locals[len(s.locals)-1])
	s.locals = s.locals[:len(s.locals)-1]
	restore()
	s.loops = loops
	s.depth--
	if errors.As(err, &returnError{}) {
		return nil
	}
	return err
}

// run runs a program, in this very process when replace is set.
func (s *shell) run(args []string, replace bool) error {
	finder := &kernel.Process{Args: args, Env: s.environment(), Dir: s.p.Dir, Kernel: s.p.Kernel}
	program, loaded, err := finder.Load(args)
	if err != nil {
		s.notFound(args[0], err)
		return nil
	}
	if replace && s.exitTrap == "" && len(s.traps) == 0 {
		s.p.Args, s.p.Env = loaded, finder.Env
		s.p.ResetSignals()
		return exitError{program(s.ctx, s.p)}
	}
	child, err := s.p.Spawn(kernel.Spec{
		Args: loaded, Env: finder.Env, Dir: s.p.Dir,
		Stdin: s.p.Stdin, Stdout: withoutSignal(s.p.Stdout), Stderr: s.p.Stderr,
	}, program)
	if err != nil {
		return s.fatal(2, "Cannot fork: %s", err)
	}
	s.status, err = s.wait(child)
	return err
}

// pipeEnd is the output of a shell into a pipe. Writing when nothing reads any
// more ends the shell by SIGPIPE; a program sees the error and ends by itself.
type pipeEnd struct {
	w     io.Writer
	owner *kernel.Process
}

func (e *pipeEnd) Write(b []byte) (int, error) {
	n, err := e.w.Write(b)
	if errors.Is(err, io.ErrClosedPipe) && e.owner != nil {
		e.owner.Signal(kernel.SIGPIPE)
	}
	return n, err
}

func withoutSignal(w io.Writer) io.Writer {
	if end, ok := w.(*pipeEnd); ok {
		return end.w
	}
	return w
}

// notFound says why a command can't be run: status 127 when there is none, else
// 126.
func (s *shell) notFound(command string, err error) {
	switch {
	case !errors.Is(err, fs.ErrNotExist):
		s.status = 126
		s.errorf("%s: %s", command, kernel.Reason(err))
	case s.dialect == Bash && strings.Contains(command, "/"):
		s.status = 127
		s.errorf("%s: No such file or directory", command)
	case s.dialect == Bash:
		s.status = 127
		s.errorf("%s: command not found", command)
	default:
		s.status = 127
		s.errorf("%s: not found", command)
	}
}
