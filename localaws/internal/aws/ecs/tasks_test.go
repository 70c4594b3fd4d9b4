package ecs_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ecs"
)

func TestRunAndStopTask(t *testing.T) {
	t.Parallel()
	c := stack(t)
	out, err := c.client.RunTask(t.Context(), &sdk.RunTaskInput{
		Cluster: aws.String("main"), TaskDefinition: aws.String(c.define("web", web(80))), StartedBy: aws.String("me"),
		Overrides: &types.TaskOverride{ContainerOverrides: []types.ContainerOverride{{
			Name: aws.String("web"), Command: []string{"true"}, Environment: []types.KeyValuePair{{Name: aws.String("A"), Value: aws.String("2")}},
		}}},
		Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}},
	})
	require.NoError(t, err)
	require.Len(t, out.Tasks, 1)
	assert.Equal(t, "PENDING", aws.ToString(out.Tasks[0].LastStatus))

	c.account.Do(func() {
		a := c.service.Assignments(aws.ToString(out.Tasks[0].ContainerInstanceArn))
		require.Len(t, a, 1)
		assert.Equal(t, []string{"true"}, a[0].Containers[0].Command)
		assert.Equal(t, "A", aws.ToString(a[0].Containers[0].Environment[0].Name))
		assert.Equal(t, []string{"main", "web", ""}, []string{a[0].ClusterName, a[0].Family, a[0].ServiceName})
	})
	c.settle()
	task := c.tasks(types.DesiredStatusRunning)[0]
	assert.Equal(t, "family:web", aws.ToString(task.Group))
	assert.Equal(t, []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}, task.Tags)
	require.Len(t, task.Containers[0].NetworkBindings, 1)
	assert.Equal(t, int32(32768), aws.ToInt32(task.Containers[0].NetworkBindings[0].HostPort))

	_, err = c.client.StopTask(t.Context(), &sdk.StopTaskInput{Cluster: aws.String("main"), Task: task.TaskArn, Reason: aws.String("enough")})
	require.NoError(t, err)
	c.settle()
	gone := c.tasks(types.DesiredStatusStopped)[0]
	assert.Equal(t, "STOPPED", aws.ToString(gone.LastStatus))
	assert.Equal(t, types.TaskStopCodeUserInitiated, gone.StopCode)
	assert.Equal(t, "enough", aws.ToString(gone.StoppedReason))
	assert.Equal(t, int32(143), aws.ToInt32(gone.Containers[0].ExitCode))
	assert.Contains(t, c.events.names, "ECS Task State Change: STOPPING")
}

func TestRunTaskFailures(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.cluster("main")
	d := web()
	d.Memory = aws.Int32(5000)
	in := &sdk.RunTaskInput{Cluster: aws.String("main"), TaskDefinition: aws.String(c.define("web", d))}
	out, err := c.client.RunTask(t.Context(), in)
	require.NoError(t, err)
	assert.Equal(t, "No Container Instances were found in your cluster.", aws.ToString(out.Failures[0].Reason))
	arn := c.instance("main", "i-a", "a", "")
	out, err = c.client.RunTask(t.Context(), in)
	require.NoError(t, err)
	assert.Equal(t, "RESOURCE:MEMORY", aws.ToString(out.Failures[0].Reason))
	assert.Equal(t, arn, aws.ToString(out.Failures[0].Arn))
	c.account.Do(func() { c.service.SetAgentConnected(arn, false) })
	out, err = c.client.RunTask(t.Context(), in)
	require.NoError(t, err)
	assert.Equal(t, "AGENT", aws.ToString(out.Failures[0].Reason))
}

func TestInstanceThatIsTerminatedTakesItsTasksAlong(t *testing.T) {
	t.Parallel()
	c := stack(t)
	tg := c.elb.add("one")
	c.create(c.define("web", web(80)), 2, func(in *sdk.CreateServiceInput) { in.LoadBalancers = []types.LoadBalancer{lb(tg, 80)} })
	c.settle()
	c.machines["i-a"] = terminated(c.machines["i-a"])
	c.settle()
	gone := c.tasks(types.DesiredStatusStopped)
	require.Len(t, gone, 1)
	assert.Equal(t, "Host EC2 (instance i-a) terminated.", aws.ToString(gone[0].StoppedReason))
	assert.Equal(t, types.TaskStopCodeTerminationNotice, gone[0].StopCode)
	c.pass(20*time.Second, 10*time.Second)
	assert.Len(t, c.tasks(types.DesiredStatusRunning), 2)
	list, err := c.client.ListContainerInstances(t.Context(), &sdk.ListContainerInstancesInput{Cluster: aws.String("main")})
	require.NoError(t, err)
	assert.Len(t, list.ContainerInstanceArns, 1)
}

