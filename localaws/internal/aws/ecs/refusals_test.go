package ecs_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestServiceRefusals(t *testing.T) {
	t.Parallel()
	const tgARN = "arn:aws:elasticloadbalancing:us-west-2:123456789012:targetgroup/one/0123456789abcdef"
	cases := map[string]struct {
		arrange func(*cloud)
		change  func(*sdk.CreateServiceInput)
		code    string
		message string
	}{
		"target group that no listener uses": {
			arrange: func(c *cloud) { c.elb.groups[tgARN].LoadBalancerARNs = nil },
			message: "The target group with targetGroupArn " + tgARN + " does not have an associated load balancer.",
		},
		"target group that does not exist": {
			arrange: func(c *cloud) { delete(c.elb.groups, tgARN) },
			message: "The target group with targetGroupArn " + tgARN + " does not exist.",
		},
		"target group of addresses": {
			arrange: func(c *cloud) { c.elb.groups[tgARN].TargetType = "ip" },
			message: "The provided target group " + tgARN + " has target type ip, which is incompatible with the bridge network mode specified in the task definition.",
		},
		"port that is not mapped": {
			change:  func(in *sdk.CreateServiceInput) { in.LoadBalancers = []types.LoadBalancer{lb(tgARN, 8081)} },
			message: "The container web did not have a container port 8081 defined.",
		},
		"container that is not there": {
			change: func(in *sdk.CreateServiceInput) {
				in.LoadBalancers[0].ContainerName = aws.String("api")
			},
			message: "The container api does not exist in the task definition.",
		},
		"dynamic host port and a numbered health check port": {
			arrange: func(c *cloud) { c.elb.groups[tgARN].HealthCheck.Port = "8080" },
			message: "The task definition is configured to use a dynamic host port, but the target group with targetGroupArn " + tgARN +
				" has a health check port specified.",
		},
		"port of two mappings": {
			arrange: func(c *cloud) { c.define("web", tcpAndUDP(80, 0)) },
			message: "Container port 80 is used in more than one port mapping for container web",
		},
		"port of two mappings on fixed host ports": {
			arrange: func(c *cloud) { c.define("web", tcpAndUDP(80, 8080)) },
			message: "Container port 80 is used in more than one port mapping for container web",
		},
		"six target groups": {
			change: func(in *sdk.CreateServiceInput) {
				in.LoadBalancers = []types.LoadBalancer{lb(tgARN, 80), lb(tgARN, 80), lb(tgARN, 80), lb(tgARN, 80), lb(tgARN, 80), lb(tgARN, 80)}
			},
			message: "load balancers can have at most 5 items; 6 were given: a service registers with at most 5 target groups.",
		},
		"role without load balancer": {
			change:  func(in *sdk.CreateServiceInput) { in.LoadBalancers, in.Role = nil, aws.String("lb") },
			message: "IAM roles are only valid for services configured to use load balancers.",
		},
		"role and two target groups": {
			change: func(in *sdk.CreateServiceInput) {
				in.LoadBalancers, in.Role = []types.LoadBalancer{lb(tgARN, 80), lb(tgARN, 80)}, aws.String("lb")
			},
			message: "You cannot specify an IAM role for services that require a service linked role.",
		},
		"role that does not trust ECS": {
			arrange: func(c *cloud) { c.roles["lb"] = true },
			change:  func(in *sdk.CreateServiceInput) { in.Role = aws.String("lb") },
			message: "Unable to assume role and validate the specified targetGroupArn. Please verify that the ECS service role being passed has the proper permissions.",
		},
		"role that may not register": {
			arrange: func(c *cloud) { c.roles["elasticloadbalancing:RegisterTargets"] = true },
			change:  func(in *sdk.CreateServiceInput) { in.Role = aws.String("lb") },
			message: "Unable to assume role and validate the specified targetGroupArn. Please verify that the ECS service role being passed has the proper permissions.",
		},
		"grace period without load balancer": {
			change: func(in *sdk.CreateServiceInput) {
				in.LoadBalancers, in.HealthCheckGracePeriodSeconds = nil, aws.Int32(60)
			},
			message: "Health check grace period is only valid for services configured to use load balancers",
		},
		"launch type and strategy": {
			change: func(in *sdk.CreateServiceInput) {
				in.LaunchType = types.LaunchTypeEc2
				in.CapacityProviderStrategy = []types.CapacityProviderStrategyItem{{CapacityProvider: aws.String("cp"), Weight: 1}}
			},
			message: "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.",
		},
		"provider that the cluster does not have": {
			change: func(in *sdk.CreateServiceInput) {
				in.CapacityProviderStrategy = []types.CapacityProviderStrategyItem{{CapacityProvider: aws.String("cp"), Weight: 1}}
			},
			message: "The specified capacity provider strategy contains a capacity provider that is not associated with the cluster. (cp)",
		},
		"daemon with a count": {
			change:  func(in *sdk.CreateServiceInput) { in.SchedulingStrategy = types.SchedulingStrategyDaemon },
			message: "The daemon scheduling strategy does not support a desired count for services. Remove a desired count value and try again",
		},
		"Fargate": {
			change:  func(in *sdk.CreateServiceInput) { in.LaunchType = types.LaunchTypeFargate },
			message: "localaws runs tasks on EC2 instances: launch type FARGATE of service web.",
		},
		"network configuration in bridge mode": {
			change: func(in *sdk.CreateServiceInput) {
				in.NetworkConfiguration = &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: []string{"subnet-1"}}}
			},
			message: "Network Configuration is not valid for the given networkMode of this task definition.",
		},
		"no room to replace a task": {
			change: func(in *sdk.CreateServiceInput) {
				in.DeploymentConfiguration = &types.DeploymentConfiguration{MinimumHealthyPercent: aws.Int32(100), MaximumPercent: aws.Int32(100)}
			},
			message: "Invalid deployment configuration: with minimumHealthyPercent and maximumPercent both 100, no task could be replaced.",
		},
		"unknown cluster": {
			change: func(in *sdk.CreateServiceInput) { in.Cluster = aws.String("other") },
			code:   "ClusterNotFoundException", message: "Cluster not found.",
		},
		"unknown task definition": {
			change: func(in *sdk.CreateServiceInput) { in.TaskDefinition = aws.String("other") },
			code:   "ClientException", message: "TaskDefinition not found.",
		},
		"service that exists": {
			arrange: func(c *cloud) { c.create("web", 1, nil) },
			message: "Creation of service was not idempotent.",
		},
		"placement strategy": {
			change: func(in *sdk.CreateServiceInput) {
				in.PlacementStrategy = []types.PlacementStrategy{{Type: types.PlacementStrategyTypeSpread, Field: aws.String("zone")}}
			},
			message: `Invalid field "zone" for placement strategy spread: instanceId, host or attribute:<name>.`,
		},
		"Classic Load Balancer": {
			change: func(in *sdk.CreateServiceInput) {
				in.LoadBalancers[0].LoadBalancerName = aws.String("classic")
			},
			message: "localaws does not support Classic Load Balancers: loadBalancerName classic.",
		},
		"six placement strategies": {
			change: func(in *sdk.CreateServiceInput) {
				in.PlacementStrategy = slices.Repeat([]types.PlacementStrategy{{Type: types.PlacementStrategyTypeRandom}}, 6)
			},
			message: "Too many placement strategies: 6, at most 5.",
		},
		"volumes at launch": {
			change: func(in *sdk.CreateServiceInput) {
				in.VolumeConfigurations = []types.ServiceVolumeConfiguration{{Name: aws.String("v")}}
			},
			message: "localaws does not support volumes configured at launch. (service web)",
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := stack(t)
			require.Equal(t, tgARN, c.elb.add("one"))
			c.define("web", web(80))
			if test.arrange != nil {
				test.arrange(c)
			}
			in := &sdk.CreateServiceInput{
				Cluster: aws.String("main"), ServiceName: aws.String("web"), TaskDefinition: aws.String("web"),
				DesiredCount: aws.Int32(1), LoadBalancers: []types.LoadBalancer{lb(tgARN, 80)},
			}
			if test.change != nil {
				test.change(in)
			}
			_, err := c.client.CreateService(t.Context(), in)
			code, message := refusal(t, err)
			want := test.code
			if want == "" {
				want = "InvalidParameterException"
			}
			assert.Equal(t, want, code)
			assert.Equal(t, test.message, message)
		})
	}
}

