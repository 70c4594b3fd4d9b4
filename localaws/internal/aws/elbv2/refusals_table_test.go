package elbv2_test

import (
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/elbv2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/clock"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wiretest"
)

// What refusals.md says, beyond what the other tests hold.

func TestRulesOfTheTable(t *testing.T) {
	t.Parallel()
	wiretest.Refusals(t, newCloud(t).service.Wire(), elbv2.Refusals, func(string) string { return "ValidationError" })
}

func TestWhatIsNotThereIsRefused(t *testing.T) {
	t.Parallel()
	a, _ := wiretest.NewAccount()
	service := elbv2.New(a, newMachines(), &certificates{}, &logs{}).Wire()
	server := wiretest.NewServer(t, a, service)
	const prefix = "arn:aws:elasticloadbalancing:us-west-2:123456789012:"
	kinds := map[string]string{
		"LoadBalancerNotFound": prefix + "loadbalancer/app/none/1", "TargetGroupNotFound": prefix + "targetgroup/none/1",
		"ListenerNotFound": prefix + "listener/app/none/1/2", "RuleNotFound": prefix + "listener-rule/app/none/1/2/3",
	}
	one := url.Values{
		"Tags.member.1.Key": {"a"}, "TagKeys.member.1": {"a"}, "IpAddressType": {"ipv4"}, "Subnets.member.1": {"subnet-a"},
		"SecurityGroups.member.1": {"sg-1"}, "Attributes.member.1.Key": {"a"}, "Port": {"80"}, "Protocol": {"HTTP"},
		"DefaultActions.member.1.Type": {"forward"}, "Certificates.member.1.CertificateArn": {issued}, "Priority": {"1"},
		"Conditions.member.1.Field": {"path-pattern"}, "Actions.member.1.Type": {"forward"}, "Targets.member.1.Id": {"i-1"},
	}
	members := map[string]string{
		"LoadBalancerNotFound": "LoadBalancerArn", "TargetGroupNotFound": "TargetGroupArn", "ListenerNotFound": "ListenerArn", "RuleNotFound": "RuleArn",
	}
	lists := map[string]string{
		"DescribeLoadBalancers LoadBalancerNotFound": "LoadBalancerArns", "DescribeTargetGroups TargetGroupNotFound": "TargetGroupArns",
		"DescribeListeners ListenerNotFound": "ListenerArns", "DescribeRules RuleNotFound": "RuleArns",
	}
	for _, row := range elbv2.Refusals.Rows {
		code := row.Subjects[0]
		if row.Where != "TestWhatIsNotThereIsRefused" || kinds[code] == "" {
			continue
		}
		for _, operation := range row.Operations {
			in := url.Values{}
			member := members[code]
			switch {
			case strings.HasSuffix(operation, "Tags"):
				member = "ResourceArns.member.1"
			case operation == "SetRulePriorities":
				member = "RulePriorities.member.1.RuleArn"
			case lists[operation+" "+code] != "":
				member = lists[operation+" "+code] + ".member.1"
			}
			in.Set(member, kinds[code])
			for _, o := range service.Operations {
				for name, values := range one {
					first, _, _ := strings.Cut(name, ".")
					if o.Name == operation && strings.Contains(" "+strings.Join(o.Members(), " ")+" ", " "+first+" ") {
						in[name] = values
					}
				}
			}
			t.Log(operation, code)
			server.Query(t, "elasticloadbalancing", operation, in, nil).Refused(t, code)
		}
	}
}

