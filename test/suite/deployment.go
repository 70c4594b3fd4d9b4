package suite

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/gruntwork-io/terratest/modules/terraform"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/progress"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/providers"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/report"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/tfcli"
)

// Files of a deployment's directory.
const (
	deploymentFile = "deployment.json"
	outputsFile    = "outputs.json"
	logFile        = "terraform.log"
	configFile     = "terraform.rc"
	variablesFile  = "suite.auto.tfvars.json"
)

// parallelism is a Deployment's unless it says another.
const parallelism = 20

// Deployment is one fixture in its work directory, with the state of what it
// made.
type Deployment struct {
	Name    string // as the progress shows it: aws-6, network
	Dir     string
	Fixture string
	Case    providers.Case
	// Parallelism is how many resources Terraform changes at a time. 0: as many
	// as is good, since the provider mostly waits.
	Parallelism int
	// Mutate, when set, may change the configuration's copy before it is
	// applied: to break it on purpose.
	Mutate func(files map[string][]byte)
	// Environment is what Terraform is given besides, as NAME=value.
	Environment []string

	suite   *Suite
	record  deploymentRecord
	seen    seen
	changes *report.Changes // of the stage that is under way; nil before Terraform changed anything
}

// deploymentRecord is what a deployment remembers between runs.
type deploymentRecord struct {
	Fixture  string `json:"fixture"`
	Name     string `json:"name"`
	Case     string `json:"case"`
	Provider string `json:"provider"` // version that init chose
	Source   string `json:"source"`   // where that version came from
	Applied  string `json:"applied"`  // hash of what was applied; "" unless an apply ended well
	// Interrupted says that an apply was, and that none ended well since.
	Interrupted bool `json:"interrupted"`
	// Killed says that nobody saw an apply or a destroy end, or that its provider
	// ended before it: the state may lack what it made last. Cut says that an apply was interrupted at some time: of a
	// request that was under way just then, nobody saw the answer.
	Killed     bool                     `json:"killed"`
	Cut        bool                     `json:"cut"`
	Idempotent string                   `json:"idempotent"` // hash of what was applied when a second plan was empty
	Seconds    map[string]float64       `json:"seconds"`    // by stage, of the last time that it ran
	Healthy    map[string]healthyRecord `json:"healthy"`    // by target
}

// healthyRecord keeps how long a target took, for later validations of a kept
// deployment.
type healthyRecord struct {
	Seconds float64 `json:"seconds"`
	AtMost  bool    `json:"at_most"`
}

