package kernel

import (
	"time"

	"golang.org/x/sys/unix"
)

// thread is a thread of this process, by the clock of its processor time.
type thread struct{ clock int32 }

// perThread and schedulerTime are bits of the number of a thread's clock, as
// pthread_getcpuclockid(3) makes it.
const (
	schedulerTime = 2
	perThread     = 4
)

// thisThread is the caller's, which must be locked to it.
func thisThread() *thread {
	return &thread{int32(^unix.Gettid()<<3 | perThread | schedulerTime)} //nolint:gosec // a thread's number has 22 bits
}

// used is the thread's processor time; other threads may ask too.
func (t *thread) used() time.Duration {
	var now unix.Timespec
	if err := unix.ClockGettime(t.clock, &now); err != nil {
		return 0
	}
	return time.Duration(now.Nano())
}
