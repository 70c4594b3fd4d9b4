package clock_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/clock"
)

var start = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func TestFakeStandsUntilItIsAdvanced(t *testing.T) {
	t.Parallel()
	c := clock.NewFake(start)
	reached, stop := c.At(c.In(time.Minute))
	defer stop()
	assert.Equal(t, start, c.Now())
	assert.Equal(t, time.Hour, c.Real(time.Hour))
	assert.Equal(t, 1, c.Waiting())
	c.Advance(59 * time.Second)
	assert.False(t, closed(reached))
	c.Advance(time.Second)
	assert.True(t, closed(reached))
	assert.Zero(t, c.Waiting())
	assert.Equal(t, start.Add(time.Minute), c.Now())

	past, stop2 := c.At(start)
	defer stop2()
	assert.True(t, closed(past), "what is past is reached at once")
}

func TestFakeForgetsWhoGaveUp(t *testing.T) {
	t.Parallel()
	c := clock.NewFake(start)
	reached, stop := c.At(start.Add(time.Second))
	stop()
	stop()
	assert.Zero(t, c.Waiting())
	c.Advance(time.Minute)
	assert.False(t, closed(reached))
}

// TestSleepers holds for both clocks: they wake in time, or with their context.
func TestSleepers(t *testing.T) {
	t.Parallel()
	t.Run("fake", func(t *testing.T) {
		t.Parallel()
		c := clock.NewFake(start)
		var woken sync.WaitGroup
		var err error
		woken.Go(func() { err = c.Sleep(context.WithoutCancel(t.Context()), time.Hour) })
		require.Eventually(t, func() bool { return c.Waiting() == 1 }, 10*time.Second, time.Millisecond)
		c.Advance(time.Hour)
		woken.Wait()
		require.NoError(t, err)
		require.ErrorIs(t, c.Sleep(cancelled(t), time.Hour), context.Canceled)
		assert.Zero(t, c.Waiting(), "who gave up is forgotten")
	})
	t.Run("scaled", func(t *testing.T) {
		t.Parallel()
		c := clock.New(1e6)
		require.NoError(t, c.Sleep(t.Context(), time.Minute))
		require.ErrorIs(t, clock.New(1).Sleep(cancelled(t), time.Hour), context.Canceled)
	})
}

func cancelled(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

func TestScaledPassesDurationsFaster(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ given, speed float64 }{
		"AWS's own pace": {1, 1}, "faster": {50, 50}, "slower": {0.5, 0.5}, "none": {0, clock.DefaultSpeed}, "negative": {-3, clock.DefaultSpeed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scaled := clock.New(c.given)
			assert.InDelta(t, c.speed, scaled.Speed(), 0)
			assert.Equal(t, time.Duration(float64(30*time.Second)/c.speed), scaled.Real(30*time.Second))
			before := time.Now()
			in := scaled.In(time.Hour)
			assert.False(t, in.Before(before.Add(scaled.Real(time.Hour))))
			assert.False(t, scaled.Now().Before(before), "timestamps are wall time")
		})
	}
}

func TestScaledReachesATime(t *testing.T) {
	t.Parallel()
	c := clock.New(1)
	past, stop := c.At(time.Now().Add(-time.Hour))
	defer stop()
	select {
	case <-past:
	case <-time.After(10 * time.Second):
		t.Fatal("a time that is past is not reached")
	}
	never, giveUp := c.At(time.Now().Add(time.Hour))
	giveUp()
	assert.False(t, closed(never))
}

func TestFakeServesManySleepers(t *testing.T) {
	t.Parallel()
	c := clock.NewFake(start)
	var woken sync.WaitGroup
	for i := range 50 {
		woken.Go(func() {
			assert.NoError(t, c.Sleep(context.WithoutCancel(t.Context()), time.Duration(i+1)*time.Second))
		})
	}
	require.Eventually(t, func() bool { return c.Waiting() == 50 }, 10*time.Second, time.Millisecond)
	c.Advance(25 * time.Second)
	assert.Equal(t, 25, c.Waiting())
	c.Advance(25 * time.Second)
	woken.Wait()
}
