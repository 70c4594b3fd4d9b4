package autoscaling_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/autoscaling"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wiretest"
)

// What refusals.md says, beyond what the other tests hold.

func TestRulesOfTheTable(t *testing.T) {
	t.Parallel()
	wiretest.Refusals(t, newCloud(t).service.Wire(), autoscaling.Refusals, func(string) string { return "ValidationError" }, wiretest.MayMiss)
}

func TestMembersThatAreRefused(t *testing.T) {
	t.Parallel()
	many := form{}
	for i := range 51 {
		many[fmt.Sprintf("Tags.member.%d.Key", i+1)] = fmt.Sprint("key", i)
		many[fmt.Sprintf("Tags.member.%d.ResourceId", i+1)] = "web"
	}
	create := func(more form) form {
		in := form{
			"AutoScalingGroupName": "new", "MinSize": "0", "MaxSize": "1", "VPCZoneIdentifier": "subnet-a", "LaunchTemplate.LaunchTemplateId": "lt-1",
		}
		for name, value := range more {
			if in[name] = value; value == "" {
				delete(in, name)
			}
		}
		return in
	}
	policy := func(more form) form {
		more["PolicyName"] = "p"
		return of(more)
	}
	hook := func(more form) form {
		more["LifecycleHookName"] = "h"
		return of(more)
	}
	const launching = "autoscaling:EC2_INSTANCE_LAUNCHING"
	const mixed = "MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification.LaunchTemplateId"
	for name, test := range map[string]struct {
		action  string
		in      form
		message string
	}{
		"negative size":           {"UpdateAutoScalingGroup", of(form{"MinSize": "-1"}), "must not be negative"},
		"template and policy":     {"UpdateAutoScalingGroup", of(form{"LaunchTemplate.LaunchTemplateId": "lt-1", mixed: "lt-1"}), "not both"},
		"no template":             {"CreateAutoScalingGroup", create(form{"LaunchTemplate.LaunchTemplateId": ""}), "Valid requests must contain either"},
		"policy without template": {"UpdateAutoScalingGroup", of(form{"MixedInstancesPolicy.InstancesDistribution.SpotMaxPrice": "1"}), "needs LaunchTemplate"},
		"no subnet":               {"CreateAutoScalingGroup", create(form{"VPCZoneIdentifier": ""}), "At least one Availability Zone or VPC Subnet is required"},
		"zones without subnets":   {"CreateAutoScalingGroup", create(form{"VPCZoneIdentifier": "", "AvailabilityZones.member.1": "us-west-2a"}), "needs a default VPC"},
		"negative grace period":   {"UpdateAutoScalingGroup", of(form{"HealthCheckGracePeriod": "-1"}), "must not be negative"},
		"no such target group":    {"CreateAutoScalingGroup", create(form{"TargetGroupARNs.member.1": "arn:none"}), "Provided Target Groups may not be valid"},
		"tags of an update":       {"UpdateAutoScalingGroup", of(form{"Tags.member.1.Key": "a"}), "takes no tags"},
		"too many tags":           {"CreateOrUpdateTags", many, "50"},
		"tags of nothing":         {"CreateOrUpdateTags", form{"Tags.member.1.Key": "a", "Tags.member.1.ResourceId": "none"}, "AutoScalingGroup name not found"},
		"tags of another kind":    {"DeleteTags", form{"Tags.member.1.Key": "a", "Tags.member.1.ResourceId": "web", "Tags.member.1.ResourceType": "fleet"}, "Invalid resource type"},
		"transition":              {"PutLifecycleHook", hook(form{"LifecycleTransition": "autoscaling:BOOT"}), "Invalid lifecycle transition"},
		"default result":          {"PutLifecycleHook", hook(form{"LifecycleTransition": launching, "DefaultResult": "WAIT"}), "Invalid default result"},
		"heartbeat":               {"PutLifecycleHook", hook(form{"LifecycleTransition": launching, "HeartbeatTimeout": "29"}), "must be between 30 and 7200"},
		"hook of a new group": {"CreateAutoScalingGroup", create(form{
			"LifecycleHookSpecificationList.member.1.LifecycleHookName": "h", "LifecycleHookSpecificationList.member.1.LifecycleTransition": "autoscaling:BOOT",
		}), "Invalid lifecycle transition"},
		"target group of another":      {"DetachLoadBalancerTargetGroups", of(form{"TargetGroupARNs.member.1": "arn:none"}), "not part of the group"},
		"policy without a metric":      {"PutScalingPolicy", policy(form{"PolicyType": "TargetTrackingScaling", "TargetTrackingConfiguration.TargetValue": "1"}), "one of them"},
		"policy without an adjustment": {"PutScalingPolicy", policy(form{"AdjustmentType": "ExactCapacity"}), "ScalingAdjustment is required"},
		"policy without steps":         {"PutScalingPolicy", policy(form{"PolicyType": "StepScaling", "AdjustmentType": "ExactCapacity"}), "StepAdjustments are required"},
		"kind of policy":               {"PutScalingPolicy", policy(form{"PolicyType": "Guess"}), "localaws has SimpleScaling"},
		"kind of adjustment":           {"PutScalingPolicy", policy(form{"ScalingAdjustment": "1", "AdjustmentType": "Double"}), "ChangeInCapacity, ExactCapacity"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud(t)
			c.group(1, 2, nil)
			assert.Contains(t, c.call(test.action, test.in, nil).Refused(t, "ValidationError").Message, test.message)
		})
	}
}
