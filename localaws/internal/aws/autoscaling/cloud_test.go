package autoscaling_test

import (
	"fmt"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/autoscaling"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/cloudwatch"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ec2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/elbv2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/clock"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wiretest"
)

const targetGroup = "arn:aws:elasticloadbalancing:us-west-2:123456789012:targetgroup/web/1"

// cloud is EC2 Auto Scaling over the wire, with machines and targets that the
// test moves.
type cloud struct {
	t        *testing.T
	server   *wiretest.Server
	account  *core.Account
	clock    *clock.Fake
	service  *autoscaling.Service
	machines *machines
	targets  *targets
	alarms   *cloudwatch.Service
}

func newCloud(t *testing.T) *cloud {
	t.Helper()
	a, fake := wiretest.NewAccount()
	c := &cloud{
		t: t, account: a, clock: fake,
		machines: &machines{all: map[string]*ec2.Instance{}, latest: 1},
		targets:  &targets{states: map[elbv2.Target]string{}},
	}
	c.alarms = cloudwatch.New(a, nil)
	c.service = autoscaling.New(a, c.machines, c.targets, c.alarms)
	c.server = wiretest.NewServer(t, a, c.service.Wire())
	return c
}

// settle takes steps until nothing moves; machines start and end at once.
func (c *cloud) settle() {
	c.t.Helper()
	for range 100 {
		changed, _ := c.service.Step()
		if moved := c.machines.move(); !changed && !moved {
			return
		}
	}
	c.t.Fatal("the group never comes to rest")
}

func (c *cloud) pass(d time.Duration) {
	c.t.Helper()
	c.clock.Advance(d)
	c.settle()
}

func (c *cloud) call(action string, in form, out any) *wiretest.Reply {
	c.t.Helper()
	values := url.Values{}
	for name, value := range in {
		values.Set(name, value)
	}
	return c.server.Query(c.t, "autoscaling", action, values, out)
}

type form map[string]string

// group makes a group web over two subnets in two zones.
func (c *cloud) group(least, most int, more form) {
	c.t.Helper()
	in := form{
		"AutoScalingGroupName": "web", "MinSize": strconv.Itoa(least), "MaxSize": strconv.Itoa(most),
		"VPCZoneIdentifier": "subnet-a,subnet-b", "LaunchTemplate.LaunchTemplateId": "lt-1", "LaunchTemplate.Version": "$Latest",
		"HealthCheckGracePeriod": "300",
	}
	for name, value := range more {
		in[name] = value
	}
	c.call("CreateAutoScalingGroup", in, nil).OK(c.t)
	c.settle()
}

// of names the group in a call.
func of(more form) form {
	in := form{"AutoScalingGroupName": "web"}
	for name, value := range more {
		in[name] = value
	}
	return in
}

type described struct {
	AutoScalingGroupName string
	AutoScalingGroupARN  string
	DesiredCapacity      int
	AvailabilityZones    []string     `xml:"AvailabilityZones>member"`
	TargetGroupARNs      []string     `xml:"TargetGroupARNs>member"`
	LaunchTemplate       templateView `xml:"LaunchTemplate"`
	Instances            []struct {
		InstanceId, AvailabilityZone, LifecycleState, HealthStatus string
		ProtectedFromScaleIn                                       bool
		LaunchTemplate                                             templateView
	} `xml:"Instances>member"`
	Tags []struct {
		Key, Value        string
		PropagateAtLaunch bool
	} `xml:"Tags>member"`
	SuspendedProcesses []struct{ ProcessName string }         `xml:"SuspendedProcesses>member"`
	EnabledMetrics     []struct{ Metric, Granularity string } `xml:"EnabledMetrics>member"`
}

type templateView struct{ LaunchTemplateId, LaunchTemplateName, Version string }

func (c *cloud) describe() described {
	c.t.Helper()
	var out struct {
		Groups []described `xml:"AutoScalingGroups>member"`
	}
	c.call("DescribeAutoScalingGroups", form{"AutoScalingGroupNames.member.1": "web"}, &out).OK(c.t)
	require.Len(c.t, out.Groups, 1)
	return out.Groups[0]
}