func TestSettingsOfALoadBalancerAreRefused(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	lb := c.loadBalancer("web")
	internal := c.loadBalancer("internal", func(in *elb.CreateLoadBalancerInput) { in.Scheme = "internal" })
	subnets := func(lb types.LoadBalancer, ids ...string) error {
		_, err := c.client.SetSubnets(t.Context(), &elb.SetSubnetsInput{LoadBalancerArn: lb.LoadBalancerArn, Subnets: ids})
		return err
	}
	groups := func(ids ...string) error {
		_, err := c.client.SetSecurityGroups(t.Context(), &elb.SetSecurityGroupsInput{LoadBalancerArn: lb.LoadBalancerArn, SecurityGroups: ids})
		return err
	}
	cases := map[string]struct {
		err           error
		code, message string
	}{
		"one subnet":               {subnets(lb, "subnet-a"), "ValidationError", "At least two subnets"},
		"two subnets of a zone":    {subnets(lb, "subnet-a", "subnet-a2"), "InvalidConfigurationRequest", "same Availability Zone"},
		"another VPC's":            {subnets(internal, "subnet-x", "subnet-x2"), "InvalidConfigurationRequest", "'vpc-2'"},
		"no such subnet":           {subnets(lb, "subnet-a", "subnet-9"), "SubnetNotFound", "'subnet-9' does not exist"},
		"no internet gateway":      {subnets(lb, "subnet-x", "subnet-x2"), "InvalidSubnet", "no internet gateway"},
		"group of another VPC":     {groups("sg-x"), "InvalidSecurityGroup", "'sg-x'"},
		"group that doesn't exist": {groups("sg-9"), "InvalidSecurityGroup", "'sg-9'"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assertRefused(t, test.err, test.code, test.message)
		})
	}
}

func TestOneOfTwo(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	_, listeners := c.client.DescribeListeners(t.Context(), &elb.DescribeListenersInput{})
	_, rules := c.client.DescribeRules(t.Context(), &elb.DescribeRulesInput{})
	for name, err := range map[string]error{"listeners": listeners, "rules": rules} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assertRefused(t, err, "ValidationError", "You must specify either")
		})
	}
}

func TestMarkers(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	in := listenerInput(c.loadBalancer("web"), 443, c.targetGroup("web").TargetGroupArn)
	in.Protocol, in.Certificates = "HTTPS", []types.Certificate{{CertificateArn: aws.String(issued)}}
	made, err := c.client.CreateListener(t.Context(), in)
	require.NoError(t, err)
	arn, lb, marker := made.Listeners[0].ListenerArn, made.Listeners[0].LoadBalancerArn, aws.String("made up")
	calls := map[string]func() error{
		"load balancers": func() error {
			_, err := c.client.DescribeLoadBalancers(t.Context(), &elb.DescribeLoadBalancersInput{Marker: marker})
			return err
		},
		"target groups": func() error {
			_, err := c.client.DescribeTargetGroups(t.Context(), &elb.DescribeTargetGroupsInput{Marker: marker})
			return err
		},
		"listeners": func() error {
			_, err := c.client.DescribeListeners(t.Context(), &elb.DescribeListenersInput{LoadBalancerArn: lb, Marker: marker})
			return err
		},
		"certificates": func() error {
			_, err := c.client.DescribeListenerCertificates(t.Context(), &elb.DescribeListenerCertificatesInput{ListenerArn: arn, Marker: marker})
			return err
		},
		"rules": func() error {
			_, err := c.client.DescribeRules(t.Context(), &elb.DescribeRulesInput{ListenerArn: arn, Marker: marker})
			return err
		},
	}
	for name, call := range calls {
		assertRefused(t, call(), "ValidationError", "'made up'")
		t.Log(name)
	}
}

