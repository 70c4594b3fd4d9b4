// Package suitetest gives the suite's own tests a run that needs no cloud, no
// provider and no Terraform: it plays all three.
package suitetest

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/interrupt"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/progress"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/run"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/settings"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/stages"
	"github.com/infrahouse/terraform-aws-ecs/test/targethealth"
)

// Nowhere is a cloud in which nothing is.
type Nowhere struct {
	Left   []string // what it says is left
	SDK    aws.Config
	Closed bool
}

// Environment is empty.
func (*Nowhere) Environment() []string { return nil }

// Config is the one that the test has set.
func (c *Nowhere) Config() aws.Config { return c.SDK }

// Client is Go's own.
func (*Nowhere) Client() *http.Client { return http.DefaultClient }

// ParentZone is example.com.
func (*Nowhere) ParentZone() string { return "example.com" }

// CurlOptions name an authority.
func (*Nowhere) CurlOptions(context.Context, string, int) ([]string, string, error) {
	return []string{"--cacert", "ca.pem"}, "", nil
}

// Patience is none, but for the pause between two looks.
func (*Nowhere) Patience() targethealth.Patience {
	return targethealth.Patience{Poll: 10 * time.Millisecond}
}

// Leftovers are what the test has set.
func (c *Nowhere) Leftovers(context.Context) ([]string, error) { return c.Left, nil }

// Close is remembered.
func (c *Nowhere) Close(context.Context) error {
	c.Closed = true
	return nil
}

// fakeTerraform plays init, apply, output and destroy on a state of one
// resource, and notes each call in the file calls of its working directory. Its
// provider crashes where there is a file named crash, a script that is run then.
// Where there is a file named slow, an apply waits until it is interrupted; a
// destroy where there is one named slow-destroy, or until there is one named end.
const fakeTerraform = `#!/bin/sh
if [ "$1" = version ]; then echo '{"terraform_version": "1.11.4"}'; exit; fi
echo "$1" >> calls
case "$1" in
init) printf 'provider "registry.terraform.io/hashicorp/aws" {\n  version     = "5.100.0"\n}\n' > .terraform.lock.hcl; mkdir -p .terraform ;;
apply)
  echo 'Plan: 1 to add, 0 to change, 0 to destroy.'
  if [ -e broken ]; then printf '╷\n│ Error: it is broken\n╵\n'; exit 1; fi
  if [ -e crash ]; then
    printf '╷\n│ Error: Plugin did not respond\n│ \n│ The plugin encountered an error: transport is closing\n╵\n'
    sh crash
    exit 1
  fi
  echo '{"resources": [{"mode": "managed", "instances": [{}]}]}' > terraform.tfstate
  if [ -e slow ]; then
    trap 'echo "Gracefully shutting down..."; exit 1' INT
    echo 'aws_lb.this: Creating...'
    while :; do sleep 0.05; done
  fi
  echo 'aws_vpc.this: Creation complete after 1s [id=vpc-1]' ;;
output) echo '{"vpc_id": {"value": "vpc-1"}}' ;;
destroy)
  if [ -e slow-destroy ]; then
    trap 'echo "Gracefully shutting down..."; exit 1' INT
    echo 'aws_lb.this: Destroying...'
    while [ ! -e end ]; do sleep 0.05; done
  fi
  echo '{"resources": []}' > terraform.tfstate
  echo 'aws_vpc.this: Destruction complete after 1s' ;;
esac
`

// NewRun makes a run over a repository with one fixture, named network, with a
// Terraform that is played and in a cloud that is Nowhere. variables are the
// environment's. What the run shows is in the buffer.
func NewRun(t *testing.T, variables map[string]string) (*run.Run, *bytes.Buffer) {
	t.Helper()
	root := t.TempDir()
	Lay(t, root, map[string]string{"test_data/network/main.tf": "# network"})
	environment := map[string]string{"TEST_TERRAFORM": filepath.Join(root, "terraform"), "TEST_PROVIDER_MIRROR": Mirror(t, "5.100.0", "6.22.0")}
	syscall.ForkLock.RLock() // no child may inherit the open file: it could not be run then
	require.NoError(t, os.WriteFile(environment["TEST_TERRAFORM"], []byte(fakeTerraform), 0o755))
	syscall.ForkLock.RUnlock()
	for name, value := range variables {
		environment[name] = value
	}
	s, err := settings.Read(func(name string) string { return environment[name] })
	require.NoError(t, err)

	var out bytes.Buffer
	display := progress.New(&out, progress.Options{})
	r := run.At(context.WithoutCancel(t.Context()), root, s, display)
	r.Cloud, r.Pause = &Nowhere{}, 0
	require.NoError(t, r.Open())
	require.NoError(t, os.MkdirAll(r.Workdir.LocalawsDir(), 0o755))
	t.Cleanup(func() { display.Close(); r.Workdir.Close() })
	return r, &out
}

// Mirror is a directory with releases of the provider.
func Mirror(t *testing.T, versions ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, version := range versions {
		name := filepath.Join("registry.terraform.io/hashicorp/aws", version, runtime.GOOS+"_"+runtime.GOARCH, "terraform-provider-aws_v"+version)
		Lay(t, dir, map[string]string{name: ""})
	}
	return dir
}

// Network is the deployment of the fixture of a NewRun, in the test TestX. change
// may change its configuration.
func Network(t *testing.T, r *run.Run, change ...map[string]string) *stages.Deployment {
	t.Helper()
	d, err := stages.New(r, "TestX", "aws-5", "network", r.Settings.Cases()[0])
	require.NoError(t, err)
	d.Mutate = func(files map[string][]byte) {
		for _, more := range change {
			for name, text := range more {
				files[filepath.Join("test_data/network", name)] = []byte(text)
			}
		}
	}
	return d
}

// Deploy applies a deployment.
func Deploy(t *testing.T, d *stages.Deployment) {
	t.Helper()
	require.NoError(t, d.ApplyStage(t.Context(), stages.Deploy, nil))
}

// Interrupted is a run that is interrupted, once or twice, in the middle of an
// apply. Its deployment has one resource.
func Interrupted(t *testing.T, variables map[string]string, interrupts int) (*run.Run, *stages.Deployment, *bytes.Buffer) {
	t.Helper()
	r, out := NewRun(t, variables)
	d := Network(t, r, map[string]string{"slow": ""})
	done := make(chan error, 1)
	go func() { done <- d.ApplyStage(r.Interrupts.Tests, stages.Deploy, nil) }()
	WaitFor(t, d, "Creating...")
	for _, interrupt := range r.Interrupts.OfRun(r.Settings.Skips(stages.Teardown))[:interrupts] {
		interrupt()
	}
	require.ErrorIs(t, <-done, interrupt.ErrInterrupted)
	return r, d, out
}

// WaitFor waits until a deployment's Terraform has said something.
func WaitFor(t *testing.T, d *stages.Deployment, text string) {
	t.Helper()
	require.Eventually(t, func() bool {
		log, err := os.ReadFile(d.LogPath())
		return err == nil && bytes.Contains(log, []byte(text))
	}, 20*time.Second, 5*time.Millisecond)
}

// Calls are what Terraform was called with in a deployment, a line each.
func Calls(t *testing.T, d *stages.Deployment) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(d.WorkDir(), "calls"))
	if err != nil {
		return ""
	}
	return string(text)
}

// Lay writes files below a directory.
func Lay(t *testing.T, root string, files map[string]string) {
	t.Helper()
	for path, text := range files {
		path = filepath.Join(root, path)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
}
