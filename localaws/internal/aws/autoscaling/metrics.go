package autoscaling

import (
	"context"
	"slices"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// metricNames are what a group can count,
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_EnableMetricsCollection.html.
// Which of them a group counts is known; no alarm here watches them, so they are
// not sent to CloudWatch.
var metricNames = []string{
	"GroupAndWarmPoolDesiredCapacity", "GroupAndWarmPoolTotalCapacity", "GroupDesiredCapacity", "GroupInServiceCapacity",
	"GroupInServiceInstances", "GroupMaxSize", "GroupMinSize", "GroupPendingCapacity", "GroupPendingInstances",
	"GroupStandbyCapacity", "GroupStandbyInstances", "GroupTerminatingCapacity", "GroupTerminatingInstances",
	"GroupTotalCapacity", "GroupTotalInstances", "WarmPoolDesiredCapacity", "WarmPoolMinSize", "WarmPoolPendingCapacity",
	"WarmPoolTerminatingCapacity", "WarmPoolTotalCapacity", "WarmPoolWarmedCapacity",
}

// granularity is the only one that there is.
const granularity = "1Minute"

type metricsInput struct {
	AutoScalingGroupName string
	Granularity          string
	Metrics              []string
}

type enabledMetric struct{ Metric, Granularity string }

// metrics are the group and the metrics that a request names; all when it names none.
func (s groups) metrics(in *metricsInput) (*group, []string, error) {
	g, err := s.change(in.AutoScalingGroupName)
	if err != nil {
		return nil, nil, err
	}
	for _, name := range in.Metrics {
		if !slices.Contains(metricNames, name) {
			return nil, nil, invalid("Metric type %q is not valid: %v", name, metricNames)
		}
	}
	if len(in.Metrics) == 0 {
		return g, metricNames, nil
	}
	return g, in.Metrics, nil
}

func (s groups) enableMetrics(_ context.Context, in *metricsInput) (*wire.Empty, error) {
	if in.Granularity != granularity {
		return nil, invalid("Granularity %q is not valid: it must be %s", in.Granularity, granularity)
	}
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