func TestModifyListenerRefusals(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	in := listenerInput(c.loadBalancer("web"), 443, c.targetGroup("web").TargetGroupArn)
	in.Protocol, in.Certificates = "HTTPS", []types.Certificate{{CertificateArn: aws.String(issued)}}
	made, err := c.client.CreateListener(t.Context(), in)
	require.NoError(t, err)
	cases := map[string]struct {
		change        func(*elb.ModifyListenerInput)
		code, message string
	}{
		"policy":   {func(in *elb.ModifyListenerInput) { in.SslPolicy = aws.String("none") }, "SSLPolicyNotFound", "'none'"},
		"protocol": {func(in *elb.ModifyListenerInput) { in.Protocol = "UDP" }, "ValidationError", "Listener protocol 'UDP' must be one of"},
		"no such certificate": {func(in *elb.ModifyListenerInput) {
			in.Certificates = []types.Certificate{{CertificateArn: aws.String("arn:none")}}
		}, "CertificateNotFound", "'arn:none'"},
		"two certificates": {func(in *elb.ModifyListenerInput) {
			in.Certificates = []types.Certificate{{CertificateArn: aws.String(issued)}, {CertificateArn: aws.String(otherCert)}}
		}, "ValidationError", "Up to '1' certificate ARNs can be specified, but '2' were specified"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := &elb.ModifyListenerInput{ListenerArn: made.Listeners[0].ListenerArn}
			test.change(in)
			_, err := c.client.ModifyListener(t.Context(), in)
			assertRefused(t, err, test.code, test.message)
		})
	}
	t.Run("attribute", func(t *testing.T) {
		t.Parallel()
		for key, value := range map[string]string{"routing.http.response.server.enabled": "maybe", "tcp.idle_timeout.seconds": "60"} {
			_, err := c.client.ModifyListenerAttributes(t.Context(), &elb.ModifyListenerAttributesInput{
				ListenerArn: made.Listeners[0].ListenerArn, Attributes: []types.ListenerAttribute{{Key: &key, Value: &value}},
			})
			assertRefused(t, err, "ValidationError", key)
		}
	})
}

func TestALPNPolicies(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	in := listenerInput(c.networkLoadBalancer("flows"), 443, c.targetGroup("tcp", func(in *elb.CreateTargetGroupInput) { in.Protocol = "TCP" }).TargetGroupArn)
	in.Protocol, in.Certificates = "TLS", []types.Certificate{{CertificateArn: aws.String(issued)}}
	in.AlpnPolicy = []string{"None", "HTTP1Only"}
	_, err := c.client.CreateListener(t.Context(), in)
	assertRefused(t, err, "ValidationError", "Only one ALPN policy")
	in.AlpnPolicy = []string{"HTTP9"}
	_, err = c.client.CreateListener(t.Context(), in)
	assertRefused(t, err, "ALPNPolicyNotFound", "'HTTP9'")
	in.AlpnPolicy = []string{"HTTP2Preferred"}
	made, err := c.client.CreateListener(t.Context(), in)
	require.NoError(t, err)
	_, err = c.client.ModifyListener(t.Context(), &elb.ModifyListenerInput{ListenerArn: made.Listeners[0].ListenerArn, AlpnPolicy: []string{"HTTP9"}})
	assertRefused(t, err, "ALPNPolicyNotFound", "'HTTP9'")
}

func TestCertificatesOfAListener(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	in := listenerInput(c.loadBalancer("web"), 443, c.targetGroup("web").TargetGroupArn)
	in.Protocol, in.Certificates = "HTTPS", []types.Certificate{{CertificateArn: aws.String(issued)}}
	made, err := c.client.CreateListener(t.Context(), in)
	require.NoError(t, err)
	arn := made.Listeners[0].ListenerArn
	var many []types.Certificate
	for n := range 26 {
		many = append(many, types.Certificate{CertificateArn: aws.String(fmt.Sprintf("arn:%d", n))})
		c.certificates.status[fmt.Sprintf("arn:%d", n)] = "ISSUED"
	}
	_, tooMany := c.client.AddListenerCertificates(t.Context(), &elb.AddListenerCertificatesInput{ListenerArn: arn, Certificates: many})
	_, err = c.client.AddListenerCertificates(t.Context(), &elb.AddListenerCertificatesInput{ListenerArn: arn, Certificates: many[:25]})
	require.NoError(t, err)
	_, none := c.client.AddListenerCertificates(t.Context(), &elb.AddListenerCertificatesInput{
		ListenerArn: arn, Certificates: []types.Certificate{{CertificateArn: aws.String("arn:none")}},
	})
	_, first := c.client.RemoveListenerCertificates(t.Context(), &elb.RemoveListenerCertificatesInput{
		ListenerArn: arn, Certificates: []types.Certificate{{CertificateArn: aws.String(issued)}},
	})
	cases := map[string]struct {
		err           error
		code, message string
	}{
		"too many":            {tooMany, "TooManyCertificates", "25"},
		"no such certificate": {none, "CertificateNotFound", "'arn:none'"},
		"default certificate": {first, "OperationNotPermitted", issued},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assertRefused(t, test.err, test.code, test.message)
		})
	}
}

