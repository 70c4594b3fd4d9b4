package targethealth

import (
	"cmp"
	"fmt"
	"io"
	"text/tabwriter"
)

// Row is a target in a table of them.
type Row struct {
	Group         string // its key
	Listener      string // protocol:port
	Target        string // instance:host port
	ContainerPort int32  // 0: no running task bound the target's port
	State         string // AWS's word, or that the group is empty, with the target's last state
	Reason        string // code and description
	HealthyAfter  string // in words
}

// none is in the place of a target that is not there.
const none = "-"

// Rows are the targets, group by group in the order of the groups. A group
// without targets has a row that says so, or the targets that it had before.
func Rows(groups []Group, s Snapshot) []Row {
	var rows []Row
	for _, group := range groups {
		targets, empty := s.Targets[group.Key], ""
		if len(targets) == 0 {
			targets, empty = s.Before[group.Key], "empty, was "
		}
		for _, target := range targets {
			rows = append(rows, Row{
				Group: group.Key, Listener: group.Listener, Target: target.id(), ContainerPort: target.ContainerPort,
				State: empty + target.State, Reason: target.reason(), HealthyAfter: target.after(),
			})
		}
		if len(targets) == 0 {
			rows = append(rows, Row{
				Group: group.Key, Listener: group.Listener, Target: none, ContainerPort: group.ContainerPort,
				State: "empty", Reason: "no target is registered", HealthyAfter: none,
			})
		}
	}
	return rows
}

// Table writes the rows.
func Table(out io.Writer, groups []Group, s Snapshot) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "KEY\tLISTENER\tTARGET\tCONTAINER PORT\tSTATE\tREASON\tHEALTHY AFTER")
	for _, row := range Rows(groups, s) {
		port := fmt.Sprint("-> ", row.ContainerPort)
		switch {
		case row.Target == none:
			port = fmt.Sprint(row.ContainerPort)
		case row.ContainerPort == 0:
			port = "-> none"
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", row.Group, row.Listener, row.Target, port, row.State, cmp.Or(row.Reason, none), row.HealthyAfter)
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("writing the table: %w", err)
	}
	return nil
}

// after is how long the target took to be healthy, in words.
func (t Target) after() string {
	switch {
	case t.State != healthyState:
		return none
	case t.TaskStarted.IsZero():
		return "?"
	case t.AtMost:
		return fmt.Sprintf("<= %.0f s", t.HealthyAfter.Seconds())
	default:
		return fmt.Sprintf("%.0f s", t.HealthyAfter.Seconds())
	}
}
