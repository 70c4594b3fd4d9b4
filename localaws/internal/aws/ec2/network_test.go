package ec2_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ec2"
)

func TestNewVPCHasWhatTheProviderLooksFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	vpc := w.get(t, "vpcId", "CreateVpc", "CidrBlock", "10.1.2.3/16", "AmazonProvidedIpv6CidrBlock", "false")

	assert.Equal(t, "10.1.0.0/16", w.get(t, "cidrBlock", "DescribeVpcs", "VpcId.1", vpc), "host bits are cleared")
	byVPC := []string{"Filter.1.Name", "vpc-id", "Filter.1.Value.1", vpc, "Filter.2.Value.1", "true", "Filter.2.Name"}
	assert.Len(t, w.list(t, "networkAclId", "DescribeNetworkAcls", append(byVPC, "default")...), 1)
	assert.Equal(t, []string{"true"}, w.list(t, "main", "DescribeRouteTables", append(byVPC, "association.main")...))
	assert.Equal(t, []string{"default"}, w.list(t, "groupName", "DescribeSecurityGroups",
		"Filter.1.Name", "vpc-id", "Filter.1.Value.1", vpc, "Filter.2.Name", "group-name", "Filter.2.Value.1", "default"))
	for attribute, want := range map[string]string{
		"enableDnsSupport": "true", "enableDnsHostnames": "false", "enableNetworkAddressUsageMetrics": "false",
	} {
		assert.Equal(t, want, w.get(t, "value", "DescribeVpcAttribute", "VpcId", vpc, "Attribute", attribute), attribute)
	}
	w.call(t, "ModifyVpcAttribute", "VpcId", vpc, "EnableDnsHostnames.Value", "true").OK(t)
	assert.Equal(t, "true", w.get(t, "value", "DescribeVpcAttribute", "VpcId", vpc, "Attribute", "enableDnsHostnames"))
}

func TestNetworkRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.network(t, "10.1.0.0/16")
	other := w.network(t, "10.2.0.0/16")
	w.call(t, "CreateRoute", "RouteTableId", n.privateTable, "DestinationCidrBlock", "192.0.2.0/24", "GatewayId", n.gateway).OK(t)

	cases := map[string]struct {
		action     string
		parameters []string
		code       string
		says       string
	}{
		"a VPC of IPv6":                 {"CreateVpc", []string{"CidrBlock", "10.9.0.0/16", "AmazonProvidedIpv6CidrBlock", "true"}, "UnsupportedOperation", "AmazonProvidedIpv6CidrBlock"},
		"a VPC too large":               {"CreateVpc", []string{"CidrBlock", "10.0.0.0/8"}, "InvalidVpc.Range", "10.0.0.0/8"},
		"a VPC without a network":       {"CreateVpc", []string{"CidrBlock", "ten"}, "InvalidParameterValue", "ten"},
		"a VPC with tags of a subnet":   {"CreateVpc", []string{"CidrBlock", "10.9.0.0/16", "TagSpecification.1.ResourceType", "subnet"}, "InvalidParameterValue", "'subnet'"},
		"a VPC with a reserved tag":     {"CreateVpc", []string{"CidrBlock", "10.9.0.0/16", "TagSpecification.1.ResourceType", "vpc", "TagSpecification.1.Tag.1.Key", "aws:x"}, "InvalidParameterValue", "aws:"},
		"a subnet outside":              {"CreateSubnet", []string{"VpcId", n.vpc, "CidrBlock", "10.2.0.0/24"}, "InvalidSubnet.Range", "10.2.0.0/24"},
		"a subnet over another":         {"CreateSubnet", []string{"VpcId", n.vpc, "CidrBlock", "10.1.0.128/25"}, "InvalidSubnet.Conflict", "10.1.0.128/25"},
		"a subnet too small":            {"CreateSubnet", []string{"VpcId", n.vpc, "CidrBlock", "10.1.9.0/29"}, "InvalidSubnet.Range", "10.1.9.0/29"},
		"a subnet in no zone":           {"CreateSubnet", []string{"VpcId", n.vpc, "CidrBlock", "10.1.9.0/24", "AvailabilityZone", "us-west-2z"}, "InvalidParameterValue", "us-west-2z"},
		"a subnet of no VPC":            {"CreateSubnet", []string{"VpcId", "vpc-0", "CidrBlock", "10.1.9.0/24"}, "InvalidVpcID.NotFound", "vpc-0"},
		"a second gateway of a VPC":     {"AttachInternetGateway", []string{"VpcId", n.vpc, "InternetGatewayId", other.gateway}, "Resource.AlreadyAssociated", other.vpc},
		"detaching from another VPC":    {"DetachInternetGateway", []string{"VpcId", other.vpc, "InternetGatewayId", n.gateway}, "Gateway.NotAttached", n.gateway},
		"a route inside the VPC":        {"CreateRoute", []string{"RouteTableId", n.publicTable, "DestinationCidrBlock", "10.1.5.0/24", "GatewayId", n.gateway}, "InvalidParameterValue", "10.1.5.0/24"},
		"a route to no NAT gateway":     {"CreateRoute", []string{"RouteTableId", n.privateTable, "DestinationCidrBlock", "192.0.2.7/24", "NatGatewayId", "nat-0"}, "InvalidNatGatewayID.NotFound", "nat-0"},
		"a route to another's gateway":  {"CreateRoute", []string{"RouteTableId", n.publicTable, "DestinationCidrBlock", "198.51.100.0/24", "GatewayId", other.gateway}, "InvalidParameterValue", "different networks"},
		"a route to no gateway":         {"CreateRoute", []string{"RouteTableId", n.publicTable, "DestinationCidrBlock", "198.51.100.0/24", "GatewayId", "igw-0"}, "InvalidGatewayID.NotFound", "igw-0"},
		"a route to nowhere":            {"CreateRoute", []string{"RouteTableId", n.publicTable, "DestinationCidrBlock", "198.51.100.0/24"}, "MissingParameter", "gatewayId"},
		"a route without destination":   {"CreateRoute", []string{"RouteTableId", n.publicTable, "GatewayId", n.gateway}, "MissingParameter", "destination"},
		"a route of IPv6":               {"CreateRoute", []string{"RouteTableId", n.publicTable, "DestinationIpv6CidrBlock", "::/0", "GatewayId", n.gateway}, "UnsupportedParameter", "DestinationIpv6CidrBlock"},
		"a route through a peering":     {"CreateRoute", []string{"RouteTableId", n.publicTable, "VpcPeeringConnectionId", "pcx-1"}, "UnsupportedParameter", "VpcPeeringConnectionId"},
		"replacing no route":            {"ReplaceRoute", []string{"RouteTableId", n.publicTable, "DestinationCidrBlock", "198.51.100.0/24", "GatewayId", n.gateway}, "InvalidParameterValue", "CreateRoute"},
		"deleting no route":             {"DeleteRoute", []string{"RouteTableId", n.publicTable, "DestinationCidrBlock", "198.51.100.0/24"}, "InvalidRoute.NotFound", "198.51.100.0/24"},
		"deleting the local route":      {"DeleteRoute", []string{"RouteTableId", n.publicTable, "DestinationCidrBlock", "10.1.0.0/16"}, "InvalidParameterValue", "local route"},
		"a second table of a subnet":    {"AssociateRouteTable", []string{"RouteTableId", n.privateTable, "SubnetId", n.public}, "Resource.AlreadyAssociated", n.privateTable},
		"a table of another VPC":        {"AssociateRouteTable", []string{"RouteTableId", other.publicTable, "SubnetId", n.public}, "InvalidParameterValue", "different networks"},
		"deleting the main table":       {"DeleteRouteTable", []string{"RouteTableId", n.mainTable}, "DependencyViolation", n.mainTable},
		"deleting a table in use":       {"DeleteRouteTable", []string{"RouteTableId", n.publicTable}, "DependencyViolation", n.publicTable},
		"deleting an attached gateway":  {"DeleteInternetGateway", []string{"InternetGatewayId", n.gateway}, "DependencyViolation", n.gateway},
		"deleting a VPC with subnets":   {"DeleteVpc", []string{"VpcId", n.vpc}, "DependencyViolation", n.vpc},
		"an unknown VPC":                {"DescribeVpcs", []string{"VpcId.1", "vpc-0"}, "InvalidVpcID.NotFound", "vpc-0"},
		"an unknown attribute":          {"DescribeVpcAttribute", []string{"VpcId", n.vpc, "Attribute", "colour"}, "InvalidParameterValue", "colour"},
		"a NAT gateway without address": {"CreateNatGateway", []string{"SubnetId", n.public}, "MissingParameter", "allocationId"},
		"a regional NAT gateway":        {"CreateNatGateway", []string{"SubnetId", n.public, "AvailabilityMode", "regional"}, "InvalidParameterValue", "regional"},
		"a NAT gateway of no subnet":    {"CreateNatGateway", []string{"SubnetId", "subnet-0", "AllocationId", "eipalloc-0"}, "InvalidSubnetID.NotFound", "subnet-0"},
		"an unknown NAT gateway":        {"DescribeNatGateways", []string{"NatGatewayId.1", "nat-0"}, "NatGatewayNotFound", "nat-0"},
		"an unknown address":            {"ReleaseAddress", []string{"AllocationId", "eipalloc-0"}, "InvalidAllocationID.NotFound", "eipalloc-0"},
		"tags of nothing":               {"CreateTags", []string{"ResourceId.1", "vpc-0", "Tag.1.Key", "a", "Tag.1.Value", "b"}, "InvalidVpcID.NotFound", "vpc-0"},
		"tags of something unknown":     {"CreateTags", []string{"ResourceId.1", "banana-1", "Tag.1.Key", "a"}, "InvalidID", "banana-1"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reply := w.call(t, c.action, c.parameters...).Refused(t, c.code)
			assert.Contains(t, reply.Message, c.says)
		})
	}
}

