package elbv2_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestForwardIsShownInBothForms(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	lb := c.loadBalancer("web")
	group := c.targetGroup("web")
	made := c.listener(lb, 80, group.TargetGroupArn)
	action := made.DefaultActions[0]
	assert.Equal(t, group.TargetGroupArn, action.TargetGroupArn)
	require.Len(t, action.ForwardConfig.TargetGroups, 1)
	assert.Equal(t, int32(1), *action.ForwardConfig.TargetGroups[0].Weight)
	assert.False(t, *action.ForwardConfig.TargetGroupStickinessConfig.Enabled)

	other := c.targetGroup("other")
	out, err := c.client.ModifyListener(t.Context(), &elb.ModifyListenerInput{ListenerArn: made.ListenerArn, DefaultActions: []types.Action{{
		Type: "forward", ForwardConfig: &types.ForwardActionConfig{TargetGroups: []types.TargetGroupTuple{
			{TargetGroupArn: group.TargetGroupArn, Weight: aws.Int32(3)}, {TargetGroupArn: other.TargetGroupArn},
		}},
	}}})
	require.NoError(t, err)
	assert.Nil(t, out.Listeners[0].DefaultActions[0].TargetGroupArn, "two groups have no single ARN")
	groups, err := c.client.DescribeTargetGroups(t.Context(), &elb.DescribeTargetGroupsInput{LoadBalancerArn: lb.LoadBalancerArn})
	require.NoError(t, err)
	require.Len(t, groups.TargetGroups, 2)
	assert.Equal(t, []string{*lb.LoadBalancerArn}, groups.TargetGroups[0].LoadBalancerArns)
}

func TestHTTPSListener(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	lb := c.loadBalancer("web")
	in := listenerInput(lb, 443, c.targetGroup("web", func(in *elb.CreateTargetGroupInput) { in.ProtocolVersion = aws.String("GRPC") }).TargetGroupArn)
	in.Protocol, in.Certificates = "HTTPS", []types.Certificate{{CertificateArn: aws.String(issued)}}
	out, err := c.client.CreateListener(t.Context(), in)
	require.NoError(t, err)
	listener := out.Listeners[0]
	assert.Equal(t, "ELBSecurityPolicy-2016-08", *listener.SslPolicy)
	require.Len(t, listener.Certificates, 1)
	assert.Equal(t, "off", *listener.MutualAuthentication.Mode)
	assert.Equal(t, *lb.LoadBalancerArn, c.certificates.users[issued])

	_, err = c.client.AddListenerCertificates(t.Context(), &elb.AddListenerCertificatesInput{
		ListenerArn: listener.ListenerArn, Certificates: []types.Certificate{{CertificateArn: aws.String(otherCert)}},
	})
	require.NoError(t, err)
	listed, err := c.client.DescribeListenerCertificates(t.Context(), &elb.DescribeListenerCertificatesInput{ListenerArn: listener.ListenerArn})
	require.NoError(t, err)
	require.Len(t, listed.Certificates, 2)
	assert.True(t, *listed.Certificates[0].IsDefault)
	assert.False(t, *listed.Certificates[1].IsDefault)
	assert.Contains(t, c.certificates.users, otherCert)

	_, err = c.client.ModifyListener(t.Context(), &elb.ModifyListenerInput{ListenerArn: listener.ListenerArn, Certificates: []types.Certificate{{CertificateArn: aws.String(otherCert)}}})
	require.NoError(t, err)
	listed, err = c.client.DescribeListenerCertificates(t.Context(), &elb.DescribeListenerCertificatesInput{ListenerArn: listener.ListenerArn})
	require.NoError(t, err)
	require.Len(t, listed.Certificates, 2, "a new default certificate replaces the default one only")
	_, err = c.client.ModifyListener(t.Context(), &elb.ModifyListenerInput{ListenerArn: listener.ListenerArn, Certificates: []types.Certificate{{CertificateArn: aws.String(issued)}}})
	require.NoError(t, err)

	_, err = c.client.RemoveListenerCertificates(t.Context(), &elb.RemoveListenerCertificatesInput{
		ListenerArn: listener.ListenerArn, Certificates: []types.Certificate{{CertificateArn: aws.String(otherCert)}},
	})
	require.NoError(t, err)
	assert.NotContains(t, c.certificates.users, otherCert, "no longer in use")

	modified, err := c.client.ModifyListener(t.Context(), &elb.ModifyListenerInput{ListenerArn: listener.ListenerArn, SslPolicy: aws.String("ELBSecurityPolicy-TLS13-1-2-Res-2021-06")})
	require.NoError(t, err)
	assert.Equal(t, "ELBSecurityPolicy-TLS13-1-2-Res-2021-06", *modified.Listeners[0].SslPolicy)
	assert.Len(t, modified.Listeners[0].DefaultActions, 1, "what was not given stays")

	_, err = c.client.ModifyListener(t.Context(), &elb.ModifyListenerInput{ListenerArn: listener.ListenerArn, Protocol: "HTTP"})
	assertRefused(t, err, "InvalidConfigurationRequest", "'GRPC'")
	_, err = c.client.DeleteListener(t.Context(), &elb.DeleteListenerInput{ListenerArn: listener.ListenerArn})
	require.NoError(t, err)
	assert.Empty(t, c.certificates.users)
}

