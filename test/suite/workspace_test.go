package suite

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// settingsFor are the settings of a space.
func settingsFor(t *testing.T, variables map[string]string) Settings {
	t.Helper()
	s, err := ReadSettings(environment(variables))
	require.NoError(t, err)
	return s
}

func ignore(string) {}

// deployed lays a deployment's directory with a state.
func deployed(t *testing.T, w *Workspace, group, name, state string) string {
	t.Helper()
	dir := w.path(group, name)
	require.NoError(t, writeJSON(filepath.Join(dir, deploymentFile), deploymentRecord{Fixture: "fixture", Name: name}))
	if state != "" {
		at := filepath.Join(dir, "configuration", "test_data", "fixture")
		require.NoError(t, os.MkdirAll(at, 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(at, "terraform.tfstate"), []byte(state), 0o600))
	}
	return dir
}

const (
	someState  = `{"resources": [{"mode": "managed", "instances": [{}]}, {"mode": "data", "instances": [{}]}]}`
	emptyState = `{"resources": []}`
)

func TestWorkspaceRemembersItsRun(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	w, err := OpenWorkspace(t.Context(), root, settingsFor(t, nil), ignore)
	require.NoError(t, err)
	id := w.Run.ID
	assert.Len(t, id, 6)
	w.Close()

	w, err = OpenWorkspace(t.Context(), root, settingsFor(t, nil), ignore)
	require.NoError(t, err)
	assert.Equal(t, id, w.Run.ID)
	w.Close()

	_, err = OpenWorkspace(t.Context(), root, settingsFor(t, map[string]string{"TEST_REGION": "eu-west-1"}), ignore)
	require.ErrorContains(t, err, "holds a run in region us-west-2, and TEST_REGION is eu-west-1")

	other, err := OpenWorkspace(t.Context(), root, settingsFor(t, map[string]string{"TEST_SPACE": "keep"}), ignore)
	require.NoError(t, err)
	defer other.Close()
	assert.NotEqual(t, id, other.Run.ID)
}

func TestWorkspaceWaitsForAnotherRun(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	first, err := OpenWorkspace(t.Context(), root, settingsFor(t, nil), ignore)
	require.NoError(t, err)
	said := make(chan string, 1)
	var wait sync.WaitGroup
	wait.Go(func() {
		second, err := OpenWorkspace(t.Context(), root, settingsFor(t, nil), func(text string) { said <- text })
		if assert.NoError(t, err) {
			second.Close()
		}
	})
	assert.Contains(t, <-said, "is in use by another run")
	first.Close()
	wait.Wait()
}

// The lock of a directory that was removed meanwhile guards nothing.
func TestALockIsThatOfTheFileInPlace(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	old, err := tryLock(path)
	require.NoError(t, err)
	assert.True(t, inPlace(old, path))
	require.NoError(t, os.Remove(path))
	assert.False(t, inPlace(old, path))
	fresh, err := tryLock(path)
	require.NoError(t, err)
	assert.False(t, inPlace(old, path))
	require.NoError(t, errors.Join(old.Close(), fresh.Close()))
}

func TestWorkspaceWaitEndsWhenInterrupted(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	first, err := OpenWorkspace(t.Context(), root, settingsFor(t, nil), ignore)
	require.NoError(t, err)
	defer first.Close()
	ctx, cancel := context.WithCancelCause(t.Context())
	_, err = OpenWorkspace(ctx, root, settingsFor(t, nil), func(string) { cancel(ErrInterrupted) })
	assert.ErrorIs(t, err, ErrInterrupted)
}

func TestDeploymentsOfTestsComeBeforeWhatTheyStandOn(t *testing.T) {
	t.Parallel()
	w := &Workspace{Dir: t.TempDir()}
	network := deployed(t, w, stagePrepare, "network", someState)
	deployed(t, w, stagePrepare, "zone", emptyState)
	test := deployed(t, w, "TestX", "aws-6", someState)
	deployed(t, w, "TestX", "aws-5", "")
	dirs, err := w.Deployments()
	require.NoError(t, err)
	assert.Equal(t, []string{test, network}, dirs)
}

