// Package sed is a stream editor: the commands s, d and p with addresses, as in
// POSIX, and GNU's -i and -E.
// https://pubs.opengroup.org/onlinepubs/9699919799/utilities/sed.html
package sed

import (
	"errors"
	"fmt"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/regex"
)

// Command is a sed command line.
type Command struct {
	Script  *Script
	Files   []string
	InPlace bool
}

// ParseArguments reads what stands behind "sed". grow is told what the script is
// about to allocate, in bytes, then and when it runs; less than 0 is given back.
func ParseArguments(args []string, grow func(bytes int)) (*Command, error) {
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
	script, err := Parse(strings.Join(scripts, "\n"), extended, grow)
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
	grow     func(bytes int)
}

type instruction struct {
	from, to *address
	name     byte
	pattern  *regex.Expression
	replace  []part // of s
	global   bool
	print    bool
	active   bool // the range from,to has begun
}

// address picks lines: one number, the last line, or those that match.
type address struct {
	line    int
	last    bool
	pattern *regex.Expression
}

// part is a piece of a replacement: text, or a group of the match.
type part struct {
	text  string
	group int // -1 for text
}

// editor is a run of a script over a text.
type editor struct {
	*Script
	at      int // number of the current line, from 1
	last    bool
	held    int // for the current line
	space   string
	out     output
	failure error
}

// Edit runs the script over a text.
func (s *Script) Edit(text string) (string, error) {
	for i := range s.commands {
		s.commands[i].active = false
	}
	e := &editor{Script: s, out: output{grow: s.grow}}
	for rest := text; rest != "" && e.failure == nil; {
		line, after, newline := strings.Cut(rest, "\n")
		e.at, e.last, e.space, rest = e.at+1, after == "", line, after
		if !e.run() && !s.quiet {
			e.out.write(e.space)
			if newline {
				e.out.write("\n")
			}
		}
		s.grow(-e.held)
		e.held = 0
	}
	return e.out.text.String(), e.failure
}

// hold charges what the current line needs.
func (e *editor) hold(bytes int) {
	e.grow(bytes)
	e.held += bytes
}

// output is a text that grows.
type output struct {
	text strings.Builder
	grow func(bytes int)
}

func (o *output) write(piece string) {
	if missing := o.text.Len() + len(piece) - o.text.Cap(); missing > 0 {
		missing += o.text.Len()
		o.grow(missing)
		o.text.Grow(missing)
	}
	o.text.WriteString(piece)
}

// run runs the commands on a line, and reports whether one deleted it.
func (e *editor) run() (deleted bool) {
	for i := range e.commands {
		c := &e.commands[i]
		if !e.selected(c) {
			continue
		}
		switch c.name {
		case 's':
			e.substitute(c)
		case 'd':
			return true
		case 'p':
			e.print()
		}
	}
	return false
}

func (e *editor) print() {
	e.out.write(e.space)
	e.out.write("\n")
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
	return e.picks(a) || a.line > 0 && a.line <= e.at
}

func (e *editor) picks(a *address) bool {
	switch {
	case a.last:
		return e.last
	case a.pattern != nil:
		matches, err := a.pattern.Matches(e.space)
		e.fail(err)
		return matches
	}
	return e.at == a.line
}

func (e *editor) fail(err error) {
	if e.failure == nil {
		e.failure = err
	}
}

func (e *editor) substitute(c *instruction) {
	limit := 1
	if c.global {
		limit = -1
	}
	matches, err := c.pattern.Find(e.space, limit, e.hold)
	e.fail(err)
	if len(matches) == 0 {
		return
	}
	out := output{grow: e.hold}
	done := 0
	for _, match := range matches {
		out.write(e.space[done:match[0]])
		for _, p := range c.replace {
			if p.group >= 0 && match[2*p.group] >= 0 {
				p.text = e.space[match[2*p.group]:match[2*p.group+1]]
			}
			out.write(p.text)
		}
		done = match[1]
	}
	out.write(e.space[done:])
	e.space = out.text.String()
	if c.print {
		e.print()
	}
}
