package schedule

import "slices"

// daemons are the tasks of a DAEMON service.
type daemons struct{ *scheduler }

// step keeps one task of the newest deployment on every instance.
func (s daemons) step() {
	instances := s.daemonInstances()
	live := s.liveTasks()
	staying := slices.DeleteFunc(slices.Clone(live), func(t *Task) bool { return !slices.Contains(instances, t.Instance) })
	spare := s.countHealthy(staying) - s.least(len(instances)) // healthy tasks that may stop
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
	s.startTasks(slices.DeleteFunc(instances, func(id string) bool { return taken[id] }))
}

func (s daemons) startTasks(instances []string) {
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
