package test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/test/suite"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/providers"
	"github.com/infrahouse/terraform-aws-ecs/test/targethealth"
)

// change is one change of a running service.
type change struct {
	name string
	// entries are extra_target_groups as JSON, since a Go map has no order.
	entries string
	// versions are the protocol versions of the target groups by their keys.
	versions map[string]string
	// nothing says that Terraform has nothing to do.
	nothing bool
}

var changes = []change{
	{
		name:     "add entries",
		entries:  `{"web": {"listener_port": 8081, "container_port": 8081, "clients": ["a", "b"]}, "other": {"listener_port": 9090, "container_port": 8081}}`,
		versions: map[string]string{"web": "HTTP1", "other": "HTTP1"},
	},
	{
		name:     "change the container port, the protocol version, and the order of the clients of one",
		entries:  `{"web": {"listener_port": 8081, "container_port": 8082, "protocol_version": "HTTP2", "clients": ["b", "a", "b"]}, "other": {"listener_port": 9090, "container_port": 8081}}`,
		versions: map[string]string{"web": "HTTP2", "other": "HTTP1"},
	},
	{
		name:     "rename its key, and remove the first client",
		entries:  `{"web site": {"listener_port": 8081, "container_port": 8082, "protocol_version": "HTTP2", "clients": ["a"]}, "other": {"listener_port": 9090, "container_port": 8081}}`,
		versions: map[string]string{"web site": "HTTP2", "other": "HTTP1"},
	},
	{
		name:     "reorder the keys",
		entries:  `{"other": {"listener_port": 9090, "container_port": 8081}, "web site": {"listener_port": 8081, "container_port": 8082, "protocol_version": "HTTP2", "clients": ["a", "a"]}}`,
		versions: map[string]string{"web site": "HTTP2", "other": "HTTP1"},
		nothing:  true,
	},
	{
		name:     "exchange the keys, and insert a client",
		entries:  `{"web site": {"listener_port": 9090, "container_port": 8081, "clients": ["b", "a"]}, "other": {"listener_port": 8081, "container_port": 8082, "protocol_version": "HTTP2"}}`,
		versions: map[string]string{"web site": "HTTP1", "other": "HTTP2"},
	},
	{
		name:     "remove one",
		entries:  `{"other": {"listener_port": 8081, "container_port": 8082, "protocol_version": "HTTP2"}}`,
		versions: map[string]string{"other": "HTTP2"},
	},
	{
		name:    "remove the last one",
		entries: `{}`,
	},
}

// TestLifecycle changes the extra target groups of a running service while
// requests come in on its primary listener: none of them fails, and the service
// stays the same one.
func TestLifecycle(t *testing.T) {
	t.Parallel()
	run.EachProvider(t, func(t *testing.T, provider providers.Case) {
		l := &lifecycle{d: run.Deployment(t, "lifecycle", provider)}
		defer l.d.Teardown(t)
		l.apply(t, change{name: "a service without entries", entries: `{}`})
		require.NotNil(t, l.stream, "the service was validated: run without SKIP_validate")
		defer l.stream.finish(t)
		for _, c := range changes {
			l.apply(t, c)
			if c.name == "remove one" {
				l.checkOrderMatters(t)
			}
		}
		l.stream.finish(t)
		sent, failed := l.stream.during("the end")
		l.d.Report(fmt.Sprintf("%d requests sent to the primary listener during %d changes, %d failed", sent, len(changes), failed))
	})
}

// lifecycle is a service with the stream of requests to it.
type lifecycle struct {
	d       *suite.Deployment
	stream  *stream
	created time.Time // when the service was
	arn     string
	last    targethealth.Snapshot
}

// apply makes a change and checks what there is after it.
func (l *lifecycle) apply(t *testing.T, c change) {
	t.Helper()
	sentBefore := 0
	if l.stream != nil {
		sentBefore, _ = l.stream.during(c.name)
	}
	l.d.Deploy(t, l.variables(c.entries))
	l.d.Validate(t, func(ctx context.Context, v *suite.Validation) {
		var outputs serviceOutputs
		require.NoError(t, l.d.Outputs(&outputs))
		require.Len(t, outputs.ExtraTargetGroups, len(c.versions), "%s: output extra_target_groups", c.name)
		groups := l.groups(outputs)

		unsettled := waitSettled(ctx, v, outputs)
		seen := checkGroups(ctx, t, v, outputs, groups)
		require.NoError(t, unsettled, c.name)
		for _, group := range groups {
			checkAnswer(ctx, t, v.Client(), group)
		}
		for _, group := range groups[1:] {
			checkProtocolVersion(ctx, t, v.ELB(), group, c.versions[group.Key])
		}
		l.checkService(t, seen, c)
		if l.stream == nil {
			l.stream = startStream(ctx, v.Client(), groups[0])
			return
		}
		sent, failed := l.stream.during(c.name)
		assert.Greater(t, sent, sentBefore, "%s: requests were sent meanwhile", c.name)
		assert.Zero(t, failed, "%s: failed requests", c.name)
		v.Result(fmt.Sprintf("%s: %d requests sent so far, %d failed", c.name, sent, failed))
	})
	l.d.Idempotence(t)
}

// lifecycleBlock is what has Terraform create before it destroys.
var lifecycleBlock = regexp.MustCompile(`(?m)^  lifecycle \{\n    create_before_destroy = true\n  \}\n`)

