package autoscaling

import (
	"context"
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// policy is a scaling policy. Simple and step policies are executed by
// ExecutePolicy, which alarms call.
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
	AutoScalingGroupName        string
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

type alarm struct{ AlarmName, AlarmARN string }

type putPolicyOutput struct {
	PolicyARN string
	Alarms    []alarm
}

func (s *Service) putScalingPolicy(_ context.Context, in *putPolicyInput) (*putPolicyOutput, error) {
	g, err := s.named(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	settings := policySettings{
		PolicyName: in.PolicyName, PolicyType: in.PolicyType, AdjustmentType: in.AdjustmentType,
		MinAdjustmentStep: in.MinAdjustmentStep, MinAdjustmentMagnitude: in.MinAdjustmentMagnitude,
		ScalingAdjustment: in.ScalingAdjustment, Cooldown: in.Cooldown,
		MetricAggregationType: in.MetricAggregationType, StepAdjustments: in.StepAdjustments,
		EstimatedInstanceWarmup: in.EstimatedInstanceWarmup, TargetTrackingConfiguration: in.TargetTrackingConfiguration,
		Enabled: in.Enabled,
	}
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
		s.state.Policies[p.ARN] = p
	}
	p.policySettings = settings
	return &putPolicyOutput{PolicyARN: p.ARN, Alarms: []alarm{}}, nil
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
func (s *Service) policy(group, nameOrARN string) *policy {
	if p := s.state.Policies[nameOrARN]; p != nil {
		return p
	}
	for _, p := range s.state.Policies {
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
	MaxRecords           int
	NextToken            string
}

type policyView struct {
	AutoScalingGroupName        string
	PolicyARN                   string
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
	Alarms                      []alarm
}

type describePoliciesOutput struct {
	ScalingPolicies []policyView
	NextToken       string
}

func (s *Service) describePolicies(_ context.Context, in *describePoliciesInput) (*describePoliciesOutput, error) {
	out := &describePoliciesOutput{ScalingPolicies: []policyView{}}
	for _, arn := range slices.Sorted(maps.Keys(s.state.Policies)) {
		p := s.state.Policies[arn]
		switch {
		case in.AutoScalingGroupName != "" && in.AutoScalingGroupName != p.Group,
			len(in.PolicyNames) > 0 && !slices.Contains(in.PolicyNames, p.PolicyName) && !slices.Contains(in.PolicyNames, arn),
			len(in.PolicyTypes) > 0 && !slices.Contains(in.PolicyTypes, p.PolicyType):
			continue
		}
		out.ScalingPolicies = append(out.ScalingPolicies, p.view())
	}
	return out, nil
}

func (p *policy) view() policyView {
	return policyView{
		AutoScalingGroupName: p.Group, PolicyARN: p.ARN, PolicyName: p.PolicyName, PolicyType: p.PolicyType,
		AdjustmentType: p.AdjustmentType, MinAdjustmentStep: p.MinAdjustmentStep,
		MinAdjustmentMagnitude: p.MinAdjustmentMagnitude, ScalingAdjustment: p.ScalingAdjustment, Cooldown: p.Cooldown,
		MetricAggregationType: p.MetricAggregationType, StepAdjustments: p.StepAdjustments,
		EstimatedInstanceWarmup: p.EstimatedInstanceWarmup, TargetTrackingConfiguration: p.TargetTrackingConfiguration,
		Enabled: p.Enabled, Alarms: []alarm{},
	}
}

type policyInput struct {
	AutoScalingGroupName string
	PolicyName           string
	HonorCooldown        *bool
	MetricValue          *float64
	BreachThreshold      *float64
}

func (s *Service) deletePolicy(_ context.Context, in *policyInput) (*wire.Empty, error) {
	p := s.policy(in.AutoScalingGroupName, in.PolicyName)
	if p == nil {
		return nil, invalid("No such policy: %s", in.PolicyName)
	}
	delete(s.state.Policies, p.ARN)
	return nil, nil
}

func (s *Service) executePolicy(_ context.Context, in *policyInput) (*wire.Empty, error) {
	p := s.policy(in.AutoScalingGroupName, in.PolicyName)
	if p == nil {
		return nil, invalid("No such policy: %s", in.PolicyName)
	}
	if in.HonorCooldown != nil && *in.HonorCooldown {
		return nil, noCooldowns()
	}
	adjustment := p.ScalingAdjustment
	if p.PolicyType == "StepScaling" {
		if in.MetricValue == nil || in.BreachThreshold == nil {
			return nil, invalid("MetricValue and BreachThreshold are required for a StepScaling policy")
		}
		adjustment = p.step(*in.MetricValue - *in.BreachThreshold)
	}
	if adjustment == nil {
		return nil, invalid("Policy %s has no adjustment for this", in.PolicyName)
	}
	g := s.state.Groups[p.Group]
	return nil, s.SetDesired(g.Name, min(max(p.adjusted(g.Desired, *adjustment), g.Min), g.Max))
}

// step is the adjustment for a metric that is so far above the threshold.
func (p *policySettings) step(above float64) *int {
	for _, step := range p.StepAdjustments {
		lower, upper := math.Inf(-1), math.Inf(1)
		set(&lower, step.MetricIntervalLowerBound)
		set(&upper, step.MetricIntervalUpperBound)
		if above >= lower && above < upper {
			return step.ScalingAdjustment
		}
	}
	return nil
}

func (p *policySettings) adjusted(desired, adjustment int) int {
	switch p.AdjustmentType {
	case "ExactCapacity":
		return adjustment
	case "PercentChangeInCapacity":
		change := float64(desired) * float64(adjustment) / 100
		magnitude := 1.0
		if p.MinAdjustmentMagnitude != nil {
			magnitude = float64(*p.MinAdjustmentMagnitude)
		}
		if math.Abs(change) < magnitude {
			change = math.Copysign(magnitude, change)
		}
		return desired + int(change)
	}
	return desired + adjustment
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

func orDefault(version string) string {
	if version == "" {
		return "$Default"
	}
	return version
}
