package appautoscaling

import "time"

// Step takes one step of Run, under the account's lock.
func (s *Service) Step() (again time.Time) {
	s.acct.Do(func() { again = newReconciler(s.region).step() })
	return again
}
