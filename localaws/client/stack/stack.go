// Package stack makes an ECS service on a running localaws in the time of a few
// API calls, without Terraform, for tests.
package stack

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/stretchr/testify/require"
)

// Plan is the service that a Stack is to have. The zero value is a good one:
// httpd on port 80 with an HTTP listener on 80.
type Plan struct {
	Name string // "web" when empty
	// Ports are the container's ports; each has a target group and a
	// listener with the same number. 80 when empty.
	Ports []int32
	// Listens are the ports on which the container really listens; the
	// same as Ports when nil.
	Listens []int32
	// HealthPath is the path of the health checks; "/" when empty.
	HealthPath string
	// NoIngress are listener ports that the load balancer's security group
	// does not let in.
	NoIngress []int32
	// NoListener are ports whose target group gets no listener.
	NoListener []int32
	// UserDataCluster is the cluster's name in the user data; the right one
	// when empty.
	UserDataCluster string
	// DesiredCount of the service; 1 when 0.
	DesiredCount int32
	// NoService leaves the service out.
	NoService bool
}

// Stack is a service with all that it needs: a network, a load balancer, a
// group of instances and a cluster.
type Stack struct {
	Cloud        *Cloud
	Plan         Plan
	VPC          string
	Subnets      []string
	LoadBalancer elbtypes.LoadBalancer
	// TargetGroups are the target groups' ARNs by container port, and
	// Listeners the listeners' ARNs.
	TargetGroups map[int32]string
	Listeners    map[int32]string
	TaskFamily   string

	lbGroup, backendGroup string
}

// New makes a stack, and fails the test when anything is refused.
func New(t testing.TB, c *Cloud, p Plan) *Stack {
	t.Helper()
	p = p.withDefaults()
	s := &Stack{Cloud: c, Plan: p, TaskFamily: p.Name, TargetGroups: map[int32]string{}, Listeners: map[int32]string{}}
	s.network(t)
	s.securityGroups(t)
	s.loadBalancer(t)
	s.cluster(t)
	s.instances(t)
	s.RegisterTask(t, p.Listens)
	if !p.NoService {
		_, err := c.ECS.CreateService(t.Context(), s.ServiceInput())
		require.NoError(t, err, "creating the service")
	}
	return s
}

func (p Plan) withDefaults() Plan {
	if p.Name == "" {
		p.Name = "web"
	}
	if len(p.Ports) == 0 {
		p.Ports = []int32{80}
	}
	if p.Listens == nil {
		p.Listens = p.Ports
	}
	if p.HealthPath == "" {
		p.HealthPath = "/"
	}
	if p.UserDataCluster == "" {
		p.UserDataCluster = p.Name
	}
	if p.DesiredCount == 0 {
		p.DesiredCount = 1
	}
	return p
}

func (s *Stack) ec2(t testing.TB, action string, parameters map[string]string, into any) {
	t.Helper()
	s.Cloud.Query(t, "ec2", action, parameters, into)
}

// network makes a VPC with two public subnets.
func (s *Stack) network(t testing.TB) {
	t.Helper()
	var vpc struct {
		ID string `xml:"vpc>vpcId"`
	}
	s.ec2(t, "CreateVpc", map[string]string{"CidrBlock": "10.0.0.0/16"}, &vpc)
	s.VPC = vpc.ID

	var gateway struct {
		ID string `xml:"internetGateway>internetGatewayId"`
	}
	s.ec2(t, "CreateInternetGateway", nil, &gateway)
	s.ec2(t, "AttachInternetGateway", map[string]string{"InternetGatewayId": gateway.ID, "VpcId": s.VPC}, nil)

	var table struct {
		ID string `xml:"routeTable>routeTableId"`
	}
	s.ec2(t, "CreateRouteTable", map[string]string{"VpcId": s.VPC}, &table)
	s.ec2(t, "CreateRoute", map[string]string{
		"RouteTableId": table.ID, "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": gateway.ID,
	}, nil)

	for i, zone := range []string{"a", "b"} {
		var subnet struct {
			ID string `xml:"subnet>subnetId"`
		}
		s.ec2(t, "CreateSubnet", map[string]string{
			"VpcId": s.VPC, "CidrBlock": fmt.Sprintf("10.0.%d.0/24", i),
			"AvailabilityZone": s.Cloud.Region + zone,
		}, &subnet)
		s.ec2(t, "ModifySubnetAttribute", map[string]string{"SubnetId": subnet.ID, "MapPublicIpOnLaunch.Value": "true"}, nil)
		s.ec2(t, "AssociateRouteTable", map[string]string{"RouteTableId": table.ID, "SubnetId": subnet.ID}, nil)
		s.Subnets = append(s.Subnets, subnet.ID)
	}
}

