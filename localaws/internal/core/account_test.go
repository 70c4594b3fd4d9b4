package core_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/clock"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/store"
)

func newAccount(region string) (*core.Account, *clock.Fake) {
	fake := clock.NewFake(time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC))
	return core.New(region, fake, slog.New(slog.DiscardHandler)), fake
}

func TestNamesFollowFromTheRegion(t *testing.T) {
	t.Parallel()
	for region, want := range map[string]struct{ partition, suffix string }{
		"us-west-2":     {"aws", "amazonaws.com"},
		"eu-central-1":  {"aws", "amazonaws.com"},
		"us-gov-west-1": {"aws-us-gov", "amazonaws.com"},
		"cn-north-1":    {"aws-cn", "amazonaws.com.cn"},
	} {
		t.Run(region, func(t *testing.T) {
			t.Parallel()
			a, _ := newAccount(region)
			assert.Equal(t, "arn:"+want.partition+":ecs:"+region+":123456789012:cluster/web", a.ARN("ecs", "cluster/web"))
			assert.Equal(t, "arn:"+want.partition+":iam::123456789012:role/web", a.GlobalARN("iam", "role/web"))
			assert.Equal(t, want.suffix, a.DNSSuffix())
			assert.Equal(t, []string{region + "a", region + "b", region + "c"}, a.Zones())
		})
	}
}

func TestTags(t *testing.T) {
	t.Parallel()
	tags := core.NewTags([]core.Tag{{Key: "b", Value: "1"}, {Key: "a", Value: "2"}, {Key: "b", Value: "3"}})
	assert.Equal(t, []core.Tag{{Key: "a", Value: "2"}, {Key: "b", Value: "3"}}, tags.List())
	tags.Remove([]string{"b", "none"})
	assert.Equal(t, core.Tags{"a": "2"}, tags)
	assert.Equal(t, []core.Tag{}, core.Tags(nil).List(), "an untagged resource has an empty list on the wire")
}

func TestChangesReachEveryWatcher(t *testing.T) {
	t.Parallel()
	a, _ := newAccount("us-west-2")
	first, stopFirst := a.Watch()
	second, stopSecond := a.Watch()
	a.Do(a.Changed) // with the lock held
	a.Changed()     // several may come as one
	for _, changes := range []<-chan struct{}{first, second} {
		assert.Len(t, changes, 1)
		<-changes
	}
	stopFirst()
	a.Changed()
	assert.Empty(t, first)
	assert.Len(t, second, 1)
	stopSecond()
}

func TestDoIsOneAtATime(t *testing.T) {
	t.Parallel()
	a, _ := newAccount("us-west-2")
	n := 0
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() { a.Do(func() { n++ }) })
	}
	all.Wait()
	assert.Equal(t, 50, n)
	assert.Panics(t, func() { a.Do(func() { panic("in a service") }) })
	a.Do(func() { n++ })
	assert.Equal(t, 51, n, "the lock was given back")
}

func TestOperations(t *testing.T) {
	t.Parallel()
	a, _ := newAccount("us-west-2")
	records := store.NewCollection[string](a.Records, "test", "words")
	file, err := store.OpenFile(filepath.Join(t.TempDir(), "state.db"), a.Region)
	require.NoError(t, err)
	_, err = a.Records.Load(file, nil)
	require.NoError(t, err)
	changes, stop := a.Watch()
	defer stop()

	require.NoError(t, a.Update(t.Context(), func() error { records.Put("a", "1"); return nil }))
	assert.Len(t, changes, 1)
	<-changes
	refused := errors.New("refused")
	assert.ErrorIs(t, a.Update(t.Context(), func() error { records.Put("b", "2"); return refused }), refused)
	assert.Panics(t, func() { _ = a.Update(t.Context(), func() error { records.Put("c", "3"); panic("in a service") }) })
	assert.Panics(t, func() { a.Do(func() { records.Put("d", "4"); panic("in a step") }) })
	assert.Panics(t, func() { a.View(func() { records.Put("e", "5") }) })
	a.Do(func() {})
	assert.Empty(t, changes, "nothing changed")
	a.View(func() { assert.Equal(t, 1, records.Len()) })
	a.Do(func() { records.Put("f", "6") })
	assert.Len(t, changes, 1, "a step that changed something is told too")

	require.NoError(t, file.Close())
	assert.Error(t, a.Update(t.Context(), func() error { records.Put("g", "7"); return nil }), "what can't be kept is not acknowledged")
}