func TestRoleThatECSMayNotAssume(t *testing.T) {
	t.Parallel()
	c := stack(t)
	const role = "arn:aws:iam::123456789012:role/execution"
	c.roles[role] = true
	_, err := c.client.RegisterTaskDefinition(t.Context(), &sdk.RegisterTaskDefinitionInput{
		Family: aws.String("web"), ContainerDefinitions: []types.ContainerDefinition{web(80)}, ExecutionRoleArn: aws.String(role),
	})
	require.NoError(t, err)
	c.create("web", 1, nil)
	c.settle()
	assert.Contains(t, c.messages()[0], "(service web) failed to launch a task with (error ECS was unable to assume the role '"+role+"' that was provided for this task.")
	delete(c.roles, role)
	c.pass(20*time.Second, 10*time.Second)
	assert.Len(t, c.tasks(types.DesiredStatusRunning), 1)
}

func TestTaskProtectionKeepsATask(t *testing.T) {
	t.Parallel()
	c := stack(t)
	c.create(c.define("web", web(80)), 2, nil)
	c.settle()
	protected := c.tasks(types.DesiredStatusRunning)[1]
	_, err := c.client.UpdateTaskProtection(t.Context(), &sdk.UpdateTaskProtectionInput{
		Cluster: aws.String("main"), Tasks: []string{aws.ToString(protected.TaskArn)}, ProtectionEnabled: true, ExpiresInMinutes: aws.Int32(10),
	})
	require.NoError(t, err)
	c.update(&sdk.UpdateServiceInput{DesiredCount: aws.Int32(1)})
	c.settle()
	assert.Equal(t, protected.TaskArn, c.tasks(types.DesiredStatusRunning)[0].TaskArn)

	c.update(&sdk.UpdateServiceInput{DesiredCount: aws.Int32(0)})
	c.settle()
	assert.Len(t, c.tasks(types.DesiredStatusRunning), 1, "no other is left to stop")
	c.pass(11*time.Minute, time.Minute)
	assert.Empty(t, c.tasks(types.DesiredStatusRunning), "its protection is over")
}

func TestUtilizationIsWhatAgentsReport(t *testing.T) {
	t.Parallel()
	c := stack(t)
	c.create(c.define("web", web(80)), 1, nil)
	c.settle()
	c.pass(time.Minute, time.Minute)
	_, known := c.metrics.last("CPUUtilization")
	assert.False(t, known, "nothing is invented")
	arn := aws.ToString(c.tasks(types.DesiredStatusRunning)[0].TaskArn)
	c.account.Do(func() { c.service.ReportUsage(arn, 50, 64) })
	c.pass(time.Minute, time.Minute)
	value, _ := c.metrics.last("CPUUtilization")
	assert.InDelta(t, 25, value, 0.01)
	value, _ = c.metrics.last("MemoryUtilization")
	assert.InDelta(t, 50, value, 0.01)
	c.pass(3*time.Minute, time.Minute)
	c.metrics.points = nil
	c.pass(3*time.Minute, time.Minute)
	_, known = c.metrics.last("CPUUtilization")
	assert.False(t, known, "an agent that has fallen silent is not believed for ever")
	value, _ = c.metrics.last("CPUReservation")
	assert.InDelta(t, 100*200/4096.0, value, 0.01)
}

func TestRestartKeepsEverything(t *testing.T) {
	t.Parallel()
	c := stack(t)
	tg := c.elb.add("one")
	c.create(c.define("web", web(80)), 1, func(in *sdk.CreateServiceInput) {
		in.LoadBalancers = []types.LoadBalancer{lb(tg, 80)}
		in.Tags = []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}
	})
	c.settle()
	c.elb.initial = "initial"
	c.update(&sdk.UpdateServiceInput{TaskDefinition: aws.String(c.define("web", web(80)))})
	c.settle()
	before, tasks := c.describe(), c.tasks(types.DesiredStatusRunning)

	c.restart()
	assert.Equal(t, before, c.describe())
	assert.Equal(t, tasks, c.tasks(types.DesiredStatusRunning))
	c.settle()
	assert.Equal(t, before, c.describe(), "nothing moves because of a restart")

	c.elb.set(tg, "initial", "healthy")
	c.settle()
	c.drained()
	assert.Equal(t, types.DeploymentRolloutStateCompleted, c.describe().Deployments[0].RolloutState)
	list, err := c.client.ListServiceDeployments(t.Context(), &sdk.ListServiceDeploymentsInput{Cluster: aws.String("main"), Service: aws.String("web")})
	require.NoError(t, err)
	assert.Equal(t, types.ServiceDeploymentStatusSuccessful, list.ServiceDeployments[0].Status, "deployments and their history are one")
}

