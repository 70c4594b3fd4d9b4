package shell

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/kernel"
)

// redirect applies redirections and returns how to undo them. ok is false when
// one could not be made, after saying why.
func redirect(s *shell, list []*syntax.Redirect) (restore func(), ok bool) {
	stdin, stdout, stderr := s.p.Stdin, s.p.Stdout, s.p.Stderr
	files := s.files
	s.files = map[int]stream{}
	for n, f := range files {
		s.files[n] = f
	}
	var opened []io.Closer
	restore = func() {
		s.p.Stdin, s.p.Stdout, s.p.Stderr, s.files = stdin, stdout, stderr, files
		for _, f := range opened {
			_ = f.Close()
		}
	}
	for _, r := range list {
		file, err := redirectOne(s, r)
		if err != nil {
			s.errorf("%s", err)
			return restore, false
		}
		if file != nil {
			opened = append(opened, file)
		}
	}
	return restore, true
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
	if r.Hdoc != nil {
		text, err := hereDocument(s, r)
		if err != nil {
			return nil, err
		}
		setFile(s, number, stream{reader: strings.NewReader(text)})
		return nil, nil
	}
	word, err := expand.Literal(s.config(), r.Word)
	if err != nil {
		return nil, err
	}
	switch r.Op {
	case syntax.WordHdoc:
		setFile(s, number, stream{reader: strings.NewReader(word + "\n")})
		return nil, nil
	case syntax.DplIn, syntax.DplOut:
		return nil, duplicate(s, number, word)
	}
	return openFile(s, r.Op, number, word)
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
	setFile(s, number, stream{file, file})
	if op == syntax.RdrAll || op == syntax.AppAll {
		setFile(s, 2, stream{file, file})
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
	text, err := expand.Document(s.config(), r.Hdoc)
	if err != nil || r.Op != syntax.DashHdoc {
		return text, err
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimLeft(line, "\t")
	}
	return strings.Join(lines, "\n"), nil
}

// duplicate is n>&word: another descriptor, or "-" to close.
func duplicate(s *shell, number int, word string) error {
	if word == "-" {
		setFile(s, number, stream{strings.NewReader(""), io.Discard})
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
