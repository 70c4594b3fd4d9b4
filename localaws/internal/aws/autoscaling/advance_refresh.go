package autoscaling

import "slices"

// advanceRefresh replaces instances as far as the percentages let it, and
// returns by how many the group may exceed its desired capacity meanwhile.
func (s *reconciler) advanceRefresh(g *group) (surge int) {
	r := s.activeRefresh(g)
	if r == nil || g.suspended("InstanceRefresh") {
		return 0
	}
	if r.Status == refreshPending {
		s.state.Refreshes.Put(r.Record, r)
		r.Status = refreshRunning
	}
	s.leaveIgnored(g, r)
	old, ready := s.oldOf(g, r), s.ready(g, r)
	if len(old) == 0 {
		if ready >= g.Desired {
			s.endRefresh(g, r, refreshSuccessful, "")
		}
		return 0
	}
	lowest := (g.Desired**r.Preferences.MinHealthyPercentage + 99) / 100
	surge = g.Desired * (*r.Preferences.MaxHealthyPercentage - 100) / 100
	if surge == 0 && *r.Preferences.MaxHealthyPercentage > 100 {
		surge = 1
	}
	if surge == 0 {
		lowest = min(lowest, g.Desired-1) // one at a time, at least
	}
	if r.Preferences.ScaleInProtectedInstances == "Wait" {
		if at := slices.IndexFunc(old, func(i *instance) bool { return i.Protected }); at >= 0 {
			if !s.acct.Clock.Now().Before(r.GiveUpAt) {
				s.endRefresh(g, r, refreshFailed, "Instances protected from scale in were not unprotected in time: "+old[at].ID)
				return 0
			}
			s.wake(r.GiveUpAt)
		}
		// None is launched for those that wait: if they stay, it would too.
		old = slices.DeleteFunc(old, func(i *instance) bool { return i.Protected })
	}
	left := len(old)
	for _, i := range old {
		if i.State == inService && ready <= lowest {
			break
		}
		if i.State == inService {
			ready--
		}
		s.terminate(g, i, "an instance was taken out of service in response to an instance refresh.")
		left--
	}
	return min(surge, left)
}

// leaveIgnored takes the instances that the refresh ignores off its list for
// good, also if they lose their protection later.
func (s *reconciler) leaveIgnored(g *group, r *refresh) {
	for _, i := range s.members(g) {
		if r.ignores(i) && slices.Contains(r.Old, i.ID) {
			s.state.Refreshes.Put(r.Record, r)
			r.Old = without(r.Old, []string{i.ID})
		}
	}
}

// ready counts the instances, old or new, that can be counted on.
func (s *reconciler) ready(g *group, r *refresh) int {
	ready := 0
	warmup := s.acct.Clock.Real(seconds(*r.Preferences.InstanceWarmup))
	for _, i := range s.members(g) {
		if i.State != inService {
			continue
		}
		warm := i.InServiceAt.Add(warmup)
		if slices.Contains(r.Old, i.ID) || i.LaunchedAt.Before(r.StartTime) || !s.acct.Clock.Now().Before(warm) {
			ready++
		} else {
			s.wake(warm)
		}
	}
	return ready
}
