package tools

import (
	"bufio"
	"context"
	"errors"
	"io"
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
func eachLine(r io.Reader, f func(string) error) error {
	lines := bufio.NewReader(r)
	for {
		text, err := lines.ReadString('\n')
		if text != "" {
			if err := f(text); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
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
		err := eachLine(r, func(text string) error {
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
	pattern, err := regex.Compile(args[0], syntax, has(flags, 'i'))
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
		return eachLine(r, func(text string) error {
			text = strings.TrimSuffix(text, "\n")
			if pattern.MatchString(text) == has(flags, 'v') {
				return nil
			}
			matched = true
			found := []string{text}
			switch {
			case has(flags, 'q'):
				return nil
			case has(flags, 'o'):
				found = pattern.FindAllString(text, -1)
			}
			return write(p, prefix+strings.Join(found, "\n"+prefix)+"\n")
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
		return eachLine(r, func(text string) error {
			text = strings.TrimSuffix(text, "\n")
			switch fields := strings.Split(text, separator); {
			case len(fields) == 1: // a line without the separator stays
			case number <= len(fields):
				text = fields[number-1]
			default:
				text = ""
			}
			return write(p, text+"\n")
		})
	})
}

// sedProgram edits its inputs, or with -i the files themselves.
func sedProgram(_ context.Context, p *kernel.Process) int {
	command, err := sed.ParseArguments(p.Args[1:])
	if err != nil {
		p.Errorf("sed: %s", err)
		return 1
	}
	if command.InPlace {
		return sedInPlace(p, command)
	}
	var all []string
	code := inputs(p, command.Files, func(_ string, r io.Reader) error {
		content, err := io.ReadAll(r)
		all = append(all, string(content))
		return err
	})
	if write(p, command.Script.Edit(strings.Join(all, ""))) != nil {
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
		content, err := p.Kernel.Files.ReadFile(full)
		if err == nil {
			err = p.Kernel.Files.WriteFile(full, []byte(command.Script.Edit(string(content))), info.Mode())
		}
		if err != nil {
			p.Errorf("sed: couldn't edit %s: %s", name, kernel.Reason(err))
			code = 4
		}
	}
	return code
}
