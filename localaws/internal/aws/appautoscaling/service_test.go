package appautoscaling_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/appautoscaling"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/cloudwatch"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/clock"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wiretest"
)

const resource = "service/main/web"

// cloud is Application Auto Scaling over the wire, one service and one metric.
type cloud struct {
	t        *testing.T
	server   *wiretest.Server
	account  *core.Account
	clock    *clock.Fake
	service  *appautoscaling.Service
	services services
	metrics  *metrics
}

// services are desired counts by cluster/name.
type services map[string]int

func (s services) DesiredCount(cluster, name string) (int, bool) {
	n, ok := s[cluster+"/"+name]
	return n, ok
}

func (s services) SetDesiredCount(cluster, name string, n int) error {
	if _, ok := s[cluster+"/"+name]; !ok {
		return errors.New("no such service")
	}
	s[cluster+"/"+name] = n
	return nil
}

// metrics has one value, or none.
type metrics struct {
	*cloudwatch.Service
	value float64
	known bool
	asked []string
}

func (m *metrics) Statistic(namespace, metric string, dimensions map[string]string, stat string, _ time.Time) (float64, bool) {
	m.asked = []string{namespace, metric, stat, dimensions["ClusterName"], dimensions["ServiceName"], dimensions["LoadBalancer"], dimensions["TargetGroup"]}
	return m.value, m.known
}

func newCloud(t *testing.T) *cloud {
	t.Helper()
	a, fake := wiretest.NewAccount()
	c := &cloud{t: t, account: a, clock: fake, services: services{"main/web": 2}, metrics: &metrics{Service: cloudwatch.New(a, nil)}}
	c.service = appautoscaling.New(a, c.services, c.metrics)
	c.server = wiretest.NewServer(t, a, c.service.Wire(), c.metrics.Wire())
	return c
}

type object = map[string]any

func (c *cloud) call(operation string, in object, out any) *wiretest.Reply {
	c.t.Helper()
	return c.server.JSON(c.t, "application-autoscaling", "AnyScaleFrontendService."+operation, in, out)
}

// of names the scalable target in a call.
func of(more object) object {
	in := object{"ServiceNamespace": "ecs", "ResourceId": resource, "ScalableDimension": "ecs:service:DesiredCount"}
	for k, v := range more {
		in[k] = v
	}
	return in
}

func (c *cloud) register(least, most int) {
	c.t.Helper()
	c.call("RegisterScalableTarget", of(object{"MinCapacity": least, "MaxCapacity": most}), nil).OK(c.t)
}

func (c *cloud) track(name string, configuration object) {
	c.t.Helper()
	c.call("PutScalingPolicy", of(object{
		"PolicyName": name, "PolicyType": "TargetTrackingScaling", "TargetTrackingScalingPolicyConfiguration": configuration,
	}), nil).OK(c.t)
}

