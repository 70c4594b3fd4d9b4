package store_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/store"
)

// childVariable names the file that TestMain writes into, as a process that is
// killed.
const childVariable = "STORE_TEST_FILE"

func TestMain(m *testing.M) {
	if path := os.Getenv(childVariable); path != "" {
		writeForever(path)
	}
	os.Exit(m.Run())
}

// writeForever adds records and prints the id of each that is in the file.
func writeForever(path string) {
	file, err := store.OpenFile(path, "us-west-2")
	if err != nil {
		panic(err)
	}
	s := store.New()
	things := store.NewCollection[*thing](s, "test", "things")
	store.NewValue[settings](s, "test", "settings")
	if _, err := s.Load(file, nil); err != nil {
		panic(err)
	}
	for i := things.Len(); ; i++ {
		id := fmt.Sprint(i)
		_, written, err := s.Update(func() error { things.Put(id, &thing{Name: id}); return nil })
		if err == nil {
			err = written.Wait(context.Background())
		}
		if err != nil {
			panic(err)
		}
		fmt.Println(id)
	}
}

// TestAKillLosesNothingAcknowledged kills a process that writes, several times.
func TestAKillLosesNothingAcknowledged(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state.db")
	var acknowledged []string
	for range 5 {
		child := exec.CommandContext(t.Context(), os.Args[0])
		child.Env = append(os.Environ(), childVariable+"="+path)
		child.Stderr = os.Stderr
		out, err := child.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, child.Start())
		lines := bufio.NewScanner(out)
		for wanted := len(acknowledged) + 200; lines.Scan(); {
			acknowledged = append(acknowledged, lines.Text())
			if len(acknowledged) == wanted {
				require.NoError(t, child.Process.Kill())
			}
		}
		require.Error(t, child.Wait(), "it was killed")

		s := newService(t)
		file, err := store.OpenFile(path, "us-west-2")
		require.NoError(t, err)
		_, err = s.Load(file, nil)
		require.NoError(t, err)
		for _, id := range acknowledged {
			one, ok := s.things.Get(id)
			require.True(t, ok, id)
			require.Equal(t, id, one.Name)
		}
		require.NoError(t, file.Close())
	}
	assert.GreaterOrEqual(t, len(acknowledged), 1000)
}

func TestReopening(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "deep", "state.db")
	file, err := store.OpenFile(path, "us-west-2")
	require.NoError(t, err)
	s := newService(t)
	s.things.Put("seed", &thing{})
	restored, err := s.Load(file, nil)
	require.NoError(t, err)
	assert.False(t, restored)
	s.mustUpdate(t, func() { s.things.Put("a", &thing{Name: "a"}); s.settings.Set(settings{Words: []string{"x"}}) })
	_, err = s.Step(func() { s.things.Put("b", &thing{Name: "b"}) }) // Close writes it
	require.NoError(t, err)
	require.NoError(t, file.Close())
	assert.Error(t, s.update(t, func() error { s.things.Put("late", &thing{}); return nil }), "it can't be kept any more")

	s = newService(t)
	s.things.Put("other seed", &thing{})
	file = s.on(t, path)
	assert.Equal(t, map[string]string{"seed": "", "a": "a", "b": "b"}, s.names())
	var have settings
	found, err := file.Value("test", "settings", &have)
	require.NoError(t, err)
	assert.True(t, found)
	assert.Equal(t, settings{Words: []string{"x"}}, have)
	found, err = file.Value("test", "none", &have)
	require.NoError(t, err)
	assert.False(t, found)
	s.mustUpdate(t, func() { s.things.Delete("a") })

	_, err = store.OpenFile(path, "us-west-2")
	assert.EqualError(t, err, "the state "+path+" is in use by another localaws")
}

// TestManyWriters: each has its own transaction, and all are in the file.
func TestManyWriters(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state.db")
	s := newService(t)
	s.on(t, path)
	var account sync.Mutex
	var writers sync.WaitGroup
	for i := range 20 {
		writers.Go(func() {
			for j := range 20 {
				id := fmt.Sprintf("%d/%d", i, j)
				account.Lock()
				_, written, err := s.Update(func() error { s.things.Put(id, &thing{Name: id}); return nil })
				account.Unlock()
				assert.NoError(t, err)
				assert.NoError(t, written.Wait(t.Context()))
			}
		})
	}
	writers.Wait()
	db, err := bbolt.Open(copyOf(t, path), 0o600, nil) // as after a kill
	require.NoError(t, err)
	require.NoError(t, db.View(func(tx *bbolt.Tx) error {
		assert.Equal(t, 400, tx.Bucket([]byte("test/things")).Stats().KeyN)
		return nil
	}))
	require.NoError(t, db.Close())
}

func copyOf(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	path = filepath.Join(t.TempDir(), "copy.db")
	require.NoError(t, os.WriteFile(path, content, 0o600))
	return path
}

