package autoscaling

import (
	"context"
	"slices"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/elbv2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// trafficSource is what else sends traffic to a group; localaws has target
// groups only.
type trafficSource struct {
	Identifier string
	Type       string
}

// attachable returns the target groups of both lists, once they exist.
func (s *Service) attachable(arns []string, sources []trafficSource) ([]string, error) {
	all := slices.Clone(arns)
	for _, source := range sources {
		if source.Type != "" && source.Type != "elbv2" {
			return nil, invalid("Traffic source type %q of %s: localaws has elbv2", source.Type, source.Identifier)
		}
		all = append(all, source.Identifier)
	}
	for _, arn := range all {
		if s.targets == nil {
			return nil, invalid("Target group %s: this account has no Elastic Load Balancing", arn)
		}
		tg, ok := s.targets.TargetGroup(arn)
		if !ok {
			return nil, invalid("Provided Target Groups may not be valid. Please ensure they exist and try again. (%s)", arn)
		}
		if tg.TargetType != "instance" {
			return nil, invalid("Provided Target Groups may not be valid: %s has target type %s, an Auto Scaling group needs instance", arn, tg.TargetType)
		}
	}
	return all, nil
}

type attachInput struct {
	AutoScalingGroupName string
	TargetGroupARNs      []string
}

func (s *Service) attachTargetGroups(_ context.Context, in *attachInput) (*wire.Empty, error) {
	return nil, s.attach(in.AutoScalingGroupName, in.TargetGroupARNs, nil)
}

func (s *Service) detachTargetGroups(_ context.Context, in *attachInput) (*wire.Empty, error) {
	return nil, s.detach(in.AutoScalingGroupName, in.TargetGroupARNs)
}

func (s *Service) attach(name string, arns []string, sources []trafficSource) error {
	g, err := s.named(name)
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

func (s *Service) detach(name string, arns []string) error {
	g, err := s.named(name)
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
	MaxRecords           int
	NextToken            string
}

type targetGroupState struct {
	LoadBalancerTargetGroupARN string
	State                      string
}

type describeTargetGroupsOutput struct {
	LoadBalancerTargetGroups []targetGroupState
	NextToken                string
}

func (s *Service) describeTargetGroups(_ context.Context, in *describeTargetGroupsInput) (*describeTargetGroupsOutput, error) {
	g, err := s.named(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	out := &describeTargetGroupsOutput{LoadBalancerTargetGroups: []targetGroupState{}}
	for _, arn := range g.TargetGroupARNs {
		out.LoadBalancerTargetGroups = append(out.LoadBalancerTargetGroups, targetGroupState{arn, s.attachmentState(g, arn)})
	}
	return out, nil
}

// attachmentState is Added until every instance is registered, then
// InService.
func (s *Service) attachmentState(g *group, arn string) string {
	for _, i := range g.Instances {
		if i.State == inService && !slices.Contains(i.Registered, arn) {
			return "Adding"
		}
	}
	for _, i := range g.Instances {
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
	MaxRecords           int
	NextToken            string
}

func (s *Service) attachTrafficSources(_ context.Context, in *trafficSourcesInput) (*wire.Empty, error) {
	return nil, s.attach(in.AutoScalingGroupName, nil, in.TrafficSources)
}

func (s *Service) detachTrafficSources(_ context.Context, in *trafficSourcesInput) (*wire.Empty, error) {
	var arns []string
	for _, source := range in.TrafficSources {
		arns = append(arns, source.Identifier)
	}
	return nil, s.detach(in.AutoScalingGroupName, arns)
}

type trafficSourceState struct{ TrafficSource, Identifier, Type, State string }

type trafficSourcesOutput struct{ TrafficSources []trafficSourceState }

func (s *Service) describeTrafficSources(_ context.Context, in *trafficSourcesInput) (*trafficSourcesOutput, error) {
	g, err := s.named(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	out := &trafficSourcesOutput{TrafficSources: []trafficSourceState{}}
	for _, arn := range g.TargetGroupARNs {
		out.TrafficSources = append(out.TrafficSources, trafficSourceState{arn, arn, "elbv2", s.attachmentState(g, arn)})
	}
	return out, nil
}

// reconcileTargets registers instances in service with the group's target
// groups, and takes the others out.
func (s *Service) reconcileTargets(g *group) {
	if s.targets == nil {
		return
	}
	for _, i := range g.Instances {
		var wanted []string
		if i.State == inService {
			wanted = g.TargetGroupARNs
		}
		for _, arn := range without(wanted, i.Registered) {
			if g.suspended("AddToLoadBalancer") {
				break
			}
			if s.targets.Register(arn, []elbv2.Target{s.target(arn, i)}) == nil {
				i.Registered = append(i.Registered, arn)
				s.changed()
			}
		}
		for _, arn := range without(i.Registered, wanted) {
			// A target group that is gone has no target to take out.
			_ = s.targets.Deregister(arn, []elbv2.Target{s.target(arn, i)})
			i.Registered = without(i.Registered, []string{arn})
			s.changed()
		}
	}
}