func TestRestartForgivesHealthUntilContainersAreBack(t *testing.T) {
	t.Parallel()
	c := stack(t)
	tg := c.elb.add("one")
	c.create(c.define("web", web(80)), 1, func(in *sdk.CreateServiceInput) { in.LoadBalancers = []types.LoadBalancer{lb(tg, 80)} })
	c.settle()
	before := c.tasks(types.DesiredStatusRunning)[0]
	c.restart()
	c.settle()
	c.elb.set(tg, "healthy", "unhealthy") // health checks come before the agent
	c.pass(time.Hour, 10*time.Minute)
	assert.Len(t, c.tasks(types.DesiredStatusRunning), 1)

	c.account.Do(func() {
		a := c.service.Assignments(aws.ToString(before.ContainerInstanceArn))
		require.Len(t, a, 1)
		assert.Equal(t, int32(32768), aws.ToInt32(a[0].Bindings["web"][0].HostPort))
		c.report(a[0], "PENDING", "", nil)
		c.report(a[0], "RUNNING", "", nil)
	})
	c.elb.set(tg, "unhealthy", "healthy")
	c.settle()
	assert.Equal(t, before.TaskArn, c.tasks(types.DesiredStatusRunning)[0].TaskArn)
	assert.Equal(t, before.Containers[0].NetworkBindings, c.tasks(types.DesiredStatusRunning)[0].Containers[0].NetworkBindings)

	c.elb.initial = "initial"
	c.elb.set(tg, "healthy", "unhealthy")
	c.settle()
	assert.Len(t, c.tasks(types.DesiredStatusRunning), 2, "once it was healthy again, its health counts")
}

func TestHostPortOfADeadContainerCanBeTaken(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.cluster("main")
	c.instance("main", "i-a", "a", "")
	tg := c.elb.add("one")
	c.create(c.define("web", web(80)), 1, func(in *sdk.CreateServiceInput) { in.LoadBalancers = []types.LoadBalancer{lb(tg, 80)} })
	c.settle()
	c.port = 32767 // the next task gets the same port
	c.elb.set(tg, "healthy", "unhealthy")
	c.elb.initial = "healthy"
	c.settle()
	assert.Equal(t, 1, c.elb.count(tg, "healthy"), "the successor's target stays: %v", c.elb.order)
}

func TestRunWorksByItself(t *testing.T) {
	t.Parallel()
	c := stack(t)
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { c.service.Run(ctx) })
	c.create(c.define("web", web(80)), 1, nil)
	require.Eventually(t, func() bool {
		c.agents()
		return c.describe().RunningCount == 1
	}, 10*time.Second, 2*time.Millisecond)
	stop()
	running.Wait()
}

func TestRegisterTwiceIsOneInstance(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.cluster("main")
	first := c.instance("main", "i-a", "a", "")
	assert.Equal(t, first, c.instance("main", "i-a", "a", ""))
	c.account.Do(func() {
		_, err := c.service.Register(ecs.Registration{Cluster: "other", EC2InstanceID: "i-a"})
		require.ErrorContains(t, err, "Cluster not found.")
	})
}

