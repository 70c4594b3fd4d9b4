package test

import (
	"context"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/test/suite"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/awsapi"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/providers"
	"github.com/infrahouse/terraform-aws-ecs/test/targethealth"
)

// completeOutputs are the outputs of the fixture complete.
type completeOutputs struct {
	serviceOutputs
	ExecutionRole   string            `json:"task_execution_role_name"`
	LogGroup        string            `json:"cloudwatch_log_group_name"`
	AccessLogBucket string            `json:"access_log_bucket_name"`
	GlueDatabase    string            `json:"alb_access_log_glue_database"`
	GlueTable       string            `json:"alb_access_log_glue_table"`
	WorkGroup       string            `json:"athena_workgroup"`
	ResultsBucket   string            `json:"athena_results_bucket"`
	ExpectedFiles   map[string]string `json:"expected_files"`
	OnCallTopicARN  string            `json:"on_call_topic_arn"`
	ExtraPolicyARN  string            `json:"extra_policy_arn"`
	ZoneID          string            `json:"zone_id"`
	LogsKeyARN      string            `json:"logs_key_arn"`
}

// complete looks at what the fixture has made.
type complete struct {
	completeOutputs
	v    *suite.Validation
	api  *awsapi.Client
	ecs  *ecs.Client
	seen targethealth.Snapshot
}

// TestComplete applies a service with what the other fixtures leave at its
// default, and looks for the effect of each input.
func TestComplete(t *testing.T) {
	t.Parallel()
	run.EachProvider(t, func(t *testing.T, provider providers.Case) {
		d := run.Deployment(t, "complete", provider)
		defer d.Teardown(t)

		d.Deploy(t, func(shared suite.Prepared) map[string]any {
			return withGPU(serviceVariables(shared, d.ServiceName("full")))
		})
		d.Validate(t, func(ctx context.Context, t testing.TB, v *suite.Validation) {
			c := complete{v: v, api: awsapi.New(v.Config()), ecs: ecs.NewFromConfig(v.Config())}
			require.NoError(t, d.Outputs(&c.completeOutputs))
			groups := append([]targethealth.Group{c.primaryGroup(80, "/", c.ExpectedBodies[primary])}, c.extraGroups()...)
			c.seen = checkGroups(ctx, t, v, c.serviceOutputs, groups)
			for _, group := range groups {
				checkAnswer(ctx, t, v.Client(), group)
			}
			c.checkTasks(ctx, t)
			c.checkInstances(ctx, t)
			c.checkAccount(ctx, t)
			c.checkUtilization(ctx, t)
			c.checkAccessLogs(ctx, t)
			c.checkAlarm(ctx, t)
		})
		d.Idempotence(t)
	})
}

// checkTasks: what the containers got.
func (c *complete) checkTasks(ctx context.Context, t testing.TB) {
	t.Helper()
	for path, want := range c.ExpectedFiles {
		assert.Equal(t, want, c.get(ctx, t, path), "what the container serves as %s", path)
	}
	c.checkSharedFiles(ctx, t)
	c.checkGPUs(ctx, t)
	assert.Equal(t, ecstypes.IpcModeTask, c.seen.Definition.IpcMode, "IPC mode of the task definition")
	for i := range c.seen.Definition.ContainerDefinitions {
		assert.Equal(t, []string{"no-new-privileges"}, c.seen.Definition.ContainerDefinitions[i].DockerSecurityOptions)
	}
	for _, task := range c.seen.Tasks {
		c.checkLog(ctx, t, task.RuntimeIDs[c.ServiceName], "resuming normal operations")
	}
}

// get is a file that the primary listener serves.
func (c *complete) get(ctx context.Context, t testing.TB, path string) string {
	t.Helper()
	url := "https://" + c.DNSHostnames[0] + "/" + path
	status, body, err := targethealth.Get(ctx, c.v.Client(), url)
	require.NoError(t, err, "GET %s", url)
	require.Equal(t, http.StatusOK, status, "status of GET %s", url)
	return strings.TrimSpace(body)
}

// checkSharedFiles: the file to which every task has added its name is the same
// one, whichever task serves it.
func (c *complete) checkSharedFiles(ctx context.Context, t testing.TB) {
	t.Helper()
	answered := map[string]bool{}
	c.eventually(ctx, t, "every task has answered", func() bool {
		answered[c.get(ctx, t, "task.txt")] = true
		return len(answered) == len(c.seen.Tasks)
	})
	// As many requests again reach every task once more.
	for range 2 * len(c.seen.Tasks) {
		shared := strings.Fields(c.get(ctx, t, "shared/tasks.txt"))
		for name := range answered {
			assert.Contains(t, shared, name, "tasks that have written to the file system")
		}
	}
}

// withGPU has the service run on instances with GPUs. On AWS they are dear, and
// many accounts may not start any: there it has to be asked for.
func withGPU(variables map[string]any) map[string]any {
	if run.Cloud == suite.Local || os.Getenv("TEST_GPU") != "" {
		variables["asg_instance_type"], variables["gpu_count"] = "g4dn.xlarge", 1
	}
	return variables
}

