// Package suite runs the module's integration tests: it takes each of them
// through its stages, by each release line of the provider, on the cloud in use.
package suite

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/settings"
)

// Settings are what the environment says of a run.
type Settings = settings.Settings

// ReadSettings reads the environment.
func ReadSettings(getenv func(string) string) (Settings, error) { return settings.Read(getenv) }

// Clouds that the tests know.
const (
	Local = settings.Local
	AWS   = settings.AWS
)

// Root returns the repository's root: the nearest directory upwards of the
// working directory that has go.mod.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("working directory: %w", err)
	}
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			return at, nil
		}
		if at == filepath.Dir(at) {
			return "", fmt.Errorf("%s is not inside the repository: no go.mod above it", dir)
		}
	}
}
