package autoscaling_test

import (
	"context"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/autoscaling"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/cloudwatch"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/elbv2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wiretest"
)

func TestGroupLaunchesOverItsZones(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.machines.slow = true
	c.group(4, 6, form{
		"Tags.member.1.Key": "Name", "Tags.member.1.Value": "web", "Tags.member.1.PropagateAtLaunch": "true",
		"Tags.member.2.Key": "own", "Tags.member.2.Value": "1", "Tags.member.2.PropagateAtLaunch": "false",
		"VPCZoneIdentifier": "subnet-a,subnet-b,subnet-b2", "NewInstancesProtectedFromScaleIn": "true",
	})
	assert.Equal(t, map[string]int{"Pending": 4}, c.states(), "in service only when the instance runs")
	c.machines.slow = false
	c.settle()
	assert.Equal(t, map[string]int{"InService": 4}, c.states())

	g := c.describe()
	assert.Equal(t, 4, g.DesiredCapacity)
	assert.Equal(t, templateView{"lt-1", "web", "$Latest"}, g.LaunchTemplate, "the version comes back as it was given")
	assert.Equal(t, "1", g.Instances[0].LaunchTemplate.Version)
	assert.True(t, g.Instances[0].ProtectedFromScaleIn)
	assert.Len(t, g.Tags, 2)
	var subnets []string
	for _, l := range c.machines.launched {
		subnets = append(subnets, l.SubnetID)
	}
	assert.Equal(t, []string{"subnet-a", "subnet-b", "subnet-a", "subnet-b2"}, subnets)
	assert.Equal(t, core.Tags{"Name": "web", "aws:autoscaling:groupName": "web"}, c.machines.launched[0].Tags)

	reply := c.call("DescribeAutoScalingGroups", form{"IncludeInstances": "false"}, nil).OK(t)
	assert.Contains(t, string(reply.Body), "<Instances></Instances>")

	all := c.activities()
	require.Len(t, all, 4)
	assert.Equal(t, "Launching a new EC2 instance: i-04", all[0].Description)
	assert.Equal(t, "Successful", all[0].StatusCode)
	assert.Contains(t, all[0].Cause, "increasing the capacity from 3 to 4.")
}

func TestGroupReplacesInstances(t *testing.T) {
	t.Parallel()
	cases := map[string]func(*cloud){
		"terminated by someone": func(c *cloud) { _ = c.machines.Terminate("i-01") },
		"forgotten by EC2":      func(c *cloud) { delete(c.machines.all, "i-01") },
		"failing load balancer checks": func(c *cloud) {
			c.clock.Advance(time.Hour) // past the grace period
			c.targets.states[elbv2.Target{ID: "i-01", Port: 80}] = "unhealthy"
			c.settle()
			delete(c.targets.states, elbv2.Target{ID: "i-01", Port: 80}) // drained
		},
	}
	for name, act := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud(t)
			c.group(2, 2, form{"HealthCheckType": "ELB", "TargetGroupARNs.member.1": targetGroup})
			act(c)
			for place, state := range c.targets.states {
				if state == "draining" {
					delete(c.targets.states, place)
				}
			}
			c.settle()
			for place, state := range c.targets.states {
				if state == "draining" {
					delete(c.targets.states, place)
				}
			}
			c.settle()
			assert.Equal(t, []string{"i-02", "i-03"}, c.ids())
			assert.Equal(t, map[string]int{"InService": 2}, c.states())
		})
	}
}

func TestHealthIsForgivenInTheGracePeriod(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.group(1, 1, form{"HealthCheckType": "ELB", "TargetGroupARNs.member.1": targetGroup})
	c.targets.states[elbv2.Target{ID: "i-01", Port: 80}] = "unhealthy"
	c.pass(299 * time.Second)
	assert.Equal(t, []string{"i-01"}, c.ids())
	c.pass(2 * time.Second)
	assert.Equal(t, map[string]int{"Terminating": 1, "InService": 1}, c.states(), "its connections drain while the next one starts")
}

func TestScaleInSparesProtectedInstancesAndKeepsZonesEven(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.group(0, 4, form{"DesiredCapacity": "4"})
	c.call("SetInstanceProtection", of(form{"InstanceIds.member.1": "i-01", "ProtectedFromScaleIn": "true"}), nil).OK(t)
	c.call("UpdateAutoScalingGroup", of(form{"DesiredCapacity": "2"}), nil).OK(t)
	c.settle()
	g := c.describe()
	require.Len(t, g.Instances, 2)
	assert.Equal(t, "i-01", g.Instances[0].InstanceId)
	assert.NotEqual(t, g.Instances[0].AvailabilityZone, g.Instances[1].AvailabilityZone)
	c.call("UpdateAutoScalingGroup", of(form{"DesiredCapacity": "0"}), nil).OK(t)
	c.settle()
	assert.Equal(t, []string{"i-01"}, c.ids(), "what is protected stays")
}