func TestSteadyStateAsProvider6Asks(t *testing.T) {
	t.Parallel()
	c := stack(t)
	tg := c.elb.add("one")
	c.elb.initial = "initial"
	before := c.clock.Now()
	c.clock.Advance(time.Second)
	c.create(c.define("web", web(80)), 1, func(in *sdk.CreateServiceInput) { in.LoadBalancers = []types.LoadBalancer{lb(tg, 80)} })
	c.settle()
	svc := c.describe()
	assert.Equal(t, types.DeploymentControllerTypeEcs, svc.DeploymentController.Type)
	list, err := c.client.ListServiceDeployments(t.Context(), &sdk.ListServiceDeploymentsInput{
		Cluster: aws.String("main"), Service: aws.String("web"), CreatedAt: &types.CreatedAt{After: &before},
	})
	require.NoError(t, err)
	require.Len(t, list.ServiceDeployments, 1)
	brief := list.ServiceDeployments[0]
	number := aws.ToString(svc.Deployments[0].Id)[len("ecs-svc/"):]
	assert.Contains(t, aws.ToString(brief.TargetServiceRevisionArn), number)
	assert.Equal(t, types.ServiceDeploymentStatusInProgress, brief.Status)
	c.elb.set(tg, "initial", "healthy")
	c.settle()
	out, err := c.client.DescribeServiceDeployments(t.Context(), &sdk.DescribeServiceDeploymentsInput{ServiceDeploymentArns: []string{aws.ToString(brief.ServiceDeploymentArn)}})
	require.NoError(t, err)
	assert.Equal(t, types.ServiceDeploymentStatusSuccessful, out.ServiceDeployments[0].Status)
	assert.Equal(t, int32(1), out.ServiceDeployments[0].TargetServiceRevision.RunningTaskCount)
	revisions, err := c.client.DescribeServiceRevisions(t.Context(), &sdk.DescribeServiceRevisionsInput{ServiceRevisionArns: []string{aws.ToString(brief.TargetServiceRevisionArn)}})
	require.NoError(t, err)
	assert.Len(t, revisions.ServiceRevisions[0].LoadBalancers, 1)
	now := c.clock.Now()
	list, err = c.client.ListServiceDeployments(t.Context(), &sdk.ListServiceDeploymentsInput{
		Cluster: aws.String("main"), Service: aws.String("web"), CreatedAt: &types.CreatedAt{After: &now},
	})
	require.NoError(t, err)
	assert.Empty(t, list.ServiceDeployments)
}

func TestStopServiceDeploymentRollsBack(t *testing.T) {
	t.Parallel()
	c := stack(t)
	good := c.define("web", web(80))
	c.create(good, 1, nil)
	c.settle()
	c.crash["bad"] = true
	c.update(&sdk.UpdateServiceInput{TaskDefinition: aws.String(c.define("bad", web(80)))})
	c.settle()
	_, err := c.client.StopServiceDeployment(t.Context(), &sdk.StopServiceDeploymentInput{
		ServiceDeploymentArn: c.describe().CurrentServiceDeployment, StopType: types.StopServiceDeploymentStopTypeRollback,
	})
	require.NoError(t, err)
	c.settle()
	assert.Equal(t, good, aws.ToString(c.describe().TaskDefinition))
	assert.Equal(t, types.DeploymentRolloutStateCompleted, c.describe().Deployments[0].RolloutState)
}

func TestTagsAndSettings(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	_, err := c.client.PutAccountSettingDefault(t.Context(), &sdk.PutAccountSettingDefaultInput{Name: types.SettingNameContainerInsights, Value: aws.String("enabled")})
	require.NoError(t, err)
	c.cluster("main")
	out, err := c.client.DescribeClusters(t.Context(), &sdk.DescribeClustersInput{
		Clusters: []string{"main"}, Include: []types.ClusterField{types.ClusterFieldSettings, types.ClusterFieldTags},
	})
	require.NoError(t, err)
	assert.Equal(t, "enabled", aws.ToString(out.Clusters[0].Settings[0].Value))
	arn := out.Clusters[0].ClusterArn
	_, err = c.client.TagResource(t.Context(), &sdk.TagResourceInput{ResourceArn: arn, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("1")}, {Key: aws.String("b"), Value: aws.String("2")}}})
	require.NoError(t, err)
	_, err = c.client.UntagResource(t.Context(), &sdk.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"a"}})
	require.NoError(t, err)
	tags, err := c.client.ListTagsForResource(t.Context(), &sdk.ListTagsForResourceInput{ResourceArn: arn})
	require.NoError(t, err)
	assert.Equal(t, []types.Tag{{Key: aws.String("b"), Value: aws.String("2")}}, tags.Tags)

	instance := c.instance("main", "i-a", "a", "")
	_, err = c.client.PutAttributes(t.Context(), &sdk.PutAttributesInput{Cluster: aws.String("main"), Attributes: []types.Attribute{
		{Name: aws.String("stack"), Value: aws.String("x"), TargetId: &instance},
	}})
	require.NoError(t, err)
	list, err := c.client.ListContainerInstances(t.Context(), &sdk.ListContainerInstancesInput{Cluster: aws.String("main"), Filter: aws.String("attribute:stack == x")})
	require.NoError(t, err)
	assert.Len(t, list.ContainerInstanceArns, 1)
}
