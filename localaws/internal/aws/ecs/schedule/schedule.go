// Package schedule decides what ECS does next in a cluster. Next is a pure
// function: from what is there and what time it is, to actions and the time of
// the next look. It holds no state, reads no clock and talks to no service.
//
//	Cluster ──> waiting tasks ──> each service: health ──> circuit breaker ──> replicas or daemons ──> rollout ──> Plan
//	                │                                                              │
//	                └────────────────────────── placement ─────────────────────────┘
//
// Package ecs describes a cluster, applies the actions, and writes the events
// that AWS would write about them.
package schedule

import (
	"slices"
	"time"
)

// Plan is what to do now, in this order, and when to look again. After actions
// that changed something the caller looks again at once.
type Plan struct {
	Actions []Action
	// Next is the time of the next look; zero when only a change calls for one.
	Next time.Time
}

// Next plans the next step of a cluster. It leaves the cluster as it is.
func Next(c Cluster) Plan {
	p := newPlanner(c)
	for _, t := range slices.Clone(p.tasks) {
		p.drain(t)
		p.placeWaiting(t)
	}
	for i := range c.Services {
		p.scheduler(c.Services[i]).step()
	}
	return Plan{Actions: p.actions, Next: p.next}
}

// planner works on its own copies of tasks and instances, so that what it
// plans first counts for what it plans next.
type planner struct {
	now     time.Time
	pace    float64
	scaled  map[string]bool
	placer  *Placer
	tasks   []*Task
	actions []Action
	next    time.Time
}

func newPlanner(c Cluster) *planner {
	p := &planner{now: c.Now, pace: c.Pace, scaled: c.Scaled}
	for i := range c.Tasks {
		t := c.Tasks[i]
		p.tasks = append(p.tasks, &t)
	}
	p.placer = newPlacer(c.Instances, p.tasks)
	return p
}

func (p *planner) act(a Action) { p.actions = append(p.actions, a) }

// wake asks for the next look at t at the latest.
func (p *planner) wake(t time.Time) {
	if !t.IsZero() && (p.next.IsZero() || t.Before(p.next)) {
		p.next = t
	}
}

// due reports whether t has come, and asks for a look then if it has not.
func (p *planner) due(t time.Time) bool {
	if p.now.Before(t) {
		p.wake(t)
		return false
	}
	return true
}

// in is the time at which d of AWS's time will have passed.
func (p *planner) in(d time.Duration) time.Time {
	return p.now.Add(time.Duration(float64(d) * p.pace))
}

// forget drops a task that ends with the action just planned.
func (p *planner) forget(t *Task) {
	p.tasks = slices.DeleteFunc(p.tasks, func(o *Task) bool { return o == t })
}

// drain lets the agent stop a task once its targets have drained.
func (p *planner) drain(t *Task) {
	draining := func(place Target) bool { return place.Health == "draining" }
	if t.Status == Deactivating && !slices.ContainsFunc(t.Targets, draining) {
		t.Status = Stopping
		p.act(Drained{Task: t.ID})
	}
}

// placeWaiting looks for an instance for a task that waits for its capacity
// provider.
func (p *planner) placeWaiting(t *Task) {
	if t.Status != Waiting || !t.live() {
		return
	}
	h, why := p.placer.find(t.Work)
	if h != nil {
		h.take(t)
		p.act(Place{Task: t.ID, Instance: h.ID})
		return
	}
	if t.Service != "" && p.due(t.ComplainAt) {
		p.act(Unplaceable{Service: t.Service, Provider: t.Work.Provider, Why: why})
	}
	if p.due(t.GiveUpAt) {
		p.act(GiveUp{Task: t.ID, Why: why})
		p.forget(t)
	}
}
