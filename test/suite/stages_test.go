package suite

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/progress"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/providers"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/tfcli"
	"github.com/infrahouse/terraform-aws-ecs/test/targethealth"
)

// nowhere is a cloud in which nothing is.
type nowhere struct {
	left   []string
	config aws.Config
	closed bool
}

func (*nowhere) Environment() []string { return nil }
func (c *nowhere) Config() aws.Config  { return c.config }
func (*nowhere) Client() *http.Client  { return http.DefaultClient }
func (*nowhere) ParentZone() string    { return "example.com" }
func (*nowhere) CurlOptions(context.Context, string, int) ([]string, string, error) {
	return []string{"--cacert", "ca.pem"}, "", nil
}
func (*nowhere) Patience() targethealth.Patience               { return targethealth.Patience{} }
func (c *nowhere) Leftovers(context.Context) ([]string, error) { return c.left, nil }
func (c *nowhere) Close(_ context.Context, keep bool) error    { c.closed = !keep; return nil }

// fakeTerraform plays init, apply, output and destroy on a state of one
// resource, and notes each call in the file calls of its working directory. Its
// provider crashes where there is a file named crash, a script that is run then.
// Where there is a file named slow, an apply waits until it is interrupted; a
// destroy where there is one named slow-destroy, or until there is one named end.
const fakeTerraform = `#!/bin/sh
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

// newSuite makes a run over a repository with one fixture and fakeTerraform.
func newSuite(t *testing.T, variables map[string]string) (*Suite, *bytes.Buffer) {
	t.Helper()
	root := t.TempDir()
	lay(t, root, map[string]string{"test_data/network/main.tf": "# network"})
	binary := filepath.Join(root, "terraform")
	syscall.ForkLock.RLock() // no child may inherit the open file: it could not be run then
	require.NoError(t, os.WriteFile(binary, []byte(fakeTerraform), 0o755))
	syscall.ForkLock.RUnlock()

	var out bytes.Buffer
	s := &Suite{
		Settings: settingsFor(t, variables), Root: root, began: time.Now(), kill: make(chan struct{}), finished: make(chan struct{}),
		display: progress.New(&out, progress.Options{}), terraform: tfcli.Terraform{Path: binary, Version: "1.11.4"},
		cloud: &nowhere{}, found: map[string]foundSources{}, opened: true,
		finder: &providers.Finder{Host: "registry.terraform.io"},
	}
	s.ctx, s.stop = context.WithCancelCause(context.Background())
	s.teardownCtx, s.endTeardown = context.WithCancelCause(context.Background())
	workspace, err := OpenWorkspace(t.Context(), root, s.Settings, ignore)
	require.NoError(t, err)
	s.workspace = workspace
	require.NoError(t, os.MkdirAll(workspace.LocalawsDir(), 0o755))
	for _, c := range s.cases() {
		s.found[c.Name] = foundSources{sources: []providers.Source{{Kind: providers.Mirror, Path: root}}}
	}
	t.Cleanup(func() { s.display.Close(); workspace.Close() })
	return s, &out
}

// network is the deployment of newSuite's fixture.
func network(t *testing.T, s *Suite) *Deployment {
	t.Helper()
	d, err := s.deployment("TestX", "aws-5", "network", s.cases()[0])
	require.NoError(t, err)
	s.keepForReport(d)
	return d
}

// calls are what fakeTerraform was called with.
func calls(t *testing.T, d *Deployment) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(d.WorkDir(), "calls"))
	if err != nil {
		return ""
	}
	return string(text)
}

func TestDeployKeepsWhatHasNotChanged(t *testing.T) {
	t.Parallel()
	s, _ := newSuite(t, nil)
	d := network(t, s)
	require.NoError(t, d.applyStage(t.Context(), StageDeploy, map[string]any{"name": "a"}))
	assert.Equal(t, "init\napply\noutput\n", calls(t, d))
	pin, err := os.ReadFile(filepath.Join(d.WorkDir(), pinFile))
	require.NoError(t, err)
	assert.Contains(t, string(pin), `version = "~> 5.100"`, "the case's provider is pinned")
	assert.Equal(t, "5.100.0", d.record.Provider)
	var outputs struct {
		VPCID string `json:"vpc_id"`
	}
	require.NoError(t, d.Outputs(&outputs))
	assert.Equal(t, "vpc-1", outputs.VPCID)
	assert.NoFileExists(t, filepath.Join(s.Root, "test_data/network", pinFile), "the fixture itself is never written")

	again := network(t, s)
	require.NoError(t, again.applyStage(t.Context(), StageDeploy, map[string]any{"name": "a"}))
	assert.Equal(t, "init\napply\noutput\n", calls(t, d), "nothing has changed")

	changes := map[string]func() map[string]any{
		"a variable": func() map[string]any { return map[string]any{"name": "b"} },
		"the fixture": func() map[string]any {
			lay(t, s.Root, map[string]string{"test_data/network/more.tf": "# more"})
			return map[string]any{"name": "b"}
		},
	}
	for _, name := range []string{"a variable", "the fixture"} {
		require.NoError(t, os.Remove(filepath.Join(d.WorkDir(), "calls")))
		require.NoError(t, network(t, s).applyStage(t.Context(), StageDeploy, changes[name]()))
		assert.Equal(t, "init\napply\noutput\n", calls(t, d), name)
	}
}

func TestDeployThatFailedIsAppliedAgain(t *testing.T) {
	t.Parallel()
	s, out := newSuite(t, nil)
	s.Mutate = func(_ *Deployment, files map[string][]byte) { files["test_data/network/broken"] = nil }
	d := network(t, s)
	err := d.applyStage(t.Context(), StageDeploy, nil)
	require.ErrorContains(t, err, "terraform apply: Error: it is broken")
	assert.ErrorContains(t, err, "all that Terraform said: "+d.LogPath())
	assert.Contains(t, out.String(), "FAILED")
	log, readError := os.ReadFile(d.LogPath())
	require.NoError(t, readError)
	assert.Contains(t, string(log), "Plan: 1 to add")

	s.Mutate = nil
	require.NoError(t, network(t, s).applyStage(t.Context(), StageDeploy, nil))
}

func TestSkippedStagesDoNothing(t *testing.T) {
	t.Parallel()
	s, out := newSuite(t, map[string]string{"SKIP_deploy": "1", "SKIP_teardown": "1"})
	d := network(t, s)
	require.NoError(t, d.applyStage(t.Context(), StageDeploy, nil))
	assert.Empty(t, calls(t, d))
	assert.Contains(t, out.String(), "skipped (SKIP_deploy)")
	var outputs any
	assert.ErrorContains(t, d.Outputs(&outputs), "aws-5 is not deployed: run without SKIP_deploy")

	shared, err := s.sharedFixtures()
	require.NoError(t, err)
	assert.ErrorContains(t, shared[0].Outputs(&outputs), "network is not deployed: run without SKIP_prepare")
}

func TestFinishDestroysAllAndLooksWhatIsLeft(t *testing.T) {
	t.Parallel()
	s, out := newSuite(t, nil)
	d := network(t, s)
	require.NoError(t, d.applyStage(t.Context(), StageDeploy, nil))
	assert.Equal(t, 0, s.finish(0))
	assert.Contains(t, out.String(), "nothing is left")
	assert.Contains(t, out.String(), "ran with Terraform 1.11.4; aws-5: hashicorp/aws 5.100.0 from mirror "+s.Root)
	assert.NoDirExists(t, s.workspace.Dir)
	assert.True(t, s.cloud.(*nowhere).closed)
	report, err := os.ReadFile(filepath.Join(s.Root, ".work", "junit-local-test.xml"))
	require.NoError(t, err)
	assert.Contains(t, string(report), `<testcase name="deploy"`)
}

func TestFinishFailsWhenSomethingIsLeft(t *testing.T) {
	t.Parallel()
	s, out := newSuite(t, nil)
	s.cloud = &nowhere{left: []string{"ec2: 1 vpc"}}
	require.NoError(t, network(t, s).applyStage(t.Context(), StageDeploy, nil))
	assert.Equal(t, 1, s.finish(0))
	assert.Contains(t, out.String(), "everything was destroyed, yet this is left: ec2: 1 vpc")
	assert.Contains(t, written(t, s, "report", ".html"), "yet this is left: ec2: 1 vpc")
	assert.False(t, s.cloud.(*nowhere).closed)
}

func TestFinishFailsWhenNothingWasTested(t *testing.T) {
	t.Parallel()
	s, out := newSuite(t, nil)
	s.countCase(s.cases()[1], errors.New("aws-6: can be had from nowhere"))
	assert.Equal(t, 1, s.finish(0))
	assert.Contains(t, out.String(), "SKIPPED aws-6: can be had from nowhere")
	assert.Contains(t, out.String(), "nothing was tested")
}

func TestNewestCaseFallsBackLoudly(t *testing.T) {
	t.Parallel()
	s, out := newSuite(t, nil)
	c, err := s.newestCase()
	require.NoError(t, err)
	assert.Equal(t, providers.AWS6, c.Name)

	s.found[providers.AWS6] = foundSources{err: errors.New("aws-6: can be had from nowhere: no registry")}
	c, err = s.newestCase()
	require.NoError(t, err)
	assert.Equal(t, providers.AWS5, c.Name)
	assert.Contains(t, out.String(), "FALL-BACK to aws-5: aws-6: can be had from nowhere: no registry")
	require.NoError(t, s.checkRequired())
	s.RequireProviders = []string{providers.AWS6}
	assert.ErrorContains(t, s.checkRequired(), "REQUIRE_PROVIDERS=aws-6: aws-6: can be had from nowhere")
}

func TestHostPort(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]int{"https://a.example.com/": 443, "http://a.example.com": 80, "https://a.example.com:8081/x": 8081} {
		host, port, err := hostPort(address)
		require.NoError(t, err)
		assert.Equal(t, "a.example.com", host)
		assert.Equal(t, want, port, address)
	}
	_, _, err := hostPort("ftp://a.example.com")
	assert.Error(t, err)
}

// It takes the cloud from the work directory, whatever TEST_CLOUD is.
func TestACleanUpOnAWSNeedsItsSettings(t *testing.T) {
	t.Parallel()
	s, _ := newSuite(t, map[string]string{"TEST_CLOUD": "aws", "TEST_ACCOUNT": "123456789012", "TEST_ZONE_NAME": "a.example"})
	d := network(t, s)
	require.NoError(t, d.applyStage(t.Context(), StageDeploy, nil))
	s.workspace.Close()
	s.Account, s.ZoneName = "", ""
	assert.ErrorContains(t, s.clean(), "TEST_ACCOUNT is not set")
	assert.DirExists(t, d.Dir)
}
