package sed

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/regex"
)

// Parse reads a script. An empty pattern (//) is refused: it would mean the last
// one used.
func Parse(script string, extended bool) (*Script, error) {
	p := &parser{rest: script, syntax: regex.Basic}
	if extended {
		p.syntax = regex.Extended
	}
	commands, err := p.commands(0)
	if err != nil {
		return nil, fmt.Errorf("-e expression #1, char %d: %w", len(script)-len(p.rest)+1, err)
	}
	return &Script{commands: commands}, nil
}

// maxDepth bounds nested blocks.
const maxDepth = 50

type parser struct {
	rest   string
	syntax regex.Syntax
}

func (p *parser) skip(characters string) { p.rest = strings.TrimLeft(p.rest, characters) }

func (p *parser) commands(depth int) ([]instruction, error) {
	if depth > maxDepth {
		return nil, errors.New("too many nested blocks")
	}
	var list []instruction
	for {
		p.skip(" \t\n;")
		switch {
		case p.rest == "" && depth > 0:
			return nil, errors.New("unmatched `{'")
		case p.rest == "":
			return list, nil
		case p.rest[0] == '#':
			_, p.rest, _ = strings.Cut(p.rest, "\n")
			continue
		case p.rest[0] == '}' && depth == 0:
			return nil, errors.New("unexpected `}'")
		case p.rest[0] == '}':
			p.rest = p.rest[1:]
			return list, nil
		}
		c, err := p.instruction(depth)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
}

func (p *parser) instruction(depth int) (c instruction, err error) {
	if c.from, err = p.address(); err != nil {
		return c, err
	}
	p.skip(" \t")
	if c.from != nil && strings.HasPrefix(p.rest, ",") {
		p.rest = p.rest[1:]
		p.skip(" \t")
		if c.to, err = p.address(); err != nil {
			return c, err
		}
		if c.to == nil {
			return c, errors.New("unexpected `,'")
		}
		p.skip(" \t")
	}
	for strings.HasPrefix(p.rest, "!") {
		c.negate = true
		p.rest = p.rest[1:]
		p.skip(" \t")
	}
	if p.rest == "" {
		return c, errors.New("missing command")
	}
	c.name, p.rest = p.rest[0], p.rest[1:]
	switch c.name {
	case '{':
		c.block, err = p.commands(depth + 1)
		return c, err
	case 's':
		return c, errors.Join(p.substitute(&c), p.end())
	case 'y':
		return c, errors.Join(p.transliterate(&c), p.end())
	case 'a', 'i', 'c':
		return c, p.textOf(&c)
	case 'd', 'p', '=', 'n':
		return c, p.end()
	case 'q':
		p.skip("0123456789")
		return c, p.end()
	}
	return c, fmt.Errorf("the command `%c' is not supported by the embedded runtime", c.name)
}

// end checks that nothing but the end of the command follows.
func (p *parser) end() error {
	p.skip(" \t")
	if p.rest == "" || strings.ContainsRune(";\n}#", rune(p.rest[0])) {
		return nil
	}
	return errors.New("extra characters after command")
}

func (p *parser) number() (int, bool) {
	digits := len(p.rest) - len(strings.TrimLeft(p.rest, "0123456789"))
	n, err := strconv.Atoi(p.rest[:digits])
	p.rest = p.rest[digits:]
	return n, err == nil
}

func (p *parser) address() (*address, error) {
	if p.rest == "" {
		return nil, nil
	}
	switch c := p.rest[0]; {
	case c == '$':
		p.rest = p.rest[1:]
		return &address{last: true}, nil
	case c == '+':
		p.rest = p.rest[1:]
		n, ok := p.number()
		if !ok {
			return nil, errors.New("a number is expected behind +")
		}
		return &address{line: n, relative: true}, nil
	case c >= '0' && c <= '9':
		n, _ := p.number()
		a := &address{line: n}
		if strings.HasPrefix(p.rest, "~") {
			p.rest = p.rest[1:]
			a.step, _ = p.number()
		}
		return a, nil
	case c == '/' || c == '\\':
		p.rest = p.rest[1:]
		delimiter := "/"
		if c == '\\' {
			if p.rest == "" {
				return nil, errors.New("unterminated address regex")
			}
			_, size := utf8.DecodeRuneInString(p.rest)
			delimiter, p.rest = p.rest[:size], p.rest[size:]
		}
		pattern, ok := p.delimited(delimiter, true)
		if !ok {
			return nil, errors.New("unterminated address regex")
		}
		ignoreCase := strings.HasPrefix(p.rest, "I")
		if ignoreCase {
			p.rest = p.rest[1:]
		}
		compiled, err := p.compile(pattern, ignoreCase)
		return &address{pattern: compiled}, err
	}
	return nil, nil
}

func (p *parser) compile(pattern string, ignoreCase bool) (*regexp.Regexp, error) {
	if pattern == "" {
		return nil, errors.New("an empty regular expression is not supported by the embedded runtime")
	}
	return regex.Compile(pattern, p.syntax, ignoreCase)
}

// delimited reads up to the delimiter. A delimiter behind a backslash is part of
// the text; in a pattern one within brackets, too.
func (p *parser) delimited(delimiter string, pattern bool) (string, bool) {
	var out strings.Builder
	inside := false
	for i := 0; i < len(p.rest); i++ {
		c := p.rest[i]
		switch {
		case c == '\\' && i+1 < len(p.rest) && !inside:
			if !strings.HasPrefix(p.rest[i+1:], delimiter) {
				out.WriteByte(c)
				out.WriteByte(p.rest[i+1])
			} else {
				out.WriteString(delimiter)
				i += len(delimiter) - 1
			}
			i++
			continue
		case pattern && c == '[' && !inside:
			inside = true
		case c == ']' && inside && p.rest[i-1] != '[' && p.rest[i-1] != '^':
			inside = false
		case strings.HasPrefix(p.rest[i:], delimiter) && !inside:
			p.rest = p.rest[i+len(delimiter):]
			return out.String(), true
		case c == '\n' && pattern:
			return "", false
		}
		out.WriteByte(c)
	}
	return "", false
}

func (p *parser) pair(command string) (first, second string, err error) {
	if p.rest == "" || p.rest[0] == '\n' || p.rest[0] == '\\' {
		return "", "", fmt.Errorf("unterminated `%s' command", command)
	}
	_, size := utf8.DecodeRuneInString(p.rest)
	delimiter := p.rest[:size]
	p.rest = p.rest[size:]
	first, ok := p.delimited(delimiter, command == "s")
	if ok {
		second, ok = p.delimited(delimiter, false)
	}
	if !ok {
		return "", "", fmt.Errorf("unterminated `%s' command", command)
	}
	return first, second, nil
}

func (p *parser) substitute(c *instruction) error {
	pattern, replacement, err := p.pair("s")
	if err != nil {
		return err
	}
	ignoreCase := false
	for strings.IndexAny(p.rest, "gpiI123456789ewmM") == 0 {
		switch letter := p.rest[0]; {
		case letter == 'g':
			c.global = true
		case letter == 'p':
			c.print = true
		case letter == 'i' || letter == 'I':
			ignoreCase = true
		case letter >= '1' && letter <= '9':
			c.which, _ = p.number()
			continue
		default:
			return fmt.Errorf("the flag `%c' of s is not supported by the embedded runtime", letter)
		}
		p.rest = p.rest[1:]
	}
	if c.pattern, err = p.compile(pattern, ignoreCase); err != nil {
		return err
	}
	return c.replacement(replacement)
}

func (c *instruction) replacement(text string) error {
	add := func(piece string) { c.replace = append(c.replace, part{text: piece, group: -1}) }
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '&':
			c.replace = append(c.replace, part{group: 0})
		case text[i] != '\\' || i+1 == len(text):
			add(text[i : i+1])
		default:
			i++
			switch letter := text[i]; {
			case letter >= '0' && letter <= '9':
				group := int(letter - '0')
				if group > c.pattern.NumSubexp() {
					return fmt.Errorf("invalid reference \\%d on `s' command's RHS", group)
				}
				c.replace = append(c.replace, part{group: group})
			case letter == 'n':
				add("\n")
			case letter == 't':
				add("\t")
			case strings.IndexByte("ULEul", letter) >= 0:
				c.replace = append(c.replace, part{group: -1, change: letter})
			default:
				add(text[i : i+1])
			}
		}
	}
	return nil
}

