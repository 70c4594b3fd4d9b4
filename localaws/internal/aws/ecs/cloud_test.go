package ecs_test

import (
	"errors"
	"log/slog"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ec2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ecs"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/clock"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// cloud is ECS over the wire, with machines, groups, target groups and roles
// that the test moves, and agents that do as the test says.
type cloud struct {
	t        *testing.T
	client   *sdk.Client
	account  *core.Account
	clock    *clock.Fake
	service  *ecs.Service
	machines machines
	groups   *groups
	elb      *elb
	roles    roles
	metrics  *metrics
	alarms   alarms
	events   *events
	// crash makes tasks of these families exit instead of running.
	crash map[string]bool
	// sick makes containers of these families report UNHEALTHY.
	sick map[string]bool
	port int32
}

func newCloud(t *testing.T) *cloud {
	t.Helper()
	fake := clock.NewFake(time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC))
	c := &cloud{
		t: t, clock: fake, account: newAccount(fake),
		machines: machines{}, groups: newGroups(), elb: newELB(), roles: roles{},
		metrics: &metrics{}, alarms: alarms{}, events: &events{}, crash: map[string]bool{}, sick: map[string]bool{}, port: 32767,
	}
	c.service = c.newService()
	c.serve()
	return c
}

func (c *cloud) newService() *ecs.Service {
	return ecs.New(c.account, c.machines, c.groups, c.elb, c.roles, c.metrics, ecs.WithEvents(c.events), ecs.WithAlarms(c.alarms))
}

func (c *cloud) serve() {
	server := wire.NewServer(c.account, c.account.Region, c.account.Log)
	server.Register(c.service.Wire())
	listening := httptest.NewServer(server)
	c.t.Cleanup(listening.Close)
	c.client = sdk.New(sdk.Options{
		Region: "us-west-2", BaseEndpoint: aws.String(listening.URL),
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""), Retryer: aws.NopRetryer{},
	})
}

// restart replaces the service by one with its records.
func (c *cloud) restart() {
	c.t.Helper()
	before := c.account.Records
	c.account = newAccount(c.clock)
	c.service = c.newService()
	require.NoError(c.t, before.Copy(c.account.Records))
	c.serve()
}

// newAccount is an account whose store verifies that changed records are
// marked.
func newAccount(fake *clock.Fake) *core.Account {
	a := core.New("us-west-2", fake, slog.New(slog.DiscardHandler))
	a.Records.Verify()
	return a
}

// settle lets service, agents and load balancer work until nothing moves.
func (c *cloud) settle() {
	c.t.Helper()
	for range 200 {
		changed, _ := c.service.Step()
		moved := c.agents()
		if !changed && !moved {
			return
		}
	}
	c.t.Fatal("the service never comes to rest")
}

// pass lets time pass in steps, settling after each.
func (c *cloud) pass(d, step time.Duration) {
	c.t.Helper()
	for ; d > 0; d -= step {
		c.clock.Advance(min(step, d))
		c.settle()
	}
}

// agents runs what is assigned and stops what is to stop.
func (c *cloud) agents() (moved bool) {
	c.account.Do(func() {
		for _, id := range c.machines.ids() {
			arn, ok := c.service.ContainerInstanceOf(id)
			if !ok {
				continue
			}
			for _, a := range c.service.Assignments(arn) {
				moved = c.run(a) || moved
			}
		}
	})
	return moved
}

func (c *cloud) run(a ecs.Assignment) bool {
	switch {
	case a.Stop:
		c.report(a, "STOPPED", "", aws.Int32(143))
	case a.Status == "PENDING" && c.crash[a.Family]:
		c.report(a, "STOPPED", "Essential container in task exited", aws.Int32(1))
	case a.Status == "PENDING":
		c.report(a, "RUNNING", "", nil)
	default:
		return false
	}
	return true
}

func (c *cloud) report(a ecs.Assignment, status, reason string, exit *int32) {
	r := ecs.TaskReport{Status: status, StoppedReason: reason}
	if reason != "" {
		r.StopCode = types.TaskStopCodeEssentialContainerExited
	}
	for _, d := range a.Containers {
		name := aws.ToString(d.Name)
		report := ecs.ContainerReport{Name: name, Status: status, ExitCode: exit, Health: types.HealthStatusUnknown, Bindings: a.Bindings[name]}
		if d.HealthCheck != nil && status == "RUNNING" {
			report.Health = types.HealthStatusHealthy
			if c.sick[a.Family] {
				report.Health = types.HealthStatusUnhealthy
			}
		}
		if status == "RUNNING" && report.Bindings == nil {
			for _, m := range d.PortMappings {
				c.port++
				report.Bindings = append(report.Bindings, types.NetworkBinding{
					ContainerPort: m.ContainerPort, HostPort: aws.Int32(c.port), Protocol: m.Protocol, BindIP: aws.String("0.0.0.0"),
				})
			}
		}
		r.Containers = append(r.Containers, report)
	}
	c.service.Report(a.TaskARN, r)
}

