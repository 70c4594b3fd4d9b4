package store_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/store"
)

// thing is a record as services have them.
type thing struct {
	Name  string
	Tags  map[string]string
	Parts []*part
}

type part struct{ Size int }

// settings is a record that is a value.
type settings struct{ Words []string }

// service is what has records.
type service struct {
	*store.Store
	things   *store.Collection[*thing]
	settings *store.Value[settings]
}

func newService(t testing.TB) *service {
	t.Helper()
	s := store.New()
	s.Verify()
	return &service{s, store.NewCollection[*thing](s, "test", "things"), store.NewValue[settings](s, "test", "settings")}
}

func (s *service) update(t testing.TB, f func() error) error {
	t.Helper()
	_, written, err := s.Update(f)
	if err != nil {
		return err
	}
	return written.Wait(t.Context())
}

func (s *service) mustUpdate(t testing.TB, f func()) {
	t.Helper()
	require.NoError(t, s.update(t, func() error { f(); return nil }))
}

// on opens a file in which the service keeps its records.
func (s *service) on(t testing.TB, path string) *store.File {
	t.Helper()
	file, err := store.OpenFile(path, "us-west-2")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, file.Close()) })
	_, err = s.Load(file, nil)
	require.NoError(t, err)
	return file
}

func (s *service) ids() []string {
	var all []string
	for id := range s.things.All() {
		all = append(all, id)
	}
	return all
}

func TestReading(t *testing.T) {
	t.Parallel()
	s := newService(t)
	assert.Equal(t, settings{}, s.settings.Get())
	s.mustUpdate(t, func() {
		for _, id := range []string{"c", "a", "b"} {
			s.things.Put(id, &thing{Name: id})
		}
		s.settings.Set(settings{Words: []string{"x"}})
	})
	assert.Equal(t, []string{"a", "b", "c"}, s.ids())
	assert.Equal(t, 3, s.things.Len())
	assert.True(t, s.things.Has("a"))
	assert.Equal(t, settings{Words: []string{"x"}}, s.settings.Get())
	for _, get := range []func(string) (*thing, bool){s.things.Get, s.things.Change} {
		_, ok := get("none")
		assert.False(t, ok)
	}
	s.mustUpdate(t, func() { s.things.Delete("none") })
	assert.Panics(t, func() { s.things.Put("", &thing{}) }, "a record without an id")
	assert.Panics(t, func() { store.NewCollection[int](s.Store, "test", "things") }, "a second one of that name")
}

// TestIterationSeesWhatHappensMeanwhile: steps delete and add what they iterate
// over.
func TestIterationSeesWhatHappensMeanwhile(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.mustUpdate(t, func() {
		for _, id := range []string{"a", "b", "c", "d", "e"} {
			s.things.Put(id, &thing{})
		}
	})
	var seen []string
	s.mustUpdate(t, func() {
		for id := range s.things.All() {
			seen = append(seen, id)
			switch id {
			case "a":
				s.things.Delete("a") // itself
				s.things.Put("0", &thing{})
			case "b":
				s.things.Delete("c") // one to come
				s.things.Put("bb", &thing{})
			case "d":
				s.things.Delete("bb") // one before
			}
		}
	})
	assert.Equal(t, []string{"a", "b", "bb", "d", "e"}, seen)
	assert.Equal(t, []string{"0", "b", "d", "e"}, s.ids())
}

// TestAFailedOperationLeavesNothingBehind: whether it returns an error, panics or
// leaves what no JSON can be.
func TestAFailedOperationLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	refused := errors.New("refused")
	for name, end := range map[string]func() error{
		"error": func() error { return refused },
		"panic": func() error { panic(refused) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			path := filepath.Join(t.TempDir(), "state.db")
			s.on(t, path)
			s.mustUpdate(t, func() {
				for _, id := range []string{"changed", "replaced", "deleted", "again", "kept"} {
					s.things.Put(id, &thing{Name: id, Tags: map[string]string{"a": "1"}, Parts: []*part{{1}, {2}}})
				}
				s.settings.Set(settings{Words: []string{"old"}})
			})
			held, _ := s.things.Get("changed")
			fail := func() error {
				return s.update(t, func() error {
					changed, _ := s.things.Change("changed")
					changed.Name, changed.Tags["b"], changed.Parts[0].Size = "new", "2", 3
					changed.Parts = append(changed.Parts, nil)
					s.things.Put("replaced", &thing{Name: "other"})
					s.things.Delete("deleted")
					s.things.Delete("again")
					s.things.Put("again", &thing{})
					s.things.Put("added", &thing{})
					s.things.Put("gone", &thing{})
					s.things.Delete("gone")
					s.settings.Get().Words[0] = "new"
					s.settings.Set(settings{Words: []string{"other"}})
					return end()
				})
			}
			if name == "panic" {
				assert.PanicsWithValue(t, refused, func() { _ = fail() })
			} else {
				assert.ErrorIs(t, fail(), refused)
			}
			want := func(s *service) {
				assert.Equal(t, []string{"again", "changed", "deleted", "kept", "replaced"}, s.ids())
				for id, one := range s.things.All() {
					assert.Equal(t, &thing{Name: id, Tags: map[string]string{"a": "1"}, Parts: []*part{{1}, {2}}}, one)
				}
				assert.Equal(t, settings{Words: []string{"old"}}, s.settings.Get())
			}
			want(s)
			now, _ := s.things.Get("changed")
			assert.Same(t, held, now, "who holds the record holds it still")
			other := newService(t)
			require.NoError(t, s.Copy(other.Store))
			want(other)
			s.mustUpdate(t, func() { s.things.Delete("kept") })
			assert.Equal(t, 4, s.things.Len(), "the store goes on")
		})
	}
}