func (p *parser) transliterate(c *instruction) error {
	from, to, err := p.pair("y")
	if err != nil {
		return err
	}
	unescape := strings.NewReplacer(`\\`, `\`, `\n`, "\n")
	left, right := []rune(unescape.Replace(from)), []rune(unescape.Replace(to))
	if len(left) != len(right) {
		return errors.New("strings for `y' command are different lengths")
	}
	c.mapping = map[rune]rune{}
	for i, r := range left {
		c.mapping[r] = right[i]
	}
	return nil
}

// textOf reads the text of a, i and c: behind a backslash and a newline, or in
// GNU's way on the same line. A backslash at the end of a line continues it.
func (p *parser) textOf(c *instruction) error {
	p.skip(" \t")
	if rest, ok := strings.CutPrefix(p.rest, "\\"); ok {
		p.rest = strings.TrimPrefix(strings.TrimLeft(rest, " \t"), "\n")
	}
	if p.rest == "" {
		return fmt.Errorf("expected \\ after `a', `c' or `i'")
	}
	var out strings.Builder
	for i := 0; ; i++ {
		switch {
		case i == len(p.rest):
			p.rest = ""
		case p.rest[i] == '\n':
			p.rest = p.rest[i+1:]
		case p.rest[i] == '\\' && i+1 < len(p.rest):
			i++
			out.WriteByte(p.rest[i])
			continue
		default:
			out.WriteByte(p.rest[i])
			continue
		}
		c.text = out.String()
		return nil
	}
}
