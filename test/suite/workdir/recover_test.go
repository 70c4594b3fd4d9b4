package workdir

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
func orphan(t *testing.T, w *Dir, script string) (dir string, ended chan error) {
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
	require.Eventually(t, func() bool {
		said, err := os.ReadFile(filepath.Join(dir, logFile))
		return err == nil && strings.Contains(string(said), "ready")
	}, 20*time.Second, 5*time.Millisecond)
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
	w := &Dir{Path: t.TempDir()}
	dir, ended := orphan(t, w, savesAtInterrupt)
	var notes []string
	require.NoError(t, w.Acquire(t.Context(), func(text string) { notes = append(notes, text) }))
	defer w.Close()
	require.Error(t, <-ended, "it has ended, by the interrupt")
	n, err := Resources(dir)
	require.NoError(t, err)
	assert.Equal(t, 1, n, "it had the time to save its state")
	require.Len(t, notes, 1)
	assert.Contains(t, notes[0], "still works there")
}

// A second interrupt would make Terraform end without its state.
func TestOpeningInterruptsATerraformOnce(t *testing.T) {
	t.Parallel()
	w := &Dir{Path: t.TempDir()}
	dir, ended := orphan(t, w, `trap 'echo interrupted again >> terraform.log' INT
echo ready; while [ ! -e end ]; do sleep 0.02; done`)
	lock, err := os.OpenFile(filepath.Join(dir, turnFile), os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = lock.WriteString(tfcli.HeldInterrupted + "\n")
	require.NoError(t, errors.Join(err, lock.Close()))
	at := filepath.Join(dir, "configuration", "test_data", "fixture")
	require.NoError(t, w.Acquire(t.Context(), func(string) { assert.NoError(t, os.WriteFile(filepath.Join(at, "end"), nil, 0o600)) }))
	defer w.Close()
	require.NoError(t, <-ended)
	assert.NoFileExists(t, filepath.Join(at, "terraform.log"), "interrupts that it got")
}

// When Terraform itself was killed, its providers hold the lock.
func TestOpeningKillsProvidersWithoutTerraform(t *testing.T) {
	t.Parallel()
	w := &Dir{Path: t.TempDir()}
	dir, ended := orphan(t, w, `sh -c 'trap "" INT; echo ready; while :; do sleep 0.02; done' & wait`)
	require.NoError(t, syscall.Kill(holder(t, dir), syscall.SIGKILL))
	require.Error(t, <-ended)
	require.NoError(t, w.Acquire(t.Context(), ignore))
	w.Close()
}

func TestALockOfADeadProcessIsFree(t *testing.T) {
	t.Parallel()
	w := &Dir{Path: t.TempDir()}
	require.NoError(t, os.WriteFile(w.path("lock"), []byte("999999\n"), 0o600))
	require.NoError(t, w.Acquire(t.Context(), func(text string) { t.Error(text) }))
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
			w := &Dir{Path: t.TempDir()}
			dir := deployed(t, w, "TestX", "aws-5", test.there)
			at := filepath.Join(dir, "configuration", "test_data", "fixture")
			lay(t, at, map[string]string{ErroredFile: test.errored})
			require.NoError(t, w.recover(t.Context(), ignore))
			state, err := os.ReadFile(filepath.Join(at, StateFile))
			require.NoError(t, err)
			assert.Equal(t, test.want, string(state))
		})
	}
}

func TestHalfWrittenRecordIsReadFromItsDirectory(t *testing.T) {
	t.Parallel()
	w := &Dir{Path: t.TempDir()}
	dir := deployed(t, w, "TestX", "aws-5", someState)
	lay(t, dir, map[string]string{recordFile: `{"fixture": "fix`})
	record, err := ReadRecord(dir)
	require.NoError(t, err)
	assert.Equal(t, Record{Fixture: "fixture", Name: "aws-5", Case: "aws-5", Killed: true}, record)
	dirs, err := w.Deployments()
	require.NoError(t, err)
	assert.Equal(t, []string{dir}, dirs)

	require.NoError(t, os.RemoveAll(filepath.Join(dir, "configuration")))
	_, err = ReadRecord(dir)
	assert.ErrorIs(t, err, ErrDamaged, "nothing tells what it was")
}
