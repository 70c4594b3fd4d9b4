package elbv2_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ec2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/elbv2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/clock"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

const (
	vpc        = "vpc-1"
	issued     = "arn:aws:acm:us-west-2:123456789012:certificate/issued"
	otherCert  = "arn:aws:acm:us-west-2:123456789012:certificate/other"
	pendingARN = "arn:aws:acm:us-west-2:123456789012:certificate/pending"
)

// cloud is an Elastic Load Balancing service over the wire, with a network of
// two public subnets, two instances and a security group.
type cloud struct {
	t            *testing.T
	client       *elb.Client
	account      *core.Account
	clock        *clock.Fake
	service      *elbv2.Service
	machines     *machines
	certificates *certificates
	logs         *logs
}

func newCloud(t *testing.T) *cloud {
	t.Helper()
	fake := clock.NewFake(time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC))
	a := core.New("us-west-2", fake, slog.New(slog.DiscardHandler))
	a.Records.Verify()
	c := &cloud{
		t: t, account: a, clock: fake,
		machines:     newMachines(),
		certificates: &certificates{status: map[string]string{issued: "ISSUED", otherCert: "ISSUED", pendingARN: "PENDING_VALIDATION"}, users: map[string]string{}},
		logs:         &logs{allowed: map[string]string{}, objects: map[string]string{}},
	}
	c.service = elbv2.New(a, c.machines, c.certificates, c.logs)
	server := wire.NewServer(a, a.Region, a.Log)
	server.Register(c.service.Wire())
	listening := httptest.NewServer(server)
	t.Cleanup(listening.Close)
	c.client = elb.New(elb.Options{
		Region: "us-west-2", BaseEndpoint: aws.String(listening.URL),
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
	return c
}

// run runs the service until the test has ended.
func (c *cloud) run() {
	c.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { c.service.Run(ctx) })
	c.t.Cleanup(func() {
		stop()
		running.Wait()
	})
}

// pass lets time pass until the condition holds.
func (c *cloud) pass(d time.Duration, condition func() bool, message string) {
	c.t.Helper()
	c.clock.Advance(d)
	require.Eventually(c.t, condition, 5*time.Second, time.Millisecond, message)
}

func (c *cloud) loadBalancer(name string, change ...func(*elb.CreateLoadBalancerInput)) types.LoadBalancer {
	c.t.Helper()
	in := &elb.CreateLoadBalancerInput{Name: &name, Subnets: []string{"subnet-a", "subnet-b"}, SecurityGroups: []string{"sg-1"}}
	for _, f := range change {
		f(in)
	}
	out, err := c.client.CreateLoadBalancer(c.t.Context(), in)
	require.NoError(c.t, err)
	require.Len(c.t, out.LoadBalancers, 1)
	return out.LoadBalancers[0]
}

func (c *cloud) networkLoadBalancer(name string) types.LoadBalancer {
	c.t.Helper()
	return c.loadBalancer(name, func(in *elb.CreateLoadBalancerInput) {
		in.Type, in.SecurityGroups = types.LoadBalancerTypeEnumNetwork, nil
	})
}

func (c *cloud) targetGroup(name string, change ...func(*elb.CreateTargetGroupInput)) types.TargetGroup {
	c.t.Helper()
	in := &elb.CreateTargetGroupInput{Name: &name, Port: aws.Int32(8080), Protocol: types.ProtocolEnumHttp, VpcId: aws.String(vpc)}
	for _, f := range change {
		f(in)
	}
	out, err := c.client.CreateTargetGroup(c.t.Context(), in)
	require.NoError(c.t, err)
	require.Len(c.t, out.TargetGroups, 1)
	return out.TargetGroups[0]
}

func (c *cloud) listener(lb types.LoadBalancer, port int32, group *string) types.Listener {
	c.t.Helper()
	out, err := c.client.CreateListener(c.t.Context(), listenerInput(lb, port, group))
	require.NoError(c.t, err)
	require.Len(c.t, out.Listeners, 1)
	return out.Listeners[0]
}

func listenerInput(lb types.LoadBalancer, port int32, group *string) *elb.CreateListenerInput {
	return &elb.CreateListenerInput{
		LoadBalancerArn: lb.LoadBalancerArn, Port: &port, Protocol: types.ProtocolEnumHttp, DefaultActions: forwardTo(group),
	}
}

func forwardTo(group *string) []types.Action {
	return []types.Action{{Type: types.ActionTypeEnumForward, TargetGroupArn: group}}
}

