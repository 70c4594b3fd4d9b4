package registry_test

import (
	"bytes"
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

	"github.com/infrahouse/terraform-aws-ecs/test/suite/providers"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/tfcli"
	"github.com/infrahouse/terraform-aws-ecs/tools/packaging"
	"github.com/infrahouse/terraform-aws-ecs/tools/registry"
)

// What Terraform itself installs from the registry: the newest release that
// the constraint admits, complete, so that the configuration is valid.
func TestTerraformInstallsTheModule(t *testing.T) {
	t.Parallel()
	caller := newCaller(t)
	older, err := packaging.Pack(os.DirFS("../.."), "1.0.0")
	require.NoError(t, err)
	newer, err := packaging.Pack(os.DirFS("../.."), "1.1.0")
	require.NoError(t, err)
	breaking, err := packaging.Pack(os.DirFS("../.."), "2.0.0")
	require.NoError(t, err)
	server := start(t, older, breaking, newer)

	out, err := caller.run(t, server, "~> 1.0", "init", "-input=false", "-no-color")
	require.NoError(t, err, out)
	installed := caller.installed(t)
	assert.Equal(t, "1.1.0", installed.Version)
	assert.Equal(t, server.Source(registry.ECS()), installed.Source)
	for _, name := range newer.Files {
		assert.FileExists(t, filepath.Join(caller.dir, installed.Dir, name))
	}

	out, err = caller.run(t, server, "~> 1.0", "validate", "-no-color")
	require.NoError(t, err, out)
}

// An archive that lacks a file that the configuration needs does not install.
func TestTerraformRefusesAnIncompleteModule(t *testing.T) {
	t.Parallel()
	caller := newCaller(t)
	root, err := packaging.Collect(os.DirFS("../.."), []string{"*.tf"})
	require.NoError(t, err)
	var content bytes.Buffer
	require.NoError(t, root.Write(&content))
	server := start(t, &packaging.Archive{Version: "1.0.0", Name: "incomplete.tar.gz", Content: content.Bytes()})
	out, err := caller.run(t, server, "~> 1.0", "init", "-input=false", "-no-color")
	require.Error(t, err)
	assert.Regexp(t, `(?s)Unreadable module directory|no such file or directory`, out)
}

func TestTerraformFindsNoVersion(t *testing.T) {
	t.Parallel()
	caller := newCaller(t)
	server := start(t, release("1.0.0"))
	out, err := caller.run(t, server, "~> 3.0", "init", "-input=false", "-no-color")
	require.Error(t, err)
	assert.Contains(t, out, "Unresolvable module version constraint")
}

// caller is a configuration that calls the module from a registry.
type caller struct {
	dir       string
	terraform tfcli.Terraform
	config    string // CLI configuration
}

func newCaller(t *testing.T) *caller {
	t.Helper()
	if runtime.GOOS == "darwin" || runtime.GOOS == "windows" {
		t.Skipf("on %s Terraform trusts the system's authorities only, and the registry's is none of them", runtime.GOOS)
	}
	terraform, err := tfcli.Find(t.Context(), os.Getenv("TEST_TERRAFORM"), filepath.Join("..", "..", ".bin"))
	require.NoError(t, err)
	finder := providers.New(terraform.RegistryHost(), os.Getenv("TEST_PROVIDER_MIRROR"), func(note string) { t.Log(note) })
	sources, err := finder.Find(t.Context(), providers.Case{Name: "any", Constraint: ">= 5.100, < 7.0"})
	if err != nil {
		t.Skipf("terraform init needs a provider: %v", err)
	}
	dir := t.TempDir()
	config := filepath.Join(dir, "cli.tfrc")
	require.NoError(t, finder.WriteConfig(config, sources[0], filepath.Join(dir, "plugins")))
	return &caller{dir: dir, terraform: terraform, config: config}
}

const configuration = `
terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

provider "aws" {
  region = "us-west-2"
}

module "ecs" {
  source  = %q
  version = %q
  providers = {
    aws     = aws
    aws.dns = aws
  }

  service_name          = "web"
  docker_image          = "httpd"
  dns_names             = ["web"]
  zone_id               = "Z123"
  load_balancer_subnets = ["subnet-1", "subnet-2"]
  asg_subnets           = ["subnet-3", "subnet-4"]
  alarm_emails          = ["alarms@example.com"]
}
`

// run runs Terraform on a configuration with a version constraint, and returns
// what it said.
func (c *caller) run(t *testing.T, server *registry.Server, constraint string, args ...string) (string, error) {
	t.Helper()
	text := fmt.Sprintf(configuration, server.Source(registry.ECS()), constraint)
	require.NoError(t, os.WriteFile(filepath.Join(c.dir, "main.tf"), []byte(text), 0o600))
	command := exec.CommandContext(t.Context(), c.terraform.Path, args...)
	command.Dir = c.dir
	command.Env = append(os.Environ(), server.Environ(os.Getenv)...)
	command.Env = append(command.Env, "TF_CLI_CONFIG_FILE="+c.config, "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1")
	out, err := command.CombinedOutput()
	// Terraform breaks long lines.
	return strings.Join(strings.Fields(string(out)), " "), err
}

type installation struct {
	Key, Source, Version, Dir string
}

// installed is what Terraform noted of the module "ecs".
func (c *caller) installed(t *testing.T) installation {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(c.dir, ".terraform", "modules", "modules.json"))
	require.NoError(t, err)
	var manifest struct{ Modules []installation }
	require.NoError(t, json.Unmarshal(text, &manifest))
	for _, module := range manifest.Modules {
		if module.Key == "ecs" {
			return module
		}
	}
	require.Fail(t, "the module ecs is not installed", "%s", text)
	return installation{}
}
