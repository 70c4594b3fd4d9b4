package autoscaling

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/elbv2"
)

// reconciler takes groups forward, in one step.
type reconciler struct {
	*region
	again time.Time // when the next step is due
}

func newReconciler(r *region) *reconciler { return &reconciler{region: r} }

// step takes every group one step forward, and returns when the next is due.
func (s *reconciler) step() time.Time {
	for _, g := range s.state.Groups.All() {
		s.reconcile(g)
	}
	return s.again
}

// wake asks for the next step at t at the latest.
func (s *reconciler) wake(t time.Time) {
	if s.again.IsZero() || t.Before(s.again) {
		s.again = t
	}
}

func (s *reconciler) reconcile(g *group) {
	for _, i := range s.instances(g) {
		s.advance(g, i)
	}
	s.reconcileTargets(g)
	if g.Deleting {
		s.finishDeletion(g)
		return
	}
	surge := s.advanceRefresh(g) + s.advanceLifetime(g)
	s.reconcileCapacity(g, g.Desired+surge)
}

func (s *reconciler) finishDeletion(g *group) {
	for _, i := range s.members(g) {
		s.terminate(g, i, "the group was deleted.")
	}
	if len(s.instances(g)) == 0 {
		s.forget(g)
	}
}

// advance moves one instance along its lifecycle.
func (s *reconciler) advance(g *group, i *instance) {
	machine, known := s.machines.Instance(i.ID)
	gone := !known || machine.State == "terminated"
	switch {
	case i.terminating():
		s.advanceTermination(g, i, gone)
	case gone || machine.State == "shutting-down":
		if !g.suspended("HealthCheck") {
			s.changing(i)
			i.Health = unhealthy
			s.terminate(g, i, "an instance was taken out of service in response to an EC2 health check indicating it has been terminated or stopped.")
		}
	case i.State != inService:
		if machine.State == "running" && !s.held(g, i, launchTransition, pendingWait) {
			s.changing(i)
			s.state.Groups.Put(g.Name, g)
			i.State, i.InServiceAt, i.Waited = inService, s.acct.Clock.Now(), nil
			s.finish(i.Activity, "Successful", i.InServiceAt)
			g.FailedLaunches = 0
		}
	default:
		s.checkHealth(g, i)
	}
}

// advanceTermination waits for hooks and connection draining, terminates the
// machine and forgets the instance once it is gone.
func (s *reconciler) advanceTermination(g *group, i *instance, gone bool) {
	if gone {
		s.finish(i.Activity, "Successful", s.acct.Clock.Now())
		s.state.Instances.Delete(i.ID)
		return
	}
	if i.State == terminatingProceed {
		return
	}
	if !g.Deleting && s.held(g, i, terminateTransition, terminatingWait) {
		return
	}
	if !g.Deleting && len(i.Registered) > 0 {
		return // this step takes it out of its target groups, and draining begins
	}
	if s.draining(g, i) {
		return
	}
	s.changing(i)
	i.State = terminatingProceed
	if err := s.machines.Terminate(i.ID); err != nil {
		s.acct.Log.Warn("terminating an instance of an Auto Scaling group", "instance", i.ID, "error", err)
	}
}

// held reports whether the instance has to wait for a hook of the transition,
// and moves it through the waiting: state is the one with :Wait.
func (s *reconciler) held(g *group, i *instance, transition, state string) bool {
	if i.WaitHook != "" {
		if s.acct.Clock.Now().Before(i.WaitUntil) {
			s.wake(i.WaitUntil)
			return true
		}
		result := abandonResult
		if h := g.Hooks[i.WaitHook]; h != nil {
			result = h.Default
		}
		s.complete(g, i, result)
		return i.terminating() != (transition == terminateTransition)
	}
	for _, name := range slices.Sorted(maps.Keys(g.Hooks)) {
		h := g.Hooks[name]
		if h.Transition == transition && !slices.Contains(i.Waited, name) {
			s.changing(i)
			i.State, i.WaitHook = state, name
			i.WaitUntil = s.acct.Clock.In(seconds(h.seconds()))
			s.wake(i.WaitUntil)
			return true
		}
	}
	return false
}

func (s *reconciler) draining(g *group, i *instance) bool {
	if s.targets == nil {
		return false
	}
	for _, arn := range g.TargetGroupARNs {
		if health, ok := s.targets.Health(arn, s.target(arn, i)); ok && health.State == "draining" {
			return true
		}
	}
	return false
}

func (s *reconciler) checkHealth(g *group, i *instance) {
	cause := "an EC2 instance health check"
	if i.Health == healthy && strings.Contains(g.HealthCheckType, "ELB") && !g.suspended("HealthCheck") && !s.inGrace(g, i) {
		for _, arn := range g.TargetGroupARNs {
			if health, ok := s.targets.Health(arn, s.target(arn, i)); ok && health.State == "unhealthy" {
				s.changing(i)
				i.Health, cause = unhealthy, "an ELB system health check failure"
			}
		}
	}
	if i.Health == unhealthy && !g.suspended("ReplaceUnhealthy") && !g.suspended("Terminate") {
		s.terminate(g, i, "an instance was taken out of service in response to "+cause+".")
	}
}

// inGrace reports whether the health check grace period of the instance runs.
func (s *reconciler) inGrace(g *group, i *instance) bool {
	end := s.graceEnd(g, i)
	if s.acct.Clock.Now().Before(end) {
		s.wake(end)
		return true
	}
	return false
}

// reconcileTargets registers instances in service with the group's target
// groups, and takes the others out.
func (s *reconciler) reconcileTargets(g *group) {
	if s.targets == nil {
		return
	}
	for _, i := range s.instances(g) {
		var wanted []string
		if i.State == inService {
			wanted = g.TargetGroupARNs
		}
		for _, arn := range without(wanted, i.Registered) {
			if g.suspended("AddToLoadBalancer") {
				break
			}
			if s.targets.Register(arn, []elbv2.Target{s.target(arn, i)}) == nil {
				s.changing(i)
				i.Registered = append(i.Registered, arn)
			}
		}
		for _, arn := range without(i.Registered, wanted) {
			// A target group that is gone has no target to take out.
			_ = s.targets.Deregister(arn, []elbv2.Target{s.target(arn, i)})
			s.changing(i)
			i.Registered = without(i.Registered, []string{arn})
		}
	}
}
