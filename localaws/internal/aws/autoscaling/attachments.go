package autoscaling

import (
	"context"
	"slices"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/paging"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// trafficSource is what else sends traffic to a group; localaws has target
// groups only.
type trafficSource struct {
	Identifier string
	Type       string
}

// attachable returns the target groups of both lists, once they exist.
func (r *region) attachable(arns []string, sources []trafficSource) ([]string, error) {
	all := slices.Clone(arns)
	for _, source := range sources {
		if source.Type != "" && source.Type != "elbv2" {
			return nil, invalid("Traffic source type %q of %s: localaws has elbv2", source.Type, source.Identifier)
		}
		all = append(all, source.Identifier)
	}
	for _, arn := range all {
		if r.targets == nil {
			return nil, invalid("Target group %s: this account has no Elastic Load Balancing", arn)
		}
		tg, ok := r.targets.TargetGroup(arn)
		if !ok {
			return nil, invalid("Provided Target Groups may not be valid. Please ensure they exist and try again. (%s)", arn)
		}
		if tg.TargetType != "instance" {
			return nil, invalid("Provided Target Groups may not be valid: %s has target type %s, an Auto Scaling group needs instance", arn, tg.TargetType)
		}
	}
	return all, nil
}

// attachments are the operations that attach target groups to groups.
type attachments struct{ *region }

type attachInput struct {
	AutoScalingGroupName string
	TargetGroupARNs      []string
}

func (s attachments) attachTargetGroups(_ context.Context, in *attachInput) (*wire.Empty, error) {
	return nil, s.attach(in.AutoScalingGroupName, in.TargetGroupARNs, nil)
}

func (s attachments) detachTargetGroups(_ context.Context, in *attachInput) (*wire.Empty, error) {
	return nil, s.detach(in.AutoScalingGroupName, in.TargetGroupARNs)
}

func (s attachments) attach(name string, arns []string, sources []trafficSource) error {
	g, err := s.change(name)
	if err != nil {
		return err
	}
	more, err := s.attachable(arns, sources)
	if err != nil {
		return err
	}
	g.TargetGroupARNs = union(g.TargetGroupARNs, more)
	return nil
}

func (s attachments) detach(name string, arns []string) error {
	g, err := s.change(name)
	if err != nil {
		return err
	}
	for _, arn := range arns {
		if !slices.Contains(g.TargetGroupARNs, arn) {
			return invalid("Trying to remove Target Groups that are not part of the group: %s", arn)
		}
	}
	g.TargetGroupARNs = without(g.TargetGroupARNs, arns)
	return nil
}

type describeTargetGroupsInput struct {
	AutoScalingGroupName string
	pageInput
}

type targetGroupState struct {
	LoadBalancerTargetGroupARN string
	State                      string
}

type describeTargetGroupsOutput struct {
	LoadBalancerTargetGroups []targetGroupState
	NextToken                string
}

func (s attachments) describeTargetGroups(_ context.Context, in *describeTargetGroupsInput) (*describeTargetGroupsOutput, error) {
	g, err := s.named(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	page, next, err := s.page(g, in.pageInput, 100)
	if err != nil {
		return nil, err
	}
	out := &describeTargetGroupsOutput{LoadBalancerTargetGroups: []targetGroupState{}, NextToken: next}
	for _, arn := range page {
		out.LoadBalancerTargetGroups = append(out.LoadBalancerTargetGroups, targetGroupState{arn, s.attachmentState(g, arn)})
	}
	return out, nil
}

// page cuts the list of the group's target groups.
func (s attachments) page(g *group, in pageInput, most int) (arns []string, next string, err error) {
	return paging.Cut(limits(most, most), g.TargetGroupARNs, func(arn string) string { return arn }, in.MaxRecords, in.NextToken)
}

// attachmentState is Added until every instance is registered, then
// InService.
func (s attachments) attachmentState(g *group, arn string) string {
	for _, i := range s.instances(g) {
		if i.State == inService && !slices.Contains(i.Registered, arn) {
			return "Adding"
		}
	}
	for _, i := range s.instances(g) {
		if health, ok := s.targets.Health(arn, s.target(arn, i)); ok && health.State == "healthy" {
			return "InService"
		}
	}
	return "Added"
}

type trafficSourcesInput struct {
	AutoScalingGroupName string
	TrafficSources       []trafficSource
	TrafficSourceType    string
	pageInput
}

func (s attachments) attachTrafficSources(_ context.Context, in *trafficSourcesInput) (*wire.Empty, error) {
	return nil, s.attach(in.AutoScalingGroupName, nil, in.TrafficSources)
}

func (s attachments) detachTrafficSources(_ context.Context, in *trafficSourcesInput) (*wire.Empty, error) {
	var arns []string
	for _, source := range in.TrafficSources {
		arns = append(arns, source.Identifier)
	}
	return nil, s.detach(in.AutoScalingGroupName, arns)
}

type trafficSourceState struct{ TrafficSource, Identifier, Type, State string }

type trafficSourcesOutput struct {
	TrafficSources []trafficSourceState
	NextToken      string
}

func (s attachments) describeTrafficSources(_ context.Context, in *trafficSourcesInput) (*trafficSourcesOutput, error) {
	g, err := s.named(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	page, next, err := s.page(g, in.pageInput, 50)
	if err != nil {
		return nil, err
	}
	out := &trafficSourcesOutput{TrafficSources: []trafficSourceState{}, NextToken: next}
	for _, arn := range page {
		out.TrafficSources = append(out.TrafficSources, trafficSourceState{arn, arn, "elbv2", s.attachmentState(g, arn)})
	}
	return out, nil
}
