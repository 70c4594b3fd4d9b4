package elbv2_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func assertRefused(t *testing.T, err error, code, message string) {
	t.Helper()
	var refusal smithy.APIError
	require.ErrorAs(t, err, &refusal)
	assert.Equal(t, code, refusal.ErrorCode())
	assert.Contains(t, refusal.ErrorMessage(), message)
}

func TestLoadBalancerRefusals(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		change        func(*elb.CreateLoadBalancerInput)
		code, message string
	}{
		"underscore in the name": {func(in *elb.CreateLoadBalancerInput) { in.Name = aws.String("a_b") }, "ValidationError", "'a_b' can only contain"},
		"long name":              {func(in *elb.CreateLoadBalancerInput) { in.Name = aws.String(strings.Repeat("a", 33)) }, "ValidationError", "longer than '32'"},
		"hyphen first":           {func(in *elb.CreateLoadBalancerInput) { in.Name = aws.String("-a") }, "ValidationError", "hyphen"},
		"internal-":              {func(in *elb.CreateLoadBalancerInput) { in.Name = aws.String("internal-a") }, "ValidationError", "internal-"},
		"one subnet": {func(in *elb.CreateLoadBalancerInput) { in.Subnets = in.Subnets[:1] }, "ValidationError",
			"At least two subnets in two different Availability Zones must be specified"},
		"two subnets of a zone": {func(in *elb.CreateLoadBalancerInput) { in.Subnets = []string{"subnet-a", "subnet-a2"} },
			"InvalidConfigurationRequest", "same Availability Zone"},
		"subnets of two VPCs": {func(in *elb.CreateLoadBalancerInput) { in.Subnets[1] = "subnet-x" }, "InvalidConfigurationRequest", "same VPC"},
		"no internet gateway": {func(in *elb.CreateLoadBalancerInput) { in.Subnets = []string{"subnet-x", "subnet-x2"} },
			"InvalidSubnet", "VPC vpc-2 has no internet gateway"},
		"no such subnet":       {func(in *elb.CreateLoadBalancerInput) { in.Subnets[1] = "subnet-9" }, "SubnetNotFound", "'subnet-9' does not exist"},
		"group of another VPC": {func(in *elb.CreateLoadBalancerInput) { in.SecurityGroups = []string{"sg-x"} }, "InvalidSecurityGroup", "sg-x"},
		"dual stack":           {func(in *elb.CreateLoadBalancerInput) { in.IpAddressType = "dualstack" }, "ValidationError", "IPv6"},
		"gateway":              {func(in *elb.CreateLoadBalancerInput) { in.Type = "gateway" }, "ValidationError", "'gateway' at 'type'"},
		"same name and another scheme": {func(in *elb.CreateLoadBalancerInput) { in.Name, in.Scheme = aws.String("there"), "internal" },
			"DuplicateLoadBalancerName", "'there' exists"},
		"tag twice": {func(in *elb.CreateLoadBalancerInput) {
			in.Tags = []types.Tag{{Key: aws.String("a")}, {Key: aws.String("a")}}
		}, "DuplicateTagKeys", "'a'"},
		"parameter that is not supported": {func(in *elb.CreateLoadBalancerInput) { in.CustomerOwnedIpv4Pool = aws.String("pool") },
			"UnsupportedParameter", "CustomerOwnedIpv4Pool"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud(t)
			c.loadBalancer("there")
			in := &elb.CreateLoadBalancerInput{Name: aws.String("web"), Subnets: []string{"subnet-a", "subnet-b"}}
			test.change(in)
			_, err := c.client.CreateLoadBalancer(t.Context(), in)
			assertRefused(t, err, test.code, test.message)
			assert.Len(t, c.machines.interfaces, 2, "only those of the load balancer that was there")
		})
	}
}

