package suite

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/tfcli"
)

// orphan is a Terraform whose run was killed: a process in a group of its own
// that holds the lock of a deployment. It ends at an interrupt, with a state.
func orphan(t *testing.T, w *Workspace, script string) (dir string, ended chan error) {
	t.Helper()
	// In the background of a script interrupts are ignored, and a shell can't trap
	// what it was started with ignored.
	heard := make(chan os.Signal, 1)
	signal.Notify(heard, syscall.SIGINT)
	t.Cleanup(func() { signal.Stop(heard) })
	dir = deployed(t, w, "TestX", "aws-5", emptyState)
	lock, err := tryLock(filepath.Join(dir, turnFile))
	require.NoError(t, err)
	log, err := os.Create(filepath.Join(dir, logFile))
	require.NoError(t, err)
	cmd := exec.Command("/bin/sh", "-c", script) //nolint:noctx // what is tested ends it
	cmd.Dir = filepath.Join(dir, "configuration", "test_data", "fixture")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.ExtraFiles, cmd.Stdout = []*os.File{lock}, log
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	_, err = lock.WriteString(strconv.Itoa(cmd.Process.Pid) + "\n")
	require.NoError(t, errors.Join(err, lock.Close(), log.Close()))
	ended = make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	said(t, &Deployment{Dir: dir}, "ready")
	return dir, ended
}

// holder is the process that a deployment's lock names, once it does: the name
// is written when the process has begun.
func holder(t *testing.T, dir string) (pid int) {
	t.Helper()
	require.Eventually(t, func() bool {
		content, err := os.ReadFile(filepath.Join(dir, turnFile))
		line, _, whole := strings.Cut(string(content), "\n")
		if err != nil || !whole {
			return false
		}
		pid, err = strconv.Atoi(line)
		return err == nil
	}, 20*time.Second, 5*time.Millisecond, "the lock names its holder")
	return pid
}

const savesAtInterrupt = `trap 'echo "{\"resources\": [{\"mode\": \"managed\", \"instances\": [{}]}]}" > terraform.tfstate; exit 1' INT
echo ready; while :; do sleep 0.02; done`

func TestOpeningEndsTheTerraformOfAKilledRun(t *testing.T) {
	t.Parallel()
	w := &Workspace{Dir: t.TempDir()}
	dir, ended := orphan(t, w, savesAtInterrupt)
	var notes []string
	require.NoError(t, w.acquire(t.Context(), func(text string) { notes = append(notes, text) }))
	defer w.Close()
	require.Error(t, <-ended, "it has ended, by the interrupt")
	n, err := resourcesInState(dir)
	require.NoError(t, err)
	assert.Equal(t, 1, n, "it had the time to save its state")
	require.Len(t, notes, 1)
	assert.Contains(t, notes[0], "still works there")
}