// tcpAndUDP is a container that maps one port for both.
func tcpAndUDP(port, hostPort int32) types.ContainerDefinition {
	d := web(port)
	d.PortMappings[0].HostPort = &hostPort
	udp := d.PortMappings[0]
	udp.Protocol = types.TransportProtocolUdp
	d.PortMappings = append(d.PortMappings, udp)
	return d
}

func TestServiceRole(t *testing.T) {
	t.Parallel()
	c := stack(t)
	web := c.define("web", web(80))
	group := c.elb.add("one")
	c.create(web, 1, func(in *sdk.CreateServiceInput) {
		in.LoadBalancers, in.Role = []types.LoadBalancer{lb(group, 80)}, aws.String("arn:aws:iam::123456789012:role/lb")
	})
	assert.Equal(t, "arn:aws:iam::123456789012:role/lb", aws.ToString(c.describe().RoleArn))
}

// A change of either side makes a pair of port and target group that doesn't
// fit: a new task definition, or a new target group.
func TestUpdateServiceRefusesPortsThatDontFit(t *testing.T) {
	t.Parallel()
	c := stack(t)
	plain, numbered := c.elb.add("plain"), c.elb.add("numbered")
	c.elb.groups[plain].HealthCheck.Port, c.elb.groups[numbered].HealthCheck.Port = "traffic-port", "8080"
	dynamic, twice := c.define("dynamic", web(80)), c.define("twice", tcpAndUDP(80, 0))
	fixed := web(80)
	fixed.PortMappings[0].HostPort = aws.Int32(8080)
	static := c.define("static", fixed)
	c.create(static, 1, func(in *sdk.CreateServiceInput) { in.LoadBalancers = []types.LoadBalancer{lb(numbered, 80)} })

	update := func(in sdk.UpdateServiceInput) (code, message string) {
		in.Cluster, in.Service = aws.String("main"), aws.String("web")
		_, err := c.client.UpdateService(t.Context(), &in)
		return refusal(t, err)
	}
	noRoom := "The task definition is configured to use a dynamic host port, but the target group with targetGroupArn " + numbered + " has a health check port specified."
	code, message := update(sdk.UpdateServiceInput{TaskDefinition: &dynamic})
	assert.Equal(t, []string{"InvalidParameterException", noRoom}, []string{code, message}, "a new task definition")

	c.update(&sdk.UpdateServiceInput{TaskDefinition: &dynamic, LoadBalancers: []types.LoadBalancer{lb(plain, 80)}})
	code, message = update(sdk.UpdateServiceInput{LoadBalancers: []types.LoadBalancer{lb(numbered, 80)}})
	assert.Equal(t, []string{"InvalidParameterException", noRoom}, []string{code, message}, "a new target group")

	_, message = update(sdk.UpdateServiceInput{TaskDefinition: &twice})
	assert.Equal(t, "Container port 80 is used in more than one port mapping for container web", message)
	c.update(&sdk.UpdateServiceInput{TaskDefinition: &twice, LoadBalancers: []types.LoadBalancer{}})
}