// states counts the instances by lifecycle state.
func (c *cloud) states() map[string]int {
	n := map[string]int{}
	for _, i := range c.describe().Instances {
		n[i.LifecycleState]++
	}
	return n
}

// ids are the instances' ids in the order of their launch.
func (c *cloud) ids() []string {
	var ids []string
	for _, i := range c.describe().Instances {
		ids = append(ids, i.InstanceId)
	}
	return ids
}

type activityView struct{ Description, Cause, StatusCode, StatusMessage string }

func (c *cloud) activities() []activityView {
	c.t.Helper()
	var out struct {
		Activities []activityView `xml:"Activities>member"`
	}
	c.call("DescribeScalingActivities", of(nil), &out).OK(c.t)
	return out.Activities
}

// machines is EC2: instances run and end at the next move, unless slow.
type machines struct {
	all      map[string]*ec2.Instance
	launched []ec2.LaunchSpec
	latest   int64
	slow     bool
	failure  error
}

func (m *machines) Launch(spec ec2.LaunchSpec) (ec2.Instance, error) {
	if m.failure != nil {
		return ec2.Instance{}, m.failure
	}
	m.launched = append(m.launched, spec)
	subnet, _ := m.Subnet(spec.SubnetID)
	i := &ec2.Instance{
		ID: fmt.Sprintf("i-%02d", len(m.launched)), Type: "t3.micro", State: "pending",
		SubnetID: spec.SubnetID, AvailabilityZone: subnet.AvailabilityZone,
	}
	m.all[i.ID] = i
	return *i, nil
}

func (m *machines) Terminate(id string) error {
	m.all[id].State = "shutting-down"
	return nil
}

func (m *machines) Instance(id string) (ec2.Instance, bool) {
	i, ok := m.all[id]
	if !ok {
		return ec2.Instance{}, false
	}
	return *i, true
}

func (m *machines) ResolveTemplate(id, _, version string) (ec2.Template, error) {
	if id != "lt-1" {
		return ec2.Template{}, wire.Errorf("InvalidLaunchTemplateId.NotFound", "The specified launch template, with template ID %s, does not exist.", id)
	}
	number := m.latest
	if n, err := strconv.ParseInt(version, 10, 64); err == nil {
		number = n
	}
	return ec2.Template{ID: "lt-1", Name: "web", Version: number}, nil
}

func (m *machines) Subnet(id string) (ec2.Subnet, bool) {
	zones := map[string]string{"subnet-a": "us-west-2a", "subnet-b": "us-west-2b", "subnet-b2": "us-west-2b"}
	zone, ok := zones[id]
	return ec2.Subnet{ID: id, VPCID: "vpc-1", AvailabilityZone: zone}, ok
}

func (m *machines) move() (moved bool) {
	for _, i := range m.all {
		switch {
		case i.State == "pending" && !m.slow:
			i.State, moved = "running", true
		case i.State == "shutting-down":
			i.State, moved = "terminated", true
		}
	}
	return moved
}

// targets is a target group on port 80.
type targets struct{ states map[elbv2.Target]string }

func (e *targets) TargetGroup(arn string) (elbv2.TargetGroup, bool) {
	return elbv2.TargetGroup{ARN: arn, Name: "web", TargetType: "instance", Port: 80}, arn == targetGroup
}

func (e *targets) Register(_ string, targets []elbv2.Target) error {
	for _, t := range targets {
		e.states[t] = "healthy"
	}
	return nil
}

func (e *targets) Deregister(_ string, targets []elbv2.Target) error {
	for _, t := range targets {
		e.states[t] = "draining"
	}
	return nil
}

func (e *targets) Health(_ string, t elbv2.Target) (elbv2.Health, bool) {
	state, ok := e.states[t]
	return elbv2.Health{State: state}, ok
}
