package appautoscaling_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/appautoscaling"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wiretest"
)

// What refusals.md says, beyond what the other tests hold.

func TestRulesOfTheTable(t *testing.T) {
	t.Parallel()
	wiretest.Refusals(t, newCloud(t).service.Wire(), appautoscaling.Refusals, func(string) string { return "ValidationException" }, wiretest.MayMiss)
}

func TestWhatIsNotThereIsRefused(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	const arn = "arn:aws:application-autoscaling:us-west-2:123456789012:scalable-target/0ec5"
	c.call("DeregisterScalableTarget", of(nil), nil).Refused(t, "ObjectNotFoundException")
	c.call("PutScalingPolicy", of(object{"PolicyName": "p"}), nil).Refused(t, "ObjectNotFoundException")
	c.call("PutScheduledAction", of(object{"ScheduledActionName": "a"}), nil).Refused(t, "ObjectNotFoundException")
	c.register(1, 2)
	c.call("DeleteScalingPolicy", of(object{"PolicyName": "p"}), nil).Refused(t, "ObjectNotFoundException")
	c.call("DeleteScheduledAction", of(object{"ScheduledActionName": "a"}), nil).Refused(t, "ObjectNotFoundException")
	for operation, more := range map[string]object{
		"TagResource": {"Tags": object{"a": "b"}}, "UntagResource": {"TagKeys": []string{"a"}}, "ListTagsForResource": {},
	} {
		more["ResourceARN"] = arn
		c.call(operation, more, nil).Refused(t, "ResourceNotFoundException")
	}
	for _, list := range []string{"ScalableTargets", "ScalingActivities", "ScalingPolicies", "ScheduledActions"} {
		c.call("Describe"+list, object{"ServiceNamespace": "ecs", "NextToken": "x"}, nil).Refused(t, "InvalidNextTokenException")
	}
}

func TestTagsThatAreRefused(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	many := object{}
	for i := range 51 {
		many[fmt.Sprint("key", i)] = "v"
	}
	register := func(tags object) *wiretest.Reply {
		return c.call("RegisterScalableTarget", of(object{"MinCapacity": 1, "MaxCapacity": 2, "Tags": tags}), nil)
	}
	register(many).Refused(t, "TooManyTagsException")
	for name, tags := range map[string]object{
		"long key": {strings.Repeat("k", 129): "v"}, "no key": {"": "v"}, "long value": {"k": strings.Repeat("v", 257)}, "reserved": {"aws:k": "v"},
	} {
		assert.Equal(t, "ValidationException", register(tags).Code, name)
	}
	var out struct{ ScalableTargetARN string }
	c.call("RegisterScalableTarget", of(object{"MinCapacity": 1, "MaxCapacity": 2}), &out).OK(t)
	c.call("TagResource", object{"ResourceARN": out.ScalableTargetARN, "Tags": many}, nil).Refused(t, "TooManyTagsException")
	c.call("TagResource", object{"ResourceARN": out.ScalableTargetARN, "Tags": object{"aws:k": "v"}}, nil).Refused(t, "ValidationException")
}

func TestBoundsOfATarget(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	for name, in := range map[string]object{
		"no minimum": {"MaxCapacity": 2}, "no maximum": {"MinCapacity": 1}, "negative": {"MinCapacity": -1, "MaxCapacity": 2},
	} {
		assert.Equal(t, "ValidationException", c.call("RegisterScalableTarget", of(in), nil).Code, name)
	}
}

func TestPoliciesThatAreRefused(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.register(1, 2)
	customized := object{"MetricName": "m", "Namespace": "n", "Statistic": "Sum"}
	for name, in := range map[string]object{
		"no configuration":      {"PolicyType": "TargetTrackingScaling"},
		"that of another type":  {"PolicyType": "StepScaling", "TargetTrackingScalingPolicyConfiguration": cpu(nil)},
		"no metric":             {"PolicyType": "TargetTrackingScaling", "TargetTrackingScalingPolicyConfiguration": object{"TargetValue": 1}},
		"both kinds of metrics": {"PolicyType": "TargetTrackingScaling", "TargetTrackingScalingPolicyConfiguration": cpu(object{"CustomizedMetricSpecification": customized})},
		"target of 0":           {"PolicyType": "TargetTrackingScaling", "TargetTrackingScalingPolicyConfiguration": cpu(object{"TargetValue": 0})},
		"metric of another service": {"PolicyType": "TargetTrackingScaling", "TargetTrackingScalingPolicyConfiguration": object{
			"TargetValue": 1, "PredefinedMetricSpecification": object{"PredefinedMetricType": "RDSReaderAverageCPUUtilization"},
		}},
	} {
		in["PolicyName"] = "p"
		assert.Equal(t, "ValidationException", c.call("PutScalingPolicy", of(in), nil).Code, name)
	}
}

func TestActionsThatAreRefused(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.register(1, 2)
	for name, in := range map[string]object{
		"no bounds":   {"Schedule": "rate(1 minute)"},
		"no schedule": {"ScalableTargetAction": object{"MinCapacity": 1}},
		"other zone":  {"Schedule": "at(2026-01-31T12:10:00)", "Timezone": "Nowhere", "ScalableTargetAction": object{"MinCapacity": 1}},
		"not a rate":  {"Schedule": "rate(often)", "ScalableTargetAction": object{"MinCapacity": 1}},
		"not a time":  {"Schedule": "at(noon)", "ScalableTargetAction": object{"MinCapacity": 1}},
	} {
		in["ScheduledActionName"] = "a"
		assert.Equal(t, "ValidationException", c.call("PutScheduledAction", of(in), nil).Code, name)
	}
}
