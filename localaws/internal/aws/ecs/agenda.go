package ecs

import "time"

// agenda is what a step finds out: whether it changed anything, and when the
// next is due.
type agenda struct {
	now     time.Time
	changed bool
	again   time.Time
}

// wake asks for the next step at t at the latest.
func (a *agenda) wake(t time.Time) {
	if !t.IsZero() && (a.again.IsZero() || t.Before(a.again)) {
		a.again = t
	}
}

// due reports whether t has come, and asks for a step then if it has not.
func (a *agenda) due(t time.Time) bool {
	if a.now.Before(t) {
		a.wake(t)
		return false
	}
	return true
}
