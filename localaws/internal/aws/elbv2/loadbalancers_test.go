package elbv2_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/elbv2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wiretest"
)

func TestLoadBalancerIsProvisionedThenActive(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.run()
	lb := c.loadBalancer("web")
	assert.Equal(t, types.LoadBalancerStateEnumProvisioning, lb.State.Code)
	assert.Equal(t, "Z1H1FL5HABSF5", *lb.CanonicalHostedZoneId)
	assert.Regexp(t, `^web-\d+\.us-west-2\.elb\.amazonaws\.com$`, *lb.DNSName)
	assert.Regexp(t, `^arn:aws:elasticloadbalancing:us-west-2:123456789012:loadbalancer/app/web/[0-9a-f]{16}$`, *lb.LoadBalancerArn)
	assert.Len(t, lb.AvailabilityZones, 2)
	assert.Equal(t, vpc, *lb.VpcId)

	c.pass(2*time.Minute, func() bool { return c.describe("web").State.Code == types.LoadBalancerStateEnumActive }, "active after two minutes")
}

func (c *cloud) describe(name string) types.LoadBalancer {
	c.t.Helper()
	out, err := c.client.DescribeLoadBalancers(c.t.Context(), &elb.DescribeLoadBalancersInput{Names: []string{name}})
	require.NoError(c.t, err)
	return out.LoadBalancers[0]
}

func TestLoadBalancerHasInterfacesWhileItLives(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	lb := c.loadBalancer("web")
	require.Len(t, c.machines.interfaces, 2)
	for _, made := range c.machines.interfaces {
		assert.Equal(t, "amazon-elb", made.InstanceOwnerID)
		assert.Regexp(t, `^ELB app/web/[0-9a-f]{16}$`, made.Description)
		assert.Equal(t, []string{"sg-1"}, made.Groups)
	}
	_, err := c.client.SetSecurityGroups(t.Context(), &elb.SetSecurityGroupsInput{
		LoadBalancerArn: lb.LoadBalancerArn, SecurityGroups: []string{"sg-2"},
	})
	require.NoError(t, err)
	for _, made := range c.machines.interfaces {
		assert.Equal(t, []string{"sg-2"}, made.Groups)
	}
	_, err = c.client.DeleteLoadBalancer(t.Context(), &elb.DeleteLoadBalancerInput{LoadBalancerArn: lb.LoadBalancerArn})
	require.NoError(t, err)
	assert.Empty(t, c.machines.interfaces)
	_, err = c.client.DeleteLoadBalancer(t.Context(), &elb.DeleteLoadBalancerInput{LoadBalancerArn: lb.LoadBalancerArn})
	require.NoError(t, err, "deleting what is deleted")
}

func TestSetSubnetsKeepsNodesThatStay(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	lb := c.loadBalancer("web")
	before, ok := c.service.ResolveName(*lb.DNSName)
	require.True(t, ok)
	_, err := c.client.SetSubnets(t.Context(), &elb.SetSubnetsInput{
		LoadBalancerArn: lb.LoadBalancerArn, Subnets: []string{"subnet-c", "subnet-a"},
	})
	require.NoError(t, err)
	after, _ := c.service.ResolveName(*lb.DNSName)
	require.Len(t, after, 2)
	assert.Equal(t, before[0], after[0], "the node in zone a stays")
	assert.NotEqual(t, before[1], after[1], "zone b's node is replaced by zone c's")
	assert.Len(t, c.machines.interfaces, 2)
}

func TestNamesOfOtherKinds(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	internal := c.loadBalancer("own", func(in *elb.CreateLoadBalancerInput) { in.Scheme = types.LoadBalancerSchemeEnumInternal })
	assert.Regexp(t, `^internal-own-\d+\.us-west-2\.elb\.amazonaws\.com$`, *internal.DNSName)
	nlb := c.networkLoadBalancer("flows")
	assert.Regexp(t, `^flows-[0-9a-f]{16}\.elb\.us-west-2\.amazonaws\.com$`, *nlb.DNSName)
	assert.Equal(t, "Z18D5FSROUN65G", *nlb.CanonicalHostedZoneId)
	assert.Empty(t, nlb.SecurityGroups)
	assert.True(t, c.service.OwnsAlias("dualstack."+*nlb.DNSName+".", "Z18D5FSROUN65G"))
	assert.False(t, c.service.OwnsAlias(*nlb.DNSName, "Z1H1FL5HABSF5"), "the zone of the other kind")
	_, known := c.service.ResolveName("nobody-1.us-west-2.elb.amazonaws.com")
	assert.False(t, known)
}

