package httpd

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Files are where configuration and documents are read from.
type Files interface {
	ReadFile(name string) ([]byte, error)
	ReadDir(name string) ([]fs.DirEntry, error)
	Stat(name string) (fs.FileInfo, error)
}

// position is a line of a configuration file.
type position struct {
	file string
	line int
}

// SyntaxError is a configuration that httpd refuses, in its own words.
type SyntaxError struct {
	At      position
	Message string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("AH00526: Syntax error on line %d of %s:\n%s", e.At.line, e.At.file, e.Message)
}

// Limits of a configuration: of included files, lines and nested sections, and in
// bytes of a line, of all lines with their variables and of compiled patterns.
const (
	maxIncludes = 64
	maxLines    = 100_000
	maxNesting  = 64
	maxLine     = 1 << 16
	maxText     = 4 << 20
	maxPatterns = 16 << 20
)

// reader goes through configuration files line by line, as httpd does: what
// Define, IfDefine, IfModule and Include say counts from that line on.
type reader struct {
	files    Files
	config   *Config
	includes int
	lines    int
	nesting  int
	size     int // of all lines
	patterns int // of all patterns
}

// cursor is a place in one file's logical lines.
type cursor struct {
	lines []line
	next  int
}

type line struct {
	text string
	at   position
}

// Parse reads a configuration and checks it. defines are -D of the command line.
func Parse(files Files, name, serverRoot string, defines []string) (*Config, error) {
	config := newConfig(serverRoot)
	for _, define := range defines {
		config.defines[define] = ""
	}
	r := &reader{files: files, config: config}
	main := &scope{config: config, host: config.Main, settings: &config.Main.Settings, reader: r}
	if err := r.file(name, main); err != nil {
		return nil, err
	}
	if err := config.finish(files); err != nil {
		return nil, err
	}
	return config, nil
}

func (r *reader) file(name string, in *scope) error {
	content, err := r.files.ReadFile(name)
	if err != nil {
		return fmt.Errorf("httpd: Could not open configuration file %s: %s", name, reason(err))
	}
	c := &cursor{lines: logicalLines(string(content), name)}
	if r.lines += len(c.lines); r.lines > maxLines {
		return fmt.Errorf("httpd: the configuration is longer than %d lines", maxLines)
	}
	return r.until(c, "", in)
}

func reason(err error) string {
	if errors.Is(err, fs.ErrNotExist) {
		return "No such file or directory"
	}
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	return err.Error()
}

