package suite

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/progress"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/report"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/tfcli"
)

// stagePlan tells what a change of a deployment would do, before Deploy does it.
const stagePlan = report.Plan

// planFile is where the plan is kept, in the working directory.
const planFile = "suite.tfplan"

// Changes are the actions that Terraform plans, by the resource's address:
// "create", "update", "delete" or, for a replacement, "delete" and "create".
// Resources that stay as they are do not appear.
type Changes map[string][]string

// Plan plans what the next Deploy would apply, and fails the test when that does
// not work.
func (d *Deployment) Plan(t *testing.T, variables func(Prepared) map[string]any) Changes {
	t.Helper()
	prepared, err := d.suite.Prepare()
	if err != nil {
		t.Fatal(err)
	}
	var changes Changes
	err = d.stage(stagePlan, func(task *progress.Task) (string, error) {
		changes, err = d.plan(d.suite.ctx, d.suite.common(variables(prepared)), task)
		return fmt.Sprintf("%d resources would change", len(changes)), err
	})
	if err != nil {
		t.Fatal(err)
	}
	return changes
}

func (d *Deployment) plan(ctx context.Context, variables map[string]any, task *progress.Task) (Changes, error) {
	files, err := d.files(variables)
	if err != nil {
		return nil, err
	}
	// What was applied is no longer what lies in the work directory.
	d.record.Applied = ""
	if err := d.save(); err != nil {
		return nil, err
	}
	if err := syncFiles(filepath.Join(d.Dir, "configuration"), files); err != nil {
		return nil, err
	}
	if err := d.init(ctx, task); err != nil {
		return nil, err
	}
	if err := d.terraform(ctx, nil, "plan", "-input=false", "-no-color", "-out="+planFile); err != nil {
		return nil, fmt.Errorf("%w\n(all that Terraform said: %s)", err, short(d.LogPath()))
	}
	out, err := d.suite.terraform.Output(ctx, tfcli.Command{Args: []string{"show", "-json", planFile}, Dir: d.WorkDir(), Env: d.environment()})
	if err != nil {
		return nil, fmt.Errorf("reading the plan: %w", err)
	}
	return readChanges(out)
}

// readChanges reads https://developer.hashicorp.com/terraform/internals/json-format#plan-representation.
func readChanges(plan []byte) (Changes, error) {
	var read struct {
		ResourceChanges []struct {
			Address string `json:"address"`
			Mode    string `json:"mode"`
			Change  struct {
				Actions []string `json:"actions"`
			} `json:"change"`
		} `json:"resource_changes"`
	}
	if err := json.Unmarshal(plan, &read); err != nil {
		return nil, fmt.Errorf("reading the plan: %w", err)
	}
	changes := Changes{}
	for _, resource := range read.ResourceChanges {
		if resource.Mode == "managed" && strings.Join(resource.Change.Actions, "") != "no-op" {
			changes[resource.Address] = resource.Change.Actions
		}
	}
	return changes, nil
}
