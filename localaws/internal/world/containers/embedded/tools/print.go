package tools

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/kernel"
)

func echo(_ context.Context, p *kernel.Process) int {
	return Echo(p.Output(), p.Args[1:], false)
}

// Echo writes its arguments. escapes is dash's way: it knows -n alone, and
// always understands backslashes; bash and coreutils do so after -e.
func Echo(w io.Writer, args []string, escapes bool) int {
	newline := "\n"
	for len(args) > 0 {
		switch {
		case args[0] == "-n":
			newline = ""
		case args[0] == "-e" && !escapes, args[0] == "-ne" && !escapes:
			if args[0] == "-ne" {
				newline = ""
			}
			return Echo(w, append([]string{map[bool]string{true: "-n", false: "--"}[newline == ""]}, args[1:]...), true)
		default:
			if args[0] != "--" || !escapes {
				return echoText(w, strings.Join(args, " "), newline, escapes)
			}
		}
		args = args[1:]
	}
	return echoText(w, "", newline, escapes)
}

func echoText(w io.Writer, text, newline string, escapes bool) int {
	if escapes {
		var stop bool
		if text, stop = unescape(text); stop {
			newline = ""
		}
	}
	if _, err := io.WriteString(w, text+newline); err != nil {
		return 1
	}
	return 0
}

var simpleEscapes = map[byte]byte{
	'a': '\a', 'b': '\b', 'e': 27, 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v', '\\': '\\',
}

// unescape replaces backslash sequences; stop says that \c ended the output.
func unescape(text string) (out string, stop bool) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' || i+1 == len(text) {
			b.WriteByte(text[i])
			continue
		}
		i++
		c := text[i]
		if c == 'c' {
			return b.String(), true
		}
		if plain, ok := simpleEscapes[c]; ok {
			b.WriteByte(plain)
			continue
		}
		end := i
		for end < len(text) && end < i+4 && text[end] >= '0' && text[end] <= '7' {
			end++
		}
		if c != '0' {
			end = min(end, i+3)
		}
		if end == i {
			b.WriteByte('\\')
			b.WriteByte(c)
			continue
		}
		code, _ := strconv.ParseUint(text[i:end], 8, 16) // octal digits only
		b.WriteByte(byte(code))
		i = end - 1
	}
	return b.String(), false
}

func printf(_ context.Context, p *kernel.Process) int {
	return Printf(p.Output(), p.Stderr, p.Name(), p.Args[1:])
}

// Printf writes a format, again and again until all arguments are used.
func Printf(w, stderr io.Writer, name string, args []string) int {
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		_, _ = fmt.Fprintf(stderr, "%s: usage: printf format [arguments]\n", name)
		return 2
	}
	format, args := args[0], args[1:]
	code := 0
	out := bufio.NewWriter(w)
	for {
		f := formatter{format: format, args: args, out: out}
		err := f.run()
		if out.Flush() != nil {
			return 1
		}
		if err != nil {
			_, _ = fmt.Fprintf(stderr, "%s: %s\n", name, err)
			code = 1
		}
		if f.stopped || f.used == 0 || f.used >= len(args) {
			return code
		}
		args = args[f.used:]
	}
}

type formatter struct {
	format  string
	args    []string
	out     *bufio.Writer
	used    int
	stopped bool // by \c
	problem error
}

func (f *formatter) next() string {
	f.used++
	if f.used > len(f.args) {
		return ""
	}
	return f.args[f.used-1]
}

// run writes the format once, and returns what is wrong with it or its arguments.
func (f *formatter) run() error {
	rest := f.format
	for rest != "" && !f.stopped {
		percent := strings.IndexByte(rest, '%')
		plain := rest
		if percent >= 0 {
			plain = rest[:percent]
		}
		text, stop := unescape(plain)
		if _, err := f.out.WriteString(text); err != nil {
			return err
		}
		f.stopped = stop
		rest = rest[len(plain):]
		if stop || rest == "" {
			break
		}
		end := 1
		for end < len(rest) && strings.IndexByte("-+ #0123456789.*", rest[end]) >= 0 {
			end++
		}
		if end == len(rest) {
			return fmt.Errorf("%s: missing format character", rest)
		}
		text, err := f.verb(rest[1:end], rest[end])
		if err == nil {
			_, err = f.out.WriteString(text)
		}
		if err != nil {
			return err
		}
		rest = rest[end+1:]
	}
	return f.problem
}

// maxWidth keeps a format such as %999999999d from filling the memory.
const maxWidth = 4096

func (f *formatter) verb(flags string, verb byte) (string, error) {
	for strings.Contains(flags, "*") {
		flags = strings.Replace(flags, "*", f.next(), 1)
	}
	for _, part := range strings.FieldsFunc(flags, func(r rune) bool { return r < '0' || r > '9' }) {
		if n, err := strconv.Atoi(part); err != nil || n > maxWidth {
			return "", fmt.Errorf("%%%s%c: the width is too large", flags, verb)
		}
	}
	switch verb {
	case '%':
		return "%", nil
	case 's', 'q':
		return fmt.Sprintf("%"+flags+"s", f.next()), nil
	case 'b':
		text, stop := unescape(f.next())
		f.stopped = stop
		return fmt.Sprintf("%"+flags+"s", text), nil
	case 'c':
		text := f.next()
		return text[:min(1, len(text))], nil
	case 'd', 'i':
		return fmt.Sprintf("%"+flags+"d", f.integer()), nil
	case 'u':
		return fmt.Sprintf("%"+flags+"d", uint64(f.integer())), nil //nolint:gosec // two's complement, as in C
	case 'o', 'x', 'X':
		return fmt.Sprintf("%"+flags+string(verb), uint64(f.integer())), nil //nolint:gosec // as above
	case 'e', 'E', 'f', 'g', 'G':
		number, err := strconv.ParseFloat(strings.TrimSpace(f.next()), 64)
		if err != nil {
			number = 0
		}
		return fmt.Sprintf("%"+flags+string(verb), number), nil
	}
	return "", fmt.Errorf("%%%c: invalid directive", verb)
}

func (f *formatter) integer() int64 {
	text := f.next()
	if text == "" {
		return 0
	}
	if (text[0] == '\'' || text[0] == '"') && len(text) > 1 {
		return int64(text[1])
	}
	n, err := strconv.ParseInt(strings.TrimSpace(text), 0, 64)
	if err != nil {
		f.problem = fmt.Errorf("%s: expected numeric value", text)
	}
	return n
}
