package cleanup

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/awsapi"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/cloud"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/progress"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/run"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/settings"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/stages"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/sweep"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/workdir"
)

// SweepOptions say what a sweep may remove.
type SweepOptions struct {
	// Runs are the IDs of the runs to remove. None: those that can't still be
	// under way.
	Runs []string
	// Yes removes without asking.
	Yes bool
	// Ask asks the user; nil when there is no terminal.
	Ask func(question string) (yes bool)
}

// runsAtMost is the longest that a run can take. What a younger one made is
// removed only when the run is named.
const runsAtMost = 3 * time.Hour

// sweepSpace is the work directory of sweeps on AWS, which no run holds.
const sweepSpace = "sweep"

// Sweep finds what aborted runs left in the cloud, though their work
// directories are gone, shows it, and removes it when told so. It returns the
// process's exit code.
func Sweep(ctx context.Context, s settings.Settings, options SweepOptions) int {
	s = s.WithoutSkips()
	if s.Cloud == settings.AWS && !s.OneSpace {
		s.Space = sweepSpace
	}
	r, err := run.New(ctx, s)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	defer r.Display.Close()
	if err := (sweeper{r, options}).sweep(); err != nil {
		r.Display.Warn(err.Error())
		return 1
	}
	return 0
}

// sweeper is a run that sweeps.
type sweeper struct {
	*run.Run
	options SweepOptions
}

func (s sweeper) sweep() error {
	ctx := s.Interrupts.Tests
	if err := s.mustBeThere(ctx); err != nil {
		return err
	}
	if err := s.Open(); err != nil {
		return err
	}
	defer s.Workdir.Close()
	found, err := sweep.Find(ctx, awsapi.New(s.Cloud.Config()), sweep.Tags{Run: run.TagRun, Started: run.TagStarted})
	if err != nil {
		return err
	}
	if found, err = s.abandoned(found); err != nil {
		return err
	}
	for _, r := range found {
		if r.Type == "" {
			s.Display.Warn(fmt.Sprintf("%s of run %s is of a type that the sweep does not know: remove it by hand", r.Key, r.Run))
		}
	}
	d, there, err := s.existing(ctx, found)
	if err != nil {
		return err
	}
	if len(there) == 0 {
		s.Display.Print("nothing is left that a sweep may remove")
		return s.endSweep(d)
	}
	s.Display.Print(sweepTable(there, time.Now()))
	if !s.mayRemove(len(there)) {
		return s.endSweep(d)
	}
	return s.removeFound(d)
}

// mustBeThere refuses to start a localaws: an empty one has nothing to sweep.
func (s sweeper) mustBeThere(ctx context.Context) error {
	if s.Settings.Cloud != settings.Local {
		return nil
	}
	dir := workdir.At(s.Root, s.Settings.Cloud, s.Settings.Space)
	running, err := cloud.NewLocalaws(s.Root, dir.LocalawsDir()).IsRunning(ctx)
	if err == nil && !running {
		return fmt.Errorf("no localaws runs in %s, so nothing can be left in it: set TEST_SPACE to the run's, or TEST_CLOUD=aws", workdir.Short(dir.Path))
	}
	return err
}

// abandoned are the resources of runs that are over: named, or old, and without
// a state here.
func (s sweeper) abandoned(found []sweep.Resource) ([]sweep.Resource, error) {
	states, err := s.runsWithState()
	if err != nil {
		return nil, err
	}
	said := map[string]bool{}
	return slices.DeleteFunc(found, func(r sweep.Resource) bool {
		if len(s.options.Runs) > 0 {
			return !slices.Contains(s.options.Runs, r.Run)
		}
		reason := ""
		switch age := time.Since(r.Started); {
		case states[r.Run] != "":
			reason = fmt.Sprintf("its state is in %s, `make test-clean` destroys it", states[r.Run])
		case r.Started.IsZero():
			reason = "nothing says when it began"
		case age < runsAtMost:
			reason = fmt.Sprintf("it began %s ago and may still be on", age.Round(time.Minute))
		}
		if reason != "" && !said[r.Run] {
			said[r.Run] = true
			s.Display.Print(fmt.Sprintf("run %s is left alone: %s; SWEEP_RUN=%s to remove it anyway", r.Run, reason, r.Run))
		}
		return reason != ""
	}), nil
}

