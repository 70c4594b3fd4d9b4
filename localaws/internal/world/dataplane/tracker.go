package dataplane

import "sync"

// tracker counts what is going on, so that its owner can wait for the end of
// it. Unlike a sync.WaitGroup it may be closed while others still try to
// enter: they are turned away.
type tracker struct {
	mu     sync.Mutex
	n      int
	closed bool
	empty  chan struct{}
}

func newTracker() *tracker { return &tracker{empty: make(chan struct{})} }

// enter counts one more, or returns false after close.
func (t *tracker) enter() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return false
	}
	t.n++
	return true
}

// leave takes back one enter.
func (t *tracker) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.n--
	if t.closed && t.n == 0 {
		close(t.empty)
	}
}

// close turns newcomers away, and returns a channel that is closed once no
// connection is left. It may be called once.
func (t *tracker) close() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	if t.n == 0 {
		close(t.empty)
	}
	return t.empty
}
