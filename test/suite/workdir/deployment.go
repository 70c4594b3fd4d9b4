package workdir

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Files of a deployment's directory.
const (
	recordFile    = "deployment.json"
	outputsFile   = "outputs.json"
	logFile       = "terraform.log"
	cliConfigFile = "terraform.rc"
	turnFile      = "terraform.lock" // locked, also by Terraform itself, while Terraform runs
)

// Files that Terraform writes into its working directory.
const (
	StateFile   = "terraform.tfstate"
	LockFile    = ".terraform.lock.hcl" // the last that an init writes
	ErroredFile = "errored.tfstate"     // the state, when it can't be written in its place
)

// Deployment is the directory of one fixture, with the state of what it made.
type Deployment struct {
	Dir    string
	Record Record
}

// Record is what a deployment remembers between runs.
type Record struct {
	Fixture  string `json:"fixture"`
	Name     string `json:"name"`
	Case     string `json:"case"`
	Provider string `json:"provider"` // version that init chose
	Source   string `json:"source"`   // where that version came from
	Applied  string `json:"applied"`  // hash of what was applied; "" unless an apply ended well
	// Interrupted says that an apply was, and that none ended well since.
	Interrupted bool `json:"interrupted"`
	// Killed says that an apply or a destroy was not seen to end, or that its
	// provider ended before it: the state may lack what it made last. Cut says
	// that an apply was interrupted at some time: the answer to a request that
	// was under way just then was lost.
	Killed     bool               `json:"killed"`
	Cut        bool               `json:"cut"`
	Idempotent string             `json:"idempotent"` // hash of what was applied when a second plan was empty
	Seconds    map[string]float64 `json:"seconds"`    // by stage, of the last time that it ran
	Healthy    map[string]Healthy `json:"healthy"`    // by target
}

// Healthy keeps how long a target took to become healthy, for later validations
// of a kept deployment.
type Healthy struct {
	Seconds float64 `json:"seconds"`
	AtMost  bool    `json:"at_most"`
}

// Deployment is the deployment of a fixture in a group, with what it remembers.
func (w *Dir) Deployment(group, name, fixture, providerCase string) (*Deployment, error) {
	d, err := Take(w.DeploymentDir(group, name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	d.Record.Fixture, d.Record.Name, d.Record.Case = fixture, name, providerCase
	return d, nil
}

// Take takes up a deployment from its directory.
func Take(dir string) (*Deployment, error) {
	record, err := ReadRecord(dir)
	if record.Seconds == nil {
		record.Seconds = map[string]float64{}
	}
	if record.Healthy == nil {
		record.Healthy = map[string]Healthy{}
	}
	return &Deployment{Dir: dir, Record: record}, err
}

// ReadRecord reads what a deployment remembers. Of a damaged record only what
// a destroy needs can be known, by the names of the directories.
func ReadRecord(dir string) (Record, error) {
	var record Record
	err := ReadJSON(filepath.Join(dir, recordFile), &record)
	if !errors.Is(err, ErrDamaged) {
		return record, err
	}
	configurations, globError := filepath.Glob(workingDirectory(dir, "*"))
	if globError != nil || len(configurations) != 1 {
		return record, err
	}
	name := filepath.Base(dir)
	return Record{Fixture: filepath.Base(configurations[0]), Name: name, Case: name, Killed: true}, nil
}

// Label is how a run's output names the deployment: by fixture and provider case
// in a test, by its own name in the prepare stage.
func (d *Deployment) Label() string {
	if d.Record.Name == d.Record.Case {
		return d.Record.Fixture + " " + d.Record.Name
	}
	return d.Record.Name
}

// Save writes what the deployment remembers.
func (d *Deployment) Save() error { return WriteJSON(filepath.Join(d.Dir, recordFile), d.Record) }

// ConfigurationDir is where the fixture is copied to, with the module that it calls.
func (d *Deployment) ConfigurationDir() string { return filepath.Join(d.Dir, "configuration") }

// WorkDir is where Terraform runs and keeps the state.
func (d *Deployment) WorkDir() string { return workingDirectory(d.Dir, d.Record.Fixture) }

func workingDirectory(dir, fixture string) string {
	return filepath.Join(dir, "configuration", "test_data", fixture)
}

// LogPath is the file with Terraform's full output.
func (d *Deployment) LogPath() string { return filepath.Join(d.Dir, logFile) }

// CLIConfigPath is the CLI configuration that says where the provider comes from.
func (d *Deployment) CLIConfigPath() string { return filepath.Join(d.Dir, cliConfigFile) }

// TurnPath is the file that is locked while Terraform runs.
func (d *Deployment) TurnPath() string { return filepath.Join(d.Dir, turnFile) }

// StatePath is Terraform's state.
func (d *Deployment) StatePath() string { return filepath.Join(d.WorkDir(), StateFile) }

// HasOutputs reports whether outputs were saved.
func (d *Deployment) HasOutputs() bool {
	_, err := os.Stat(filepath.Join(d.Dir, outputsFile))
	return err == nil
}

// SaveOutputs keeps the outputs' values in a file, so that a validation of a
// kept deployment needs no Terraform.
func (d *Deployment) SaveOutputs(values map[string]json.RawMessage) error {
	return WriteJSON(filepath.Join(d.Dir, outputsFile), values)
}

// ReadOutputs reads the outputs into a struct with json tags.
func (d *Deployment) ReadOutputs(into any) error {
	return ReadJSON(filepath.Join(d.Dir, outputsFile), into)
}
