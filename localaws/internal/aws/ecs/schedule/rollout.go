package schedule

import "slices"

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

// breakCircuit fails a deployment whose tasks failed too often, and rolls back
// when it is to.
func (s rollout) breakCircuit() (broke bool) {
	d := s.primary
	if !s.svc.Breaker.Enabled || d.Rollout != InProgress || d.Failed < Threshold(s.wanted()) {
		return false
	}
	f := Fail{Service: s.svc.Name, Deployment: d.ID, RollBack: s.svc.Breaker.Rollback}
	if f.RollBack && s.svc.LastCompleted != d.ID {
		f.To = s.svc.LastCompleted
	}
	s.act(f)
	return true
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
	s.deployments = slices.DeleteFunc(s.deployments, func(d *Deployment) bool {
		used := func(t *Task) bool { return t.Deployment == d.ID }
		if d == s.primary || slices.ContainsFunc(tasks, used) {
			return false
		}
		s.act(Retire{Service: s.svc.Name, Deployment: d.ID})
		return true
	})
	if healthy != s.wanted() || len(tasks) != healthy || len(s.deployments) != 1 {
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