func TestFailedLaunchIsToldAndTriedAgain(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.machines.failure = wire.Errorf("InsufficientInstanceCapacity", "We have no t3.micro left.")
	c.group(1, 1, nil)
	c.settle()
	all := c.activities()
	require.Len(t, all, 1, "not again and again at once")
	assert.Equal(t, "Failed", all[0].StatusCode)
	assert.Equal(t, "We have no t3.micro left. Launching EC2 instance failed.", all[0].StatusMessage)
	c.machines.failure = nil
	c.pass(29 * time.Second)
	assert.Empty(t, c.ids())
	c.pass(2 * time.Second)
	assert.Len(t, c.ids(), 1)
}

func TestDelete(t *testing.T) {
	t.Parallel()
	t.Run("with instances", func(t *testing.T) {
		t.Parallel()
		c := newCloud(t)
		c.group(1, 1, nil)
		c.call("DeleteAutoScalingGroup", of(nil), nil).Refused(t, "ResourceInUse")
		c.call("UpdateAutoScalingGroup", of(form{"MinSize": "0", "MaxSize": "0", "DesiredCapacity": "0"}), nil).OK(t)
		c.settle()
		c.call("DeleteAutoScalingGroup", of(nil), nil).OK(t)
		assert.Equal(t, map[string]int{"group": 0, "policy": 0}, c.service.Resources())
	})
	t.Run("forced", func(t *testing.T) {
		t.Parallel()
		c := newCloud(t)
		c.group(1, 1, form{"NewInstancesProtectedFromScaleIn": "true"})
		c.call("PutLifecycleHook", of(form{"LifecycleHookName": "h", "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING"}), nil).OK(t)
		c.call("DeleteAutoScalingGroup", of(form{"ForceDelete": "true"}), nil).OK(t)
		_, ok := c.service.Group("web")
		assert.False(t, ok)
		c.settle()
		assert.Equal(t, "terminated", c.machines.all["i-01"].State)
		assert.Equal(t, map[string]int{"group": 0, "policy": 0}, c.service.Resources())
	})
}

func TestLifecycleHooks(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.group(0, 2, nil)
	for name, transition := range map[string]string{"up": "LAUNCHING", "down": "TERMINATING"} {
		c.call("PutLifecycleHook", of(form{
			"LifecycleHookName": name, "LifecycleTransition": "autoscaling:EC2_INSTANCE_" + transition, "HeartbeatTimeout": "60", "DefaultResult": "CONTINUE",
		}), nil).OK(t)
	}
	c.call("UpdateAutoScalingGroup", of(form{"DesiredCapacity": "1"}), nil).OK(t)
	c.settle()
	assert.Equal(t, map[string]int{"Pending:Wait": 1}, c.states())
	c.pass(61 * time.Second)
	assert.Equal(t, map[string]int{"InService": 1}, c.states(), "the hook's default result comes after its time")

	c.call("UpdateAutoScalingGroup", of(form{"DesiredCapacity": "0"}), nil).OK(t)
	c.settle()
	assert.Equal(t, map[string]int{"Terminating:Wait": 1}, c.states())
	assert.Equal(t, "running", c.machines.all["i-01"].State)
	c.pass(61 * time.Second)
	assert.Empty(t, c.ids())

	c.call("UpdateAutoScalingGroup", of(form{"DesiredCapacity": "1"}), nil).OK(t)
	c.settle()
	c.call("PutLifecycleHook", of(form{"LifecycleHookName": "up", "DefaultResult": "ABANDON"}), nil).OK(t)
	c.pass(61 * time.Second)
	require.NoError(t, c.account.Update(t.Context(), func() error {
		c.service.Complete("web", "down", "i-02")
		return nil
	}))
	c.settle()
	assert.Equal(t, []string{"i-03"}, c.ids(), "an abandoned launch is replaced")

	var out struct {
		Hooks []struct {
			LifecycleHookName, NotificationTargetARN, RoleARN string
			HeartbeatTimeout                                  *int
		} `xml:"LifecycleHooks>member"`
	}
	c.call("DescribeLifecycleHooks", of(nil), &out).OK(t)
	require.Len(t, out.Hooks, 2)
	assert.Empty(t, out.Hooks[0].NotificationTargetARN)
}

