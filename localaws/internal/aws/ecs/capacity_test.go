package ecs_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// provided is a cluster main whose only capacity is the group g of 0 to 3
// protected instances, with everything managed.
func provided(t *testing.T) *cloud {
	t.Helper()
	c := newCloud(t)
	c.cluster("main")
	c.groups.make("g", 0, 3, 0, true)
	_, err := c.client.CreateCapacityProvider(t.Context(), &sdk.CreateCapacityProviderInput{
		Name: aws.String("cp"), AutoScalingGroupProvider: &types.AutoScalingGroupProvider{
			AutoScalingGroupArn:          aws.String(groupARN("g")),
			ManagedScaling:               &types.ManagedScaling{Status: types.ManagedScalingStatusEnabled, TargetCapacity: aws.Int32(100)},
			ManagedTerminationProtection: types.ManagedTerminationProtectionEnabled,
		},
	})
	require.NoError(t, err)
	_, err = c.client.PutClusterCapacityProviders(t.Context(), &sdk.PutClusterCapacityProvidersInput{
		Cluster: aws.String("main"), CapacityProviders: []string{"cp"},
		DefaultCapacityProviderStrategy: []types.CapacityProviderStrategyItem{{CapacityProvider: aws.String("cp"), Base: 1, Weight: 100}},
	})
	require.NoError(t, err)
	return c
}

func (c *cloud) desired(group string) int {
	g, _ := c.groups.Group(group)
	return g.Desired
}

func TestManagedScaling(t *testing.T) {
	t.Parallel()
	c := provided(t)
	d := web(80)
	d.Cpu, d.Memory = 1024, aws.Int32(1000)
	c.create(c.define("web", d), 4, nil)
	c.settle()
	assert.Equal(t, 1, c.desired("g"), "one instance, until it shows how large it is")
	tasks := c.tasks(types.DesiredStatusRunning)
	require.Len(t, tasks, 4)
	assert.Equal(t, "PROVISIONING", aws.ToString(tasks[0].LastStatus))
	assert.Equal(t, "cp", aws.ToString(tasks[0].CapacityProviderName))
	svc := c.describe()
	assert.Empty(t, svc.LaunchType, "a launch type beside a strategy would be a difference for the provider")
	assert.Equal(t, int32(4), svc.PendingCount)
	value, known := c.metrics.last("CapacityProviderReservation")
	require.True(t, known)
	assert.InDelta(t, 200, value, 0)

	c.pass(2*time.Minute, 30*time.Second)
	assert.Contains(t, c.messages(), "(service web) was unable to place a task because no container instance met all of its requirements. Reason: No Container Instances were found in your capacity provider. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.")

	c.instance("main", "i-a", "a", "g")
	c.settle()
	assert.Equal(t, 2, c.desired("g"), "two of the four tasks fit on the first")
	c.instance("main", "i-b", "b", "g")
	c.settle()
	assert.Equal(t, int32(4), c.describe().RunningCount)

	c.instance("main", "i-c", "c", "g") // more than is needed
	c.groups.all["g"].Desired = 3
	c.settle()
	assert.True(t, c.groups.member("i-a").ProtectedFromScaleIn)
	assert.False(t, c.groups.member("i-c").ProtectedFromScaleIn, "an instance without tasks may go")
	c.pass(14*time.Minute, time.Minute)
	assert.Equal(t, 3, c.desired("g"), "scaling in is patient")
	c.pass(2*time.Minute, time.Minute)
	assert.Equal(t, 2, c.desired("g"))
}

func TestProvisioningTaskGivesUp(t *testing.T) {
	t.Parallel()
	c := provided(t)
	_, err := c.client.RunTask(t.Context(), &sdk.RunTaskInput{Cluster: aws.String("main"), TaskDefinition: aws.String(c.define("web", web()))})
	require.NoError(t, err)
	c.pass(31*time.Minute, time.Minute)
	gone := c.tasks(types.DesiredStatusStopped)
	require.Len(t, gone, 1)
	assert.Equal(t, types.TaskStopCodeTaskFailedToStart, gone[0].StopCode)
}