// TestTakingANetworkApart deletes in the only order that AWS allows, and sees
// each step refused before its time.
func TestTakingANetworkApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run(t)
	n := w.network(t, "10.1.0.0/16")
	gateway, allocation := w.nat(t, n.public)
	group := w.group(t, n.vpc, "backend")

	w.call(t, "ReleaseAddress", "AllocationId", allocation).Refused(t, "InvalidIPAddress.InUse")
	w.call(t, "DeleteSubnet", "SubnetId", n.public).Refused(t, "DependencyViolation")
	w.call(t, "DetachInternetGateway", "InternetGatewayId", n.gateway, "VpcId", n.vpc).Refused(t, "DependencyViolation")

	w.call(t, "DeleteNatGateway", "NatGatewayId", gateway).OK(t)
	assert.Equal(t, "deleting", w.natState(t, gateway))
	w.call(t, "ReleaseAddress", "AllocationId", allocation).Refused(t, "InvalidIPAddress.InUse")
	w.clock.Advance(time.Minute)
	eventually(t, "the NAT gateway is deleted", func() bool { return w.natState(t, gateway) == "deleted" })

	w.call(t, "ReleaseAddress", "AllocationId", allocation).OK(t)
	for _, table := range []string{n.publicTable, n.privateTable} {
		association := w.get(t, "routeTableAssociationId", "DescribeRouteTables", "RouteTableId.1", table)
		w.call(t, "DisassociateRouteTable", "AssociationId", association).OK(t)
		w.call(t, "DeleteVpc", "VpcId", n.vpc).Refused(t, "DependencyViolation")
		w.call(t, "DeleteRouteTable", "RouteTableId", table).OK(t)
	}
	for _, subnet := range []string{n.public, n.private} {
		w.call(t, "DeleteSubnet", "SubnetId", subnet).OK(t)
	}
	w.call(t, "DeleteVpc", "VpcId", n.vpc).Refused(t, "DependencyViolation")
	w.call(t, "DetachInternetGateway", "InternetGatewayId", n.gateway, "VpcId", n.vpc).OK(t)
	w.call(t, "DeleteInternetGateway", "InternetGatewayId", n.gateway).OK(t)
	w.call(t, "DeleteVpc", "VpcId", n.vpc).Refused(t, "DependencyViolation")
	w.call(t, "DeleteSecurityGroup", "GroupId", group).OK(t)
	w.call(t, "DeleteVpc", "VpcId", n.vpc).OK(t)

	for kind, count := range locked(w, w.ec2.Resources) {
		assert.Zero(t, count, "%s are left", kind)
	}
	assert.Zero(t, w.addresses.count(), "addresses are left")
	assert.Empty(t, w.list(t, "groupId", "DescribeSecurityGroups"))
	assert.Empty(t, w.list(t, "networkAclId", "DescribeNetworkAcls"))
	w.clock.Advance(2 * time.Hour)
	eventually(t, "the deleted NAT gateway is forgotten", func() bool {
		return w.call(t, "DescribeNatGateways", "NatGatewayId.1", gateway).Code == "NatGatewayNotFound"
	})
}

func TestNATGatewayAnswersAllThatTheProviderReads(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run(t)
	n := w.network(t, "10.1.0.0/16")
	allocation := w.get(t, "allocationId", "AllocateAddress", "Domain", "vpc")
	create := []string{"SubnetId", n.public, "AllocationId", allocation, "ClientToken", "once"}
	gateway := w.get(t, "natGatewayId", "CreateNatGateway", create...)
	assert.Equal(t, gateway, w.get(t, "natGatewayId", "CreateNatGateway", create...), "the same token makes the same gateway")
	assert.Equal(t, "pending", w.natState(t, gateway))
	w.clock.Advance(2 * time.Minute)
	eventually(t, "available", func() bool { return w.natState(t, gateway) == "available" })

	reply := w.call(t, "DescribeNatGateways", "NatGatewayId.1", gateway).OK(t)
	public := w.get(t, "publicIp", "DescribeAddresses", "AllocationId.1", allocation)
	for element, want := range map[string]string{
		"connectivityType": "public", "availabilityMode": "zonal", "subnetId": n.public, "vpcId": n.vpc,
		"allocationId": allocation, "publicIp": public, "isPrimary": "true", "status": "succeeded",
	} {
		assert.Equal(t, []string{want}, texts(t, reply.Body, element), element)
	}
	eni := texts(t, reply.Body, "networkInterfaceId")[0]
	assert.Equal(t, []string{"nat_gateway"}, w.list(t, "interfaceType", "DescribeNetworkInterfaces", "NetworkInterfaceId.1", eni))
	w.call(t, "CreateNatGateway", "SubnetId", n.public, "AllocationId", allocation).Refused(t, "Resource.AlreadyAssociated")
	w.call(t, "CreateRoute", "RouteTableId", n.publicTable, "DestinationCidrBlock", "0.0.0.0/0", "NatGatewayId", gateway).
		Refused(t, "RouteAlreadyExists")
}

