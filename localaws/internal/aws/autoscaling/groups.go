package autoscaling

import (
	"context"
	"regexp"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// groupInput are the members that CreateAutoScalingGroup and
// UpdateAutoScalingGroup share; nil means not given.
type groupInput struct {
	AutoScalingGroupName             string
	MinSize                          *int
	MaxSize                          *int
	DesiredCapacity                  *int
	LaunchTemplate                   *templateSpec
	MixedInstancesPolicy             *mixedInstances
	VPCZoneIdentifier                *string
	AvailabilityZones                []string
	HealthCheckType                  *string
	HealthCheckGracePeriod           *int
	DefaultCooldown                  *int
	DefaultInstanceWarmup            *int
	NewInstancesProtectedFromScaleIn *bool
	TerminationPolicies              []string
	ServiceLinkedRoleARN             *string
	InstanceMaintenancePolicy        *maintenancePolicy
	AvailabilityZoneDistribution     *zoneDistribution
	MaxInstanceLifetime              *int

	// Only at creation.
	TargetGroupARNs                []string
	Tags                           []tagInput
	LifecycleHookSpecificationList []hookInput
}

// groups are the operations on groups themselves, with their tags and
// processes.
type groups struct{ *region }

var groupName = regexp.MustCompile(`^[^:\x00-\x1f\x7f]{1,255}$`)

func (s groups) createGroup(_ context.Context, in *groupInput) (*wire.Empty, error) {
	name := in.AutoScalingGroupName
	if !groupName.MatchString(name) {
		return nil, invalid("AutoScalingGroupName %q: 1 to 255 printable characters, no colon", name)
	}
	if s.state.Groups.Has(name) {
		return nil, groupExists(name)
	}
	if in.MinSize == nil || in.MaxSize == nil {
		return nil, invalid("MinSize and MaxSize are required for group %s", name)
	}
	g := &group{
		Name: name, CreatedAt: s.acct.Clock.Now(),
		ARN:   s.acct.ARN("autoscaling", "autoScalingGroup:"+ids.UUID()+":autoScalingGroupName/"+name),
		Tags:  map[string]tag{},
		Hooks: map[string]*hook{},
		groupSettings: groupSettings{
			HealthCheckType: "EC2", Cooldown: 300, TerminationPolicies: []string{"Default"},
			Desired:              *in.MinSize,
			ServiceLinkedRoleARN: s.acct.GlobalARN("iam", "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"),
			ZoneDistribution:     &zoneDistribution{CapacityDistributionStrategy: "balanced-best-effort"},
		},
	}
	settings, err := s.apply(g.groupSettings, in)
	if err != nil {
		return nil, err
	}
	g.groupSettings = settings
	if err := s.checkAttachable(in.TargetGroupARNs); err != nil {
		return nil, err
	}
	g.TargetGroupARNs = in.TargetGroupARNs
	if err := putTags(g, in.Tags); err != nil {
		return nil, err
	}
	for _, spec := range in.LifecycleHookSpecificationList {
		spec.AutoScalingGroupName = name
		if err := g.putHook(spec); err != nil {
			return nil, err
		}
	}
	s.state.Groups.Put(name, g)
	return nil, nil
}

func (s groups) updateGroup(_ context.Context, in *groupInput) (*wire.Empty, error) {
	g, err := s.change(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	if in.Tags != nil || in.TargetGroupARNs != nil {
		return nil, invalid("UpdateAutoScalingGroup takes no tags or target groups: use their own operations")
	}
	settings, err := s.apply(g.groupSettings, in)
	if err != nil {
		return nil, err
	}
	// A group that shrinks or grows past its desired capacity takes it along.
	if in.DesiredCapacity == nil {
		settings.Desired = min(max(settings.Desired, settings.Min), settings.Max)
	}
	g.groupSettings = settings
	return nil, nil
}

type deleteGroupInput struct {
	AutoScalingGroupName string
	ForceDelete          bool
}

func (s groups) deleteGroup(_ context.Context, in *deleteGroupInput) (*wire.Empty, error) {
	g, err := s.change(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	instances := s.instances(g)
	if len(instances) > 0 && !in.ForceDelete {
		return nil, groupInUse(g.Name, len(instances))
	}
	for arn, p := range s.state.Policies.All() {
		if p.Group == g.Name {
			s.alarms.DropTracking(arn)
			s.state.Policies.Delete(arn)
		}
	}
	if len(instances) == 0 {
		s.forget(g)
		return nil, nil
	}
	g.Deleting = true
	g.Min, g.Max, g.Desired = 0, 0, 0
	// Forced deletion waits for no lifecycle hook.
	g.Hooks = map[string]*hook{}
	return nil, nil
}

// setDesired sets the desired capacity, which must lie between the minimum and
// the maximum.
func (g *group) setDesired(n int) error {
	switch {
	case n > g.Max:
		return invalid("New SetDesiredCapacity value %d is above max value %d for the AutoScalingGroup.", n, g.Max)
	case n < g.Min:
		return invalid("New SetDesiredCapacity value %d is below min value %d for the AutoScalingGroup.", n, g.Min)
	}
	g.Desired = n
	return nil
}
