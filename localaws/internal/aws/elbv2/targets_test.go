package elbv2_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ec2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/elbv2"
)

func (c *cloud) register(group types.TargetGroup, id string, port int32) error {
	c.t.Helper()
	_, err := c.client.RegisterTargets(c.t.Context(), &elb.RegisterTargetsInput{
		TargetGroupArn: group.TargetGroupArn, Targets: []types.TargetDescription{{Id: &id, Port: &port}},
	})
	return err
}

// inUse is a running cloud whose group is behind an active load balancer and
// has the target i-1:8080.
func inUse(t *testing.T) (*cloud, types.TargetGroup, types.Listener) {
	t.Helper()
	c := newCloud(t)
	c.run()
	lb := c.loadBalancer("web")
	group := c.targetGroup("web")
	listener := c.listener(lb, 80, group.TargetGroupArn)
	require.NoError(t, c.register(group, "i-1", 8080))
	return c, group, listener
}

func (c *cloud) becomes(group types.TargetGroup, want string, after time.Duration) {
	c.t.Helper()
	c.pass(after, func() bool { return c.health(group.TargetGroupArn)["i-1:8080"] == want }, want)
}

func (c *cloud) report(group types.TargetGroup, health elbv2.Health) {
	c.account.Do(func() {
		c.service.ReportHealth(*group.TargetGroupArn, elbv2.Target{ID: "i-1", Port: 8080}, health)
	})
}

func TestTargetFromRegistrationToLeaving(t *testing.T) {
	t.Parallel()
	c, group, listener := inUse(t)
	assert.Equal(t, "initial Elb.RegistrationInProgress", c.health(group.TargetGroupArn)["i-1:8080"])
	c.becomes(group, "initial Elb.InitialHealthChecking", 2*time.Minute)
	c.report(group, elbv2.Passed())
	assert.Equal(t, "healthy", c.health(group.TargetGroupArn)["i-1:8080"])
	c.report(group, elbv2.CodeMismatch(404))
	assert.Equal(t, "unhealthy Target.ResponseCodeMismatch", c.health(group.TargetGroupArn)["i-1:8080"])

	_, err := c.client.ModifyListener(t.Context(), &elb.ModifyListenerInput{ListenerArn: listener.ListenerArn, DefaultActions: forwardTo(c.targetGroup("other").TargetGroupArn)})
	require.NoError(t, err)
	assert.Equal(t, "unused Target.NotInUse", c.health(group.TargetGroupArn)["i-1:8080"])
	_, err = c.client.ModifyListener(t.Context(), &elb.ModifyListenerInput{ListenerArn: listener.ListenerArn, DefaultActions: forwardTo(group.TargetGroupArn)})
	require.NoError(t, err)
	assert.Equal(t, "initial Elb.RegistrationInProgress", c.health(group.TargetGroupArn)["i-1:8080"])

	_, err = c.client.DeregisterTargets(t.Context(), &elb.DeregisterTargetsInput{TargetGroupArn: group.TargetGroupArn, Targets: []types.TargetDescription{{Id: aws.String("i-1")}}})
	require.NoError(t, err)
	assert.Equal(t, "draining Target.DeregistrationInProgress", c.health(group.TargetGroupArn)["i-1:8080"])
	c.report(group, elbv2.Passed())
	assert.Equal(t, "draining Target.DeregistrationInProgress", c.health(group.TargetGroupArn)["i-1:8080"], "checks have no say")
	c.pass(299*time.Second, func() bool { return len(c.health(group.TargetGroupArn)) == 1 }, "still draining")
	c.pass(time.Second, func() bool { return len(c.health(group.TargetGroupArn)) == 0 }, "gone after the deregistration delay")
}

