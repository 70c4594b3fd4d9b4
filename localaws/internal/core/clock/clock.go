// Package clock is the time that localaws lives by: wall time for timestamps,
// and AWS's own durations (health check intervals, boot, drain, grace) passed
// faster by a factor, the speed.
package clock

import (
	"context"
	"sync"
	"time"
)

// DefaultSpeed makes a 30 s interval pass in 0.3 s: fast enough that waiting
// is not felt, slow enough that each state can still be seen.
const DefaultSpeed = 100

// Clock tells the time and lets AWS's durations pass. All durations that it
// takes are AWS's, as a user would read them in the documentation.
type Clock interface {
	// Now is wall time, which goes into timestamps: clients compare them
	// with their own clock.
	Now() time.Time
	// In is the wall time at which d from now will have passed.
	In(d time.Duration) time.Time
	// Sleep waits until d has passed or the context is done; then it
	// returns the context's error.
	Sleep(ctx context.Context, d time.Duration) error
	// At returns a channel that is closed once wall time has reached t, and
	// a function that gives up waiting.
	At(t time.Time) (reached <-chan struct{}, stop func())
	// Real is how long d takes on the wall, for deadlines of real I/O.
	Real(d time.Duration) time.Duration
}

// Scaled is a clock on which AWS's durations pass Speed times faster.
type Scaled struct{ speed float64 }

// New returns a clock with that speed: 1 is AWS's own pace. A speed that is
// not positive means DefaultSpeed.
func New(speed float64) *Scaled {
	if speed <= 0 {
		speed = DefaultSpeed
	}
	return &Scaled{speed: speed}
}

// Speed is the factor that the clock was made with.
func (c *Scaled) Speed() float64 { return c.speed }

// Now is wall time.
func (c *Scaled) Now() time.Time { return time.Now() }

// Real is how long d takes on the wall.
func (c *Scaled) Real(d time.Duration) time.Duration {
	return time.Duration(float64(d) / c.speed)
}

// In is the wall time at which d from now will have passed.
func (c *Scaled) In(d time.Duration) time.Time { return time.Now().Add(c.Real(d)) }

// Sleep waits until d has passed or ctx is done.
func (c *Scaled) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(c.Real(d))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// At returns a channel that is closed at t.
func (c *Scaled) At(t time.Time) (<-chan struct{}, func()) {
	reached := make(chan struct{})
	timer := time.AfterFunc(time.Until(t), func() { close(reached) })
	return reached, func() { timer.Stop() }
}

// Fake is a clock that stands still until Advance moves it; for tests. Its
// durations are not scaled.
type Fake struct {
	mu      sync.Mutex
	now     time.Time
	waiting map[*wait]struct{}
}

type wait struct {
	until   time.Time
	reached chan struct{}
}

// NewFake returns a clock that stands at start.
func NewFake(start time.Time) *Fake {
	return &Fake{now: start, waiting: map[*wait]struct{}{}}
}

// Now is where the clock stands.
func (c *Fake) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Real is d itself.
func (c *Fake) Real(d time.Duration) time.Duration { return d }

// In is d after where the clock stands.
func (c *Fake) In(d time.Duration) time.Time { return c.Now().Add(d) }

// Sleep waits until Advance has moved the clock by d, or ctx is done.
func (c *Fake) Sleep(ctx context.Context, d time.Duration) error {
	reached, stop := c.At(c.In(d))
	defer stop()
	select {
	case <-reached:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// At returns a channel that is closed once Advance has moved the clock to t.
func (c *Fake) At(t time.Time) (<-chan struct{}, func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := &wait{until: t, reached: make(chan struct{})}
	if !t.After(c.now) {
		close(w.reached)
		return w.reached, func() {}
	}
	c.waiting[w] = struct{}{}
	return w.reached, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.waiting, w)
	}
}

// Advance moves the clock by d and wakes whoever waited for that.
func (c *Fake) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	for w := range c.waiting {
		if !w.until.After(c.now) {
			close(w.reached)
			delete(c.waiting, w)
		}
	}
}

// Waiting is how many sleepers the clock has: a test advances it once the code
// under test has gone to sleep.
func (c *Fake) Waiting() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.waiting)
}
