package autoscaling

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/paging"
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
	MaxInstanceLifetime              *int
	CapacityRebalance                *bool
	ServiceLinkedRoleARN             *string
	InstanceMaintenancePolicy        *maintenancePolicy
	AvailabilityZoneDistribution     *zoneDistribution

	// Only at creation.
	TargetGroupARNs                []string
	TrafficSources                 []trafficSource
	Tags                           []tagInput
	LifecycleHookSpecificationList []hookInput
}

// groups are the operations on groups themselves, with their tags, processes
// and metrics.
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
	if g.TargetGroupARNs, err = s.attachable(in.TargetGroupARNs, in.TrafficSources); err != nil {
		return nil, err
	}
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
	if in.Tags != nil || in.TargetGroupARNs != nil || in.TrafficSources != nil {
		return nil, invalid("UpdateAutoScalingGroup takes no tags, target groups or traffic sources: use their own operations")
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

// apply returns the settings changed by what was given, once they are valid.
func (s groups) apply(old groupSettings, in *groupInput) (groupSettings, error) {
	n := old
	set(&n.Min, in.MinSize)
	set(&n.Max, in.MaxSize)
	set(&n.Desired, in.DesiredCapacity)
	set(&n.HealthCheckType, in.HealthCheckType)
	set(&n.GracePeriod, in.HealthCheckGracePeriod)
	set(&n.Cooldown, in.DefaultCooldown)
	set(&n.ProtectNew, in.NewInstancesProtectedFromScaleIn)
	set(&n.ServiceLinkedRoleARN, in.ServiceLinkedRoleARN)
	setPointer(&n.CapacityRebalance, in.CapacityRebalance)
	setPointer(&n.ZoneDistribution, in.AvailabilityZoneDistribution)
	// 0 ends a maximum lifetime, -1 a warmup and a maintenance policy.
	n.MaxInstanceLifetime = cleared(n.MaxInstanceLifetime, in.MaxInstanceLifetime, 0)
	n.Warmup = cleared(n.Warmup, in.DefaultInstanceWarmup, -1)
	if in.InstanceMaintenancePolicy != nil {
		n.MaintenancePolicy = in.InstanceMaintenancePolicy
		if p := n.MaintenancePolicy.MinHealthyPercentage; p != nil && *p == -1 {
			n.MaintenancePolicy = nil
		}
	}
	if in.TerminationPolicies != nil {
		n.TerminationPolicies = in.TerminationPolicies
	}
	if err := s.applySource(&n, in); err != nil {
		return old, err
	}
	if err := s.applyNetwork(&n, in); err != nil {
		return old, err
	}
	return n, n.validate(in)
}

func set[T any](to *T, given *T) {
	if given != nil {
		*to = *given
	}
}

func setPointer[T any](to **T, given *T) {
	if given != nil {
		*to = given
	}
}

func cleared(old, given *int, none int) *int {
	switch {
	case given == nil:
		return old
	case *given == none:
		return nil
	}
	return given
}

func (n *groupSettings) validate(in *groupInput) error {
	switch {
	case n.Min < 0 || n.Max < 0:
		return invalid("Min bound and max bound must not be negative: %d, %d", n.Min, n.Max)
	case n.Min > n.Max:
		return invalid("Max bound, %d, must be greater than or equal to min bound, %d", n.Max, n.Min)
	case in.DesiredCapacity != nil && (n.Desired < n.Min || n.Desired > n.Max):
		return invalid("Desired capacity:%d must be between the specified min size:%d and max size:%d", n.Desired, n.Min, n.Max)
	case n.GracePeriod < 0:
		return invalid("HealthCheckGracePeriod %d must not be negative", n.GracePeriod)
	}
	for _, kind := range strings.Split(n.HealthCheckType, ",") {
		if kind != "EC2" && kind != "ELB" {
			return invalid("Invalid health check type %q: localaws has EC2 and ELB", kind)
		}
	}
	return nil
}

// applySource takes over the launch template or the mixed instances policy.
func (s groups) applySource(n *groupSettings, in *groupInput) error {
	if in.LaunchTemplate != nil && in.MixedInstancesPolicy != nil {
		return invalid("Valid requests must contain either LaunchTemplate or MixedInstancesPolicy, not both.")
	}
	switch {
	case in.LaunchTemplate != nil:
		spec, err := s.resolved(in.LaunchTemplate)
		if err != nil {
			return err
		}
		n.LaunchTemplate, n.MixedInstances = spec, nil
	case in.MixedInstancesPolicy != nil:
		policy, err := s.mixed(in.MixedInstancesPolicy, n.MixedInstances)
		if err != nil {
			return err
		}
		n.LaunchTemplate, n.MixedInstances = nil, policy
	case n.LaunchTemplate == nil && n.MixedInstances == nil:
		return invalid("Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or MixedInstancesPolicy parameter.")
	}
	return nil
}

// mixed fills in defaults,
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstancesDistribution.html.
func (s groups) mixed(given, old *mixedInstances) (*mixedInstances, error) {
	policy := *given
	if policy.LaunchTemplate == nil && old != nil {
		policy.LaunchTemplate = old.LaunchTemplate
	}
	if policy.template() == nil {
		return nil, invalid("MixedInstancesPolicy needs LaunchTemplate.LaunchTemplateSpecification")
	}
	spec, err := s.resolved(policy.template())
	if err != nil {
		return nil, err
	}
	policy.LaunchTemplate = &mixedTemplate{LaunchTemplateSpecification: spec, Overrides: policy.LaunchTemplate.Overrides}
	d := distribution{}
	if given.InstancesDistribution != nil {
		d = *given.InstancesDistribution
	}
	orInt(&d.OnDemandBaseCapacity, 0)
	orInt(&d.OnDemandPercentageAboveBaseCapacity, 100)
	orString(&d.OnDemandAllocationStrategy, "prioritized")
	orString(&d.SpotAllocationStrategy, "lowest-price")
	if d.SpotAllocationStrategy == "lowest-price" {
		orInt(&d.SpotInstancePools, 2)
	}
	policy.InstancesDistribution = &d
	return &policy, nil
}

func orInt(p **int, value int) {
	if *p == nil {
		*p = &value
	}
}

func orString(p *string, value string) {
	if *p == "" {
		*p = value
	}
}

func (s groups) applyNetwork(n *groupSettings, in *groupInput) error {
	if in.VPCZoneIdentifier != nil {
		n.Subnets = nil
		zones := map[string]bool{}
		for _, id := range strings.FieldsFunc(*in.VPCZoneIdentifier, func(r rune) bool { return r == ',' || r == ' ' }) {
			subnet, ok := s.machines.Subnet(id)
			if !ok {
				return invalid("The subnet ID '%s' does not exist", id)
			}
			zones[subnet.AvailabilityZone] = true
			n.Subnets = append(n.Subnets, id)
		}
		n.Zones = slices.Sorted(maps.Keys(zones))
	}
	if len(in.AvailabilityZones) > 0 && len(n.Subnets) == 0 {
		return invalid("AvailabilityZones without VPCZoneIdentifier needs a default VPC, which this account does not have: give subnets")
	}
	if len(n.Subnets) == 0 {
		return invalid("At least one Availability Zone or VPC Subnet is required.")
	}
	return nil
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

type setDesiredInput struct {
	AutoScalingGroupName string
	DesiredCapacity      int
	HonorCooldown        bool
}

func (s groups) setDesiredCapacity(_ context.Context, in *setDesiredInput) (*wire.Empty, error) {
	g, err := s.change(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	if in.HonorCooldown {
		return nil, noCooldowns()
	}
	return nil, g.setDesired(in.DesiredCapacity)
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

type filter struct {
	Name   string
	Values []string
}

type describeGroupsInput struct {
	AutoScalingGroupNames []string
	Filters               []filter
	IncludeInstances      *bool
	pageInput
}

type describeGroupsOutput struct {
	AutoScalingGroups []groupView
	NextToken         string
}

func (s groups) describeGroups(_ context.Context, in *describeGroupsInput) (*describeGroupsOutput, error) {
	var found []*group
	for name, g := range s.state.Groups.All() {
		if len(in.AutoScalingGroupNames) > 0 && !slices.Contains(in.AutoScalingGroupNames, name) {
			continue
		}
		matched, err := g.matches(in.Filters)
		if err != nil {
			return nil, err
		}
		if matched {
			found = append(found, g)
		}
	}
	page, next, err := paging.Cut(limits(50, 100), found, func(g *group) string { return g.Name }, in.MaxRecords, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &describeGroupsOutput{AutoScalingGroups: []groupView{}, NextToken: next}
	for _, g := range page {
		v := s.view(g)
		if in.IncludeInstances != nil && !*in.IncludeInstances {
			v.Instances = []instanceView{}
		}
		out.AutoScalingGroups = append(out.AutoScalingGroups, v)
	}
	return out, nil
}

// matches reports whether the group has a tag for each filter: tag-key,
// tag-value or tag:<key>.
func (g *group) matches(filters []filter) (bool, error) {
	for _, f := range filters {
		key, isTag := strings.CutPrefix(f.Name, "tag:")
		if !isTag && f.Name != "tag-key" && f.Name != "tag-value" {
			return false, invalid("Filter name %q is not valid: localaws has tag-key, tag-value and tag:<key>", f.Name)
		}
		found := false
		for k, t := range g.Tags {
			switch {
			case isTag:
				found = found || (k == key && slices.Contains(f.Values, t.Value))
			case f.Name == "tag-key":
				found = found || slices.Contains(f.Values, k)
			default:
				found = found || slices.Contains(f.Values, t.Value)
			}
		}
		if !found {
			return false, nil
		}
	}
	return true, nil
}

// groupView is a group in an answer.
type groupView struct {
	AutoScalingGroupName             string
	AutoScalingGroupARN              string
	LaunchTemplate                   *templateSpec
	MixedInstancesPolicy             *mixedInstances
	MinSize                          int
	MaxSize                          int
	DesiredCapacity                  int
	DefaultCooldown                  int
	DefaultInstanceWarmup            *int
	AvailabilityZones                []string
	LoadBalancerNames                []string
	TargetGroupARNs                  []string
	TrafficSources                   []trafficSource
	HealthCheckType                  string
	HealthCheckGracePeriod           int
	Instances                        []instanceView
	CreatedTime                      time.Time
	SuspendedProcesses               []suspendedProcess
	VPCZoneIdentifier                string
	EnabledMetrics                   []enabledMetric
	Status                           string
	Tags                             []tagView
	TerminationPolicies              []string
	NewInstancesProtectedFromScaleIn bool
	ServiceLinkedRoleARN             string
	MaxInstanceLifetime              *int
	CapacityRebalance                *bool
	InstanceMaintenancePolicy        *maintenancePolicy
	AvailabilityZoneDistribution     *zoneDistribution
}

type suspendedProcess struct{ ProcessName, SuspensionReason string }

type enabledMetric struct{ Metric, Granularity string }

func (s groups) view(g *group) groupView {
	v := groupView{
		AutoScalingGroupName: g.Name, AutoScalingGroupARN: g.ARN,
		LaunchTemplate: g.LaunchTemplate, MixedInstancesPolicy: g.MixedInstances,
		MinSize: g.Min, MaxSize: g.Max, DesiredCapacity: g.Desired,
		DefaultCooldown: g.Cooldown, DefaultInstanceWarmup: g.Warmup,
		AvailabilityZones: g.Zones, LoadBalancerNames: []string{}, TargetGroupARNs: list(g.TargetGroupARNs),
		TrafficSources:  []trafficSource{},
		HealthCheckType: g.HealthCheckType, HealthCheckGracePeriod: g.GracePeriod,
		Instances: []instanceView{}, CreatedTime: g.CreatedAt,
		SuspendedProcesses: []suspendedProcess{},
		VPCZoneIdentifier:  strings.Join(g.Subnets, ","), EnabledMetrics: []enabledMetric{},
		Tags: g.tagViews(), TerminationPolicies: g.TerminationPolicies,
		NewInstancesProtectedFromScaleIn: g.ProtectNew, ServiceLinkedRoleARN: g.ServiceLinkedRoleARN,
		MaxInstanceLifetime: g.MaxInstanceLifetime, CapacityRebalance: g.CapacityRebalance,
		InstanceMaintenancePolicy: g.MaintenancePolicy, AvailabilityZoneDistribution: g.ZoneDistribution,
	}
	if g.Deleting {
		v.Status = "Delete in progress"
	}
	for _, arn := range g.TargetGroupARNs {
		v.TrafficSources = append(v.TrafficSources, trafficSource{Identifier: arn, Type: "elbv2"})
	}
	for _, i := range s.instances(g) {
		v.Instances = append(v.Instances, i.view())
	}
	for _, process := range g.Suspended {
		v.SuspendedProcesses = append(v.SuspendedProcesses, suspendedProcess{process, "User suspended at " + stamp(g.CreatedAt)})
	}
	for _, metric := range g.Metrics {
		v.EnabledMetrics = append(v.EnabledMetrics, enabledMetric{metric, "1Minute"})
	}
	return v
}

func list(values []string) []string {
	if values == nil {
		return []string{}
	}
	return values
}
