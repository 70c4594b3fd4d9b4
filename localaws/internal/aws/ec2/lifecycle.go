package ec2

import (
	"context"
	"time"
)

// Run moves instances, NAT gateways and VPC endpoints from state to state as time passes,
// until ctx is done.
func (s *Service) Run(ctx context.Context) { s.account.Reconcile(ctx, s.step) }

// step moves on whatever is due and returns when the next is.
func (s *Service) step() (again time.Time) {
	now := s.account.Clock.Now()
	changed := false
	due := func(next time.Time, move func()) {
		switch {
		case next.IsZero():
		case next.After(now):
			if again.IsZero() || next.Before(again) {
				again = next
			}
		default:
			move()
			changed = true
		}
	}
	for _, machine := range s.state.Instances {
		due(machine.Next, func() { s.stepInstance(machine) })
	}
	for _, gateway := range s.state.NATGateways {
		due(gateway.Next, func() { s.stepNATGateway(gateway) })
	}
	for _, endpoint := range s.state.VPCEndpoints {
		due(endpoint.Next, func() { s.stepVPCEndpoint(endpoint) })
	}
	if changed {
		s.account.Changed() // which also brings us back, for what the moves made due
	}
	return again
}
