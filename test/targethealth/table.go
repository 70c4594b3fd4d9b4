package targethealth

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// Table writes one row a target, group by group in the order of the groups. A
// group without targets has a row that says so.
func Table(out io.Writer, groups []Group, s Snapshot) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "KEY\tLISTENER\tTARGET\tCONTAINER PORT\tSTATE\tREASON\tHEALTHY AFTER")
	for _, group := range groups {
		if len(s.Targets[group.Key]) == 0 {
			_, _ = fmt.Fprintf(table, "%s\t%s\t-\t%d\tempty\tno target is registered\t-\n", group.Key, group.Listener, group.ContainerPort)
		}
		for _, target := range s.Targets[group.Key] {
			port := "none"
			if target.ContainerPort != 0 {
				port = fmt.Sprint(target.ContainerPort)
			}
			reason := target.Reason
			if reason == "" {
				reason = "-"
			}
			_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t-> %s\t%s\t%s\t%s\n", group.Key, group.Listener, target.id(), port, target.State, reason, target.After())
		}
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("writing the table: %w", err)
	}
	return nil
}

// Address is instance:host port.
func (t Target) Address() string { return t.id() }

// After is how long the target took to be healthy, in words.
func (t Target) After() string {
	switch {
	case t.State != healthyState:
		return "-"
	case t.TaskStarted.IsZero():
		return "?"
	case t.AtMost:
		return fmt.Sprintf("<= %.0f s", t.HealthyAfter.Seconds())
	default:
		return fmt.Sprintf("%.0f s", t.HealthyAfter.Seconds())
	}
}
