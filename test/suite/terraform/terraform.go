// Package terraform makes a fixture be there, and be gone: it copies the fixture
// and the module into a deployment's directory, and initializes, applies, plans
// and destroys it there. Terratest does what it can (terratest.go); the rest is
// done by package tfcli, which says why. It knows no cloud.
package terraform

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/providers"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/tfcli"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/tffiles"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/toolchain"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/workdir"
)

// variablesFile has the values of the fixture's variables.
const variablesFile = "suite.auto.tfvars.json"

// parallelism is a Directory's unless it says another.
const parallelism = 20

// Setup is what all directories of a run share.
type Setup struct {
	Root        string // the repository's
	Tools       *toolchain.Toolchain
	Environment []string                                                     // of Terraform, to reach the cloud
	Kill        <-chan struct{}                                              // when closed, Terraform is killed
	Print       func(text string)                                            // shows a line
	Clear       func(ctx context.Context, vpc string) (removed int, _ error) // removes what others put into a VPC
	Pause       time.Duration                                                // before a second and third attempt
}

// Directory is a deployment's directory in which Terraform works.
type Directory struct {
	*workdir.Deployment
	Case providers.Case
	// Parallelism is how many resources Terraform changes at a time. 0: as many
	// as is good, since the provider mostly waits.
	Parallelism int
	// Mutate, when set, may change the configuration's copy before it is
	// applied: to break it on purpose.
	Mutate func(files map[string][]byte)
	// Environment is what Terraform is given besides, as NAME=value.
	Environment []string
	// Count is of the resources that the last apply or destroy changed; nil
	// before the first.
	Count *tfcli.Progress

	setup Setup
}

// Observer is told what Terraform does in a directory.
type Observer struct {
	// Detail is told how far it is.
	Detail func(format string, args ...any)
	// Watch, when set, is called when an apply or a destroy begins; line is told
	// each line of its output, stop when it has ended.
	Watch func(ctx context.Context, verb string) (line func(string), stop func())
}

// New returns the directory of a deployment, for a case of the provider.
func New(setup Setup, d *workdir.Deployment, c providers.Case) *Directory {
	return &Directory{Deployment: d, Case: c, setup: setup}
}

// pinTemplate is the content of tffiles.PinFile.
const pinTemplate = `terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = %q
    }
  }
}
`

// files are the configuration as it will be applied.
func (d *Directory) files(variables map[string]any) (map[string][]byte, error) {
	files, err := tffiles.OfFixture(d.setup.Root, d.Record.Fixture)
	if err != nil {
		return nil, err
	}
	base := filepath.Join("test_data", d.Record.Fixture)
	files[filepath.Join(base, tffiles.PinFile)] = fmt.Appendf(nil, pinTemplate, d.Case.Constraint)
	values, err := json.MarshalIndent(variables, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("variables of %s: %w", d.Record.Fixture, err)
	}
	files[filepath.Join(base, variablesFile)] = values
	if d.Mutate != nil {
		d.Mutate(files)
	}
	return files, nil
}

// Copy copies the configuration into the directory, without running Terraform.
func (d *Directory) Copy(variables map[string]any) error {
	files, err := d.files(variables)
	if err != nil {
		return err
	}
	return tffiles.Sync(d.ConfigurationDir(), files)
}

// Apply makes the fixture be there. It does nothing when just this
// configuration was applied before; changed says which it was.
func (d *Directory) Apply(ctx context.Context, variables map[string]any, o Observer) (changed bool, err error) {
	files, err := d.files(variables)
	if err != nil {
		return false, err
	}
	hash := tffiles.Hash(files)
	if d.Record.Applied == hash && d.HasOutputs() {
		return false, nil
	}
	d.Record.Applied, d.Record.Healthy = "", map[string]workdir.Healthy{}
	if err := d.Save(); err != nil {
		return true, err
	}
	if err := tffiles.Sync(d.ConfigurationDir(), files); err != nil {
		return true, err
	}
	if err := d.Init(ctx, o); err != nil {
		return true, err
	}
	if err := d.resume(ctx, o); err != nil {
		return true, err
	}
	if err := d.change(ctx, o, "apply"); err != nil {
		if ctx.Err() != nil {
			d.Record.Interrupted, d.Record.Cut = true, true
		}
		return true, errors.Join(err, d.Save())
	}
	if err := d.saveOutputs(ctx); err != nil {
		return true, err
	}
	d.Record.Applied, d.Record.Interrupted = hash, false
	return true, d.Save()
}

// resume readies the state that an interrupted apply left. What it was just
// waiting for is tainted, though it is there: replacing it would not only take
// longer, it can't even be done where the new one has the same name and is
// made first. So it is taken as it is, and the plan sees what it still lacks.
func (d *Directory) resume(ctx context.Context, o Observer) error {
	if !d.Record.Interrupted {
		return nil
	}
	o.Detail("taking up what was interrupted")
	addresses, err := d.Tainted()
	if err != nil {
		return err
	}
	for _, address := range addresses {
		if err := d.Run(ctx, nil, "untaint", "-no-color", "-lock-timeout=120s", address); err != nil {
			return fmt.Errorf("taking up %s: %w", address, err)
		}
	}
	return nil
}

// Destroy destroys what the state holds.
func (d *Directory) Destroy(ctx context.Context, o Observer) error {
	if n, err := workdir.Resources(d.Dir); err != nil || n == 0 {
		return err
	}
	d.Record.Applied = ""
	if err := d.Save(); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(d.WorkDir(), workdir.LockFile)); err != nil {
		if err := d.Init(ctx, o); err != nil {
			return err
		}
	} else if err := d.writeConfig(); err != nil {
		return err
	}
	return d.unblocked(ctx, func() error { return d.change(ctx, o, "destroy") })
}

