package stages_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/interrupt"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/run"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/stages"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/suitetest"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/tfcli"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/tffiles"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/workdir"
)

func TestDeployKeepsWhatHasNotChanged(t *testing.T) {
	t.Parallel()
	r, _ := suitetest.NewRun(t, nil)
	d := suitetest.Network(t, r)
	require.NoError(t, d.ApplyStage(t.Context(), stages.Deploy, map[string]any{"name": "a"}))
	assert.Equal(t, "init\napply\noutput\n", suitetest.Calls(t, d))
	pin, err := os.ReadFile(filepath.Join(d.WorkDir(), tffiles.PinFile))
	require.NoError(t, err)
	assert.Contains(t, string(pin), `version = "~> 5.100"`, "the case's provider is pinned")
	assert.Equal(t, "5.100.0", d.Record.Provider)
	var outputs struct {
		VPCID string `json:"vpc_id"`
	}
	require.NoError(t, d.Outputs(&outputs))
	assert.Equal(t, "vpc-1", outputs.VPCID)
	assert.NoFileExists(t, filepath.Join(r.Root, "test_data/network", tffiles.PinFile), "the fixture itself is never written")

	again := suitetest.Network(t, r)
	require.NoError(t, again.ApplyStage(t.Context(), stages.Deploy, map[string]any{"name": "a"}))
	assert.Equal(t, "init\napply\noutput\n", suitetest.Calls(t, d), "nothing has changed")

	changes := map[string]func() map[string]any{
		"a variable": func() map[string]any { return map[string]any{"name": "b"} },
		"the fixture": func() map[string]any {
			suitetest.Lay(t, r.Root, map[string]string{"test_data/network/more.tf": "# more"})
			return map[string]any{"name": "b"}
		},
	}
	for _, name := range []string{"a variable", "the fixture"} {
		require.NoError(t, os.Remove(filepath.Join(d.WorkDir(), "calls")))
		require.NoError(t, suitetest.Network(t, r).ApplyStage(t.Context(), stages.Deploy, changes[name]()))
		assert.Equal(t, "init\napply\noutput\n", suitetest.Calls(t, d), name)
	}
}

func TestDeployThatFailedIsAppliedAgain(t *testing.T) {
	t.Parallel()
	r, out := suitetest.NewRun(t, nil)
	d := suitetest.Network(t, r, map[string]string{"broken": ""})
	err := d.ApplyStage(t.Context(), stages.Deploy, nil)
	require.ErrorContains(t, err, "terraform apply: Error: it is broken")
	assert.ErrorContains(t, err, "Terraform's full output: "+d.LogPath())
	assert.Contains(t, out.String(), "FAILED")
	log, readError := os.ReadFile(d.LogPath())
	require.NoError(t, readError)
	assert.Contains(t, string(log), "Plan: 1 to add")

	suitetest.Deploy(t, suitetest.Network(t, r))
}

func TestSkippedStagesDoNothing(t *testing.T) {
	t.Parallel()
	r, out := suitetest.NewRun(t, map[string]string{"SKIP_deploy": "1", "SKIP_teardown": "1"})
	d := suitetest.Network(t, r)
	suitetest.Deploy(t, d)
	assert.Empty(t, suitetest.Calls(t, d))
	assert.Contains(t, out.String(), "skipped (SKIP_deploy)")
	var outputs any
	assert.ErrorContains(t, d.Outputs(&outputs), "aws-5 is not deployed: run without SKIP_deploy")

	shared, err := stages.New(r, stages.Prepare, "network", "service_network", r.Settings.Cases()[0])
	require.NoError(t, err)
	assert.ErrorContains(t, shared.Outputs(&outputs), "network is not deployed: run without SKIP_prepare")
}

// holder is the process that a deployment's lock names, once it does: the name
// is written when the process has begun.
func holder(t *testing.T, d *stages.Deployment) (pid int) {
	t.Helper()
	require.Eventually(t, func() bool {
		content, err := os.ReadFile(d.TurnPath())
		line, _, whole := strings.Cut(string(content), "\n")
		if err != nil || !whole {
			return false
		}
		pid, err = strconv.Atoi(line)
		return err == nil
	}, 20*time.Second, 5*time.Millisecond, "the lock names its holder")
	return pid
}

