package appautoscaling

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/cloudwatch"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/paging"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// policy is a scaling policy. Step policies are kept, and scale nothing: they
// wait for alarms that call them.
type policy struct {
	ARN        string
	Name       string
	Type       string
	ResourceID string
	CreatedAt  time.Time
	Tracking   *tracking
	Step       *stepScaling
	// Above and Below count periods in a row, Missing those without data.
	Above, Below, Missing int
}

// Policy types.
const (
	targetTracking  = "TargetTrackingScaling"
	stepScalingType = "StepScaling"
)

// tracking is a target tracking configuration,
// https://docs.aws.amazon.com/autoscaling/application/APIReference/API_TargetTrackingScalingPolicyConfiguration.html.
type tracking struct {
	TargetValue                   float64
	PredefinedMetricSpecification *predefined
	CustomizedMetricSpecification *customized
	ScaleOutCooldown              *int // seconds
	ScaleInCooldown               *int // seconds
	DisableScaleIn                *bool
}

type predefined struct {
	PredefinedMetricType string
	ResourceLabel        string
}

type customized struct {
	MetricName string
	Namespace  string
	Dimensions []metricDimension
	Statistic  string
	Unit       string
}

type metricDimension struct{ Name, Value string }

type stepScaling struct {
	AdjustmentType         string
	StepAdjustments        []stepAdjustment
	MinAdjustmentMagnitude *int
	Cooldown               *int
	MetricAggregationType  string
}

type stepAdjustment struct {
	MetricIntervalLowerBound *float64
	MetricIntervalUpperBound *float64
	ScalingAdjustment        int
}

type putPolicyInput struct {
	PolicyName string
	PolicyType string
	scaled
	TargetTrackingScalingPolicyConfiguration *tracking
	StepScalingPolicyConfiguration           *stepScaling
}

// policies are the operations on scaling policies.
type policies struct{ *region }

type putPolicyOutput struct {
	PolicyARN string
	Alarms    []cloudwatch.TrackingAlarm
}

func (s policies) putPolicy(_ context.Context, in *putPolicyInput) (*putPolicyOutput, error) {
	t, err := s.target(in.scaled)
	if err != nil {
		return nil, err
	}
	if in.PolicyName == "" {
		return nil, invalid("PolicyName is required.")
	}
	id := of(t.ResourceID, in.PolicyName)
	p, ok := s.state.Policies.Get(id)
	if !ok {
		p = &policy{
			Name: in.PolicyName, ResourceID: t.ResourceID, CreatedAt: s.acct.Clock.Now(), Type: stepScalingType,
			ARN: s.acct.ARN("autoscaling", "scalingPolicy:"+ids.UUID()+":resource/ecs/"+t.ResourceID+":policyName/"+in.PolicyName),
		}
	}
	s.state.Policies.Put(id, p)
	p.Type = cmp.Or(in.PolicyType, p.Type)
	p.Tracking, p.Step = in.TargetTrackingScalingPolicyConfiguration, in.StepScalingPolicyConfiguration
	p.Above, p.Below, p.Missing = 0, 0, 0
	if err := p.check(); err != nil {
		return nil, err
	}
	if err := s.putAlarms(p); err != nil {
		return nil, err
	}
	return &putPolicyOutput{PolicyARN: p.ARN, Alarms: s.metrics.TrackingAlarms(p.ARN)}, nil
}

// putAlarms gives a target tracking policy the alarms that it has on AWS.
func (s policies) putAlarms(p *policy) error {
	if p.Type != targetTracking {
		s.metrics.DropTracking(p.ARN)
		return nil
	}
	m, err := p.metric()
	if err != nil {
		return err
	}
	s.metrics.PutTracking(cloudwatch.Tracking{
		PolicyARN: p.ARN, Scaled: p.ResourceID, Namespace: m.namespace, Metric: m.name, Statistic: m.statistic, Dimensions: m.dimensions,
		Target: p.Tracking.TargetValue, NoScaleIn: p.Tracking.DisableScaleIn != nil && *p.Tracking.DisableScaleIn,
	})
	return nil
}

func (p *policy) check() error {
	switch {
	case p.Type == stepScalingType && p.Step == nil:
		return invalid("Policy %s: StepScalingPolicyConfiguration is required for StepScaling.", p.Name)
	case p.Type == stepScalingType:
		return nil
	case p.Type != targetTracking:
		return invalid("Policy %s: type %q: localaws has TargetTrackingScaling and StepScaling.", p.Name, p.Type)
	case p.Tracking == nil:
		return invalid("Policy %s: TargetTrackingScalingPolicyConfiguration is required for TargetTrackingScaling.", p.Name)
	case (p.Tracking.PredefinedMetricSpecification == nil) == (p.Tracking.CustomizedMetricSpecification == nil):
		return invalid("Policy %s: a predefined or a customized metric, one of them.", p.Name)
	case p.Tracking.TargetValue <= 0:
		return invalid("Policy %s: the target value %g must be positive.", p.Name, p.Tracking.TargetValue)
	}
	_, err := p.metric()
	return err
}

