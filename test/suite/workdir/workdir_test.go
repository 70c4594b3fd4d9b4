package workdir

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/settings"
)

// settingsFor are the settings of a space.
func settingsFor(t *testing.T, variables map[string]string) settings.Settings {
	t.Helper()
	s, err := settings.Read(func(name string) string { return variables[name] })
	require.NoError(t, err)
	return s
}

// lay writes files below a directory.
func lay(t *testing.T, root string, files map[string]string) {
	t.Helper()
	for path, text := range files {
		path = filepath.Join(root, path)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
}

// errStop is why a context ends.
var errStop = errors.New("stopped")

func ignore(string) {}

// deployed lays a deployment's directory with a state.
func deployed(t *testing.T, w *Dir, group, name, state string) string {
	t.Helper()
	dir := w.path(group, name)
	require.NoError(t, WriteJSON(filepath.Join(dir, recordFile), Record{Fixture: "fixture", Name: name}))
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

func TestADirectoryRemembersItsRun(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	w, err := Open(t.Context(), root, settingsFor(t, nil), ignore)
	require.NoError(t, err)
	id := w.Run.ID
	assert.Len(t, id, 6)
	w.Close()

	w, err = Open(t.Context(), root, settingsFor(t, nil), ignore)
	require.NoError(t, err)
	assert.Equal(t, id, w.Run.ID)
	w.Close()

	_, err = Open(t.Context(), root, settingsFor(t, map[string]string{"TEST_REGION": "eu-west-1"}), ignore)
	require.ErrorContains(t, err, "holds a run in region us-west-2, and TEST_REGION is eu-west-1")

	other, err := Open(t.Context(), root, settingsFor(t, map[string]string{"TEST_SPACE": "keep"}), ignore)
	require.NoError(t, err)
	defer other.Close()
	assert.NotEqual(t, id, other.Run.ID)
}

func TestOpenWaitsForAnotherRun(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	first, err := Open(t.Context(), root, settingsFor(t, nil), ignore)
	require.NoError(t, err)
	said := make(chan string, 1)
	var wait sync.WaitGroup
	wait.Go(func() {
		second, err := Open(t.Context(), root, settingsFor(t, nil), func(text string) { said <- text })
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

func TestTheWaitForAnotherRunEndsWhenInterrupted(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	first, err := Open(t.Context(), root, settingsFor(t, nil), ignore)
	require.NoError(t, err)
	defer first.Close()
	ctx, cancel := context.WithCancelCause(t.Context())
	_, err = Open(ctx, root, settingsFor(t, nil), func(string) { cancel(errStop) })
	assert.ErrorIs(t, err, errStop)
}

func TestDeploymentsOfTestsComeBeforeWhatTheyStandOn(t *testing.T) {
	t.Parallel()
	w := &Dir{Path: t.TempDir()}
	network := deployed(t, w, Shared, "network", someState)
	deployed(t, w, Shared, "zone", emptyState)
	test := deployed(t, w, "TestX", "aws-6", someState)
	deployed(t, w, "TestX", "aws-5", "")
	dirs, err := w.Deployments()
	require.NoError(t, err)
	assert.Equal(t, []string{test, network}, dirs)
}

func TestDamagedStateIsNotOverlooked(t *testing.T) {
	t.Parallel()
	w := &Dir{Path: t.TempDir()}
	dir := deployed(t, w, "TestX", "aws-6", `{"resou`)
	dirs, err := w.Deployments()
	require.NoError(t, err)
	assert.Equal(t, []string{dir}, dirs)
	_, err = Resources(dir)
	assert.ErrorContains(t, err, "terraform.tfstate is damaged")
}

func TestStatesOfALostLocalawsAreDropped(t *testing.T) {
	t.Parallel()
	w := &Dir{Path: t.TempDir(), Run: Run{Cloud: settings.Local}}
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
	require.NoError(t, WriteJSON(path, map[string]int{"x": 1}))
	require.Error(t, WriteJSON(path, func() {}), "what is not JSON")
	var read map[string]int
	require.NoError(t, ReadJSON(path, &read))
	assert.Equal(t, map[string]int{"x": 1}, read)
	assert.True(t, errors.Is(ReadJSON(path+"x", &read), os.ErrNotExist))
}