// A second interrupt would make Terraform end without its state.
func TestOpeningInterruptsATerraformOnce(t *testing.T) {
	t.Parallel()
	w := &Workspace{Dir: t.TempDir()}
	dir, ended := orphan(t, w, `trap 'echo interrupted again >> terraform.log' INT
echo ready; while [ ! -e end ]; do sleep 0.02; done`)
	lock, err := os.OpenFile(filepath.Join(dir, turnFile), os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = lock.WriteString(tfcli.HeldInterrupted + "\n")
	require.NoError(t, errors.Join(err, lock.Close()))
	at := filepath.Join(dir, "configuration", "test_data", "fixture")
	require.NoError(t, w.acquire(t.Context(), func(string) { assert.NoError(t, os.WriteFile(filepath.Join(at, "end"), nil, 0o600)) }))
	defer w.Close()
	require.NoError(t, <-ended)
	assert.NoFileExists(t, filepath.Join(at, "terraform.log"), "interrupts that it got")
}

// When Terraform itself was killed, its providers hold the lock.
func TestOpeningKillsProvidersWithoutTerraform(t *testing.T) {
	t.Parallel()
	w := &Workspace{Dir: t.TempDir()}
	dir, ended := orphan(t, w, `sh -c 'trap "" INT; echo ready; while :; do sleep 0.02; done' & wait`)
	require.NoError(t, syscall.Kill(holder(t, dir), syscall.SIGKILL))
	require.Error(t, <-ended)
	require.NoError(t, w.acquire(t.Context(), ignore))
	w.Close()
}

func TestALockOfADeadProcessIsFree(t *testing.T) {
	t.Parallel()
	w := &Workspace{Dir: t.TempDir()}
	require.NoError(t, os.WriteFile(w.path("lock"), []byte("999999\n"), 0o600))
	require.NoError(t, w.acquire(t.Context(), func(text string) { t.Error(text) }))
	w.Close()
}

func TestErroredStateIsTakenUp(t *testing.T) {
	t.Parallel()
	const saved = `{"serial": 7, "resources": [{"mode": "managed", "instances": [{}]}]}`
	tests := map[string]struct {
		there, errored string
		want           string
	}{
		"no other state":      {"", saved, saved},
		"an earlier state":    {`{"serial": 6}`, saved, saved},
		"a later state":       {`{"serial": 8}`, saved, `{"serial": 8}`},
		"half of a state":     {`{"seri`, saved, saved},
		"itself half written": {`{"serial": 6}`, `{"seri`, `{"serial": 6}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &Workspace{Dir: t.TempDir()}
			dir := deployed(t, w, "TestX", "aws-5", test.there)
			at := filepath.Join(dir, "configuration", "test_data", "fixture")
			lay(t, at, map[string]string{erroredFile: test.errored})
			require.NoError(t, w.recover(t.Context(), ignore))
			state, err := os.ReadFile(filepath.Join(at, stateFile))
			require.NoError(t, err)
			assert.Equal(t, test.want, string(state))
		})
	}
}

func TestHalfWrittenRecordIsReadFromItsDirectory(t *testing.T) {
	t.Parallel()
	w := &Workspace{Dir: t.TempDir()}
	dir := deployed(t, w, "TestX", "aws-5", someState)
	lay(t, dir, map[string]string{deploymentFile: `{"fixture": "fix`})
	record, err := readRecord(dir)
	require.NoError(t, err)
	assert.Equal(t, deploymentRecord{Fixture: "fixture", Name: "aws-5", Case: "aws-5", Killed: true}, record)
	dirs, err := w.Deployments()
	require.NoError(t, err)
	assert.Equal(t, []string{dir}, dirs)

	require.NoError(t, os.RemoveAll(filepath.Join(dir, "configuration")))
	_, err = readRecord(dir)
	assert.ErrorIs(t, err, errDamaged, "nothing tells what it was")
}

// What a killed Terraform was making is in no state, nor what a request made
// that an interrupt cut.
func TestWhatNoStateKnowsGoesWithItsLocalaws(t *testing.T) {
	t.Parallel()
	note := func(change func(*deploymentRecord)) func(*testing.T, *Deployment) {
		return func(t *testing.T, d *Deployment) {
			t.Helper()
			change(&d.record)
			require.NoError(t, d.save())
		}
	}
	half := func(path func(*Deployment) string) func(*testing.T, *Deployment) {
		return func(t *testing.T, d *Deployment) {
			t.Helper()
			require.NoError(t, os.WriteFile(path(d), []byte(`{"res`), 0o600))
		}
	}
	tests := map[string]struct {
		change   func(t *testing.T, d *Deployment)
		drops    string // what is said of it
		destroys bool   // before it drops
	}{
		"all is known":         {func(*testing.T, *Deployment) {}, "", true},
		"Terraform was killed": {note(func(r *deploymentRecord) { r.Killed = true }), "Terraform or its provider was killed in", false},
		"in the middle of writing the state": {
			half(func(d *Deployment) string { return filepath.Join(d.WorkDir(), stateFile) }), "Terraform or its provider was killed in", false,
		},
		"the record is half written": {
			half(func(d *Deployment) string { return filepath.Join(d.Dir, deploymentFile) }), "Terraform or its provider was killed in", false,
		},
		"the record is half written, and nothing else is there": {
			func(t *testing.T, d *Deployment) {
				t.Helper()
				require.NoError(t, os.RemoveAll(d.Dir))
				lay(t, d.Dir, map[string]string{deploymentFile: `{"fixt`})
			}, "Terraform or its provider was killed in", false,
		},
		"an apply was interrupted": {note(func(r *deploymentRecord) { r.Cut = true }), "Terraform was interrupted in", true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, out := newSuite(t, nil)
			cloud := &nowhere{left: []string{"ec2: 1 launch templates"}}
			s.cloud = cloud
			d := network(t, s)
			require.NoError(t, d.applyStage(t.Context(), StageDeploy, nil))
			test.change(t, d)
			dirs, err := s.workspace.Deployments()
			require.NoError(t, err)
			assert.Equal(t, []string{d.Dir}, dirs)
			err = s.destroyEverything(t.Context(), dirs)
			assert.Equal(t, test.drops != "", cloud.closed)
			assert.Equal(t, test.destroys, strings.Contains(out.String(), "1 resources destroyed"))
			if test.drops == "" {
				assert.ErrorContains(t, err, "this is left: ec2: 1 launch templates", "a destroy that forgets something is a failure")
				return
			}
			require.NoError(t, err)
			assert.NoDirExists(t, s.workspace.Dir)
			assert.Contains(t, out.String(), test.drops+" "+d.Dir)
			assert.Contains(t, out.String(), "localaws is dropped with all that it holds")
		})
	}
}

// An interrupted apply that left nothing but what its state has is destroyed as
// any other.
func TestAnInterruptedApplyIsRemembered(t *testing.T) {
	t.Parallel()
	s, d, out := interruptApply(t, map[string]string{"SKIP_teardown": "1"}, 1)
	s.finish(1)
	record, err := readRecord(d.Dir)
	require.NoError(t, err)
	assert.Equal(t, []bool{true, true, false}, []bool{record.Interrupted, record.Cut, record.Killed})
	s.Settings = s.WithoutSkips()
	require.NoError(t, s.destroyEverything(t.Context(), []string{d.Dir}))
	assert.Contains(t, out.String(), "1 resources destroyed")
	assert.Contains(t, out.String(), "nothing is left")
	assert.NotContains(t, out.String(), "dropped")
}

func TestOnAWSATagFindsWhatAKilledTerraformLeft(t *testing.T) {
	t.Parallel()
	s, out := newSuite(t, nil)
	d := network(t, s)
	require.NoError(t, d.applyStage(t.Context(), StageDeploy, nil))
	d.record.Killed, s.Cloud = true, AWS
	require.NoError(t, d.save())
	require.NoError(t, s.destroyEverything(t.Context(), []string{d.Dir}))
	assert.Contains(t, out.String(), "look for it by the tag test-run="+s.workspace.Run.ID)
	assert.Contains(t, out.String(), "1 resources destroyed")
}

// A killed Terraform is remembered; one that ended by itself is not.
func TestKilledTerraformIsRemembered(t *testing.T) {
	t.Parallel()
	s, _ := newSuite(t, nil)
	s.Mutate = func(_ *Deployment, files map[string][]byte) { files["test_data/network/slow"] = nil }
	d := network(t, s)
	done := make(chan error, 1)
	go func() { done <- d.applyStage(s.ctx, StageDeploy, nil) }()
	said(t, d, "Creating...")
	record, err := readRecord(d.Dir)
	require.NoError(t, err)
	assert.True(t, record.Killed, "while it runs: if this process is killed now, nobody sees it end")
	require.NoError(t, syscall.Kill(holder(t, d.Dir), syscall.SIGKILL))
	select {
	case err := <-done:
		require.ErrorIs(t, err, tfcli.ErrKilled)
	case <-time.After(20 * time.Second):
		t.Fatal("the apply goes on without its Terraform")
	}
	killed, cut, err := s.workspace.unsure()
	require.NoError(t, err)
	assert.Equal(t, []string{d.Dir}, killed)
	assert.Empty(t, cut)

	s.Mutate = nil
	other, err := s.deployment("TestY", "aws-5", "network", s.Cases()[0])
	require.NoError(t, err)
	require.NoError(t, other.applyStage(t.Context(), StageDeploy, nil))
	assert.False(t, other.record.Killed)
}

// The provider of a Terraform that goes on may be gone as well, also when a
// second attempt succeeds.
func TestACrashedProviderIsRemembered(t *testing.T) {
	t.Parallel()
	for name, passes := range map[string]string{"for good": "", "once": "rm crash"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := newSuite(t, nil)
			s.Mutate = func(_ *Deployment, files map[string][]byte) { files["test_data/network/crash"] = []byte(passes) }
			d := network(t, s)
			err := d.applyStage(t.Context(), StageDeploy, nil)
			if passes == "" {
				require.ErrorIs(t, err, tfcli.ErrKilled)
				require.ErrorContains(t, err, "Plugin did not respond")
			} else {
				require.NoError(t, err)
			}
			killed, _, err := s.workspace.unsure()
			require.NoError(t, err)
			assert.Equal(t, []string{d.Dir}, killed)
		})
	}
}