// Actions are refused in all four operations that have them.
func TestActionRefusals(t *testing.T) {
	t.Parallel()
	group := func(arns ...string) *types.ForwardActionConfig {
		config := &types.ForwardActionConfig{}
		for _, arn := range arns {
			config.TargetGroups = append(config.TargetGroups, types.TargetGroupTuple{TargetGroupArn: aws.String(arn), Weight: aws.Int32(1)})
		}
		return config
	}
	forward := func(config *types.ForwardActionConfig) types.Action {
		return types.Action{Type: "forward", ForwardConfig: config}
	}
	redirect := func(config types.RedirectActionConfig) types.Action {
		config.StatusCode = "HTTP_301"
		return types.Action{Type: "redirect", RedirectConfig: &config}
	}
	sticky := func(own string, seconds *int32) types.Action {
		config := group(own)
		config.TargetGroupStickinessConfig = &types.TargetGroupStickinessConfig{Enabled: aws.Bool(true), DurationSeconds: seconds}
		return forward(config)
	}
	cases := map[string]struct {
		// action makes the action; own, tcp, and taken are ARNs of target groups.
		action        func(own, tcp, taken string) types.Action
		code, message string
	}{
		"no such group":    {func(_, _, _ string) types.Action { return forward(group("arn:none")) }, "TargetGroupNotFound", "arn:none"},
		"TCP group":        {func(_, tcp, _ string) types.Action { return forward(group(tcp)) }, "IncompatibleProtocols", "incompatible protocols"},
		"group of another": {func(_, _, taken string) types.Action { return forward(group(taken)) }, "TargetGroupAssociationLimit", "more than one load balancer"},
		"two groups for one": {func(own, _, taken string) types.Action {
			action := forward(group(taken))
			action.TargetGroupArn = &own
			return action
		}, "ValidationError", "must be the same one"},
		"six groups": {func(own, _, _ string) types.Action { return forward(group(own, own, own, own, own, own)) }, "ValidationError", "from 1 to 5 target groups, but has 6"},
		"weight": {func(own, _, _ string) types.Action {
			config := group(own)
			config.TargetGroups[0].Weight = aws.Int32(1000)
			return forward(config)
		}, "ValidationError", "'1000'"},
		"stickiness without duration": {func(own, _, _ string) types.Action { return sticky(own, nil) }, "ValidationError", "duration must be specified"},
		"stickiness too long":         {func(own, _, _ string) types.Action { return sticky(own, aws.Int32(604801)) }, "ValidationError", "'604801'"},
		"redirect loop":               {func(_, _, _ string) types.Action { return redirect(types.RedirectActionConfig{}) }, "ValidationError", "loop"},
		"redirect to HTTP": {func(_, _, _ string) types.Action {
			return redirect(types.RedirectActionConfig{Protocol: aws.String("HTTP")})
		}, "ValidationError", "from HTTPS to HTTP"},
		"redirect path": {func(_, _, _ string) types.Action {
			return redirect(types.RedirectActionConfig{Path: aws.String("x")})
		}, "ValidationError", "'x' must begin with '/'"},
		"redirect port": {func(_, _, _ string) types.Action {
			return redirect(types.RedirectActionConfig{Port: aws.String("0")})
		}, "ValidationError", "port '0'"},
		"content type": {func(_, _, _ string) types.Action {
			return types.Action{Type: "fixed-response", FixedResponseConfig: &types.FixedResponseActionConfig{StatusCode: aws.String("200"), ContentType: aws.String("image/png")}}
		}, "ValidationError", "'image/png'"},
		"no fixed response": {func(_, _, _ string) types.Action { return types.Action{Type: "fixed-response"} }, "ValidationError", "must have a fixed response config"},
		"two":               {nil, "ValidationError", "but '2' were"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud(t)
			own, taken := c.targetGroup("own"), c.targetGroup("taken")
			tcp := c.targetGroup("tcp", func(in *elb.CreateTargetGroupInput) { in.Protocol = "TCP" })
			c.listener(c.loadBalancer("other"), 80, taken.TargetGroupArn)
			in := listenerInput(c.loadBalancer("web"), 443, own.TargetGroupArn)
			in.Protocol, in.Certificates = "HTTPS", []types.Certificate{{CertificateArn: aws.String(issued)}}
			made, err := c.client.CreateListener(t.Context(), in)
			require.NoError(t, err)
			listener := made.Listeners[0].ListenerArn
			path := []types.RuleCondition{{Field: aws.String("path-pattern"), Values: []string{"/x"}}}
			rule, err := c.client.CreateRule(t.Context(), &elb.CreateRuleInput{
				ListenerArn: listener, Priority: aws.Int32(1), Conditions: path, Actions: forwardTo(own.TargetGroupArn),
			})
			require.NoError(t, err)

			actions := slicesOf(forwardTo(own.TargetGroupArn)[0])
			if test.action != nil {
				actions = []types.Action{test.action(*own.TargetGroupArn, *tcp.TargetGroupArn, *taken.TargetGroupArn)}
			}
			in.Port, in.DefaultActions = aws.Int32(444), actions
			_, err = c.client.CreateListener(t.Context(), in)
			assertRefused(t, err, test.code, test.message)
			_, err = c.client.ModifyListener(t.Context(), &elb.ModifyListenerInput{ListenerArn: listener, DefaultActions: actions})
			assertRefused(t, err, test.code, test.message)
			_, err = c.client.CreateRule(t.Context(), &elb.CreateRuleInput{ListenerArn: listener, Priority: aws.Int32(2), Conditions: path, Actions: actions})
			assertRefused(t, err, test.code, test.message)
			_, err = c.client.ModifyRule(t.Context(), &elb.ModifyRuleInput{RuleArn: rule.Rules[0].RuleArn, Actions: actions})
			assertRefused(t, err, test.code, test.message)
		})
	}
}

