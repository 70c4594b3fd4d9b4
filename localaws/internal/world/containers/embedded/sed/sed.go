// Package sed is a stream editor: the commands s, d, p, a, i, c, q, y, =, n and
// { } with addresses, as in POSIX and with GNU's -i, -E, -s and the flags of s.
// https://pubs.opengroup.org/onlinepubs/9699919799/utilities/sed.html
package sed

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Command is a sed command line.
type Command struct {
	Script  *Script
	Files   []string
	InPlace bool
	Suffix  string // of the copies that -i keeps; "" for none
}

// ParseArguments reads what stands behind "sed".
func ParseArguments(args []string) (*Command, error) {
	command := &Command{}
	var scripts []string
	extended, quiet, operands := false, false, []string{}
	for i := 0; i < len(args); i++ {
		arg := args[i]
		switch {
		case arg == "--":
			operands = append(operands, args[i+1:]...)
			i = len(args)
		case arg == "-e" || arg == "--expression":
			if i++; i == len(args) {
				return nil, errors.New("option requires an argument -- 'e'")
			}
			scripts = append(scripts, args[i])
		case arg == "--in-place" || strings.HasPrefix(arg, "--in-place="):
			command.InPlace = true
			_, command.Suffix, _ = strings.Cut(arg, "=")
		case len(arg) > 1 && arg[0] == '-' && arg[1] != '-':
			letters, suffix, inPlace := strings.Cut(arg[1:], "i")
			if inPlace {
				command.InPlace, command.Suffix = true, suffix
			}
			for _, letter := range letters {
				switch letter {
				case 'E', 'r':
					extended = true
				case 'n':
					quiet = true
				case 's', 'u':
				default:
					return nil, fmt.Errorf("invalid option -- '%c' (the embedded runtime knows -E, -r, -n, -e, -s, -i)", letter)
				}
			}
		case len(arg) > 1 && arg[0] == '-':
			return nil, fmt.Errorf("unrecognized option '%s' (the embedded runtime knows -E, -r, -n, -e, -s, -i)", arg)
		default:
			operands = append(operands, arg)
		}
	}
	if len(scripts) == 0 {
		if len(operands) == 0 {
			return nil, errors.New("no script specified")
		}
		scripts, operands = operands[:1], operands[1:]
	}
	if command.InPlace && len(operands) == 0 {
		return nil, errors.New("no input files")
	}
	script, err := Parse(strings.Join(scripts, "\n"), extended)
	if err != nil {
		return nil, err
	}
	script.quiet = quiet
	command.Script, command.Files = script, operands
	return command, nil
}

// Script is a parsed script.
type Script struct {
	commands []instruction
	quiet    bool
}

type instruction struct {
	from, to *address
	negate   bool
	name     byte
	text     string // of a, i and c; the exit code of q
	pattern  *regexp.Regexp
	replace  []part // of s
	global   bool
	which    int // the match from which s begins
	print    bool
	block    []instruction
	mapping  map[rune]rune // of y
	active   *bool         // whether the range from,to has begun
	until    *int          // the last line of a range that ends by number
}

// address picks lines: one number, the last line, or those that match.
type address struct {
	line, step int
	relative   bool // +N behind a first address
	last       bool
	pattern    *regexp.Regexp
}

// part is a piece of a replacement: text, or a group of the match, or a switch
// of case (\U, \L, \E, \u, \l).
type part struct {
	text   string
	group  int // -1 for text
	change byte
}

// editor is a run of a script over a text.
type editor struct {
	lines   []string
	at      int // index of the current line
	space   string
	out     strings.Builder
	after   []string
	quiet   bool
	endLine bool // whether the text's last line ends in a newline
}

type outcome int

const (
	goOn outcome = iota
	deleted
	quit
)

// Edit runs the script over a text.
func (s *Script) Edit(text string) string {
	if text == "" {
		return ""
	}
	s.reset(s.commands)
	e := &editor{quiet: s.quiet, endLine: strings.HasSuffix(text, "\n")}
	e.lines = strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for e.at = 0; e.at < len(e.lines); e.at++ {
		e.space, e.after = e.lines[e.at], nil
		result := e.run(s.commands)
		if result != deleted && !e.quiet {
			e.print(e.space)
		}
		for _, added := range e.after {
			e.out.WriteString(added + "\n")
		}
		if result == quit {
			break
		}
	}
	return e.out.String()
}

