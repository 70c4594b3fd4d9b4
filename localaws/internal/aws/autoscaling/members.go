package autoscaling

import (
	"context"
	"slices"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/paging"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// members are the operations on the instances of groups.
type members struct{ *region }

// instanceView is an instance in an answer.
type instanceView struct {
	InstanceId           string
	InstanceType         string
	AutoScalingGroupName string // in DescribeAutoScalingInstances only
	AvailabilityZone     string
	LifecycleState       string
	HealthStatus         string
	LaunchTemplate       *templateSpec
	ProtectedFromScaleIn bool
}

func (i *instance) view() instanceView {
	return instanceView{
		InstanceId: i.ID, InstanceType: i.Type, AvailabilityZone: i.Zone, LifecycleState: i.State,
		HealthStatus: i.Health, LaunchTemplate: i.Template, ProtectedFromScaleIn: i.Protected,
	}
}

type describeInstancesInput struct {
	InstanceIds []string
	pageInput
}

type describeInstancesOutput struct {
	AutoScalingInstances []instanceView
	NextToken            string
}

func (s members) describeInstances(_ context.Context, in *describeInstancesInput) (*describeInstancesOutput, error) {
	var found []*instance
	for id, i := range s.state.Instances.All() {
		if len(in.InstanceIds) == 0 || slices.Contains(in.InstanceIds, id) {
			found = append(found, i)
		}
	}
	page, next, err := paging.Cut(limits(50, 50), found, func(i *instance) string { return i.ID }, in.MaxRecords, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &describeInstancesOutput{AutoScalingInstances: []instanceView{}, NextToken: next}
	for _, i := range page {
		v := i.view()
		v.AutoScalingGroupName = i.Group
		out.AutoScalingInstances = append(out.AutoScalingInstances, v)
	}
	return out, nil
}

type protectionInput struct {
	AutoScalingGroupName string
	InstanceIds          []string
	ProtectedFromScaleIn bool
}

func (s members) setInstanceProtection(_ context.Context, in *protectionInput) (*wire.Empty, error) {
	g, err := s.named(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	for _, id := range in.InstanceIds {
		i := s.instance(g, id)
		if i == nil {
			return nil, instanceNotFound(id)
		}
		if i.State != inService && i.State != pending && i.State != pendingWait {
			return nil, invalid("The instance %s is not in InService or EnteringStandby or Standby.", id)
		}
	}
	return nil, s.protect(g, in.InstanceIds, in.ProtectedFromScaleIn)
}

type healthInput struct {
	InstanceId               string
	HealthStatus             string
	ShouldRespectGracePeriod *bool
}

func (s members) setInstanceHealth(_ context.Context, in *healthInput) (*wire.Empty, error) {
	if in.HealthStatus != healthy && in.HealthStatus != unhealthy {
		return nil, invalid("HealthStatus %q: Healthy or Unhealthy", in.HealthStatus)
	}
	g, i, err := s.member(in.InstanceId)
	if err != nil {
		return nil, err
	}
	respect := in.ShouldRespectGracePeriod == nil || *in.ShouldRespectGracePeriod
	if in.HealthStatus == unhealthy && respect && s.acct.Clock.Now().Before(s.graceEnd(g, i)) {
		return nil, nil
	}
	s.changing(i)
	i.Health = in.HealthStatus
	return nil, nil
}

func (s members) member(id string) (*group, *instance, error) {
	i, ok := s.state.Instances.Get(id)
	if !ok {
		return nil, nil, instanceNotFound(id)
	}
	g, _ := s.state.Groups.Get(i.Group)
	return g, i, nil
}

type terminateInput struct {
	InstanceId                     string
	ShouldDecrementDesiredCapacity bool
}

type terminateOutput struct{ Activity activityView }

func (s members) terminateInstance(_ context.Context, in *terminateInput) (*terminateOutput, error) {
	g, i, err := s.member(in.InstanceId)
	if err != nil {
		return nil, err
	}
	if in.ShouldDecrementDesiredCapacity {
		if g.Desired <= g.Min {
			return nil, invalid("Currently, desiredSize equals minSize (%d). Terminating instance without replacement will violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower group's min size.", g.Min)
		}
		s.state.Groups.Put(g.Name, g)
		g.Desired--
	}
	a := s.terminate(g, i, "an instance was taken out of service in response to a user request.")
	return &terminateOutput{Activity: a.view(g)}, nil
}
