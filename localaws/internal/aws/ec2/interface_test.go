package ec2_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ec2"
)

// TestInterfacesOfALoadBalancer asks as the provider does when it deletes one.
func TestInterfacesOfALoadBalancer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.network(t, "10.1.0.0/16")
	group := w.group(t, n.vpc, "lb")
	id := w.createInterface(t, n.public, true, group)

	asProvider := []string{
		"Filter.1.Name", "attachment.instance-owner-id", "Filter.1.Value.1", "amazon-elb",
		"Filter.2.Name", "description", "Filter.2.Value.1", "ELB app/web/0123456789abcdef",
	}
	reply := w.call(t, "DescribeNetworkInterfaces", asProvider...).OK(t)
	for element, want := range map[string]string{
		"networkInterfaceId": id, "subnetId": n.public, "vpcId": n.vpc, "requesterManaged": "true", "status": "in-use",
		"interfaceType": "interface", "instanceOwnerId": "amazon-elb", "groupId": group, "groupName": "lb",
	} {
		assert.Contains(t, texts(t, reply.Body, element), want, element)
	}
	assert.NotEmpty(t, texts(t, reply.Body, "publicIp"))
	w.call(t, "DeleteSubnet", "SubnetId", n.public).Refused(t, "DependencyViolation")
	w.call(t, "DetachInternetGateway", "InternetGatewayId", n.gateway, "VpcId", n.vpc).Refused(t, "DependencyViolation")

	w.account.Do(func() { require.NoError(t, w.ec2.DeleteInterface(id)) })
	assert.Empty(t, w.list(t, "networkInterfaceId", "DescribeNetworkInterfaces", asProvider...))
	assert.Zero(t, w.addresses.count())
}

func TestInterfaceByItsAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.network(t, "10.1.0.0/16")
	group := w.group(t, n.vpc, "lb")
	w.account.Do(func() {
		eni, err := w.ec2.CreateInterface(ec2.InterfaceSpec{SubnetID: n.private, Description: "x"})
		require.NoError(t, err)
		found, ok := w.ec2.InterfaceByAddress(eni.Address)
		require.True(t, ok)
		assert.Equal(t, eni, found)
		assert.Len(t, eni.Groups, 1, "the VPC's default group")
		assert.Empty(t, eni.PublicIP)

		require.NoError(t, w.ec2.SetInterfaceGroups(eni.ID, []string{group}))
		found, _ = w.ec2.Interface(eni.ID)
		assert.Equal(t, []string{group}, found.Groups)
		require.ErrorContains(t, w.ec2.SetInterfaceGroups(eni.ID, []string{"sg-0"}), "sg-0")
		require.ErrorContains(t, w.ec2.SetInterfaceGroups("eni-0", nil), "eni-0")
		require.NoError(t, w.ec2.DeleteInterface(eni.ID))
		require.ErrorContains(t, w.ec2.DeleteInterface(eni.ID), eni.ID)
		_, ok = w.ec2.InterfaceByAddress(eni.Address)
		assert.False(t, ok)
	})
}

func TestInterfaceRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n, other := w.network(t, "10.1.0.0/16"), w.network(t, "10.2.0.0/16")
	elsewhere := w.group(t, other.vpc, "other")
	for name, c := range map[string]struct {
		spec ec2.InterfaceSpec
		says string
	}{
		"no subnet":              {ec2.InterfaceSpec{}, "subnetId"},
		"an unknown subnet":      {ec2.InterfaceSpec{SubnetID: "subnet-0"}, "subnet-0"},
		"an unknown group":       {ec2.InterfaceSpec{SubnetID: n.public, Groups: []string{"sg-0"}}, "sg-0"},
		"a group of another VPC": {ec2.InterfaceSpec{SubnetID: n.public, Groups: []string{elsewhere}}, elsewhere},
		"too many groups":        {ec2.InterfaceSpec{SubnetID: n.public, Groups: []string{"1", "2", "3", "4", "5", "6"}}, "6 of 5"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w.account.Do(func() {
				_, err := w.ec2.CreateInterface(c.spec)
				require.ErrorContains(t, err, c.says)
			})
		})
	}
}

