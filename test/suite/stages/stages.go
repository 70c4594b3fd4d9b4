// Package stages takes deployments through their stages: each has a line that
// moves, a time that is remembered and a place in the reports.
package stages

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/evidence"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/progress"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/providers"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/report"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/run"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/terraform"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/workdir"
)

// The stages of a run, each left out by SKIP_<stage>=1.
const (
	Prepare     = workdir.Shared
	Deploy      = "deploy"
	Plan        = report.Plan // what a change would do, before it is deployed
	Validate    = "validate"
	Idempotence = report.Idempotence
	Teardown    = "teardown"
)

// Deployment is one fixture in its work directory, with the state of what it
// made.
type Deployment struct {
	*terraform.Directory
	// Evidence is what the reports tell of it.
	Evidence *evidence.Deployment

	run *run.Run
}

// New returns the deployment of a fixture in a group, which is a test or the
// prepare stage, with what it remembers. The run must be open.
func New(r *run.Run, group, name, fixture string, c providers.Case) (*Deployment, error) {
	d, err := r.Workdir.Deployment(group, name, fixture, c.Name)
	if err != nil {
		return nil, err
	}
	return of(r, d, c), nil
}

// Take takes up a deployment from its directory, to destroy it. Its case may be
// one that can't be had any more, or that is gone.
func Take(r *run.Run, dir string) (*Deployment, error) {
	d, err := workdir.Take(dir)
	if err != nil {
		return nil, err
	}
	c := providers.Case{Name: d.Record.Case}
	for _, known := range r.Settings.Cases() {
		if known.Name == c.Name {
			c = known
		}
	}
	return of(r, d, c), nil
}

func of(r *run.Run, d *workdir.Deployment, c providers.Case) *Deployment {
	return &Deployment{Directory: terraform.New(r.Setup(), d, c), Evidence: r.Journal.Add(d), run: r}
}

// ServiceName is the name of the service of this deployment, and its host name
// in the zone.
func (d *Deployment) ServiceName(prefix string) string {
	return d.run.Name(prefix + "-" + d.Record.Name)
}

// Outputs reads the deployment's outputs into a struct with json tags.
func (d *Deployment) Outputs(into any) error {
	err := d.ReadOutputs(into)
	if errors.Is(err, fs.ErrNotExist) {
		stage := Deploy
		if d.run.Workdir.IsShared(d.Dir) {
			stage = Prepare
		}
		return fmt.Errorf("%s is not deployed: run without SKIP_%s", d.Label(), stage)
	}
	return err
}

// Report adds a text to the end of the run's output, and to its reports.
func (d *Deployment) Report(text string) { d.Evidence.Report(text) }

// Observer shows on a stage's line how far Terraform is, and writes down the
// health of target groups that it makes meanwhile.
func (d *Deployment) Observer(task *progress.Task) terraform.Observer {
	watch := func(ctx context.Context, verb string) (line func(string), stop func()) {
		elb := elasticloadbalancingv2.NewFromConfig(d.run.Cloud.Config())
		return d.Evidence.RecordHealth(ctx, elb, d.run.Cloud.Patience().Poll, verb)
	}
	return terraform.Observer{Detail: task.Detail, Watch: watch}
}

// ApplyStage is the deploy or the prepare stage.
func (d *Deployment) ApplyStage(ctx context.Context, stage string, variables map[string]any) error {
	return d.Stage(stage, func(task *progress.Task) (string, error) {
		changed, err := d.Apply(ctx, variables, d.Observer(task))
		if err != nil {
			if d.Record.Killed && d.run.Interrupts.Tests.Err() == nil {
				err = fmt.Errorf("%w\n(Terraform or its provider was killed here, so resources may exist that its state lacks: `make test-clean` removes them)", err)
			}
			return "", d.WithLog(err)
		}
		if !changed {
			return "kept, nothing has changed", nil
		}
		n, err := workdir.Resources(d.Dir)
		return fmt.Sprintf("%d resources (log %s)", n, workdir.Short(d.LogPath())), err
	})
}

// IdempotenceStage fails when a second plan is not empty, which plan finds out.
// For a kept deployment it has been proved when it was applied.
func (d *Deployment) IdempotenceStage(plan func() error) error {
	return d.Stage(Idempotence, func(*progress.Task) (string, error) {
		if d.Record.Applied != "" && d.Record.Idempotent == d.Record.Applied {
			return "the second plan was empty", nil
		}
		if err := plan(); err != nil {
			return "", err
		}
		d.Record.Idempotent = d.Record.Applied
		return "the second plan is empty", nil
	})
}

// teardownTime bounds a destroy, which must go on after a test's end.
const teardownTime = 40 * time.Minute

// TeardownStage destroys what the state holds.
func (d *Deployment) TeardownStage(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, teardownTime)
	defer cancel()
	err := d.Stage(Teardown, func(task *progress.Task) (string, error) {
		n, err := workdir.Resources(d.Dir)
		if err != nil || n == 0 {
			return "nothing to destroy", err
		}
		if err := d.Destroy(ctx, d.Observer(task)); err != nil {
			return "", d.WithLog(err)
		}
		return fmt.Sprintf("%d resources destroyed", n), nil
	})
	if err != nil {
		d.run.Journal.TeardownFailed()
	}
	return err
}

// WithLog adds to an error of Terraform where all is that it said.
func (d *Deployment) WithLog(err error) error {
	return fmt.Errorf("%w\n(Terraform's full output: %s)", err, workdir.Short(d.LogPath()))
}

// Stage runs one stage with its line and its records.
func (d *Deployment) Stage(name string, do func(*progress.Task) (detail string, err error)) error {
	if d.run.Settings.Skips(name) {
		d.Evidence.AddStage(report.Stage{Name: name, Began: time.Now(), Skipped: "SKIP_" + name})
		d.run.Display.Print(fmt.Sprintf("%-12s %-20s skipped (SKIP_%s)", name, d.Label(), name))
		return nil
	}
	d.Count = nil
	task := d.run.Display.Start(name, d.Label())
	detail, err := do(task)
	return d.EndStage(name, task, detail, err)
}

// EndStage ends the line of a stage that Stage did not see end, and remembers how
// long it took. It returns the error that it was given.
func (d *Deployment) EndStage(name string, task *progress.Task, detail string, err error) error {
	result := report.Stage{Name: name, Detail: detail}
	if d.Count != nil {
		result.Changes = &report.Changes{Added: d.Count.Added, Changed: d.Count.Changed, Destroyed: d.Count.Destroyed}
	}
	var took time.Duration
	if err != nil {
		took = task.Failed("%s", shorten(err.Error()))
		result.Failure = err.Error()
	} else {
		took = task.Done("%s", detail)
	}
	result.Began, result.Seconds = time.Now().Add(-took), took.Seconds()
	d.Evidence.AddStage(result)
	if err != nil {
		return err
	}
	d.Record.Seconds[name] = took.Seconds()
	return d.Save()
}

// shorten fits the headline of a text into the line of a stage; all of it is
// told elsewhere. A target with its group and the reason for its state fits.
func shorten(text string) string {
	const width = 100
	line, _, _ := strings.Cut(text, "\n")
	if runes := []rune(line); len(runes) > width {
		return string(runes[:width-3]) + "..."
	}
	return line
}

// Group names the group of a test's deployments after the test, without its
// provider case.
func Group(test string, c providers.Case) string {
	return strings.ReplaceAll(strings.TrimSuffix(test, "/"+c.Name), "/", "_")
}