// securityGroups lets everyone reach the listeners, and only the load balancer
// the instances.
func (s *Stack) securityGroups(t testing.TB) {
	t.Helper()
	s.lbGroup = s.securityGroup(t, "lb")
	s.backendGroup = s.securityGroup(t, "backend")
	for _, port := range s.Plan.Ports {
		if slices.Contains(s.Plan.NoIngress, port) {
			continue
		}
		s.ec2(t, "AuthorizeSecurityGroupIngress", map[string]string{
			"GroupId": s.lbGroup, "IpPermissions.1.IpProtocol": "tcp",
			"IpPermissions.1.FromPort": strconv.Itoa(int(port)), "IpPermissions.1.ToPort": strconv.Itoa(int(port)),
			"IpPermissions.1.IpRanges.1.CidrIp": "0.0.0.0/0",
		}, nil)
	}
	s.ec2(t, "AuthorizeSecurityGroupIngress", map[string]string{
		"GroupId": s.backendGroup, "IpPermissions.1.IpProtocol": "tcp",
		"IpPermissions.1.FromPort": "32768", "IpPermissions.1.ToPort": "65535",
		"IpPermissions.1.Groups.1.GroupId": s.lbGroup,
	}, nil)
}

func (s *Stack) securityGroup(t testing.TB, role string) string {
	t.Helper()
	var group struct {
		ID string `xml:"groupId"`
	}
	s.ec2(t, "CreateSecurityGroup", map[string]string{
		"GroupName": s.Plan.Name + "-" + role, "GroupDescription": role, "VpcId": s.VPC,
	}, &group)
	return group.ID
}

func (s *Stack) loadBalancer(t testing.TB) {
	t.Helper()
	created, err := s.Cloud.ELB.CreateLoadBalancer(t.Context(), &elasticloadbalancingv2.CreateLoadBalancerInput{
		Name: &s.Plan.Name, Subnets: s.Subnets, SecurityGroups: []string{s.lbGroup},
	})
	require.NoError(t, err, "creating the load balancer")
	s.LoadBalancer = created.LoadBalancers[0]
	for _, port := range s.Plan.Ports {
		s.targetGroup(t, port)
		if !slices.Contains(s.Plan.NoListener, port) {
			s.listener(t, port)
		}
	}
}

func (s *Stack) targetGroup(t testing.TB, port int32) {
	t.Helper()
	created, err := s.Cloud.ELB.CreateTargetGroup(t.Context(), &elasticloadbalancingv2.CreateTargetGroupInput{
		Name: aws.String(fmt.Sprintf("%s-%d", s.Plan.Name, port)), VpcId: &s.VPC, Port: &port, Protocol: elbtypes.ProtocolEnumHttp,
		HealthCheckPath: &s.Plan.HealthPath, HealthCheckIntervalSeconds: aws.Int32(10), HealthCheckTimeoutSeconds: aws.Int32(5),
		HealthyThresholdCount: aws.Int32(2), UnhealthyThresholdCount: aws.Int32(2),
	})
	require.NoError(t, err, "creating the target group for port %d", port)
	s.TargetGroups[port] = *created.TargetGroups[0].TargetGroupArn
}

func (s *Stack) listener(t testing.TB, port int32) {
	t.Helper()
	arn := s.TargetGroups[port]
	created, err := s.Cloud.ELB.CreateListener(t.Context(), &elasticloadbalancingv2.CreateListenerInput{
		LoadBalancerArn: s.LoadBalancer.LoadBalancerArn, Port: &port, Protocol: elbtypes.ProtocolEnumHttp,
		DefaultActions: []elbtypes.Action{{Type: elbtypes.ActionTypeEnumForward, TargetGroupArn: &arn}},
	})
	require.NoError(t, err, "creating the listener on port %d", port)
	s.Listeners[port] = *created.Listeners[0].ListenerArn
}

func (s *Stack) cluster(t testing.TB) {
	t.Helper()
	_, err := s.Cloud.ECS.CreateCluster(t.Context(), &ecs.CreateClusterInput{ClusterName: &s.Plan.Name})
	require.NoError(t, err, "creating the cluster")
}

