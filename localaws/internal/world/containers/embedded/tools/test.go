package tools

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/kernel"
)

func testProgram(_ context.Context, p *kernel.Process) int {
	return Test(p, p.Name(), p.Args[1:])
}

// Test is test and [: 0 for true, 1 for false, 2 after an error. name says which
// of the two was called.
func Test(p *kernel.Process, name string, args []string) int {
	if name == "[" {
		if len(args) == 0 || args[len(args)-1] != "]" {
			p.Errorf("[: missing ]")
			return 2
		}
		args = args[:len(args)-1]
	}
	truth, err := evaluate(p, args)
	switch {
	case err != nil:
		p.Errorf("%s: %s", name, err)
		return 2
	case truth:
		return 0
	}
	return 1
}

// evaluate follows POSIX, which decides by the number of arguments, so that
// values which look like operators do no harm.
func evaluate(p *kernel.Process, args []string) (bool, error) {
	switch len(args) {
	case 0:
		return false, nil
	case 1:
		return args[0] != "", nil
	case 2:
		if args[0] == "!" {
			return args[1] == "", nil
		}
		return TestUnary(p, args[0], args[1])
	case 3:
		if isBinary(args[1]) {
			return TestBinary(p, args[0], args[1], args[2])
		}
	}
	if args[0] == "!" && len(args) <= 4 {
		truth, err := evaluate(p, args[1:])
		return !truth, err
	}
	parser := &testParser{p: p, rest: args}
	truth, err := parser.or()
	if err == nil && len(parser.rest) > 0 {
		err = fmt.Errorf("%s: unexpected operator", parser.rest[0])
	}
	return truth, err
}

type testParser struct {
	p    *kernel.Process
	rest []string
}

func (t *testParser) or() (bool, error) {
	truth, err := t.and()
	for err == nil && len(t.rest) > 0 && t.rest[0] == "-o" {
		t.rest = t.rest[1:]
		var right bool
		right, err = t.and()
		truth = truth || right
	}
	return truth, err
}

func (t *testParser) and() (bool, error) {
	truth, err := t.not()
	for err == nil && len(t.rest) > 0 && t.rest[0] == "-a" {
		t.rest = t.rest[1:]
		var right bool
		right, err = t.not()
		truth = truth && right
	}
	return truth, err
}

func (t *testParser) not() (bool, error) {
	if len(t.rest) == 0 {
		return false, errors.New("argument expected")
	}
	if t.rest[0] == "!" {
		t.rest = t.rest[1:]
		truth, err := t.not()
		return !truth, err
	}
	return t.primary()
}

func (t *testParser) primary() (bool, error) {
	args := t.rest
	switch {
	case len(args) >= 3 && isBinary(args[1]):
		t.rest = args[3:]
		return TestBinary(t.p, args[0], args[1], args[2])
	case args[0] == "(":
		t.rest = args[1:]
		truth, err := t.or()
		if err == nil && (len(t.rest) == 0 || t.rest[0] != ")") {
			err = errors.New("closing paren expected")
		}
		if err == nil {
			t.rest = t.rest[1:]
		}
		return truth, err
	case len(args) >= 2 && len(args[0]) == 2 && args[0][0] == '-':
		t.rest = args[2:]
		return TestUnary(t.p, args[0], args[1])
	}
	t.rest = args[1:]
	return args[0] != "", nil
}

func isBinary(operator string) bool {
	switch operator {
	case "=", "==", "!=", "<", ">", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef":
		return true
	}
	return false
}

// TestUnary evaluates an operator such as -f. Root may read and write
// everything, so -r and -w are true for what exists.
func TestUnary(p *kernel.Process, operator, value string) (bool, error) {
	switch operator {
	case "-n":
		return value != "", nil
	case "-z":
		return value == "", nil
	case "-t":
		return false, nil
	case "-h", "-L":
		info, err := p.Kernel.Files.Lstat(p.Path(value))
		return err == nil && info.Mode()&fs.ModeSymlink != 0, nil
	}
	info, err := p.Kernel.Files.Stat(p.Path(value))
	found := err == nil && value != ""
	switch operator {
	case "-e", "-a", "-r", "-w", "-O", "-G":
		return found, nil
	case "-f":
		return found && info.Mode().IsRegular(), nil
	case "-d":
		return found && info.IsDir(), nil
	case "-s":
		return found && info.Size() > 0, nil
	case "-x":
		return found && (info.IsDir() || info.Mode()&0o111 != 0), nil
	case "-b", "-c", "-p", "-S", "-u", "-g", "-k":
		kinds := map[string]fs.FileMode{
			"-b": fs.ModeDevice, "-c": fs.ModeCharDevice, "-p": fs.ModeNamedPipe, "-S": fs.ModeSocket,
			"-u": fs.ModeSetuid, "-g": fs.ModeSetgid, "-k": fs.ModeSticky,
		}
		return found && info.Mode()&kinds[operator] != 0, nil
	}
	return false, fmt.Errorf("%s: unexpected operator", operator)
}

// TestBinary evaluates an operator such as = or -lt.
func TestBinary(p *kernel.Process, left, operator, right string) (bool, error) {
	switch operator {
	case "=", "==":
		return left == right, nil
	case "!=":
		return left != right, nil
	case "<":
		return left < right, nil
	case ">":
		return left > right, nil
	case "-nt", "-ot", "-ef":
		a, errA := p.Kernel.Files.Stat(p.Path(left))
		b, errB := p.Kernel.Files.Stat(p.Path(right))
		switch {
		case errA != nil || errB != nil:
			return operator == "-nt" && errA == nil || operator == "-ot" && errB == nil, nil
		case operator == "-ef":
			return os.SameFile(a, b), nil
		case operator == "-nt":
			return a.ModTime().After(b.ModTime()), nil
		}
		return a.ModTime().Before(b.ModTime()), nil
	}
	a, err := integer(left)
	if err != nil {
		return false, err
	}
	b, err := integer(right)
	if err != nil {
		return false, err
	}
	return map[string]bool{
		"-eq": a == b, "-ne": a != b, "-lt": a < b, "-le": a <= b, "-gt": a > b, "-ge": a >= b,
	}[operator], nil
}

func integer(text string) (int64, error) {
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("Illegal number: %s", text) //nolint:staticcheck // as dash says it
	}
	return n, nil
}