func TestManagedDraining(t *testing.T) {
	t.Parallel()
	c := provided(t)
	tg := c.elb.add("one")
	c.groups.all["g"].Desired = 2
	c.instance("main", "i-a", "a", "g")
	c.instance("main", "i-b", "b", "g")
	c.create(c.define("web", web(80)), 1, func(in *sdk.CreateServiceInput) { in.LoadBalancers = []types.LoadBalancer{lb(tg, 80)} })
	c.settle()
	assert.True(t, c.groups.hooks["g/ecs-managed-draining-termination-hook"])
	assert.True(t, c.groups.tags["g/AmazonECSManaged"])

	c.elb.initial = "initial"
	c.groups.member("i-a").LifecycleState = "Terminating:Wait"
	c.groups.waiting["i-a"] = true
	c.settle()
	assert.True(t, c.groups.waiting["i-a"], "the successor is not healthy yet")
	c.elb.set(tg, "initial", "healthy")
	c.settle()
	assert.True(t, c.groups.waiting["i-a"], "the targets drain")
	c.drained()
	assert.False(t, c.groups.waiting["i-a"])
	assert.Len(t, c.tasks(types.DesiredStatusRunning), 1)
}

func TestProviderInUseCannotLeaveTheCluster(t *testing.T) {
	t.Parallel()
	c := provided(t)
	c.create(c.define("web", web(80)), 1, nil)
	in := &sdk.PutClusterCapacityProvidersInput{
		Cluster: aws.String("main"), CapacityProviders: []string{}, DefaultCapacityProviderStrategy: []types.CapacityProviderStrategyItem{},
	}
	_, err := c.client.PutClusterCapacityProviders(t.Context(), in)
	code, _ := refusal(t, err)
	assert.Equal(t, "ResourceInUseException", code)

	_, err = c.client.DeleteService(t.Context(), &sdk.DeleteServiceInput{Cluster: aws.String("main"), Service: aws.String("web"), Force: aws.Bool(true)})
	require.NoError(t, err)
	c.settle()
	_, err = c.client.PutClusterCapacityProviders(t.Context(), in)
	require.NoError(t, err)
	_, err = c.client.DeleteCapacityProvider(t.Context(), &sdk.DeleteCapacityProviderInput{CapacityProvider: aws.String("cp")})
	require.NoError(t, err)
	out, err := c.client.DescribeCapacityProviders(t.Context(), &sdk.DescribeCapacityProvidersInput{CapacityProviders: []string{"cp"}})
	require.NoError(t, err)
	assert.Equal(t, types.CapacityProviderStatusInactive, out.CapacityProviders[0].Status)
	assert.Empty(t, c.groups.hooks)
}

func TestCapacityProviderUpdate(t *testing.T) {
	t.Parallel()
	c := provided(t)
	_, err := c.client.UpdateCapacityProvider(t.Context(), &sdk.UpdateCapacityProviderInput{
		Name: aws.String("cp"), AutoScalingGroupProvider: &types.AutoScalingGroupProviderUpdate{
			ManagedScaling: &types.ManagedScaling{Status: types.ManagedScalingStatusEnabled, TargetCapacity: aws.Int32(80)},
		},
	})
	require.NoError(t, err)
	// By ARN, as newer providers ask.
	out, err := c.client.DescribeCapacityProviders(t.Context(), &sdk.DescribeCapacityProvidersInput{
		CapacityProviders: []string{"arn:aws:ecs:us-west-2:123456789012:capacity-provider/cp"},
	})
	require.NoError(t, err)
	p := out.CapacityProviders[0]
	assert.Equal(t, types.CapacityProviderUpdateStatusUpdateComplete, p.UpdateStatus)
	assert.Equal(t, &types.ManagedScaling{
		Status: types.ManagedScalingStatusEnabled, TargetCapacity: aws.Int32(80), MinimumScalingStepSize: aws.Int32(1),
		MaximumScalingStepSize: aws.Int32(10000), InstanceWarmupPeriod: aws.Int32(300),
	}, p.AutoScalingGroupProvider.ManagedScaling)
	assert.Equal(t, types.ManagedTerminationProtectionEnabled, p.AutoScalingGroupProvider.ManagedTerminationProtection)
	assert.Equal(t, types.ManagedDrainingEnabled, p.AutoScalingGroupProvider.ManagedDraining)
}