// reconciling runs Reconcile with a step that counts itself.
type reconciling struct {
	account *core.Account
	steps   chan struct{}
	stop    func()
}

func reconcile(t *testing.T, a *core.Account, again func(step int) time.Time) *reconciling {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	r := &reconciling{account: a, steps: make(chan struct{}, 100)}
	n := 0
	var ended sync.WaitGroup
	ended.Go(func() {
		a.Reconcile(ctx, func() time.Time {
			n++
			r.steps <- struct{}{}
			return again(n)
		})
	})
	r.stop = func() { cancel(); ended.Wait() }
	t.Cleanup(r.stop)
	return r
}

func (r *reconciling) wantStep(t *testing.T, why string) {
	t.Helper()
	select {
	case <-r.steps:
	case <-time.After(10 * time.Second):
		t.Fatal("no step " + why)
	}
}

func TestReconcileStepsAtOnceAndAfterChanges(t *testing.T) {
	t.Parallel()
	a, fake := newAccount("us-west-2")
	r := reconcile(t, a, func(int) time.Time { return time.Time{} })
	r.wantStep(t, "at once")
	a.Changed()
	r.wantStep(t, "after a change")
	fake.Advance(time.Hour)
	r.stop()
	assert.Empty(t, r.steps, "none without a reason")
	assert.Zero(t, fake.Waiting())
}

func TestReconcileStepsWhenItIsTime(t *testing.T) {
	t.Parallel()
	a, fake := newAccount("us-west-2")
	due := fake.In(time.Minute)
	r := reconcile(t, a, func(step int) time.Time {
		if step < 3 {
			return due
		}
		return time.Time{}
	})
	r.wantStep(t, "at once")
	require.Eventually(t, func() bool { return fake.Waiting() == 1 }, 10*time.Second, time.Millisecond)
	a.Changed()
	r.wantStep(t, "after a change, before its time")
	require.Eventually(t, func() bool { return fake.Waiting() == 1 }, 10*time.Second, time.Millisecond, "one wait at a time")
	fake.Advance(time.Minute)
	r.wantStep(t, "at its time")
	r.stop()
	assert.Empty(t, r.steps)
}

// TestReconcileSeesAChangeThatItMade: a step that changed something is called
// again, so that what became possible happens.
func TestReconcileSeesAChangeThatItMade(t *testing.T) {
	t.Parallel()
	a, _ := newAccount("us-west-2")
	r := reconcile(t, a, func(step int) time.Time {
		if step < 4 {
			a.Changed()
		}
		return time.Time{}
	})
	for range 4 {
		r.wantStep(t, "after its own change")
	}
	r.stop()
	assert.Empty(t, r.steps)
}

// TestReconcileMissesNoChange: one that comes while a step runs, or between
// steps, has a step after it.
func TestReconcileMissesNoChange(t *testing.T) {
	t.Parallel()
	a, _ := newAccount("us-west-2")
	wanted, seen := 0, 0
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var all sync.WaitGroup
	all.Go(func() {
		a.Reconcile(ctx, func() time.Time {
			seen = wanted
			return time.Time{}
		})
	})
	var writers sync.WaitGroup
	for range 20 {
		writers.Go(func() {
			for range 20 {
				a.Do(func() { wanted++ })
				a.Changed()
			}
		})
	}
	writers.Wait()
	require.Eventually(t, func() bool {
		same := false
		a.Do(func() { same = seen == 400 })
		return same
	}, 10*time.Second, time.Millisecond)
	cancel()
	all.Wait()
}
