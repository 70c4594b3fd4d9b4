package ecs_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ecs"
)

func TestUnplaceableTaskIsExplained(t *testing.T) {
	t.Parallel()
	const guide = "For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."
	big := func(cpu, memory int32) types.ContainerDefinition {
		d := web(80)
		d.Cpu, d.Memory = cpu, aws.Int32(memory)
		return d
	}
	fixed := web(80)
	fixed.PortMappings[0].HostPort = aws.Int32(8080)
	cases := map[string]struct {
		container types.ContainerDefinition
		instance  bool
		desired   int32
		want      string
	}{
		"no instance": {web(80), false, 1, "Reason: No Container Instances were found in your cluster. " + guide},
		"CPU":         {big(4096, 128), true, 1, "has insufficient CPU units available. " + guide},
		"memory":      {big(10, 8192), true, 1, "has insufficient memory available. " + guide},
		"port taken":  {fixed, true, 2, "is already using a port required by your task. " + guide},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud(t)
			c.cluster("main")
			if test.instance {
				c.instance("main", "i-a", "a", "")
			}
			c.create(c.define("web", test.container), test.desired, nil)
			c.settle()
			messages := c.messages()
			said := strings.Join(messages, "\n")
			assert.Contains(t, said, "(service web) was unable to place a task because no container instance met all of its requirements. ")
			assert.Contains(t, said, test.want)
			assert.Len(t, c.tasks(types.DesiredStatusRunning), int(test.desired)-1)

			before := len(messages)
			c.pass(4*time.Minute, 30*time.Second)
			assert.Len(t, c.messages(), before, "the same is not said again at once")
			c.pass(2*time.Minute, 30*time.Second)
			assert.Len(t, c.messages(), before+1)
		})
	}
}

func TestRunTaskPlacement(t *testing.T) {
	t.Parallel()
	placed := func(t *testing.T, c *cloud, in *sdk.RunTaskInput) []string {
		t.Helper()
		in.Cluster, in.TaskDefinition = aws.String("main"), aws.String("web")
		out, err := c.client.RunTask(t.Context(), in)
		require.NoError(t, err)
		c.settle()
		var zones []string
		for _, task := range out.Tasks {
			zones = append(zones, aws.ToString(task.AvailabilityZone))
		}
		for _, f := range out.Failures {
			zones = append(zones, aws.ToString(f.Reason))
		}
		return zones
	}
	cases := map[string]struct {
		in   sdk.RunTaskInput
		want []string
	}{
		"spread by default": {sdk.RunTaskInput{Count: aws.Int32(2)}, []string{"us-west-2a", "us-west-2b"}},
		"binpack": {
			sdk.RunTaskInput{Count: aws.Int32(2), PlacementStrategy: []types.PlacementStrategy{{Type: types.PlacementStrategyTypeBinpack, Field: aws.String("memory")}}},
			[]string{"us-west-2a", "us-west-2a"},
		},
		"distinct instances": {
			sdk.RunTaskInput{Count: aws.Int32(3), Group: aws.String("g"), PlacementConstraints: []types.PlacementConstraint{{Type: types.PlacementConstraintTypeDistinctInstance}}},
			[]string{"us-west-2a", "us-west-2b", "DISTINCT_INSTANCE"},
		},
		"member of": {
			sdk.RunTaskInput{PlacementConstraints: []types.PlacementConstraint{{
				Type:       types.PlacementConstraintTypeMemberOf,
				Expression: aws.String("attribute:ecs.availability-zone in [us-west-2b, us-west-2c] and not(attribute:ecs.instance-type =~ m5.*)"),
			}}},
			[]string{"us-west-2b"},
		},
		"member of none": {
			sdk.RunTaskInput{PlacementConstraints: []types.PlacementConstraint{{
				Type: types.PlacementConstraintTypeMemberOf, Expression: aws.String("attribute:stack exists || agentConnected == false"),
			}}},
			[]string{"MemberOf placement constraint unsatisfied."},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := stack(t)
			c.define("web", web())
			assert.Equal(t, test.want, placed(t, c, &test.in))
		})
	}
}

func TestBadExpressionIsRefused(t *testing.T) {
	t.Parallel()
	c := stack(t)
	c.define("web", web())
	for _, expression := range []string{"", "attribute:", "memory == 3", "attribute:a ==", "(attribute:a exists", "attribute:a in [x", "attribute:a =~ [", "attribute:a like b", "attribute:a exists attribute:b exists"} {
		t.Run(expression, func(t *testing.T) {
			t.Parallel()
			_, err := c.client.RunTask(t.Context(), &sdk.RunTaskInput{
				Cluster: aws.String("main"), TaskDefinition: aws.String("web"),
				PlacementConstraints: []types.PlacementConstraint{{Type: types.PlacementConstraintTypeMemberOf, Expression: &expression}},
			})
			if expression == "attribute:a ==" {
				require.NoError(t, err, "an empty value can be compared")
				return
			}
			_, message := refusal(t, err)
			assert.Contains(t, message, "Invalid expression")
		})
	}
}

func FuzzExpression(f *testing.F) {
	for _, seed := range []string{"attribute:a == b", "not(a) and (b or c)", "attribute:x in [a,b]", "!!! ( ] =~"} {
		f.Add(seed)
	}
	f.Fuzz(func(_ *testing.T, expression string) { _ = ecs.Parse(expression) })
}

