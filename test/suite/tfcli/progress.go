package tfcli

import (
	"regexp"
	"strconv"
)

// Progress counts resources while Terraform changes them. Feed it each line of
// an apply's or a destroy's output.
type Progress struct {
	Planned int // changes that the plan announced; 0 before it did
	Done    int // changes that are complete: the sum of the next three
	Known   bool

	Added, Changed, Destroyed int
}

var (
	planned  = regexp.MustCompile(`^Plan: (?:\d+ to import, )?(\d+) to add, (\d+) to change, (\d+) to destroy`)
	nothing  = regexp.MustCompile(`^No changes\.`)
	complete = regexp.MustCompile(`: (Creation|Modifications|Destruction) complete after`)
)

// Line takes one line of output, and reports whether it changed a count.
func (p *Progress) Line(line string) bool {
	if match := planned.FindStringSubmatch(line); match != nil {
		p.Planned, p.Known = 0, true
		for _, number := range match[1:] {
			n, err := strconv.Atoi(number)
			if err != nil { // more digits than an int holds
				return false
			}
			p.Planned += n
		}
		return true
	}
	if nothing.MatchString(line) {
		p.Planned, p.Known = 0, true
		return true
	}
	if match := complete.FindStringSubmatch(line); match != nil {
		p.Done++
		switch match[1] {
		case "Creation":
			p.Added++
		case "Modifications":
			p.Changed++
		default:
			p.Destroyed++
		}
		return true
	}
	return false
}