func TestRedirectShowsItsDefaults(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	in := listenerInput(c.loadBalancer("web"), 80, nil)
	in.DefaultActions = []types.Action{{Type: "redirect", RedirectConfig: &types.RedirectActionConfig{
		Protocol: aws.String("HTTPS"), Port: aws.String("443"), StatusCode: "HTTP_301",
	}}}
	out, err := c.client.CreateListener(t.Context(), in)
	require.NoError(t, err)
	redirect := out.Listeners[0].DefaultActions[0].RedirectConfig
	assert.Equal(t, []string{"HTTPS", "#{host}", "443", "/#{path}", "#{query}"},
		[]string{*redirect.Protocol, *redirect.Host, *redirect.Port, *redirect.Path, *redirect.Query})
}

func TestListenerAttributes(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	listener := c.listener(c.loadBalancer("web"), 80, c.targetGroup("web").TargetGroupArn)
	_, err := c.client.ModifyListenerAttributes(t.Context(), &elb.ModifyListenerAttributesInput{ListenerArn: listener.ListenerArn, Attributes: []types.ListenerAttribute{
		{Key: aws.String("routing.http.response.server.enabled"), Value: aws.String("false")},
	}})
	require.NoError(t, err)
	out, err := c.client.DescribeListenerAttributes(t.Context(), &elb.DescribeListenerAttributesInput{ListenerArn: listener.ListenerArn})
	require.NoError(t, err)
	values := map[string]string{}
	for _, a := range out.Attributes {
		values[*a.Key] = aws.ToString(a.Value)
	}
	assert.Equal(t, "false", values["routing.http.response.server.enabled"])
	assert.Contains(t, values, "routing.http.response.x_frame_options.header_value")
}

func TestRules(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	group := c.targetGroup("web")
	listener := c.listener(c.loadBalancer("web"), 80, group.TargetGroupArn)
	create := func(priority int32, conditions ...types.RuleCondition) (types.Rule, error) {
		out, err := c.client.CreateRule(t.Context(), &elb.CreateRuleInput{
			ListenerArn: listener.ListenerArn, Priority: &priority, Conditions: conditions, Actions: forwardTo(group.TargetGroupArn),
		})
		if err != nil {
			return types.Rule{}, err
		}
		return out.Rules[0], nil
	}
	host := types.RuleCondition{Field: aws.String("host-header"), Values: []string{"a.example.com"}}
	second, err := create(20, host)
	require.NoError(t, err)
	assert.Equal(t, []string{"a.example.com"}, second.Conditions[0].HostHeaderConfig.Values, "shown in both places")
	first, err := create(10, types.RuleCondition{Field: aws.String("path-pattern"), PathPatternConfig: &types.PathPatternConditionConfig{Values: []string{"/x/*"}}})
	require.NoError(t, err)

	_, err = create(10, host)
	assertRefused(t, err, "PriorityInUse", "'10' is currently in use")
	_, err = create(30, host, host)
	assertRefused(t, err, "ValidationError", "only have one 'host-header'")
	for _, name := range []string{"a_b.example.com", "localhost", "example.com:8443", "10.0.0.1"} {
		_, err = create(30, types.RuleCondition{Field: aws.String("host-header"), Values: []string{name}})
		assertRefused(t, err, "ValidationError", "Condition value for field 'host-header' must be a valid hostname")
	}
	for i, name := range []string{"A-1.example.com", "*.example.com", "?x.*.com"} {
		_, err = create(int32(40+i), types.RuleCondition{Field: aws.String("host-header"), Values: []string{name}})
		require.NoError(t, err, name)
	}
	_, err = create(30, types.RuleCondition{Field: aws.String("cookie")})
	assertRefused(t, err, "ValidationError", "'cookie'")
	_, err = create(30, types.RuleCondition{Field: aws.String("source-ip"), SourceIpConfig: &types.SourceIpConditionConfig{Values: []string{"10.0.0.1"}}})
	assertRefused(t, err, "ValidationError", "'10.0.0.1' is not a CIDR block")

	_, err = c.client.SetRulePriorities(t.Context(), &elb.SetRulePrioritiesInput{RulePriorities: []types.RulePriorityPair{
		{RuleArn: first.RuleArn, Priority: aws.Int32(20)}, {RuleArn: second.RuleArn, Priority: aws.Int32(10)},
	}})
	require.NoError(t, err, "two rules swap their priorities")
	out, err := c.client.DescribeRules(t.Context(), &elb.DescribeRulesInput{ListenerArn: listener.ListenerArn})
	require.NoError(t, err)
	require.Len(t, out.Rules, 6)
	assert.Equal(t, *second.RuleArn, *out.Rules[0].RuleArn)
	assert.Equal(t, "default", *out.Rules[5].Priority)
	assert.True(t, *out.Rules[5].IsDefault)
	_, err = c.client.DeleteRule(t.Context(), &elb.DeleteRuleInput{RuleArn: out.Rules[5].RuleArn})
	assertRefused(t, err, "OperationNotPermitted", "Default rule")
	_, err = c.client.ModifyRule(t.Context(), &elb.ModifyRuleInput{RuleArn: first.RuleArn, Conditions: []types.RuleCondition{host}})
	require.NoError(t, err)
	_, err = c.client.DeleteRule(t.Context(), &elb.DeleteRuleInput{RuleArn: first.RuleArn})
	require.NoError(t, err)
}