func TestTargetStates(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		arrange func(*cloud, types.TargetGroup)
		want    types.TargetHealth
	}{
		"instance is stopped": {func(c *cloud, _ types.TargetGroup) { c.setState("i-1", "stopped") },
			types.TargetHealth{State: "unused", Reason: "Target.InvalidState", Description: aws.String("Target is in the stopped state")}},
		"instance is terminated": {func(c *cloud, _ types.TargetGroup) { c.setState("i-1", "terminated") },
			types.TargetHealth{State: "unused", Reason: "Target.InvalidState", Description: aws.String("Target is in the terminated state")}},
		"new": {func(*cloud, types.TargetGroup) {}, types.TargetHealth{State: "initial", Reason: "Elb.InitialHealthChecking", Description: aws.String("Initial health checks in progress")}},
		"draining": {func(c *cloud, g types.TargetGroup) {
			_, err := c.client.DeregisterTargets(c.t.Context(), &elb.DeregisterTargetsInput{TargetGroupArn: g.TargetGroupArn, Targets: []types.TargetDescription{{Id: aws.String("i-1")}}})
			require.NoError(c.t, err)
		}, types.TargetHealth{State: "draining", Reason: "Target.DeregistrationInProgress", Description: aws.String("Target deregistration is in progress")}},
		"check that could not be made": {func(c *cloud, g types.TargetGroup) { c.report(g, elbv2.InternalError()) },
			types.TargetHealth{State: "unhealthy", Reason: "Elb.InternalError", Description: aws.String("Health checks failed due to an internal error")}},
		"timed out": {func(c *cloud, g types.TargetGroup) { c.report(g, elbv2.TimedOut()) },
			types.TargetHealth{State: "unhealthy", Reason: "Target.Timeout", Description: aws.String("Request timed out")}},
		"refused": {func(c *cloud, g types.TargetGroup) { c.report(g, elbv2.Failed()) },
			types.TargetHealth{State: "unhealthy", Reason: "Target.FailedHealthChecks", Description: aws.String("Health checks failed")}},
		"wrong code": {func(c *cloud, g types.TargetGroup) { c.report(g, elbv2.CodeMismatch(404)) },
			types.TargetHealth{State: "unhealthy", Reason: "Target.ResponseCodeMismatch", Description: aws.String("Health checks failed with these codes: [404]")}},
		"healthy": {func(c *cloud, g types.TargetGroup) { c.report(g, elbv2.Passed()) }, types.TargetHealth{State: "healthy"}},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, group, _ := inUse(t)
			c.becomes(group, "initial Elb.InitialHealthChecking", 2*time.Minute)
			test.arrange(c, group)
			in := &elb.DescribeTargetHealthInput{TargetGroupArn: group.TargetGroupArn}
			require.EventuallyWithT(t, func(t *assert.CollectT) {
				out, err := c.client.DescribeTargetHealth(c.t.Context(), in)
				require.NoError(t, err)
				require.Len(t, out.TargetHealthDescriptions, 1)
				assert.Equal(t, test.want, *out.TargetHealthDescriptions[0].TargetHealth)
				assert.Equal(t, "8080", *out.TargetHealthDescriptions[0].HealthCheckPort)
			}, 5*time.Second, time.Millisecond)
		})
	}
}

func (c *cloud) setState(id, state string) {
	c.account.Do(func() {
		changed := c.machines.instances[id]
		changed.State = state
		c.machines.instances[id] = changed
	})
	c.account.Changed()
}

func TestTargetsThatGetNoTraffic(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	group := c.targetGroup("web")
	require.NoError(t, c.register(group, "i-1", 8080))
	assert.Equal(t, "unused Target.NotInUse", c.health(group.TargetGroupArn)["i-1:8080"], "no listener refers to the group")
	c.listener(c.loadBalancer("web"), 80, group.TargetGroupArn)
	require.NoError(t, c.register(group, "i-3", 8080))
	assert.Equal(t, "unused Target.NotInUse", c.health(group.TargetGroupArn)["i-3:8080"], "its zone is not enabled")
	out, err := c.client.DescribeTargetHealth(t.Context(), &elb.DescribeTargetHealthInput{
		TargetGroupArn: group.TargetGroupArn, Targets: []types.TargetDescription{{Id: aws.String("i-2")}},
	})
	require.NoError(t, err)
	assert.Equal(t, types.TargetHealthReasonEnumNotRegistered, out.TargetHealthDescriptions[0].TargetHealth.Reason)

	_, err = c.client.DeregisterTargets(t.Context(), &elb.DeregisterTargetsInput{TargetGroupArn: group.TargetGroupArn, Targets: []types.TargetDescription{{Id: aws.String("i-3")}}})
	require.NoError(t, err)
	assert.NotContains(t, c.health(group.TargetGroupArn), "i-3:8080", "an unused target leaves at once")
}

func TestTargetRefusals(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	group := c.targetGroup("web")
	assertRefused(t, c.register(group, "i-9", 80), "InvalidTarget", "not in a running state and cannot be registered: 'i-9'")
	assertRefused(t, c.register(group, "i-new", 80), "InvalidTarget", "not in a running state")
	assertRefused(t, c.register(group, "i-x", 80), "InvalidTarget", "not in the target group VPC")
	assertRefused(t, c.register(group, "10.0.0.1", 80), "ValidationError", "Instance ID '10.0.0.1' is not valid")
	assertRefused(t, c.register(group, "i-1", 0), "ValidationError", "'0'")
	byAddress := c.targetGroup("ip", func(in *elb.CreateTargetGroupInput) { in.TargetType = "ip" })
	assertRefused(t, c.register(byAddress, "8.8.8.8", 80), "InvalidTarget", "8.8.8.8")
	require.NoError(t, c.register(byAddress, "10.0.0.1", 80))
}

