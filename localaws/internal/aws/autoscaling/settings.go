package autoscaling

import (
	"maps"
	"slices"
	"strings"
)

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
	set(&n.MaxLifetime, in.MaxInstanceLifetime)
	setPointer(&n.ZoneDistribution, in.AvailabilityZoneDistribution)
	// -1 ends a warmup and a maintenance policy.
	if in.DefaultInstanceWarmup != nil {
		n.Warmup = in.DefaultInstanceWarmup
		if *n.Warmup == -1 {
			n.Warmup = nil
		}
	}
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
	case n.MaxLifetime != 0 && (n.MaxLifetime < minLifetime || n.MaxLifetime > maxLifetime):
		return invalid("MaxInstanceLifetime %d must be 0 or between %d and %d seconds", n.MaxLifetime, minLifetime, maxLifetime)
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