func TestTheStateCanBeTranslated(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state.db")
	file, err := store.OpenFile(path, "us-west-2")
	require.NoError(t, err)
	s := newService(t)
	_, err = s.Load(file, nil)
	require.NoError(t, err)
	s.mustUpdate(t, func() {
		s.things.Put("127.8.0.1", &thing{Name: "127.8.0.2"})
		s.things.Put("other", &thing{Name: "10.127.8.0"})
	})
	require.NoError(t, file.Close())

	file, err = store.OpenFile(path, "us-west-2")
	require.NoError(t, err)
	s = newService(t)
	_, err = s.Load(file, func(record []byte) []byte { return bytes.ReplaceAll(record, []byte(`"127.8.`), []byte(`"127.9.`)) })
	require.NoError(t, err)
	want := map[string]string{"127.9.0.1": "127.9.0.2", "other": "10.127.8.0"}
	assert.Equal(t, want, s.names())
	require.NoError(t, file.Close())

	s = newService(t)
	s.on(t, path)
	assert.Equal(t, want, s.names(), "it stays translated")
}

// stored makes a file with records, and returns its path.
func stored(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "state.db")
	file, err := store.OpenFile(path, "us-west-2")
	require.NoError(t, err)
	s := newService(t)
	_, err = s.Load(file, nil)
	require.NoError(t, err)
	s.mustUpdate(t, func() {
		for i := range 300 {
			s.things.Put(fmt.Sprint(i), &thing{Name: "a name that takes some space in the file"})
		}
	})
	require.NoError(t, file.Close())
	return path
}

// reopen loads a file.
func reopen(path, region string) error {
	file, err := store.OpenFile(path, region)
	if err != nil {
		return err
	}
	s := store.New()
	store.NewCollection[*thing](s, "test", "things")
	_, err = s.Load(file, nil)
	if err != nil {
		_ = file.Close()
		return err
	}
	return file.Close()
}

func edit(t *testing.T, path string, change func(tx *bbolt.Tx) error) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	require.NoError(t, err)
	require.NoError(t, db.Update(change))
	require.NoError(t, db.Close())
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	put := func(bucket, key, value string) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			edit(t, path, func(tx *bbolt.Tx) error {
				b, err := tx.CreateBucketIfNotExists([]byte(bucket))
				if err != nil {
					return err
				}
				return b.Put([]byte(key), []byte(value))
			})
		}
	}
	for name, c := range map[string]struct {
		damage func(t *testing.T, path string)
		want   string
	}{
		"not a database": {func(t *testing.T, path string) {
			require.NoError(t, os.WriteFile(path, []byte(`{"Version":1,"Region":"us-west-2"}`), 0o600))
		}, "is damaged, or not the state of a localaws"},
		"foreign": {func(t *testing.T, path string) {
			require.NoError(t, os.Remove(path))
			put("other", "a", "b")(t, path)
		}, "is a database of another program"},
		"cut off": {func(t *testing.T, path string) {
			require.NoError(t, os.Truncate(path, 12<<10))
		}, "is damaged"},
		"other version":      {put("localaws", "value", `{"Version":99,"Region":"us-west-2"}`), "is of version 99 and region us-west-2, and this localaws is of 2 and us-west-2"},
		"other region":       {put("localaws", "value", `{"Version":2,"Region":"eu-west-1"}`), "is of version 2 and region eu-west-1"},
		"unknown version":    {put("localaws", "value", `?`), "is damaged"},
		"unknown collection": {put("new/things", "a", `1`), "has records of new/things, which this localaws does not know"},
		"damaged record":     {put("test/things", "a", `{"Name":`), `is damaged at test/things "a"`},
		"other record":       {put("test/things", "a", `{"Name":1}`), `is damaged at test/things "a"`},
		"directory": {func(t *testing.T, path string) {
			require.NoError(t, os.Remove(path))
			require.NoError(t, os.Mkdir(path, 0o700))
		}, "opening the state"},
		"read-only": {func(t *testing.T, path string) {
			require.NoError(t, os.Chmod(path, 0o400))
			if file, err := os.OpenFile(path, os.O_RDWR, 0); err == nil {
				require.NoError(t, file.Close())
				t.Skip("skipped: this user may write every file")
			}
		}, "can't be written"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := stored(t)
			c.damage(t, path)
			err := reopen(path, "us-west-2")
			require.Error(t, err)
			assert.Contains(t, err.Error(), c.want)
			assert.Contains(t, err.Error(), path, "the error says which file")
			assert.NotContains(t, err.Error(), "\n", "one line")
		})
	}
}

// TestDamagedPagesAreSurvived: whichever page of the file is lost, or replaced by
// another one, opening it ends with records or an error.
func TestDamagedPagesAreSurvived(t *testing.T) {
	t.Parallel()
	whole, err := os.ReadFile(stored(t))
	require.NoError(t, err)
	size := os.Getpagesize()
	refused := 0
	for at := 0; at+size <= len(whole); at += size {
		for name, page := range map[string][]byte{
			"zero": make([]byte, size), "ones": bytes.Repeat([]byte{0xff}, size), "another": whole[len(whole)-at-size : len(whole)-at],
		} {
			damaged := slices.Concat(whole[:at], page, whole[at+size:])
			path := filepath.Join(t.TempDir(), "state.db")
			require.NoError(t, os.WriteFile(path, damaged, 0o600))
			if err := reopen(path, "us-west-2"); err != nil {
				refused++
				assert.Contains(t, err.Error(), "is damaged", "%s at %d", name, at)
			}
		}
	}
	assert.NotZero(t, refused)
}
