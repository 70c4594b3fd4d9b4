package suite

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gruntwork-io/terratest/modules/logger"
	"github.com/gruntwork-io/terratest/modules/terraform"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/progress"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/providers"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/report"
)

// The stages of a test, each left out by SKIP_<stage>=1.
const (
	StageDeploy      = "deploy"
	StageValidate    = "validate"
	StageIdempotence = report.Idempotence
	StageTeardown    = "teardown"
)

// Deployment returns the deployment of a fixture for a test and a case of the
// provider. Its work directory is the test's own.
func (s *Suite) Deployment(t *testing.T, fixture string, c providers.Case) *Deployment {
	t.Helper()
	group := strings.TrimSuffix(t.Name(), "/"+c.Name)
	d, err := s.deployment(strings.ReplaceAll(group, "/", "_"), c.Name, fixture, c)
	if err != nil {
		t.Fatal(err)
	}
	s.keepForReport(d)
	return d
}

// Deploy prepares what the tests share, applies the fixture, and fails the
// test when that does not work. A kept deployment that has not changed since
// is left as it is.
func (d *Deployment) Deploy(t *testing.T, variables func(Prepared) map[string]any) {
	t.Helper()
	prepared, err := d.suite.Prepare()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.applyStage(d.suite.ctx, StageDeploy, d.suite.common(variables(prepared))); err != nil {
		t.Fatal(err)
	}
}

// DeployFails applies the fixture, which Terraform must not be able to do. It
// returns what Terraform said.
func (d *Deployment) DeployFails(t *testing.T, variables func(Prepared) map[string]any) string {
	t.Helper()
	return d.fails(t, StageDeploy, variables, func(values map[string]any, task *progress.Task) error {
		_, err := d.apply(d.suite.ctx, values, task)
		return err
	})
}

// PlanFails plans what the next Deploy would apply, which Terraform must not be
// able to do. It returns what Terraform said.
func (d *Deployment) PlanFails(t *testing.T, variables func(Prepared) map[string]any) string {
	t.Helper()
	return d.fails(t, stagePlan, variables, func(values map[string]any, task *progress.Task) error {
		_, err := d.plan(d.suite.ctx, values, task)
		return err
	})
}