func TestTaskDefinitionRefusals(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		change  func(*sdk.RegisterTaskDefinitionInput, *types.ContainerDefinition)
		message string
	}{
		"no image": {
			func(_ *sdk.RegisterTaskDefinitionInput, d *types.ContainerDefinition) { d.Image = nil },
			"Container.image should not be null or empty.",
		},
		"no memory": {
			func(_ *sdk.RegisterTaskDefinitionInput, d *types.ContainerDefinition) { d.Memory = nil },
			"Invalid setting for container 'web'. At least one of 'memory' or 'memoryReservation' must be specified.",
		},
		"reservation above the limit": {
			func(_ *sdk.RegisterTaskDefinitionInput, d *types.ContainerDefinition) {
				d.MemoryReservation = aws.Int32(256)
			},
			"Invalid setting for container 'web'. The memory reservation 256 must not exceed the memory 128.",
		},
		"nothing essential": {
			func(_ *sdk.RegisterTaskDefinitionInput, d *types.ContainerDefinition) { d.Essential = aws.Bool(false) },
			"Invalid 'essential' setting for container. At least one container in a task must be essential.",
		},
		"port out of range": {
			func(_ *sdk.RegisterTaskDefinitionInput, d *types.ContainerDefinition) {
				d.PortMappings[0].ContainerPort = aws.Int32(70000)
			},
			"Invalid containerPort 70000 for container web: it must be between 1 and 65535.",
		},
		"port mapped twice": {
			func(_ *sdk.RegisterTaskDefinitionInput, d *types.ContainerDefinition) {
				d.PortMappings = append(d.PortMappings, d.PortMappings[0])
			},
			"Container web maps port 80 of protocol tcp twice.",
		},
		"host mode with another port": {
			func(in *sdk.RegisterTaskDefinitionInput, d *types.ContainerDefinition) {
				in.NetworkMode = types.NetworkModeHost
				d.PortMappings[0].HostPort = aws.Int32(8080)
			},
			"When networkMode=host, the host ports and container ports in port mappings must match.",
		},
		"secret without execution role": {
			func(_ *sdk.RegisterTaskDefinitionInput, d *types.ContainerDefinition) {
				d.Secrets = []types.Secret{{Name: aws.String("S"), ValueFrom: aws.String("arn:aws:ssm:us-west-2:1:parameter/x")}}
			},
			"When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.",
		},
		"unknown volume": {
			func(_ *sdk.RegisterTaskDefinitionInput, d *types.ContainerDefinition) {
				d.MountPoints = []types.MountPoint{{SourceVolume: aws.String("data"), ContainerPath: aws.String("/data")}}
			},
			"Unknown volume 'data'.",
		},
		"health check too often": {
			func(_ *sdk.RegisterTaskDefinitionInput, d *types.ContainerDefinition) {
				d.HealthCheck = &types.HealthCheck{Command: []string{"CMD-SHELL", "true"}, Interval: aws.Int32(1)}
			},
			"The health check of container web: interval 1 must be between 5 and 300.",
		},
		"awslogs without a group": {
			func(_ *sdk.RegisterTaskDefinitionInput, d *types.ContainerDefinition) {
				d.LogConfiguration = &types.LogConfiguration{LogDriver: types.LogDriverAwslogs, Options: map[string]string{"awslogs-region": "us-west-2"}}
			},
			"Log driver awslogs requires options: awslogs-group (container web).",
		},
		"family with a space": {
			func(in *sdk.RegisterTaskDefinitionInput, _ *types.ContainerDefinition) { in.Family = aws.String("a b") },
			"Family contains invalid characters. (a b)",
		},
		"Fargate": {
			func(in *sdk.RegisterTaskDefinitionInput, _ *types.ContainerDefinition) {
				in.RequiresCompatibilities = []types.Compatibility{types.CompatibilityFargate}
			},
			"localaws runs tasks on EC2 instances; requiresCompatibilities has FARGATE.",
		},
	}
	c := newCloud(t)
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := web(80)
			in := &sdk.RegisterTaskDefinitionInput{Family: aws.String("web")}
			test.change(in, &d)
			in.ContainerDefinitions = []types.ContainerDefinition{d}
			_, err := c.client.RegisterTaskDefinition(t.Context(), in)
			code, message := refusal(t, err)
			assert.Equal(t, "ClientException", code)
			assert.Equal(t, test.message, message)
		})
	}
}

