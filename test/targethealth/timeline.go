package targethealth

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// Gone is the state of a target that is registered no more.
const Gone = "gone"

// Change is a state of a target, as it was first seen.
type Change struct {
	At     time.Time
	Key    string // of the group
	Target string // instance:host port
	State  string // AWS's word, or Gone
	Reason string // code and description
}

// Timeline is what a watch saw of the targets' health.
type Timeline struct {
	Began, Ended time.Time // of the watch
	Changes      []Change  // in the order in which they were seen
	last         map[targetName]Change
}

// targetName is one target of a group.
type targetName struct{ key, target string }

func (n targetName) compare(other targetName) int {
	return cmp.Or(cmp.Compare(n.key, other.key), cmp.Compare(n.target, other.target))
}

// note takes up what has changed since the last look.
func (t *Timeline) note(groups []Group, s Snapshot, now time.Time) {
	t.Ended = now
	seen := map[targetName]bool{}
	for _, group := range groups {
		for _, target := range s.Targets[group.Key] {
			name := targetName{group.Key, target.id()}
			seen[name] = true
			t.add(name, Change{now, name.key, name.target, target.State, target.reason()})
		}
	}
	for _, name := range slices.SortedFunc(maps.Keys(t.last), targetName.compare) {
		if !seen[name] {
			t.add(name, Change{At: now, Key: name.key, Target: name.target, State: Gone})
		}
	}
}

// add takes up a state unless it is the one before.
func (t *Timeline) add(name targetName, c Change) {
	if last, known := t.last[name]; known && last.State == c.State && last.Reason == c.Reason {
		return
	}
	if t.last == nil {
		t.last = map[targetName]Change{}
	}
	t.last[name] = c
	t.Changes = append(t.Changes, c)
}

// reason is why a target is in its state, in AWS's words.
func (t Target) reason() string { return strings.TrimSpace(t.Reason + " " + t.Description) }
