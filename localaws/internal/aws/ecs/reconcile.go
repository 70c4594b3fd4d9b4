package ecs

import (
	"context"
	"time"
)

// Run takes the account's services, tasks and capacity providers towards what
// is wanted, until ctx is done.
func (s *Service) Run(ctx context.Context) { s.acct.Reconcile(ctx, s.step) }

// step takes everything one step forward, and returns when the next is due.
func (s *Service) step() time.Time {
	s.dirty, s.again = false, time.Time{}
	s.forgetMachines()
	for _, t := range s.tasks() {
		s.drain(t)
		s.placeWaiting(t)
	}
	for _, svc := range s.services() {
		s.advance(svc)
	}
	for _, name := range sortedKeys(s.state.Providers) {
		s.advanceProvider(s.state.Providers[name])
	}
	s.removeDeleted()
	s.putMetrics()
	if s.dirty {
		s.acct.Changed()
	}
	return s.again
}

// tasks returns all tasks, the oldest first.
func (s *Service) tasks() []*task {
	all := make([]*task, 0, len(s.state.Tasks))
	for _, t := range s.state.Tasks {
		all = append(all, t)
	}
	sortTasks(all)
	return all
}

// forgetMachines deregisters container instances whose EC2 instance is gone.
func (s *Service) forgetMachines() {
	for _, arn := range sortedKeys(s.state.Instances) {
		i := s.state.Instances[arn]
		machine, ok := s.machines.Instance(i.EC2ID)
		if !ok || machine.State == "terminated" {
			s.Deregister(arn)
			s.changed()
		}
	}
}