// unblocked destroys networks that others have put something into. That is
// removed before the destroy, since the provider waits 20 minutes for a subnet
// in use, and once more if that was too early.
func (d *Directory) unblocked(ctx context.Context, destroy func() error) error {
	vpcs, err := d.VPCs()
	if err != nil {
		return err
	}
	if _, err := d.clear(ctx, vpcs); err != nil {
		return err
	}
	err = destroy()
	if err == nil || !strings.Contains(err.Error(), "DependencyViolation") {
		return err
	}
	removed, clearing := d.clear(ctx, vpcs)
	if clearing != nil || removed == 0 {
		return errors.Join(err, clearing)
	}
	return destroy()
}

// clear removes what others put into VPCs, and returns how much that was.
func (d *Directory) clear(ctx context.Context, vpcs []string) (removed int, err error) {
	for _, vpc := range vpcs {
		n, err := d.setup.Clear(ctx, vpc)
		removed += n
		if err != nil {
			return removed, fmt.Errorf("removing foreign resources from %s: %w", vpc, err)
		}
	}
	return removed, nil
}

// change runs apply or destroy and counts its resources.
func (d *Directory) change(ctx context.Context, o Observer, verb string) error {
	var count tfcli.Progress
	before := d.Record.Killed
	d.Record.Killed = true
	if err := d.Save(); err != nil {
		return err
	}
	watched, stop := o.watch(ctx, verb)
	killed := false // in any of the attempts
	err := d.retry(ctx, func() error {
		err := d.Run(ctx, func(line string) {
			watched(line)
			if count.Line(line) {
				o.Detail("%d of %d resources", count.Done, count.Planned)
			}
		}, verb, "-input=false", "-auto-approve", "-no-color", "-parallelism="+strconv.Itoa(cmp.Or(d.Parallelism, parallelism)), "-lock-timeout=120s")
		killed = killed || errors.Is(err, tfcli.ErrKilled)
		return err
	})
	stop()
	d.Count = &count
	d.Record.Killed = before || killed
	return errors.Join(err, d.Save())
}

func (o Observer) watch(ctx context.Context, verb string) (line func(string), stop func()) {
	if o.Watch == nil {
		return func(string) {}, func() {}
	}
	return o.Watch(ctx, verb)
}

// attempts is how often an apply or a destroy is tried that fails with an error
// that passes by itself.
const attempts = 3

// retry repeats what failed with one of the errors that Terratest knows to
// pass by themselves.
func (d *Directory) retry(ctx context.Context, try func() error) error {
	for attempt := 1; ; attempt++ {
		err := try()
		if err == nil || attempt == attempts || ctx.Err() != nil || !passing(err) {
			return err
		}
		headline, _, _ := strings.Cut(err.Error(), "\n")
		d.setup.Print(fmt.Sprintf("%s: again after: %s", d.Label(), headline))
		select {
		case <-ctx.Done():
			return err
		case <-time.After(d.setup.Pause):
		}
	}
}

// Run runs Terraform in the working directory, into the log. line, when set, is
// told each line of its output.
func (d *Directory) Run(ctx context.Context, line func(string), args ...string) error {
	log, err := os.OpenFile(d.LogPath(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("opening Terraform's log: %w", err)
	}
	defer func() { _ = log.Close() }()
	// The last Terraform's lock may still be in a process that is just being
	// started, which closes what it inherited.
	turn, err := workdir.WaitLock(ctx, d.TurnPath(), nil)
	if err != nil {
		return fmt.Errorf("running Terraform: %w", err)
	}
	defer func() { _ = turn.Close() }()
	if err := turn.Truncate(0); err != nil {
		return fmt.Errorf("running Terraform: %w", err)
	}
	_, _ = fmt.Fprintf(log, "\n== %s terraform %s\n", time.Now().Format(time.DateTime), strings.Join(args, " "))
	return d.setup.Tools.Terraform.Run(ctx, tfcli.Command{
		Args: args, Dir: d.WorkDir(), Env: append(os.Environ(), d.environment()...), Log: log, Line: line, Kill: d.setup.Kill, Held: turn,
	})
}

// output runs Terraform and returns what it prints.
func (d *Directory) output(ctx context.Context, args ...string) ([]byte, error) {
	return d.setup.Tools.Terraform.Output(ctx, tfcli.Command{Args: args, Dir: d.WorkDir(), Env: append(os.Environ(), d.environment()...)})
}

// environment of Terraform, on top of the process's own.
func (d *Directory) environment() []string {
	env := append([]string{}, d.setup.Environment...)
	env = append(env, d.Environment...)
	return append(env, "TF_CLI_CONFIG_FILE="+d.CLIConfigPath(), "TF_IN_AUTOMATION=1", "TF_INPUT=0", "CHECKPOINT_DISABLE=1")
}

// saveOutputs keeps the outputs, so that a validation of a kept deployment needs
// no Terraform.
func (d *Directory) saveOutputs(ctx context.Context) error {
	out, err := d.output(ctx, "output", "-json", "-no-color")
	if err != nil {
		return fmt.Errorf("reading outputs: %w", err)
	}
	var outputs map[string]struct {
		Value json.RawMessage `json:"value"`
	}
	if err := json.Unmarshal(out, &outputs); err != nil {
		return fmt.Errorf("reading outputs: %w", err)
	}
	values := map[string]json.RawMessage{}
	for name, output := range outputs {
		values[name] = output.Value
	}
	return d.SaveOutputs(values)
}

// Graph is what the resources depend on, as `terraform graph` has it.
func (d *Directory) Graph(ctx context.Context) (string, error) {
	out, err := d.output(ctx, "graph")
	if err != nil {
		return "", fmt.Errorf("graph of %s: %w", d.Label(), err)
	}
	return string(out), nil
}