func TestTargetGroupRefusals(t *testing.T) {
	t.Parallel()
	type in = elb.CreateTargetGroupInput
	cases := map[string]struct {
		change        func(*in)
		code, message string
	}{
		"underscore":            {func(in *in) { in.Name = aws.String("otlp_grpc") }, "ValidationError", "'otlp_grpc' can only contain"},
		"no protocol":           {func(in *in) { in.Protocol = "" }, "ValidationError", "A protocol must be specified"},
		"no port":               {func(in *in) { in.Port = nil }, "ValidationError", "A port must be specified"},
		"no VPC":                {func(in *in) { in.VpcId = nil }, "ValidationError", "A VPC ID must be specified"},
		"lower case":            {func(in *in) { in.Protocol = "http" }, "ValidationError", "Value 'http' at 'protocol' failed to satisfy constraint"},
		"version":               {func(in *in) { in.ProtocolVersion = aws.String("HTTP3") }, "ValidationError", "HTTP3"},
		"version of TCP":        {func(in *in) { in.Protocol, in.ProtocolVersion = "TCP", aws.String("HTTP1") }, "ValidationError", "not supported"},
		"timeout over interval": {func(in *in) { in.HealthCheckIntervalSeconds = aws.Int32(5) }, "ValidationError", "interval must be greater than the timeout"},
		"timeout of TCP over interval": {func(in *in) {
			in.Protocol, in.HealthCheckIntervalSeconds, in.HealthCheckTimeoutSeconds = "TCP", aws.Int32(10), aws.Int32(11)
		}, "ValidationError", "interval must be greater than the timeout"},
		"interval":             {func(in *in) { in.HealthCheckIntervalSeconds = aws.Int32(600) }, "ValidationError", "'600' at 'healthCheckIntervalSeconds'"},
		"threshold":            {func(in *in) { in.HealthyThresholdCount = aws.Int32(1) }, "ValidationError", "'1' at 'healthyThresholdCount'"},
		"path":                 {func(in *in) { in.HealthCheckPath = aws.String("x") }, "ValidationError", "'x' must begin with '/'"},
		"check port":           {func(in *in) { in.HealthCheckPort = aws.String("99999") }, "ValidationError", "99999"},
		"TCP check of HTTP":    {func(in *in) { in.HealthCheckProtocol = "TCP" }, "ValidationError", "'TCP' must be one of"},
		"matcher":              {func(in *in) { in.Matcher = &types.Matcher{HttpCode: aws.String("200-600")} }, "ValidationError", "200-600"},
		"malformed matcher":    {func(in *in) { in.Matcher = &types.Matcher{HttpCode: aws.String("2xx")} }, "ValidationError", "2xx"},
		"gRPC matcher of HTTP": {func(in *in) { in.Matcher = &types.Matcher{GrpcCode: aws.String("12")} }, "InvalidConfigurationRequest", "12"},
		"HTTP matcher of gRPC": {func(in *in) {
			in.ProtocolVersion, in.Matcher = aws.String("GRPC"), &types.Matcher{HttpCode: aws.String("200")}
		}, "InvalidConfigurationRequest", "200"},
		"matcher of TCP":             {func(in *in) { in.Protocol, in.Matcher = "TCP", &types.Matcher{HttpCode: aws.String("200")} }, "InvalidConfigurationRequest", "matchers are not supported"},
		"lambda":                     {func(in *in) { in.TargetType = "lambda" }, "ValidationError", "lambda"},
		"check switched off":         {func(in *in) { in.HealthCheckEnabled = aws.Bool(false) }, "ValidationError", "must be true"},
		"same name and another port": {func(in *in) { in.Name, in.Port = aws.String("there"), aws.Int32(1) }, "DuplicateTargetGroupName", "'there' exists"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud(t)
			c.targetGroup("there")
			given := &in{Name: aws.String("web"), Port: aws.Int32(80), Protocol: "HTTP", VpcId: aws.String(vpc)}
			test.change(given)
			_, err := c.client.CreateTargetGroup(t.Context(), given)
			assertRefused(t, err, test.code, test.message)
		})
	}
}