// instance adds a machine of 2 vCPUs and 4 GiB that joins the cluster.
func (c *cloud) instance(cluster, id, zone, group string) string {
	c.t.Helper()
	var arn string
	var err error
	c.account.Do(func() {
		c.machines[id] = ec2.Instance{
			ID: id, Type: "t3.medium", Architecture: "x86_64", State: "running", AvailabilityZone: "us-west-2" + zone,
			ImageID: "ami-1", SubnetID: "subnet-" + zone, VPCID: "vpc-1",
		}
		if group != "" {
			c.groups.add(group, id, "us-west-2"+zone)
		}
		arn, err = c.service.Register(ecs.Registration{
			Cluster: cluster, EC2InstanceID: id, CPUUnits: 2048, MemoryMiB: 3900, AgentVersion: "1.80.0", DockerVersion: "25.0.3",
		})
	})
	require.NoError(c.t, err)
	c.clock.Advance(time.Millisecond)
	return arn
}

func (c *cloud) cluster(name string) {
	c.t.Helper()
	_, err := c.client.CreateCluster(c.t.Context(), &sdk.CreateClusterInput{ClusterName: &name})
	require.NoError(c.t, err)
}

// web is a container definition with ports.
func web(ports ...int32) types.ContainerDefinition {
	d := types.ContainerDefinition{
		Name: aws.String("web"), Image: aws.String("httpd"), Cpu: 200, Memory: aws.Int32(128), Essential: aws.Bool(true),
	}
	for _, port := range ports {
		d.PortMappings = append(d.PortMappings, types.PortMapping{ContainerPort: aws.Int32(port), HostPort: aws.Int32(0)})
	}
	return d
}

// define registers a definition and returns its ARN.
func (c *cloud) define(family string, containers ...types.ContainerDefinition) string {
	c.t.Helper()
	out, err := c.client.RegisterTaskDefinition(c.t.Context(), &sdk.RegisterTaskDefinitionInput{
		Family: &family, ContainerDefinitions: containers, NetworkMode: types.NetworkModeBridge,
	})
	require.NoError(c.t, err)
	return aws.ToString(out.TaskDefinition.TaskDefinitionArn)
}

// create makes a service called web in cluster main; change may be nil.
func (c *cloud) create(definition string, desired int32, change func(*sdk.CreateServiceInput)) {
	c.t.Helper()
	in := &sdk.CreateServiceInput{
		Cluster: aws.String("main"), ServiceName: aws.String("web"), TaskDefinition: &definition, DesiredCount: &desired,
	}
	if change != nil {
		change(in)
	}
	_, err := c.client.CreateService(c.t.Context(), in)
	require.NoError(c.t, err)
}

func (c *cloud) update(in *sdk.UpdateServiceInput) {
	c.t.Helper()
	in.Cluster, in.Service = aws.String("main"), aws.String("web")
	_, err := c.client.UpdateService(c.t.Context(), in)
	require.NoError(c.t, err)
}

func (c *cloud) describe() types.Service {
	c.t.Helper()
	out, err := c.client.DescribeServices(c.t.Context(), &sdk.DescribeServicesInput{
		Cluster: aws.String("main"), Services: []string{"web"}, Include: []types.ServiceField{types.ServiceFieldTags},
	})
	require.NoError(c.t, err)
	require.Empty(c.t, out.Failures)
	return out.Services[0]
}

// tasks returns the tasks of cluster main with that desired status.
func (c *cloud) tasks(status types.DesiredStatus) []types.Task {
	c.t.Helper()
	list, err := c.client.ListTasks(c.t.Context(), &sdk.ListTasksInput{Cluster: aws.String("main"), DesiredStatus: status})
	require.NoError(c.t, err)
	if len(list.TaskArns) == 0 {
		return nil
	}
	out, err := c.client.DescribeTasks(c.t.Context(), &sdk.DescribeTasksInput{
		Cluster: aws.String("main"), Tasks: list.TaskArns, Include: []types.TaskField{types.TaskFieldTags},
	})
	require.NoError(c.t, err)
	return out.Tasks
}

func (c *cloud) troubles() (all []ecs.Trouble) {
	c.account.Do(func() { all = c.service.Troubles() })
	return all
}

// messages are the service's events, the oldest first.
func (c *cloud) messages() []string {
	var messages []string
	for _, e := range c.describe().Events {
		messages = append(messages, aws.ToString(e.Message))
	}
	slices.Reverse(messages)
	return messages
}

// lb is a load balancer block for the container web.
func lb(arn string, port int32) types.LoadBalancer {
	return types.LoadBalancer{TargetGroupArn: &arn, ContainerName: aws.String("web"), ContainerPort: &port}
}

// refusal is the code and the text of an API error.
func refusal(t *testing.T, err error) (code, message string) {
	t.Helper()
	var api smithy.APIError
	require.True(t, errors.As(err, &api), "an error of the API, not %v", err)
	return api.ErrorCode(), api.ErrorMessage()
}
