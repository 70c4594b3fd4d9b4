package kernel

import (
	"errors"
	"sync"
	"sync/atomic"
)

const (
	// defaultMemory is what a kernel may hold when its Options don't say, in MiB.
	defaultMemory = 256
	// allMemory bounds what the kernels of a Budget hold together, in bytes: however
	// many there are, they must leave this process alive.
	allMemory = 2 << 30
	// processCost is what a process holds before it does anything: its stack, its
	// thread and what the kernel keeps of it. By allMemory it bounds the threads of
	// all kernels, of which Go bears 10,000.
	processCost = 256 << 10
)

// ErrOutOfMemory says that a kernel may not hold more. It has killed its
// processes.
var ErrOutOfMemory = errors.New("Cannot allocate memory") //nolint:staticcheck // as the C library says it

// Memory counts what a kernel's programs hold, files included. What grows as a
// program wants it to has to be charged before it is allocated: with it, what is
// not charged stays within a small multiple of the limit.
type Memory struct {
	limit int64
	used  atomic.Int64
	held  atomic.Int64 // of used, what is not on the disk
	full  atomic.Bool
	kill  func()
	// shared is what it takes part in.
	shared *Budget
}

func newMemory(mebibytes int, shared *Budget, kill func()) *Memory {
	if mebibytes <= 0 {
		mebibytes = defaultMemory
	}
	if shared == nil {
		shared = NewBudget()
	}
	return &Memory{limit: min(int64(mebibytes)<<20, allMemory), kill: kill, shared: shared}
}

// Charge takes bytes, or kills the kernel's processes and returns ErrOutOfMemory.
func (m *Memory) Charge(bytes int) error {
	if err := m.take(int64(bytes)); err != nil {
		return err
	}
	m.held.Add(int64(bytes))
	if m.shared.used.Add(int64(bytes)) > allMemory {
		m.shared.killLargest()
	}
	return nil
}

// Release gives back what Charge took.
func (m *Memory) Release(bytes int) {
	m.used.Add(-int64(bytes))
	m.held.Add(-int64(bytes))
	m.shared.used.Add(-int64(bytes))
}

// take counts bytes of any kind; of files it is all there is to do.
func (m *Memory) take(bytes int64) error {
	if m.used.Add(bytes) <= m.limit {
		return nil
	}
	m.used.Add(-bytes)
	m.exhausted()
	return ErrOutOfMemory
}

func (m *Memory) exhausted() {
	m.full.Store(true)
	m.kill()
}

// Used is how many bytes are taken.
func (m *Memory) Used() int64 { return m.used.Load() }

// Limit is how many may be taken.
func (m *Memory) Limit() int64 { return m.limit }

// Exhausted reports whether something was killed for want of memory.
func (m *Memory) Exhausted() bool { return m.full.Load() }

// Budget is the memory that kernels share, as that of one process.
type Budget struct {
	used atomic.Int64

	mu  sync.Mutex
	all map[*Memory]bool
}

// NewBudget returns a budget that no kernel has a part in yet.
func NewBudget() *Budget { return &Budget{all: map[*Memory]bool{}} }

func (b *Budget) add(m *Memory) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all[m] = true
}

func (b *Budget) remove(m *Memory) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.all, m)
}

// killLargest makes room as Linux does: by the processes of the kernel that holds
// most, whoever wants more. Those that are being killed already come first.
func (b *Budget) killLargest() {
	b.mu.Lock()
	var largest *Memory
	for m := range b.all {
		if largest == nil || m.held.Load() > largest.held.Load() {
			largest = m
		}
	}
	b.mu.Unlock()
	if largest != nil {
		largest.exhausted()
	}
}

// Charge takes bytes for the process, until it frees them or ends.
func (p *Process) Charge(bytes int) error {
	if err := p.Kernel.Memory.Charge(bytes); err != nil {
		return err
	}
	p.allocated.Add(int64(bytes))
	return nil
}

// Allocate charges bytes to the process whose goroutine calls it. Out of memory it
// does not return: the process ends where it stands.
func (p *Process) Allocate(bytes int) {
	if err := p.Charge(bytes); err != nil {
		panic(err)
	}
}

// Free gives back what Charge or Allocate took.
func (p *Process) Free(bytes int) {
	p.allocated.Add(-int64(bytes))
	p.Kernel.Memory.Release(bytes)
}