// metric is where a policy's number comes from.
type metric struct {
	namespace, name, statistic string
	dimensions                 map[string]string
}

// metric resolves the policy's metric,
// https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PredefinedMetricSpecification.html.
func (p *policy) metric() (metric, error) {
	if c := p.Tracking.CustomizedMetricSpecification; c != nil {
		m := metric{namespace: c.Namespace, name: c.MetricName, statistic: c.Statistic, dimensions: map[string]string{}}
		for _, d := range c.Dimensions {
			m.dimensions[d.Name] = d.Value
		}
		if m.name == "" || m.namespace == "" || m.statistic == "" {
			return m, invalid("Policy %s: a customized metric needs a name, a namespace and a statistic.", p.Name)
		}
		return m, nil
	}
	parts := strings.Split(p.ResourceID, "/")
	service := map[string]string{"ClusterName": parts[1], "ServiceName": parts[2]}
	spec := p.Tracking.PredefinedMetricSpecification
	switch spec.PredefinedMetricType {
	case "ECSServiceAverageCPUUtilization":
		return metric{"AWS/ECS", "CPUUtilization", "Average", service}, nil
	case "ECSServiceAverageMemoryUtilization":
		return metric{"AWS/ECS", "MemoryUtilization", "Average", service}, nil
	case "ALBRequestCountPerTarget":
		balancer, group, ok := strings.Cut(spec.ResourceLabel, "/targetgroup/")
		if !ok || !strings.HasPrefix(balancer, "app/") {
			return metric{}, invalid("Policy %s: the resource label %q should be app/NAME/ID/targetgroup/NAME/ID.", p.Name, spec.ResourceLabel)
		}
		// The load balancer puts one number a minute, the minute's sum.
		return metric{"AWS/ApplicationELB", "RequestCountPerTarget", "Average",
			map[string]string{"LoadBalancer": balancer, "TargetGroup": "targetgroup/" + group}}, nil
	}
	return metric{}, invalid("Policy %s: the predefined metric %q is none of an ECS service.", p.Name, spec.PredefinedMetricType)
}

type describePoliciesInput struct {
	PolicyNames []string
	scaled
	pageInput
}

type policyView struct {
	PolicyARN  string
	PolicyName string
	PolicyType string
	scaled
	TargetTrackingScalingPolicyConfiguration *tracking
	StepScalingPolicyConfiguration           *stepScaling
	Alarms                                   []cloudwatch.TrackingAlarm
	CreationTime                             time.Time
}

type describePoliciesOutput struct {
	ScalingPolicies []policyView
	NextToken       string
}

func (s policies) describePolicies(_ context.Context, in *describePoliciesInput) (*describePoliciesOutput, error) {
	var found []*policy
	for _, p := range s.state.Policies.All() {
		if in.covers(p.ResourceID) && (len(in.PolicyNames) == 0 || slices.Contains(in.PolicyNames, p.Name)) {
			found = append(found, p)
		}
	}
	id := func(p *policy) string { return of(p.ResourceID, p.Name) }
	page, next, err := paging.Cut(limits(10), found, id, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &describePoliciesOutput{ScalingPolicies: []policyView{}, NextToken: next}
	for _, p := range page {
		out.ScalingPolicies = append(out.ScalingPolicies, policyView{
			PolicyARN: p.ARN, PolicyName: p.Name, PolicyType: p.Type, scaled: scaledService(p.ResourceID),
			TargetTrackingScalingPolicyConfiguration: p.Tracking, StepScalingPolicyConfiguration: p.Step,
			Alarms: s.metrics.TrackingAlarms(p.ARN), CreationTime: p.CreatedAt,
		})
	}
	return out, nil
}

type deletePolicyInput struct {
	PolicyName string
	scaled
}

func (s policies) deletePolicy(_ context.Context, in *deletePolicyInput) (*wire.Empty, error) {
	id := of(in.ResourceID, in.PolicyName)
	p, ok := s.state.Policies.Get(id)
	if !ok {
		return nil, wire.Errorf("ObjectNotFoundException",
			"No scaling policy found for service namespace: %s, resource ID: %s, scalable dimension: %s: %s",
			in.ServiceNamespace, in.ResourceID, in.ScalableDimension, in.PolicyName)
	}
	s.metrics.DropTracking(p.ARN)
	s.state.Policies.Delete(id)
	return nil, nil
}
