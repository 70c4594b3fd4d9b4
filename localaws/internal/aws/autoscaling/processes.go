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

// metricNames are the group metrics,
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-metrics.html.
var metricNames = []string{
	"GroupAndWarmPoolDesiredCapacity", "GroupAndWarmPoolTotalCapacity", "GroupDesiredCapacity",
	"GroupInServiceCapacity", "GroupInServiceInstances", "GroupMaxSize", "GroupMinSize",
	"GroupPendingCapacity", "GroupPendingInstances", "GroupStandbyCapacity", "GroupStandbyInstances",
	"GroupTerminatingCapacity", "GroupTerminatingInstances", "GroupTotalCapacity", "GroupTotalInstances",
	"WarmPoolDesiredCapacity", "WarmPoolMinSize", "WarmPoolPendingCapacity", "WarmPoolTerminatingCapacity",
	"WarmPoolTotalCapacity", "WarmPoolWarmedCapacity",
}

type metricsInput struct {
	AutoScalingGroupName string
	Metrics              []string
	Granularity          string
}

func (s groups) metrics(in *metricsInput) (*group, []string, error) {
	g, err := s.change(in.AutoScalingGroupName)
	if err != nil {
		return nil, nil, err
	}
	for _, name := range in.Metrics {
		if !slices.Contains(metricNames, name) {
			return nil, nil, invalid("Unknown group metric %q: %v", name, metricNames)
		}
	}
	if len(in.Metrics) == 0 {
		return g, metricNames, nil
	}
	return g, in.Metrics, nil
}

func (s groups) enableMetrics(_ context.Context, in *metricsInput) (*wire.Empty, error) {
	g, names, err := s.metrics(in)
	if err != nil {
		return nil, err
	}
	g.Metrics = union(g.Metrics, names)
	return nil, nil
}

func (s groups) disableMetrics(_ context.Context, in *metricsInput) (*wire.Empty, error) {
	g, names, err := s.metrics(in)
	if err != nil {
		return nil, err
	}
	g.Metrics = without(g.Metrics, names)
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
	AutoScalingGroupName     string
	ForceDelete              *bool
	MaxGroupPreparedCapacity *int
	MinSize                  *int
	PoolState                string
	InstanceReusePolicy      *struct{ ReuseOnScaleIn *bool }
	MaxRecords               *int
	NextToken                string
}

func (s groups) refuseWarmPool(_ context.Context, _ *warmPoolInput) (*wire.Empty, error) {
	return nil, noWarmPools()
}

type warmPoolOutput struct{ Instances []instanceView }

// describeWarmPool answers the provider, which calls it before it deletes a group.
func (s groups) describeWarmPool(_ context.Context, in *warmPoolInput) (*warmPoolOutput, error) {
	if _, err := s.named(in.AutoScalingGroupName); err != nil {
		return nil, err
	}
	return &warmPoolOutput{Instances: []instanceView{}}, nil
}
