package ec2_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// permission writes one rule's parameters.
func permission(protocol, from, to, peer, value string) []string {
	return []string{
		"IpPermissions.1.IpProtocol", protocol, "IpPermissions.1.FromPort", from, "IpPermissions.1.ToPort", to, "IpPermissions.1." + peer, value,
	}
}

func TestSecurityGroupRuleIsAnsweredWithItsID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.network(t, "10.1.0.0/16")
	group, peer := w.group(t, n.vpc, "backend"), w.group(t, n.vpc, "lb")

	reply := w.call(t, "AuthorizeSecurityGroupIngress", "GroupId", group,
		"IpPermissions.1.IpProtocol", "TCP", "IpPermissions.1.FromPort", "80", "IpPermissions.1.ToPort", "81",
		"IpPermissions.1.IpRanges.1.CidrIp", "10.3.4.5/8", "IpPermissions.1.IpRanges.1.Description", "web",
		"IpPermissions.1.Ipv6Ranges.1.CidrIpv6", "::/0",
		"IpPermissions.1.Groups.1.GroupId", peer,
		"TagSpecification.1.ResourceType", "security-group-rule", "TagSpecification.1.Tag.1.Key", "a", "TagSpecification.1.Tag.1.Value", "b").OK(t)
	ids := texts(t, reply.Body, "securityGroupRuleId")
	require.Len(t, ids, 3)
	assert.Equal(t, []string{"10.0.0.0/8"}, texts(t, reply.Body, "cidrIpv4"))
	assert.Equal(t, []string{"::/0"}, texts(t, reply.Body, "cidrIpv6"))
	assert.Equal(t, []string{"tcp", "tcp", "tcp"}, texts(t, reply.Body, "ipProtocol"))

	byID := w.call(t, "DescribeSecurityGroupRules", "SecurityGroupRuleId.1", ids[2]).OK(t)
	assert.Equal(t, []string{group, peer}, texts(t, byID.Body, "groupId"), "of the rule, and of the group it refers to")
	assert.Equal(t, []string{"a"}, texts(t, byID.Body, "key"))
	assert.Len(t, w.list(t, "fromPort", "DescribeSecurityGroups", "GroupId.1", group), 1, "one permission for the same protocol and ports")

	w.call(t, "DeleteSecurityGroup", "GroupId", peer).Refused(t, "DependencyViolation")
	w.call(t, "RevokeSecurityGroupIngress", "GroupId", group, "SecurityGroupRuleId.1", ids[2]).OK(t)
	w.call(t, "DeleteSecurityGroup", "GroupId", peer).OK(t)
	left := w.list(t, "cidrIpv4", "DescribeSecurityGroupRules", "Filter.1.Name", "group-id", "Filter.1.Value.1", group)
	assert.ElementsMatch(t, []string{"10.0.0.0/8", "0.0.0.0/0"}, left, "the rule in and the rule out")
}

func TestSecurityGroupRuleChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.network(t, "10.1.0.0/16")
	group := w.group(t, n.vpc, "backend")
	w.allow(t, "Ingress", group, "22", "10.0.0.0/8")
	id := w.get(t, "securityGroupRuleId", "AuthorizeSecurityGroupIngress",
		append(permission("tcp", "80", "80", "IpRanges.1.CidrIp", "0.0.0.0/0"), "GroupId", group)...)

	modify := func(port, cidr string) []string {
		return []string{
			"GroupId", group, "SecurityGroupRule.1.SecurityGroupRuleId", id, "SecurityGroupRule.1.SecurityGroupRule.IpProtocol", "tcp",
			"SecurityGroupRule.1.SecurityGroupRule.FromPort", port, "SecurityGroupRule.1.SecurityGroupRule.ToPort", port,
			"SecurityGroupRule.1.SecurityGroupRule.CidrIpv4", cidr, "SecurityGroupRule.1.SecurityGroupRule.Description", "changed",
		}
	}
	w.call(t, "ModifySecurityGroupRules", modify("443", "0.0.0.0/0")...).OK(t)
	reply := w.call(t, "DescribeSecurityGroupRules", "SecurityGroupRuleId.1", id).OK(t)
	assert.Equal(t, []string{"443"}, texts(t, reply.Body, "fromPort"))
	assert.Equal(t, []string{"changed"}, texts(t, reply.Body, "description"))
	reply = w.call(t, "ModifySecurityGroupRules", modify("22", "10.0.0.0/8")...).Refused(t, "InvalidPermission.Duplicate")
	assert.Equal(t, `the specified rule "peer: 10.0.0.0/8, TCP, from port: 22, to port: 22, ALLOW" already exists`, reply.Message, "whatever the description")
}

func TestSecurityGroupRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n, other := w.network(t, "10.1.0.0/16"), w.network(t, "10.2.0.0/16")
	group, elsewhere := w.group(t, n.vpc, "backend"), w.group(t, other.vpc, "backend")
	w.allow(t, "Ingress", group, "80", "0.0.0.0/0")
	ownDefault := w.get(t, "groupId", "DescribeSecurityGroups", "Filter.1.Name", "vpc-id", "Filter.1.Value.1", n.vpc,
		"Filter.2.Name", "group-name", "Filter.2.Value.1", "default")
	ingress := func(more ...string) []string { return append([]string{"GroupId", group}, more...) }

	cases := map[string]struct {
		action     string
		parameters []string
		code, says string
	}{
		"a name twice":               {"CreateSecurityGroup", []string{"VpcId", n.vpc, "GroupName", "backend", "GroupDescription", "x"}, "InvalidGroup.Duplicate", "backend"},
		"no VPC":                     {"CreateSecurityGroup", []string{"GroupName", "a", "GroupDescription", "x"}, "VPCIdNotSpecified", "default VPC"},
		"no description":             {"CreateSecurityGroup", []string{"VpcId", n.vpc, "GroupName", "a"}, "MissingParameter", "GroupDescription"},
		"a name like an id":          {"CreateSecurityGroup", []string{"VpcId", n.vpc, "GroupName", "sg-1", "GroupDescription", "x"}, "InvalidParameterValue", "sg-1"},
		"the name default":           {"CreateSecurityGroup", []string{"VpcId", n.vpc, "GroupName", "default", "GroupDescription", "x"}, "InvalidParameterValue", "default"},
		"a description with umlauts": {"CreateSecurityGroup", []string{"VpcId", n.vpc, "GroupName", "a", "GroupDescription", "für"}, "InvalidParameterValue", "für"},
		"deleting the default group": {"DeleteSecurityGroup", []string{"GroupId", ownDefault}, "CannotDelete", ownDefault},
		"deleting no group":          {"DeleteSecurityGroup", []string{"GroupId", "sg-0"}, "InvalidGroup.NotFound", "sg-0"},
		"the same rule again":        {"AuthorizeSecurityGroupIngress", ingress(permission("6", "80", "80", "IpRanges.1.CidrIp", "0.0.0.0/0")...), "InvalidPermission.Duplicate", "peer: 0.0.0.0/0, TCP, from port: 80, to port: 80, ALLOW"},
		"the same with another description": {"AuthorizeSecurityGroupIngress", ingress(append(permission("tcp", "80", "80", "IpRanges.1.CidrIp", "0.0.0.0/0"),
			"IpPermissions.1.IpRanges.1.Description", "other")...), "InvalidPermission.Duplicate", `the specified rule "peer: 0.0.0.0/0, TCP, from port: 80, to port: 80, ALLOW" already exists`},
		"twice in a request with two descriptions": {"AuthorizeSecurityGroupIngress", ingress(append(permission("tcp", "81", "81", "IpRanges.1.CidrIp", "0.0.0.0/0"),
			"IpPermissions.1.IpRanges.1.Description", "a", "IpPermissions.1.IpRanges.2.CidrIp", "0.0.0.0/0", "IpPermissions.1.IpRanges.2.Description", "b")...),
			"InvalidPermission.Duplicate", "from port: 81"},
		"a CIDR block that is none":   {"AuthorizeSecurityGroupIngress", ingress(permission("tcp", "80", "80", "IpRanges.1.CidrIp", "everyone")...), "InvalidParameterValue", "everyone"},
		"IPv4 as IPv6":                {"AuthorizeSecurityGroupIngress", ingress(permission("tcp", "80", "80", "Ipv6Ranges.1.CidrIpv6", "10.0.0.0/8")...), "InvalidParameterValue", "10.0.0.0/8"},
		"ports the wrong way round":   {"AuthorizeSecurityGroupIngress", ingress(permission("tcp", "81", "80", "IpRanges.1.CidrIp", "10.0.0.0/8")...), "InvalidParameterValue", "81-80"},
		"a port above all":            {"AuthorizeSecurityGroupIngress", ingress(permission("udp", "80", "65536", "IpRanges.1.CidrIp", "10.0.0.0/8")...), "InvalidParameterValue", "65536"},
		"TCP without ports":           {"AuthorizeSecurityGroupIngress", ingress("IpPermissions.1.IpProtocol", "tcp", "IpPermissions.1.IpRanges.1.CidrIp", "10.0.0.0/8"), "InvalidParameterValue", "ports"},
		"an unknown protocol":         {"AuthorizeSecurityGroupIngress", ingress(permission("quic", "1", "1", "IpRanges.1.CidrIp", "10.0.0.0/8")...), "InvalidPermission.Malformed", "quic"},
		"a group of another VPC":      {"AuthorizeSecurityGroupIngress", ingress(permission("tcp", "80", "80", "Groups.1.GroupId", elsewhere)...), "InvalidGroup.NotFound", elsewhere},
		"a group that does not exist": {"AuthorizeSecurityGroupIngress", ingress(permission("tcp", "80", "80", "Groups.1.GroupId", "sg-0")...), "InvalidGroup.NotFound", "sg-0"},
		"a prefix list":               {"AuthorizeSecurityGroupIngress", ingress(permission("tcp", "80", "80", "PrefixListIds.1.PrefixListId", "pl-1")...), "UnsupportedOperation", "pl-1"},
		"no rule at all":              {"AuthorizeSecurityGroupIngress", ingress(), "MissingParameter", "ipPermissions"},
		"revoking what is not there":  {"RevokeSecurityGroupIngress", ingress(permission("tcp", "81", "81", "IpRanges.1.CidrIp", "0.0.0.0/0")...), "InvalidPermission.NotFound", "does not exist"},
		"revoking the other way":      {"RevokeSecurityGroupEgress", ingress(permission("tcp", "80", "80", "IpRanges.1.CidrIp", "0.0.0.0/0")...), "InvalidPermission.NotFound", "does not exist"},
		"revoking an unknown id":      {"RevokeSecurityGroupIngress", ingress("SecurityGroupRuleId.1", "sgr-0"), "InvalidSecurityGroupRuleId.NotFound", "sgr-0"},
		"a bad rule description":      {"AuthorizeSecurityGroupIngress", ingress(append(permission("tcp", "1", "1", "IpRanges.1.CidrIp", "10.0.0.0/8"), "IpPermissions.1.IpRanges.1.Description", "a<b")...), "InvalidParameterValue", "a<b"},
		"a group by name alone":       {"DescribeSecurityGroups", []string{"GroupName.1", "backend"}, "InvalidGroup.NotFound", "backend"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Contains(t, w.call(t, c.action, c.parameters...).Refused(t, c.code).Message, c.says)
		})
	}
}

func TestSecurityGroupInUseCannotBeDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.network(t, "10.1.0.0/16")
	group := w.group(t, n.vpc, "lb")
	eni := w.createInterface(t, n.public, true, group)
	w.call(t, "DeleteSecurityGroup", "GroupId", group).Refused(t, "DependencyViolation")
	w.account.Do(func() { require.NoError(t, w.ec2.DeleteInterface(eni)) })
	backend := w.group(t, n.vpc, "backend")
	w.allow(t, "Ingress", backend, "80", group)
	reply := w.call(t, "DeleteSecurityGroup", "GroupId", group).Refused(t, "DependencyViolation")
	assert.Equal(t, "resource "+group+" has a dependent object", reply.Message)
	w.call(t, "DeleteSecurityGroup", "GroupId", backend).OK(t)
	w.call(t, "DeleteSecurityGroup", "GroupId", group).OK(t)
}