func TestSubnetRunsOutOfAddresses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	vpc := w.get(t, "vpcId", "CreateVpc", "CidrBlock", "10.1.0.0/16")
	subnet := w.get(t, "subnetId", "CreateSubnet", "VpcId", vpc, "CidrBlock", "10.1.0.16/28")
	seen := map[string]bool{}
	w.account.Do(func() {
		var last ec2.Interface
		for range 11 {
			eni, err := w.ec2.CreateInterface(ec2.InterfaceSpec{SubnetID: subnet})
			require.NoError(t, err)
			seen[eni.PrivateIP] = true
			last = eni
		}
		_, err := w.ec2.CreateInterface(ec2.InterfaceSpec{SubnetID: subnet})
		require.ErrorContains(t, err, "InsufficientFreeAddressesInSubnet")
		require.NoError(t, w.ec2.DeleteInterface(last.ID))
		again, err := w.ec2.CreateInterface(ec2.InterfaceSpec{SubnetID: subnet})
		require.NoError(t, err)
		assert.Equal(t, last.PrivateIP, again.PrivateIP)
	})
	assert.Len(t, seen, 11)
	for _, kept := range []string{"10.1.0.16", "10.1.0.17", "10.1.0.18", "10.1.0.19", "10.1.0.31"} {
		assert.NotContains(t, seen, kept, "AWS keeps the first four and the last")
	}
}

func TestElasticIPMovesBetweenInterfaces(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.network(t, "10.1.0.0/16")
	first, second := w.createInterface(t, n.public, true), w.createInterface(t, n.public, false)
	allocation := w.get(t, "allocationId", "AllocateAddress")
	public := w.get(t, "publicIp", "DescribeAddresses", "AllocationId.1", allocation)
	of := func(id string) string {
		return locked(w, func() string { eni, _ := w.ec2.Interface(id); return eni.PublicIP })
	}

	association := w.get(t, "associationId", "AssociateAddress", "AllocationId", allocation, "NetworkInterfaceId", first)
	assert.Equal(t, public, of(first), "in place of its own address")
	w.call(t, "AssociateAddress", "AllocationId", allocation, "NetworkInterfaceId", second).Refused(t, "Resource.AlreadyAssociated")
	moved := w.get(t, "associationId", "AssociateAddress", "AllocationId", allocation, "NetworkInterfaceId", second, "AllowReassociation", "true")
	assert.NotEqual(t, association, moved)
	assert.Empty(t, of(first))
	assert.Equal(t, public, of(second))
	w.call(t, "ReleaseAddress", "AllocationId", allocation).Refused(t, "InvalidIPAddress.InUse")
	w.call(t, "DisassociateAddress", "AssociationId", association).Refused(t, "InvalidAssociationID.NotFound")
	w.call(t, "DisassociateAddress", "AssociationId", moved).OK(t)
	w.call(t, "ReleaseAddress", "AllocationId", allocation).OK(t)
	w.call(t, "DescribeAddresses", "PublicIp.1", public).Refused(t, "InvalidAddress.NotFound")
}

func TestAddressesWithoutNamesHaveNoAttribute(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	allocation := w.get(t, "allocationId", "AllocateAddress")
	reply := w.call(t, "DescribeAddressesAttribute", "AllocationId.1", allocation, "Attribute", "domain-name").OK(t)
	assert.Contains(t, string(reply.Body), "<addressSet></addressSet>")
}

// TestAFailedOperationLeavesNothingBehind: an endpoint for two subnets makes an
// interface in the first before it finds the second full.
func TestAFailedOperationLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.network(t, "10.1.0.0/16")
	small := w.get(t, "subnetId", "CreateSubnet", "VpcId", n.vpc, "CidrBlock", "10.1.9.0/28", "AvailabilityZone", "us-west-2c")
	for range 11 {
		w.createInterface(t, small, false)
	}
	state := func() []string {
		var all []string
		for _, operation := range []string{"DescribeNetworkInterfaces", "DescribeSubnets", "DescribeVpcEndpoints", "DescribeTags"} {
			all = append(all, content(w.call(t, operation).OK(t)))
		}
		return all
	}
	before := state()
	w.call(t, "CreateVpcEndpoint", "VpcId", n.vpc, "VpcEndpointType", "Interface", "ServiceName", "com.amazonaws.us-west-2.ecs",
		"SubnetId.1", n.public, "SubnetId.2", small).Refused(t, "InsufficientFreeAddressesInSubnet")
	assert.Equal(t, before, state())

	first := w.createInterface(t, n.public, false)
	assert.Equal(t, "10.1.0.4", w.get(t, "privateIpAddress", "DescribeNetworkInterfaces", "NetworkInterfaceId.1", first), "the first that is free")
}
