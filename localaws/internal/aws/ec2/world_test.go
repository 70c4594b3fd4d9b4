package ec2_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ec2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/iam"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/clock"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wiretest"
)

// addresses hands out loopback addresses without binding any.
type addresses struct {
	mu    sync.Mutex
	next  byte
	taken map[netip.Addr]bool
}

func (a *addresses) Allocate() (netip.Addr, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.next++
	address := netip.AddrFrom4([4]byte{127, 9, 0, a.next})
	a.taken[address] = true
	return address, nil
}

func (a *addresses) Release(address netip.Addr) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.taken, address)
}

func (a *addresses) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.taken)
}

// profiles are instance profiles by ARN or name.
type profiles map[string]iam.Profile

func (p profiles) InstanceProfile(nameOrARN string) (iam.Profile, bool) {
	profile, ok := p[nameOrARN]
	return profile, ok
}

// world is EC2 behind its wire.
type world struct {
	*wiretest.Server
	ec2       *ec2.Service
	account   *core.Account
	clock     *clock.Fake
	addresses *addresses
	profiles  profiles
}

func newWorld(t *testing.T) *world {
	t.Helper()
	a, fake := wiretest.NewAccount()
	w := &world{account: a, clock: fake, addresses: &addresses{taken: map[netip.Addr]bool{}}, profiles: profiles{
		"ecs": {Name: "ecs", ARN: "arn:aws:iam::123456789012:instance-profile/ecs", RoleARN: "arn:aws:iam::123456789012:role/ecs"},
	}}
	w.ec2 = ec2.New(a, w.addresses, w.profiles)
	w.Server = wiretest.NewServer(t, a, w.ec2.Wire())
	return w
}

// run lets time have its effect until the test ends.
func (w *world) run(t *testing.T) {
	t.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	var ended sync.WaitGroup
	ended.Go(func() { w.ec2.Run(ctx) })
	t.Cleanup(func() { stop(); ended.Wait() })
}

// call sends an operation with parameters written as name, value, name, value.
func (w *world) call(t *testing.T, action string, parameters ...string) *wiretest.Reply {
	t.Helper()
	form := url.Values{}
	for i := 0; i < len(parameters); i += 2 {
		form.Set(parameters[i], parameters[i+1])
	}
	return w.Query(t, "ec2", action, form, nil)
}

// get calls an operation that must succeed, and returns the text of the first
// element with that name.
func (w *world) get(t *testing.T, element, action string, parameters ...string) string {
	t.Helper()
	reply := w.call(t, action, parameters...).OK(t)
	all := texts(t, reply.Body, element)
	require.NotEmpty(t, all, "no <%s> in %s", element, reply.Body)
	return all[0]
}

// list calls an operation that must succeed, and returns the texts of all
// elements with that name.
func (w *world) list(t *testing.T, element, action string, parameters ...string) []string {
	t.Helper()
	return texts(t, w.call(t, action, parameters...).OK(t).Body, element)
}

// texts are the contents of all elements with that name that hold text only.
func texts(t *testing.T, body []byte, element string) []string {
	t.Helper()
	all := []string{}
	decoder := xml.NewDecoder(bytes.NewReader(body))
	inside, text := "", ""
	for {
		token, err := decoder.Token()
		if err != nil {
			return all
		}
		switch token := token.(type) {
		case xml.StartElement:
			inside, text = token.Name.Local, ""
		case xml.CharData:
			text += string(token)
		case xml.EndElement:
			if token.Name.Local == element && inside == element {
				all = append(all, text)
			}
			inside = ""
		}
	}
}

// eventually waits for something that time brings.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	require.Eventually(t, is, 10*time.Second, 2*time.Millisecond, what)
}

// locked reads something of the service itself.
func locked[T any](w *world, get func() T) (value T) {
	w.account.Do(func() { value = get() })
	return value
}

// network is a VPC with a public and a private subnet, as a fixture has it.
type network struct {
	vpc, gateway, public, private, publicTable, privateTable, mainTable string
}