func TestNATGatewayFailsWithoutInternetGateway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run(t)
	vpc := w.get(t, "vpcId", "CreateVpc", "CidrBlock", "10.1.0.0/16")
	subnet := w.get(t, "subnetId", "CreateSubnet", "VpcId", vpc, "CidrBlock", "10.1.0.0/24")
	allocation := w.get(t, "allocationId", "AllocateAddress")
	gateway := w.get(t, "natGatewayId", "CreateNatGateway", "SubnetId", subnet, "AllocationId", allocation)
	w.clock.Advance(2 * time.Minute)
	eventually(t, "failed", func() bool { return w.natState(t, gateway) == "failed" })
	assert.Equal(t, "Gateway.NotAttached", w.get(t, "failureCode", "DescribeNatGateways", "NatGatewayId.1", gateway))
	w.call(t, "ReleaseAddress", "AllocationId", allocation).OK(t)
	w.call(t, "DeleteSubnet", "SubnetId", subnet).OK(t)
}

func TestRoutesBecomeBlackholes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.network(t, "10.1.0.0/16")
	states := func() []string { return w.list(t, "state", "DescribeRouteTables", "RouteTableId.1", n.publicTable) }
	assert.Equal(t, []string{"active", "active", "associated"}, states())
	w.call(t, "DetachInternetGateway", "InternetGatewayId", n.gateway, "VpcId", n.vpc).OK(t)
	assert.Equal(t, []string{"active", "blackhole", "associated"}, states())
}

func TestMainRouteTableMoves(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.network(t, "10.1.0.0/16")
	spare := w.get(t, "routeTableId", "CreateRouteTable", "VpcId", n.vpc, "ClientToken", "x")
	assert.Equal(t, spare, w.get(t, "routeTableId", "CreateRouteTable", "VpcId", n.vpc, "ClientToken", "x"))
	association := w.get(t, "routeTableAssociationId", "DescribeRouteTables", "RouteTableId.1", n.mainTable)
	w.call(t, "DisassociateRouteTable", "AssociationId", association).Refused(t, "InvalidParameterValue")
	moved := w.get(t, "newAssociationId", "ReplaceRouteTableAssociation", "AssociationId", association, "RouteTableId", spare)
	assert.Equal(t, []string{spare}, uniqueStrings(w.list(t, "routeTableId", "DescribeRouteTables",
		"Filter.1.Name", "association.main", "Filter.1.Value.1", "true")))
	w.call(t, "DeleteRouteTable", "RouteTableId", n.mainTable).OK(t)
	w.call(t, "ReplaceRouteTableAssociation", "AssociationId", association, "RouteTableId", n.publicTable).Refused(t, "InvalidAssociationID.NotFound")
	w.call(t, "ReplaceRouteTableAssociation", "AssociationId", moved, "RouteTableId", n.publicTable).OK(t)
}

func uniqueStrings(all []string) []string {
	var unique []string
	seen := map[string]bool{}
	for _, text := range all {
		if !seen[text] {
			unique = append(unique, text)
		}
		seen[text] = true
	}
	return unique
}

func TestSubnetAsOthersSeeIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.network(t, "10.1.0.0/16")
	subnet := func(id string) (ec2.Subnet, bool) {
		return locked2(w, func() (ec2.Subnet, bool) { return w.ec2.Subnet(id) })
	}
	public, ok := subnet(n.public)
	require.True(t, ok)
	assert.Equal(t, ec2.Subnet{
		ID: n.public, VPCID: n.vpc, AvailabilityZone: "us-west-2a", CIDR: "10.1.0.0/24", Public: true, MapPublicIP: true, HasGateway: true,
	}, public)
	private, ok := subnet(n.private)
	require.True(t, ok)
	assert.False(t, private.Public)
	assert.False(t, private.MapPublicIP)
	_, ok = subnet("subnet-0")
	assert.False(t, ok)
	assert.Equal(t, []string{"251", "251"}, w.list(t, "availableIpAddressCount", "DescribeSubnets"))
}
