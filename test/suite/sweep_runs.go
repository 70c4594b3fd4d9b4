package suite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/client"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/awsapi"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/progress"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/providers"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/sweep"
)

// SweepOptions say what a sweep may remove.
type SweepOptions struct {
	// Runs are the ids of the runs to remove. None: those that nobody can
	// still be at.
	Runs []string
	// Yes removes without asking.
	Yes bool
	// Ask asks a person; nil when there is none.
	Ask func(question string) (yes bool)
}

// runsAtMost is the longest that a run can be on. What a younger one made is
// removed only when the run is named.
const runsAtMost = 3 * time.Hour

// sweepSpace is the work directory of sweeps on AWS, which no run holds.
const sweepSpace = "sweep"

// Sweep finds what aborted runs left in the cloud, though their work
// directories are gone, shows it, and removes it when told so. It returns the
// process's exit code.
func Sweep(ctx context.Context, settings Settings, options SweepOptions) int {
	if settings.Cloud == AWS && !settings.OneSpace {
		settings.Space = sweepSpace
	}
	settings = settings.WithoutSkips()
	s, err := New(ctx, settings)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	defer s.display.Close()
	if err := s.sweep(options); err != nil {
		s.display.Warn(err.Error())
		return 1
	}
	return 0
}

func (s *Suite) sweep(options SweepOptions) error {
	note := func(text string) { s.display.Print("note: " + text) }
	if err := s.mustBeThere(); err != nil {
		return err
	}
	if err := s.openTools(s.ctx); err != nil {
		return err
	}
	var err error
	if s.workspace, err = OpenWorkspace(s.ctx, s.Root, s.Settings, note); err != nil {
		return err
	}
	defer s.workspace.Close()
	if s.cloud, err = openCloud(s.ctx, s.Settings, s.Root, s.workspace, note); err != nil {
		return err
	}
	found, err := sweep.Find(s.ctx, awsapi.New(s.cloud.Config()), sweepTags)
	if err != nil {
		return err
	}
	if found, err = s.abandoned(found, options.Runs); err != nil {
		return err
	}
	for _, r := range found {
		if r.Type == "" {
			s.display.Warn(fmt.Sprintf("%s of run %s is of a type that the sweep does not know: remove it by hand", r.Key, r.Run))
		}
	}
	d, there, err := s.existing(found)
	if err != nil {
		return err
	}
	if len(there) == 0 {
		s.display.Print("nothing is left, of what a sweep may remove")
		return s.endSweep(d)
	}
	s.display.Print(sweepTable(there, time.Now()))
	if !s.mayRemove(options, len(there)) {
		return s.endSweep(d)
	}
	return s.removeFound(d)
}

// mustBeThere refuses to start a localaws: an empty one has nothing to sweep.
func (s *Suite) mustBeThere() error {
	if s.Cloud != Local {
		return nil
	}
	w := Workspace{Dir: filepath.Join(s.Root, ".work", s.Cloud+"-"+s.Space)}
	_, err := client.Open(s.ctx, w.LocalawsDir())
	if errors.Is(err, client.ErrNotRunning) {
		return fmt.Errorf("no localaws runs in %s, so that nothing can be left in it: set TEST_SPACE to the run's, or TEST_CLOUD=aws", short(w.Dir))
	}
	return err
}

// abandoned are the resources of runs that nobody is at: named, or old, and
// without a state here.
func (s *Suite) abandoned(found []sweep.Resource, named []string) ([]sweep.Resource, error) {
	states, err := s.runsWithState()
	if err != nil {
		return nil, err
	}
	said := map[string]bool{}
	return slices.DeleteFunc(found, func(r sweep.Resource) bool {
		if len(named) > 0 {
			return !slices.Contains(named, r.Run)
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
			s.display.Print(fmt.Sprintf("run %s is left alone: %s; SWEEP_RUN=%s to remove it all the same", r.Run, reason, r.Run))
		}
		return reason != ""
	}), nil
}