// slicesOf is the action twice.
func slicesOf(action types.Action) []types.Action { return []types.Action{action, action} }

func TestConditionRefusals(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 129)
	one := func(field string, change func(*types.RuleCondition)) []types.RuleCondition {
		condition := types.RuleCondition{Field: &field}
		if change != nil {
			change(&condition)
		}
		return []types.RuleCondition{condition}
	}
	values := func(field string, values ...string) []types.RuleCondition {
		return one(field, func(c *types.RuleCondition) { c.Values = values })
	}
	header := func(name string) []types.RuleCondition {
		return one("http-header", func(c *types.RuleCondition) {
			c.HttpHeaderConfig = &types.HttpHeaderConditionConfig{HttpHeaderName: &name, Values: []string{"x"}}
		})
	}
	cases := map[string]struct {
		conditions []types.RuleCondition
		message    string
	}{
		"none":       {[]types.RuleCondition{}, "A condition must be specified"},
		"six values": {values("path-pattern", "/1", "/2", "/3", "/4", "/5", "/6"), "'5' condition values, but has '6'"},
		"two hosts":  {append(values("host-header", "a.com"), values("host-header", "b.com")...), "only have one 'host-header'"},
		"field":      {values("cookie", "x"), "'cookie'"},
		"long host":  {values("host-header", long+".com"), "from 1 to 128 characters"},
		"long path":  {values("path-pattern", long), "from 1 to 128 characters"},
		"expression": {one("path-pattern", func(c *types.RuleCondition) {
			c.PathPatternConfig = &types.PathPatternConditionConfig{RegexValues: []string{"("}}
		}), "'(' is not valid"},
		"header":           {header("a b"), "'a b' is not valid"},
		"Host as a header": {header("host"), "'Host' is not valid"},
		"method": {one("http-request-method", func(c *types.RuleCondition) {
			c.HttpRequestMethodConfig = &types.HttpRequestMethodConditionConfig{Values: []string{"get"}}
		}), "'get' is not valid"},
		"query": {one("query-string", func(c *types.RuleCondition) {
			c.QueryStringConfig = &types.QueryStringConditionConfig{Values: []types.QueryStringKeyValuePair{{Value: &long}}}
		}), "from 1 to 128 characters"},
		"source": {one("source-ip", func(c *types.RuleCondition) {
			c.SourceIpConfig = &types.SourceIpConditionConfig{Values: []string{"10.0.0.1"}}
		}), "'10.0.0.1' is not a CIDR block"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud(t)
			group := c.targetGroup("web")
			listener := c.listener(c.loadBalancer("web"), 80, group.TargetGroupArn)
			_, err := c.client.CreateRule(t.Context(), &elb.CreateRuleInput{
				ListenerArn: listener.ListenerArn, Priority: aws.Int32(1), Conditions: test.conditions, Actions: forwardTo(group.TargetGroupArn),
			})
			assertRefused(t, err, "ValidationError", test.message)
			rule, err := c.client.CreateRule(t.Context(), &elb.CreateRuleInput{
				ListenerArn: listener.ListenerArn, Priority: aws.Int32(1), Conditions: values("path-pattern", "/x"), Actions: forwardTo(group.TargetGroupArn),
			})
			require.NoError(t, err)
			_, err = c.client.ModifyRule(t.Context(), &elb.ModifyRuleInput{RuleArn: rule.Rules[0].RuleArn, Conditions: test.conditions})
			assertRefused(t, err, "ValidationError", test.message)
		})
	}
}