func (w *world) network(t *testing.T, cidr string) network {
	t.Helper()
	part := strings.Join(strings.Split(cidr, ".")[:2], ".")
	n := network{vpc: w.get(t, "vpcId", "CreateVpc", "CidrBlock", cidr)}
	n.mainTable = w.get(t, "routeTableId", "DescribeRouteTables", "Filter.1.Name", "vpc-id", "Filter.1.Value.1", n.vpc)
	n.gateway = w.get(t, "internetGatewayId", "CreateInternetGateway")
	w.call(t, "AttachInternetGateway", "InternetGatewayId", n.gateway, "VpcId", n.vpc).OK(t)
	n.public = w.get(t, "subnetId", "CreateSubnet", "VpcId", n.vpc, "CidrBlock", part+".0.0/24", "AvailabilityZone", "us-west-2a")
	n.private = w.get(t, "subnetId", "CreateSubnet", "VpcId", n.vpc, "CidrBlock", part+".1.0/24", "AvailabilityZone", "us-west-2b")
	w.call(t, "ModifySubnetAttribute", "SubnetId", n.public, "MapPublicIpOnLaunch.Value", "true").OK(t)
	n.publicTable = w.get(t, "routeTableId", "CreateRouteTable", "VpcId", n.vpc)
	n.privateTable = w.get(t, "routeTableId", "CreateRouteTable", "VpcId", n.vpc)
	w.call(t, "AssociateRouteTable", "RouteTableId", n.publicTable, "SubnetId", n.public).OK(t)
	w.call(t, "AssociateRouteTable", "RouteTableId", n.privateTable, "SubnetId", n.private).OK(t)
	w.call(t, "CreateRoute", "RouteTableId", n.publicTable, "DestinationCidrBlock", "0.0.0.0/0", "GatewayId", n.gateway).OK(t)
	return n
}

// nat makes a NAT gateway that is available, and returns it and its address.
func (w *world) nat(t *testing.T, subnet string) (gateway, allocation string) {
	t.Helper()
	allocation = w.get(t, "allocationId", "AllocateAddress", "Domain", "vpc")
	gateway = w.get(t, "natGatewayId", "CreateNatGateway", "SubnetId", subnet, "AllocationId", allocation)
	w.clock.Advance(2 * time.Minute)
	eventually(t, "the NAT gateway is available", func() bool { return w.natState(t, gateway) == "available" })
	return gateway, allocation
}

func (w *world) natState(t *testing.T, gateway string) string {
	t.Helper()
	return w.get(t, "state", "DescribeNatGateways", "NatGatewayId.1", gateway)
}

func (w *world) group(t *testing.T, vpc, name string) string {
	t.Helper()
	return w.get(t, "groupId", "CreateSecurityGroup", "VpcId", vpc, "GroupName", name, "GroupDescription", name)
}

// allow adds a rule for TCP; peer is a CIDR block or a group.
func (w *world) allow(t *testing.T, direction, group, port, peer string) {
	t.Helper()
	parameters := []string{
		"GroupId", group, "IpPermissions.1.IpProtocol", "tcp", "IpPermissions.1.FromPort", port, "IpPermissions.1.ToPort", port,
	}
	if strings.HasPrefix(peer, "sg-") {
		parameters = append(parameters, "IpPermissions.1.Groups.1.GroupId", peer)
	} else {
		parameters = append(parameters, "IpPermissions.1.IpRanges.1.CidrIp", peer)
	}
	w.call(t, "AuthorizeSecurityGroup"+direction, parameters...).OK(t)
}

// noEgress takes the rule away that a new group has.
func (w *world) noEgress(t *testing.T, group string) {
	t.Helper()
	w.call(t, "RevokeSecurityGroupEgress", "GroupId", group,
		"IpPermissions.1.IpProtocol", "-1", "IpPermissions.1.IpRanges.1.CidrIp", "0.0.0.0/0").OK(t)
}

// template makes a launch template of parameters of its data.
func (w *world) template(t *testing.T, data ...string) string {
	t.Helper()
	parameters := []string{"LaunchTemplateName", "template-" + ids.Hex(8)}
	for i := 0; i < len(data); i += 2 {
		parameters = append(parameters, "LaunchTemplateData."+data[i], data[i+1])
	}
	return w.get(t, "launchTemplateId", "CreateLaunchTemplate", parameters...)
}

// ecsImage is the id of an image with an ECS agent.
func (w *world) ecsImage(t *testing.T, architecture string) string {
	t.Helper()
	return w.get(t, "imageId", "DescribeImages", "Owner.1", "amazon",
		"Filter.1.Name", "name", "Filter.1.Value.1", "al2023-ami-ecs-hvm-*",
		"Filter.2.Name", "architecture", "Filter.2.Value.1", architecture)
}

func locked2[T any](w *world, get func() (T, bool)) (value T, ok bool) {
	w.account.Do(func() { value, ok = get() })
	return value, ok
}

// createInterface makes an interface of a load balancer, and returns its id.
func (w *world) createInterface(t *testing.T, subnet string, public bool, groups ...string) string {
	t.Helper()
	var id string
	w.account.Do(func() {
		eni, err := w.ec2.CreateInterface(ec2.InterfaceSpec{
			SubnetID: subnet, Description: "ELB app/web/0123456789abcdef", RequesterID: "amazon-elb", InstanceOwnerID: "amazon-elb",
			Groups: groups, Public: public,
		})
		require.NoError(t, err)
		id = eni.ID
	})
	return id
}
