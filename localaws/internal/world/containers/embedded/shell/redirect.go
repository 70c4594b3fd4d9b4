package shell

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/kernel"
)

// redirection is what redirections have changed.
type redirection struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	files          map[int]stream
	opened         []io.Closer
}

// redirect applies redirections, and returns how to undo them. ok is false when
// one could not be made, after saying why.
func redirect(s *shell, list []*syntax.Redirect) (r *redirection, ok bool) {
	r = &redirection{s.p.Stdin, s.p.Stdout, s.p.Stderr, s.files, nil}
	s.files = maps.Clone(s.files)
	s.redirections++
	for _, one := range list {
		file, err := redirectOne(s, one)
		if err != nil {
			s.errorf("%s", err)
			return r, false
		}
		if file != nil {
			r.opened = append(r.opened, file)
		}
	}
	return r, true
}

// undo puts back what was.
func (r *redirection) undo(s *shell) {
	s.redirections--
	s.p.Stdin, s.p.Stdout, s.p.Stderr, s.files = r.stdin, r.stdout, r.stderr, r.files
	closeAll(r.opened)
}

func closeAll(files []io.Closer) {
	for _, f := range files {
		_ = f.Close() // what was written to it is written
	}
}

// keep leaves them as they are, after exec, and closes what earlier ones opened
// and these have replaced.
func (r *redirection) keep(s *shell) {
	s.redirections--
	s.opened = append(s.opened, r.opened...)
	if s.redirections > 0 { // what is put back later is not to be seen here
		return
	}
	used := map[any]bool{s.p.Stdin: true, s.p.Stdout: true, s.p.Stderr: true}
	for _, f := range s.files {
		used[f.reader], used[f.writer] = true, true
		if f.text != nil {
			used[f.text] = true
		}
	}
	s.opened = slices.DeleteFunc(s.opened, func(f io.Closer) bool {
		if !used[f] {
			closeAll([]io.Closer{f})
		}
		return !used[f]
	})
}

func redirectOne(s *shell, r *syntax.Redirect) (io.Closer, error) {
	number := 1
	switch r.Op {
	case syntax.RdrIn, syntax.DplIn, syntax.Hdoc, syntax.DashHdoc, syntax.WordHdoc, syntax.RdrInOut:
		number = 0
	}
	if r.N != nil {
		var err error
		if number, err = strconv.Atoi(r.N.Value); err != nil {
			return nil, errors.New(r.N.Value + ": bad file descriptor")
		}
	}
	if number >= maxDescriptors {
		return nil, errors.New(r.N.Value + ": bad file descriptor")
	}
	if r.Hdoc != nil {
		text, err := hereDocument(s, r)
		if err != nil {
			return nil, err
		}
		return setText(s, number, text), nil
	}
	word, err := literal(s, r.Word)
	if err != nil {
		return nil, err
	}
	switch r.Op {
	case syntax.WordHdoc:
		return setText(s, number, word+"\n"), nil
	case syntax.DplIn, syntax.DplOut:
		return nil, duplicate(s, number, word)
	}
	return openFile(s, r.Op, number, word)
}

// maxDescriptors bounds the numbers of open files, as the usual limit of a process
// does.
const maxDescriptors = 1024

// setText opens a here-document, which is held until it is closed.
func setText(s *shell, number int, text string) io.Closer {
	held := newShare(s.memory.p.Kernel.Memory, len(text))
	setFile(s, number, stream{reader: strings.NewReader(text), text: held})
	return held
}

func openFile(s *shell, op syntax.RedirOperator, number int, name string) (io.Closer, error) {
	flag := os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	switch op {
	case syntax.RdrIn:
		flag = os.O_RDONLY
	case syntax.RdrInOut:
		flag = os.O_RDWR | os.O_CREATE
	case syntax.AppOut, syntax.AppAll:
		flag = os.O_WRONLY | os.O_CREATE | os.O_APPEND
	case syntax.RdrOut, syntax.RdrAll:
		if s.opts.noClobber && op == syntax.RdrOut {
			flag |= os.O_EXCL
		}
	}
	file, err := s.p.Open(name, flag, 0o644)
	if err != nil {
		return nil, openError(s, name, flag, err)
	}
	setFile(s, number, stream{reader: file, writer: file})
	if op == syntax.RdrAll || op == syntax.AppAll {
		setFile(s, 2, stream{reader: file, writer: file})
	}
	return file, nil
}

// openError says what the dialect says: dash "cannot create x: Directory
// nonexistent", bash "x: No such file or directory".
func openError(s *shell, name string, flag int, err error) error {
	reason := kernel.Reason(err)
	if s.dialect == Bash {
		return errors.New(name + ": " + reason)
	}
	if flag&os.O_CREATE == 0 {
		if errors.Is(err, fs.ErrNotExist) {
			reason = "No such file"
		}
		return errors.New("cannot open " + name + ": " + reason)
	}
	if errors.Is(err, fs.ErrNotExist) {
		reason = "Directory nonexistent"
	}
	return errors.New("cannot create " + name + ": " + reason)
}

// hereDocument expands a here-document; <<- takes the tabs away.
func hereDocument(s *shell, r *syntax.Redirect) (string, error) {
	text, err := document(s, r.Hdoc)
	if err != nil || r.Op != syntax.DashHdoc {
		return text, err
	}
	s.memory.grow(elementCost * strings.Count(text, "\n"))
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimLeft(line, "\t")
	}
	return strings.Join(lines, "\n"), nil
}

// duplicate is n>&word: another descriptor, or "-" to close.
func duplicate(s *shell, number int, word string) error {
	if word == "-" {
		setFile(s, number, stream{})
		return nil
	}
	from, err := strconv.Atoi(word)
	if err != nil {
		return errors.New(word + ": bad file descriptor")
	}
	switch from {
	case 0:
		setFile(s, number, stream{reader: s.p.Stdin})
	case 1:
		setFile(s, number, stream{writer: s.p.Stdout})
	case 2:
		setFile(s, number, stream{writer: s.p.Stderr})
	default:
		file, ok := s.files[from]
		if !ok {
			return errors.New(word + ": bad file descriptor")
		}
		setFile(s, number, file)
	}
	return nil
}

func setFile(s *shell, number int, file stream) {
	if file.reader == nil {
		file.reader = strings.NewReader("")
	}
	if file.writer == nil {
		file.writer = io.Discard
	}
	switch number {
	case 0:
		s.p.Stdin = file.reader
	case 1:
		s.p.Stdout = file.writer
	case 2:
		s.p.Stderr = file.writer
	default:
		s.files[number] = file
	}
}