func TestRuleRefusals(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	group := c.targetGroup("web")
	listener := c.listener(c.loadBalancer("web"), 80, group.TargetGroupArn)
	create := func(priority int32, group types.TargetGroup) (*elb.CreateRuleOutput, error) {
		return c.client.CreateRule(t.Context(), &elb.CreateRuleInput{
			ListenerArn: listener.ListenerArn, Priority: &priority, Actions: forwardTo(group.TargetGroupArn),
			Conditions: []types.RuleCondition{{Field: aws.String("path-pattern"), Values: []string{"/x"}}},
		})
	}
	_, grpc := create(1, c.targetGroup("grpc", func(in *elb.CreateTargetGroupInput) { in.ProtocolVersion = aws.String("GRPC") }))
	var last *elb.CreateRuleOutput
	for n := range int32(100) {
		var err error
		last, err = create(n+1, group)
		require.NoError(t, err)
	}
	_, tooMany := create(101, group)
	_, taken := c.client.SetRulePriorities(t.Context(), &elb.SetRulePrioritiesInput{RulePriorities: []types.RulePriorityPair{
		{RuleArn: last.Rules[0].RuleArn, Priority: aws.Int32(1)},
	}})
	cases := map[string]struct {
		err           error
		code, message string
	}{
		"gRPC behind HTTP": {grpc, "InvalidConfigurationRequest", "'GRPC'"},
		"too many":         {tooMany, "TooManyRules", "100"},
		"priorities":       {taken, "PriorityInUse", "'1' is currently in use"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assertRefused(t, test.err, test.code, test.message)
		})
	}
}

func TestDefaultRuleStays(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	group := c.targetGroup("web")
	listener := c.listener(c.loadBalancer("web"), 80, group.TargetGroupArn)
	out, err := c.client.DescribeRules(t.Context(), &elb.DescribeRulesInput{ListenerArn: listener.ListenerArn})
	require.NoError(t, err)
	arn := out.Rules[0].RuleArn
	_, err = c.client.ModifyRule(t.Context(), &elb.ModifyRuleInput{RuleArn: arn, Actions: forwardTo(group.TargetGroupArn)})
	assertRefused(t, err, "OperationNotPermitted", "cannot be modified")
	_, err = c.client.DeleteRule(t.Context(), &elb.DeleteRuleInput{RuleArn: arn})
	assertRefused(t, err, "OperationNotPermitted", "cannot be deleted")
	_, err = c.client.SetRulePriorities(t.Context(), &elb.SetRulePrioritiesInput{RulePriorities: []types.RulePriorityPair{{RuleArn: arn, Priority: aws.Int32(1)}}})
	assertRefused(t, err, "OperationNotPermitted", "cannot be set")
}

