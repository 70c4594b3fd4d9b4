package ecs

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// Defaults of managed scaling,
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ManagedScaling.html.
const (
	defaultTargetCapacity = 100
	defaultMinStep        = 1
	defaultMaxStep        = 10000
	defaultWarmup         = 300 // seconds
)

// providerAPI is the API of capacity providers.
type providerAPI struct{ *region }

func (s providerAPI) operations() []wire.Operation {
	return []wire.Operation{
		wire.Op("CreateCapacityProvider", s.createCapacityProvider),
		wire.ReadOp("DescribeCapacityProviders", s.describeCapacityProviders),
		wire.Op("UpdateCapacityProvider", s.updateCapacityProvider),
		wire.Op("DeleteCapacityProvider", s.deleteCapacityProvider),
	}
}

type createProviderInput struct {
	Name                     string
	AutoScalingGroupProvider *types.AutoScalingGroupProvider
	Tags                     []types.Tag
}

type providerOutput struct{ CapacityProvider *types.CapacityProvider }

func (s providerAPI) createCapacityProvider(_ context.Context, in *createProviderInput) (*providerOutput, error) {
	if err := checkProviderName(in.Name); err != nil {
		return nil, err
	}
	if old, _ := s.state.Providers.Get(in.Name); old != nil && old.Status == active {
		return nil, clientError("The specified capacity provider already exists. To change the configuration of an existing capacity provider, update the capacity provider. (%s)", in.Name)
	}
	if in.AutoScalingGroupProvider == nil {
		return nil, clientError("The capacity provider %s must have an autoScalingGroupProvider: localaws supports no other kind.", in.Name)
	}
	arn := aws.ToString(in.AutoScalingGroupProvider.AutoScalingGroupArn)
	group, ok := s.groups.Group(arn)
	if !ok {
		return nil, clientError("The specified Auto Scaling group ARN is not valid or does not exist: %s.", arn)
	}
	for _, p := range s.state.Providers.All() {
		if p.Status == active && p.GroupARN == group.ARN {
			return nil, clientError("The specified Auto Scaling group ARN is already being used by another capacity provider. Specify a unique Auto Scaling group ARN and try again. (%s is used by %s)", arn, p.Name)
		}
	}
	p := &capacityProvider{
		Name: in.Name, ARN: s.arn("capacity-provider/" + in.Name), Status: active,
		UpdateStatus: types.CapacityProviderUpdateStatusCreateComplete,
		GroupARN:     group.ARN, Tags: tagMap(in.Tags),
		ManagedScaling:     types.ManagedScaling{Status: types.ManagedScalingStatusDisabled},
		ManagedTermination: types.ManagedTerminationProtectionDisabled,
		ManagedDraining:    types.ManagedDrainingEnabled,
	}
	given := in.AutoScalingGroupProvider
	if err := s.configure(p, given.ManagedScaling, given.ManagedTerminationProtection, given.ManagedDraining); err != nil {
		return nil, err
	}
	s.state.Providers.Put(in.Name, p)
	// ECS marks the groups that it manages.
	if err := s.groups.AddTag(group.Name, "AmazonECSManaged", ""); err != nil {
		return nil, err
	}
	return &providerOutput{p.view(true)}, nil
}

func checkProviderName(name string) error {
	if !resourceName.MatchString(name) {
		return clientError("The capacity provider name %q must be up to 255 letters, numbers, underscores and hyphens.", name)
	}
	lower := strings.ToLower(name)
	for _, reserved := range []string{"aws", "ecs", "fargate"} {
		if strings.HasPrefix(lower, reserved) {
			return clientError("The specified capacity provider name is invalid. Up to 255 characters are allowed, including letters (upper and lowercase), numbers, underscores, and hyphens. The name cannot be prefixed with \"aws\", \"ecs\", or \"fargate\". Specify a valid name and try again. (%s)", name)
		}
	}
	return nil
}

// configure sets what a provider manages, once it is allowed.
func (s providerAPI) configure(p *capacityProvider, scaling *types.ManagedScaling, termination types.ManagedTerminationProtection, drain types.ManagedDraining) error {
	next := *p
	if scaling != nil {
		next.ManagedScaling = merged(p.ManagedScaling, *scaling)
	}
	if termination != "" {
		next.ManagedTermination = termination
	}
	if drain != "" {
		next.ManagedDraining = drain
	}
	if err := next.check(s.groups); err != nil {
		return err
	}
	*p = next
	return nil
}

// merged fills what was not given from what was, then from AWS's defaults.
func merged(old, given types.ManagedScaling) types.ManagedScaling {
	fill := func(given, old *int32, value int32) *int32 {
		switch {
		case given != nil:
			return given
		case old != nil:
			return old
		}
		return &value
	}
	if given.Status == "" {
		given.Status = old.Status
	}
	given.TargetCapacity = fill(given.TargetCapacity, old.TargetCapacity, defaultTargetCapacity)
	given.MinimumScalingStepSize = fill(given.MinimumScalingStepSize, old.MinimumScalingStepSize, defaultMinStep)
	given.MaximumScalingStepSize = fill(given.MaximumScalingStepSize, old.MaximumScalingStepSize, defaultMaxStep)
	given.InstanceWarmupPeriod = fill(given.InstanceWarmupPeriod, old.InstanceWarmupPeriod, defaultWarmup)
	return given
}