// runsWithState are the work directories by the ids of the runs in this cloud
// that have a state.
func (s *Suite) runsWithState() (map[string]string, error) {
	runs, err := workspaces(s.Root, Settings{})
	if err != nil {
		return nil, err
	}
	states := map[string]string{}
	for _, run := range runs {
		w := Workspace{Dir: filepath.Join(s.Root, ".work", run.Cloud+"-"+run.Space)}
		deployments, err := w.Deployments()
		if err != nil {
			return nil, err
		}
		if run.Cloud == s.Cloud && len(deployments) > 0 {
			states[run.ID] = short(w.Dir)
		}
	}
	return states, nil
}

// foundFile is the state of what was found, until somebody says yes. It has not
// the name that a destroy looks for.
const foundFile = "found.tfstate"

// existing makes a state of what was found and lets the provider refresh it:
// what it keeps is there.
func (s *Suite) existing(found []sweep.Resource) (*Deployment, []sweep.Resource, error) {
	c, err := s.newestToHave()
	if err != nil {
		return nil, nil, err
	}
	d, err := s.deployment(sweepSpace, sweepSpace, sweepSpace, c)
	if err != nil || len(found) == 0 {
		return d, nil, err
	}
	files, err := d.files(s.common(nil))
	if err != nil {
		return d, nil, err
	}
	if err := syncFiles(filepath.Join(d.Dir, "configuration"), files); err != nil {
		return d, nil, err
	}
	state, err := sweep.State(found, s.terraform.RegistryHost())
	if err != nil {
		return d, nil, err
	}
	path := filepath.Join(d.WorkDir(), foundFile)
	if err := os.WriteFile(path, state, 0o600); err != nil {
		return d, nil, fmt.Errorf("writing the state of what was found: %w", err)
	}
	err = d.stage("find", func(task *progress.Task) (string, error) {
		if err := d.init(s.ctx, task); err != nil {
			return "", err
		}
		task.Detail("looking at %d resources", len(found))
		return fmt.Sprintf("%d resources looked at", len(found)),
			d.terraform(s.ctx, nil, "apply", "-refresh-only", "-auto-approve", "-input=false", "-no-color", "-state="+foundFile)
	})
	if err != nil {
		return d, nil, fmt.Errorf("%w\n(all that Terraform said: %s)", err, short(d.LogPath()))
	}
	if state, err = os.ReadFile(path); err != nil {
		return d, nil, fmt.Errorf("reading the state of what was found: %w", err)
	}
	there, err := sweep.Existing(found, state)
	return d, there, err
}

// newestToHave is the newest provider that can be had.
func (s *Suite) newestToHave() (providers.Case, error) {
	for _, c := range providers.ByPreference(s.Cases()) {
		if _, err := s.sources(s.ctx, c); err == nil {
			return c, nil
		}
	}
	_, err := s.newestCase()
	return providers.Case{}, err
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
func (s *Suite) mayRemove(options SweepOptions, count int) bool {
	switch {
	case options.Yes:
		return true
	case options.Ask == nil:
		s.display.Print("nothing is removed: there is no terminal to ask on, SWEEP_YES=1 removes without asking")
		return false
	case !options.Ask(fmt.Sprintf("Remove these %d resources? Only yes removes them: ", count)):
		s.display.Print("nothing is removed")
		return false
	}
	return true
}

// removeFound destroys what was found. From here on the state is one that
// `make test-clean` would take up.
func (s *Suite) removeFound(d *Deployment) error {
	s.watch(0, s.cleanInterrupts())
	defer func() {
		close(s.finished)
		s.watching.Wait()
	}()
	if err := os.Rename(filepath.Join(d.WorkDir(), foundFile), filepath.Join(d.WorkDir(), "terraform.tfstate")); err != nil {
		return fmt.Errorf("taking up the state of what was found: %w", err)
	}
	if err := d.teardown(s.ctx); err != nil {
		return fmt.Errorf("%w\nrun `make test-sweep` again", err)
	}
	return s.endSweep(d)
}

// endSweep removes the sweep's own files, on AWS with its work directory.
func (s *Suite) endSweep(d *Deployment) error {
	if err := os.RemoveAll(filepath.Dir(d.Dir)); err != nil {
		return fmt.Errorf("removing the sweep's files: %w", err)
	}
	left, err := s.workspace.Deployments()
	if err != nil || len(left) > 0 || s.Cloud == Local || s.Space != sweepSpace {
		return err
	}
	return s.workspace.Remove()
}