// A killed Terraform is remembered; one that ended by itself is not.
func TestKilledTerraformIsRemembered(t *testing.T) {
	t.Parallel()
	r, _ := suitetest.NewRun(t, nil)
	d := suitetest.Network(t, r, map[string]string{"slow": ""})
	done := make(chan error, 1)
	go func() { done <- d.ApplyStage(r.Interrupts.Tests, stages.Deploy, nil) }()
	suitetest.WaitFor(t, d, "Creating...")
	record, err := workdir.ReadRecord(d.Dir)
	require.NoError(t, err)
	assert.True(t, record.Killed, "while it runs: if this process is killed now, nothing sees it end")
	require.NoError(t, syscall.Kill(holder(t, d), syscall.SIGKILL))
	select {
	case err := <-done:
		require.ErrorIs(t, err, tfcli.ErrKilled)
	case <-time.After(20 * time.Second):
		t.Fatal("the apply goes on without its Terraform")
	}
	killed, cut, err := r.Workdir.Unsure()
	require.NoError(t, err)
	assert.Equal(t, []string{d.Dir}, killed)
	assert.Empty(t, cut)

	other, err := stages.New(r, "TestY", "aws-5", "network", r.Settings.Cases()[0])
	require.NoError(t, err)
	suitetest.Deploy(t, other)
	assert.False(t, other.Record.Killed)
}

// The provider of a Terraform that goes on may be gone as well, also when a
// second attempt succeeds.
func TestACrashedProviderIsRemembered(t *testing.T) {
	t.Parallel()
	for name, passes := range map[string]string{"for good": "", "once": "rm crash"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _ := suitetest.NewRun(t, nil)
			d := suitetest.Network(t, r, map[string]string{"crash": passes})
			err := d.ApplyStage(t.Context(), stages.Deploy, nil)
			if passes == "" {
				require.ErrorIs(t, err, tfcli.ErrKilled)
				require.ErrorContains(t, err, "Plugin did not respond")
			} else {
				require.NoError(t, err)
			}
			killed, _, err := r.Workdir.Unsure()
			require.NoError(t, err)
			assert.Equal(t, []string{d.Dir}, killed)
		})
	}
}

// Runs at the same time, in two spaces of a clone or in two clones, share no
// name of what they make and no file.
func TestRunsAtTheSameTimeShareNothing(t *testing.T) {
	t.Parallel()
	one, _ := suitetest.NewRun(t, map[string]string{"TEST_SPACE": "one"})
	clone, _ := suitetest.NewRun(t, map[string]string{"TEST_SPACE": "one"})
	two, _ := suitetest.NewRun(t, map[string]string{"TEST_SPACE": "two"})
	two.Workdir.Close()
	two.Root = one.Root
	require.NoError(t, two.OpenWorkdir(t.Context()), "while the other one is open")
	defer two.Workdir.Close()
	seen := map[string]bool{}
	for _, r := range []*run.Run{one, clone, two} {
		d := suitetest.Network(t, r)
		for what, name := range map[string]string{
			"name": d.ServiceName("web"), "tag": r.Workdir.Run.ID, "work directory": d.Dir, "localaws": r.Workdir.LocalawsDir(),
			"JUnit": r.Reports().Path("junit", ".xml"), "HTML": r.Reports().Path("report", ".html"),
		} {
			assert.False(t, seen[name], "%s %s is another run's too", what, name)
			seen[name] = true
		}
	}
}

// What they do share is used by one at a time.
func TestInitsWaitForThePluginCache(t *testing.T) {
	t.Parallel()
	r, _ := suitetest.NewRun(t, nil)
	lock, err := workdir.WaitLock(t.Context(), filepath.Join(r.Root, ".bin", "plugin-cache.lock"), nil)
	require.NoError(t, err)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(interrupt.ErrInterrupted)
	d := suitetest.Network(t, r)
	err = d.ApplyStage(ctx, stages.Deploy, nil)
	require.ErrorIs(t, err, interrupt.ErrInterrupted)
	require.ErrorContains(t, err, "plugin-cache.lock")
	assert.Empty(t, suitetest.Calls(t, d))
	require.NoError(t, lock.Close())
	suitetest.Deploy(t, d)
}
