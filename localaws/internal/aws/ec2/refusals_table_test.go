package ec2_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ec2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/refusals"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wiretest"
)

// What refusals.md says, beyond what the other tests hold.

func TestRulesOfTheTable(t *testing.T) {
	t.Parallel()
	a, _ := wiretest.NewAccount()
	service := ec2.New(a, nil, nil).Wire()
	wiretest.Refusals(t, service, ec2.Refusals, nil, wiretest.MayMiss, wiretest.InWords(func(f refusals.Fault) (code, message string) {
		if f.Absent {
			return "MissingParameter", "The request must contain the parameter " + f.Member
		}
		return "InvalidParameterValue", fmt.Sprintf("Value (%s) for parameter %s is invalid. It must %s.", f.Value, f.Member, f.Demand)
	}))
}

func TestMembersThatAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.network(t, "10.1.0.0/16")
	group := w.group(t, n.vpc, "web")
	long := strings.Repeat("a", 256)
	for name, c := range map[string]struct {
		action     string
		parameters []string
		says       string
	}{
		"a long name of a group":        {"CreateSecurityGroup", []string{"VpcId", n.vpc, "GroupName", long, "GroupDescription", "x"}, "255"},
		"a long description of a group": {"CreateSecurityGroup", []string{"VpcId", n.vpc, "GroupName", "a", "GroupDescription", long}, "255"},
		"a long description of a rule": {"AuthorizeSecurityGroupIngress", []string{
			"GroupId", group, "IpPermissions.1.IpProtocol", "-1", "IpPermissions.1.IpRanges.1.CidrIp", "10.0.0.0/8", "IpPermissions.1.IpRanges.1.Description", long,
		}, "Invalid rule description"},
		"a volume without room": {"CreateLaunchTemplate", []string{"LaunchTemplateName", "web", "LaunchTemplateData.BlockDeviceMapping.1.Ebs.VolumeSize", "0"}, "between 1 and 65536"},
		"a reserved tag of a template": {"CreateLaunchTemplate", []string{
			"LaunchTemplateName", "web", "LaunchTemplateData.TagSpecification.1.ResourceType", "instance", "LaunchTemplateData.TagSpecification.1.Tag.1.Key", "aws:x",
		}, "reserved"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Contains(t, w.call(t, c.action, c.parameters...).Refused(t, "InvalidParameterValue").Message, c.says)
		})
	}
}

func TestTagsThatAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.network(t, "10.1.0.0/16")
	for says, tag := range map[string][]string{
		"must not be empty":             {"Key", "", "Value", "v"},
		"Tag key exceeds the maximum":   {"Key", strings.Repeat("k", 128), "Value", "v"},
		"Tag value exceeds the maximum": {"Key", "k", "Value", strings.Repeat("v", 256)},
		"reserved for internal use":     {"Key", "aws:k", "Value", "v"},
	} {
		assert.Contains(t, w.call(t, "CreateTags", "ResourceId.1", n.vpc, "Tag.1."+tag[0], tag[1], "Tag.1."+tag[2], tag[3]).
			Refused(t, "InvalidParameterValue").Message, says)
		assert.Contains(t, w.call(t, "CreateVpc", "CidrBlock", "10.2.0.0/16", "TagSpecification.1.ResourceType", "vpc",
			"TagSpecification.1.Tag.1."+tag[0], tag[1], "TagSpecification.1.Tag.1."+tag[2], tag[3]).
			Refused(t, "InvalidParameterValue").Message, says)
	}
}

func TestRulesThatAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.network(t, "10.1.0.0/16")
	group := w.group(t, n.vpc, "web")
	many := []string{"GroupId", group, "IpPermissions.1.IpProtocol", "tcp", "IpPermissions.1.FromPort", "80", "IpPermissions.1.ToPort", "80"}
	for i := range 60 {
		many = append(many, fmt.Sprintf("IpPermissions.1.IpRanges.%d.CidrIp", i+1), fmt.Sprintf("10.0.%d.0/24", i))
	}
	rule := w.get(t, "securityGroupRuleId", "AuthorizeSecurityGroupIngress", many...)
	w.call(t, "AuthorizeSecurityGroupIngress", "GroupId", group, "IpPermissions.1.IpProtocol", "-1", "IpPermissions.1.IpRanges.1.CidrIp", "0.0.0.0/0").
		Refused(t, "RulesPerSecurityGroupLimitExceeded")

	modify := func(members ...string) *wiretest.Reply {
		in := []string{"GroupId", group, "SecurityGroupRule.1.SecurityGroupRuleId", rule}
		for i := 0; i < len(members); i += 2 {
			in = append(in, "SecurityGroupRule.1.SecurityGroupRule."+members[i], members[i+1])
		}
		return w.call(t, "ModifySecurityGroupRules", in...)
	}
	modify("IpProtocol", "tcp", "FromPort", "1", "ToPort", "2").Refused(t, "MissingParameter")
	modify("IpProtocol", "tcp", "FromPort", "2", "ToPort", "1", "CidrIpv4", "10.0.0.0/8").Refused(t, "InvalidParameterValue")
	modify("IpProtocol", "tcp", "FromPort", "1", "ToPort", "2", "CidrIpv4", "everyone").Refused(t, "InvalidParameterValue")
	modify("IpProtocol", "tcp", "FromPort", "1", "ToPort", "2", "CidrIpv4", "10.0.0.0/8", "Description", "a<b").Refused(t, "InvalidParameterValue")
	modify("IpProtocol", "tcp", "FromPort", "1", "ToPort", "2", "ReferencedGroupId", "sg-0").Refused(t, "InvalidGroup.NotFound")
	w.call(t, "ModifySecurityGroupRules", "GroupId", group, "SecurityGroupRule.1.SecurityGroupRuleId", "sgr-0",
		"SecurityGroupRule.1.SecurityGroupRule.IpProtocol", "-1", "SecurityGroupRule.1.SecurityGroupRule.CidrIpv4", "10.0.0.0/8").
		Refused(t, "InvalidSecurityGroupRuleId.NotFound")
}
