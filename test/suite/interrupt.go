package suite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// Exit codes of a run's process. `go test` turns each but 0 into 1, and make
// that into 2; a Ctrl-C in a terminal reaches make as well, which ends by it
// once the run has ended, so that the shell sees 130.
const (
	exitFailed      = 1   // a test, a destroy or a report failed, or nothing was tested
	exitSettings    = 2   // the environment's settings make no sense; nothing was started
	exitInterrupted = 130 // 128 + SIGINT, as shells say it; all is destroyed unless the last line says what is kept
)

// ErrInterrupted is why a run's context is done after a Ctrl-C.
var ErrInterrupted = errors.New("interrupted")

// errInterruptedTwice is why nothing is destroyed any more.
var errInterruptedTwice = fmt.Errorf("%w twice", ErrInterrupted)

// errTime is why a run ends when go test's timeout comes near.
var errTime = errors.New("the time of go test -timeout is nearly over")

// timeoutMargin is what is left for Terraform to end before go test kills; of a
// short timeout a quarter.
const timeoutMargin = 3 * time.Minute

// runInterrupts are what the first, second and third interrupt of a run do.
func (s *Suite) runInterrupts() []func() {
	then := "then all is destroyed; interrupt again to keep it"
	if s.Skips(StageTeardown) {
		then = "and all is kept"
	}
	return []func(){
		func() {
			s.display.Warn("interrupted: Terraform ends what it is doing and saves its state, " + then)
			s.stop(ErrInterrupted)
		},
		func() {
			s.display.Warn("interrupted twice: Terraform saves its state and all is kept, `make test-clean` destroys it; a third time kills Terraform")
			s.stop(ErrInterrupted)
			s.endTeardown(errInterruptedTwice)
		},
		s.killTerraform,
	}
}

// cleanInterrupts are what interrupts of a clean-up do.
func (s *Suite) cleanInterrupts() []func() {
	return []func(){
		func() {
			s.display.Warn("interrupted: Terraform ends what it is doing and saves its state; interrupt again to kill it")
			s.stop(ErrInterrupted)
		},
		s.killTerraform,
	}
}

func (s *Suite) killTerraform() {
	s.display.Warn("interrupted again: Terraform is killed, its state may lack what it was just making; `make test-clean` removes all")
	close(s.kill)
}

// watch counts interrupts, which do one step after the other, and ends the run
// some time before the timeout.
func (s *Suite) watch(timeout time.Duration, steps []func()) {
	signals := make(chan os.Signal, len(steps))
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // as nohup has it
		signal.Notify(signals, syscall.SIGHUP)
	}
	var timer <-chan time.Time
	if timeout > 0 {
		timer = time.After(timeout - min(timeoutMargin, timeout/4))
	}
	s.watching.Go(func() {
		defer signal.Stop(signals)
		for {
			select {
			case <-s.finished:
				return
			case <-timer:
				s.stop(errTime)
				s.endTeardown(errTime)
			case <-signals:
				if len(steps) > 0 {
					steps[0]()
					steps = steps[1:]
				}
			}
		}
	})
}

// ending is on what it depends whether a run destroys what it made.
type ending struct {
	tests    error // why the tests ended early; nil: they did not
	teardown error // why nothing may be destroyed any more; nil: it may
	failed   bool  // a destroy failed
	asked    bool  // the user asked to keep: SKIP_teardown
	deployed int   // deployments that there are
}

// keep says why all is kept, "" when it is to be destroyed.
func (e ending) keep() string {
	switch {
	case e.teardown != nil:
		return e.teardown.Error()
	case e.failed:
		return "a destroy failed"
	case e.asked && e.deployed > 0 && e.tests != nil:
		return e.tests.Error() + ", and SKIP_teardown is set"
	case e.asked && e.deployed > 0:
		return "SKIP_teardown is set"
	}
	return ""
}

// ending of the run, as far as it is known now.
func (s *Suite) ending(deployed int) ending {
	s.reporting.Lock()
	defer s.reporting.Unlock()
	return ending{
		tests: context.Cause(s.ctx), teardown: context.Cause(s.teardownCtx),
		failed: s.failed, asked: s.Skips(StageTeardown), deployed: deployed,
	}
}

// kept is the line that says why all is kept, and how to go on from there.
func (s *Suite) kept(why string) string {
	return fmt.Sprintf("%s: what was made is kept with its state in %s; the same command goes on with it, `make test-clean` destroys it", why, short(s.workspace.Dir))
}