// gpus is how many each task asks for.
func (c *complete) gpus() int {
	sum := 0
	for i := range c.seen.Definition.ContainerDefinitions {
		for _, r := range c.seen.Definition.ContainerDefinitions[i].ResourceRequirements {
			if n, err := strconv.Atoi(aws.ToString(r.Value)); err == nil && r.Type == ecstypes.ResourceTypeGpu {
				sum += n
			}
		}
	}
	return sum
}

// checkGPUs: each task has a GPU to itself, as far as the service asks for any.
func (c *complete) checkGPUs(ctx context.Context, t testing.TB) {
	t.Helper()
	if c.gpus() == 0 {
		return
	}
	var arns []string
	for _, task := range c.seen.Tasks {
		arns = append(arns, task.ARN)
	}
	described, err := c.ecs.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: &c.ClusterName, Tasks: arns})
	require.NoError(t, err)
	held := map[string]bool{}
	for i := range described.Tasks {
		for j := range described.Tasks[i].Containers {
			for _, id := range described.Tasks[i].Containers[j].GpuIds {
				held[id] = true
			}
		}
	}
	require.Len(t, held, c.gpus()*len(arns), "GPUs that the tasks hold")
	assert.Contains(t, held, c.get(ctx, t, "gpus.txt"), "GPUs that the container is shown")
}

// checkLog: a container's log stream has a line with a text.
func (c *complete) checkLog(ctx context.Context, t testing.TB, stream, text string) {
	t.Helper()
	question := map[string]any{"logGroupName": c.LogGroup, "logStreamNames": []string{stream}, "filterPattern": `"` + text + `"`, "limit": 1}
	c.eventually(ctx, t, text+" in log stream "+stream+" of "+c.LogGroup, func() bool {
		var found struct {
			Events []struct{} `json:"events"`
		}
		require.NoError(t, c.api.JSON(ctx, awsapi.Logs, "Logs_20140328.FilterLogEvents", question, &found))
		return len(found.Events) > 0
	})
}

// checkInstances: how many are Spot instances, and that the daemons run on each.
func (c *complete) checkInstances(ctx context.Context, t testing.TB) {
	t.Helper()
	listed, err := c.ecs.ListContainerInstances(ctx, &ecs.ListContainerInstancesInput{Cluster: &c.ClusterName})
	require.NoError(t, err)
	described, err := c.ecs.DescribeContainerInstances(ctx, &ecs.DescribeContainerInstancesInput{Cluster: &c.ClusterName, ContainerInstances: listed.ContainerInstanceArns})
	require.NoError(t, err)
	parameters := map[string]string{}
	for i, instance := range described.ContainerInstances {
		parameters["InstanceId."+strconv.Itoa(i+1)] = aws.ToString(instance.Ec2InstanceId)
	}
	var instances struct {
		Lifecycles []string `xml:"reservationSet>item>instancesSet>item>instanceLifecycle"`
	}
	require.NoError(t, c.api.Query(ctx, awsapi.EC2, "DescribeInstances", parameters, &instances))
	wanted := make([]string, len(described.ContainerInstances)-1)
	for i := range wanted {
		wanted[i] = "spot"
	}
	assert.Equal(t, wanted, instances.Lifecycles, "all instances but one are Spot instances")

	daemons := map[string]string{"vector-agent": "Vector has started", "cloudwatch-agent": "Valid Json input schema"}
	if c.gpus() > 0 {
		daemons["gpu-metrics"] = "" // it is silent
	}
	for daemon, says := range daemons {
		c.checkDaemon(ctx, t, daemon, says, listed.ContainerInstanceArns)
	}
}

// checkDaemon: a task of the daemon runs on each container instance, and says
// that it has taken its configuration.
func (c *complete) checkDaemon(ctx context.Context, t testing.TB, daemon, says string, instances []string) {
	t.Helper()
	service, container := daemon+"-daemon", c.ServiceName+"-"+daemon
	var tasks []ecstypes.Task
	c.eventually(ctx, t, service+" runs on every instance", func() bool {
		listed, err := c.ecs.ListTasks(ctx, &ecs.ListTasksInput{Cluster: &c.ClusterName, ServiceName: &service})
		require.NoError(t, err)
		if len(listed.TaskArns) < len(instances) {
			return false
		}
		described, err := c.ecs.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: &c.ClusterName, Tasks: listed.TaskArns})
		require.NoError(t, err)
		tasks = described.Tasks
		for i := range tasks {
			if aws.ToString(tasks[i].LastStatus) != "RUNNING" {
				return false
			}
		}
		return true
	})
	var on []string
	for i := range tasks {
		on = append(on, aws.ToString(tasks[i].ContainerInstanceArn))
		if says != "" {
			taskARN := aws.ToString(tasks[i].TaskArn)
			c.checkLog(ctx, t, container+"/"+container+taskARN[strings.LastIndex(taskARN, "/"):], says)
		}
	}
	assert.ElementsMatch(t, instances, on, "container instances on which %s runs", service)
}

// eventually waits for a condition as long as the cloud in use needs.
func (c *complete) eventually(ctx context.Context, t testing.TB, what string, condition func() bool) {
	t.Helper()
	patience := c.v.Patience()
	deadline := time.Now().Add(patience.Total)
	for !condition() {
		require.NoError(t, context.Cause(ctx), what)
		require.True(t, time.Now().Before(deadline), "after %s still not true: %s", patience.Total, what)
		select {
		case <-ctx.Done():
		case <-time.After(patience.Poll):
		}
	}
}