func TestInstanceRefresh(t *testing.T) {
	t.Parallel()
	type snapshot struct{ inService, total int }
	cases := map[string]struct {
		preferences form
		protected   bool
		least, most int // instances in service, instances in all
		status      string
		replaced    int
	}{
		"launch first":           {form{"MinHealthyPercentage": "100", "MaxHealthyPercentage": "110"}, false, 3, 4, "Successful", 3},
		"terminate first":        {form{"MinHealthyPercentage": "60"}, false, 2, 3, "Successful", 3},
		"one at a time at least": {form{"MinHealthyPercentage": "100"}, false, 2, 3, "Successful", 3},
		"protected, refresh":     {form{"MinHealthyPercentage": "100", "MaxHealthyPercentage": "110", "ScaleInProtectedInstances": "Refresh"}, true, 3, 4, "Successful", 3},
		"protected, ignore":      {form{"ScaleInProtectedInstances": "Ignore"}, true, 3, 3, "Successful", 0},
		"protected, wait":        {form{"ScaleInProtectedInstances": "Wait"}, true, 3, 3, "Failed", 0},
		"launch first, but wait": {form{"MinHealthyPercentage": "100", "MaxHealthyPercentage": "110", "ScaleInProtectedInstances": "Wait"}, true, 3, 3, "Failed", 0},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud(t)
			c.group(3, 5, form{"NewInstancesProtectedFromScaleIn": strconv.FormatBool(test.protected)})
			c.machines.latest = 2
			in := of(nil)
			in["Preferences.InstanceWarmup"] = "30"
			for k, v := range test.preferences {
				in["Preferences."+k] = v
			}
			c.call("StartInstanceRefresh", in, nil).OK(t)
			c.call("StartInstanceRefresh", in, nil).Refused(t, "InstanceRefreshInProgress")
			seen := snapshot{3, 3}
			for range 100 {
				c.clock.Advance(10 * time.Second)
				for range 20 { // look at every step
					changed, _ := c.service.Step()
					n := c.states()
					seen.inService = min(seen.inService, n["InService"])
					seen.total = max(seen.total, n["InService"]+n["Pending"])
					if moved := c.machines.move(); !changed && !moved {
						break
					}
				}
			}
			c.pass(time.Hour)
			var out struct {
				Refreshes []struct {
					Status             string
					PercentageComplete int
				} `xml:"InstanceRefreshes>member"`
			}
			c.call("DescribeInstanceRefreshes", of(nil), &out).OK(t)
			assert.Equal(t, test.status, out.Refreshes[0].Status)
			assert.GreaterOrEqual(t, seen.inService, test.least, "in service at least")
			assert.LessOrEqual(t, seen.total, test.most, "instances at most")
			assert.Len(t, c.machines.launched, 3+test.replaced)
			assert.Equal(t, map[string]int{"InService": 3}, c.states())
		})
	}
}

func TestCancelInstanceRefresh(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.group(2, 2, nil)
	c.call("CancelInstanceRefresh", of(nil), nil).Refused(t, "ActiveInstanceRefreshNotFound")
	c.call("StartInstanceRefresh", of(nil), nil).OK(t)
	c.call("CancelInstanceRefresh", of(nil), nil).OK(t)
	c.settle()
	assert.Equal(t, []string{"i-01", "i-02"}, c.ids())
}

func TestMixedInstances(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	in := form{
		"LaunchTemplate.LaunchTemplateId": "", "LaunchTemplate.Version": "",
		"MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification.LaunchTemplateId": "lt-1",
		"MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification.Version":          "1",
		"MixedInstancesPolicy.InstancesDistribution.OnDemandBaseCapacity":                  "2",
		"MixedInstancesPolicy.InstancesDistribution.OnDemandPercentageAboveBaseCapacity":   "0",
		"AutoScalingGroupName": "web", "MinSize": "4", "MaxSize": "4", "VPCZoneIdentifier": "subnet-a",
	}
	delete(in, "LaunchTemplate.LaunchTemplateId")
	delete(in, "LaunchTemplate.Version")
	c.call("CreateAutoScalingGroup", in, nil).OK(t)
	c.settle()
	var spot []bool
	for _, l := range c.machines.launched {
		spot = append(spot, l.Spot)
	}
	assert.Equal(t, []bool{false, false, true, true}, spot)
}

