package elbv2

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ec2"
)

type setSubnetsInput struct {
	LoadBalancerArn string
	Subnets         []string
	SubnetMappings  []SubnetMapping
	IpAddressType   string
}

type setSubnetsOutput struct {
	AvailabilityZones []availabilityZone
	IpAddressType     string
}

// setSubnets keeps the nodes of subnets that stay, with their addresses.
func (s *loadBalancerOperations) setSubnets(_ context.Context, in *setSubnetsInput) (*setSubnetsOutput, error) {
	lb, err := s.loadBalancer(in.LoadBalancerArn)
	if err != nil {
		return nil, err
	}
	if in.IpAddressType != "" {
		if err := checkIPAddressType(in.IpAddressType); err != nil {
			return nil, err
		}
	}
	subnets, err := s.subnets(lb, in.Subnets, in.SubnetMappings)
	if err != nil {
		return nil, err
	}
	if subnets[0].VPCID != lb.VPCID {
		return nil, invalidConfiguration("The subnets are in '%s', and the load balancer is in '%s'", subnets[0].VPCID, lb.VPCID)
	}
	var stay, leave []Node
	for _, node := range lb.Nodes {
		i := slices.IndexFunc(subnets, func(subnet ec2.Subnet) bool { return subnet.ID == node.SubnetID })
		if i < 0 {
			leave = append(leave, node)
			continue
		}
		stay = append(stay, node)
		subnets = slices.Delete(subnets, i, i+1)
	}
	added, err := s.addNodes(lb, subnets)
	if err != nil {
		return nil, err
	}
	if err := s.dropNodes(leave); err != nil {
		return nil, err
	}
	lb.Nodes = slices.SortedFunc(slices.Values(append(stay, added...)), func(a, b Node) int {
		return strings.Compare(a.AvailabilityZone, b.AvailabilityZone)
	})
	s.loadBalancers.Put(lb.ARN, lb)
	s.settle()
	return &setSubnetsOutput{AvailabilityZones: zonesOutput(lb), IpAddressType: lb.IPAddressType}, nil
}

type setSecurityGroupsInput struct {
	LoadBalancerArn string
	SecurityGroups  []string

	EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic string
}

type setSecurityGroupsOutput struct {
	SecurityGroupIds []string

	EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic string
}

func (s *loadBalancerOperations) setSecurityGroups(_ context.Context, in *setSecurityGroupsInput) (*setSecurityGroupsOutput, error) {
	lb, err := s.loadBalancer(in.LoadBalancerArn)
	if err != nil {
		return nil, err
	}
	if lb.Type == Network && len(lb.SecurityGroups) == 0 && len(in.SecurityGroups) > 0 {
		return nil, invalidConfiguration(
			"Load balancer '%s' was created without security groups, so none can be associated with it", lb.ARN)
	}
	if len(in.SecurityGroups) == 0 {
		return nil, invalid("At least one security group must be specified")
	}
	if err := s.checkSecurityGroups(lb.VPCID, in.SecurityGroups); err != nil {
		return nil, err
	}
	if rules := in.EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic; rules != "" {
		if lb.Type != Network {
			return nil, invalid("Load balancers of type '%s' have no inbound rules on PrivateLink traffic", lb.Type)
		}
		lb.PrivateLinkRules = rules
	}
	for _, node := range lb.Nodes {
		if err := s.machines.SetInterfaceGroups(node.InterfaceID, in.SecurityGroups); err != nil {
			return nil, err
		}
	}
	lb.SecurityGroups = in.SecurityGroups
	s.loadBalancers.Put(lb.ARN, lb)
	return &setSecurityGroupsOutput{
		SecurityGroupIds: lb.SecurityGroups,
		EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic: lb.PrivateLinkRules,
	}, nil
}

type setIPAddressTypeInput struct {
	LoadBalancerArn string
	IpAddressType   string
}

type setIPAddressTypeOutput struct {
	IpAddressType string
}

func (s *loadBalancerOperations) setIPAddressType(_ context.Context, in *setIPAddressTypeInput) (*setIPAddressTypeOutput, error) {
	if _, err := s.loadBalancer(in.LoadBalancerArn); err != nil {
		return nil, err
	}
	if err := checkIPAddressType(in.IpAddressType); err != nil {
		return nil, err
	}
	return &setIPAddressTypeOutput{IpAddressType: in.IpAddressType}, nil
}

type attributesOutput struct{ Attributes []Attribute }