// logicalLines joins what a backslash continues and leaves out comments.
func logicalLines(content, name string) []line {
	var lines []line
	pending, start := "", 0
	for i, text := range strings.Split(strings.ReplaceAll(content, "\r\n", "\n"), "\n") {
		if pending == "" {
			start = i + 1
		}
		if joined, ok := strings.CutSuffix(text, `\`); ok && !strings.HasSuffix(joined, `\`) {
			pending += joined
			continue
		}
		text = strings.TrimSpace(pending + text)
		pending = ""
		if text != "" && text[0] != '#' {
			lines = append(lines, line{text, position{name, max(start, 1)}})
		}
	}
	if pending = strings.TrimSpace(pending); pending != "" && pending[0] != '#' {
		lines = append(lines, line{pending, position{name, start}})
	}
	return lines
}

// until reads directives up to the end of a section, "" for the file's.
func (r *reader) until(c *cursor, end string, in *scope) error {
	if r.nesting++; r.nesting > maxNesting {
		return fmt.Errorf("httpd: sections and included files nest deeper than %d", maxNesting)
	}
	defer func() { r.nesting-- }()
	for c.next < len(c.lines) {
		l := c.lines[c.next]
		c.next++
		if closing, ok := strings.CutPrefix(l.text, "</"); ok {
			closing = strings.TrimSpace(strings.TrimSuffix(closing, ">"))
			if strings.EqualFold(closing, end) && end != "" {
				return nil
			}
			return unexpectedEnd(l, closing, end)
		}
		if err := r.directive(c, l, in); err != nil {
			return err
		}
	}
	if end == "" {
		return nil
	}
	last := position{}
	if len(c.lines) > 0 {
		last = c.lines[len(c.lines)-1].at
	}
	return &SyntaxError{last, fmt.Sprintf("<%s> was not closed", end)}
}

func unexpectedEnd(l line, closing, end string) error {
	if end == "" {
		return &SyntaxError{l.at, fmt.Sprintf("</%s> without matching <%s> section", closing, closing)}
	}
	return &SyntaxError{l.at, fmt.Sprintf("Expected </%s> but saw </%s>", end, closing)}
}

// directive runs one line, or a section with the lines in it.
func (r *reader) directive(c *cursor, l line, in *scope) error {
	text, err := r.expand(l)
	if err != nil {
		return err
	}
	if strings.HasPrefix(text, "<") {
		body, ok := strings.CutSuffix(text[1:], ">")
		if !ok {
			return &SyntaxError{l.at, fmt.Sprintf("%s> directive missing closing '>'", strings.Fields(text)[0])}
		}
		words, err := split(body)
		if err != nil || len(words) == 0 {
			return &SyntaxError{l.at, "malformed section"}
		}
		return r.section(c, l, words[0], words[1:], in)
	}
	words, err := split(text)
	if err != nil {
		return &SyntaxError{l.at, err.Error()}
	}
	in.at = l.at
	return in.apply(words[0], words[1:])
}

var variable = regexp.MustCompile(`\$\{([^{}]*)\}`)

// expand replaces ${NAME} by what Define gave it, and leaves unknown ones.
func (r *reader) expand(l line) (string, error) {
	size := len(l.text)
	expanded := variable.ReplaceAllStringFunc(l.text, func(reference string) string {
		if size > maxLine {
			return ""
		}
		value, ok := r.config.defines[reference[2:len(reference)-1]]
		if !ok {
			r.config.warnings = append(r.config.warnings, fmt.Sprintf(
				"[core:warn] AH00111: Config variable %s is not defined", reference))
			return reference
		}
		size += len(value)
		return value
	})
	if size > maxLine {
		return "", &SyntaxError{l.at, "the line is too long"}
	}
	if r.size += size; r.size > maxText {
		return "", &SyntaxError{l.at, fmt.Sprintf("the configuration is longer than %d bytes", maxText)}
	}
	return expanded, nil
}

// split takes a line apart into words; quotes hold one together.
func split(text string) ([]string, error) {
	var words []string
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimLeft(text, " \t") {
		quote := text[0]
		if quote != '"' && quote != '\'' {
			end := strings.IndexAny(text, " \t")
			if end < 0 {
				end = len(text)
			}
			words, text = append(words, text[:end]), text[end:]
			continue
		}
		var word strings.Builder
		i := 1
		for ; i < len(text) && text[i] != quote; i++ {
			if text[i] == '\\' && i+1 < len(text) && (text[i+1] == quote || text[i+1] == '\\') {
				i++
			}
			word.WriteByte(text[i])
		}
		if i >= len(text) {
			return nil, errors.New("unmatched quote")
		}
		words, text = append(words, word.String()), text[i+1:]
	}
	return words, nil
}

// include reads the files that a pattern names, sorted. A missing file is an
// error unless optional.
func (r *reader) include(pattern string, optional bool, in *scope) error {
	if !path.IsAbs(pattern) {
		pattern = path.Join(r.config.ServerRoot, pattern)
	}
	names, err := r.glob(pattern)
	if err != nil {
		return in.errorf("%s", err)
	}
	if len(names) == 0 && !optional {
		return in.errorf("Could not open configuration file %s: No such file or directory", pattern)
	}
	for _, name := range names {
		if r.includes++; r.includes > maxIncludes {
			return in.errorf("Exceeded the maximum include directory nesting level (or number of files) of %d. You have probably a recursion somewhere", maxIncludes)
		}
		at := in.at
		if err := r.file(name, in); err != nil {
			return err
		}
		in.at = at
	}
	return nil
}

func (r *reader) glob(pattern string) ([]string, error) {
	info, err := r.files.Stat(pattern)
	if err == nil && !info.IsDir() {
		return []string{pattern}, nil
	}
	directory, last := path.Split(pattern)
	if err == nil {
		directory, last = pattern, "*"
	}
	if !strings.ContainsAny(last, "*?[") {
		return nil, nil
	}
	if strings.ContainsAny(directory, "*?[") {
		return nil, errors.New("wildcards in directories are not supported by the embedded httpd: " + pattern)
	}
	entries, err := r.files.ReadDir(directory)
	if err != nil {
		return nil, nil //nolint:nilerr // no such directory: nothing to include
	}
	var names []string
	for _, entry := range entries {
		matched, err := path.Match(last, entry.Name())
		if err != nil {
			return nil, errors.New("malformed wildcard " + pattern)
		}
		if matched && !entry.IsDir() {
			names = append(names, path.Join(directory, entry.Name()))
		}
	}
	slices.Sort(names)
	return names, nil
}