func TestSuspendedProcesses(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.group(1, 2, nil)
	c.call("SuspendProcesses", of(form{"ScalingProcesses.member.1": "Launch"}), nil).OK(t)
	c.call("UpdateAutoScalingGroup", of(form{"DesiredCapacity": "2"}), nil).OK(t)
	c.settle()
	assert.Len(t, c.ids(), 1)
	assert.Equal(t, "Launch", c.describe().SuspendedProcesses[0].ProcessName)
	c.call("ResumeProcesses", of(form{"ScalingProcesses.member.1": "Launch"}), nil).OK(t)
	c.settle()
	assert.Len(t, c.ids(), 2)
	c.call("SuspendProcesses", of(form{"ScalingProcesses.member.1": "Dance"}), nil).Refused(t, "ValidationError")
}

func TestMetricsCollection(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.group(1, 1, nil)
	total := form{"Metrics.member.1": "GroupTotalInstances", "Granularity": "1Minute"}
	c.call("EnableMetricsCollection", of(form{"Metrics.member.1": "GroupMinSize", "Granularity": "1Minute"}), nil).OK(t)
	c.call("EnableMetricsCollection", of(total), nil).OK(t)
	assert.Equal(t, []struct{ Metric, Granularity string }{{"GroupMinSize", "1Minute"}, {"GroupTotalInstances", "1Minute"}}, c.describe().EnabledMetrics)
	c.call("DisableMetricsCollection", of(form{"Metrics.member.1": "GroupMinSize"}), nil).OK(t)
	assert.Len(t, c.describe().EnabledMetrics, 1)
	c.call("EnableMetricsCollection", of(form{"Granularity": "1Minute"}), nil).OK(t)
	assert.Len(t, c.describe().EnabledMetrics, 21, "no names are all metrics")
	c.call("DisableMetricsCollection", of(nil), nil).OK(t)
	assert.Empty(t, c.describe().EnabledMetrics)
	c.call("EnableMetricsCollection", of(form{"Granularity": "5Minutes"}), nil).Refused(t, "ValidationError")
	c.call("EnableMetricsCollection", of(form{"Granularity": "1Minute", "Metrics.member.1": "Mood"}), nil).Refused(t, "ValidationError")
}

func TestTargetGroups(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.group(1, 1, nil)
	c.call("AttachLoadBalancerTargetGroups", of(form{"TargetGroupARNs.member.1": targetGroup}), nil).OK(t)
	c.settle()
	assert.Equal(t, map[elbv2.Target]string{{ID: "i-01", Port: 80}: "healthy"}, c.targets.states)
	var out struct {
		Groups []struct{ LoadBalancerTargetGroupARN, State string } `xml:"LoadBalancerTargetGroups>member"`
	}
	c.call("DescribeLoadBalancerTargetGroups", of(nil), &out).OK(t)
	assert.Equal(t, "InService", out.Groups[0].State)
	c.call("DetachLoadBalancerTargetGroups", of(form{"TargetGroupARNs.member.1": targetGroup}), nil).OK(t)
	c.settle()
	assert.Equal(t, "draining", c.targets.states[elbv2.Target{ID: "i-01", Port: 80}])
	c.call("AttachLoadBalancerTargetGroups", of(form{"TargetGroupARNs.member.1": "arn:none"}), nil).Refused(t, "ValidationError")
}

func TestInstancesDrainBeforeTheyEnd(t *testing.T) {
	t.Parallel()
	cases := map[string]func(*cloud){
		"scale in": func(c *cloud) {
			c.call("UpdateAutoScalingGroup", of(form{"DesiredCapacity": "0"}), nil).OK(c.t)
		},
		"instance refresh": func(c *cloud) { c.call("StartInstanceRefresh", of(nil), nil).OK(c.t) },
	}
	for name, end := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud(t)
			c.group(0, 1, form{"DesiredCapacity": "1", "TargetGroupARNs.member.1": targetGroup})
			target := elbv2.Target{ID: "i-01", Port: 80}
			require.Equal(t, "healthy", c.targets.states[target])
			end(c)
			c.settle()
			assert.Equal(t, "draining", c.targets.states[target])
			assert.Equal(t, "running", c.machines.all["i-01"].State, "requests are still under way")
			delete(c.targets.states, target)
			c.settle()
			assert.Equal(t, "terminated", c.machines.all["i-01"].State)
		})
	}
}