func cpu(more object) object {
	in := object{
		"TargetValue":                   60.0,
		"PredefinedMetricSpecification": object{"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
	}
	for k, v := range more {
		in[k] = v
	}
	return in
}

// minutes lets periods pass with that metric.
func (c *cloud) minutes(n int, value float64) {
	c.t.Helper()
	c.metrics.value, c.metrics.known = value, true
	c.pass(n)
}

func (c *cloud) pass(n int) {
	for range n {
		c.clock.Advance(time.Minute)
		c.service.Step()
	}
}

func (c *cloud) desired() int { return c.services["main/web"] }

func TestTargetTracking(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.register(1, 10)
	c.track("cpu", cpu(object{"ScaleOutCooldown": 60, "ScaleInCooldown": 300}))
	c.minutes(2, 90)
	assert.Equal(t, 2, c.desired(), "two minutes are too few")
	c.minutes(1, 90)
	assert.Equal(t, 3, c.desired(), "2 x 90/60")
	assert.Equal(t, []string{"AWS/ECS", "CPUUtilization", "Average", "main", "web", "", ""}, c.metrics.asked)
	c.minutes(1, 600)
	assert.Equal(t, 10, c.desired(), "not beyond the maximum")

	c.minutes(14, 6)
	assert.Equal(t, 10, c.desired(), "scaling in takes fifteen minutes")
	c.minutes(1, 6)
	assert.Equal(t, 1, c.desired())

	var out struct {
		ScalingActivities []struct{ Description, Cause, StatusCode string }
	}
	c.call("DescribeScalingActivities", object{"ServiceNamespace": "ecs"}, &out).OK(t)
	require.Len(t, out.ScalingActivities, 3)
	assert.Equal(t, "Setting desired count to 1.", out.ScalingActivities[0].Description)
	assert.Contains(t, out.ScalingActivities[0].Cause, "triggered policy cpu")
	assert.Equal(t, "Successful", out.ScalingActivities[0].StatusCode)
}

func TestCooldownDelaysTheNextScaling(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.register(1, 100)
	c.track("cpu", cpu(object{"ScaleOutCooldown": 180}))
	c.minutes(3, 120)
	assert.Equal(t, 4, c.desired())
	c.minutes(2, 120)
	assert.Equal(t, 4, c.desired())
	c.minutes(1, 120)
	assert.Equal(t, 8, c.desired())
}

func TestNoScaling(t *testing.T) {
	t.Parallel()
	cases := map[string]func(*cloud){
		"near the target":     func(c *cloud) { c.minutes(30, 57) },
		"missing data":        func(c *cloud) { c.minutes(2, 90); c.metrics.known = false; c.pass(30); c.minutes(2, 90) },
		"one good minute":     func(c *cloud) { c.minutes(2, 90); c.minutes(1, 50); c.minutes(2, 90) },
		"suspended":           func(c *cloud) { c.suspend(); c.minutes(30, 90) },
		"no scale in allowed": func(c *cloud) { c.track("cpu", cpu(object{"DisableScaleIn": true})); c.minutes(30, 1) },
		"another policy objects": func(c *cloud) {
			c.track("memory", object{"TargetValue": 1.0, "PredefinedMetricSpecification": object{"PredefinedMetricType": "ECSServiceAverageMemoryUtilization"}})
			c.minutes(30, 1)
		},
		"policy deleted": func(c *cloud) {
			c.call("DeleteScalingPolicy", of(object{"PolicyName": "cpu"}), nil).OK(c.t)
			c.minutes(30, 90)
		},
	}
	for name, act := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud(t)
			c.t = t
			c.register(1, 10)
			c.track("cpu", cpu(nil))
			act(c)
			assert.Equal(t, 2, c.desired())
		})
	}
}

func (c *cloud) suspend() {
	c.call("RegisterScalableTarget", of(object{"SuspendedState": object{
		"DynamicScalingInSuspended": true, "DynamicScalingOutSuspended": true, "ScheduledScalingSuspended": true,
	}}), nil).OK(c.t)
}

func TestLateDataPointChangesNothing(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.register(1, 10)
	c.track("cpu", cpu(nil))
	c.minutes(2, 90)
	c.metrics.known = false
	c.pass(1)
	c.minutes(1, 90)
	assert.Equal(t, 3, c.desired())
}

func TestRequestCountPerTarget(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.register(1, 10)
	spec := object{"PredefinedMetricType": "ALBRequestCountPerTarget", "ResourceLabel": "app/lb/1/targetgroup/web/2"}
	c.track("requests", object{"TargetValue": 100.0, "PredefinedMetricSpecification": spec})
	c.minutes(3, 250)
	assert.Equal(t, 5, c.desired())
	assert.Equal(t, []string{"app/lb/1", "targetgroup/web/2"}, c.metrics.asked[5:])
}

func TestBoundsMoveTheService(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.register(4, 6)
	c.service.Step()
	assert.Equal(t, 4, c.desired())
	c.register(1, 3)
	c.service.Step()
	assert.Equal(t, 3, c.desired())
}