func TestModifyTargetGroupRefusals(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	group := c.targetGroup("tcp", func(in *elb.CreateTargetGroupInput) { in.Protocol = "TCP" })
	_, err := c.client.ModifyTargetGroup(t.Context(), &elb.ModifyTargetGroupInput{TargetGroupArn: group.TargetGroupArn, HealthCheckPath: aws.String("/")})
	assertRefused(t, err, "InvalidConfigurationRequest", "paths are not supported")
	_, err = c.client.ModifyTargetGroup(t.Context(), &elb.ModifyTargetGroupInput{TargetGroupArn: group.TargetGroupArn, HealthCheckTimeoutSeconds: aws.Int32(31)})
	assertRefused(t, err, "ValidationError", "interval must be greater than the timeout")
}

func TestTagRefusals(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	group := c.targetGroup("web")
	listener := c.listener(c.loadBalancer("web"), 80, group.TargetGroupArn)
	calls := map[string]func([]types.Tag) error{
		"AddTags": func(tags []types.Tag) error {
			_, err := c.client.AddTags(t.Context(), &elb.AddTagsInput{ResourceArns: []string{*group.TargetGroupArn}, Tags: tags})
			return err
		},
		"CreateLoadBalancer": func(tags []types.Tag) error {
			_, err := c.client.CreateLoadBalancer(t.Context(), &elb.CreateLoadBalancerInput{Name: aws.String("new"), Subnets: []string{"subnet-a", "subnet-b"}, Tags: tags})
			return err
		},
		"CreateTargetGroup": func(tags []types.Tag) error {
			_, err := c.client.CreateTargetGroup(t.Context(), &elb.CreateTargetGroupInput{Name: aws.String("new"), Port: aws.Int32(80), Protocol: "HTTP", VpcId: aws.String(vpc), Tags: tags})
			return err
		},
		"CreateListener": func(tags []types.Tag) error {
			in := &elb.CreateListenerInput{LoadBalancerArn: listener.LoadBalancerArn, Port: aws.Int32(81), Protocol: "HTTP", DefaultActions: forwardTo(group.TargetGroupArn), Tags: tags}
			_, err := c.client.CreateListener(t.Context(), in)
			return err
		},
		"CreateRule": func(tags []types.Tag) error {
			_, err := c.client.CreateRule(t.Context(), &elb.CreateRuleInput{
				ListenerArn: listener.ListenerArn, Priority: aws.Int32(1), Actions: forwardTo(group.TargetGroupArn), Tags: tags,
				Conditions: []types.RuleCondition{{Field: aws.String("path-pattern"), Values: []string{"/x"}}},
			})
			return err
		},
	}
	many := make([]types.Tag, 51)
	for n := range many {
		many[n].Key = aws.String(fmt.Sprintf("k%d", n))
	}
	for name, call := range calls {
		t.Log(name)
		assertRefused(t, call(many), "TooManyTags", "50")
		assertRefused(t, call([]types.Tag{{Key: aws.String("a")}, {Key: aws.String("a")}}), "DuplicateTagKeys", "'a'")
		assertRefused(t, call([]types.Tag{{Key: aws.String("aws:x")}}), "ValidationError", "must not begin with 'aws:'")
	}
}

func TestQuotaOfLoadBalancers(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	for n := range 50 {
		c.loadBalancer(fmt.Sprintf("web-%d", n))
	}
	_, err := c.client.CreateLoadBalancer(t.Context(), &elb.CreateLoadBalancerInput{Name: aws.String("more"), Subnets: []string{"subnet-a", "subnet-b"}})
	assertRefused(t, err, "TooManyLoadBalancers", "50")
	c.loadBalancer("web-1") // is there
	c.networkLoadBalancer("flows")
}

