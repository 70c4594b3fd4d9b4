package autoscaling

import (
	"context"
	"slices"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/paging"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// trafficSource is a target group as a newer member of DescribeAutoScalingGroups
// shows it.
type trafficSource struct {
	Identifier string
	Type       string
}

// checkAttachable refuses target groups that can't have a group's instances.
func (r *region) checkAttachable(arns []string) error {
	for _, arn := range arns {
		if r.targets == nil {
			return invalid("Target group %s: this account has no Elastic Load Balancing", arn)
		}
		tg, ok := r.targets.TargetGroup(arn)
		if !ok {
			return invalid("Provided Target Groups may not be valid. Please ensure they exist and try again. (%s)", arn)
		}
		if tg.TargetType != "instance" {
			return invalid("Provided Target Groups may not be valid: %s has target type %s, an Auto Scaling group needs instance", arn, tg.TargetType)
		}
	}
	return nil
}

// attachments are the operations that attach target groups to groups.
type attachments struct{ *region }

type attachInput struct {
	AutoScalingGroupName string
	TargetGroupARNs      []string
}

func (s attachments) attachTargetGroups(_ context.Context, in *attachInput) (*wire.Empty, error) {
	g, err := s.change(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	if err := s.checkAttachable(in.TargetGroupARNs); err != nil {
		return nil, err
	}
	g.TargetGroupARNs = union(g.TargetGroupARNs, in.TargetGroupARNs)
	return nil, nil
}

func (s attachments) detachTargetGroups(_ context.Context, in *attachInput) (*wire.Empty, error) {
	g, err := s.change(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	for _, arn := range in.TargetGroupARNs {
		if !slices.Contains(g.TargetGroupARNs, arn) {
			return nil, invalid("Trying to remove Target Groups that are not part of the group: %s", arn)
		}
	}
	g.TargetGroupARNs = without(g.TargetGroupARNs, in.TargetGroupARNs)
	return nil, nil
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
	page, next, err := paging.Cut(limits(100, 100), g.TargetGroupARNs, func(arn string) string { return arn }, in.MaxRecords, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &describeTargetGroupsOutput{LoadBalancerTargetGroups: []targetGroupState{}, NextToken: next}
	for _, arn := range page {
		out.LoadBalancerTargetGroups = append(out.LoadBalancerTargetGroups, targetGroupState{arn, s.attachmentState(g, arn)})
	}
	return out, nil
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
