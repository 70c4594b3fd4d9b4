package tools

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/kernel"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/regex"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/sed"
)

func cat(_ context.Context, p *kernel.Process) int {
	flags, names, ok := options(p, "nu")
	if !ok {
		return 1
	}
	line := 0
	return inputs(p, names, func(_ string, r io.Reader) error {
		if has(flags, 'n') {
			return eachLine(r, func(text string) error {
				line++
				return write(p, fmt.Sprintf("%6d\t%s", line, text))
			})
		}
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

// allLines reads the lines of all inputs, without their newlines.
func allLines(p *kernel.Process, names []string) ([]string, int) {
	var lines []string
	code := inputs(p, names, func(_ string, r io.Reader) error {
		return eachLine(r, func(text string) error {
			lines = append(lines, strings.TrimSuffix(text, "\n"))
			return nil
		})
	})
	return lines, code
}

// count reads -n N, and the old form -N, of head and tail.
func count(p *kernel.Process) (n int, fromStart bool, names []string, ok bool) {
	for i, arg := range p.Args[1:] {
		if _, err := strconv.Atoi(strings.TrimPrefix(arg, "-")); err == nil && arg[0] == '-' && (i == 0 || p.Args[i] != "-n") {
			p.Args[i+1] = "-n" + arg[1:]
		}
	}
	flags, names, ok := options(p, "n:qf")
	if !ok {
		return 0, false, nil, false
	}
	text := "10"
	if has(flags, 'n') {
		text = flags['n']
	}
	n, err := strconv.Atoi(strings.TrimPrefix(text, "+"))
	if err != nil || n < 0 || has(flags, 'f') {
		p.Errorf("%s: invalid or unsupported options: the embedded runtime knows -n with a number of lines", p.Name())
		return 0, false, nil, false
	}
	return n, strings.HasPrefix(text, "+"), names, true
}

func head(_ context.Context, p *kernel.Process) int {
	n, _, names, ok := count(p)
	if !ok {
		return 1
	}
	return inputs(p, names, func(_ string, r io.Reader) error {
		left, done := n, fmt.Errorf("enough")
		err := eachLine(r, func(text string) error {
			if left == 0 {
				return done
			}
			left--
			return write(p, text)
		})
		if err == done { //nolint:errorlint // the very value from above
			return nil
		}
		return err
	})
}

func tail(_ context.Context, p *kernel.Process) int {
	n, fromStart, names, ok := count(p)
	if !ok {
		return 1
	}
	return inputs(p, names, func(_ string, r io.Reader) error {
		var lines []string
		if err := eachLine(r, func(text string) error { lines = append(lines, text); return nil }); err != nil {
			return err
		}
		from := max(0, len(lines)-n)
		if fromStart {
			from = min(len(lines), max(0, n-1))
		}
		return write(p, strings.Join(lines[from:], ""))
	})
}

func tee(_ context.Context, p *kernel.Process) int {
	flags, names, ok := options(p, "ai")
	if !ok {
		return 1
	}
	flag := os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	if has(flags, 'a') {
		flag = os.O_WRONLY | os.O_CREATE | os.O_APPEND
	}
	code := 0
	writers := []io.Writer{p.Stdout}
	for _, name := range names {
		f, err := p.Open(name, flag, 0o644)
		if err != nil {
			code = fail(p, name, err)
			continue
		}
		defer func() { _ = f.Close() }()
		writers = append(writers, f)
	}
	if _, err := io.Copy(io.MultiWriter(writers...), p.Stdin); err != nil {
		return fail(p, "write error", err)
	}
	return code
}

func grep(_ context.Context, p *kernel.Process) int {
	flags, args, ok := options(p, "EFGivqcnlhHsxwoe:")
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
	search, err := newSearch(args[0], flags)
	if err != nil {
		p.Errorf("grep: %s", err)
		return 2
	}
	names := args[1:]
	search.named = (len(names) > 1 || has(flags, 'H')) && !has(flags, 'h')
	matched := false
	code := inputs(p, names, func(name string, r io.Reader) error {
		found, err := search.file(p, name, r)
		matched = matched || found
		return err
	})
	switch {
	case matched && (code == 0 || has(flags, 'q')):
		return 0
	case code != 0:
		return 2
	}
	return 1
}

type search struct {
	matches func(string) []string // what a line matches with; nil for nothing
	flags   map[byte]string
	named   bool
}

func newSearch(pattern string, flags map[byte]string) (*search, error) {
	syntax := regex.Basic
	switch {
	case has(flags, 'F'):
		pattern, syntax = quoteFixed(pattern), regex.Extended
	case has(flags, 'E'):
		syntax = regex.Extended
	}
	compiled, err := regex.Compile(pattern, syntax, has(flags, 'i'))
	if err != nil {
		return nil, err
	}
	return &search{flags: flags, matches: func(line string) []string {
		all := compiled.FindAllString(line, -1)
		if has(flags, 'x') {
			all = slices.DeleteFunc(all, func(m string) bool { return m != line })
		}
		if has(flags, 'w') {
			all = slices.DeleteFunc(all, func(m string) bool { return !slices.Contains(strings.Fields(line), m) })
		}
		return all
	}}, nil
}

func quoteFixed(text string) string {
	var out strings.Builder
	for _, r := range text {
		if strings.ContainsRune(`\.+*?()|[]{}^$`, r) {
			out.WriteByte('\\')
		}
		out.WriteRune(r)
	}
	return out.String()
}

func (s *search) file(p *kernel.Process, name string, r io.Reader) (bool, error) {
	count, number := 0, 0
	prefix := ""
	if s.named {
		prefix = name + ":"
	}
	quiet := has(s.flags, 'q') || has(s.flags, 'c') || has(s.flags, 'l')
	err := eachLine(r, func(text string) error {
		number++
		text = strings.TrimSuffix(text, "\n")
		found := s.matches(text)
		if (len(found) > 0) == has(s.flags, 'v') {
			return nil
		}
		count++
		if quiet {
			return nil
		}
		at := prefix
		if has(s.flags, 'n') {
			at += strconv.Itoa(number) + ":"
		}
		if !has(s.flags, 'o') {
			found = []string{text}
		}
		for _, part := range found {
			if err := write(p, at+part+"\n"); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && has(s.flags, 'c') && !has(s.flags, 'q') {
		err = write(p, prefix+strconv.Itoa(count)+"\n")
	}
	if err == nil && has(s.flags, 'l') && count > 0 && !has(s.flags, 'q') {
		err = write(p, name+"\n")
	}
	return count > 0, err
}

func wc(_ context.Context, p *kernel.Process) int {
	flags, names, ok := options(p, "lwcm")
	if !ok {
		return 1
	}
	return inputs(p, names, func(name string, r io.Reader) error {
		content, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		counts := []struct {
			flag  byte
			count int
		}{
			{'l', strings.Count(string(content), "\n")}, {'w', len(strings.Fields(string(content)))},
			{'m', utf8.RuneCount(content)}, {'c', len(content)},
		}
		var shown []string
		for _, c := range counts {
			if has(flags, c.flag) || len(flags) == 0 && c.flag != 'm' {
				shown = append(shown, strconv.Itoa(c.count))
			}
		}
		if name != "-" {
			shown = append(shown, name)
		}
		return write(p, strings.Join(shown, " ")+"\n")
	})
}

func sortLines(_ context.Context, p *kernel.Process) int {
	flags, names, ok := options(p, "runf")
	if !ok {
		return 1
	}
	lines, code := allLines(p, names)
	slices.SortStableFunc(lines, func(a, b string) int {
		switch {
		case has(flags, 'n'):
			return number(a) - number(b)
		case has(flags, 'f'):
			return strings.Compare(strings.ToUpper(a), strings.ToUpper(b))
		}
		return strings.Compare(a, b)
	})
	if has(flags, 'r') {
		slices.Reverse(lines)
	}
	if has(flags, 'u') {
		lines = slices.Compact(lines)
	}
	return max(code, writeLines(p, lines))
}

func number(text string) int {
	n := 0
	_, _ = fmt.Sscanf(strings.TrimSpace(text), "%d", &n) // no number counts as 0
	return n
}

func uniq(_ context.Context, p *kernel.Process) int {
	_, names, ok := options(p, "")
	if !ok {
		return 1
	}
	lines, code := allLines(p, names)
	return max(code, writeLines(p, slices.Compact(lines)))
}

func writeLines(p *kernel.Process, lines []string) int {
	for _, line := range lines {
		if write(p, line+"\n") != nil {
			return 141
		}
	}
	return 0
}

func cut(_ context.Context, p *kernel.Process) int {
	flags, names, ok := options(p, "d:f:s")
	field, err := strconv.Atoi(flags['f'])
	if !ok || err != nil || field < 1 {
		p.Errorf("cut: the embedded runtime knows -d with a character and -f with one field number")
		return 1
	}
	separator := "\t"
	if flags['d'] != "" {
		separator = flags['d']
	}
	lines, code := allLines(p, names)
	var kept []string
	for _, line := range lines {
		fields := strings.Split(line, separator)
		switch {
		case len(fields) == 1 && !has(flags, 's'):
			kept = append(kept, line)
		case field <= len(fields) && len(fields) > 1:
			kept = append(kept, fields[field-1])
		case len(fields) > 1:
			kept = append(kept, "")
		}
	}
	return max(code, writeLines(p, kept))
}

// tr knows -d, and two sets of characters and ranges of the same size.
func tr(_ context.Context, p *kernel.Process) int {
	flags, args, ok := options(p, "d")
	if !ok {
		return 1
	}
	remove := has(flags, 'd')
	if remove && len(args) != 1 || !remove && len(args) != 2 {
		p.Errorf("tr: the embedded runtime knows 'tr -d SET' and 'tr SET1 SET2'")
		return 1
	}
	from := characters(args[0])
	var to []rune
	if !remove {
		to = characters(args[1])
	}
	content, err := io.ReadAll(p.Stdin)
	if err != nil {
		return fail(p, "read error", err)
	}
	changed := strings.Map(func(r rune) rune {
		at := slices.Index(from, r)
		switch {
		case at < 0:
			return r
		case remove || len(to) == 0:
			return -1
		}
		return to[min(at, len(to)-1)]
	}, string(content))
	if write(p, changed) != nil {
		return 141
	}
	return 0
}

// characters expands the ranges and escapes of a set.
func characters(set string) []rune {
	set = strings.NewReplacer(
		"[:upper:]", "A-Z", "[:lower:]", "a-z", "[:digit:]", "0-9", "[:space:]", " \t\n\r",
		`\n`, "\n", `\t`, "\t", `\r`, "\r", `\\`, `\`,
	).Replace(set)
	in := []rune(set)
	var out []rune
	for i := 0; i < len(in); i++ {
		if i+2 < len(in) && in[i+1] == '-' && in[i] <= in[i+2] {
			for r := in[i]; r <= in[i+2]; r++ {
				out = append(out, r)
			}
			i += 2
			continue
		}
		out = append(out, in[i])
	}
	return out
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
		if err == nil && command.Suffix != "" {
			err = p.Kernel.Files.WriteFile(full+command.Suffix, content, info.Mode())
		}
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
