package autoscaling

import "time"

// Step takes one step of Run, under the account's lock, and tells whether it
// changed anything and when the next is due.
func (s *Service) Step() (changed bool, again time.Time) {
	s.acct.Do(func() {
		again = s.step()
		changed = s.dirty
	})
	return changed, again
}