func TestPolicies(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.group(1, 4, nil)
	c.call("PutScalingPolicy", of(form{"PolicyName": "up", "AdjustmentType": "ChangeInCapacity", "ScalingAdjustment": "2"}), nil).OK(t)
	c.call("PutScalingPolicy", of(form{
		"PolicyName": "cpu", "PolicyType": "TargetTrackingScaling", "TargetTrackingConfiguration.TargetValue": "60",
		"TargetTrackingConfiguration.PredefinedMetricSpecification.PredefinedMetricType": "ASGAverageCPUUtilization",
	}), nil).OK(t)
	reply := c.call("DescribePolicies", of(nil), nil).OK(t)
	assert.Contains(t, string(reply.Body), "<Enabled>true</Enabled>")
	assert.NotContains(t, string(reply.Body), "PredictiveScaling")
	assert.Contains(t, string(reply.Body), "<TargetValue>60</TargetValue>")
	c.call("DeletePolicy", of(form{"PolicyName": "up"}), nil).OK(t)
	c.call("DeletePolicy", of(form{"PolicyName": "up"}), nil).Refused(t, "ValidationError")
}

func TestTargetTrackingMakesAlarms(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.group(1, 4, nil)
	put := func(metric, label string) *wiretest.Reply {
		in := of(form{
			"PolicyName": "track", "PolicyType": "TargetTrackingScaling", "TargetTrackingConfiguration.TargetValue": "60",
			"TargetTrackingConfiguration.PredefinedMetricSpecification.PredefinedMetricType": metric,
		})
		if label != "" {
			in["TargetTrackingConfiguration.PredefinedMetricSpecification.ResourceLabel"] = label
		}
		return c.call("PutScalingPolicy", in, nil)
	}
	const arn = `<AlarmARN>arn:aws:cloudwatch:us-west-2:123456789012:alarm:TargetTracking-web-Alarm(High|Low)-[0-9a-f-]{36}</AlarmARN>`
	both := regexp.MustCompile(arn + `.*` + arn)
	assert.Regexp(t, both, string(put("ASGAverageCPUUtilization", "").OK(t).Body))
	assert.Regexp(t, both, string(c.call("DescribePolicies", of(nil), nil).OK(t).Body))
	put("ALBRequestCountPerTarget", "app/web/1/targetgroup/web/2").OK(t)
	put("ALBRequestCountPerTarget", "").Refused(t, "ValidationError")
	alarms := func() (n int) {
		c.account.Do(func() { n = c.alarms.Resources()["alarms"] })
		return n
	}
	assert.Equal(t, 2, alarms())
	c.call("DeletePolicy", of(form{"PolicyName": "track"}), nil).OK(t)
	assert.Zero(t, alarms())
	put("ASGAverageNetworkIn", "").OK(t)
	c.call("DeleteAutoScalingGroup", of(form{"ForceDelete": "true"}), nil).OK(t)
	assert.Zero(t, alarms(), "they go with the group")
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		action  string
		in      form
		code    string
		message string
	}{
		"name taken": {"CreateAutoScalingGroup", of(form{"MinSize": "0", "MaxSize": "1"}), "AlreadyExists",
			"AutoScalingGroup by this name already exists - A group with the name web already exists"},
		"unknown group": {"UpdateAutoScalingGroup", form{"AutoScalingGroupName": "none", "DesiredCapacity": "1"}, "ValidationError",
			"AutoScalingGroup name not found - AutoScalingGroup 'none' not found"},
		"too many": {"UpdateAutoScalingGroup", of(form{"DesiredCapacity": "9"}), "ValidationError",
			"Desired capacity:9 must be between the specified min size:1 and max size:2"},
		"lifetime of less than a day": {"UpdateAutoScalingGroup", of(form{"MaxInstanceLifetime": "86399"}), "ValidationError",
			"MaxInstanceLifetime 86399 must be 0 or between 86400 and 31536000 seconds"},
		"lifetime of more than a year": {"UpdateAutoScalingGroup", of(form{"MaxInstanceLifetime": "31536001"}), "ValidationError",
			"MaxInstanceLifetime 31536001 must be 0 or between 86400 and 31536000 seconds"},
		"minimum above maximum": {"UpdateAutoScalingGroup", of(form{"MinSize": "3"}), "ValidationError",
			"Max bound, 2, must be greater than or equal to min bound, 3"},
		"unknown subnet": {"UpdateAutoScalingGroup", of(form{"VPCZoneIdentifier": "subnet-z"}), "ValidationError",
			"The subnet ID 'subnet-z' does not exist"},
		"unknown template": {"UpdateAutoScalingGroup", of(form{"LaunchTemplate.LaunchTemplateId": "lt-9"}), "ValidationError",
			"You must use a valid fully-formed launch template. The specified launch template, with template ID lt-9, does not exist."},
		"launch configuration": {"UpdateAutoScalingGroup", of(form{"LaunchConfigurationName": "x"}), "UnsupportedParameter",
			"localaws does not know the parameter LaunchConfigurationName"},
		"reserved tag": {"CreateOrUpdateTags", form{"Tags.member.1.Key": "aws:x", "Tags.member.1.ResourceId": "web", "Tags.member.1.ResourceType": "auto-scaling-group"}, "ValidationError",
			"Reserved Tag Keys: aws:* tag keys are reserved and may not be used (aws:x)"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud(t)
			c.group(1, 2, nil)
			assert.Equal(t, test.message, c.call(test.action, test.in, nil).Refused(t, test.code).Message)
		})
	}
}

