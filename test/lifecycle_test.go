package test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
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
	"github.com/infrahouse/terraform-aws-ecs/test/suite/providers"
	"github.com/infrahouse/terraform-aws-ecs/test/targethealth"
)

// change is one change of a running service.
type change struct {
	name string
	// port is the container port of the primary target group: 80 unless it is set.
	port int32
	// entries are extra_target_groups as JSON, since a Go map has no order.
	entries string
	// versions are the protocol versions of the target groups by their keys.
	versions map[string]string
	// nothing says that Terraform has nothing to do.
	nothing bool
	// alarms are deployment_alarms, and waits says that the apply waits for the service.
	alarms map[string]any
	waits  bool
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
		name:     "watch the deployment, and wait for it",
		entries:  `{"other": {"listener_port": 8081, "container_port": 8082, "protocol_version": "HTTP2"}}`,
		versions: map[string]string{"other": "HTTP2"},
		alarms:   map[string]any{},
		waits:    true,
	},
	{
		name:    "remove the last one",
		entries: `{}`,
		alarms:  map[string]any{"enable": false}, // null would fail, in the provider
	},
}

// handovers are the ways in which the ports of an NLB change hands. An entry of it
// has no protocol version.
var handovers = []change{
	{
		name:     "the extra port becomes the primary one",
		port:     8081,
		entries:  `{"steady": {"listener_port": 8082, "container_port": 8082, "protocol": "TCP"}}`,
		versions: map[string]string{"steady": ""},
	},
	{
		name: "the former primary port becomes an extra one",
		port: 8081,
		entries: `{"steady": {"listener_port": 8082, "container_port": 8082, "protocol": "TCP"},
			"web": {"listener_port": 80, "container_port": 80, "protocol": "TCP"}}`,
		versions: map[string]string{"steady": "", "web": ""},
	},
	{
		name: "the two swap",
		port: 80,
		entries: `{"steady": {"listener_port": 8082, "container_port": 8082, "protocol": "TCP"},
			"web": {"listener_port": 8081, "container_port": 8081, "protocol": "TCP"}}`,
		versions: map[string]string{"steady": "", "web": ""},
	},
}

// TestLifecycle changes the extra target groups of a running service while
// requests come in on its primary listener: none of them fails, and the service
// stays the same one.
func TestLifecycle(t *testing.T) {
	t.Parallel()
	run.EachProvider(t, func(t *testing.T, provider providers.Case) {
		l := &lifecycle{d: run.Deployment(t, "lifecycle", provider), name: "life"}
		defer l.d.Teardown(t)
		l.apply(t, change{name: "a service without entries", entries: `{}`, waits: true})
		require.NotNil(t, l.stream, "the service was validated: run without SKIP_validate")
		defer l.stream.finish(t)
		for _, c := range changes {
			l.apply(t, c)
			switch c.name {
			case "remove one":
				l.checkOrderMatters(t)
			case "watch the deployment, and wait for it":
				l.checkAlarmRollsBack(t, c)
			}
		}
		l.stream.finish(t)
		sent, failed := l.stream.during("the end")
		l.d.Report(fmt.Sprintf("%d requests sent to the primary listener during %d changes, %d failed", sent, len(changes), failed))
	})
}

// TestLifecycleOfNLB has the ports of a running service change hands while
// requests come in on a port that does not: each handover is one apply, no request
// fails, and the service stays the same one.
func TestLifecycleOfNLB(t *testing.T) {
	t.Parallel()
	run.EachProvider(t, func(t *testing.T, provider providers.Case) {
		l := &lifecycle{d: run.Deployment(t, "lifecycle", provider), name: "hand", nlb: true}
		defer l.d.Teardown(t)
		l.apply(t, change{
			name: "a service with two extra ports",
			entries: `{"steady": {"listener_port": 8082, "container_port": 8082, "protocol": "TCP"},
				"web": {"listener_port": 8081, "container_port": 8081, "protocol": "TCP"}}`,
			versions: map[string]string{"steady": "", "web": ""},
		})
		require.NotNil(t, l.stream, "the service was validated: run without SKIP_validate")
		defer l.stream.finish(t)
		for _, c := range handovers {
			l.apply(t, c)
		}
		l.stream.finish(t)
		sent, failed := l.stream.during("the end")
		l.d.Report(fmt.Sprintf("%d requests sent to the steady port during %d handovers, %d failed", sent, len(handovers), failed))
	})
}

// lifecycle is a service with the stream of requests to it: to its primary
// listener, or on an NLB to the entry "steady".
type lifecycle struct {
	d       *suite.Deployment
	name    string // prefix of the service's name, another one in each test
	nlb     bool
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
	l.d.Deploy(t, l.variables(c))
	l.d.Validate(t, func(ctx context.Context, t testing.TB, v *suite.Validation) {
		var outputs serviceOutputs
		require.NoError(t, l.d.Outputs(&outputs))
		require.Len(t, outputs.ExtraTargetGroups, len(c.versions), "%s: output extra_target_groups", c.name)
		groups := l.groups(ctx, t, v, outputs, c)

		if c.waits {
			checkWaited(ctx, t, v, outputs, c)
		}
		unsettled := waitSettled(ctx, v, outputs)
		seen := checkGroups(ctx, t, v, outputs, groups)
		require.NoError(t, unsettled, c.name)
		for _, group := range groups {
			checkAnswer(ctx, t, v.Client(), group)
		}
		for _, group := range groups[1:] {
			if l.nlb {
				break // its target groups have no protocol version
			}
			checkProtocolVersion(ctx, t, v.ELB(), group, c.versions[group.Key])
		}
		l.checkService(t, seen, c)
		if l.stream == nil {
			l.stream = startStream(ctx, v.Client(), groups[l.steady(groups)])
			return
		}
		sent, failed := l.stream.during(c.name)
		assert.Greater(t, sent, sentBefore, "%s: requests were sent meanwhile", c.name)
		assert.Zero(t, failed, "%s: failed requests", c.name)
		v.Result(fmt.Sprintf("%s: %d requests sent so far, %d failed", c.name, sent, failed))
	})
	l.d.Idempotence(t)
}