// deployment returns the deployment of a fixture in the workspace, with what
// it remembers.
func (s *Suite) deployment(group, name, fixture string, c providers.Case) (*Deployment, error) {
	d := &Deployment{Name: name, Dir: s.workspace.path(group, name), Fixture: fixture, Case: c, suite: s}
	var err error
	if d.record, err = readRecord(d.Dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if d.record.Seconds == nil {
		d.record.Seconds = map[string]float64{}
	}
	if d.record.Healthy == nil {
		d.record.Healthy = map[string]healthyRecord{}
	}
	d.record.Fixture, d.record.Name, d.record.Case = fixture, name, c.Name
	return d, nil
}

// openDeployment takes up a deployment from its directory, to destroy it.
func (s *Suite) openDeployment(dir string) (*Deployment, error) {
	record, err := readRecord(dir)
	if err != nil {
		return nil, err
	}
	if record.Seconds == nil {
		record.Seconds = map[string]float64{}
	}
	c := providers.Case{Name: record.Case}
	for _, known := range s.cases() {
		if known.Name == record.Case {
			c = known
		}
	}
	return &Deployment{Name: record.Name, Dir: dir, Fixture: record.Fixture, Case: c, suite: s, record: record}, nil
}

// WorkDir is where Terraform runs and keeps the state.
func (d *Deployment) WorkDir() string {
	return filepath.Join(d.Dir, "configuration", "test_data", d.Fixture)
}

// LogPath is the file with all that Terraform said.
func (d *Deployment) LogPath() string { return filepath.Join(d.Dir, logFile) }

func (d *Deployment) save() error { return writeJSON(filepath.Join(d.Dir, deploymentFile), d.record) }

// pinFile is an override file, which narrows the fixture's own constraint on the
// provider to the case's.
const pinFile = "suite_pin_override.tf"

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
func (d *Deployment) files(variables map[string]any) (map[string][]byte, error) {
	files, err := sourceFiles(d.suite.Root, d.Fixture)
	if err != nil {
		return nil, err
	}
	base := filepath.Join("test_data", d.Fixture)
	files[filepath.Join(base, pinFile)] = fmt.Appendf(nil, pinTemplate, d.Case.Constraint)
	values, err := json.MarshalIndent(variables, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("variables of %s: %w", d.Fixture, err)
	}
	files[filepath.Join(base, variablesFile)] = values
	if d.suite.Mutate != nil {
		d.suite.Mutate(d, files)
	}
	if d.Mutate != nil {
		d.Mutate(files)
	}
	return files, nil
}

// apply makes the fixture be there. It does nothing when just this
// configuration was applied before; changed says which it was.
func (d *Deployment) apply(ctx context.Context, variables map[string]any, task *progress.Task) (changed bool, err error) {
	files, err := d.files(variables)
	if err != nil {
		return false, err
	}
	hash := hashFiles(files)
	if d.record.Applied == hash {
		if _, err := os.Stat(filepath.Join(d.Dir, outputsFile)); err == nil {
			return false, nil
		}
	}
	d.record.Applied, d.record.Healthy = "", map[string]healthyRecord{}
	if err := d.save(); err != nil {
		return true, err
	}
	if err := syncFiles(filepath.Join(d.Dir, "configuration"), files); err != nil {
		return true, err
	}
	if err := d.init(ctx, task); err != nil {
		return true, err
	}
	if err := d.resume(ctx, task); err != nil {
		return true, err
	}
	if err := d.change(ctx, task, "apply"); err != nil {
		if ctx.Err() != nil {
			d.record.Interrupted, d.record.Cut = true, true
		}
		return true, errors.Join(err, d.save())
	}
	if err := d.saveOutputs(ctx); err != nil {
		return true, err
	}
	d.record.Applied, d.record.Interrupted = hash, false
	return true, d.save()
}

// destroy unmakes what the state holds.
func (d *Deployment) destroy(ctx context.Context, task *progress.Task) error {
	if n, err := resourcesInState(d.Dir); err != nil || n == 0 {
		return err
	}
	d.record.Applied = ""
	if err := d.save(); err != nil {
		return err
	}
	// The last that an init writes is the lock file.
	if _, err := os.Stat(filepath.Join(d.WorkDir(), ".terraform.lock.hcl")); err != nil {
		if err := d.init(ctx, task); err != nil {
			return err
		}
	} else if err := d.writeConfig(); err != nil {
		return err
	}
	return d.unblocked(ctx, func() error { return d.change(ctx, task, "destroy") })
}

// change runs apply or destroy and counts its resources.
func (d *Deployment) change(ctx context.Context, task *progress.Task, verb string) error {
	var count tfcli.Progress
	before := d.record.Killed
	d.record.Killed = true
	if err := d.save(); err != nil {
		return err
	}
	record, stop := d.recordHealth(ctx, verb)
	killed := false // in any of the attempts
	err := d.retry(ctx, func() error {
		err := d.terraform(ctx, func(line string) {
			record(line)
			if count.Line(line) {
				task.Detail("%d of %d resources", count.Done, count.Planned)
			}
		}, verb, "-input=false", "-auto-approve", "-no-color", "-parallelism="+strconv.Itoa(cmp.Or(d.Parallelism, parallelism)), "-lock-timeout=120s")
		killed = killed || errors.Is(err, tfcli.ErrKilled)
		return err
	})
	stop()
	d.changes = &report.Changes{Added: count.Added, Changed: count.Changed, Destroyed: count.Destroyed}
	d.record.Killed = before || killed
	return errors.Join(err, d.save())
}

// attempts, and the pause between them, for errors that pass by themselves.
const (
	attempts     = 3
	attemptPause = 5 * time.Second
)

// retry repeats what failed with one of the errors that Terratest knows to
// pass by themselves. (Terratest's own loop panics on a cancelled context.)
func (d *Deployment) retry(ctx context.Context, try func() error) error {
	for attempt := 1; ; attempt++ {
		err := try()
		if err == nil || attempt == attempts || ctx.Err() != nil || !passing(err) {
			return err
		}
		d.suite.display.Print(fmt.Sprintf("%s: again after: %s", d.label(), headline(err)))
		select {
		case <-ctx.Done():
			return err
		case <-time.After(d.suite.pause):
		}
	}
}

func passing(err error) bool {
	for pattern := range terraform.DefaultRetryableTerraformErrors {
		if matched, regexpErr := regexp.MatchString(pattern, err.Error()); regexpErr == nil && matched {
			return true
		}
	}
	return false
}

func headline(err error) string { return headlineOf(err.Error()) }

func headlineOf(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// terraform runs Terraform in the working directory, into the log.
func (d *Deployment) terraform(ctx context.Context, line func(string), args ...string) error {
	log, err := os.OpenFile(d.LogPath(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("opening Terraform's log: %w", err)
	}
	defer func() { _ = log.Close() }()
	// The last Terraform's lock may still be in a process that is just being
	// started, which closes what it inherited.
	turn, err := waitLock(ctx, filepath.Join(d.Dir, turnFile), nil)
	if err != nil {
		return fmt.Errorf("running Terraform: %w", err)
	}
	defer func() { _ = turn.Close() }()
	if err := turn.Truncate(0); err != nil {
		return fmt.Errorf("running Terraform: %w", err)
	}
	_, _ = fmt.Fprintf(log, "\n== %s terraform %s\n", time.Now().Format(time.DateTime), strings.Join(args, " "))
	return d.suite.terraform.Run(ctx, tfcli.Command{
		Args: args, Dir: d.WorkDir(), Env: d.environment(), Log: log, Line: line, Kill: d.suite.kill, Held: turn,
	})
}

// environment of Terraform.
func (d *Deployment) environment() []string {
	env := append(os.Environ(), d.suite.cloud.Environment()...)
	env = append(env, d.Environment...)
	return append(env, "TF_CLI_CONFIG_FILE="+filepath.Join(d.Dir, configFile), "TF_IN_AUTOMATION=1", "TF_INPUT=0", "CHECKPOINT_DISABLE=1")
}

// saveOutputs keeps the outputs in a file, so that a validation of a kept
// deployment needs no Terraform.
func (d *Deployment) saveOutputs(ctx context.Context) error {
	out, err := d.suite.terraform.Output(ctx, tfcli.Command{Args: []string{"output", "-json", "-no-color"}, Dir: d.WorkDir(), Env: d.environment()})
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
	return writeJSON(filepath.Join(d.Dir, outputsFile), values)
}

// Outputs reads the deployment's outputs into a struct with json tags.
func (d *Deployment) Outputs(into any) error {
	err := readJSON(filepath.Join(d.Dir, outputsFile), into)
	if errors.Is(err, fs.ErrNotExist) {
		stage := StageDeploy
		if filepath.Dir(d.Dir) == d.suite.workspace.path(stagePrepare) {
			stage = stagePrepare
		}
		return fmt.Errorf("%s is not deployed: run without SKIP_%s", d.label(), stage)
	}
	return err
}

// Options are Terratest's options for the working directory.
func (d *Deployment) Options() *terraform.Options {
	env := map[string]string{}
	for _, entry := range d.environment()[len(os.Environ()):] {
		name, value, _ := strings.Cut(entry, "=")
		env[name] = value
	}
	return &terraform.Options{
		TerraformBinary: d.suite.terraform.Path,
		TerraformDir:    d.WorkDir(),
		EnvVars:         env,
		NoColor:         true,
		Logger:          d.logger(),
	}
}

// resourcesInState counts the resources in a deployment's state. No state is
// none.
func resourcesInState(dir string) (int, error) {
	record, err := readRecord(dir)
	if err != nil {
		return 0, err
	}
	var state struct {
		Resources []struct {
			Mode      string            `json:"mode"`
			Instances []json.RawMessage `json:"instances"`
		} `json:"resources"`
	}
	err = readJSON(filepath.Join(dir, "configuration", "test_data", record.Fixture, stateFile), &state)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	managed := 0
	for _, resource := range state.Resources {
		if resource.Mode == "managed" {
			managed += len(resource.Instances)
		}
	}
	return managed, err
}