func TestARecordThatCannotBeEncodedIsRefused(t *testing.T) {
	t.Parallel()
	s := store.New()
	numbers := store.NewCollection[any](s, "test", "numbers")
	words := store.NewCollection[string](s, "test", "words")
	_, _, err := s.Update(func() error {
		words.Put("a", "a")
		numbers.Put("1", func() {})
		return nil
	})
	assert.ErrorContains(t, err, `encoding test/numbers "1"`)
	assert.False(t, words.Has("a"))
	assert.False(t, numbers.Has("1"))
}

func TestWhatIsPutOutsideOfATransactionStays(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.things.Put("seed", &thing{Name: "seed"}) // as a service is made
	require.Error(t, s.update(t, func() error { s.things.Delete("seed"); return errors.New("refused") }))
	assert.Equal(t, []string{"seed"}, s.ids())
}

func TestReadersChangeNothing(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.mustUpdate(t, func() { s.things.Put("a", &thing{}) })
	for name, change := range map[string]func(){
		"put":    func() { s.things.Put("b", &thing{}) },
		"change": func() { s.things.Change("a") },
		"delete": func() { s.things.Delete("a") },
		"set":    func() { s.settings.Set(settings{}) },
	} {
		assert.Panics(t, func() { s.View(change) }, name)
	}
	s.View(func() { s.things.Get("a") })
	s.mustUpdate(t, func() { s.things.Delete("a") })
}

func TestAnUnmarkedChangeIsFound(t *testing.T) {
	t.Parallel()
	for name, run := range map[string]func(*service, func()){
		"update": func(s *service, f func()) { _, _, _ = s.Update(func() error { f(); return nil }) },
		"failed": func(s *service, f func()) { _, _, _ = s.Update(func() error { f(); return errors.New("refused") }) },
		"step":   func(s *service, f func()) { _, _ = s.Step(f) },
		"view":   func(s *service, f func()) { s.View(f) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			s.mustUpdate(t, func() { s.things.Put("a", &thing{Tags: map[string]string{}}) })
			defer func() { assert.Contains(t, fmt.Sprint(recover()), `test/things "a" changed without Put or Change`) }()
			run(s, func() {
				a, _ := s.things.Get("a")
				a.Tags["b"] = "1"
			})
		})
	}
}

// TestOnlyChangesCount: a record that is marked, but left as it was, is not
// written, and no watcher is told.
func TestOnlyChangesCount(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.mustUpdate(t, func() { s.things.Put("a", &thing{Name: "a"}) })
	changed, err := s.Step(func() { s.things.Change("a"); s.things.Put("b", &thing{}); s.things.Delete("b") })
	require.NoError(t, err)
	assert.False(t, changed)
	changed, err = s.Step(func() { s.things.Delete("a"); s.things.Put("a", &thing{Name: "a"}) })
	require.NoError(t, err)
	assert.False(t, changed)
	changed, err = s.Step(func() { s.things.Delete("a") })
	require.NoError(t, err)
	assert.True(t, changed)
}

// TestAnyHistoryIsKept runs random transactions, some of which fail, against a
// map, and reopens the file now and then.
func TestAnyHistoryIsKept(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // no secret
	path := filepath.Join(t.TempDir(), "state.db")
	want := map[string]string{}
	for range 5 {
		s := newService(t)
		file, err := store.OpenFile(path, "us-west-2")
		require.NoError(t, err)
		_, err = s.Load(file, nil)
		require.NoError(t, err)
		for range 100 {
			next, fails := maps.Clone(want), random.IntN(3) == 0
			err := s.update(t, func() error {
				for range random.IntN(5) {
					s.step(random, next)
				}
				if fails {
					return errors.New("refused")
				}
				return nil
			})
			require.Equal(t, fails, err != nil)
			if !fails {
				want = next
			}
			require.Equal(t, want, s.names())
			require.Equal(t, slices.Sorted(maps.Keys(want)), s.ids())
		}
		require.NoError(t, file.Close())
	}
}

// step does one thing to the records, and to a map of their names.
func (s *service) step(random *rand.Rand, names map[string]string) {
	id, name := fmt.Sprint(random.IntN(8)), fmt.Sprint(random.IntN(100))
	switch random.IntN(3) {
	case 0:
		s.things.Put(id, &thing{Name: name})
		names[id] = name
	case 1:
		if one, ok := s.things.Change(id); ok {
			one.Name = name
			names[id] = name
		}
	case 2:
		s.things.Delete(id)
		delete(names, id)
	}
}

func (s *service) names() map[string]string {
	all := map[string]string{}
	for id, one := range s.things.All() {
		all[id] = one.Name
	}
	return all
}

func TestPrefix(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.mustUpdate(t, func() {
		for _, id := range []string{"a", "a/1", "a/2", "a/3", "a0", "b/1"} {
			s.things.Put(id, &thing{Name: id})
		}
	})
	below := func(prefix string) (ids []string) {
		for id := range s.things.Prefix(prefix) {
			ids = append(ids, id)
		}
		return ids
	}
	assert.Equal(t, []string{"a/1", "a/2", "a/3"}, below("a/"))
	assert.Equal(t, []string{"b/1"}, below("b"))
	assert.Empty(t, below("c"))
	s.mustUpdate(t, func() {
		for id := range s.things.Prefix("a/") {
			s.things.Delete(id)
		}
	})
	assert.Equal(t, []string{"a", "a0", "b/1"}, below(""))
}
