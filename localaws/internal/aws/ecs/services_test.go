package ecs_test

import (
	"fmt"
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

// stack is a cluster main with two instances in two zones.
func stack(t *testing.T) *cloud {
	t.Helper()
	c := newCloud(t)
	c.cluster("main")
	c.instance("main", "i-a", "a", "")
	c.instance("main", "i-b", "b", "")
	return c
}

func TestServiceReachesSteadyState(t *testing.T) {
	t.Parallel()
	c := stack(t)
	one, two := c.elb.add("one"), c.elb.add("two")
	c.elb.initial = "initial"
	c.create(c.define("web", web(80, 8081)), 2, func(in *sdk.CreateServiceInput) {
		in.LoadBalancers = []types.LoadBalancer{lb(one, 80), lb(two, 8081)}
	})
	c.settle()
	assert.Equal(t, int32(2), c.describe().RunningCount)
	assert.Equal(t, types.DeploymentRolloutStateInProgress, c.describe().Deployments[0].RolloutState)

	c.elb.set(one, "initial", "healthy")
	c.settle()
	assert.Equal(t, types.DeploymentRolloutStateInProgress, c.describe().Deployments[0].RolloutState,
		"a task counts when it is healthy in every target group")

	c.elb.set(two, "initial", "healthy")
	c.settle()
	svc := c.describe()
	assert.Equal(t, types.DeploymentRolloutStateCompleted, svc.Deployments[0].RolloutState)
	assert.Equal(t, "ECS deployment "+aws.ToString(svc.Deployments[0].Id)+" completed.", aws.ToString(svc.Deployments[0].RolloutStateReason))
	assert.Regexp(t, `^ecs-svc/\d{19}$`, aws.ToString(svc.Deployments[0].Id))
	assert.Nil(t, svc.NetworkConfiguration, "a networkConfiguration kills provider 5.100.0")
	assert.Equal(t, types.LaunchTypeEc2, svc.LaunchType)

	tasks := c.tasks(types.DesiredStatusRunning)
	require.Len(t, tasks, 2)
	assert.NotEqual(t, tasks[0].AvailabilityZone, tasks[1].AvailabilityZone, "spread over zones")
	ids := []string{id(tasks[0]), id(tasks[1])}
	messages := c.messages()
	assert.Contains(t, []string{
		"(service web) has started 2 tasks: (task " + ids[0] + ") (task " + ids[1] + ").",
		"(service web) has started 2 tasks: (task " + ids[1] + ") (task " + ids[0] + ").",
	}, messages[0])
	assert.Contains(t, messages, "(service web) registered 1 targets in (target-group "+two+")")
	assert.Equal(t, "(service web) has reached a steady state.", messages[len(messages)-1])
	assert.Contains(t, c.events.names, "ECS Deployment State Change: SERVICE_DEPLOYMENT_COMPLETED")
	assert.Contains(t, c.events.names, "ECS Service Action: SERVICE_STEADY_STATE")
	assert.Contains(t, c.events.names, "ECS Task State Change: RUNNING")
}

// What a service was not given must not change by itself: provider 5.100.0
// would replace it or show a difference for ever.
func TestServiceKeepsWhatItWasGiven(t *testing.T) {
	t.Parallel()
	c := stack(t)
	c.create(c.define("web", web(80)), 1, nil)
	svc := c.describe()
	assert.Equal(t, types.AvailabilityZoneRebalancingDisabled, svc.AvailabilityZoneRebalancing)
	assert.Equal(t, types.SchedulingStrategyReplica, svc.SchedulingStrategy)
	require.NotNil(t, svc.DeploymentConfiguration)
	assert.Equal(t, types.DeploymentStrategyRolling, svc.DeploymentConfiguration.Strategy)
	c.update(&sdk.UpdateServiceInput{AvailabilityZoneRebalancing: types.AvailabilityZoneRebalancingEnabled})
	c.update(&sdk.UpdateServiceInput{DesiredCount: aws.Int32(2)})
	assert.Equal(t, types.AvailabilityZoneRebalancingEnabled, c.describe().AvailabilityZoneRebalancing)
	assert.Equal(t, int32(2), c.describe().DesiredCount)
}

func id(task types.Task) string {
	arn := aws.ToString(task.TaskArn)
	return arn[len(arn)-32:]
}

func TestRollingUpdateNeverDropsBelowOneHealthyTask(t *testing.T) {
	t.Parallel()
	c := stack(t)
	tg := c.elb.add("one")
	c.create(c.define("web", web(80)), 1, func(in *sdk.CreateServiceInput) { in.LoadBalancers = []types.LoadBalancer{lb(tg, 80)} })
	c.settle()
	before := c.tasks(types.DesiredStatusRunning)[0]

	c.elb.initial = "initial"
	c.update(&sdk.UpdateServiceInput{TaskDefinition: aws.String(c.define("web", web(80)))})
	c.settle()
	assert.Equal(t, 1, c.elb.count(tg, "healthy"), "the old task stays until the new one is healthy")
	assert.Equal(t, 1, c.elb.count(tg, "initial"))
	svc := c.describe()
	require.Len(t, svc.Deployments, 2)
	assert.Equal(t, []string{"PRIMARY", "ACTIVE"}, []string{aws.ToString(svc.Deployments[0].Status), aws.ToString(svc.Deployments[1].Status)})

	c.elb.set(tg, "initial", "healthy")
	c.settle()
	assert.Equal(t, 1, c.elb.count(tg, "draining"))
	stopping := c.tasks(types.DesiredStatusStopped)
	require.Len(t, stopping, 1)
	assert.Equal(t, "DEACTIVATING", aws.ToString(stopping[0].LastStatus), "it runs on while its targets drain")
	assert.Len(t, c.describe().Deployments, 2)

	c.drained()
	svc = c.describe()
	require.Len(t, svc.Deployments, 1)
	assert.Equal(t, types.DeploymentRolloutStateCompleted, svc.Deployments[0].RolloutState)
	gone := c.tasks(types.DesiredStatusStopped)[0]
	assert.Equal(t, before.TaskArn, gone.TaskArn)
	assert.Equal(t, "STOPPED", aws.ToString(gone.LastStatus))
	assert.Equal(t, types.TaskStopCodeServiceSchedulerInitiated, gone.StopCode)
	assert.Equal(t, "Scaling activity initiated by (deployment "+aws.ToString(svc.Deployments[0].Id)+")", aws.ToString(gone.StoppedReason))
	messages := c.messages()
	assert.Subset(t, messages, []string{
		"(service web) has begun draining connections on 1 tasks.",
		"(service web) deregistered 1 targets in (target-group " + tg + ")",
		"(service web) has stopped 1 running tasks: (task " + id(before) + ").",
	})
	assert.Equal(t, []string{"register 32768", "register 32769", "deregister 32768"}, c.elb.order)
}

func TestLoadBalancersChangeInPlace(t *testing.T) {
	t.Parallel()
	c := stack(t)
	one, two := c.elb.add("one"), c.elb.add("two")
	c.create(c.define("web", web(80, 81)), 1, func(in *sdk.CreateServiceInput) { in.LoadBalancers = []types.LoadBalancer{lb(one, 80)} })
	c.settle()
	created := c.describe()

	c.update(&sdk.UpdateServiceInput{LoadBalancers: []types.LoadBalancer{lb(one, 80), lb(two, 81)}})
	c.settle()
	c.drained()
	svc := c.describe()
	assert.Equal(t, created.ServiceArn, svc.ServiceArn)
	assert.Equal(t, created.CreatedAt, svc.CreatedAt)
	assert.NotEqual(t, created.Deployments[0].Id, svc.Deployments[0].Id)
	assert.Equal(t, 1, c.elb.count(one, "healthy"))
	assert.Equal(t, 1, c.elb.count(two, "healthy"))

	// The target group goes while the old task still serves: that must not
	// count against it before its successor is healthy.
	c.elb.initial = "initial"
	c.update(&sdk.UpdateServiceInput{LoadBalancers: []types.LoadBalancer{lb(one, 80)}})
	c.settle()
	delete(c.elb.groups, two)
	delete(c.elb.targets, two)
	c.settle()
	assert.Equal(t, 1, c.elb.count(one, "healthy"))
	c.elb.set(one, "initial", "healthy")
	c.settle()
	c.drained()
	assert.Len(t, c.describe().LoadBalancers, 1)
	assert.Equal(t, types.DeploymentRolloutStateCompleted, c.describe().Deployments[0].RolloutState)
	assert.Len(t, c.tasks(types.DesiredStatusRunning), 1)
}

func TestTwoPortsOfATaskInOneTargetGroup(t *testing.T) {
	t.Parallel()
	c := stack(t)
	tg := c.elb.add("one")
	c.create(c.define("web", web(80, 81)), 1, func(in *sdk.CreateServiceInput) {
		in.LoadBalancers = []types.LoadBalancer{lb(tg, 80), lb(tg, 81)}
	})
	c.settle()
	assert.Equal(t, 2, c.elb.count(tg, "healthy"))
	c.update(&sdk.UpdateServiceInput{DesiredCount: aws.Int32(0)})
	c.settle()
	assert.Equal(t, 2, c.elb.count(tg, "draining"))
	assert.Contains(t, c.messages(), "(service web) deregistered 2 targets in (target-group "+tg+")")
}

func TestUnhealthyTaskIsReplaced(t *testing.T) {
	t.Parallel()
	c := stack(t)
	tg := c.elb.add("one")
	c.elb.initial = "unhealthy"
	c.create(c.define("web", web(80)), 1, func(in *sdk.CreateServiceInput) {
		in.LoadBalancers = []types.LoadBalancer{lb(tg, 80)}
		in.HealthCheckGracePeriodSeconds = aws.Int32(60)
	})
	c.settle()
	first := c.tasks(types.DesiredStatusRunning)[0]
	assert.Contains(t, c.messages(), "(service web) (task "+id(first)+") (instance i-a) (port 32768) is unhealthy in (target-group one) due to (reason Health checks failed)")
	c.pass(59*time.Second, 59*time.Second)
	assert.Empty(t, c.tasks(types.DesiredStatusStopped), "the grace period is not over")

	c.elb.initial = "healthy"
	c.pass(2*time.Second, time.Second)
	c.drained()
	gone := c.tasks(types.DesiredStatusStopped)
	require.Len(t, gone, 1)
	assert.Equal(t, "Task failed ELB health checks in (target-group "+tg+")", aws.ToString(gone[0].StoppedReason))
	assert.Len(t, c.tasks(types.DesiredStatusRunning), 1)
	assert.Contains(t, c.messages(), "(service web) has reached a steady state.")
}

func TestTaskThatWasHealthyStaysUntilItsSuccessorIs(t *testing.T) {
	t.Parallel()
	c := stack(t)
	tg := c.elb.add("one")
	c.create(c.define("web", web(80)), 1, func(in *sdk.CreateServiceInput) { in.LoadBalancers = []types.LoadBalancer{lb(tg, 80)} })
	c.settle()
	c.elb.initial = "initial"
	c.elb.set(tg, "healthy", "unhealthy")
	c.pass(30*time.Second, 10*time.Second)
	assert.Len(t, c.tasks(types.DesiredStatusRunning), 2)
	c.elb.set(tg, "initial", "healthy")
	c.settle()
	c.drained()
	assert.Len(t, c.tasks(types.DesiredStatusRunning), 1)
	assert.Equal(t, "Task failed ELB health checks in (target-group "+tg+")", aws.ToString(c.tasks(types.DesiredStatusStopped)[0].StoppedReason))
}

func TestTargetIsCalledUnhealthyEachTime(t *testing.T) {
	t.Parallel()
	c := stack(t)
	tg := c.elb.add("one")
	c.create(c.define("web", web(80)), 1, func(in *sdk.CreateServiceInput) {
		in.LoadBalancers = []types.LoadBalancer{lb(tg, 80)}
		in.HealthCheckGracePeriodSeconds = aws.Int32(600)
	})
	c.settle()
	said := func() (times int) {
		for _, message := range c.messages() {
			if strings.Contains(message, "is unhealthy in (target-group one)") {
				times++
			}
		}
		return times
	}
	for want := 1; want <= 2; want++ {
		c.elb.set(tg, "healthy", "unhealthy")
		c.pass(time.Minute, 30*time.Second)
		assert.Equal(t, want, said())
		c.elb.set(tg, "unhealthy", "healthy")
		c.settle()
	}
}

func TestContainerHealthCheckFails(t *testing.T) {
	t.Parallel()
	c := stack(t)
	d := web(80)
	d.HealthCheck = &types.HealthCheck{Command: []string{"CMD-SHELL", "exit 1"}}
	c.sick["web"] = true
	c.create(c.define("web", d), 1, nil)
	c.settle()
	assert.Equal(t, "Task failed container health checks", aws.ToString(c.tasks(types.DesiredStatusStopped)[0].StoppedReason))
}

func TestCircuitBreakerRollsBack(t *testing.T) {
	t.Parallel()
	c := stack(t)
	good := c.define("good", web(80))
	breaker := &types.DeploymentConfiguration{DeploymentCircuitBreaker: &types.DeploymentCircuitBreaker{Enable: true, Rollback: true}}
	c.create(good, 1, func(in *sdk.CreateServiceInput) { in.DeploymentConfiguration = breaker })
	c.settle()
	first := c.describe().Deployments[0]
	before := c.tasks(types.DesiredStatusRunning)[0]

	c.crash["bad"] = true
	c.update(&sdk.UpdateServiceInput{TaskDefinition: aws.String(c.define("bad", web(80)))})
	c.settle()
	failing := c.describe().Deployments[0]
	assert.Equal(t, int32(2), failing.FailedTasks, "the first failure is followed by another try at once")
	c.pass(35*time.Second, 5*time.Second)

	assert.Equal(t, []ecs.Trouble{{
		Cluster: "main", Service: "web", Failed: 3, RolledBack: true, Reason: "Essential container in task exited (container web exited with code 1)",
	}}, c.troubles())
	svc := c.describe()
	require.Len(t, svc.Deployments, 1)
	assert.Equal(t, first.Id, svc.Deployments[0].Id)
	assert.Equal(t, good, aws.ToString(svc.TaskDefinition))
	assert.Equal(t, types.DeploymentRolloutStateCompleted, svc.Deployments[0].RolloutState)
	assert.Equal(t, before.TaskArn, c.tasks(types.DesiredStatusRunning)[0].TaskArn, "the task that served all along stays")
	assert.Subset(t, c.messages(), []string{
		"(service web) (deployment " + aws.ToString(failing.Id) + ") deployment failed: tasks failed to start.",
		"(service web) rolling back to deployment " + aws.ToString(first.Id) + ".",
	})
	assert.Contains(t, c.events.names, "ECS Deployment State Change: SERVICE_DEPLOYMENT_FAILED")

	list, err := c.client.ListServiceDeployments(t.Context(), &sdk.ListServiceDeploymentsInput{Cluster: aws.String("main"), Service: aws.String("web")})
	require.NoError(t, err)
	require.Len(t, list.ServiceDeployments, 2)
	assert.Equal(t, types.ServiceDeploymentStatusRollbackSuccessful, list.ServiceDeployments[0].Status)
	out, err := c.client.DescribeServiceDeployments(t.Context(), &sdk.DescribeServiceDeploymentsInput{
		ServiceDeploymentArns: []string{aws.ToString(list.ServiceDeployments[0].ServiceDeploymentArn)},
	})
	require.NoError(t, err)
	d := out.ServiceDeployments[0]
	assert.Equal(t, types.ServiceDeploymentRollbackMonitorsStatusTriggered, d.DeploymentCircuitBreaker.Status)
	assert.Equal(t, int32(3), d.DeploymentCircuitBreaker.Threshold)
	assert.Equal(t, "ECS deployment circuit breaker: tasks failed to start.", aws.ToString(d.StatusReason))

	c.update(&sdk.UpdateServiceInput{ForceNewDeployment: true})
	c.pass(time.Minute, 5*time.Second)
	assert.Empty(t, c.troubles(), "a newer deployment went well")
}

func TestCircuitBreakersThreshold(t *testing.T) {
	t.Parallel()
	for desired, want := range map[int32]int32{1: 3, 6: 3, 7: 4, 25: 13, 399: 200, 1000: 200} {
		t.Run(fmt.Sprintf("%d tasks", desired), func(t *testing.T) {
			t.Parallel()
			c := newCloud(t)
			c.cluster("main")
			c.create(c.define("web", web(80)), desired, nil)
			out, err := c.client.DescribeServiceDeployments(t.Context(), &sdk.DescribeServiceDeploymentsInput{
				ServiceDeploymentArns: []string{aws.ToString(c.describe().CurrentServiceDeployment)},
			})
			require.NoError(t, err)
			assert.Equal(t, want, out.ServiceDeployments[0].DeploymentCircuitBreaker.Threshold)
		})
	}
}

func TestCircuitBreakerWithoutRollbackStopsStarting(t *testing.T) {
	t.Parallel()
	c := stack(t)
	c.crash["bad"] = true
	c.create(c.define("bad", web(80)), 1, func(in *sdk.CreateServiceInput) {
		in.DeploymentConfiguration = &types.DeploymentConfiguration{DeploymentCircuitBreaker: &types.DeploymentCircuitBreaker{Enable: true, Rollback: true}}
	})
	c.pass(time.Hour, time.Minute)
	d := c.describe().Deployments[0]
	assert.Equal(t, types.DeploymentRolloutStateFailed, d.RolloutState)
	assert.Equal(t, "ECS deployment circuit breaker: tasks failed to start.", aws.ToString(d.RolloutStateReason))
	assert.Equal(t, int32(3), d.FailedTasks)
	assert.Len(t, c.tasks(types.DesiredStatusStopped), 3)
}

func TestFailingTasksStartSlower(t *testing.T) {
	t.Parallel()
	c := stack(t)
	c.crash["bad"] = true
	c.create(c.define("bad", web(80)), 1, nil)
	c.pass(10*time.Minute, 5*time.Second)
	stopped := c.tasks(types.DesiredStatusStopped)
	assert.Less(t, len(stopped), 10, "each failure delays the next start more")
	assert.Equal(t, []ecs.Trouble{{
		Cluster: "main", Service: "web", Failed: len(stopped), Reason: "Essential container in task exited (container web exited with code 1)",
	}}, c.troubles())
	assert.Equal(t, "Essential container in task exited", aws.ToString(stopped[0].StoppedReason))
	assert.Equal(t, types.TaskStopCodeEssentialContainerExited, stopped[0].StopCode)
	assert.Equal(t, int32(1), aws.ToInt32(stopped[0].Containers[0].ExitCode))
	assert.Contains(t, c.messages(), "(service web) is unable to consistently start tasks successfully. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.")
}

func TestScaleInKeepsZonesEven(t *testing.T) {
	t.Parallel()
	c := stack(t)
	c.create(c.define("web", web(80)), 4, nil)
	c.settle()
	c.update(&sdk.UpdateServiceInput{DesiredCount: aws.Int32(2)})
	c.settle()
	tasks := c.tasks(types.DesiredStatusRunning)
	require.Len(t, tasks, 2)
	assert.NotEqual(t, tasks[0].AvailabilityZone, tasks[1].AvailabilityZone)
}

func TestDeleteService(t *testing.T) {
	t.Parallel()
	c := stack(t)
	tg := c.elb.add("one")
	c.create(c.define("web", web(80)), 1, func(in *sdk.CreateServiceInput) { in.LoadBalancers = []types.LoadBalancer{lb(tg, 80)} })
	c.settle()
	in := &sdk.DeleteServiceInput{Cluster: aws.String("main"), Service: aws.String("web")}
	_, err := c.client.DeleteService(t.Context(), in)
	code, message := refusal(t, err)
	assert.Equal(t, "InvalidParameterException", code)
	assert.Equal(t, "The service cannot be stopped while it is scaled above 0.", message)

	in.Force = aws.Bool(true)
	_, err = c.client.DeleteService(t.Context(), in)
	require.NoError(t, err)
	c.settle()
	assert.Equal(t, "DRAINING", aws.ToString(c.describe().Status), "until the last task has stopped")
	_, err = c.client.DeleteCluster(t.Context(), &sdk.DeleteClusterInput{Cluster: aws.String("main")})
	code, _ = refusal(t, err)
	assert.Equal(t, "ClusterContainsContainerInstancesException", code)
	c.drained()
	assert.Equal(t, "INACTIVE", aws.ToString(c.describe().Status))

	_, err = c.client.DeleteService(t.Context(), in)
	code, _ = refusal(t, err)
	assert.Equal(t, "ServiceNotFoundException", code)
	c.create(c.define("web", web(80)), 1, nil) // the name is free again
}

func TestDisconnectedAgentKeepsServiceDraining(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.cluster("main")
	instance := c.instance("main", "i-a", "a", "")
	c.create(c.define("web", web(80)), 1, nil)
	c.settle()
	c.account.Do(func() { c.service.SetAgentConnected(instance, false) })
	_, err := c.client.DeleteService(t.Context(), &sdk.DeleteServiceInput{Cluster: aws.String("main"), Service: aws.String("web"), Force: aws.Bool(true)})
	require.NoError(t, err)
	c.pass(time.Hour, 10*time.Minute)
	assert.Equal(t, "DRAINING", aws.ToString(c.describe().Status))

	c.machines["i-a"] = terminated(c.machines["i-a"])
	c.settle()
	assert.Equal(t, "INACTIVE", aws.ToString(c.describe().Status))
}