func TestTargetGroupAttributes(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	group := c.targetGroup("web")
	set := func(pairs ...string) error {
		var attributes []types.TargetGroupAttribute
		for i := 0; i < len(pairs); i += 2 {
			attributes = append(attributes, types.TargetGroupAttribute{Key: &pairs[i], Value: &pairs[i+1]})
		}
		_, err := c.client.ModifyTargetGroupAttributes(t.Context(), &elb.ModifyTargetGroupAttributesInput{TargetGroupArn: group.TargetGroupArn, Attributes: attributes})
		return err
	}
	require.NoError(t, set("deregistration_delay.timeout_seconds", "0", "slow_start.duration_seconds", "30"))
	for _, value := range []string{"-1", "3601", "1.5", ""} {
		assertRefused(t, set("deregistration_delay.timeout_seconds", value), "ValidationError", "must be a number from 0 to 3600")
	}
	for _, value := range []string{"0", "604801"} {
		assertRefused(t, set("stickiness.lb_cookie.duration_seconds", value), "ValidationError", "must be a number from 1 to 604800")
	}
	assertRefused(t, set("slow_start.duration_seconds", "5"), "ValidationError", "0 or a number from 30 to 900")
	assertRefused(t, set("load_balancing.algorithm.type", "least_outstanding_requests"), "InvalidConfigurationRequest", "Slow start")
	assertRefused(t, set("stickiness.enabled", "true", "stickiness.type", "app_cookie"), "ValidationError", "cookie_name")
	assertRefused(t, set("stickiness.app_cookie.cookie_name", "AWSALBX"), "ValidationError", "AWSALB")
	assertRefused(t, set("proxy_protocol_v2.enabled", "true"), "ValidationError", "is not recognized")
	const failOpen = "target_group_health.unhealthy_state_routing.minimum_healthy_targets."
	require.NoError(t, set(failOpen+"count", "1", failOpen+"percentage", "off"))
	assertRefused(t, set(failOpen+"count", "2"), "ValidationError", "localaws supports only '1'")
	assertRefused(t, set(failOpen+"percentage", "50"), "ValidationError", "localaws supports only 'off'")
}

func TestStickinessFitsTheProtocol(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		protocol      types.ProtocolEnum
		kind, enabled string
		code, message string // of the refusal; none where the code is empty
	}{
		"by cookie":                {"HTTP", "lb_cookie", "true", "", ""},
		"by address":               {"TCP", "source_ip", "true", "", ""},
		"by address of datagrams":  {"UDP", "source_ip", "true", "", ""},
		"none of TLS targets":      {"TLS", "source_ip", "false", "", ""},
		"of TLS targets":           {"TLS", "source_ip", "true", "InvalidConfigurationRequest", "The provided target group attribute is not supported"},
		"by cookie behind an NLB":  {"TCP", "lb_cookie", "false", "InvalidConfigurationRequest", "Stickiness type 'lb_cookie' is not supported for target groups with the TCP protocol"},
		"by address behind an ALB": {"HTTP", "source_ip", "true", "InvalidConfigurationRequest", "Stickiness type 'source_ip' is not supported for target groups with the HTTP protocol"},
		"by something else":        {"HTTP", "header", "true", "ValidationError", "must be one of: lb_cookie, app_cookie, source_ip"},
		"neither enabled nor not":  {"HTTP", "lb_cookie", "on", "ValidationError", "must be one of: true, false"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud(t)
			group := c.targetGroup("web", func(in *elb.CreateTargetGroupInput) { in.Protocol = test.protocol })
			_, err := c.client.ModifyTargetGroupAttributes(t.Context(), &elb.ModifyTargetGroupAttributesInput{
				TargetGroupArn: group.TargetGroupArn,
				Attributes: []types.TargetGroupAttribute{
					{Key: aws.String("stickiness.enabled"), Value: &test.enabled}, {Key: aws.String("stickiness.type"), Value: &test.kind},
				},
			})
			if test.code == "" {
				require.NoError(t, err)
				return
			}
			assertRefused(t, err, test.code, test.message)
		})
	}
}

func TestHealthCheckDefaults(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		protocol, version, path, codes, grpcCodes string
		timeout                                   int32
	}{
		"HTTP": {"HTTP", "", "/", "200", "", 5},
		"gRPC": {"HTTP", "GRPC", "/AWS.ALB/healthcheck", "", "12", 5},
		"TCP":  {"TCP", "", "", "", "", 10},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			group := newCloud(t).targetGroup("web", func(in *elb.CreateTargetGroupInput) {
				in.Protocol = types.ProtocolEnum(test.protocol)
				if test.version != "" {
					in.ProtocolVersion = &test.version
				}
			})
			assert.Equal(t, test.path, aws.ToString(group.HealthCheckPath))
			matcher := types.Matcher{}
			if group.Matcher != nil {
				matcher = *group.Matcher
			}
			assert.Equal(t, test.codes, aws.ToString(matcher.HttpCode))
			assert.Equal(t, test.grpcCodes, aws.ToString(matcher.GrpcCode))
			assert.Equal(t, "traffic-port", *group.HealthCheckPort)
			assert.Equal(t, []int32{30, test.timeout, 5, 2}, []int32{
				*group.HealthCheckIntervalSeconds, *group.HealthCheckTimeoutSeconds, *group.HealthyThresholdCount, *group.UnhealthyThresholdCount,
			})
		})
	}
}

