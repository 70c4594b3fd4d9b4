package schedule

import "slices"

// replicas starts and stops tasks of a rolling update between
// minimumHealthyPercent and maximumPercent of the desired count,
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html.
func (s *scheduler) replicas() {
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
		s.startReplicas(n)
	} else if len(stop) == 0 && s.most() <= s.svc.Desired && s.least(s.svc.Desired) >= s.svc.Desired {
		s.act(ReportConfiguration{Service: s.svc.Name})
	}
}

// least is how many tasks have to stay healthy during a deployment, rounded
// up, https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html.
func (s *scheduler) least(desired int) int {
	return (desired*s.svc.MinimumHealthyPercent + 99) / 100
}

// most is how many tasks may run during a deployment, rounded down.
func (s *scheduler) most() int { return s.svc.Desired * s.svc.MaximumPercent / 100 }

// split divides the live tasks into those that stay and those to be replaced:
// of an older deployment, on a draining instance, or failing.
func (s *scheduler) split() (own, old []*Task) {
	for _, t := range s.liveTasks() {
		if t.Deployment != s.primary.ID || t.Failing != "" || s.onDraining(t) {
			old = append(old, t)
		} else {
			own = append(own, t)
		}
	}
	return own, old
}

func (s *scheduler) onDraining(t *Task) bool {
	h := s.placer.host(t.Instance)
	return h != nil && !h.Active
}

// replaceable returns the old tasks that may stop now: those that don't run
// yet, and of the running ones as many as leave enough healthy tasks.
func (s *scheduler) replaceable(own, old []*Task) []*Task {
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

func (s *scheduler) countHealthy(tasks []*Task) int {
	n := 0
	for _, t := range tasks {
		n += one(s.healthy(t))
	}
	return n
}

// scaleIn takes the tasks out of own that are more than desired.
func (s *scheduler) scaleIn(own []*Task) (left, surplus []*Task) {
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
func (s *scheduler) mostDispensable(tasks []*Task) *Task {
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

func (s *scheduler) zone(t *Task) string {
	if h := s.placer.host(t.Instance); h != nil {
		return h.Attributes[AttributeZone]
	}
	return ""
}

func one(condition bool) int {
	if condition {
		return 1
	}
	return 0
}

// startReplicas starts n tasks, as far as they have a place: what one lacks,
// the others lack too.
func (s *scheduler) startReplicas(n int) {
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
