package test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/test/suite"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/providers"
	"github.com/infrahouse/terraform-aws-ecs/test/targethealth"
	"github.com/infrahouse/terraform-aws-ecs/tools/packaging"
	"github.com/infrahouse/terraform-aws-ecs/tools/registry"
)

// Versions of the module in the test's registry.
const (
	lastVersion = "8.4.0"
	thisVersion = "8.5.0"
)

// TestConsumer installs the module as its callers do, from a registry by a
// version constraint: first its last release, then this tree. The move, with
// unchanged inputs, deletes and replaces nothing.
func TestConsumer(t *testing.T) {
	t.Parallel()
	server := startRegistry(t)
	run.EachProvider(t, func(t *testing.T, provider providers.Case) {
		d := run.Deployment(t, "httpd_extra_tg", provider)
		d.Environment = server.Environ(os.Getenv)
		defer d.Teardown(t)
		variables := func(shared suite.Prepared) map[string]any {
			return serviceVariables(shared, d.ServiceName("consumer"))
		}

		d.Mutate = installs(server, "~> "+lastVersion)
		d.Deploy(t, variables)
		assert.Equal(t, lastVersion, installedVersion(t, d))

		d.Mutate = installs(server, "~> "+thisVersion)
		for address, actions := range d.Plan(t, variables) {
			assert.NotContains(t, actions, "delete", "what the upgrade plans for %s", address)
		}
		d.Deploy(t, variables)
		assert.Equal(t, thisVersion, installedVersion(t, d))

		d.Validate(t, func(ctx context.Context, t testing.TB, v *suite.Validation) {
			var outputs serviceOutputs
			require.NoError(t, d.Outputs(&outputs))
			groups := append([]targethealth.Group{outputs.primaryGroup(80, "/", outputs.ExpectedBodies[primary])}, outputs.extraGroups()...)
			v.WaitHealthy(ctx, t, outputs.ClusterName, outputs.ServiceName, groups)
			for _, group := range groups {
				checkAnswer(ctx, t, v.Client(), group)
			}
		})
		d.Idempotence(t)
	})
}

// installs makes the fixture take the module from the registry, by a file that
// overrides its source:
// https://developer.hashicorp.com/terraform/language/files/override
func installs(server *registry.Server, constraint string) func(files map[string][]byte) {
	override := fmt.Appendf(nil, "module \"httpd\" {\n  source  = %q\n  version = %q\n}\n", server.Source(registry.ECS()), constraint)
	return func(files map[string][]byte) {
		files[filepath.Join("test_data", "httpd_extra_tg", "registry_override.tf")] = override
	}
}

// startRegistry serves the last release and this tree until the test ends. It skips
// the test where Terraform would not trust it.
func startRegistry(t *testing.T) *registry.Server {
	t.Helper()
	if runtime.GOOS == "darwin" || runtime.GOOS == "windows" {
		t.Skipf("on %s Terraform trusts only the system's certificate authorities, and the registry's is not one of them", runtime.GOOS)
	}
	last, err := packaging.Pack(os.DirFS(lastRelease(t)), lastVersion)
	require.NoError(t, err)
	this, err := packaging.Pack(os.DirFS(".."), thisVersion)
	require.NoError(t, err)
	server, err := registry.Start(t.Context(), t.TempDir(), registry.Handler(registry.ECS(), []*packaging.Archive{last, this}))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, server.Close()) })
	return server
}

// lastRelease is a directory with the tree of the newest tag. Before the first
// release, and in a clone without tags, it is this tree.
func lastRelease(t *testing.T) string {
	t.Helper()
	tag, err := exec.CommandContext(t.Context(), "git", "-C", "..", "describe", "--tags", "--abbrev=0", "--match=v*", "HEAD^").Output()
	if err != nil {
		t.Log("there is no release before this commit (no tag v*): the upgrade is from this tree to itself")
		return ".."
	}
	dir := t.TempDir()
	archive, tree := filepath.Join(dir, "release.tar"), filepath.Join(dir, "tree")
	require.NoError(t, os.Mkdir(tree, 0o700))
	for _, command := range [][]string{
		{"git", "-C", "..", "archive", "--output", archive, strings.TrimSpace(string(tag))},
		{"tar", "-xf", archive, "-C", tree},
	} {
		out, err := exec.CommandContext(t.Context(), command[0], command[1:]...).CombinedOutput() //nolint:gosec // both are written here
		require.NoError(t, err, "%v: %s", command, out)
	}
	return tree
}

// installedVersion is the module's version that Terraform installed.
func installedVersion(t *testing.T, d *suite.Deployment) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(d.WorkDir(), ".terraform", "modules", "modules.json"))
	require.NoError(t, err)
	var manifest struct {
		Modules []struct{ Key, Version string }
	}
	require.NoError(t, json.Unmarshal(text, &manifest))
	for _, module := range manifest.Modules {
		if module.Key == "httpd" {
			return module.Version
		}
	}
	return ""
}