// checkOrderMatters: without create_before_destroy, a change of the container
// port fails, since the target group would have to go while its listener still
// leads to it. That is what the test is there to find.
func (l *lifecycle) checkOrderMatters(t *testing.T) {
	t.Helper()
	if run.Skips(suite.StageDeploy) {
		return
	}
	l.stream.during("break it on purpose")
	l.d.Mutate = func(files map[string][]byte) {
		const name = "extra_target_groups.tf"
		require.Len(t, lifecycleBlock.FindAll(files[name], -1), 3, "lifecycle blocks of target groups, listeners, and their security group in %s", name)
		files[name] = lifecycleBlock.ReplaceAll(files[name], nil)
	}
	said := l.d.DeployFails(t, l.variables(`{"other": {"listener_port": 8081, "container_port": 8081}}`))
	l.d.Mutate = nil
	assert.Contains(t, said, "ResourceInUse")
}

// variables of the fixture with extra_target_groups as JSON.
func (l *lifecycle) variables(entries string) func(suite.Prepared) map[string]any {
	return func(shared suite.Prepared) map[string]any {
		variables := serviceVariables(shared, l.d.ServiceName("life"))
		variables["extra_target_groups"] = json.RawMessage(entries)
		return variables
	}
}

// groups are the target groups that there should be. Each port of the container
// has a body of its own.
func (l *lifecycle) groups(outputs serviceOutputs) []targethealth.Group {
	groups := append([]targethealth.Group{outputs.primaryGroup(80, "/", "")}, outputs.extraGroups()...)
	for i := range groups {
		groups[i].Body = outputs.ExpectedBodies[strconv.Itoa(int(groups[i].ContainerPort))]
	}
	return groups
}

// checkService: it is the service that was there before, and has just the
// target groups that it should have.
func (l *lifecycle) checkService(t *testing.T, seen targethealth.Snapshot, c change) {
	t.Helper()
	assert.Len(t, seen.Service.LoadBalancers, 1+len(c.versions), "%s: target groups of the service", c.name)
	if l.arn == "" {
		l.arn, l.created = aws.ToString(seen.Service.ServiceArn), aws.ToTime(seen.Service.CreatedAt)
	}
	assert.Equal(t, l.arn, aws.ToString(seen.Service.ServiceArn), "%s: ARN of the service", c.name)
	assert.Equal(t, l.created, aws.ToTime(seen.Service.CreatedAt), "%s: when the service was created", c.name)
	if c.nothing {
		assert.Equal(t, deploymentIDs(l.last), deploymentIDs(seen), "%s: the service has no new deployment", c.name)
		assert.Equal(t, l.last.Service.TaskDefinition, seen.Service.TaskDefinition, "%s: task definition of the service", c.name)
		assert.Len(t, seen.Service.LoadBalancers, len(l.last.Service.LoadBalancers), "%s: target groups of the service", c.name)
	}
	l.last = seen
}

func deploymentIDs(seen targethealth.Snapshot) []string {
	var ids []string
	for _, deployment := range seen.Service.Deployments {
		ids = append(ids, aws.ToString(deployment.Id))
	}
	return ids
}

// waitSettled waits until a service has nothing more to do: its last deployment
// is completed and no task is on its way out. It returns early when the
// deployment fails.
func waitSettled(ctx context.Context, v *suite.Validation, o serviceOutputs) error {
	client := ecs.NewFromConfig(v.Config())
	patience := v.Patience()
	deadline := time.NewTimer(patience.Total)
	defer deadline.Stop()
	look := time.NewTicker(patience.Poll)
	defer look.Stop()
	for {
		busy, err := unsettled(ctx, client, o)
		if err != nil || busy == "" {
			return err
		}
		v.Progress(busy)
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-deadline.C:
			return fmt.Errorf("service %s has not settled within %v: %s", o.ServiceName, patience.Total, busy)
		case <-look.C:
		}
	}
}

// unsettled says what a service still does, "" for nothing.
func unsettled(ctx context.Context, client *ecs.Client, o serviceOutputs) (string, error) {
	described, err := client.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: &o.ClusterName, Services: []string{o.ServiceName}})
	if err != nil {
		return "", fmt.Errorf("describing the service: %w", err)
	}
	if len(described.Services) != 1 {
		return "", fmt.Errorf("cluster %s has no service %s", o.ClusterName, o.ServiceName)
	}
	service := described.Services[0]
	for _, deployment := range service.Deployments {
		if deployment.RolloutState == ecstypes.DeploymentRolloutStateFailed {
			return "", errors.New("the deployment failed: " + aws.ToString(deployment.RolloutStateReason))
		}
	}
	if len(service.Deployments) != 1 || service.Deployments[0].RolloutState != ecstypes.DeploymentRolloutStateCompleted {
		return fmt.Sprintf("%d deployments, the newest is %s", len(service.Deployments), service.Deployments[0].RolloutState), nil
	}
	leaving, err := tasksLeaving(ctx, client, o)
	if err != nil || leaving == 0 {
		return "", err
	}
	return fmt.Sprintf("%d tasks are stopping", leaving), nil
}

// tasksLeaving counts the service's tasks that should be stopped and are not.
func tasksLeaving(ctx context.Context, client *ecs.Client, o serviceOutputs) (int, error) {
	leaving := 0
	pages := ecs.NewListTasksPaginator(client, &ecs.ListTasksInput{
		Cluster: &o.ClusterName, ServiceName: &o.ServiceName, DesiredStatus: ecstypes.DesiredStatusStopped,
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return 0, fmt.Errorf("listing stopping tasks: %w", err)
		}
		if len(page.TaskArns) == 0 {
			continue
		}
		described, err := client.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: &o.ClusterName, Tasks: page.TaskArns})
		if err != nil {
			return 0, fmt.Errorf("describing stopping tasks: %w", err)
		}
		for _, task := range described.Tasks {
			if aws.ToString(task.LastStatus) != "STOPPED" {
				leaving++
			}
		}
	}
	return leaving, nil
}
