package networks_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/client/stack"
	"github.com/infrahouse/terraform-aws-ecs/test/localcloud"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/run"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/suitetest"
)

// foreign puts into a VPC what GuardDuty's Runtime Monitoring puts there.
func foreign(t *testing.T, c *stack.Cloud, s *stack.Stack) {
	t.Helper()
	var group struct {
		ID string `xml:"groupId"`
	}
	c.Query(t, "ec2", "CreateSecurityGroup", map[string]string{
		"VpcId": s.VPC, "GroupName": "GuardDutyManagedSecurityGroup-" + s.VPC, "GroupDescription": "managed",
	}, &group)
	c.Query(t, "ec2", "CreateVpcEndpoint", map[string]string{
		"VpcId": s.VPC, "VpcEndpointType": "Interface", "ServiceName": "com.amazonaws.us-west-2.guardduty-data",
		"SubnetId.1": s.Subnets[0], "SecurityGroupId.1": group.ID,
	}, nil)
}

// vpcResources counts what may be foreign.
func vpcResources(t *testing.T, c *stack.Cloud) (endpoints, groups int) {
	t.Helper()
	var out struct {
		Endpoints []struct{} `xml:"vpcEndpointSet>item"`
		Groups    []struct{} `xml:"securityGroupInfo>item"`
	}
	c.Query(t, "ec2", "DescribeVpcEndpoints", nil, &out)
	c.Query(t, "ec2", "DescribeSecurityGroups", nil, &out)
	return len(out.Endpoints), len(out.Groups)
}

func TestADestroyRemovesWhatOthersPutIntoTheNetwork(t *testing.T) {
	t.Parallel()
	c := localcloud.Start(t)
	service := stack.New(t, c, stack.Plan{NoService: true})
	other := stack.New(t, c, stack.Plan{Name: "other", NoService: true})
	for _, id := range service.SecurityGroups() {
		c.Query(t, "ec2", "CreateTags", map[string]string{"ResourceId.1": id, "Tag.1.Key": run.TagRun, "Tag.1.Value": "a"}, nil)
	}
	foreign(t, c, service)
	foreign(t, c, other)
	endpoints, groups := vpcResources(t, c)

	r, out := suitetest.NewRun(t, nil)
	r.Cloud = &suitetest.Nowhere{SDK: c.Config}
	d := suitetest.Network(t, r)
	suitetest.Deploy(t, d)
	require.NoError(t, os.WriteFile(d.StatePath(),
		[]byte(`{"resources": [{"mode": "managed", "type": "aws_vpc", "instances": [{"attributes": {"id": "`+service.VPC+`"}}]}]}`), 0o600))
	require.NoError(t, d.TeardownStage(t.Context()))
	assert.Contains(t, suitetest.Calls(t, d), "destroy\n")
	assert.Contains(t, out.String(), "is removed from "+service.VPC+": com.amazonaws.us-west-2.guardduty-data put it there, not a test")
	afterEndpoints, afterGroups := vpcResources(t, c)
	assert.Equal(t, 1, endpoints-afterEndpoints, "the other VPC's endpoint stays")
	assert.Equal(t, 1, groups-afterGroups, "the other VPC's group stays, and the run's own")
}