func TestOtherRefusals(t *testing.T) {
	t.Parallel()
	c := stack(t)
	c.groups.make("plain", 0, 3, 0, false)
	c.groups.make("guarded", 0, 3, 0, true)
	provider := func(name, group string, termination types.ManagedTerminationProtection) error {
		_, err := c.client.CreateCapacityProvider(context.Background(), &sdk.CreateCapacityProviderInput{
			Name: &name, AutoScalingGroupProvider: &types.AutoScalingGroupProvider{
				AutoScalingGroupArn: aws.String(groupARN(group)), ManagedTerminationProtection: termination,
				ManagedScaling: &types.ManagedScaling{Status: types.ManagedScalingStatusEnabled},
			},
		})
		return err
	}
	require.NoError(t, provider("taken", "guarded", types.ManagedTerminationProtectionEnabled))
	_, err := c.client.PutClusterCapacityProviders(t.Context(), &sdk.PutClusterCapacityProvidersInput{
		Cluster: aws.String("main"), CapacityProviders: []string{"taken"}, DefaultCapacityProviderStrategy: []types.CapacityProviderStrategyItem{},
	})
	require.NoError(t, err)

	cases := map[string]struct {
		call          func() error
		code, message string
	}{
		"termination protection without scale-in protection": {
			func() error { return provider("p", "plain", types.ManagedTerminationProtectionEnabled) },
			"ClientException", "the Auto Scaling group must have instance protection from scale in enabled.",
		},
		"group of another provider": {
			func() error { return provider("p", "guarded", "") },
			"ClientException", "is already being used by another capacity provider",
		},
		"group that does not exist": {
			func() error { return provider("p", "nowhere", "") },
			"ClientException", "The specified Auto Scaling group ARN is not valid or does not exist",
		},
		"reserved name": {
			func() error { return provider("aws-p", "plain", "") },
			"ClientException", `The name cannot be prefixed with "aws", "ecs", or "fargate".`,
		},
		"provider of a cluster": {
			func() error {
				_, err := c.client.DeleteCapacityProvider(context.Background(), &sdk.DeleteCapacityProviderInput{CapacityProvider: aws.String("taken")})
				return err
			},
			"ClientException", "because it is associated with cluster: main.",
		},
		"provider that does not exist": {
			func() error {
				_, err := c.client.DeleteCapacityProvider(context.Background(), &sdk.DeleteCapacityProviderInput{CapacityProvider: aws.String("none")})
				return err
			},
			"ClientException", "capacity provider does not exist",
		},
		"exec": {
			func() error {
				_, err := c.client.ExecuteCommand(context.Background(), &sdk.ExecuteCommandInput{Cluster: aws.String("main"), Task: aws.String("t"), Command: aws.String("ls"), Interactive: true})
				return err
			},
			"TargetNotConnectedException", "localaws does not support ECS Exec",
		},
		"tasks of an unknown service": {
			func() error {
				_, err := c.client.ListTasks(context.Background(), &sdk.ListTasksInput{Cluster: aws.String("main"), ServiceName: aws.String("none")})
				return err
			},
			"ServiceNotFoundException", "Service not found.",
		},
		"unknown resource's tags": {
			func() error {
				_, err := c.client.ListTagsForResource(context.Background(), &sdk.ListTagsForResourceInput{ResourceArn: aws.String("arn:aws:ecs:us-west-2:123456789012:cluster/none")})
				return err
			},
			"ResourceNotFoundException", "cluster/none",
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, message := refusal(t, test.call())
			assert.Equal(t, test.code, code)
			assert.True(t, strings.Contains(message, test.message), "%q should contain %q", message, test.message)
		})
	}
}

func TestMissingIsNoError(t *testing.T) {
	t.Parallel()
	c := stack(t)
	services, err := c.client.DescribeServices(t.Context(), &sdk.DescribeServicesInput{Cluster: aws.String("main"), Services: []string{"none"}})
	require.NoError(t, err)
	require.Len(t, services.Failures, 1)
	assert.Equal(t, "MISSING", aws.ToString(services.Failures[0].Reason))
	assert.Equal(t, "arn:aws:ecs:us-west-2:123456789012:service/main/none", aws.ToString(services.Failures[0].Arn))
	clusters, err := c.client.DescribeClusters(t.Context(), &sdk.DescribeClustersInput{Clusters: []string{"none"}})
	require.NoError(t, err)
	assert.Equal(t, "MISSING", aws.ToString(clusters.Failures[0].Reason))
}
