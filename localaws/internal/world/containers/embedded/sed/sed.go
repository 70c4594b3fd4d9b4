// Package sed is a stream editor with the command s, as in POSIX, and GNU's -i
// and -E.
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
	extended, operands := false, []string{}
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
				case 'i':
					command.InPlace = true
				default:
					return nil, fmt.Errorf("invalid option -- '%c' (the embedded runtime knows -E, -r, -e, -i)", letter)
				}
			}
		case len(arg) > 1 && arg[0] == '-':
			return nil, fmt.Errorf("unrecognized option '%s' (the embedded runtime knows -E, -r, -e, -i)", arg)
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
	command.Script, command.Files = script, operands
	return command, nil
}

// Script is a parsed script.
type Script struct{ commands []substitution }

// substitution is the command s.
type substitution struct {
	pattern *regexp.Regexp
	replace []part
	global  bool
}

// part is a piece of a replacement: text, or a group of the match.
type part struct {
	text  string
	group int // -1 for text
}

// Edit runs the script over a text, line by line.
func (s *Script) Edit(text string) string {
	if text == "" {
		return ""
	}
	text, ended := strings.CutSuffix(text, "\n")
	lines := strings.Split(text, "\n")
	for i := range lines {
		for _, c := range s.commands {
			lines[i] = c.edit(lines[i])
		}
	}
	text = strings.Join(lines, "\n")
	if ended {
		text += "\n"
	}
	return text
}

func (c *substitution) edit(line string) string {
	var out strings.Builder
	matches := c.pattern.FindAllStringSubmatchIndex(line, -1)
	if !c.global {
		matches = matches[:min(1, len(matches))]
	}
	done := 0
	for _, match := range matches {
		out.WriteString(line[done:match[0]])
		for _, p := range c.replace {
			if p.group >= 0 && match[2*p.group] >= 0 {
				p.text = line[match[2*p.group]:match[2*p.group+1]]
			}
			out.WriteString(p.text)
		}
		done = match[1]
	}
	out.WriteString(line[done:])
	return out.String()
}
