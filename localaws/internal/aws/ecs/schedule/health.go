package schedule

import (
	"cmp"
	"fmt"
	"slices"
)

// health looks at the tasks of a service.
type health struct{ *scheduler }

// register gives a running task its places in the target groups of its
// deployment, as far as its agent has reported the ports.
func (s health) register(t *Task) {
	if t.Status != Running || !t.live() || t.Registered {
		return
	}
	r := Register{Task: t.ID, All: true}
	for _, wanted := range t.Wanted {
		if wanted.Port == 0 {
			r.All = false
			break
		}
		has := slices.ContainsFunc(t.Targets, func(place Target) bool { return place.Port == wanted })
		if !has && !slices.Contains(r.Ports, wanted) {
			r.Ports = append(r.Ports, wanted)
		}
	}
	if !r.All && len(r.Ports) == 0 {
		return
	}
	s.act(r)
	t.Registered = r.All
	s.fresh[t] = len(r.Ports) > 0
}

// judge looks at the health of a running task: it reports what is unhealthy,
// and once the grace period is over has the task replaced. A task that never
// was healthy is stopped; one that was stays until its successor is healthy,
// where maximumPercent leaves room for one.
func (s health) judge(t *Task) {
	if t.Status != Running || !t.live() {
		return
	}
	if !t.WasHealthy && s.healthy(t) {
		t.WasHealthy = true
		s.act(MarkHealthy{Task: t.ID})
	}
	if s.recovers(t) {
		return
	}
	reason := s.failure(t)
	if reason == "" {
		if t.Failing != "" { // it recovered before its successor was there
			t.Failing = ""
			s.act(MarkFailing{Task: t.ID})
		}
		return
	}
	if t.Failing != "" || !s.due(t.GraceEnd) {
		return
	}
	t.Failing = reason
	s.act(MarkFailing{Task: t.ID, Reason: reason})
	s.countFailure(t.Deployment)
	if !t.WasHealthy || !s.room() || t.Deployment != s.primary.ID {
		s.stop([]*Task{t}, func(*Task) string { return reason })
	}
}

// recovers reports whether a restored task has not been healthy since. A
// restart of localaws is an event that AWS does not have.
func (s health) recovers(t *Task) bool {
	switch {
	case !t.Recovering:
		return false
	case t.RecoverUntil.IsZero():
		return true // its agent has not reported it; what seems healthy is from before
	case s.healthy(t) || s.due(t.RecoverUntil):
		s.act(MarkRecovered{Task: t.ID})
		return false
	}
	return true
}

// room reports whether the service may have one more task than it wants.
func (s health) room() bool { return !s.svc.Daemon && s.most() > s.svc.Desired }

// failure is why the task should be replaced, "" if it should not. Each
// target is reported once each time that it turns unhealthy.
func (s health) failure(t *Task) string {
	if t.Health == Unhealthy {
		s.act(ReportContainers{Service: s.svc.Name, Task: t.ID})
		return "Task failed container health checks"
	}
	reason := ""
	for _, place := range t.Targets {
		why := ""
		if place.Health == "unhealthy" {
			why = cmp.Or(place.Description, place.Health)
			reason = cmp.Or(reason, fmt.Sprintf("Task failed ELB health checks in (target-group %s)", place.Group))
		}
		if place.Reported != why {
			s.act(ReportTarget{Task: t.ID, Target: place.Port, Why: why})
		}
	}
	return reason
}
