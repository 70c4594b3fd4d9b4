// Package machine is what a program in a container, or on an instance, sees of
// its machine: a file tree, processes with numbers and signals, and ports.
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

// Options make a Machine.
type Options struct {
	Files    *Tree
	Clock    clock.Clock
	Hostname string
	// Programs are what program files may stand for, by name.
	Programs map[string]Program
	// Dial makes connections to other machines; nil means no network.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Machine is one container or instance.
type Machine struct {
	Options
	Ports *Ports

	ctx     context.Context
	stop    context.CancelFunc
	running sync.WaitGroup
	meter   meter

	mu        sync.Mutex
	lastPID   int
	processes map[int]*Process
}

// New returns a machine that runs until Kill.
func New(options Options) *Machine {
	ctx, stop := context.WithCancel(context.Background())
	return &Machine{
		Options: options, Ports: NewPorts(),
		ctx: ctx, stop: stop, processes: map[int]*Process{},
	}
}

// Context is done when the machine is killed.
func (m *Machine) Context() context.Context { return m.ctx }

// Kill ends all processes.
func (m *Machine) Kill() { m.stop() }

// Wait returns when all processes have ended.
func (m *Machine) Wait() { m.running.Wait() }

// remove forgets an ended process; the end of the first ends the machine.
func (m *Machine) remove(p *Process) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.processes, p.PID)
	if p.PID == 1 {
		m.stop()
	}
}

// Process finds a running process.
func (m *Machine) Process(pid int) (*Process, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p, ok := m.processes[pid]
	return p, ok
}

// Processes lists the running processes by number.
func (m *Machine) Processes() []*Process {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := make([]*Process, 0, len(m.processes))
	for _, p := range m.processes {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b *Process) int { return a.PID - b.PID })
	return list
}
