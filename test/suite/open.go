package suite

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/providers"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/tfcli"
)

// openTools finds Terraform and readies the search for providers, once: all
// that a check of the configurations needs.
func (s *Suite) openTools(ctx context.Context) error {
	s.openingTools.Lock()
	defer s.openingTools.Unlock()
	if s.finder != nil {
		return nil
	}
	tf, err := tfcli.Find(ctx, s.Terraform, filepath.Join(s.Root, ".bin"))
	if err != nil {
		return err
	}
	s.terraform = tf
	s.finder = providers.New(tf.RegistryHost(), s.Mirror, func(text string) { s.display.Print("note: " + text) })
	return forgetTerraformSettings()
}

// forgetTerraformSettings clears variables that would change what Terraform
// does in the work directories. The finder has read what it needs of them.
func forgetTerraformSettings() error {
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		switch {
		case strings.HasPrefix(name, "TF_VAR_"), strings.HasPrefix(name, "TF_CLI_ARGS"),
			name == "TF_WORKSPACE", name == "TF_DATA_DIR", name == "TF_CLI_CONFIG_FILE":
			if err := os.Unsetenv(name); err != nil {
				return err
			}
		}
	}
	return nil
}

// open readies the tools, the workspace and the cloud, once.
func (s *Suite) open() error {
	s.opening.Lock()
	defer s.opening.Unlock()
	if s.opened {
		return s.openError
	}
	s.opened = true
	s.openError = s.openAll()
	return s.openError
}

func (s *Suite) openAll() error {
	note := func(text string) { s.display.Print("note: " + text) }
	if err := s.openTools(s.ctx); err != nil {
		return err
	}
	var err error
	if s.workspace, err = OpenWorkspace(s.ctx, s.Root, s.Settings, note); err != nil {
		return err
	}
	s.cloud, err = openCloud(s.ctx, s.Settings, s.Root, s.workspace, note)
	return err
}

// name names what a run makes: the run's id keeps the names of runs apart.
func (s *Suite) name(part string) string { return part + "-" + s.workspace.Run.ID }

// common are the variables that every fixture has.
func (s *Suite) common(more map[string]any) map[string]any {
	variables := map[string]any{"region": s.Region, "tags": s.tags()}
	if s.Role != "" {
		variables["role_arn"] = s.Role
	}
	for name, value := range more {
		variables[name] = value
	}
	return variables
}
