package appautoscaling

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

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
	PolicyName                               string
	PolicyType                               string
	ServiceNamespace                         string
	ResourceID                               string `aws:"ResourceId"`
	ScalableDimension                        string
	TargetTrackingScalingPolicyConfiguration *tracking
	StepScalingPolicyConfiguration           *stepScaling
}

type alarm struct{ AlarmName, AlarmARN string }

type putPolicyOutput struct {
	PolicyARN string
	Alarms    []alarm
}

func (s *Service) putPolicy(_ context.Context, in *putPolicyInput) (*putPolicyOutput, error) {
	t, err := s.target(in.ServiceNamespace, in.ResourceID, in.ScalableDimension)
	if err != nil {
		return nil, err
	}
	p := s.policy(in.ResourceID, in.PolicyName)
	if p == nil {
		p = &policy{
			Name: in.PolicyName, ResourceID: t.ResourceID, CreatedAt: s.acct.Clock.Now(), Type: stepScalingType,
			ARN: s.acct.ARN("autoscaling", "scalingPolicy:"+ids.UUID()+":resource/ecs/"+t.ResourceID+":policyName/"+in.PolicyName),
		}
	}
	next := *p
	if in.PolicyType != "" {
		next.Type = in.PolicyType
	}
	next.Tracking, next.Step = in.TargetTrackingScalingPolicyConfiguration, in.StepScalingPolicyConfiguration
	if err := next.check(); err != nil {
		return nil, err
	}
	*p = next
	p.Above, p.Below, p.Missing = 0, 0, 0
	s.state.Policies[p.ARN] = p
	return &putPolicyOutput{PolicyARN: p.ARN, Alarms: []alarm{}}, nil
}

func (p *policy) check() error {
	switch {
	case p.Name == "":
		return invalid("PolicyName is required.")
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

// policy finds a policy by its name.
func (s *Service) policy(resource, name string) *policy {
	for _, p := range s.state.Policies {
		if p.ResourceID == resource && p.Name == name {
			return p
		}
	}
	return nil
}

type describePoliciesInput struct {
	PolicyNames       []string
	ServiceNamespace  string
	ResourceID        string `aws:"ResourceId"`
	ScalableDimension string
	MaxResults        *int
	NextToken         string
}

type policyView struct {
	PolicyARN                                string
	PolicyName                               string
	PolicyType                               string
	ServiceNamespace                         string
	ResourceID                               string `aws:"ResourceId"`
	ScalableDimension                        string
	TargetTrackingScalingPolicyConfiguration *tracking
	StepScalingPolicyConfiguration           *stepScaling
	Alarms                                   []alarm
	CreationTime                             time.Time
}

type describePoliciesOutput struct {
	ScalingPolicies []policyView
	NextToken       string
}

func (s *Service) describePolicies(_ context.Context, in *describePoliciesInput) (*describePoliciesOutput, error) {
	out := &describePoliciesOutput{ScalingPolicies: []policyView{}}
	for _, arn := range slices.Sorted(maps.Keys(s.state.Policies)) {
		p := s.state.Policies[arn]
		if in.ServiceNamespace != namespace || (in.ResourceID != "" && in.ResourceID != p.ResourceID) ||
			(len(in.PolicyNames) > 0 && !slices.Contains(in.PolicyNames, p.Name)) {
			continue
		}
		out.ScalingPolicies = append(out.ScalingPolicies, policyView{
			PolicyARN: p.ARN, PolicyName: p.Name, PolicyType: p.Type, ServiceNamespace: namespace,
			ResourceID: p.ResourceID, ScalableDimension: dimension,
			TargetTrackingScalingPolicyConfiguration: p.Tracking, StepScalingPolicyConfiguration: p.Step,
			Alarms: []alarm{}, CreationTime: p.CreatedAt,
		})
	}
	return out, nil
}

type deletePolicyInput struct {
	PolicyName        string
	ServiceNamespace  string
	ResourceID        string `aws:"ResourceId"`
	ScalableDimension string
}

func (s *Service) deletePolicy(_ context.Context, in *deletePolicyInput) (*wire.Empty, error) {
	p := s.policy(in.ResourceID, in.PolicyName)
	if p == nil {
		return nil, wire.Errorf("ObjectNotFoundException",
			"No scaling policy found for service namespace: %s, resource ID: %s, scalable dimension: %s: %s",
			in.ServiceNamespace, in.ResourceID, in.ScalableDimension, in.PolicyName)
	}
	delete(s.state.Policies, p.ARN)
	return nil, nil
}