func TestRemainingResources(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.cluster("main")
	arn := c.instance("main", "i-a", "a", "")
	d := web(80)
	d.MemoryReservation = aws.Int32(100)
	d.PortMappings[0].HostPort = aws.Int32(8080)
	c.create(c.define("web", d), 1, nil)
	c.settle()
	out, err := c.client.DescribeContainerInstances(t.Context(), &sdk.DescribeContainerInstancesInput{
		Cluster: aws.String("main"), ContainerInstances: []string{arn},
	})
	require.NoError(t, err)
	i := out.ContainerInstances[0]
	left := map[string]types.Resource{}
	for _, r := range i.RemainingResources {
		left[aws.ToString(r.Name)] = r
	}
	assert.Equal(t, int32(2048-200), left["CPU"].IntegerValue)
	assert.Equal(t, int32(3900-100), left["MEMORY"].IntegerValue, "what is reserved, not the limit")
	assert.Contains(t, left["PORTS"].StringSetValue, "8080")
	assert.Equal(t, int32(1), i.RunningTasksCount)
	assert.True(t, i.AgentConnected)
}

func TestDaemonRunsOnEveryInstance(t *testing.T) {
	t.Parallel()
	c := stack(t)
	_, err := c.client.CreateService(t.Context(), &sdk.CreateServiceInput{
		Cluster: aws.String("main"), ServiceName: aws.String("web"), TaskDefinition: aws.String(c.define("web", web())),
		SchedulingStrategy: types.SchedulingStrategyDaemon,
	})
	require.NoError(t, err)
	c.settle()
	assert.Len(t, c.tasks(types.DesiredStatusRunning), 2)
	third := c.instance("main", "i-c", "c", "")
	c.settle()
	assert.Len(t, c.tasks(types.DesiredStatusRunning), 3)
	assert.Equal(t, int32(3), c.describe().Deployments[0].DesiredCount)
	assert.Equal(t, int32(3), c.describe().DesiredCount, "the service says as many as its deployment")

	c.update(&sdk.UpdateServiceInput{TaskDefinition: aws.String(c.define("web", web()))})
	c.settle()
	for _, task := range c.tasks(types.DesiredStatusRunning) {
		assert.Contains(t, aws.ToString(task.TaskDefinitionArn), "web:2")
	}
	_, err = c.client.UpdateContainerInstancesState(t.Context(), &sdk.UpdateContainerInstancesStateInput{
		Cluster: aws.String("main"), ContainerInstances: []string{third}, Status: types.ContainerInstanceStatusDraining,
	})
	require.NoError(t, err)
	c.settle()
	assert.Len(t, c.tasks(types.DesiredStatusRunning), 2)
}

func TestDaemonsStayAboveTheMinimum(t *testing.T) {
	t.Parallel()
	c := stack(t)
	c.instance("main", "i-c", "c", "")
	d := web()
	d.HealthCheck = &types.HealthCheck{Command: []string{"CMD-SHELL", "true"}}
	_, err := c.client.CreateService(t.Context(), &sdk.CreateServiceInput{
		Cluster: aws.String("main"), ServiceName: aws.String("web"), TaskDefinition: aws.String(c.define("web", d)),
		SchedulingStrategy:      types.SchedulingStrategyDaemon,
		DeploymentConfiguration: &types.DeploymentConfiguration{MinimumHealthyPercent: aws.Int32(50)},
	})
	require.NoError(t, err)
	c.settle()
	c.sick["worse"] = true
	c.update(&sdk.UpdateServiceInput{TaskDefinition: aws.String(c.define("worse", d))})
	c.settle()
	stay := 0
	for _, task := range c.tasks(types.DesiredStatusRunning) {
		if strings.Contains(aws.ToString(task.TaskDefinitionArn), "/web:") {
			stay++
		}
	}
	assert.Equal(t, 2, stay, "half of three, rounded up")
}

func TestDrainingInstanceLosesItsTasksOneHealthySuccessorAtATime(t *testing.T) {
	t.Parallel()
	c := stack(t)
	tg := c.elb.add("one")
	c.create(c.define("web", web(80)), 1, func(in *sdk.CreateServiceInput) { in.LoadBalancers = []types.LoadBalancer{lb(tg, 80)} })
	c.settle()
	c.elb.initial = "initial"
	arn := aws.ToString(c.tasks(types.DesiredStatusRunning)[0].ContainerInstanceArn)
	_, err := c.client.UpdateContainerInstancesState(t.Context(), &sdk.UpdateContainerInstancesStateInput{
		Cluster: aws.String("main"), ContainerInstances: []string{arn}, Status: types.ContainerInstanceStatusDraining,
	})
	require.NoError(t, err)
	c.settle()
	assert.Equal(t, 1, c.elb.count(tg, "healthy"))
	assert.Len(t, c.tasks(types.DesiredStatusRunning), 2)
	c.elb.set(tg, "initial", "healthy")
	c.settle()
	c.drained()
	tasks := c.tasks(types.DesiredStatusRunning)
	require.Len(t, tasks, 1)
	assert.NotEqual(t, arn, aws.ToString(tasks[0].ContainerInstanceArn))
}
