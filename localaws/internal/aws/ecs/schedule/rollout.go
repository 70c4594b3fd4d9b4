package schedule

import (
	"slices"
	"time"
)

// Bounds of the circuit breaker's threshold,
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html.
const (
	leastThreshold = 3
	mostThreshold  = 200
)

// Threshold is how many failed tasks trip the circuit breaker of a deployment
// that wants so many tasks.
func Threshold(desired int) int {
	return min(max((desired+1)/2, leastThreshold), mostThreshold)
}

// rollout takes the deployments of a service to their ends.
type rollout struct{ *scheduler }

// alarmPolls is how often ECS looks at the alarms of a deployment. AWS does not tell.
const alarmPolls = 15 * time.Second

// breakOff fails a deployment whose tasks failed too often, or one of whose alarms is
// in ALARM, and rolls back when what failed it is to.
func (s rollout) breakOff() (broke bool) {
	d := s.primary
	if d.Rollout != InProgress {
		return false
	}
	f := Fail{Service: s.svc.Name, Deployment: d.ID}
	switch {
	case s.svc.Breaker.Enabled && d.Failed >= Threshold(s.wanted()):
		f.RollBack = s.svc.Breaker.Rollback
	case s.watched() && s.svc.Alarms.Ringing && s.runs():
		f.ByAlarm, f.RollBack = true, s.svc.Alarms.Rollback
	default:
		return false
	}
	if f.RollBack && s.svc.LastCompleted != d.ID {
		f.To = s.svc.LastCompleted
	}
	s.act(f)
	return true
}

// watched reports whether the alarms count for the primary deployment: they don't if
// one was in ALARM when it began,
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html.
func (s rollout) watched() bool {
	if !s.svc.Alarms.Enabled || s.primary.Unwatched || s.primary.Rollout != InProgress {
		return false
	}
	s.wake(s.in(alarmPolls))
	return true
}

// runs reports whether a task of the primary deployment runs: only then ECS begins to
// look at the alarms.
func (s rollout) runs() bool {
	return slices.ContainsFunc(s.ownTasks(), func(t *Task) bool { return t.Deployment == s.primary.ID && t.Status == Running })
}

// baked reports whether the alarms have been watched for long enough after the
// deployment was done. Until then, the deployment before it stays.
func (s rollout) baked(done bool) bool {
	d := s.primary
	if !s.watched() {
		return true
	}
	if d.BakedAt.IsZero() && done {
		d.BakedAt = s.in(s.svc.Alarms.Bake)
		s.act(Bake{Service: s.svc.Name, Deployment: d.ID, Until: d.BakedAt})
	}
	return !d.BakedAt.IsZero() && s.due(d.BakedAt)
}

// finish forgets old deployments without tasks, and announces the
// completion and the steady state.
func (s rollout) finish() {
	tasks := s.ownTasks()
	healthy := s.healthyOfPrimary(tasks)
	if (healthy > 0 || s.primary.Proven) && (!s.primary.Proven || s.primary.Failed > 0) {
		s.primary.Proven, s.primary.Failed = true, 0
		s.act(Prove{Service: s.svc.Name, Deployment: s.primary.ID})
	}
	done := healthy == s.wanted() && len(tasks) == healthy
	baked := s.baked(done)
	s.deployments = slices.DeleteFunc(s.deployments, func(d *Deployment) bool {
		used := func(t *Task) bool { return t.Deployment == d.ID }
		if d == s.primary || !baked || slices.ContainsFunc(tasks, used) {
			return false
		}
		s.act(Retire{Service: s.svc.Name, Deployment: d.ID})
		return true
	})
	if !done || !baked || len(s.deployments) != 1 {
		if s.svc.Steady {
			s.act(Unsettle{Service: s.svc.Name})
		}
		return
	}
	if s.primary.Rollout == InProgress {
		s.primary.Rollout = Completed
		s.act(Complete{Service: s.svc.Name, Deployment: s.primary.ID})
	}
	if !s.svc.Steady && s.primary.Rollout == Completed {
		s.act(Settle{Service: s.svc.Name})
	}
}

// healthyOfPrimary counts the tasks that prove the primary deployment.
func (s rollout) healthyOfPrimary(tasks []*Task) int {
	n := 0
	for _, t := range tasks {
		n += one(t.Deployment == s.primary.ID && t.live() && t.Failing == "" && s.healthy(t))
	}
	return n
}
