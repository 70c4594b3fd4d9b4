package sed

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/regex"
)

// Parse reads a script. An empty pattern (//) is refused: it would mean the last
// one used.
func Parse(script string, extended bool, grow func(bytes int)) (*Script, error) {
	p := &parser{rest: script, syntax: regex.Basic, grow: grow}
	if extended {
		p.syntax = regex.Extended
	}
	commands, err := p.commands()
	if err != nil {
		return nil, fmt.Errorf("-e expression #1, char %d: %w", len(script)-len(p.rest)+1, err)
	}
	return &Script{commands: commands, grow: grow}, nil
}

type parser struct {
	rest   string
	syntax regex.Syntax
	grow   func(bytes int)
}

func (p *parser) skip(characters string) { p.rest = strings.TrimLeft(p.rest, characters) }

func (p *parser) commands() ([]instruction, error) {
	var list []instruction
	for {
		p.skip(" \t\n;")
		if p.rest == "" {
			return list, nil
		}
		c, err := p.instruction()
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
}

func (p *parser) instruction() (c instruction, err error) {
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
	if p.rest == "" {
		return c, errors.New("missing command")
	}
	c.name, p.rest = p.rest[0], p.rest[1:]
	switch c.name {
	case 's':
		return c, errors.Join(p.substitute(&c), p.end())
	case 'd', 'p':
		return c, p.end()
	}
	return c, fmt.Errorf("the command `%c' is not supported by the embedded runtime", c.name)
}

// end checks that nothing but the end of the command follows.
func (p *parser) end() error {
	p.skip(" \t")
	if p.rest == "" || strings.ContainsRune(";\n", rune(p.rest[0])) {
		return nil
	}
	return errors.New("extra characters after command")
}

func (p *parser) address() (*address, error) {
	digits := len(p.rest) - len(strings.TrimLeft(p.rest, "0123456789"))
	switch {
	case digits > 0:
		line, err := strconv.Atoi(p.rest[:digits])
		p.rest = p.rest[digits:]
		return &address{line: line}, err
	case strings.HasPrefix(p.rest, "$"):
		p.rest = p.rest[1:]
		return &address{last: true}, nil
	case strings.HasPrefix(p.rest, "/"):
		p.rest = p.rest[1:]
		pattern, ok := p.delimited("/", true)
		if !ok {
			return nil, errors.New("unterminated address regex")
		}
		compiled, err := p.compile(pattern, false)
		return &address{pattern: compiled}, err
	}
	return nil, nil
}

func (p *parser) compile(pattern string, ignoreCase bool) (*regex.Expression, error) {
	if pattern == "" {
		return nil, errors.New("an empty regular expression is not supported by the embedded runtime")
	}
	return regex.Compile(pattern, p.syntax, ignoreCase, p.grow)
}

// delimited reads up to the delimiter. A delimiter after a backslash is part of
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

func (p *parser) substitute(c *instruction) error {
	if p.rest == "" || p.rest[0] == '\n' || p.rest[0] == '\\' {
		return errors.New("unterminated `s' command")
	}
	_, size := utf8.DecodeRuneInString(p.rest)
	delimiter := p.rest[:size]
	p.rest = p.rest[size:]
	pattern, ok := p.delimited(delimiter, true)
	replacement := ""
	if ok {
		replacement, ok = p.delimited(delimiter, false)
	}
	if !ok {
		return errors.New("unterminated `s' command")
	}
	ignoreCase := false
	for strings.IndexAny(p.rest, "gpiI123456789ewmM") == 0 {
		switch letter := p.rest[0]; letter {
		case 'g':
			c.global = true
		case 'p':
			c.print = true
		case 'i', 'I':
			ignoreCase = true
		default:
			return fmt.Errorf("the flag `%c' of s is not supported by the embedded runtime", letter)
		}
		p.rest = p.rest[1:]
	}
	var err error
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
				if group > c.pattern.Groups() {
					return fmt.Errorf("invalid reference \\%d on `s' command's RHS", group)
				}
				c.replace = append(c.replace, part{group: group})
			case letter == 'n':
				add("\n")
			case strings.IndexByte("tULEul", letter) >= 0:
				return fmt.Errorf("\\%c in a replacement is not supported by the embedded runtime", letter)
			default:
				add(text[i : i+1])
			}
		}
	}
	return nil
}