// fails runs a stage that must fail, and returns what Terraform said.
func (d *Deployment) fails(t *testing.T, stage string, variables func(Prepared) map[string]any, run func(map[string]any, *progress.Task) error) string {
	t.Helper()
	prepared, err := d.suite.Prepare()
	if err != nil {
		t.Fatal(err)
	}
	said := ""
	err = d.stage(stage, func(task *progress.Task) (string, error) {
		err := run(d.suite.common(variables(prepared)), task)
		switch {
		case d.suite.ctx.Err() != nil:
			return "", context.Cause(d.suite.ctx)
		case err == nil:
			return "", errors.New("terraform worked, though it should have failed")
		}
		said = err.Error()
		return "refused, as it should be", nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return said
}

// ServiceName is the name of the service of this deployment, and its host name
// in the zone.
func (d *Deployment) ServiceName(prefix string) string {
	return d.suite.name(prefix + "-" + d.Name)
}

// applyStage is the deploy or the prepare stage.
func (d *Deployment) applyStage(ctx context.Context, stage string, variables map[string]any) error {
	return d.stage(stage, func(task *progress.Task) (string, error) {
		changed, err := d.apply(ctx, variables, task)
		if err != nil {
			if d.record.Killed && d.suite.ctx.Err() == nil {
				err = fmt.Errorf("%w\n(Terraform or its provider was killed here, so that things may exist which its state lacks: `make test-clean` removes them)", err)
			}
			return "", fmt.Errorf("%w\n(all that Terraform said: %s)", err, short(d.LogPath()))
		}
		if !changed {
			return "kept, nothing has changed", nil
		}
		n, err := resourcesInState(d.Dir)
		return fmt.Sprintf("%d resources (log %s)", n, short(d.LogPath())), err
	})
}

// errFailed marks a stage that a test ended by FailNow; the test says why.
var errFailed = errors.New("see the test's output")

// Validate runs the checks of a test as a stage: t.Fatal in check ends the
// test.
func (d *Deployment) Validate(t *testing.T, check func(ctx context.Context, v *Validation)) {
	t.Helper()
	err := d.stage(StageValidate, func(task *progress.Task) (detail string, err error) {
		v := &Validation{d: d, task: task}
		done := false
		defer func() {
			// t.FailNow unwinds through here.
			if !done {
				_ = d.endStage(StageValidate, task, "", v.failure(d.suite.ctx))
			}
		}()
		check(d.suite.ctx, v)
		done = true
		if t.Failed() {
			return "", v.failure(d.suite.ctx)
		}
		return v.detail, nil
	})
	if err != nil && !errors.Is(err, errFailed) {
		t.Fatal(err)
	}
}

// Idempotence fails the test when a second plan is not empty. For a kept
// deployment it has been proved when it was applied.
func (d *Deployment) Idempotence(t *testing.T) {
	t.Helper()
	err := d.stage(StageIdempotence, func(*progress.Task) (string, error) {
		if d.record.Applied != "" && d.record.Idempotent == d.record.Applied {
			return "the second plan was empty", nil
		}
		if err := d.planIsEmpty(t); err != nil {
			return "", err
		}
		d.record.Idempotent = d.record.Applied
		return "the second plan is empty", nil
	})
	if err != nil {
		t.Error(err)
	}
}

// planIsEmpty plans, and names what Terraform would change.
func (d *Deployment) planIsEmpty(t *testing.T) error {
	t.Helper()
	// Terratest must not see a cancelled context: it panics. The plan changes
	// nothing, so that it may as well end.
	ctx := context.WithoutCancel(d.suite.ctx)
	log := &fileLogger{path: d.LogPath()}
	options := d.Options()
	options.Logger = logger.New(log)
	code, err := terraform.PlanExitCodeContextE(t, ctx, options)
	switch {
	case d.suite.ctx.Err() != nil:
		return context.Cause(d.suite.ctx)
	case err != nil:
		return fmt.Errorf("plan: %w", err)
	case code == 2:
		return fmt.Errorf("the second plan is not empty (whole in %s):\n%s", short(d.LogPath()), strings.Join(log.changes, "\n"))
	case code != 0:
		return fmt.Errorf("terraform plan failed, see the end of %s", short(d.LogPath()))
	}
	return nil
}

// teardownTime bounds a destroy, which must go on after a test's end.
const teardownTime = 40 * time.Minute

// Teardown destroys the deployment; defer it before Deploy. In an interrupted
// run that is left to the run's end, which knows whether to keep all; and where
// Terraform or its provider was killed, too.
func (d *Deployment) Teardown(t *testing.T) {
	t.Helper()
	if d.suite.ctx.Err() != nil || d.record.Killed && d.suite.Cloud == Local {
		return
	}
	if err := d.teardown(d.suite.teardownCtx); err != nil {
		t.Error(err)
	}
}

func (d *Deployment) teardown(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, teardownTime)
	defer cancel()
	err := d.stage(StageTeardown, func(task *progress.Task) (string, error) {
		n, err := resourcesInState(d.Dir)
		if err != nil || n == 0 {
			return "nothing to destroy", err
		}
		if err := d.destroy(ctx, task); err != nil {
			return "", fmt.Errorf("%w\n(all that Terraform said: %s)", err, short(d.LogPath()))
		}
		return fmt.Sprintf("%d resources destroyed", n), nil
	})
	if err != nil {
		d.suite.noteFailedTeardown()
	}
	return err
}

// label tells the deployments of a run apart: those of tests by fixture and
// case, those of the prepare stage by their own names.
func (d *Deployment) label() string {
	if d.Name == d.Case.Name {
		return d.Fixture + " " + d.Name
	}
	return d.Name
}

// stage runs one stage with its line and its records.
func (d *Deployment) stage(name string, run func(*progress.Task) (detail string, err error)) error {
	if d.suite.Skips(name) {
		d.addResult(report.Stage{Name: name, Began: time.Now(), Skipped: "SKIP_" + name})
		d.suite.display.Print(fmt.Sprintf("%-12s %-20s skipped (SKIP_%s)", name, d.label(), name))
		return nil
	}
	d.changes = nil
	task := d.suite.display.Start(name, d.label())
	detail, err := run(task)
	return d.endStage(name, task, detail, err)
}

// endStage ends the stage's line and remembers how long it took.
func (d *Deployment) endStage(name string, task *progress.Task, detail string, err error) error {
	result := report.Stage{Name: name, Detail: detail, Changes: d.changes}
	var took time.Duration
	if err != nil {
		took = task.Failed("%s", shorten(headline(err)))
		result.Failure = err.Error()
	} else {
		took = task.Done("%s", detail)
	}
	result.Began, result.Seconds = time.Now().Add(-took), took.Seconds()
	d.addResult(result)
	if err != nil {
		return err
	}
	d.record.Seconds[name] = took.Seconds()
	return d.save()
}

func (d *Deployment) addResult(result report.Stage) {
	d.suite.reporting.Lock()
	defer d.suite.reporting.Unlock()
	d.seen.stages = append(d.seen.stages, result)
}

// shorten fits a text into the line of a stage; all of it is told elsewhere.
func shorten(text string) string {
	const width = 72
	if runes := []rune(text); len(runes) > width {
		return string(runes[:width-3]) + "..."
	}
	return text
}