// health returns STATE REASON of a group's targets by "id:port".
func (c *cloud) health(group *string) map[string]string {
	c.t.Helper()
	out, err := c.client.DescribeTargetHealth(c.t.Context(), &elb.DescribeTargetHealthInput{TargetGroupArn: group})
	require.NoError(c.t, err)
	found := map[string]string{}
	for _, d := range out.TargetHealthDescriptions {
		key := fmt.Sprintf("%s:%d", *d.Target.Id, *d.Target.Port)
		found[key] = strings.TrimSpace(string(d.TargetHealth.State) + " " + string(d.TargetHealth.Reason))
	}
	return found
}

// machines is a network without packets.
type machines struct {
	subnets    map[string]ec2.Subnet
	interfaces map[string]ec2.Interface
	instances  map[string]ec2.Instance
	made       int
}

func newMachines() *machines {
	m := &machines{subnets: map[string]ec2.Subnet{}, interfaces: map[string]ec2.Interface{}, instances: map[string]ec2.Instance{}}
	for id, zone := range map[string]string{"subnet-a": "us-west-2a", "subnet-a2": "us-west-2a", "subnet-b": "us-west-2b", "subnet-c": "us-west-2c"} {
		m.subnets[id] = ec2.Subnet{ID: id, VPCID: vpc, AvailabilityZone: zone, Public: true, HasGateway: true}
	}
	m.subnets["subnet-x"] = ec2.Subnet{ID: "subnet-x", VPCID: "vpc-2", AvailabilityZone: "us-west-2b"}
	m.subnets["subnet-x2"] = ec2.Subnet{ID: "subnet-x2", VPCID: "vpc-2", AvailabilityZone: "us-west-2a"}
	for id, zone := range map[string]string{"i-1": "us-west-2a", "i-2": "us-west-2b", "i-3": "us-west-2c"} {
		m.instances[id] = ec2.Instance{ID: id, VPCID: vpc, AvailabilityZone: zone, State: "running"}
	}
	m.instances["i-x"] = ec2.Instance{ID: "i-x", VPCID: "vpc-2", State: "running"}
	m.instances["i-new"] = ec2.Instance{ID: "i-new", VPCID: vpc, State: "pending"}
	return m
}

func (m *machines) CreateInterface(spec ec2.InterfaceSpec) (ec2.Interface, error) {
	m.made++
	groups := spec.Groups
	if len(groups) == 0 && spec.Type == "interface" {
		groups = []string{"sg-default"}
	}
	made := ec2.Interface{
		ID: fmt.Sprintf("eni-%d", m.made), Description: spec.Description, SubnetID: spec.SubnetID, Type: spec.Type,
		InstanceOwnerID: spec.InstanceOwnerID, Groups: groups, Address: netip.AddrFrom4([4]byte{127, 9, 0, byte(m.made)}),
	}
	m.interfaces[made.ID] = made
	return made, nil
}

func (m *machines) DeleteInterface(id string) error {
	delete(m.interfaces, id)
	return nil
}

func (m *machines) SetInterfaceGroups(id string, groups []string) error {
	changed := m.interfaces[id]
	changed.Groups = groups
	m.interfaces[id] = changed
	return nil
}

func (m *machines) Interface(id string) (ec2.Interface, bool) {
	found, ok := m.interfaces[id]
	return found, ok
}

func (m *machines) Subnet(id string) (ec2.Subnet, bool) {
	found, ok := m.subnets[id]
	return found, ok
}

func (m *machines) Instance(id string) (ec2.Instance, bool) {
	found, ok := m.instances[id]
	return found, ok
}

func (m *machines) SecurityGroupVPC(id string) (string, bool) {
	found, ok := map[string]string{"sg-1": vpc, "sg-2": vpc, "sg-x": "vpc-2"}[id]
	return found, ok
}

type certificates struct {
	status map[string]string
	users  map[string]string // certificate -> load balancer
}

func (c *certificates) Status(arn string) (string, bool) {
	status, ok := c.status[arn]
	return status, ok
}
func (c *certificates) Use(arn, by string)  { c.users[arn] = by }
func (c *certificates) Unuse(arn, _ string) { delete(c.users, arn) }

type logs struct {
	allowed map[string]string // bucket -> principal
	objects map[string]string
}

func (l *logs) PutObject(bucket, key string, body []byte) error {
	l.objects[bucket+"/"+key] = string(body)
	return nil
}

func (l *logs) AllowsWrite(bucket, _, principal string) bool { return l.allowed[bucket] == principal }
