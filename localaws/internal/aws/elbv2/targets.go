package elbv2

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// targetOperations register targets with target groups and show their health.
type targetOperations struct {
	*records
	*lifecycle
}

func (s *targetOperations) operations() []wire.Operation {
	return []wire.Operation{
		wire.Op("RegisterTargets", s.registerTargets),
		wire.Op("DeregisterTargets", s.deregisterTargets),
		wire.ReadOp("DescribeTargetHealth", s.describeTargetHealth),
	}
}

// TargetDescription is a target on the wire.
type TargetDescription struct {
	Id               string
	Port             *int32
	AvailabilityZone string
}

type targetsInput struct {
	TargetGroupArn string
	Targets        []TargetDescription
}

func (s *targetOperations) registerTargets(_ context.Context, in *targetsInput) (*wire.Empty, error) {
	group, err := s.targetGroup(in.TargetGroupArn)
	if err != nil {
		return nil, err
	}
	added := make([]RegisteredTarget, 0, len(in.Targets))
	for _, target := range in.Targets {
		added = append(added, RegisteredTarget{
			Target:           Target{ID: target.Id, Port: portOf(target.Port, group)},
			AvailabilityZone: target.AvailabilityZone,
		})
	}
	_, err = s.register(group, added)
	return nil, err
}

func portOf(port *int32, group TargetGroup) int32 {
	if port == nil {
		return group.Port
	}
	return *port
}

// Register adds targets to a group. A Port of 0 is the group's own.
func (s *targetOperations) Register(groupARN string, targets []Target) error {
	group, err := s.targetGroup(groupARN)
	if err != nil {
		return err
	}
	added := make([]RegisteredTarget, 0, len(targets))
	for _, target := range targets {
		target.Port = cmp.Or(target.Port, group.Port)
		added = append(added, RegisteredTarget{Target: target})
	}
	changed, err := s.register(group, added)
	if changed {
		s.account.Changed()
	}
	return err
}

// register adds all or none. A target that is registered stays as it is; one
// that drains begins anew.
func (s *targetOperations) register(group TargetGroup, added []RegisteredTarget) (changed bool, err error) {
	for _, target := range added {
		if err := s.checkTarget(group, target.Target); err != nil {
			return false, err
		}
	}
	targets := slices.Clone(group.Targets)
	for _, target := range added {
		i := slices.IndexFunc(targets, func(t RegisteredTarget) bool { return t.Target == target.Target })
		if i >= 0 && targets[i].Health.State != Draining {
			continue
		}
		if i >= 0 {
			targets = slices.Delete(targets, i, i+1)
		}
		target.Health = notInUse()
		targets = append(targets, target)
		changed = true
	}
	if len(targets) > maxTargets {
		return false, tooMany("TooManyTargets", "The maximum number of targets per target group has been reached: %d", maxTargets)
	}
	slices.SortFunc(targets, func(a, b RegisteredTarget) int {
		return cmp.Or(strings.Compare(a.ID, b.ID), cmp.Compare(a.Port, b.Port))
	})
	for _, arn := range s.loadBalancersOf(group.ARN) {
		lb, _ := s.loadBalancers.Get(arn)
		if err := s.checkTargetCount(lb, s.groupsOf(arn), len(targets)-len(group.Targets)); err != nil {
			return false, err
		}
	}
	group.Targets = targets
	s.targetGroups.Put(group.ARN, group)
	s.settle()
	return changed, nil
}

// checkTarget holds a target to the group's type.
func (s *targetOperations) checkTarget(group TargetGroup, target Target) error {
	if target.Port < 1 || target.Port > 65535 {
		return outOfRange("targets.port", target.Port, 1, 65535)
	}
	switch group.TargetType {
	case "instance":
		return s.checkInstance(group, target.ID)
	case "alb":
		if lb, ok := s.loadBalancers.Get(target.ID); !ok || lb.Type != Application {
			return invalidTarget("The target '%s' is not the ARN of an Application Load Balancer", target.ID)
		}
		return nil
	}
	address, err := netip.ParseAddr(target.ID)
	if err != nil {
		return invalid("The IP address '%s' is not a valid IPv4 address", target.ID)
	}
	if !address.Is4() || (!address.IsPrivate() && !sharedAddresses.Contains(address)) {
		return invalidTarget("The IP address '%s' is not within a range that may be registered", target.ID)
	}
	return nil
}

// sharedAddresses are those of RFC 6598, which may be registered as private
// ones may.
var sharedAddresses = netip.MustParsePrefix("100.64.0.0/10")

