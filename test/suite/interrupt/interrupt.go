// Package interrupt ends a run in good order: at interrupts, which count, and
// before the time of go test is over.
package interrupt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// ErrInterrupted is why the tests' context is done after a Ctrl-C.
var ErrInterrupted = errors.New("interrupted")

// ErrTwice is why nothing is destroyed any more.
var ErrTwice = fmt.Errorf("%w twice", ErrInterrupted)

// ErrTime is why a run ends when go test's timeout comes near.
var ErrTime = errors.New("the time of go test -timeout is nearly over")

// timeoutMargin is what is left for Terraform to end before go test kills; of a
// short timeout a quarter.
const timeoutMargin = 3 * time.Minute

// Interrupts are the contexts in which a run works, and what ends them.
type Interrupts struct {
	// The tests run under Tests, which the first interrupt ends; what they made is
	// destroyed under Teardown, which the second one ends.
	Tests    context.Context
	Teardown context.Context
	// Kill is closed at the third interrupt: Terraform is killed.
	Kill chan struct{}

	stopTests   context.CancelCauseFunc
	endTeardown context.CancelCauseFunc
	warn        func(text string)
	finished    chan struct{} // closed when the run is over
	watching    sync.WaitGroup
}

// New returns the contexts of a run, which ctx bounds. warn shows a line that
// should be seen.
func New(ctx context.Context, warn func(text string)) *Interrupts {
	i := &Interrupts{warn: warn, Kill: make(chan struct{}), finished: make(chan struct{})}
	i.Tests, i.stopTests = context.WithCancelCause(ctx)
	i.Teardown, i.endTeardown = context.WithCancelCause(ctx)
	return i
}

// OfRun are what the first, second and third interrupt of a run do. keeps says
// that the run keeps what it made.
func (i *Interrupts) OfRun(keeps bool) []func() {
	then := "then all is destroyed; interrupt again to keep it"
	if keeps {
		then = "and all is kept"
	}
	return []func(){
		func() {
			i.warn("interrupted: Terraform ends what it is doing and saves its state, " + then)
			i.stopTests(ErrInterrupted)
		},
		func() {
			i.warn("interrupted twice: Terraform saves its state and all is kept, `make test-clean` destroys it; a third time kills Terraform")
			i.stopTests(ErrInterrupted)
			i.endTeardown(ErrTwice)
		},
		i.killTerraform,
	}
}

// OfCleanUp are what the interrupts of a clean-up do.
func (i *Interrupts) OfCleanUp() []func() {
	return []func(){
		func() {
			i.warn("interrupted: Terraform ends what it is doing and saves its state; interrupt again to kill it")
			i.stopTests(ErrInterrupted)
		},
		i.killTerraform,
	}
}

func (i *Interrupts) killTerraform() {
	i.warn("interrupted again: Terraform is killed, its state may lack what it was just making; `make test-clean` removes all")
	close(i.Kill)
}

// Watch counts interrupts, which do one step after the other, and ends the run
// some time before the timeout, unless that is 0. Close ends the watch.
func (i *Interrupts) Watch(timeout time.Duration, steps []func()) {
	signals := make(chan os.Signal, len(steps))
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // as nohup has it
		signal.Notify(signals, syscall.SIGHUP)
	}
	var timer <-chan time.Time
	if timeout > 0 {
		timer = time.After(timeout - min(timeoutMargin, timeout/4))
	}
	i.watching.Go(func() {
		defer signal.Stop(signals)
		for {
			select {
			case <-i.finished:
				return
			case <-timer:
				i.stopTests(ErrTime)
				i.endTeardown(ErrTime)
			case <-signals:
				if len(steps) > 0 {
					steps[0]()
					steps = steps[1:]
				}
			}
		}
	})
}

// Close ends the watch.
func (i *Interrupts) Close() {
	close(i.finished)
	i.watching.Wait()
}
