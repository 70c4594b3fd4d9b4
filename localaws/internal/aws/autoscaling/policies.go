package autoscaling

import (
	"context"
	"slices"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/cloudwatch"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/paging"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// policy is a scaling policy. None has an effect yet.
type policy struct {
	ARN   string
	Group string
	policySettings
}

// policySettings are what PutScalingPolicy sets and DescribePolicies returns.
type policySettings struct {
	PolicyName                  string
	PolicyType                  string
	AdjustmentType              string
	MinAdjustmentStep           *int
	MinAdjustmentMagnitude      *int
	ScalingAdjustment           *int
	Cooldown                    *int
	MetricAggregationType       string
	StepAdjustments             []stepAdjustment
	EstimatedInstanceWarmup     *int
	TargetTrackingConfiguration *targetTracking
	Enabled                     *bool
}

type stepAdjustment struct {
	MetricIntervalLowerBound *float64
	MetricIntervalUpperBound *float64
	ScalingAdjustment        *int
}

type targetTracking struct {
	PredefinedMetricSpecification *predefinedMetric
	CustomizedMetricSpecification *customizedMetric
	TargetValue                   float64
	DisableScaleIn                *bool
}

type predefinedMetric struct {
	PredefinedMetricType string
	ResourceLabel        string
}

type customizedMetric struct {
	MetricName string
	Namespace  string
	Dimensions []metricDimension
	Statistic  string
	Unit       string
	Period     *int
}

type metricDimension struct{ Name, Value string }

type putPolicyInput struct {
	AutoScalingGroupName string
	policySettings
}

// policies are the operations on scaling policies.
type policies struct{ *region }

type putPolicyOutput struct {
	PolicyARN string
	Alarms    []cloudwatch.TrackingAlarm
}

func (s policies) putScalingPolicy(_ context.Context, in *putPolicyInput) (*putPolicyOutput, error) {
	g, err := s.named(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	settings := in.policySettings
	orString(&settings.PolicyType, "SimpleScaling")
	if settings.Enabled == nil {
		enabled := true
		settings.Enabled = &enabled
	}
	if err := settings.validate(); err != nil {
		return nil, err
	}
	p := s.policy(g.Name, in.PolicyName)
	if p == nil {
		p = &policy{Group: g.Name, ARN: s.acct.ARN("autoscaling",
			"scalingPolicy:"+ids.UUID()+":autoScalingGroupName/"+g.Name+":policyName/"+in.PolicyName)}
	}
	s.state.Policies.Put(p.ARN, p)
	p.policySettings = settings
	if err := s.putAlarms(p); err != nil {
		return nil, err
	}
	return &putPolicyOutput{PolicyARN: p.ARN, Alarms: s.alarms.TrackingAlarms(p.ARN)}, nil
}

// putAlarms gives a target tracking policy the alarms that it has on AWS. The
// policy itself is kept, and scales nothing here.
func (s policies) putAlarms(p *policy) error {
	if p.PolicyType != "TargetTrackingScaling" {
		s.alarms.DropTracking(p.ARN)
		return nil
	}
	t := p.TargetTrackingConfiguration
	tracking := cloudwatch.Tracking{
		PolicyARN: p.ARN, Scaled: p.Group, Target: t.TargetValue, NoScaleIn: t.DisableScaleIn != nil && *t.DisableScaleIn,
		Statistic: "Average", Dimensions: map[string]string{},
	}
	if c := t.CustomizedMetricSpecification; c != nil {
		tracking.Namespace, tracking.Metric, tracking.Statistic = c.Namespace, c.MetricName, c.Statistic
		for _, d := range c.Dimensions {
			tracking.Dimensions[d.Name] = d.Value
		}
	} else if err := t.PredefinedMetricSpecification.resolve(p, &tracking); err != nil {
		return err
	}
	s.alarms.PutTracking(tracking)
	return nil
}

// resolve says where a predefined metric's number comes from,
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PredefinedMetricSpecification.html.
func (m *predefinedMetric) resolve(p *policy, t *cloudwatch.Tracking) error {
	metric := map[string]string{
		"ASGAverageCPUUtilization": "CPUUtilization", "ASGAverageNetworkIn": "NetworkIn", "ASGAverageNetworkOut": "NetworkOut",
	}[m.PredefinedMetricType]
	if metric != "" {
		t.Namespace, t.Metric, t.Dimensions["AutoScalingGroupName"] = "AWS/EC2", metric, p.Group
		return nil
	}
	balancer, group, ok := strings.Cut(m.ResourceLabel, "/targetgroup/")
	if m.PredefinedMetricType != "ALBRequestCountPerTarget" || !ok {
		return invalid("Policy %s: the predefined metric %q with the resource label %q is none of a group", p.PolicyName, m.PredefinedMetricType, m.ResourceLabel)
	}
	t.Namespace, t.Metric, t.Statistic = "AWS/ApplicationELB", "RequestCountPerTarget", "Sum"
	t.Dimensions["LoadBalancer"], t.Dimensions["TargetGroup"] = balancer, "targetgroup/"+group
	return nil
}

func (p *policySettings) validate() error {
	if p.PolicyName == "" {
		return invalid("PolicyName is required")
	}
	switch p.PolicyType {
	case "TargetTrackingScaling":
		t := p.TargetTrackingConfiguration
		if t == nil || (t.PredefinedMetricSpecification == nil) == (t.CustomizedMetricSpecification == nil) {
			return invalid("Policy %s: TargetTrackingConfiguration needs a predefined or a customized metric, one of them", p.PolicyName)
		}
		return nil
	case "SimpleScaling":
		if p.ScalingAdjustment == nil {
			return invalid("Policy %s: ScalingAdjustment is required for SimpleScaling", p.PolicyName)
		}
	case "StepScaling":
		if len(p.StepAdjustments) == 0 {
			return invalid("Policy %s: StepAdjustments are required for StepScaling", p.PolicyName)
		}
	default:
		return invalid("Policy %s: type %q: localaws has SimpleScaling, StepScaling and TargetTrackingScaling", p.PolicyName, p.PolicyType)
	}
	if !slices.Contains([]string{"ChangeInCapacity", "ExactCapacity", "PercentChangeInCapacity"}, p.AdjustmentType) {
		return invalid("Policy %s: AdjustmentType %q: ChangeInCapacity, ExactCapacity or PercentChangeInCapacity", p.PolicyName, p.AdjustmentType)
	}
	return nil
}

// policy finds a group's policy by name or ARN.
func (s policies) policy(group, nameOrARN string) *policy {
	if p, ok := s.state.Policies.Get(nameOrARN); ok {
		return p
	}
	for _, p := range s.state.Policies.All() {
		if p.Group == group && p.PolicyName == nameOrARN {
			return p
		}
	}
	return nil
}

type describePoliciesInput struct {
	AutoScalingGroupName string
	PolicyNames          []string
	PolicyTypes          []string
	pageInput
}

type policyView struct {
	AutoScalingGroupName string
	PolicyARN            string
	policySettings
	Alarms []cloudwatch.TrackingAlarm
}

type describePoliciesOutput struct {
	ScalingPolicies []policyView
	NextToken       string
}

func (s policies) describePolicies(_ context.Context, in *describePoliciesInput) (*describePoliciesOutput, error) {
	var found []*policy
	for arn, p := range s.state.Policies.All() {
		switch {
		case in.AutoScalingGroupName != "" && in.AutoScalingGroupName != p.Group,
			len(in.PolicyNames) > 0 && !slices.Contains(in.PolicyNames, p.PolicyName) && !slices.Contains(in.PolicyNames, arn),
			len(in.PolicyTypes) > 0 && !slices.Contains(in.PolicyTypes, p.PolicyType):
			continue
		}
		found = append(found, p)
	}
	page, next, err := paging.Cut(limits(50, 100), found, func(p *policy) string { return p.ARN }, in.MaxRecords, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &describePoliciesOutput{ScalingPolicies: []policyView{}, NextToken: next}
	for _, p := range page {
		out.ScalingPolicies = append(out.ScalingPolicies, policyView{p.Group, p.ARN, p.policySettings, s.alarms.TrackingAlarms(p.ARN)})
	}
	return out, nil
}

type policyInput struct {
	AutoScalingGroupName string
	PolicyName           string
}

func (s policies) deletePolicy(_ context.Context, in *policyInput) (*wire.Empty, error) {
	p := s.policy(in.AutoScalingGroupName, in.PolicyName)
	if p == nil {
		return nil, invalid("No such policy: %s", in.PolicyName)
	}
	s.alarms.DropTracking(p.ARN)
	s.state.Policies.Delete(p.ARN)
	return nil, nil
}
