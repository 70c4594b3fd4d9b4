package cleanup

import (
	"context"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/run"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/stages"
)

// End destroys what a run made, or returns what to say of what is kept.
func End(r *run.Run) (kept string, err error) {
	remaining, err := r.Workdir.Deployments()
	if err != nil {
		return r.Kept("its state can't be read"), err
	}
	if r.Cloud == nil { // it did not open: the run made nothing
		if len(remaining) > 0 || r.Workdir.LocalawsMayRun() {
			kept = r.Kept("the cloud did not open")
		}
		return kept, nil
	}
	if why := endingOf(r, len(remaining)).keep(); why != "" {
		return r.Kept(why), nil
	}
	if err := destroyEverything(r.Interrupts.Teardown, r, remaining); err != nil {
		r.Journal.TeardownFailed()
		return r.Kept(endingOf(r, len(remaining)).keep()), err
	}
	return "", nil
}

// ending is what decides whether a run destroys what it made.
type ending struct {
	tests    error // why the tests ended early; nil: they did not
	teardown error // why nothing may be destroyed any more; nil: it may
	failed   bool  // a destroy failed
	asked    bool  // the user asked to keep: SKIP_teardown
	deployed int   // deployments that there are
}

// endingOf a run, as far as it is known now.
func endingOf(r *run.Run, deployed int) ending {
	return ending{
		tests: context.Cause(r.Interrupts.Tests), teardown: context.Cause(r.Interrupts.Teardown),
		failed: r.Journal.IsUnclean(), asked: r.Settings.Skips(stages.Teardown), deployed: deployed,
	}
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
