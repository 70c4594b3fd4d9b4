package autoscaling

// Bounds of MaxInstanceLifetime in seconds; 0 ends it.
const (
	minLifetime = 86400
	maxLifetime = 31536000
)

// advanceLifetime replaces the instances whose lifetime in the group is over,
// one at a time, and returns by how many the group may exceed its desired
// capacity meanwhile: one if its maintenance policy has the successor there
// first. Protection from scale in keeps an instance, and a refresh goes first.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-max-instance-lifetime.html
func (s *reconciler) advanceLifetime(g *group) (surge int) {
	if g.MaxLifetime == 0 || g.suspended("Launch") || g.suspended("Terminate") || s.activeRefresh(g) != nil {
		return 0
	}
	old := s.outlived(g)
	ready := 0
	for _, i := range s.instances(g) {
		if i.terminating() {
			return 0 // the one before is still going
		}
		if i.State == inService {
			ready++
		}
	}
	lowest := g.Desired - 1
	if g.MaintenancePolicy.launchesFirst() {
		lowest = g.Desired
	}
	switch {
	case old == nil:
		return 0
	case ready <= lowest:
		return max(0, lowest+1-g.Desired)
	}
	s.terminate(g, old, "an instance was taken out of service in response to a max instance lifetime action.")
	return 0
}

// outlived is the instance that has been in service for longest, if that is too
// long and nothing protects it.
func (s *reconciler) outlived(g *group) (old *instance) {
	lifetime := s.acct.Clock.Real(seconds(g.MaxLifetime))
	for _, i := range s.members(g) {
		if i.State != inService || i.Protected {
			continue
		}
		if end := i.InServiceAt.Add(lifetime); s.acct.Clock.Now().Before(end) {
			s.wake(end)
			continue
		}
		if old == nil || i.InServiceAt.Before(old.InServiceAt) {
			old = i
		}
	}
	return old
}

// launchesFirst reports whether a successor must be there before an instance is
// terminated.
func (p *maintenancePolicy) launchesFirst() bool {
	return p != nil && p.MinHealthyPercentage != nil && *p.MinHealthyPercentage == 100 &&
		p.MaxHealthyPercentage != nil && *p.MaxHealthyPercentage > 100
}