func TestQuotaOfTargetGroups(t *testing.T) {
	t.Parallel()
	// Without the store's verification, which reads all records at each change.
	a := core.New(wiretest.Region, clock.NewFake(wiretest.Start), slog.New(slog.DiscardHandler))
	server := wiretest.NewServer(t, a, elbv2.New(a, newMachines(), &certificates{}, &logs{}).Wire())
	create := func(n int) *wiretest.Reply {
		return server.Query(t, "elasticloadbalancing", "CreateTargetGroup", url.Values{
			"Name": {fmt.Sprintf("web-%d", n)}, "Port": {"80"}, "Protocol": {"HTTP"}, "VpcId": {vpc},
		}, nil)
	}
	for n := range 3000 {
		create(n).OK(t)
	}
	create(3000).Refused(t, "TooManyTargetGroups")
	create(0).OK(t) // is there
}

func TestTargetsOfALoadBalancer(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	first, second := c.targetGroup("first"), c.targetGroup("second")
	register := func(group types.TargetGroup, count int) error {
		in := &elb.RegisterTargetsInput{TargetGroupArn: group.TargetGroupArn}
		for port := range count {
			in.Targets = append(in.Targets, types.TargetDescription{Id: aws.String("i-1"), Port: aws.Int32(int32(port + 1))})
		}
		_, err := c.client.RegisterTargets(t.Context(), in)
		return err
	}
	assertRefused(t, register(first, 1001), "TooManyTargets", "per target group")
	require.NoError(t, register(first, 1000))
	lb := c.loadBalancer("web")
	listener := c.listener(lb, 80, first.TargetGroupArn)
	rule, err := c.client.CreateRule(t.Context(), &elb.CreateRuleInput{
		ListenerArn: listener.ListenerArn, Priority: aws.Int32(1), Actions: forwardTo(first.TargetGroupArn),
		Conditions: []types.RuleCondition{{Field: aws.String("path-pattern"), Values: []string{"/x"}}},
	})
	require.NoError(t, err)
	empty := c.listener(lb, 81, second.TargetGroupArn)
	assertRefused(t, register(second, 1), "TooManyTargets", "per load balancer")
	_, err = c.client.DeleteListener(t.Context(), &elb.DeleteListenerInput{ListenerArn: empty.ListenerArn})
	require.NoError(t, err)
	require.NoError(t, register(second, 1))

	more := forwardTo(second.TargetGroupArn)
	_, err = c.client.CreateListener(t.Context(), listenerInput(lb, 82, second.TargetGroupArn))
	assertRefused(t, err, "TooManyTargets", "per load balancer")
	_, err = c.client.ModifyListener(t.Context(), &elb.ModifyListenerInput{ListenerArn: listener.ListenerArn, DefaultActions: more})
	assertRefused(t, err, "TooManyTargets", "per load balancer")
	_, err = c.client.CreateRule(t.Context(), &elb.CreateRuleInput{ListenerArn: listener.ListenerArn, Priority: aws.Int32(2), Conditions: rule.Rules[0].Conditions, Actions: more})
	assertRefused(t, err, "TooManyTargets", "per load balancer")
	_, err = c.client.ModifyRule(t.Context(), &elb.ModifyRuleInput{RuleArn: rule.Rules[0].RuleArn, Actions: more})
	assertRefused(t, err, "TooManyTargets", "per load balancer")
}

func TestListenerOfATargetStays(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	lb := c.loadBalancer("web")
	listener := c.listener(lb, 80, c.targetGroup("web").TargetGroupArn)
	group := c.targetGroup("alb", func(in *elb.CreateTargetGroupInput) { in.TargetType, in.Protocol = "alb", "TCP" })
	require.NoError(t, c.register(group, *lb.LoadBalancerArn, 80))
	remove := func() error {
		_, err := c.client.DeleteListener(t.Context(), &elb.DeleteListenerInput{ListenerArn: listener.ListenerArn})
		return err
	}
	assertRefused(t, remove(), "ResourceInUse", "Listener port '80' is in use by registered target '"+*lb.LoadBalancerArn+"' and cannot be removed.")
	_, err := c.client.DeregisterTargets(t.Context(), &elb.DeregisterTargetsInput{
		TargetGroupArn: group.TargetGroupArn, Targets: []types.TargetDescription{{Id: lb.LoadBalancerArn}},
	})
	require.NoError(t, err)
	require.NoError(t, remove())
}