func (s *Script) reset(commands []instruction) {
	for i := range commands {
		commands[i].active, commands[i].until = new(bool), new(int)
		s.reset(commands[i].block)
	}
}

// print writes a line; the last one has a newline only if the input's had.
func (e *editor) print(text string) {
	e.out.WriteString(text)
	if e.at < len(e.lines)-1 || e.endLine || len(e.after) > 0 {
		e.out.WriteByte('\n')
	}
}

func (e *editor) run(commands []instruction) outcome {
	for i := range commands {
		c := &commands[i]
		if e.selected(c) == c.negate {
			continue
		}
		if result := e.execute(c); result != goOn {
			return result
		}
	}
	return goOn
}

func (e *editor) execute(c *instruction) outcome {
	switch c.name {
	case '{':
		return e.run(c.block)
	case 's':
		e.substitute(c)
	case 'y':
		e.space = strings.Map(func(r rune) rune {
			if to, ok := c.mapping[r]; ok {
				return to
			}
			return r
		}, e.space)
	case 'd':
		return deleted
	case 'p':
		e.out.WriteString(e.space + "\n")
	case '=':
		e.out.WriteString(strconv.Itoa(e.at+1) + "\n")
	case 'a':
		e.after = append(e.after, c.text)
	case 'i':
		e.out.WriteString(c.text + "\n")
	case 'c':
		if c.to == nil || c.negate || !*c.active {
			e.out.WriteString(c.text + "\n")
		}
		return deleted
	case 'n':
		if e.at == len(e.lines)-1 {
			return quit
		}
		if !e.quiet {
			e.print(e.space)
		}
		e.at++
		e.space = e.lines[e.at]
	case 'q':
		return quit
	}
	return goOn
}

// selected tells whether the addresses of a command pick the current line.
func (e *editor) selected(c *instruction) bool {
	if c.from == nil {
		return true
	}
	if c.to == nil {
		return e.picks(c.from)
	}
	if !*c.active {
		if !e.picks(c.from) {
			return false
		}
		*c.until = 0
		switch {
		case c.to.relative:
			*c.until = e.at + 1 + c.to.line
		case c.to.line > 0:
			*c.until = c.to.line
		}
		*c.active = c.to.pattern != nil || c.to.last && e.at < len(e.lines)-1 || *c.until > e.at+1
		return true
	}
	switch {
	case c.to.pattern != nil:
		*c.active = !c.to.pattern.MatchString(e.space)
	case c.to.last:
		*c.active = e.at < len(e.lines)-1
	default:
		*c.active = e.at+1 < *c.until
	}
	return true
}

func (e *editor) picks(a *address) bool {
	switch {
	case a.last:
		return e.at == len(e.lines)-1
	case a.pattern != nil:
		return a.pattern.MatchString(e.space)
	case a.step > 0:
		return e.at+1 >= a.line && (e.at+1-a.line)%a.step == 0
	}
	return e.at+1 == a.line
}

func (e *editor) substitute(c *instruction) {
	var out strings.Builder
	done, changed := 0, false
	for n, match := range c.pattern.FindAllStringSubmatchIndex(e.space, -1) {
		if n+1 < c.which {
			continue
		}
		out.WriteString(e.space[done:match[0]])
		out.WriteString(expand(c.replace, e.space, match))
		done, changed = match[1], true
		if !c.global {
			break
		}
	}
	out.WriteString(e.space[done:])
	e.space = out.String()
	if changed && c.print {
		e.out.WriteString(e.space + "\n")
	}
}

func expand(parts []part, text string, match []int) string {
	var out strings.Builder
	var mode, once byte
	for _, p := range parts {
		piece := p.text
		switch {
		case p.change == 'u' || p.change == 'l':
			once = p.change
			continue
		case p.change != 0:
			mode = p.change
			continue
		case p.group >= 0 && 2*p.group+1 < len(match) && match[2*p.group] >= 0:
			piece = text[match[2*p.group]:match[2*p.group+1]]
		}
		switch mode {
		case 'U':
			piece = strings.ToUpper(piece)
		case 'L':
			piece = strings.ToLower(piece)
		}
		if once != 0 && piece != "" {
			if once == 'u' {
				piece = strings.ToUpper(piece[:1]) + piece[1:]
			} else {
				piece = strings.ToLower(piece[:1]) + piece[1:]
			}
			once = 0
		}
		out.WriteString(piece)
	}
	return out.String()
}
