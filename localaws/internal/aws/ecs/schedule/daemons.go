package schedule

import "slices"

// Daemons returns the ids of the instances on which a daemon service runs a
// task of the deployment: the active ones that its constraints and its
// capacity providers allow. Daemons fulfil distinctInstance by themselves.
func Daemons(instances []Instance, d Deployment) []string {
	r := rulesOf(d.Work.Constraints)
	var ids []string
	for i := range instances {
		at := &instances[i]
		provided := len(d.Strategy) == 0 ||
			slices.ContainsFunc(d.Strategy, func(item StrategyItem) bool { return item.Provider == at.Provider })
		if at.Active && provided && d.Work.Demand.runsOn(at) && r.member(at) {
			ids = append(ids, at.ID)
		}
	}
	return ids
}

// wanted is how many tasks the service wants to run.
func (s *scheduler) wanted() int {
	if s.svc.Daemon {
		return len(s.daemonInstances())
	}
	return s.svc.Desired
}

func (s *scheduler) daemonInstances() []string {
	instances := make([]Instance, 0, len(s.placer.hosts))
	for _, h := range s.placer.hosts {
		instances = append(instances, h.Instance)
	}
	return Daemons(instances, *s.primary)
}

// daemons keeps one task of the newest deployment on every instance.
func (s *scheduler) daemons() {
	instances := s.daemonInstances()
	live := s.liveTasks()
	spare := s.countHealthy(live) - s.least(len(instances)) // healthy tasks that may stop
	leaving, taken := map[*Task]bool{}, map[string]bool{}
	for _, id := range instances {
		for _, t := range live {
			if t.Instance != id {
				continue
			}
			healthy := one(s.healthy(t))
			if (t.Deployment == s.primary.ID && t.Failing == "") || (healthy > 0 && spare < healthy) {
				taken[id] = true // by a task that stays, or whose turn comes
				continue
			}
			spare -= healthy
			leaving[t] = true
		}
	}
	var stop []*Task
	for _, t := range live {
		if leaving[t] || !slices.Contains(instances, t.Instance) {
			stop = append(stop, t)
		}
	}
	s.stop(stop, func(*Task) string { return scaling(s.primary.ID) })
	s.startDaemons(slices.DeleteFunc(instances, func(id string) bool { return taken[id] }))
}

func (s *scheduler) startDaemons(instances []string) {
	if len(instances) == 0 || !s.mayStart() {
		return
	}
	var started []StartTask
	for _, id := range instances {
		if t, ok := s.start(id); ok {
			started = append(started, t)
		}
	}
	s.announce(started)
}
