package terraform

import (
	"context"
	"fmt"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/tffiles"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/workdir"
)

// planFile is where the plan is kept, in the working directory.
const planFile = "suite.tfplan"

// Plan plans what the next Apply of these variables would do.
func (d *Directory) Plan(ctx context.Context, variables map[string]any, o Observer) (Changes, error) {
	files, err := d.files(variables)
	if err != nil {
		return nil, err
	}
	// What was applied is no longer what lies in the work directory.
	d.Record.Applied = ""
	if err := d.Save(); err != nil {
		return nil, err
	}
	if err := tffiles.Sync(d.ConfigurationDir(), files); err != nil {
		return nil, err
	}
	if err := d.Init(ctx, o); err != nil {
		return nil, err
	}
	if err := d.Run(ctx, nil, "plan", "-input=false", "-no-color", "-out="+planFile); err != nil {
		return nil, fmt.Errorf("%w\n(Terraform's full output: %s)", err, workdir.Short(d.LogPath()))
	}
	out, err := d.output(ctx, "show", "-json", planFile)
	if err != nil {
		return nil, fmt.Errorf("reading the plan: %w", err)
	}
	return readChanges(out)
}