func TestRestart(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.group(2, 3, form{"Tags.member.1.Key": "Name", "Tags.member.1.Value": "web"})
	c.call("PutLifecycleHook", of(form{"LifecycleHookName": "h", "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING"}), nil).OK(t)
	before := c.describe()
	account, _ := wiretest.NewAccount()
	restarted := autoscaling.New(account, c.machines, c.targets, cloudwatch.New(account, nil))
	wiretest.Revive(t, c.account, account)
	c.account, c.service, c.server = account, restarted, wiretest.NewServer(t, account, restarted.Wire())
	c.settle()
	assert.Equal(t, before, c.describe())
	c.call("UpdateAutoScalingGroup", of(form{"DesiredCapacity": "3"}), nil).OK(t)
	c.settle()
	assert.Len(t, c.ids(), 3)
}

func TestRunEnds(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { c.service.Run(ctx) })
	c.call("CreateAutoScalingGroup", of(form{"MinSize": "1", "MaxSize": "1", "VPCZoneIdentifier": "subnet-a", "LaunchTemplate.LaunchTemplateId": "lt-1"}), nil).OK(t)
	require.Eventually(t, func() bool {
		c.account.Do(func() { c.machines.move() })
		c.account.Changed()
		return c.states()["InService"] == 1
	}, 10*time.Second, 2*time.Millisecond)
	stop()
	running.Wait()
}

func TestFailedOperationLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.group(1, 1, nil)
	c.call("CreateOrUpdateTags", form{
		"Tags.member.1.Key": "good", "Tags.member.1.ResourceId": "web",
		"Tags.member.2.Key": "aws:x", "Tags.member.2.ResourceId": "web",
	}, nil).Refused(t, "ValidationError")
	assert.Empty(t, c.describe().Tags)

	c.call("UpdateAutoScalingGroup", of(form{"DesiredCapacity": "0"}), nil).Refused(t, "ValidationError")
	c.call("UpdateAutoScalingGroup", of(form{"MinSize": "0", "MaxSize": "3"}), nil).OK(t)
	c.settle()
	c.call("SetInstanceProtection", of(form{
		"InstanceIds.member.1": "i-01", "InstanceIds.member.2": "i-99", "ProtectedFromScaleIn": "true",
	}), nil).Refused(t, "ValidationError")
	assert.False(t, c.describe().Instances[0].ProtectedFromScaleIn)
}

func TestListsHavePages(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.group(3, 3, nil)
	type page struct {
		Activities []activityView `xml:"Activities>member"`
		NextToken  string
	}
	var descriptions []string
	in := of(form{"MaxRecords": "2"})
	for {
		var out page
		c.call("DescribeScalingActivities", in, &out).OK(t)
		for _, a := range out.Activities {
			descriptions = append(descriptions, a.Description)
		}
		if out.NextToken == "" {
			break
		}
		in["NextToken"] = out.NextToken
	}
	assert.Equal(t, []string{
		"Launching a new EC2 instance: i-03", "Launching a new EC2 instance: i-02", "Launching a new EC2 instance: i-01",
	}, descriptions, "the newest first")
	c.call("DescribeAutoScalingGroups", form{"NextToken": "x"}, nil).Refused(t, "InvalidNextToken")
	c.call("DescribeAutoScalingGroups", form{"MaxRecords": "101"}, nil).Refused(t, "ValidationError")
}
