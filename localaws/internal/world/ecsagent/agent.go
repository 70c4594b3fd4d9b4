package ecsagent

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"sync"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ecs"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/machines"
)

// agent is the ECS agent of one machine.
type agent struct {
	*Agents
	machine  *machines.Machine
	settings settings
	ports    *portPool
	metadata *metadata
	tasks    map[string]*task // by ARN

	mu         sync.Mutex // never held while the account's lock is taken
	arn        string     // of the container instance
	connected  bool
	submits    bool                      // it is connected, and may report
	unsent     map[string]ecs.TaskReport // while it may not
	lastReason string
}

func newAgent(a *Agents, m *machines.Machine) *agent {
	return &agent{
		Agents: a, machine: m, metadata: &metadata{containers: map[string]*taskContainer{}}, tasks: map[string]*task{}, unsent: map[string]ecs.TaskReport{},
	}
}

// run joins the cluster, then runs tasks until the machine or localaws ends.
func (a *agent) run(ctx context.Context) {
	a.configure()
	defer a.machine.Serve(ctx, taskMetadata, http.HandlerFunc(a.metadata.serve))()
	changes, stop := a.account.Watch()
	defer stop()
	var running sync.WaitGroup
	defer running.Wait()
	for {
		if assignments, told := a.poll(); told {
			a.follow(ctx, assignments, &running)
		}
		select {
		case <-ctx.Done():
			return
		case <-changes:
		}
	}
}

// configure reads the agent's settings, which the user data may have written.
func (a *agent) configure() {
	content, err := a.machine.Disk().ReadFile(configFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		a.machine.Log("ecs-agent: reading %s: %s", configFile, err)
	}
	s, problems := parseSettings(string(content))
	for _, problem := range problems {
		a.machine.Log("ecs-agent: %s", problem)
	}
	a.settings = s
	a.ports = newPortPool(a.Network, a.machine.Instance.Address, s.firstPort, s.lastPort)
}

// follow starts and stops tasks as they are assigned.
func (a *agent) follow(ctx context.Context, assignments []ecs.Assignment, running *sync.WaitGroup) {
	assigned := map[string]bool{}
	var started []*task
	for _, assignment := range assignments {
		assigned[assignment.TaskARN] = true
		t := a.tasks[assignment.TaskARN]
		switch {
		case t == nil && assignment.Stop:
			a.report(assignment.TaskARN, neverStarted(assignment))
		case t == nil:
			t = newTask(ctx, a, assignment)
			a.tasks[assignment.TaskARN] = t
			started = append(started, t)
		case assignment.Stop:
			t.stop()
		}
	}
	// All are known before the first runs: a new task must not get the host
	// port of one that goes on after a restart.
	for _, t := range started {
		running.Go(t.run)
	}
	for arn, t := range a.tasks {
		switch {
		case assigned[arn]: // ECS may not know yet that it has ended
		case t.ended():
			delete(a.tasks, arn)
		default: // ECS has given it up
			t.stop()
		}
	}
}

// report tells ECS about a task, or keeps the report while the agent may not.
func (a *agent) report(taskARN string, r ecs.TaskReport) {
	a.mu.Lock()
	submits := a.submits
	if !submits {
		a.unsent[taskARN] = r
	}
	a.mu.Unlock()
	if submits {
		a.account.Do(func() { a.Control.Report(taskARN, r) })
	}
}

// reportUsage tells ECS what a task uses, while there is a connection: what is
// late is of no use.
func (a *agent) reportUsage(taskARN string, cpuUnits, memoryMiB float64) {
	a.mu.Lock()
	connected := a.connected
	a.mu.Unlock()
	if connected {
		a.account.Do(func() { a.Control.ReportUsage(taskARN, cpuUnits, memoryMiB) })
	}
}

func (a *agent) takeUnsent() map[string]ecs.TaskReport {
	a.mu.Lock()
	defer a.mu.Unlock()
	unsent := a.unsent
	a.unsent = map[string]ecs.TaskReport{}
	return unsent
}
