package elbv2

import (
	"fmt"
	"slices"
	"time"
)

// lifecycle follows load balancers and targets from state to state.
type lifecycle struct{ *records }

// States of a target.
const (
	Initial   = "initial"
	Healthy   = "healthy"
	Unhealthy = "unhealthy"
	Unused    = "unused"
	Draining  = "draining"
)

// Reasons for a state; the descriptions stand in the functions below. All are
// of https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealth.html.
const (
	ReasonRegistering     = "Elb.RegistrationInProgress"
	ReasonInitialChecking = "Elb.InitialHealthChecking"
	ReasonInternalError   = "Elb.InternalError"
	ReasonCodeMismatch    = "Target.ResponseCodeMismatch"
	ReasonTimeout         = "Target.Timeout"
	ReasonFailed          = "Target.FailedHealthChecks"
	ReasonNotRegistered   = "Target.NotRegistered"
	ReasonNotInUse        = "Target.NotInUse"
	ReasonInvalidState    = "Target.InvalidState"
	ReasonDeregistering   = "Target.DeregistrationInProgress"
)

func registering() Health {
	return Health{Initial, ReasonRegistering, "Target registration is in progress"}
}

func initialChecking() Health {
	return Health{Initial, ReasonInitialChecking, "Initial health checks in progress"}
}

func notRegistered() Health {
	return Health{Unused, ReasonNotRegistered, "Target is not registered to the target group"}
}

func notInUse() Health {
	return Health{Unused, ReasonNotInUse, "Target group is not configured to receive traffic from the load balancer"}
}

func zoneNotEnabled() Health {
	return Health{Unused, ReasonNotInUse, "Target is in an Availability Zone that is not enabled for the load balancer"}
}

func invalidState(state string) Health {
	return Health{Unused, ReasonInvalidState, fmt.Sprintf("Target is in the %s state", state)}
}

func draining() Health {
	return Health{Draining, ReasonDeregistering, "Target deregistration is in progress"}
}

// Passed is the health of a target that passes its checks.
func Passed() Health { return Health{State: Healthy} }

// CodeMismatch is the health of a target that answers with this code, which
// is none of the matcher's.
func CodeMismatch(code int) Health {
	return Health{Unhealthy, ReasonCodeMismatch, fmt.Sprintf("Health checks failed with these codes: [%d]", code)}
}

// TimedOut is the health of a target that does not answer in time.
func TimedOut() Health { return Health{Unhealthy, ReasonTimeout, "Request timed out"} }

// Failed is the health of a target that can't be connected to or whose answer
// is malformed.
func Failed() Health { return Health{Unhealthy, ReasonFailed, "Health checks failed"} }

// InternalError is the health when a check could not be made.
func InternalError() Health {
	return Health{Unhealthy, ReasonInternalError, "Health checks failed due to an internal error"}
}

// Checked reports whether targets with this health are being checked.
func (h Health) Checked() bool {
	return h.State == Healthy || h.State == Unhealthy || h.Reason == ReasonInitialChecking
}

// ReportHealth sets what the health checks found of a target, unless it is in
// a state that checks have no say in. It returns whether that is news.
func (s *lifecycle) ReportHealth(groupARN string, target Target, health Health) (changed bool) {
	group, ok := s.targetGroups.Get(groupARN)
	if !ok {
		return false
	}
	i := slices.IndexFunc(group.Targets, func(t RegisteredTarget) bool { return t.Target == target })
	if i < 0 || !group.Targets[i].Health.Checked() || group.Targets[i].Health == health {
		return false
	}
	group.Targets = slices.Clone(group.Targets)
	group.Targets[i].Health = health
	s.targetGroups.Put(groupARN, group)
	return true
}

// untilAnswered is after how much real time a target that owes an answer is looked at
// again.
const untilAnswered = 20 * time.Millisecond

// settle takes forward what the passing of time, or a change elsewhere, moves:
// it is called after each operation that could have moved something, and by
// Run. It returns when it wants to be called next, or the zero time.
func (s *lifecycle) settle() (next time.Time) {
	now := s.account.Clock.Now()
	soonest := func(t time.Time) {
		if next.IsZero() || t.Before(next) {
			next = t
		}
	}
	for arn, lb := range s.loadBalancers.All() {
		if lb.State != StateProvisioning {
			continue
		}
		if now.Before(lb.ActiveAt) {
			soonest(lb.ActiveAt)
			continue
		}
		lb.State = StateActive
		s.loadBalancers.Put(arn, lb)
	}
	for arn, group := range s.targetGroups.All() {
		settled, moved := s.settleGroup(group, now, soonest)
		if moved {
			s.targetGroups.Put(arn, settled)
		}
	}
	return next
}

func (s *lifecycle) settleGroup(group TargetGroup, now time.Time, soonest func(time.Time)) (_ TargetGroup, moved bool) {
	if len(group.Targets) == 0 {
		return group, false
	}
	balancers := s.loadBalancersOf(group.ARN)
	targets := make([]RegisteredTarget, 0, len(group.Targets))
	for _, before := range group.Targets {
		after, stays := s.settleTarget(group, balancers, before, now)
		if after.Health != before.Health || !stays {
			moved = true
		}
		if !stays {
			continue
		}
		switch {
		case now.Before(after.SettlesAt):
			soonest(after.SettlesAt)
		case after.Health.State == Draining:
			soonest(now.Add(untilAnswered))
		}
		targets = append(targets, after)
	}
	group.Targets = targets
	return group, moved
}

// settleTarget returns the target in the state that it should be in; stays is
// false when it leaves the group.
func (s *lifecycle) settleTarget(group TargetGroup, balancers []string, t RegisteredTarget, now time.Time) (_ RegisteredTarget, stays bool) {
	if t.Health.State == Draining {
		return t, now.Before(t.SettlesAt) || (s.traffic != nil && s.traffic.Owes(group.ARN, t.Target, t.DrainsSince))
	}
	unused, ok := s.unusable(group, balancers, t)
	if ok {
		t.Health, t.SettlesAt = unused, time.Time{}
		return t, true
	}
	switch {
	case t.Health.State == Unused:
		t.Health, t.SettlesAt = registering(), s.account.Clock.In(registrationTime)
	case t.Health.Reason == ReasonRegistering && !now.Before(t.SettlesAt) && s.anyActive(balancers):
		t.Health, t.SettlesAt = initialChecking(), time.Time{}
	}
	return t, true
}

// unusable tells why a target can't get traffic, if so.
func (s *lifecycle) unusable(group TargetGroup, balancers []string, t RegisteredTarget) (Health, bool) {
	if group.TargetType == "instance" {
		instance, ok := s.machines.Instance(t.ID)
		switch {
		case !ok || instance.State == "terminated" || instance.State == "shutting-down":
			return invalidState("terminated"), true
		case instance.State == "stopping" || instance.State == "stopped":
			return invalidState("stopped"), true
		}
	}
	if len(balancers) == 0 {
		return notInUse(), true
	}
	zone := s.zoneOf(group, t)
	for _, arn := range balancers {
		lb, _ := s.loadBalancers.Get(arn)
		enabled := slices.ContainsFunc(lb.Nodes, func(n Node) bool { return n.AvailabilityZone == zone })
		if enabled || zone == "" || zone == "all" {
			return Health{}, false
		}
	}
	return zoneNotEnabled(), true
}

func (s *lifecycle) anyActive(balancers []string) bool {
	return slices.ContainsFunc(balancers, func(arn string) bool {
		lb, _ := s.loadBalancers.Get(arn)
		return lb.State == StateActive
	})
}
