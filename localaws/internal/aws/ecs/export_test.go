package ecs

import "time"

// Step takes one step of Run, under the account's lock, and reports whether it
// changed anything and when the next is due.
func (s *Service) Step() (changed bool, again time.Time) {
	s.acct.Do(func() {
		step := s.reconciler.step()
		changed, again = step.changed, step.again
	})
	return changed, again
}

// Parse reads a placement expression.
func Parse(expression string) error {
	_, err := parseExpression(expression)
	return err
}
