package suite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/progress"
)

// taintedAddresses lists the resource instances of a state that Terraform
// would replace because their creation did not end.
func taintedAddresses(stateFile string) ([]string, error) {
	var state struct {
		Resources []struct {
			Module    string `json:"module"`
			Type      string `json:"type"`
			Name      string `json:"name"`
			Instances []struct {
				Index   json.RawMessage `json:"index_key"`
				Status  string          `json:"status"`
				Deposed string          `json:"deposed"`
			} `json:"instances"`
		} `json:"resources"`
	}
	if err := readJSON(stateFile, &state); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		return nil, err
	}
	var addresses []string
	for _, resource := range state.Resources {
		for _, instance := range resource.Instances {
			if instance.Status != "tainted" || instance.Deposed != "" {
				continue
			}
			address := strings.TrimPrefix(resource.Module+"."+resource.Type+"."+resource.Name, ".")
			if len(instance.Index) > 0 {
				address += "[" + string(instance.Index) + "]"
			}
			addresses = append(addresses, address)
		}
	}
	return addresses, nil
}

// resume readies the state that an interrupted apply left. What it was just
// waiting for is tainted, though it is there: replacing it would not only take
// longer, it can't even be done where the new one has the same name and is
// made first. So it is taken as it is, and the plan sees what it still lacks.
func (d *Deployment) resume(ctx context.Context, task *progress.Task) error {
	if !d.record.Interrupted {
		return nil
	}
	task.Detail("taking up what was interrupted")
	addresses, err := taintedAddresses(filepath.Join(d.WorkDir(), "terraform.tfstate"))
	if err != nil {
		return err
	}
	for _, address := range addresses {
		if err := d.terraform(ctx, nil, "untaint", "-no-color", "-lock-timeout=120s", address); err != nil {
			return fmt.Errorf("taking up %s: %w", address, err)
		}
	}
	return nil
}
