// Package schedule decides what ECS does next in a cluster. Next is a pure
// function: from what is there and what time it is, to actions and the time of
// the next look. It holds no state, reads no clock and talks to no service.
//
//	Cluster ──> waiting tasks ──> each service: health ──> breaker, alarms ──> replicas or daemons ──> rollout ──> Plan
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

func (s *scheduler) step() {
	if s.svc.Deleting {
		s.delete()
		return
	}
	tasks := s.ownTasks()
	for _, t := range tasks {
		health{s}.register(t)
	}
	for _, t := range tasks {
		health{s}.judge(t)
	}
	if (rollout{s}).breakOff() {
		return // the next step sees the deployments as they are then
	}
	if s.svc.Daemon {
		daemons{s}.step()
	} else {
		replicas{s}.step()
	}
	rollout{s}.finish()
}

// delete stops all tasks, and ends the service after the last one.
func (s *scheduler) delete() {
	none := len(s.ownTasks()) == 0
	s.stop(s.liveTasks(), func(t *Task) string { return scaling(t.Deployment) })
	if none {
		s.act(End{Service: s.svc.Name})
	}
}