func (s *targetOperations) checkInstance(group TargetGroup, id string) error {
	instance, ok := s.machines.Instance(id)
	switch {
	case !strings.HasPrefix(id, "i-"):
		return invalid("Instance ID '%s' is not valid", id)
	case !ok || instance.State != "running":
		return invalidTarget("The following targets are not in a running state and cannot be registered: '%s'", id)
	case instance.VPCID != group.VPCID:
		return invalidTarget("The following targets are not in the target group VPC '%s': '%s'", group.VPCID, id)
	}
	return nil
}

func (s *targetOperations) deregisterTargets(_ context.Context, in *targetsInput) (*wire.Empty, error) {
	group, err := s.targetGroup(in.TargetGroupArn)
	if err != nil {
		return nil, err
	}
	s.deregister(group, func(target Target) bool {
		return slices.ContainsFunc(in.Targets, func(asked TargetDescription) bool {
			return asked.Id == target.ID && (asked.Port == nil || *asked.Port == target.Port)
		})
	})
	return nil, nil
}

// Deregister lets targets drain: they get no new requests, and leave the group
// after its deregistration delay. A Port of 0 means all ports of the target.
// A target that is not registered is not an error.
func (s *targetOperations) Deregister(groupARN string, targets []Target) error {
	group, err := s.targetGroup(groupARN)
	if err != nil {
		return err
	}
	changed := s.deregister(group, func(target Target) bool {
		return slices.ContainsFunc(targets, func(asked Target) bool {
			return asked.ID == target.ID && (asked.Port == 0 || asked.Port == target.Port)
		})
	})
	if changed {
		s.account.Changed()
	}
	return nil
}

// deregister lets targets drain that had traffic, and drops the others.
func (s *targetOperations) deregister(group TargetGroup, meant func(Target) bool) (changed bool) {
	delay, err := strconv.Atoi(group.Attribute(attributeDelay))
	if err != nil {
		delay = 0 // can't be: the attribute was checked when it was set
	}
	targets := make([]RegisteredTarget, 0, len(group.Targets))
	for _, target := range group.Targets {
		if !meant(target.Target) || target.Health.State == Draining {
			targets = append(targets, target)
			continue
		}
		changed = true
		if target.Health.State != Unused && delay > 0 {
			target.Health = draining()
			target.DrainsSince = s.account.Clock.Now()
			target.SettlesAt = s.account.Clock.In(time.Duration(delay) * time.Second)
			targets = append(targets, target)
		}
	}
	group.Targets = targets
	s.targetGroups.Put(group.ARN, group)
	return changed
}

type describeTargetHealthInput struct {
	TargetGroupArn string
	Targets        []TargetDescription
}

type targetHealth struct{ State, Reason, Description string }

type targetHealthDescription struct {
	Target          TargetDescription
	HealthCheckPort string
	TargetHealth    targetHealth
}

type describeTargetHealthOutput struct {
	TargetHealthDescriptions []targetHealthDescription
}

func (s *targetOperations) describeTargetHealth(_ context.Context, in *describeTargetHealthInput) (*describeTargetHealthOutput, error) {
	group, err := s.targetGroup(in.TargetGroupArn)
	if err != nil {
		return nil, err
	}
	out := &describeTargetHealthOutput{TargetHealthDescriptions: []targetHealthDescription{}}
	if len(in.Targets) == 0 {
		for _, target := range group.Targets {
			out.TargetHealthDescriptions = append(out.TargetHealthDescriptions, describeHealth(group, target))
		}
	}
	for _, asked := range in.Targets {
		target := RegisteredTarget{
			Target: Target{ID: asked.Id, Port: portOf(asked.Port, group)}, AvailabilityZone: asked.AvailabilityZone, Health: notRegistered(),
		}
		for _, registered := range group.Targets {
			if registered.Target == target.Target {
				target = registered
			}
		}
		out.TargetHealthDescriptions = append(out.TargetHealthDescriptions, describeHealth(group, target))
	}
	return out, nil
}

func describeHealth(group TargetGroup, target RegisteredTarget) targetHealthDescription {
	port := group.HealthCheck.Port
	if port == TrafficPort {
		port = strconv.Itoa(int(target.Port))
	}
	return targetHealthDescription{
		Target:          TargetDescription{Id: target.ID, Port: &target.Port, AvailabilityZone: target.AvailabilityZone},
		HealthCheckPort: port,
		TargetHealth:    targetHealth(target.Health),
	}
}

// Health is a target's health; ok is false for a target, or a group, that is
// not there.
func (s *targetOperations) Health(groupARN string, target Target) (health Health, ok bool) {
	group, _ := s.targetGroups.Get(groupARN)
	for _, registered := range group.Targets {
		if registered.Target == target {
			return registered.Health, true
		}
	}
	return Health{}, false
}
