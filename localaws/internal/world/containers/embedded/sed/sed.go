// Package sed is a stream editor: the commands s, d and p with addresses, as in
// POSIX, and GNU's -i and -E.
// https://pubs.opengroup.org/onlinepubs/9699919799/utilities/sed.html
package sed

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Command is a sed command line.
type Command struct {
	Script  *Script
	Files   []string
	InPlace bool
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
		case arg == "-e":
			if i++; i == len(args) {
				return nil, errors.New("option requires an argument -- 'e'")
			}
			scripts = append(scripts, args[i])
		case len(arg) > 1 && arg[0] == '-' && arg[1] != '-':
			for _, letter := range arg[1:] {
				switch letter {
				case 'E', 'r':
					extended = true
				case 'n':
					quiet = true
				case 'i':
					command.InPlace = true
				default:
					return nil, fmt.Errorf("invalid option -- '%c' (the embedded runtime knows -E, -r, -n, -e, -i)", letter)
				}
			}
		case len(arg) > 1 && arg[0] == '-':
			return nil, fmt.Errorf("unrecognized option '%s' (the embedded runtime knows -E, -r, -n, -e, -i)", arg)
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
	name     byte
	pattern  *regexp.Regexp
	replace  []part // of s
	global   bool
	print    bool
	active   bool // the range from,to has begun
}

// address picks lines: one number, the last line, or those that match.
type address struct {
	line    int
	last    bool
	pattern *regexp.Regexp
}

// part is a piece of a replacement: text, or a group of the match.
type part struct {
	text  string
	group int // -1 for text
}

// editor is a run of a script over a text.
type editor struct {
	lines   []string
	at      int // index of the current line
	space   string
	out     strings.Builder
	endLine bool // the text's last line ends in a newline
}

// Edit runs the script over a text.
func (s *Script) Edit(text string) string {
	if text == "" {
		return ""
	}
	for i := range s.commands {
		s.commands[i].active = false
	}
	e := &editor{endLine: strings.HasSuffix(text, "\n")}
	e.lines = strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for e.at = range e.lines {
		e.space = e.lines[e.at]
		if !e.run(s.commands) && !s.quiet {
			e.out.WriteString(e.space)
			if e.at < len(e.lines)-1 || e.endLine {
				e.out.WriteByte('\n')
			}
		}
	}
	return e.out.String()
}

// run runs the commands on a line, and reports whether one deleted it.
func (e *editor) run(commands []instruction) (deleted bool) {
	for i := range commands {
		c := &commands[i]
		if !e.selected(c) {
			continue
		}
		switch c.name {
		case 's':
			e.substitute(c)
		case 'd':
			return true
		case 'p':
			e.out.WriteString(e.space + "\n")
		}
	}
	return false
}

// selected reports whether the addresses of a command pick the current line.
func (e *editor) selected(c *instruction) bool {
	switch {
	case c.from == nil:
		return true
	case c.to == nil:
		return e.picks(c.from)
	case c.active:
		c.active = !e.ends(c.to)
		return true
	case e.picks(c.from):
		c.active = c.to.pattern != nil || !e.ends(c.to)
		return true
	}
	return false
}

// ends reports whether the current line is the last one of a range.
func (e *editor) ends(a *address) bool {
	return e.picks(a) || a.line > 0 && a.line <= e.at+1
}

func (e *editor) picks(a *address) bool {
	switch {
	case a.last:
		return e.at == len(e.lines)-1
	case a.pattern != nil:
		return a.pattern.MatchString(e.space)
	}
	return e.at+1 == a.line
}

func (e *editor) substitute(c *instruction) {
	var out strings.Builder
	matches := c.pattern.FindAllStringSubmatchIndex(e.space, -1)
	if !c.global {
		matches = matches[:min(1, len(matches))]
	}
	done := 0
	for _, match := range matches {
		out.WriteString(e.space[done:match[0]])
		for _, p := range c.replace {
			if p.group >= 0 && match[2*p.group] >= 0 {
				p.text = e.space[match[2*p.group]:match[2*p.group+1]]
			}
			out.WriteString(p.text)
		}
		done = match[1]
	}
	out.WriteString(e.space[done:])
	e.space = out.String()
	if len(matches) > 0 && c.print {
		e.out.WriteString(e.space + "\n")
	}
}
