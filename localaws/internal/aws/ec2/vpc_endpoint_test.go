package ec2_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A threat detection service puts an endpoint and a security group into VPCs
// that it watches. Neither is in any Terraform state, and both block the VPC.
func TestAVPCEndpointBlocksItsNetwork(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.network(t, "10.1.0.0/16")
	group := w.get(t, "groupId", "CreateSecurityGroup", "VpcId", n.vpc, "GroupName", "managed", "GroupDescription", "managed")
	endpoint := w.get(t, "vpcEndpointId", "CreateVpcEndpoint", "VpcId", n.vpc, "VpcEndpointType", "INTERFACE",
		"ServiceName", "com.amazonaws.us-west-2.guardduty-data", "SubnetId.1", n.public, "SecurityGroupId.1", group,
		"TagSpecification.1.ResourceType", "vpc-endpoint", "TagSpecification.1.Tag.1.Key", "GuardDutyManaged", "TagSpecification.1.Tag.1.Value", "true")
	w.run(t)

	assert.Equal(t, "Interface", w.get(t, "vpcEndpointType", "DescribeVpcEndpoints", "VpcEndpointId.1", endpoint), "in the API's own case")
	describe := []string{"Filter.1.Name", "vpc-id", "Filter.1.Value.1", n.vpc}
	states := func() []string { return w.list(t, "state", "DescribeVpcEndpoints", describe...) }
	assert.Equal(t, []string{"pending"}, states())
	w.clock.Advance(2 * time.Minute)
	require.Eventually(t, func() bool { return states()[0] == "available" }, 20*time.Second, time.Millisecond)
	assert.Equal(t, "GuardDutyManaged", w.get(t, "key", "DescribeVpcEndpoints", "VpcEndpointId.1", endpoint))
	assert.Len(t, w.list(t, "networkInterfaceId", "DescribeNetworkInterfaces", "Filter.1.Name", "group-id", "Filter.1.Value.1", group), 1)

	w.call(t, "DeleteSubnet", "SubnetId", n.public).Refused(t, "DependencyViolation")
	w.call(t, "DeleteSecurityGroup", "GroupId", group).Refused(t, "DependencyViolation")
	w.call(t, "DeleteVpc", "VpcId", n.vpc).Refused(t, "DependencyViolation")

	assert.Empty(t, w.list(t, "code", "DeleteVpcEndpoints", "VpcEndpointId.1", endpoint))
	assert.Equal(t, []string{"deleting"}, states())
	w.clock.Advance(2 * time.Minute)
	require.Eventually(t, func() bool { return len(states()) == 0 }, 20*time.Second, time.Millisecond)
	w.call(t, "DeleteSecurityGroup", "GroupId", group).OK(t)
	w.call(t, "DeleteSubnet", "SubnetId", n.public).OK(t)
	assert.Equal(t, []string{"InvalidVpcEndpointId.NotFound"}, w.list(t, "code", "DeleteVpcEndpoints", "VpcEndpointId.1", endpoint))
}

func TestVPCEndpointRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.network(t, "10.1.0.0/16")
	other := w.network(t, "10.2.0.0/16")
	const service = "com.amazonaws.us-west-2.guardduty-data"
	for code, parameters := range map[string][]string{
		"UnsupportedOperation":     {"VpcId", n.vpc, "VpcEndpointType", "Gateway", "ServiceName", service},
		"InvalidServiceName":       {"VpcId", n.vpc, "VpcEndpointType", "Interface", "ServiceName", "guardduty"},
		"InvalidParameter":         {"VpcId", n.vpc, "VpcEndpointType", "Interface", "ServiceName", service, "SubnetId.1", other.public},
		"InvalidGroup.NotFound":    {"VpcId", n.vpc, "VpcEndpointType", "Interface", "ServiceName", service, "SecurityGroupId.1", "sg-0"},
		"InvalidVpcID.NotFound":    {"VpcId", "vpc-0", "VpcEndpointType", "Interface", "ServiceName", service},
		"InvalidSubnetID.NotFound": {"VpcId", n.vpc, "VpcEndpointType", "Interface", "ServiceName", service, "SubnetId.1", "subnet-0"},
	} {
		w.call(t, "CreateVpcEndpoint", parameters...).Refused(t, code)
	}
	assert.Empty(t, w.list(t, "vpcEndpointId", "DescribeVpcEndpoints"))
}