func (p *capacityProvider) check(groups Groups) error {
	if p.ManagedTermination == types.ManagedTerminationProtectionEnabled {
		if p.ManagedScaling.Status != types.ManagedScalingStatusEnabled {
			return clientError("The managed termination protection setting for the capacity provider is invalid. To enable managed termination protection for a capacity provider, managed scaling must be enabled.")
		}
		if group, ok := groups.Group(p.GroupARN); ok && !group.NewInstancesProtected {
			return clientError("The managed termination protection setting for the capacity provider is invalid. To enable managed termination protection for a capacity provider, the Auto Scaling group must have instance protection from scale in enabled.")
		}
	}
	m := p.ManagedScaling
	ranges := []struct {
		name      string
		value     *int32
		low, high int32
	}{
		{"target capacity", m.TargetCapacity, 1, 100},
		{"minimum scaling step size", m.MinimumScalingStepSize, 1, 10000},
		{"maximum scaling step size", m.MaximumScalingStepSize, 1, 10000},
		{"instance warmup period", m.InstanceWarmupPeriod, 0, 10000},
	}
	for _, r := range ranges {
		if r.value != nil && (*r.value < r.low || *r.value > r.high) {
			// AWS's words for the minimum step; those of the others are not known.
			return clientError("The specified %s is invalid.", r.name)
		}
	}
	return nil
}

func (p *capacityProvider) view(tags bool) *types.CapacityProvider {
	scaling := p.ManagedScaling
	v := &types.CapacityProvider{
		CapacityProviderArn: &p.ARN, Name: &p.Name, Status: types.CapacityProviderStatus(p.Status),
		UpdateStatus: p.UpdateStatus, Tags: []types.Tag{},
		AutoScalingGroupProvider: &types.AutoScalingGroupProvider{
			AutoScalingGroupArn: &p.GroupARN, ManagedScaling: &scaling,
			ManagedTerminationProtection: p.ManagedTermination, ManagedDraining: p.ManagedDraining,
		},
	}
	if tags {
		v.Tags = tagList(p.Tags)
	}
	return v
}

type describeProvidersInput struct {
	CapacityProviders []string
	Include           []types.CapacityProviderField
	MaxResults        *int32
	NextToken         string
}

type describeProvidersOutput struct {
	CapacityProviders []types.CapacityProvider
	Failures          []types.Failure
	NextToken         string
}

func (s providerAPI) describeCapacityProviders(_ context.Context, in *describeProvidersInput) (*describeProvidersOutput, error) {
	out := &describeProvidersOutput{CapacityProviders: []types.CapacityProvider{}, Failures: []types.Failure{}}
	names := in.CapacityProviders
	if len(names) == 0 {
		var err error
		names, out.NextToken, err = page(s.providerNames(), in.MaxResults, in.NextToken)
		if err != nil {
			return nil, err
		}
	}
	tags := slices.Contains(in.Include, types.CapacityProviderFieldTags)
	for _, name := range names {
		if p := s.provider(name); p != nil {
			out.CapacityProviders = append(out.CapacityProviders, *p.view(tags))
			continue
		}
		out.Failures = append(out.Failures, missing(s.arn("capacity-provider/"+lastPart(name))))
	}
	return out, nil
}

func (s providerAPI) providerNames() []string {
	var names []string
	for name := range s.state.Providers.All() {
		names = append(names, name)
	}
	return names
}

type updateProviderInput struct {
	Name                     string
	AutoScalingGroupProvider *types.AutoScalingGroupProviderUpdate
}

func (s providerAPI) updateCapacityProvider(_ context.Context, in *updateProviderInput) (*providerOutput, error) {
	p := s.provider(in.Name)
	if p == nil || p.Status != active {
		return nil, providerNotFound(in.Name)
	}
	s.state.Providers.Change(p.Name)
	if given := in.AutoScalingGroupProvider; given != nil {
		if err := s.configure(p, given.ManagedScaling, given.ManagedTerminationProtection, given.ManagedDraining); err != nil {
			return nil, err
		}
	}
	p.UpdateStatus = types.CapacityProviderUpdateStatusUpdateComplete
	return &providerOutput{p.view(true)}, nil
}

type deleteProviderInput struct{ CapacityProvider string }

func (s providerAPI) deleteCapacityProvider(_ context.Context, in *deleteProviderInput) (*providerOutput, error) {
	p := s.provider(in.CapacityProvider)
	if p == nil || p.Status != active {
		return nil, clientError("The specified capacity provider does not exist. Specify a valid name or ARN and try again. (%s)", in.CapacityProvider)
	}
	for _, c := range s.state.Clusters.All() {
		if c.Status == active && slices.Contains(c.Providers, p.Name) {
			return nil, clientError("The capacity provider cannot be deleted because it is associated with cluster: %s. Remove the capacity provider from the cluster and try again.", c.Name)
		}
	}
	s.state.Providers.Change(p.Name)
	if group, ok := s.groups.Group(p.GroupARN); ok {
		s.groups.DeleteHook(group.Name, drainingHook)
	}
	p.Status, p.UpdateStatus = inactive, types.CapacityProviderUpdateStatusDeleteComplete
	p.Tags = core.Tags{}
	return &providerOutput{p.view(false)}, nil
}