func TestInternalLoadBalancerNeedsNoInternetGateway(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	lb := c.loadBalancer("own", func(in *elb.CreateLoadBalancerInput) {
		in.Scheme, in.Subnets, in.SecurityGroups = types.LoadBalancerSchemeEnumInternal, []string{"subnet-x", "subnet-x2"}, nil
	})
	assert.Equal(t, "vpc-2", *lb.VpcId)
}

func TestCreateIsIdempotentForTheSameSettings(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	assert.Equal(t, c.loadBalancer("web").LoadBalancerArn, c.loadBalancer("web").LoadBalancerArn)
	assert.Len(t, c.machines.interfaces, 2)
	assert.Equal(t, c.targetGroup("web").TargetGroupArn, c.targetGroup("web").TargetGroupArn)
}

func TestLoadBalancerAttributes(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	lb := c.loadBalancer("web")
	set := func(key, value string) error {
		_, err := c.client.ModifyLoadBalancerAttributes(t.Context(), &elb.ModifyLoadBalancerAttributesInput{
			LoadBalancerArn: lb.LoadBalancerArn, Attributes: []types.LoadBalancerAttribute{{Key: &key, Value: &value}},
		})
		return err
	}
	require.NoError(t, set("idle_timeout.timeout_seconds", "120"))
	assert.Equal(t, "120", c.attribute(lb, "idle_timeout.timeout_seconds"))
	assert.Equal(t, "true", c.attribute(lb, "routing.http2.enabled"))
	assertRefused(t, set("idle_timeout.timeout_seconds", "5000"), "ValidationError", "5000")
	assertRefused(t, set("dns_record.client_routing_policy", "x"), "ValidationError", "is not recognized")

	require.NoError(t, set("deletion_protection.enabled", "true"))
	_, err := c.client.DeleteLoadBalancer(t.Context(), &elb.DeleteLoadBalancerInput{LoadBalancerArn: lb.LoadBalancerArn})
	assertRefused(t, err, "OperationNotPermitted", "deletion protection")
}

func (c *cloud) attribute(lb types.LoadBalancer, key string) string {
	c.t.Helper()
	out, err := c.client.DescribeLoadBalancerAttributes(c.t.Context(), &elb.DescribeLoadBalancerAttributesInput{LoadBalancerArn: lb.LoadBalancerArn})
	require.NoError(c.t, err)
	for _, a := range out.Attributes {
		if *a.Key == key {
			return aws.ToString(a.Value)
		}
	}
	return "(absent)"
}

func TestAccessLogsNeedTheBucketsPolicy(t *testing.T) {
	t.Parallel()
	for name, principal := range map[string]string{
		"service principal": "logdelivery.elasticloadbalancing.amazonaws.com",
		"account principal": "arn:aws:iam::797873946194:root",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud(t)
			lb := c.loadBalancer("web")
			in := &elb.ModifyLoadBalancerAttributesInput{LoadBalancerArn: lb.LoadBalancerArn, Attributes: []types.LoadBalancerAttribute{
				{Key: aws.String("access_logs.s3.enabled"), Value: aws.String("true")},
				{Key: aws.String("access_logs.s3.bucket"), Value: aws.String("my-logs")},
				{Key: aws.String("access_logs.s3.prefix"), Value: aws.String("alb")},
			}}
			_, err := c.client.ModifyLoadBalancerAttributes(t.Context(), in)
			assertRefused(t, err, "InvalidConfigurationRequest", "Access Denied for bucket: my-logs. Please check S3bucket permission")
			assert.Equal(t, "false", c.attribute(lb, "access_logs.s3.enabled"))

			c.logs.allowed["my-logs"] = principal
			_, err = c.client.ModifyLoadBalancerAttributes(t.Context(), in)
			require.NoError(t, err)
			assert.Contains(t, c.logs.objects, "my-logs/alb/AWSLogs/123456789012/ELBAccessLogTestFile")
		})
	}
}

func TestStateSurvivesARestart(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	lb := c.loadBalancer("web")
	group := c.targetGroup("web")
	c.listener(lb, 80, group.TargetGroupArn)
	require.NoError(t, c.register(group, "i-1", 8080))

	account, _ := wiretest.NewAccount()
	next := elbv2.New(account, c.machines, c.certificates, c.logs)
	wiretest.Revive(t, c.account, account)
	c.account.View(func() {
		assert.Equal(t, c.service.Balancers(), next.Balancers())
		assert.Equal(t, c.service.TargetGroups(), next.TargetGroups())
		assert.Equal(t, c.service.TaggedResources(), next.TaggedResources())
	})
}
