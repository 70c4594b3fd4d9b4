package schedule

import "slices"

// replicas are the tasks of a REPLICA service.
type replicas struct{ *scheduler }

// step starts and stops tasks of a rolling update between
// minimumHealthyPercent and maximumPercent of the desired count,
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html.
func (s replicas) step() {
	own, old := s.split()
	stop := s.replaceable(own, old)
	own, surplus := s.scaleIn(own)
	stop = append(stop, surplus...)
	s.stop(stop, func(t *Task) string {
		if t.Failing != "" {
			return t.Failing
		}
		return scaling(s.primary.ID)
	})
	if len(own) >= s.svc.Desired || s.primary.Rollout == Failed {
		return
	}
	missing, room := s.svc.Desired-len(own), s.most()-len(s.liveTasks())
	if n := min(missing, room); n > 0 {
		s.startTasks(n)
	} else if len(stop) == 0 && s.most() <= s.svc.Desired && s.least(s.svc.Desired) >= s.svc.Desired {
		s.act(ReportConfiguration{Service: s.svc.Name})
	}
}

// split divides the live tasks into those that stay and those to be replaced:
// of an older deployment, on a draining instance, or failing.
func (s replicas) split() (own, old []*Task) {
	for _, t := range s.liveTasks() {
		if t.Deployment != s.primary.ID || t.Failing != "" || s.onDraining(t) {
			old = append(old, t)
		} else {
			own = append(own, t)
		}
	}
	return own, old
}

func (s replicas) onDraining(t *Task) bool {
	h := s.placer.host(t.Instance)
	return h != nil && !h.Active
}

// replaceable returns the old tasks that may stop now: those that don't run
// yet, and of the running ones as many as leave enough healthy tasks.
func (s replicas) replaceable(own, old []*Task) []*Task {
	healthy := s.countHealthy(own) + s.countHealthy(old)
	var stop []*Task
	for _, t := range old {
		others := healthy - s.countHealthy([]*Task{t})
		switch {
		case t.ProtectedUntil.After(s.now):
			s.wake(t.ProtectedUntil)
		case t.Status != Running:
			stop = append(stop, t)
		case others >= s.least(s.svc.Desired):
			stop = append(stop, t)
			healthy = others
		}
	}
	return stop
}

// scaleIn takes the tasks out of own that are more than desired.
func (s replicas) scaleIn(own []*Task) (left, surplus []*Task) {
	for len(own) > s.svc.Desired {
		t := s.mostDispensable(own)
		if t.ProtectedUntil.After(s.now) { // and so are all others
			for _, protected := range own {
				s.wake(protected.ProtectedUntil)
			}
			break
		}
		own = slices.DeleteFunc(own, func(o *Task) bool { return o == t })
		surplus = append(surplus, t)
	}
	return own, surplus
}

// mostDispensable is the task to stop in a scale in: one that does not run yet
// or is not healthy, else the newest in the zone with the most.
func (s replicas) mostDispensable(tasks []*Task) *Task {
	inZone := map[string]int{}
	for _, t := range tasks {
		inZone[s.zone(t)]++
	}
	rank := func(t *Task) []int {
		return []int{one(!t.ProtectedUntil.After(s.now)), one(t.Status != Running), one(!s.healthy(t)), inZone[s.zone(t)]}
	}
	best := tasks[0]
	for _, t := range tasks[1:] {
		if slices.Compare(rank(t), rank(best)) >= 0 {
			best = t
		}
	}
	return best
}

func (s replicas) zone(t *Task) string {
	if h := s.placer.host(t.Instance); h != nil {
		return h.Attributes[AttributeZone]
	}
	return ""
}

// startTasks starts n tasks, as far as they have a place: what one lacks,
// the others lack too.
func (s replicas) startTasks(n int) {
	if !s.mayStart() {
		return
	}
	var started []StartTask
	for range n {
		t, ok := s.start("")
		if !ok {
			break
		}
		started = append(started, t)
	}
	s.announce(started)
}