// The timeout's default is the check's, in a Network Load Balancer's group.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html
func TestHealthCheckTimeouts(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		protocol, check types.ProtocolEnum
		timeout         int32
	}{
		{"HTTP", "", 5}, {"HTTPS", "", 5}, {"HTTP", "HTTPS", 5}, {"TCP", "", 10}, {"TLS", "", 10},
		{"TCP", "HTTP", 6}, {"TCP", "HTTPS", 10}, {"UDP", "TCP", 10}, {"UDP", "HTTP", 6}, {"TCP_UDP", "HTTPS", 10},
	} {
		group := newCloud(t).targetGroup("web", func(in *elb.CreateTargetGroupInput) {
			in.Protocol, in.HealthCheckProtocol = test.protocol, test.check
		})
		assert.Equal(t, test.timeout, *group.HealthCheckTimeoutSeconds, "%s checked by %q", test.protocol, test.check)
	}
}

func TestTimeoutOfTheWholeIntervalOnANetworkLoadBalancer(t *testing.T) {
	t.Parallel()
	group := newCloud(t).targetGroup("tcp", func(in *elb.CreateTargetGroupInput) {
		in.Protocol, in.HealthCheckIntervalSeconds = "TCP", aws.Int32(10)
	})
	assert.Equal(t, int32(10), *group.HealthCheckTimeoutSeconds)
}

func TestModifyTargetGroupKeepsWhatIsNotGiven(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	group := c.targetGroup("web", func(in *elb.CreateTargetGroupInput) { in.HealthCheckPath = aws.String("/health") })
	out, err := c.client.ModifyTargetGroup(t.Context(), &elb.ModifyTargetGroupInput{TargetGroupArn: group.TargetGroupArn, HealthCheckIntervalSeconds: aws.Int32(10)})
	require.NoError(t, err)
	assert.Equal(t, "/health", *out.TargetGroups[0].HealthCheckPath)
	assert.Equal(t, int32(10), *out.TargetGroups[0].HealthCheckIntervalSeconds)
}

func TestNamesWithoutHealthyTargetsInAZone(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.run()
	lb := c.networkLoadBalancer("flows")
	group := c.targetGroup("tcp", func(in *elb.CreateTargetGroupInput) { in.Protocol = "TCP" })
	in := listenerInput(lb, 5000, group.TargetGroupArn)
	in.Protocol = "TCP"
	_, err := c.client.CreateListener(t.Context(), in)
	require.NoError(t, err)
	require.NoError(t, c.register(group, "i-1", 8080))
	assert.Len(t, c.resolve(lb), 2, "no zone has a healthy target: all are tried")
	c.becomes(group, "initial Elb.InitialHealthChecking", 2*time.Minute)
	c.report(group, elbv2.Passed())
	assert.Len(t, c.resolve(lb), 1, "only zone a has a healthy target")
}

func (c *cloud) resolve(lb types.LoadBalancer) (addresses []string) {
	c.account.Do(func() {
		found, _ := c.service.ResolveName(*lb.DNSName)
		for _, address := range found {
			addresses = append(addresses, address.String())
		}
	})
	return addresses
}

func TestRegisterAndDeregisterForOtherServices(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	group := c.targetGroup("web")
	c.machines.instances["i-5"] = ec2.Instance{ID: "i-5", VPCID: vpc, State: "running", AvailabilityZone: "us-west-2a"}
	c.account.Do(func() {
		require.NoError(t, c.service.Register(*group.TargetGroupArn, []elbv2.Target{{ID: "i-5"}}))
		health, ok := c.service.Health(*group.TargetGroupArn, elbv2.Target{ID: "i-5", Port: 8080})
		assert.True(t, ok)
		assert.Equal(t, elbv2.ReasonNotInUse, health.Reason)
		found, ok := c.service.TargetGroup(*group.TargetGroupArn)
		assert.True(t, ok)
		assert.Empty(t, found.LoadBalancerARNs)
		require.NoError(t, c.service.Deregister(*group.TargetGroupArn, []elbv2.Target{{ID: "i-5"}, {ID: "i-404"}}))
		_, ok = c.service.Health(*group.TargetGroupArn, elbv2.Target{ID: "i-5", Port: 8080})
		assert.False(t, ok)
		require.Error(t, c.service.Register("arn:none", nil))
	})
}