func TestTargetGroupIsHeldByAListenerOrARule(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	byDefault, byRule := c.targetGroup("by-default"), c.targetGroup("by-rule")
	listener := c.listener(c.loadBalancer("web"), 80, byDefault.TargetGroupArn)
	rule, err := c.client.CreateRule(t.Context(), &elb.CreateRuleInput{
		ListenerArn: listener.ListenerArn, Priority: aws.Int32(1), Actions: forwardTo(byRule.TargetGroupArn),
		Conditions: []types.RuleCondition{{Field: aws.String("path-pattern"), Values: []string{"/x"}}},
	})
	require.NoError(t, err)
	for _, group := range []types.TargetGroup{byDefault, byRule} {
		_, err := c.client.DeleteTargetGroup(t.Context(), &elb.DeleteTargetGroupInput{TargetGroupArn: group.TargetGroupArn})
		assertRefused(t, err, "ResourceInUse", "Target group '"+*group.TargetGroupArn+"' is currently in use by a listener or a rule")
	}
	_, err = c.client.DeleteRule(t.Context(), &elb.DeleteRuleInput{RuleArn: rule.Rules[0].RuleArn})
	require.NoError(t, err)
	_, err = c.client.DeleteTargetGroup(t.Context(), &elb.DeleteTargetGroupInput{TargetGroupArn: byRule.TargetGroupArn})
	require.NoError(t, err)
}

func TestNetworkLoadBalancer(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	lb := c.networkLoadBalancer("flows")
	group := c.targetGroup("tcp", func(in *elb.CreateTargetGroupInput) { in.Protocol = "TCP" })
	assert.Equal(t, "TCP", string(group.HealthCheckProtocol))
	assert.Nil(t, group.Matcher)
	in := listenerInput(lb, 5000, group.TargetGroupArn)
	in.Protocol = "TCP"
	_, err := c.client.CreateListener(t.Context(), in)
	require.NoError(t, err)
	_, err = c.client.SetSecurityGroups(t.Context(), &elb.SetSecurityGroupsInput{LoadBalancerArn: lb.LoadBalancerArn, SecurityGroups: []string{"sg-1"}})
	assertRefused(t, err, "InvalidConfigurationRequest", "without security groups")
	in.Port, in.DefaultActions = aws.Int32(5001), []types.Action{{Type: "fixed-response", FixedResponseConfig: &types.FixedResponseActionConfig{StatusCode: aws.String("200")}}}
	_, err = c.client.CreateListener(t.Context(), in)
	assertRefused(t, err, "ValidationError", "not supported by load balancers of type 'network'")
}

func TestTagsOfEverything(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	lb := c.loadBalancer("web")
	group := c.targetGroup("web")
	listener := c.listener(lb, 80, group.TargetGroupArn)
	arns := []string{*lb.LoadBalancerArn, *group.TargetGroupArn, *listener.ListenerArn}
	_, err := c.client.AddTags(t.Context(), &elb.AddTagsInput{ResourceArns: arns[:2], Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("1")}, {Key: aws.String("b"), Value: aws.String("2")}}})
	require.NoError(t, err)
	_, err = c.client.RemoveTags(t.Context(), &elb.RemoveTagsInput{ResourceArns: arns[:1], TagKeys: []string{"b"}})
	require.NoError(t, err)
	out, err := c.client.DescribeTags(t.Context(), &elb.DescribeTagsInput{ResourceArns: arns})
	require.NoError(t, err)
	require.Len(t, out.TagDescriptions, 3, "an entry also for the untagged one")
	assert.Len(t, out.TagDescriptions[0].Tags, 1)
	assert.Len(t, out.TagDescriptions[1].Tags, 2)
	assert.Empty(t, out.TagDescriptions[2].Tags)
}

func TestWhatTheProviderReads(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	lb := c.loadBalancer("web")
	reservation, err := c.client.DescribeCapacityReservation(t.Context(), &elb.DescribeCapacityReservationInput{LoadBalancerArn: lb.LoadBalancerArn})
	require.NoError(t, err)
	assert.Empty(t, reservation.CapacityReservationState)
	group := c.targetGroup("web")
	attributes, err := c.client.DescribeTargetGroupAttributes(t.Context(), &elb.DescribeTargetGroupAttributesInput{TargetGroupArn: group.TargetGroupArn})
	require.NoError(t, err)
	assert.NotEmpty(t, attributes.Attributes)
	assert.Equal(t, "HTTP1", *group.ProtocolVersion)
	assert.Equal(t, "200", *group.Matcher.HttpCode)
}
