package autoscaling

import (
	"context"
	"slices"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// processNames are what can be suspended,
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-suspend-resume-processes.html.
var processNames = []string{
	"AZRebalance", "AddToLoadBalancer", "AlarmNotification", "HealthCheck", "InstanceRefresh",
	"Launch", "ReplaceUnhealthy", "ScheduledActions", "Terminate",
}

type processesInput struct {
	AutoScalingGroupName string
	ScalingProcesses     []string
}

func (s groups) processes(in *processesInput) (*group, []string, error) {
	g, err := s.change(in.AutoScalingGroupName)
	if err != nil {
		return nil, nil, err
	}
	for _, name := range in.ScalingProcesses {
		if !slices.Contains(processNames, name) {
			return nil, nil, invalid("Unknown scaling process %q: %v", name, processNames)
		}
	}
	if len(in.ScalingProcesses) == 0 {
		return g, processNames, nil
	}
	return g, in.ScalingProcesses, nil
}

func (s groups) suspendProcesses(_ context.Context, in *processesInput) (*wire.Empty, error) {
	g, names, err := s.processes(in)
	if err != nil {
		return nil, err
	}
	g.Suspended = union(g.Suspended, names)
	return nil, nil
}

func (s groups) resumeProcesses(_ context.Context, in *processesInput) (*wire.Empty, error) {
	g, names, err := s.processes(in)
	if err != nil {
		return nil, err
	}
	g.Suspended = without(g.Suspended, names)
	return nil, nil
}

func union(have, more []string) []string {
	all := slices.Concat(have, more)
	slices.Sort(all)
	return slices.Compact(all)
}

func without(have, less []string) []string {
	return slices.DeleteFunc(slices.Clone(have), func(name string) bool { return slices.Contains(less, name) })
}

type warmPoolInput struct {
	AutoScalingGroupName string
	MaxRecords           *int
	NextToken            string
}

type warmPoolOutput struct{ Instances []instanceView }

// describeWarmPool answers the provider, which calls it before it deletes a group.
func (s groups) describeWarmPool(_ context.Context, in *warmPoolInput) (*warmPoolOutput, error) {
	if _, err := s.named(in.AutoScalingGroupName); err != nil {
		return nil, err
	}
	return &warmPoolOutput{Instances: []instanceView{}}, nil
}
