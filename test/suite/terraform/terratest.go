package terraform

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"

	"github.com/gruntwork-io/terratest/modules/logger"
	"github.com/gruntwork-io/terratest/modules/terraform"
	tt "github.com/gruntwork-io/terratest/modules/testing"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/workdir"
)

// options are Terratest's options for the working directory.
func (d *Directory) options(log logger.TestLogger) *terraform.Options {
	env := map[string]string{}
	for _, entry := range d.environment() {
		name, value, _ := strings.Cut(entry, "=")
		env[name] = value
	}
	return &terraform.Options{
		TerraformBinary: d.setup.Tools.Terraform.Path,
		TerraformDir:    d.WorkDir(),
		EnvVars:         env,
		NoColor:         true,
		Logger:          logger.New(log),
	}
}

// PlanIsEmpty plans, and returns an error that names what Terraform would change.
func (d *Directory) PlanIsEmpty(t tt.TestingT, ctx context.Context) error {
	log := &planLogger{path: d.LogPath()}
	// Terratest must not see a context that is done: it panics. The plan changes
	// nothing, so that it may as well end.
	code, err := terraform.PlanExitCodeContextE(t, context.WithoutCancel(ctx), d.options(log))
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return fmt.Errorf("plan: %w", err)
	case code == 2:
		return fmt.Errorf("the second plan is not empty (whole in %s):\n%s", workdir.Short(d.LogPath()), strings.Join(log.changes, "\n"))
	case code != 0:
		return fmt.Errorf("terraform plan failed, see the end of %s", workdir.Short(d.LogPath()))
	}
	return nil
}

// passing reports whether Terratest knows an error to pass by itself.
func passing(err error) bool {
	for pattern := range terraform.DefaultRetryableTerraformErrors {
		if matched, regexpErr := regexp.MatchString(pattern, err.Error()); regexpErr == nil && matched {
			return true
		}
	}
	return false
}

// planLogger takes Terratest's output into a log, and notes what a plan would
// change.
type planLogger struct {
	path    string
	mu      sync.Mutex // Terratest reads both outputs at the same time
	changes []string
}

// plannedChange is a plan's headline of a resource.
var plannedChange = regexp.MustCompile(`^\s+# \S.* (?:will|must) be `)

// Logf appends a line.
func (l *planLogger) Logf(_ tt.TestingT, format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	line := fmt.Sprintf(format, args...)
	if plannedChange.MatchString(line) {
		l.changes = append(l.changes, line)
	}
	file, err := os.OpenFile(l.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return // the output is also in Terratest's own error
	}
	defer func() { _ = file.Close() }()
	_, _ = fmt.Fprintln(file, line)
}

// Changes are the actions that Terraform plans, by the resource's address:
// "create", "update", "delete" or, for a replacement, "delete" and "create".
// Resources that stay as they are do not appear.
type Changes map[string][]string

// readChanges reads the JSON of a plan, which Terratest knows:
// https://developer.hashicorp.com/terraform/internals/json-format#plan-representation
func readChanges(plan []byte) (Changes, error) {
	read, err := terraform.ParsePlanJSON(string(plan))
	if err != nil {
		return nil, fmt.Errorf("reading the plan: %w", err)
	}
	changes := Changes{}
	for address, resource := range read.ResourceChangesMap {
		if resource.Mode != "managed" {
			continue
		}
		if resource.Change == nil {
			return nil, errors.New("reading the plan: " + address + " has no change")
		}
		if resource.Change.Actions.NoOp() {
			continue
		}
		for _, action := range resource.Change.Actions {
			changes[address] = append(changes[address], string(action))
		}
	}
	return changes, nil
}
