package core

import (
	"context"
	"time"
)

// Reconcile calls step again and again until ctx is done: at once, after every
// change of the account, and at the time that step last returned (the zero
// time: only after a change). step runs under the account's lock, compares
// the desired state with the actual one, and takes one step forward. It is called
// again when it changed a record.
func (a *Account) Reconcile(ctx context.Context, step func() (again time.Time)) {
	changes, stop := a.Watch()
	defer stop()
	for {
		var again time.Time
		a.Do(func() { again = step() })
		var due <-chan struct{}
		giveUp := func() {}
		if !again.IsZero() {
			due, giveUp = a.Clock.At(again)
		}
		select {
		case <-ctx.Done():
			giveUp()
			return
		case <-changes:
		case <-due:
		}
		giveUp()
	}
}