func TestListenerRefusals(t *testing.T) {
	t.Parallel()
	type in = elb.CreateListenerInput
	https := func(arn string) func(*cloud, *in) {
		return func(_ *cloud, in *in) {
			in.Protocol, in.Certificates = "HTTPS", []types.Certificate{{CertificateArn: &arn}}
		}
	}
	group := func(change func(*elb.CreateTargetGroupInput)) func(*cloud, *in) {
		return func(c *cloud, in *in) { in.DefaultActions = forwardTo(c.targetGroup("special", change).TargetGroupArn) }
	}
	cases := map[string]struct {
		change        func(*cloud, *in)
		code, message string
	}{
		"port taken, other group": {func(c *cloud, in *in) {
			in.Port, in.DefaultActions = aws.Int32(80), forwardTo(c.targetGroup("other").TargetGroupArn)
		}, "DuplicateListener", "A listener already exists on this port for this load balancer"},
		"port taken, other protocol": {func(c *cloud, in *in) { https(issued)(c, in); in.Port = aws.Int32(80) }, "DuplicateListener",
			"A listener already exists on this port for this load balancer"},
		"port":                {func(_ *cloud, in *in) { in.Port = aws.Int32(0) }, "ValidationError", "'0' at 'port'"},
		"protocol":            {func(_ *cloud, in *in) { in.Protocol = "TCP" }, "ValidationError", "Listener protocol 'TCP' must be one of 'HTTP, HTTPS'"},
		"no certificate":      {func(_ *cloud, in *in) { in.Protocol = "HTTPS" }, "ValidationError", "A certificate must be specified"},
		"no such":             {https("arn:none"), "CertificateNotFound", "'arn:none' not found"},
		"pending":             {https(pendingARN), "UnsupportedCertificate", "fully-qualified domain name"},
		"certificate of HTTP": {func(c *cloud, in *in) { https(issued)(c, in); in.Protocol = "HTTP" }, "ValidationError", "cannot be specified for HTTP"},
		"policy":              {func(c *cloud, in *in) { https(issued)(c, in); in.SslPolicy = aws.String("none") }, "SSLPolicyNotFound", "'none'"},
		"no group":            {func(_ *cloud, in *in) { in.DefaultActions = forwardTo(aws.String("arn:none")) }, "TargetGroupNotFound", "arn:none"},
		"mutual": {func(_ *cloud, in *in) {
			in.MutualAuthentication = &types.MutualAuthenticationAttributes{Mode: aws.String("verify")}
		}, "UnsupportedParameter", "verify"},
		"group of another VPC": {group(func(in *elb.CreateTargetGroupInput) { in.VpcId = aws.String("vpc-2") }), "InvalidConfigurationRequest", "'vpc-2'"},
		"TCP group":            {group(func(in *elb.CreateTargetGroupInput) { in.Protocol = "TCP" }), "IncompatibleProtocols", "incompatible protocols"},
		"gRPC behind HTTP":     {group(func(in *elb.CreateTargetGroupInput) { in.ProtocolVersion = aws.String("GRPC") }), "InvalidConfigurationRequest", "Listener protocol 'HTTP' is not supported with a target group with the protocol-version 'GRPC'"},
		"HTTP/2 behind HTTP":   {group(func(in *elb.CreateTargetGroupInput) { in.ProtocolVersion = aws.String("HTTP2") }), "InvalidConfigurationRequest", "'HTTP2'"},
		"group of another": {func(c *cloud, in *in) {
			taken := c.targetGroup("taken")
			c.listener(c.loadBalancer("other"), 80, taken.TargetGroupArn)
			in.DefaultActions = forwardTo(taken.TargetGroupArn)
		}, "TargetGroupAssociationLimit", "more than one load balancer"},
		"OIDC": {func(_ *cloud, in *in) {
			in.DefaultActions[0].AuthenticateOidcConfig = &types.AuthenticateOidcActionConfig{
				AuthorizationEndpoint: aws.String("a"), ClientId: aws.String("a"), Issuer: aws.String("a"), TokenEndpoint: aws.String("a"), UserInfoEndpoint: aws.String("a"),
			}
		}, "UnsupportedParameter", "AuthenticateOidcConfig"},
		"redirect loop": {func(_ *cloud, in *in) {
			in.DefaultActions = []types.Action{{Type: "redirect", RedirectConfig: &types.RedirectActionConfig{StatusCode: "HTTP_301"}}}
		}, "ValidationError", "loop"},
		"fixed response 302": {func(_ *cloud, in *in) {
			in.DefaultActions = []types.Action{{Type: "fixed-response", FixedResponseConfig: &types.FixedResponseActionConfig{StatusCode: aws.String("302")}}}
		}, "ValidationError", "'302'"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud(t)
			lb := c.loadBalancer("web")
			plain := c.targetGroup("plain")
			c.listener(lb, 80, plain.TargetGroupArn)
			in := listenerInput(lb, 81, plain.TargetGroupArn)
			test.change(c, in)
			_, err := c.client.CreateListener(t.Context(), in)
			assertRefused(t, err, test.code, test.message)
		})
	}
}

// What a replaced listener meets whose successor is created first: the listener
// that is there, which the destroy then deletes.
func TestCreateListenerIsIdempotent(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	lb, group := c.loadBalancer("web"), c.targetGroup("web")
	https := listenerInput(lb, 443, group.TargetGroupArn)
	https.Protocol, https.Certificates = "HTTPS", []types.Certificate{{CertificateArn: aws.String(issued)}}
	for name, in := range map[string]*elb.CreateListenerInput{"HTTP": listenerInput(lb, 80, group.TargetGroupArn), "HTTPS": https} {
		first, err := c.client.CreateListener(t.Context(), in)
		require.NoError(t, err, name)
		again, err := c.client.CreateListener(t.Context(), in)
		require.NoError(t, err, name)
		assert.Equal(t, first.Listeners, again.Listeners, name)
	}
	out, err := c.client.DescribeListeners(t.Context(), &elb.DescribeListenersInput{LoadBalancerArn: lb.LoadBalancerArn})
	require.NoError(t, err)
	require.Len(t, out.Listeners, 2)

	_, err = c.client.AddListenerCertificates(t.Context(), &elb.AddListenerCertificatesInput{
		ListenerArn: out.Listeners[1].ListenerArn, Certificates: []types.Certificate{{CertificateArn: aws.String(otherCert)}},
	})
	require.NoError(t, err)
	_, err = c.client.CreateListener(t.Context(), https)
	require.NoError(t, err, "further certificates are no settings of CreateListener")
	https.Certificates[0].CertificateArn = aws.String(otherCert)
	_, err = c.client.CreateListener(t.Context(), https)
	assertRefused(t, err, "DuplicateListener", "A listener already exists on this port for this load balancer")
}