func TestScheduledActions(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.register(1, 10)
	c.call("PutScheduledAction", of(object{
		"ScheduledActionName": "noon", "Schedule": "at(2026-01-31T12:10:00)", "ScalableTargetAction": object{"MinCapacity": 5},
	}), nil).OK(t)
	c.pass(9)
	assert.Equal(t, 2, c.desired())
	c.pass(1)
	assert.Equal(t, 5, c.desired())
	c.call("PutScheduledAction", of(object{
		"ScheduledActionName": "often", "Schedule": "rate(5 minutes)", "ScalableTargetAction": object{"MinCapacity": 1, "MaxCapacity": 2},
	}), nil).OK(t)
	c.pass(5)
	assert.Equal(t, 2, c.desired())

	c.call("PutScheduledAction", of(object{
		"ScheduledActionName": "x", "Schedule": "cron(0 12 * * ? *)", "ScalableTargetAction": object{"MinCapacity": 5},
	}), nil).Refused(t, "ValidationException")
	c.call("DeleteScheduledAction", of(object{"ScheduledActionName": "noon"}), nil).OK(t)
	var out struct {
		ScheduledActions []struct{ ScheduledActionName string }
	}
	c.call("DescribeScheduledActions", object{"ServiceNamespace": "ecs"}, &out).OK(t)
	require.Len(t, out.ScheduledActions, 1)
	assert.Equal(t, "often", out.ScheduledActions[0].ScheduledActionName)
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	tracking := of(object{"PolicyName": "p", "PolicyType": "TargetTrackingScaling", "TargetTrackingScalingPolicyConfiguration": cpu(nil)})
	reply := c.call("PutScalingPolicy", tracking, nil).Refused(t, "ObjectNotFoundException")
	assert.Equal(t, "No scalable target registered for service namespace: ecs, resource ID: service/main/web, scalable dimension: ecs:service:DesiredCount", reply.Message)
	c.call("DeregisterScalableTarget", of(nil), nil).Refused(t, "ObjectNotFoundException")
	missing := of(object{"MinCapacity": 1, "MaxCapacity": 2})
	missing["ResourceId"] = "service/main/none"
	reply = c.call("RegisterScalableTarget", missing, nil).Refused(t, "ValidationException")
	assert.Equal(t, "ECS service doesn't exist: service/main/none", reply.Message)
	c.call("RegisterScalableTarget", of(object{"MinCapacity": 3, "MaxCapacity": 2}), nil).Refused(t, "ValidationException")
	c.register(1, 2)
	label := of(object{"PolicyName": "p", "PolicyType": "TargetTrackingScaling", "TargetTrackingScalingPolicyConfiguration": object{
		"TargetValue": 1.0, "PredefinedMetricSpecification": object{"PredefinedMetricType": "ALBRequestCountPerTarget", "ResourceLabel": "net/lb/1"},
	}})
	reply = c.call("PutScalingPolicy", label, nil).Refused(t, "ValidationException")
	assert.Contains(t, reply.Message, `"net/lb/1" should be app/NAME/ID/targetgroup/NAME/ID`)
}

// alarms are those of CloudWatch, each with what it is about.
func (c *cloud) alarms() map[string]string {
	c.t.Helper()
	var out struct {
		MetricAlarms []struct {
			AlarmName, AlarmArn, ComparisonOperator, Namespace, MetricName string
			EvaluationPeriods                                              int
			Threshold                                                      float64
			AlarmActions                                                   []string
		}
	}
	c.server.JSON(c.t, "monitoring", "GraniteServiceVersion20100801.DescribeAlarms", object{}, &out).OK(c.t)
	all := map[string]string{}
	for _, a := range out.MetricAlarms {
		all[a.AlarmArn] = fmt.Sprintf("%s: %s/%s %s %g, %d times", a.AlarmName, a.Namespace, a.MetricName, a.ComparisonOperator, a.Threshold, a.EvaluationPeriods)
		assert.Len(c.t, a.AlarmActions, 1)
	}
	return all
}

func TestTargetTrackingMakesAlarms(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.register(1, 4)
	put := func(configuration object) (arns []string) {
		var out struct {
			PolicyARN string
			Alarms    []struct{ AlarmName, AlarmARN string }
		}
		c.call("PutScalingPolicy", of(object{
			"PolicyName": "cpu", "PolicyType": "TargetTrackingScaling", "TargetTrackingScalingPolicyConfiguration": configuration,
		}), &out).OK(t)
		for _, a := range out.Alarms {
			arns = append(arns, a.AlarmARN)
		}
		return arns
	}
	arns := put(cpu(nil))
	require.Len(t, arns, 2)
	alarms := c.alarms()
	require.Len(t, alarms, 2)
	assert.Regexp(t, `^TargetTracking-service/main/web-AlarmHigh-[0-9a-f-]{36}: AWS/ECS/CPUUtilization GreaterThanThreshold 60, 3 times$`, alarms[arns[0]])
	assert.Regexp(t, `^TargetTracking-service/main/web-AlarmLow-[0-9a-f-]{36}: AWS/ECS/CPUUtilization LessThanThreshold 54, 15 times$`, alarms[arns[1]])
	var described struct {
		ScalingPolicies []struct{ Alarms []struct{ AlarmARN string } }
	}
	c.call("DescribeScalingPolicies", object{"ServiceNamespace": "ecs"}, &described).OK(t)
	require.Len(t, described.ScalingPolicies, 1)
	require.Len(t, described.ScalingPolicies[0].Alarms, 2)
	assert.Equal(t, arns[1], described.ScalingPolicies[0].Alarms[1].AlarmARN)

	assert.Equal(t, arns[:1], put(cpu(object{"DisableScaleIn": true})), "changed, and none to scale in")
	assert.Len(t, c.alarms(), 1)
	c.call("DeleteScalingPolicy", of(object{"PolicyName": "cpu"}), nil).OK(t)
	assert.Empty(t, c.alarms())
	put(cpu(nil))
	c.call("DeregisterScalableTarget", of(nil), nil).OK(t)
	assert.Empty(t, c.alarms(), "they go with what is scaled")
}

