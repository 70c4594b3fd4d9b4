package tools

import (
	"bufio"
	"context"
	"errors"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/kernel"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/regex"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/sed"
)

func cat(_ context.Context, p *kernel.Process) int {
	_, names, ok := options(p, "u")
	if !ok {
		return 1
	}
	return inputs(p, names, func(_ string, r io.Reader) error {
		_, err := io.Copy(p.Stdout, r)
		return err
	})
}

// eachLine calls f with every line, its newline included.
func eachLine(p *kernel.Process, r io.Reader, f func(string) error) error {
	lines := bufio.NewReader(r)
	line := room{p: p}
	defer line.free()
	for {
		text, err := readLine(&line, lines)
		if text != "" {
			if err := f(text); err != nil {
				return err
			}
		}
		line.free()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// readLine reads a line, which has room for as long as it is used.
func readLine(line *room, lines *bufio.Reader) (string, error) {
	var text []byte
	for {
		piece, err := lines.ReadSlice('\n')
		line.grow(3 * len(piece)) // as it grows, and as a string
		text = append(text, piece...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return string(text), err
		}
	}
}

// room is memory that a tool has asked for.
type room struct {
	p    *kernel.Process
	held int
}

func (r *room) grow(bytes int) {
	r.p.Allocate(bytes)
	r.held += bytes
}

func (r *room) free() {
	r.p.Free(r.held)
	r.held = 0
}

// readAll appends what there is to read.
func (r *room) readAll(from io.Reader, to []byte) ([]byte, error) {
	const chunk = 32 << 10
	for {
		if free := cap(to) - len(to); free < chunk {
			more := chunk + len(to)
			r.grow(more)
			to = slices.Grow(to, more)
		}
		n, err := from.Read(to[len(to):cap(to)])
		to = to[:len(to)+n]
		if errors.Is(err, io.EOF) {
			return to, nil
		}
		if err != nil {
			return to, err
		}
	}
}

// errEnough ends the reading of lines before their end.
var errEnough = errors.New("enough")

func head(_ context.Context, p *kernel.Process) int {
	flags, names, ok := options(p, "n:")
	n, err := 10, error(nil)
	if has(flags, 'n') {
		n, err = strconv.Atoi(flags['n'])
	}
	if !ok || err != nil || n < 0 {
		p.Errorf("head: the embedded runtime knows -n with a number of lines")
		return 1
	}
	return inputs(p, names, func(_ string, r io.Reader) error {
		left := n
		err := eachLine(p, r, func(text string) error {
			if left == 0 {
				return errEnough
			}
			left--
			return write(p, text)
		})
		if errors.Is(err, errEnough) {
			return nil
		}
		return err
	})
}

// grep knows -E, -i, -v, -q, -o and -e.
func grep(_ context.Context, p *kernel.Process) int {
	flags, args, ok := options(p, "Eivqoe:")
	if !ok {
		return 2
	}
	if has(flags, 'e') {
		args = append([]string{flags['e']}, args...)
	}
	if len(args) == 0 {
		p.Errorf("grep: no pattern given")
		return 2
	}
	syntax := regex.Basic
	if has(flags, 'E') {
		syntax = regex.Extended
	}
	memory := room{p: p}
	defer memory.free()
	pattern, err := regex.Compile(args[0], syntax, has(flags, 'i'), memory.grow)
	if err != nil {
		p.Errorf("grep: %s", err)
		return 2
	}
	matched := false
	code := inputs(p, args[1:], func(name string, r io.Reader) error {
		prefix := ""
		if len(args) > 2 {
			prefix = name + ":"
		}
		return eachLine(p, r, func(text string) error {
			text = strings.TrimSuffix(text, "\n")
			found, err := pattern.Matches(text)
			if err != nil || found == has(flags, 'v') {
				return err
			}
			matched = true
			switch {
			case has(flags, 'q'):
				return nil
			case has(flags, 'o'):
				return writeMatches(p, pattern, prefix, text)
			}
			return write(p, prefix+text+"\n")
		})
	})
	switch {
	case matched && (code == 0 || has(flags, 'q')):
		return 0
	case code != 0:
		return 2
	}
	return 1
}

// writeMatches writes what matches in a line, each on a line of its own.
func writeMatches(p *kernel.Process, pattern *regex.Expression, prefix, text string) error {
	memory := room{p: p}
	defer memory.free()
	matches, err := pattern.Find(text, -1, memory.grow)
	for _, match := range matches {
		if err := write(p, prefix+text[match[0]:match[1]]+"\n"); err != nil {
			return err
		}
	}
	return err
}

// cut writes a field of each line.
func cut(_ context.Context, p *kernel.Process) int {
	flags, names, ok := options(p, "d:f:")
	number, err := strconv.Atoi(flags['f'])
	if !ok || err != nil || number < 1 {
		p.Errorf("cut: the embedded runtime knows -d with a character and -f with one field number")
		return 1
	}
	separator := "\t"
	if flags['d'] != "" {
		separator = flags['d']
	}
	return inputs(p, names, func(_ string, r io.Reader) error {
		return eachLine(p, r, func(text string) error {
			return write(p, field(strings.TrimSuffix(text, "\n"), separator, number)+"\n")
		})
	})
}

// field is a field of a line, numbered from 1. A line without the separator stays.
func field(line, separator string, number int) string {
	found, rest, more := strings.Cut(line, separator)
	if !more {
		return line
	}
	for ; number > 1 && more; number-- {
		found, rest, more = strings.Cut(rest, separator)
	}
	if number > 1 {
		return ""
	}
	return found
}

// sedProgram edits its inputs, or with -i the files themselves.
func sedProgram(_ context.Context, p *kernel.Process) int {
	memory := room{p: p}
	defer memory.free()
	command, err := sed.ParseArguments(p.Args[1:], memory.grow)
	if err != nil {
		p.Errorf("sed: %s", err)
		return 1
	}
	if command.InPlace {
		return sedInPlace(p, command)
	}
	var all []byte
	code := inputs(p, command.Files, func(_ string, r io.Reader) (err error) {
		all, err = memory.readAll(r, all)
		return err
	})
	memory.grow(len(all))
	edited, err := command.Script.Edit(string(all))
	if err != nil {
		p.Errorf("sed: %s", err)
		return 1
	}
	if write(p, edited) != nil {
		return 141
	}
	if code != 0 {
		return 2
	}
	return 0
}

func sedInPlace(p *kernel.Process, command *sed.Command) int {
	code := 0
	for _, name := range command.Files {
		full := p.Path(name)
		info, err := p.Kernel.Files.Stat(full)
		if err != nil {
			p.Errorf("sed: can't read %s: %s", name, kernel.Reason(err))
			code = 2
			continue
		}
		if err := editFile(p, command.Script, full, info.Mode()); err != nil {
			p.Errorf("sed: couldn't edit %s: %s", name, kernel.Reason(err))
			code = 4
		}
	}
	return code
}

func editFile(p *kernel.Process, script *sed.Script, name string, mode fs.FileMode) error {
	memory := room{p: p}
	defer memory.free()
	var content []byte
	err := input(p, name, func(_ string, r io.Reader) (err error) {
		content, err = memory.readAll(r, nil)
		return err
	})
	if err != nil {
		return err
	}
	memory.grow(len(content))
	edited, err := script.Edit(string(content))
	if err != nil {
		return err
	}
	memory.grow(len(edited))
	return p.Kernel.Files.WriteFile(name, []byte(edited), mode)
}