// Runs at the same time, in two spaces of a clone or in two clones, share no
// name of what they make and no file.
func TestRunsAtTheSameTimeShareNothing(t *testing.T) {
	t.Parallel()
	clone, otherClone := t.TempDir(), t.TempDir()
	seen := map[string]bool{}
	for _, run := range []struct{ root, space string }{{clone, "one"}, {clone, "two"}, {otherClone, "one"}} {
		s := &Suite{Settings: settingsFor(t, map[string]string{"TEST_SPACE": run.space}), Root: run.root}
		var err error
		s.workspace, err = OpenWorkspace(t.Context(), run.root, s.Settings, func(text string) { t.Error(text) })
		require.NoError(t, err)
		defer s.workspace.Close() // all at the same time
		d, err := s.deployment("TestX", "aws-5", "fixture", s.Cases()[0])
		require.NoError(t, err)
		for what, name := range map[string]string{
			"name": d.ServiceName("web"), "tag": s.tags()["test-run"], "work directory": d.Dir, "localaws": s.workspace.LocalawsDir(),
			"JUnit": s.reportPath("junit", ".xml"), "HTML": s.reportPath("report", ".html"),
		} {
			assert.False(t, seen[name], "%s %s of %s is another run's too", what, name, run.space)
			seen[name] = true
		}
	}
}

// What they do share is used by one at a time.
func TestInitsWaitForThePluginCache(t *testing.T) {
	t.Parallel()
	s, _ := newSuite(t, nil)
	lock, err := tryLock(s.pluginCache() + ".lock")
	require.NoError(t, err)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(ErrInterrupted)
	d := network(t, s)
	err = d.applyStage(ctx, StageDeploy, nil)
	require.ErrorIs(t, err, ErrInterrupted)
	require.ErrorContains(t, err, "plugin-cache.lock")
	assert.Empty(t, calls(t, d))
	require.NoError(t, lock.Close())
	require.NoError(t, d.applyStage(t.Context(), StageDeploy, nil))
}

func TestDamagedStateIsNotOverlooked(t *testing.T) {
	t.Parallel()
	w := &Workspace{Dir: t.TempDir()}
	dir := deployed(t, w, "TestX", "aws-6", `{"resou`)
	dirs, err := w.Deployments()
	require.NoError(t, err)
	assert.Equal(t, []string{dir}, dirs)
	_, err = resourcesInState(dir)
	assert.ErrorContains(t, err, "terraform.tfstate is damaged")
}

func TestWorkspaceForgetsWhatWasInALostLocalaws(t *testing.T) {
	t.Parallel()
	w := &Workspace{Dir: t.TempDir(), Run: RunInfo{Cloud: Local}}
	dir := deployed(t, w, "TestX", "aws-6", someState)
	var notes []string
	note := func(text string) { notes = append(notes, text) }
	require.NoError(t, os.MkdirAll(w.LocalawsDir(), 0o755))
	require.NoError(t, w.forgetLost(note))
	assert.DirExists(t, dir, "localaws is there")

	require.NoError(t, os.RemoveAll(w.LocalawsDir()))
	require.NoError(t, w.forgetLost(note))
	assert.NoDirExists(t, dir)
	assert.Len(t, notes, 1)
}

func TestWriteJSONLeavesNoHalf(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a", "b.json")
	require.NoError(t, writeJSON(path, map[string]int{"x": 1}))
	require.Error(t, writeJSON(path, func() {}), "what is no JSON")
	var read map[string]int
	require.NoError(t, readJSON(path, &read))
	assert.Equal(t, map[string]int{"x": 1}, read)
	assert.True(t, errors.Is(readJSON(path+"x", &read), os.ErrNotExist))
}