// runsWithState are the work directories by the IDs of the runs in this cloud
// that have a state.
func (s sweeper) runsWithState() (map[string]string, error) {
	runs, err := workdir.List(s.Root)
	if err != nil {
		return nil, err
	}
	states := map[string]string{}
	for _, one := range runs {
		dir := workdir.At(s.Root, one.Cloud, one.Space)
		deployments, err := dir.Deployments()
		if err != nil {
			return nil, err
		}
		if one.Cloud == s.Settings.Cloud && len(deployments) > 0 {
			states[one.ID] = workdir.Short(dir.Path)
		}
	}
	return states, nil
}

// foundFile is the state of what was found, until the user says yes. It does not
// have the name that a destroy looks for.
const foundFile = "found.tfstate"

// existing makes a state of what was found and lets the provider refresh it:
// what it keeps is there.
func (s sweeper) existing(ctx context.Context, found []sweep.Resource) (*stages.Deployment, []sweep.Resource, error) {
	c, err := s.Tools.FirstToHave(ctx, s.Settings.Cases())
	if err != nil {
		return nil, nil, err
	}
	d, err := stages.New(s.Run, sweepSpace, sweepSpace, sweepSpace, c)
	if err != nil || len(found) == 0 {
		return d, nil, err
	}
	if err := d.Copy(s.Variables(nil)); err != nil {
		return d, nil, err
	}
	state, err := sweep.State(found, s.Tools.Terraform.RegistryHost())
	if err != nil {
		return d, nil, err
	}
	path := filepath.Join(d.WorkDir(), foundFile)
	if err := os.WriteFile(path, state, 0o600); err != nil {
		return d, nil, fmt.Errorf("writing the state of what was found: %w", err)
	}
	err = d.Stage("find", func(task *progress.Task) (string, error) {
		if err := d.Init(ctx, d.Observer(task)); err != nil {
			return "", err
		}
		task.Detail("looking at %d resources", len(found))
		return fmt.Sprintf("%d resources looked at", len(found)),
			d.Run(ctx, nil, "apply", "-refresh-only", "-auto-approve", "-input=false", "-no-color", "-state="+foundFile)
	})
	if err != nil {
		return d, nil, d.WithLog(err)
	}
	if state, err = os.ReadFile(path); err != nil {
		return d, nil, fmt.Errorf("reading the state of what was found: %w", err)
	}
	there, err := sweep.Existing(found, state)
	return d, there, err
}

// sweepTable lists resources: type, name, run and the run's age.
func sweepTable(resources []sweep.Resource, now time.Time) string {
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "TYPE\tRESOURCE\tRUN\tAGE")
	for _, r := range resources {
		age := "unknown"
		if !r.Started.IsZero() {
			age = now.Sub(r.Started).Round(time.Minute).String()
			age = strings.TrimSuffix(age, "0s")
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", strings.TrimPrefix(r.Type, "aws_"), r.Key, r.Run, age)
	}
	_ = table.Flush() // to memory
	return text.String()
}

// mayRemove asks, if it has to.
func (s sweeper) mayRemove(count int) bool {
	switch {
	case s.options.Yes:
		return true
	case s.options.Ask == nil:
		s.Display.Print("nothing is removed: there is no terminal to ask on; SWEEP_YES=1 removes without asking")
		return false
	case !s.options.Ask(fmt.Sprintf("Remove these %d resources? Only yes removes them: ", count)):
		s.Display.Print("nothing is removed")
		return false
	}
	return true
}

// removeFound destroys what was found. From here on the state is one that
// `make test-clean` would take up.
func (s sweeper) removeFound(d *stages.Deployment) error {
	s.Interrupts.Watch(0, s.Interrupts.OfCleanUp())
	defer s.Interrupts.Close()
	if err := os.Rename(filepath.Join(d.WorkDir(), foundFile), d.StatePath()); err != nil {
		return fmt.Errorf("taking up the state of what was found: %w", err)
	}
	if err := d.TeardownStage(s.Interrupts.Tests); err != nil {
		return fmt.Errorf("%w\nrun `make test-sweep` again", err)
	}
	return s.endSweep(d)
}

// endSweep removes the sweep's own files, on AWS with its work directory.
func (s sweeper) endSweep(d *stages.Deployment) error {
	if err := os.RemoveAll(filepath.Dir(d.Dir)); err != nil {
		return fmt.Errorf("removing the sweep's files: %w", err)
	}
	left, err := s.Workdir.Deployments()
	if err != nil || len(left) > 0 || s.Settings.Cloud == settings.Local || s.Settings.Space != sweepSpace {
		return err
	}
	return s.Workdir.Remove()
}
