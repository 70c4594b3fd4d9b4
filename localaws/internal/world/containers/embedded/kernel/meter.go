package kernel

import (
	"context"
	"net/http"
	"runtime"
	"sync"
	"time"
)

// meter adds up the processor time of a kernel's programs. All kernels share
// this process, so each program has an operating system thread to itself while
// it runs, and the kernel says what that thread has used.
type meter struct {
	mu      sync.Mutex
	used    time.Duration // by what has ended
	running map[*thread]time.Duration
}

// count calls f and counts its processor time. A program within f that is
// counted too, as a server's requests are, must be on another goroutine.
func (m *meter) count(f func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	t := thisThread()
	before := t.used()
	m.mu.Lock()
	if m.running == nil {
		m.running = map[*thread]time.Duration{}
	}
	m.running[t] = before
	m.mu.Unlock()
	defer func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.running, t)
		m.used += max(0, t.used()-before)
	}()
	f()
}

// total is the processor time until now.
func (m *meter) total() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	sum := m.used
	for t, before := range m.running {
		sum += max(0, t.used()-before)
	}
	return sum
}

// CPUTime is the processor time of all programs since the kernel was made. On
// systems that don't tell it by thread it stays 0.
func (k *Kernel) CPUTime() time.Duration { return k.meter.total() }

// Metered is a handler whose work counts as its kernel's: a server answers on
// goroutines of its own, and not on its program's.
func (k *Kernel) Metered(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		k.meter.count(func() { h.ServeHTTP(w, r) })
	})
}

type unmeteredKey struct{}

// Unmetered is a context whose processes are not counted, and neither are those
// that they start.
func Unmetered(ctx context.Context) context.Context {
	return context.WithValue(ctx, unmeteredKey{}, true)
}

func unmetered(ctx context.Context) bool { return ctx.Value(unmeteredKey{}) != nil }