func (s *loadBalancerOperations) describeLoadBalancerAttributes(_ context.Context, in *loadBalancerInput) (*attributesOutput, error) {
	lb, err := s.loadBalancer(in.LoadBalancerArn)
	if err != nil {
		return nil, err
	}
	return &attributesOutput{listAttributes(loadBalancerAttributes(lb), lb.Attributes)}, nil
}

type modifyLoadBalancerAttributesInput struct {
	LoadBalancerArn string
	Attributes      []Attribute
}

func (s *loadBalancerOperations) modifyLoadBalancerAttributes(_ context.Context, in *modifyLoadBalancerAttributesInput) (*attributesOutput, error) {
	lb, err := s.loadBalancer(in.LoadBalancerArn)
	if err != nil {
		return nil, err
	}
	known := loadBalancerAttributes(lb)
	if lb.Attributes, err = changeAttributes("Load balancer", known, lb.Attributes, in.Attributes); err != nil {
		return nil, err
	}
	logs := slices.ContainsFunc(in.Attributes, func(a Attribute) bool { return strings.HasPrefix(a.Key, "access_logs.") })
	if logs && lb.Attribute(attributeLogsEnabled) == yes {
		if err := s.tryLogBucket(lb); err != nil {
			return nil, err
		}
	}
	s.loadBalancers.Put(lb.ARN, lb)
	return &attributesOutput{listAttributes(known, lb.Attributes)}, nil
}

// tryLogBucket writes the test file that AWS writes when access logs are
// switched on, which needs the bucket's policy to let it,
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html.
func (s *loadBalancerOperations) tryLogBucket(lb LoadBalancer) error {
	bucket := lb.Attribute(attributeLogsBucket)
	if bucket == "" {
		return invalid("The access logs S3 bucket must be specified when access logs are enabled")
	}
	key := path.Join(lb.Attribute(attributeLogsPrefix), "AWSLogs", s.account.ID, "ELBAccessLogTestFile")
	allowed := slices.ContainsFunc(s.LogPrincipals(lb), func(principal string) bool {
		return s.logs.AllowsWrite(bucket, key, principal)
	})
	if !allowed {
		return bucketRefused(bucket)
	}
	note := fmt.Sprintf("Enable AccessLog for ELB: %s at %s\n", lb.Name, s.account.Clock.Now().UTC().Format("2006-01-02T15:04:05.000Z"))
	if err := s.logs.PutObject(bucket, key, []byte(note)); err != nil {
		return bucketRefused(bucket)
	}
	return nil
}

// LogPrincipals are those as whom a load balancer writes its access logs:
// services, and for an Application Load Balancer the account that Elastic Load
// Balancing has in the region, where it has one.
func (s *loadBalancerOperations) LogPrincipals(lb LoadBalancer) []string {
	if lb.Type == Network {
		return []string{"delivery.logs.amazonaws.com"}
	}
	principals := []string{"logdelivery.elasticloadbalancing.amazonaws.com"}
	if number, ok := logAccounts[s.account.Region]; ok {
		principals = append(principals, fmt.Sprintf("arn:%s:iam::%s:root", s.account.Partition, number))
	}
	return principals
}

var logAccounts = map[string]string{
	"us-east-1": "127311923021", "us-east-2": "033677994240",
	"us-west-1": "027434742980", "us-west-2": "797873946194",
	"ca-central-1": "985666609251", "eu-central-1": "054676820928",
	"eu-west-1": "156460612806", "eu-west-2": "652711504416", "eu-west-3": "009996457667",
	"eu-north-1": "897822967062", "eu-south-1": "635631232127",
	"ap-northeast-1": "582318560864", "ap-northeast-2": "600734575887", "ap-northeast-3": "383597477331",
	"ap-southeast-1": "114774131450", "ap-southeast-2": "783225319266", "ap-south-1": "718504428378",
	"sa-east-1": "507241528517", "us-gov-west-1": "048591011584", "us-gov-east-1": "190560391635",
	"cn-north-1": "638102146993", "cn-northwest-1": "037604701340",
}

type capacityReservation struct {
	CapacityReservationState  []struct{}
	DecreaseRequestsRemaining int32
}

// describeCapacityReservation answers that none is reserved.
func (s *loadBalancerOperations) describeCapacityReservation(_ context.Context, in *loadBalancerInput) (*capacityReservation, error) {
	if _, err := s.loadBalancer(in.LoadBalancerArn); err != nil {
		return nil, err
	}
	return &capacityReservation{CapacityReservationState: []struct{}{}, DecreaseRequestsRemaining: 2}, nil
}
