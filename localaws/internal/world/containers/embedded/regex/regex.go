// Package regex reads the regular expressions of sed and grep: POSIX basic and
// extended ones, https://pubs.opengroup.org/onlinepubs/9699919799/basedefs/V1_chap09.html.
package regex

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Syntax is a kind of regular expression.
type Syntax int

// Basic is what sed and grep read, Extended what they read with -E, and Native is
// Go's own.
const (
	Basic Syntax = iota
	Extended
	Native
)

// Compile compiles an expression. Back-references in a pattern are refused: Go's
// engine has none. grow is told what is about to be allocated, in bytes.
func Compile(pattern string, syntax Syntax, ignoreCase bool, grow func(bytes int)) (*Expression, error) {
	if len(pattern) > maxPattern {
		return nil, ErrTooBig
	}
	grow(len(pattern) * parsedCost)
	text := pattern
	if syntax != Native {
		translated, err := translate(pattern, syntax)
		if err != nil {
			return nil, err
		}
		text = "(?s)" + translated
		if ignoreCase {
			text = "(?si)" + translated
		}
	}
	steps, err := count(text)
	if err != nil {
		return nil, fmt.Errorf("invalid regular expression %q: %w", pattern, err)
	}
	if steps > maxSteps {
		return nil, ErrTooBig
	}
	grow(steps * stepCost)
	compiled, err := regexp.Compile(text)
	if err != nil {
		return nil, fmt.Errorf("invalid regular expression %q: %w", pattern, err)
	}
	if syntax != Native {
		compiled.Longest()
	}
	return &Expression{compiled, steps}, nil
}

func translate(pattern string, syntax Syntax) (string, error) {
	var out strings.Builder
	start := true // of the expression, a group or an alternative
	for i := 0; i < len(pattern); {
		var piece string
		var size int
		var err error
		switch c := pattern[i]; {
		case c == '\\':
			piece, err = escape(pattern[i:], syntax)
			size = 2
		case c == '[':
			piece, size, err = bracket(pattern[i:])
		case syntax == Extended:
			piece, size = string(c), 1
		default:
			piece, size = basic(pattern, i, start), 1
		}
		if err != nil {
			return "", err
		}
		out.WriteString(piece)
		i += size
		start = piece == "(" || piece == "|" || piece == "^"
	}
	return out.String(), nil
}

// basic translates a plain character of a basic expression.
func basic(pattern string, i int, start bool) string {
	c := pattern[i : i+1]
	switch c {
	case "+", "?", "(", ")", "{", "}", "|":
		return `\` + c
	case "*":
		if start {
			return `\*`
		}
	case "^":
		if i > 0 && !start {
			return `\^`
		}
	case "$":
		rest := pattern[i+1:]
		if rest != "" && !strings.HasPrefix(rest, `\)`) && !strings.HasPrefix(rest, `\|`) {
			return `\$`
		}
	}
	return c
}

// escape translates a backslash and the character after it.
func escape(s string, syntax Syntax) (string, error) {
	if len(s) < 2 {
		return "", errors.New("trailing backslash (\\)")
	}
	c := s[1]
	switch {
	case c >= '1' && c <= '9':
		return "", fmt.Errorf("the back-reference \\%c in a pattern is not supported by the embedded runtime", c)
	case strings.IndexByte("wWsSbB", c) >= 0, c == 'n', c == 't':
		return s[:2], nil
	case c == '<' || c == '>':
		return `\b`, nil
	case c == '`':
		return `\A`, nil
	case c == '\'':
		return `\z`, nil
	case syntax == Basic && strings.IndexByte("(){}|+?", c) >= 0:
		return s[1:2], nil
	}
	return regexp.QuoteMeta(s[1:2]), nil
}

// bracket translates a bracket expression, in which a backslash is itself.
func bracket(s string) (string, int, error) {
	var out strings.Builder
	out.WriteByte('[')
	i := 1
	if i < len(s) && s[i] == '^' {
		out.WriteByte('^')
		i++
	}
	for first := true; ; first = false {
		if i >= len(s) {
			return "", 0, errors.New("unterminated [ in a regular expression")
		}
		switch c := s[i]; {
		case c == ']' && !first:
			out.WriteByte(']')
			return out.String(), i + 1, nil
		case c == '[' && i+1 < len(s) && s[i+1] == ':':
			end := strings.Index(s[i:], ":]")
			if end < 0 {
				return "", 0, errors.New("unterminated character class in a regular expression")
			}
			out.WriteString(s[i : i+end+2])
			i += end + 2
			continue
		case c == '\\' && i+1 < len(s) && (s[i+1] == 'n' || s[i+1] == 't'):
			out.WriteString(s[i : i+2])
			i += 2
			continue
		case strings.IndexByte(`\[]&~^`, c) >= 0:
			out.WriteByte('\\')
			out.WriteByte(c)
		default:
			out.WriteByte(c)
		}
		i++
	}
}