const trustEC2 = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`

// instances makes a group of one instance that joins the cluster.
func (s *Stack) instances(t testing.TB) {
	t.Helper()
	name := s.Plan.Name
	s.Cloud.Query(t, "iam", "CreateRole", map[string]string{"RoleName": name, "AssumeRolePolicyDocument": trustEC2}, nil)
	s.Cloud.Query(t, "iam", "AttachRolePolicy", map[string]string{
		"RoleName": name, "PolicyArn": "arn:aws:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role",
	}, nil)
	s.Cloud.Query(t, "iam", "CreateInstanceProfile", map[string]string{"InstanceProfileName": name}, nil)
	s.Cloud.Query(t, "iam", "AddRoleToInstanceProfile", map[string]string{"InstanceProfileName": name, "RoleName": name}, nil)

	var images struct {
		IDs []string `xml:"imagesSet>item>imageId"`
	}
	s.ec2(t, "DescribeImages", map[string]string{
		"Owner.1": "amazon", "Filter.1.Name": "name", "Filter.1.Value.1": "al2023-ami-ecs-hvm-*-x86_64",
	}, &images)
	require.NotEmpty(t, images.IDs, "ECS-optimized images")
	userData := "#!/bin/sh\necho ECS_CLUSTER=" + s.Plan.UserDataCluster + " >> /etc/ecs/ecs.config\n"
	s.ec2(t, "CreateLaunchTemplate", map[string]string{
		"LaunchTemplateName":                         name,
		"LaunchTemplateData.ImageId":                 images.IDs[0],
		"LaunchTemplateData.InstanceType":            "t3.small",
		"LaunchTemplateData.IamInstanceProfile.Name": name,
		"LaunchTemplateData.SecurityGroupId.1":       s.backendGroup,
		"LaunchTemplateData.UserData":                base64.StdEncoding.EncodeToString([]byte(userData)),
	}, nil)
	s.Cloud.Query(t, "autoscaling", "CreateAutoScalingGroup", map[string]string{
		"AutoScalingGroupName": name, "MinSize": "1", "MaxSize": "1", "DesiredCapacity": "1",
		"LaunchTemplate.LaunchTemplateName": name, "LaunchTemplate.Version": "$Latest",
		"VPCZoneIdentifier": strings.Join(s.Subnets, ","),
	}, nil)
}

// SecurityGroups are the ids of the load balancer's and of the instances' group.
func (s *Stack) SecurityGroups() []string { return []string{s.lbGroup, s.backendGroup} }

// RegisterTask registers a revision of the task definition in which httpd
// listens on those ports, and answers each with its number.
func (s *Stack) RegisterTask(t testing.TB, listens []int32) {
	t.Helper()
	var script strings.Builder
	script.WriteString("sed -i '/^Listen /d' conf/httpd.conf")
	for _, port := range listens {
		fmt.Fprintf(&script, " && mkdir -p htdocs/%d && echo 'port %d' > htdocs/%d/index.html", port, port, port)
		fmt.Fprintf(&script, " && printf 'Listen %d\\n<VirtualHost *:%d>\\nDocumentRoot /usr/local/apache2/htdocs/%d\\n</VirtualHost>\\n' >> conf/httpd.conf", port, port, port)
	}
	script.WriteString(" && exec httpd-foreground")
	var mappings []ecstypes.PortMapping
	for _, port := range s.Plan.Ports {
		mappings = append(mappings, ecstypes.PortMapping{ContainerPort: aws.Int32(port), HostPort: aws.Int32(0)})
	}
	_, err := s.Cloud.ECS.RegisterTaskDefinition(t.Context(), &ecs.RegisterTaskDefinitionInput{
		Family: &s.TaskFamily, NetworkMode: ecstypes.NetworkModeBridge,
		ContainerDefinitions: []ecstypes.ContainerDefinition{{
			Name: aws.String("httpd"), Image: aws.String("httpd"), Cpu: 128, Memory: aws.Int32(128), Essential: aws.Bool(true),
			Command: []string{"sh", "-c", script.String()}, PortMappings: mappings,
		}},
	})
	require.NoError(t, err, "registering the task definition")
}

// ServiceInput is what New calls CreateService with.
func (s *Stack) ServiceInput() *ecs.CreateServiceInput {
	input := &ecs.CreateServiceInput{
		Cluster: &s.Plan.Name, ServiceName: &s.Plan.Name, TaskDefinition: &s.TaskFamily,
		DesiredCount: aws.Int32(s.Plan.DesiredCount), HealthCheckGracePeriodSeconds: aws.Int32(30),
	}
	for _, port := range s.Plan.Ports {
		input.LoadBalancers = append(input.LoadBalancers, ecstypes.LoadBalancer{
			TargetGroupArn: aws.String(s.TargetGroups[port]), ContainerName: aws.String("httpd"), ContainerPort: aws.Int32(port),
		})
	}
	return input
}

// Health describes the targets of a port's target group.
func (s *Stack) Health(ctx context.Context, t testing.TB, port int32) []elbtypes.TargetHealthDescription {
	t.Helper()
	health, err := s.Cloud.ELB.DescribeTargetHealth(ctx, &elasticloadbalancingv2.DescribeTargetHealthInput{
		TargetGroupArn: aws.String(s.TargetGroups[port]),
	})
	require.NoError(t, err, "describing the health of port %d", port)
	return health.TargetHealthDescriptions
}