func TestModifyListenerRefusesAnothersPort(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	lb, group := c.networkLoadBalancer("flows"), c.targetGroup("tcp", func(in *elb.CreateTargetGroupInput) { in.Protocol = "TCP" })
	var made []types.Listener
	for _, port := range []int32{80, 81} {
		in := listenerInput(lb, port, group.TargetGroupArn)
		in.Protocol = "TCP"
		out, err := c.client.CreateListener(t.Context(), in)
		require.NoError(t, err)
		made = append(made, out.Listeners...)
	}
	// Also with the other's own settings: only CreateListener is idempotent.
	_, err := c.client.ModifyListener(t.Context(), &elb.ModifyListenerInput{ListenerArn: made[0].ListenerArn, Port: aws.Int32(81)})
	assertRefused(t, err, "DuplicateListener", "A listener already exists on this port for this load balancer")
	_, err = c.client.ModifyListener(t.Context(), &elb.ModifyListenerInput{ListenerArn: made[0].ListenerArn, Port: aws.Int32(80)})
	require.NoError(t, err, "its own port")
	_, err = c.client.ModifyListener(t.Context(), &elb.ModifyListenerInput{ListenerArn: made[0].ListenerArn, Port: aws.Int32(82)})
	require.NoError(t, err, "a free port")
}

func TestQuotas(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	lb := c.loadBalancer("web")
	group := c.targetGroup("web")
	for port := range int32(50) {
		c.listener(lb, 8000+port, group.TargetGroupArn)
	}
	_, err := c.client.CreateListener(t.Context(), listenerInput(lb, 9000, group.TargetGroupArn))
	assertRefused(t, err, "TooManyListeners", "50")
	c.listener(lb, 8000, group.TargetGroupArn) // is there

	first, err := c.client.DescribeListeners(t.Context(), &elb.DescribeListenersInput{LoadBalancerArn: lb.LoadBalancerArn, PageSize: aws.Int32(30)})
	require.NoError(t, err)
	assert.Len(t, first.Listeners, 30)
	rest, err := c.client.DescribeListeners(t.Context(), &elb.DescribeListenersInput{LoadBalancerArn: lb.LoadBalancerArn, Marker: first.NextMarker})
	require.NoError(t, err)
	assert.Len(t, rest.Listeners, 20)
	assert.Nil(t, rest.NextMarker)
}

func TestTargetGroupsOfALoadBalancer(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	lb := c.loadBalancer("web")
	var actions []types.Action
	for n := range 20 {
		groups := &types.ForwardActionConfig{}
		for m := range 5 {
			group := c.targetGroup(fmt.Sprintf("web-%d-%d", n, m))
			groups.TargetGroups = append(groups.TargetGroups, types.TargetGroupTuple{TargetGroupArn: group.TargetGroupArn})
		}
		actions = []types.Action{{Type: "forward", ForwardConfig: groups}}
		in := listenerInput(lb, 8000+int32(n), nil)
		in.DefaultActions = actions
		_, err := c.client.CreateListener(t.Context(), in)
		require.NoError(t, err)
	}
	_, err := c.client.CreateListener(t.Context(), listenerInput(lb, 9000, c.targetGroup("one-more").TargetGroupArn))
	assertRefused(t, err, "TooManyUniqueTargetGroupsPerLoadBalancer", "[100]")
	in := listenerInput(lb, 9000, nil)
	in.DefaultActions = actions
	_, err = c.client.CreateListener(t.Context(), in)
	require.NoError(t, err, "they are groups that it has")
}

func TestUnknownOperationIsRefusedByName(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	_, err := c.client.CreateTrustStore(t.Context(), &elb.CreateTrustStoreInput{
		Name: aws.String("x"), CaCertificatesBundleS3Bucket: aws.String("x"), CaCertificatesBundleS3Key: aws.String("x"),
	})
	assertRefused(t, err, "InvalidAction", "CreateTrustStore")
}

func TestDescribeByNameOfWhatIsNotThere(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	_, err := c.client.DescribeLoadBalancers(t.Context(), &elb.DescribeLoadBalancersInput{Names: []string{"none"}})
	assertRefused(t, err, "LoadBalancerNotFound", "none")
	var typed *types.LoadBalancerNotFoundException
	assert.True(t, errors.As(err, &typed), fmt.Sprintf("%T", err))
	_, err = c.client.DescribeTargetGroups(t.Context(), &elb.DescribeTargetGroupsInput{Names: []string{"none"}})
	assertRefused(t, err, "TargetGroupNotFound", "none")
}
