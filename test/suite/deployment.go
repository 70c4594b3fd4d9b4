package suite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/prepare"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/progress"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/run"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/settings"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/stages"
)

// Deployment is one fixture in its work directory, with the state of what it
// made. Its methods are the stages of a test, each left out by SKIP_<stage>=1.
type Deployment struct {
	*stages.Deployment

	run    *run.Run
	shared *prepare.Stage
}

// Deploy prepares what the tests share, applies the fixture, and fails the
// test when that does not work. A kept deployment that has not changed since
// is left as it is.
func (d *Deployment) Deploy(t *testing.T, variables func(Prepared) map[string]any) {
	t.Helper()
	if err := d.ApplyStage(d.run.Interrupts.Tests, stages.Deploy, d.values(t, variables)); err != nil {
		t.Fatal(err)
	}
}

// values are the fixture's variables, of what the tests share.
func (d *Deployment) values(t *testing.T, variables func(Prepared) map[string]any) map[string]any {
	t.Helper()
	prepared, err := d.shared.Get()
	if err != nil {
		t.Fatal(err)
	}
	return d.run.Variables(variables(prepared))
}

// DeployFails applies the fixture, which Terraform must not be able to do. It
// returns what Terraform said.
func (d *Deployment) DeployFails(t *testing.T, variables func(Prepared) map[string]any) string {
	t.Helper()
	values := d.values(t, variables)
	return d.fails(t, stages.Deploy, func(ctx context.Context, task *progress.Task) error {
		_, err := d.Apply(ctx, values, d.Observer(task))
		return err
	})
}

// Plan plans what the next Deploy would apply, and fails the test when that does
// not work.
func (d *Deployment) Plan(t *testing.T, variables func(Prepared) map[string]any) Changes {
	t.Helper()
	values := d.values(t, variables)
	var changes Changes
	err := d.Stage(stages.Plan, func(task *progress.Task) (_ string, err error) {
		changes, err = d.Deployment.Plan(d.run.Interrupts.Tests, values, d.Observer(task))
		return fmt.Sprintf("%d resources would change", len(changes)), err
	})
	if err != nil {
		t.Fatal(err)
	}
	return changes
}

// PlanFails plans what the next Deploy would apply, which Terraform must not be
// able to do. It returns what Terraform said.
func (d *Deployment) PlanFails(t *testing.T, variables func(Prepared) map[string]any) string {
	t.Helper()
	values := d.values(t, variables)
	return d.fails(t, stages.Plan, func(ctx context.Context, task *progress.Task) error {
		_, err := d.Deployment.Plan(ctx, values, d.Observer(task))
		return err
	})
}

// fails runs a stage that must fail, and returns what Terraform said.
func (d *Deployment) fails(t *testing.T, stage string, do func(context.Context, *progress.Task) error) string {
	t.Helper()
	ctx := d.run.Interrupts.Tests
	said := ""
	err := d.Stage(stage, func(task *progress.Task) (string, error) {
		err := do(ctx, task)
		switch {
		case ctx.Err() != nil:
			return "", context.Cause(ctx)
		case err == nil:
			return "", errors.New("terraform succeeded, but should have failed")
		}
		said = err.Error()
		return "refused, as it should be", nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return said
}

// Validate runs the checks of a test as a stage. They get the test as a TB that
// remembers why they failed; its FailNow ends the test.
func (d *Deployment) Validate(t *testing.T, check func(ctx context.Context, t testing.TB, v *Validation)) {
	t.Helper()
	ctx := d.run.Interrupts.Tests
	recorded := &recorder{TB: t}
	failure := func() error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return errors.New(cmp.Or(recorded.failure(), "a check failed and gave no reason"))
	}
	err := d.Stage(stages.Validate, func(task *progress.Task) (detail string, err error) {
		v := &Validation{deployment: d, task: task}
		done := false
		defer func() {
			// FailNow unwinds through here.
			if !done {
				_ = d.EndStage(stages.Validate, task, "", failure())
			}
		}()
		check(ctx, recorded, v)
		done = true
		if recorded.failure() != "" {
			return "", failure()
		}
		return v.detail, nil
	})
	if err != nil && recorded.failure() == "" {
		t.Fatal(err)
	}
}

// Idempotence fails the test when a second plan is not empty.
func (d *Deployment) Idempotence(t *testing.T) {
	t.Helper()
	err := d.IdempotenceStage(func() error { return d.PlanIsEmpty(t, d.run.Interrupts.Tests) })
	if err != nil {
		t.Error(err)
	}
}

// Teardown destroys the deployment; defer it before Deploy. In an interrupted
// run that is left to the run's end, which knows whether to keep all; and where
// Terraform or its provider was killed, too.
func (d *Deployment) Teardown(t *testing.T) {
	t.Helper()
	if d.run.Interrupts.Tests.Err() != nil || d.Record.Killed && d.run.Settings.Cloud == settings.Local {
		return
	}
	if err := d.TeardownStage(d.run.Interrupts.Teardown); err != nil {
		t.Error(err)
	}
}
