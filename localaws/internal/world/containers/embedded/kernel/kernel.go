// Package kernel is what a program in a container, or on an instance, sees of
// its operating system: a file tree, processes with numbers and signals, and
// ports.
// Programs are Go functions; all of it happens inside this process, and nothing
// outside the tree's directories can be reached.
package kernel

import (
	"context"
	"net"
	"slices"
	"sync"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/clock"
)

// maxProcesses keeps a command that starts itself over and over from taking
// this process down with it.
const maxProcesses = 512

// Options are what New makes a Kernel of.
type Options struct {
	Files    *Tree
	Clock    clock.Clock
	Hostname string
	// Programs are what program files may stand for, by name.
	Programs map[string]Program
	// Absent are programs in /usr/bin that have no file, by name: a real image
	// has them, and here they say that they do nothing.
	Absent map[string]Program
	// Dial makes connections to other hosts; nil means no network.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// MemoryMiB is what the programs may hold together, 0 for a default. Whoever
	// wants more gets all processes killed.
	MemoryMiB int
	// Budget is shared with the other kernels of this process; nil means that there
	// are none.
	Budget *Budget
	// InitSurvives spares number 1, as an instance's kernel does; a container
	// ends with its processes.
	InitSurvives bool
}

// Kernel runs the programs of one container or instance.
type Kernel struct {
	Options
	Ports  *Ports
	Memory *Memory

	ctx     context.Context
	stop    context.CancelFunc
	running sync.WaitGroup
	meter   meter

	mu        sync.Mutex
	lastPID   int
	processes map[int]*Process
}

// New returns a kernel that runs until Kill.
func New(options Options) *Kernel {
	ctx, stop := context.WithCancel(context.Background())
	k := &Kernel{
		Options: options, Ports: NewPorts(),
		ctx: ctx, stop: stop, processes: map[int]*Process{},
	}
	k.Memory = newMemory(options.MemoryMiB, options.Budget, k.killAll)
	k.Memory.shared.add(k.Memory)
	context.AfterFunc(ctx, func() { k.Memory.shared.remove(k.Memory) })
	options.Files.account(k.Memory)
	return k
}

// Context is done when the kernel is killed.
func (k *Kernel) Context() context.Context { return k.ctx }

// Kill ends all processes.
func (k *Kernel) Kill() { k.stop() }

// killAll ends the processes, for want of memory.
func (k *Kernel) killAll() {
	for _, p := range k.Processes() {
		if p.PID != 1 || !k.InitSurvives {
			p.Signal(SIGKILL)
		}
	}
}

// Wait returns when all processes have ended. What is done to the files then is
// not theirs.
func (k *Kernel) Wait() {
	k.running.Wait()
	k.Files.account(nil)
}

// remove forgets an ended process; the end of the first ends all others.
func (k *Kernel) remove(p *Process) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.processes, p.PID)
	if p.PID == 1 {
		k.stop()
	}
}

// Process finds a running process.
func (k *Kernel) Process(pid int) (*Process, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	p, ok := k.processes[pid]
	return p, ok
}

// Processes lists the running processes by number.
func (k *Kernel) Processes() []*Process {
	k.mu.Lock()
	defer k.mu.Unlock()
	list := make([]*Process, 0, len(k.processes))
	for _, p := range k.processes {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b *Process) int { return a.PID - b.PID })
	return list
}
