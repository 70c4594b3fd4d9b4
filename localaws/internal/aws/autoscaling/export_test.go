package autoscaling

import "time"

// Step takes one step of Run, under the account's lock, and reports whether it
// changed anything and when the next is due.
func (s *Service) Step() (changed bool, again time.Time) {
	changes, stop := s.acct.Watch()
	defer stop()
	s.acct.Do(func() { again = newReconciler(s.region).step() })
	select {
	case <-changes:
		changed = true
	default:
	}
	return changed, again
}
