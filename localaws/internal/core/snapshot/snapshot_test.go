package snapshot_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/clock"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/snapshot"
)

// notes is a service whose state is a list of words.
type notes struct{ Words []string }

func (n *notes) Name() string { return "notes" }

func (n *notes) Snapshot() any { return n.Words }

func (n *notes) Restore(state json.RawMessage) error { return json.Unmarshal(state, &n.Words) }

func newAccount(region string) *core.Account {
	return core.New(region, clock.New(0), slog.New(slog.DiscardHandler))
}

// running is a Keeper at work; stop ends it as a normal end does.
func running(t *testing.T, a *core.Account, path string, service *notes) (k *snapshot.Keeper, stop func()) {
	t.Helper()
	k = snapshot.New(a, path, []core.Persistent{service})
	ctx, cancel := context.WithCancel(context.Background())
	var ended sync.WaitGroup
	ended.Go(func() { k.Run(ctx) })
	stop = sync.OnceFunc(func() {
		cancel()
		ended.Wait()
	})
	t.Cleanup(stop)
	return k, stop
}

func TestWhatWasSyncedIsInTheFile(t *testing.T) {
	t.Parallel()
	a := newAccount("us-west-2")
	path := filepath.Join(t.TempDir(), "deep", "snapshot.json")
	service := &notes{}
	k, _ := running(t, a, path, service)

	var writers sync.WaitGroup
	for range 20 {
		writers.Go(func() {
			a.Do(func() { service.Words = append(service.Words, "word") })
			a.Changed()
			assert.NoError(t, k.Sync(t.Context()))
		})
	}
	writers.Wait()

	// Without stopping the first: as after a kill.
	revived := &notes{}
	restored, err := snapshot.New(newAccount("us-west-2"), path, []core.Persistent{revived}).Restore(nil)
	require.NoError(t, err)
	assert.True(t, restored)
	assert.Len(t, revived.Words, 20)
}

func TestAChangeIsWrittenWithoutSync(t *testing.T) {
	t.Parallel()
	a := newAccount("us-west-2")
	path := filepath.Join(t.TempDir(), "snapshot.json")
	service := &notes{}
	_, stop := running(t, a, path, service)
	a.Do(func() { service.Words = []string{"last"} })
	a.Changed()
	stop()

	state, found, err := snapshot.Peek(path, "notes")
	require.NoError(t, err)
	assert.True(t, found)
	assert.JSONEq(t, `["last"]`, string(state))
}

func TestSyncGivesUpWithItsContext(t *testing.T) {
	t.Parallel()
	// Nobody runs this Keeper.
	k := snapshot.New(newAccount("us-west-2"), filepath.Join(t.TempDir(), "snapshot.json"), nil)
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	assert.ErrorIs(t, k.Sync(ctx), context.DeadlineExceeded)
}

func TestRestoreRefusals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		content string
		want    string
	}{
		"damaged":        {`{"Version":`, "is damaged"},
		"other version":  {`{"Version":99,"Region":"us-west-2"}`, "is of version 99"},
		"other region":   {`{"Version":1,"Region":"eu-west-1"}`, "region eu-west-1"},
		"state unusable": {`{"Version":1,"Region":"us-west-2","Services":{"notes":"?"}}`, "restoring notes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "snapshot.json")
			require.NoError(t, os.WriteFile(path, []byte(c.content), 0o600))
			_, err := snapshot.New(newAccount("us-west-2"), path, []core.Persistent{&notes{}}).Restore(nil)
			require.Error(t, err)
			assert.Contains(t, err.Error(), c.want)
			assert.Contains(t, err.Error(), path, "the error says which file")
		})
	}
}

func TestTheStateCanBeTranslated(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "snapshot.json")
	require.NoError(t, os.WriteFile(path, []byte(`{"Version":1,"Region":"us-west-2","Services":{"notes":["old"]}}`), 0o600))
	service := &notes{}
	_, err := snapshot.New(newAccount("us-west-2"), path, []core.Persistent{service}).Restore(func(state []byte) []byte {
		return bytes.ReplaceAll(state, []byte("old"), []byte("new"))
	})
	require.NoError(t, err)
	assert.Equal(t, []string{"new"}, service.Words)
}

func TestNoFileIsNothingRestored(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "snapshot.json")
	restored, err := snapshot.New(newAccount("us-west-2"), path, nil).Restore(nil)
	require.NoError(t, err)
	assert.False(t, restored)
	_, found, err := snapshot.Peek(path, "notes")
	require.NoError(t, err)
	assert.False(t, found)
}
