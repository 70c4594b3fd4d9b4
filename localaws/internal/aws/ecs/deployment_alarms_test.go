package ecs_test

import (
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// watched is a service with a completed deployment and a deployment alarm, and a
// newer deployment whose tasks run.
func watched(t *testing.T, rollback bool) (c *cloud, good, bad string) {
	t.Helper()
	c = stack(t)
	c.alarms.set("sick", false)
	good, bad = c.define("good", web(80)), c.define("bad", web(80))
	c.create(good, 1, func(in *sdk.CreateServiceInput) {
		in.DeploymentConfiguration = &types.DeploymentConfiguration{
			Alarms: &types.DeploymentAlarms{AlarmNames: []string{"sick", "not there yet"}, Enable: true, Rollback: rollback},
		}
	})
	c.pass(4*time.Minute, 15*time.Second)
	require.Equal(t, types.DeploymentRolloutStateCompleted, c.describe().Deployments[0].RolloutState)
	c.update(&sdk.UpdateServiceInput{TaskDefinition: &bad})
	c.settle()
	return c, good, bad
}

// deployment is the newest service deployment.
func (c *cloud) deployment() types.ServiceDeployment {
	c.t.Helper()
	list, err := c.client.ListServiceDeployments(c.t.Context(), &sdk.ListServiceDeploymentsInput{Cluster: aws.String("main"), Service: aws.String("web")})
	require.NoError(c.t, err)
	out, err := c.client.DescribeServiceDeployments(c.t.Context(), &sdk.DescribeServiceDeploymentsInput{
		ServiceDeploymentArns: []string{aws.ToString(list.ServiceDeployments[0].ServiceDeploymentArn)},
	})
	require.NoError(c.t, err)
	return out.ServiceDeployments[0]
}

func TestAlarmRollsBack(t *testing.T) {
	t.Parallel()
	c, good, bad := watched(t, true)
	failing := c.describe().Deployments[0]
	require.Equal(t, bad, aws.ToString(failing.TaskDefinition))
	assert.Equal(t, types.ServiceDeploymentRollbackMonitorsStatusMonitoring, c.deployment().Alarms.Status)
	c.events.names = nil

	c.alarms.set("sick", true)
	c.pass(15*time.Second, 15*time.Second) // no event wakes ECS: it polls
	svc := c.describe()
	last := svc.Deployments[0]
	assert.Equal(t, good, aws.ToString(svc.TaskDefinition))
	at := slices.IndexFunc(svc.Deployments, func(d types.Deployment) bool { return aws.ToString(d.Id) == aws.ToString(failing.Id) })
	if at >= 0 { // its task may be gone already
		assert.Equal(t, types.DeploymentRolloutStateFailed, svc.Deployments[at].RolloutState)
	}
	assert.Subset(t, c.messages(), []string{
		"(service web) (deployment " + aws.ToString(failing.Id) + ") deployment failed: alarm detected.",
		"(service web) rolling back to deployment " + aws.ToString(last.Id) + ".",
	})
	assert.Contains(t, c.events.names, "ECS Deployment State Change: SERVICE_DEPLOYMENT_FAILED")

	c.pass(time.Minute, 15*time.Second) // the alarm has not recovered: the deployment that came back has no bake time
	assert.Equal(t, types.DeploymentRolloutStateCompleted, c.describe().Deployments[0].RolloutState)
	d := c.deployment()
	assert.Equal(t, types.ServiceDeploymentStatusRollbackSuccessful, d.Status)
	assert.Equal(t, "ECS deployment alarms: alarm detected.", aws.ToString(d.StatusReason))
	assert.Equal(t, types.ServiceDeploymentRollbackMonitorsStatusTriggered, d.Alarms.Status)
	assert.Equal(t, []string{"sick"}, d.Alarms.TriggeredAlarmNames)
	assert.NotEqual(t, types.ServiceDeploymentRollbackMonitorsStatusTriggered, d.DeploymentCircuitBreaker.Status)
}

func TestAlarmWithoutRollbackEndsTheDeployment(t *testing.T) {
	t.Parallel()
	c, _, bad := watched(t, false)
	c.alarms.set("sick", true)
	c.pass(time.Hour, time.Minute)
	d := c.describe().Deployments[0]
	assert.Equal(t, bad, aws.ToString(d.TaskDefinition))
	assert.Equal(t, types.DeploymentRolloutStateFailed, d.RolloutState)
	assert.Equal(t, "ECS deployment alarms: alarm detected.", aws.ToString(d.RolloutStateReason))
}

// An alarm that is in ALARM when a deployment begins does not count: the deployment
// may be what ends it.
func TestAlarmFromBeforeIsIgnored(t *testing.T) {
	t.Parallel()
	c, good, _ := watched(t, true)
	c.pass(4*time.Minute, 15*time.Second)
	c.alarms.set("sick", true)
	c.update(&sdk.UpdateServiceInput{TaskDefinition: &good})
	c.pass(time.Minute, 15*time.Second)
	svc := c.describe()
	require.Len(t, svc.Deployments, 1)
	assert.Equal(t, good, aws.ToString(svc.TaskDefinition))
	assert.Equal(t, types.DeploymentRolloutStateCompleted, svc.Deployments[0].RolloutState)
	assert.Equal(t, types.ServiceDeploymentRollbackMonitorsStatusDisabled, c.deployment().Alarms.Status)
}

func TestBakeTime(t *testing.T) {
	t.Parallel()
	for name, when := range map[string]struct {
		passes time.Duration
		state  types.DeploymentRolloutState
	}{
		"before its end": {150 * time.Second, types.DeploymentRolloutStateInProgress},
		"after its end":  {210 * time.Second, types.DeploymentRolloutStateCompleted},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, good, bad := watched(t, true)
			c.pass(when.passes, 15*time.Second)
			c.restart()
			svc := c.describe()
			assert.Equal(t, when.state, svc.Deployments[0].RolloutState)
			assert.Equal(t, int32(1), svc.RunningCount, "the old task is gone")

			c.alarms.set("sick", true)
			c.pass(time.Minute, 15*time.Second)
			if when.state == types.DeploymentRolloutStateInProgress {
				assert.Len(t, svc.Deployments, 2, "the deployment to go back to stays")
				assert.Equal(t, good, aws.ToString(c.describe().TaskDefinition), "rolled back")
				return
			}
			assert.Len(t, svc.Deployments, 1)
			assert.Equal(t, bad, aws.ToString(c.describe().TaskDefinition), "what is completed stays")
		})
	}
}

func TestAlarmsAreSwitchedOff(t *testing.T) {
	t.Parallel()
	c, _, bad := watched(t, true)
	c.update(&sdk.UpdateServiceInput{DeploymentConfiguration: &types.DeploymentConfiguration{Alarms: &types.DeploymentAlarms{AlarmNames: []string{}}}})
	c.alarms.set("sick", true)
	c.pass(time.Minute, 15*time.Second)
	svc := c.describe()
	assert.Equal(t, bad, aws.ToString(svc.TaskDefinition))
	assert.Equal(t, types.DeploymentRolloutStateCompleted, svc.Deployments[0].RolloutState)
	assert.False(t, svc.DeploymentConfiguration.Alarms.Enable)
}