func TestTagsAndRestart(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	var registered struct{ ScalableTargetARN string }
	c.call("RegisterScalableTarget", of(object{"MinCapacity": 1, "MaxCapacity": 2, "Tags": object{"a": "1", "b": "2"}}), &registered).OK(t)
	c.track("cpu", cpu(nil))
	c.call("UntagResource", object{"ResourceARN": registered.ScalableTargetARN, "TagKeys": []string{"a"}}, nil).OK(t)

	account, _ := wiretest.NewAccount()
	restarted := appautoscaling.New(account, c.services, &metrics{Service: cloudwatch.New(account, nil)})
	wiretest.Revive(t, c.account, account)
	c.server = wiretest.NewServer(t, account, restarted.Wire())
	var tags struct{ Tags map[string]string }
	c.call("ListTagsForResource", object{"ResourceARN": registered.ScalableTargetARN}, &tags).OK(t)
	assert.Equal(t, map[string]string{"b": "2"}, tags.Tags)
	var policies struct {
		ScalingPolicies []struct {
			PolicyName                               string
			TargetTrackingScalingPolicyConfiguration struct{ TargetValue float64 }
		}
	}
	c.call("DescribeScalingPolicies", of(nil), &policies).OK(t)
	require.Len(t, policies.ScalingPolicies, 1)
	assert.InDelta(t, 60, policies.ScalingPolicies[0].TargetTrackingScalingPolicyConfiguration.TargetValue, 0)
	c.call("ListTagsForResource", object{"ResourceARN": "arn:aws:x"}, nil).Refused(t, "ValidationException")
}

func TestServiceThatIsGoneTakesItsTargetAlong(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.register(1, 2)
	c.track("cpu", cpu(nil))
	delete(c.services, "main/web")
	c.service.Step()
	assert.Equal(t, map[string]int{"scalable-target": 0, "policy": 0, "scheduled-action": 0}, c.service.Resources())
}

func TestRunEnds(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.register(3, 3)
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { c.service.Run(ctx) })
	require.Eventually(t, func() bool {
		n := 0
		c.account.Do(func() { n = c.desired() })
		return n == 3
	}, 10*time.Second, 2*time.Millisecond)
	stop()
	running.Wait()
}

func TestFailedOperationLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.call("RegisterScalableTarget", of(object{
		"MinCapacity": 1, "MaxCapacity": 2, "Tags": object{"aws:x": "1"},
	}), nil).Refused(t, "ValidationException")
	assert.Equal(t, map[string]int{"scalable-target": 0, "policy": 0, "scheduled-action": 0}, c.service.Resources())

	c.register(1, 4)
	c.call("RegisterScalableTarget", of(object{"MinCapacity": 5}), nil).Refused(t, "ValidationException")
	var out struct {
		ScalableTargets []struct{ MinCapacity, MaxCapacity int }
	}
	c.call("DescribeScalableTargets", object{"ServiceNamespace": "ecs"}, &out).OK(t)
	require.Len(t, out.ScalableTargets, 1)
	assert.Equal(t, 1, out.ScalableTargets[0].MinCapacity)
}

func TestListsHavePages(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.register(1, 4)
	for _, name := range []string{"c", "a", "b"} {
		c.track(name, cpu(nil))
	}
	var out struct {
		ScalingPolicies []struct{ PolicyName string }
		NextToken       string
	}
	c.call("DescribeScalingPolicies", of(object{"MaxResults": 2}), &out).OK(t)
	require.Len(t, out.ScalingPolicies, 2)
	assert.Equal(t, "a", out.ScalingPolicies[0].PolicyName)
	c.call("DescribeScalingPolicies", of(object{"MaxResults": 2, "NextToken": out.NextToken}), &out).OK(t)
	require.Len(t, out.ScalingPolicies, 1)
	assert.Equal(t, "c", out.ScalingPolicies[0].PolicyName)
	c.call("DescribeScalingPolicies", of(object{"NextToken": "x"}), nil).Refused(t, "InvalidNextTokenException")
	c.call("DescribeScalingPolicies", of(object{"MaxResults": 11}), nil).Refused(t, "ValidationException")
}