// createBeforeDestroy is what has Terraform create before it destroys.
var createBeforeDestroy = regexp.MustCompile(`(?m)^    create_before_destroy = true\n`)

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
		require.Len(t, createBeforeDestroy.FindAll(files[name], -1), 2, "create_before_destroy of target groups and of their clients' security group in %s", name)
		files[name] = createBeforeDestroy.ReplaceAll(files[name], nil)
	}
	said := l.d.DeployFails(t, l.variables(change{entries: `{"other": {"listener_port": 8081, "container_port": 8081}}`}))
	l.d.Mutate = nil
	assert.Contains(t, said, "ResourceInUse")
}

// checkWaited: the apply has ended with all tasks running. Provider 5 looks at no more
// than that, but alarms keep the old deployment until the new one is completed.
func checkWaited(ctx context.Context, t testing.TB, v *suite.Validation, o serviceOutputs, c change) {
	t.Helper()
	described, err := ecs.NewFromConfig(v.Config()).DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: &o.ClusterName, Services: []string{o.ServiceName}})
	require.NoError(t, err)
	require.Len(t, described.Services, 1)
	service := described.Services[0]
	assert.Equal(t, service.DesiredCount, service.RunningCount, "%s: running tasks after the apply", c.name)
	require.Len(t, service.Deployments, 1, "%s: deployments after the apply", c.name)
	if c.alarms != nil {
		assert.Equal(t, ecstypes.DeploymentRolloutStateCompleted, service.Deployments[0].RolloutState, c.name)
	}
}

// checkAlarmRollsBack: the new tasks don't listen on the extra entry's port. The alarm
// about its targets has ECS roll back long before the health checks stop a task, the
// apply fails and says so, and no request to the primary listener fails.
func (l *lifecycle) checkAlarmRollsBack(t *testing.T, c change) {
	t.Helper()
	if run.Skips(suite.StageDeploy) {
		return
	}
	const step = "new tasks are unhealthy in the extra target group"
	l.stream.during(step)
	good := aws.ToString(l.last.Service.TaskDefinition)
	said := l.d.DeployFails(t, func(shared suite.Prepared) map[string]any {
		variables := l.variables(c)(shared)
		variables["silent_port"], variables["grace_period"] = 8082, 7200
		return variables
	})
	assert.Regexp(t, `ECS\s+rolled\s+`+regexp.QuoteMeta(l.d.ServiceName(l.name))+`\s+back\s+to\s+`, said)
	l.d.Validate(t, func(ctx context.Context, t testing.TB, v *suite.Validation) {
		client := ecs.NewFromConfig(v.Config())
		described, err := client.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: l.last.Service.ClusterArn, Services: []string{l.arn}})
		require.NoError(t, err)
		require.Len(t, described.Services, 1)
		service := described.Services[0]
		assert.Equal(t, good, aws.ToString(service.TaskDefinition), "task definition of the service that was rolled back")
		var messages []string
		for _, event := range service.Events {
			messages = append(messages, aws.ToString(event.Message))
		}
		assert.Contains(t, strings.Join(messages, "\n"), "deployment failed: alarm detected.")
		_, failed := l.stream.during(step)
		assert.Zero(t, failed, "%s: failed requests", step)
	})
}

// variables of the fixture, with extra_target_groups as JSON.
func (l *lifecycle) variables(c change) func(suite.Prepared) map[string]any {
	return func(shared suite.Prepared) map[string]any {
		variables := serviceVariables(shared, l.d.ServiceName(l.name))
		variables["extra_target_groups"] = json.RawMessage(c.entries)
		variables["container_port"] = c.primaryPort()
		if l.nlb {
			variables["lb_type"] = "nlb"
		}
		variables["wait_for_steady_state"] = c.waits
		if c.alarms != nil {
			variables["deployment_alarms"] = c.alarms
		}
		return variables
	}
}

func (c change) primaryPort() int32 {
	if c.port == 0 {
		return 80
	}
	return c.port
}

// groups are the target groups that there should be, the primary one first. Each
// port of the container has a body of its own.
func (l *lifecycle) groups(ctx context.Context, t testing.TB, v *suite.Validation, o serviceOutputs, c change) []targethealth.Group {
	t.Helper()
	first := o.primaryGroup(c.primaryPort(), "/", "")
	if l.nlb {
		first = primaryOfNLB(ctx, t, v, o, c.primaryPort())
	}
	groups := append([]targethealth.Group{first}, o.extraGroups()...)
	for i := range groups {
		groups[i].Body = o.ExpectedBodies[strconv.Itoa(int(groups[i].ContainerPort))]
		// What a TCP listener passes on is HTTP.
		groups[i].URL = strings.Replace(groups[i].URL, "tcp://", "http://", 1)
	}
	return groups
}

// steady is the place of the group to which the stream of requests goes.
func (l *lifecycle) steady(groups []targethealth.Group) int {
	return max(0, slices.IndexFunc(groups, func(group targethealth.Group) bool { return l.nlb && group.Key == "steady" }))
}

// checkService: it is the service that was there before, and has just the
// target groups that it should have.
func (l *lifecycle) checkService(t testing.TB, seen targethealth.Snapshot, c change) {
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
