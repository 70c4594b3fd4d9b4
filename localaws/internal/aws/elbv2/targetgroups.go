package elbv2

import (
	"cmp"
	"context"
	"reflect"
	"slices"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/paging"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// targetGroupOperations are those on target groups.
type targetGroupOperations struct{ *records }

func (s *targetGroupOperations) operations() []wire.Operation {
	return []wire.Operation{
		wire.Op("CreateTargetGroup", s.createTargetGroup),
		wire.ReadOp("DescribeTargetGroups", s.describeTargetGroups),
		wire.Op("ModifyTargetGroup", s.modifyTargetGroup),
		wire.Op("DeleteTargetGroup", s.deleteTargetGroup),
		wire.ReadOp("DescribeTargetGroupAttributes", s.describeTargetGroupAttributes),
		wire.Op("ModifyTargetGroupAttributes", s.modifyTargetGroupAttributes),
	}
}

// Matcher are the codes of a passed health check, on the wire.
type Matcher struct{ HttpCode, GrpcCode string }

type createTargetGroupInput struct {
	Name            string
	Protocol        string
	ProtocolVersion string
	Port            *int32
	VpcId           string
	TargetType      string
	IpAddressType   string
	Tags            []tags.Tag

	HealthCheckEnabled         *bool
	HealthCheckProtocol        string
	HealthCheckPort            string
	HealthCheckPath            string
	HealthCheckIntervalSeconds *int32
	HealthCheckTimeoutSeconds  *int32
	HealthyThresholdCount      *int32
	UnhealthyThresholdCount    *int32
	Matcher                    *Matcher
}

type targetGroupOutput struct {
	TargetGroupArn   string
	TargetGroupName  string
	Protocol         string
	ProtocolVersion  string
	Port             int32
	VpcId            string
	TargetType       string
	IpAddressType    string
	LoadBalancerArns []string

	HealthCheckEnabled         bool
	HealthCheckProtocol        string
	HealthCheckPort            string
	HealthCheckPath            string
	HealthCheckIntervalSeconds int32
	HealthCheckTimeoutSeconds  int32
	HealthyThresholdCount      int32
	UnhealthyThresholdCount    int32
	Matcher                    *Matcher
}

type targetGroupsOutput struct {
	TargetGroups []targetGroupOutput
	NextMarker   string
}

func (s *targetGroupOperations) createTargetGroup(_ context.Context, in *createTargetGroupInput) (*targetGroupsOutput, error) {
	group, err := newTargetGroup(in)
	if err != nil {
		return nil, err
	}
	if group.HealthCheck, err = newHealthCheck(group, healthCheckSettings{
		Enabled: in.HealthCheckEnabled, Protocol: in.HealthCheckProtocol, Port: in.HealthCheckPort, Path: in.HealthCheckPath,
		Interval: in.HealthCheckIntervalSeconds, Timeout: in.HealthCheckTimeoutSeconds,
		HealthyThreshold: in.HealthyThresholdCount, UnhealthyThreshold: in.UnhealthyThresholdCount, Matcher: in.Matcher,
	}); err != nil {
		return nil, err
	}
	set, err := tagRules.New(in.Tags)
	if err != nil {
		return nil, err
	}
	if twin, ok := s.targetGroupByName(group.Name); ok {
		if !sameGroup(twin, group) {
			return nil, duplicateTargetGroup(group.Name)
		}
		return &targetGroupsOutput{TargetGroups: []targetGroupOutput{s.targetGroupOutput(twin)}}, nil
	}
	if s.targetGroups.Len() >= maxTargetGroups {
		return nil, tooMany("TooManyTargetGroups", "The maximum number of target groups has been reached: %d", maxTargetGroups)
	}
	group.ARN = s.newARN("targetgroup/" + group.Name + "/")
	s.targetGroups.Put(group.ARN, group)
	s.tagSets.Put(group.ARN, set)
	return &targetGroupsOutput{TargetGroups: []targetGroupOutput{s.targetGroupOutput(group)}}, nil
}

// newTargetGroup checks everything but the health check, and fills in what is
// left out.
func newTargetGroup(in *createTargetGroupInput) (TargetGroup, error) {
	group := TargetGroup{
		Name: in.Name, Protocol: in.Protocol, ProtocolVersion: in.ProtocolVersion, VPCID: in.VpcId,
		TargetType: cmp.Or(in.TargetType, "instance"), IPAddressType: cmp.Or(in.IpAddressType, "ipv4"),
	}
	if err := checkName("Target group name", in.Name); err != nil {
		return group, err
	}
	switch {
	case !slices.Contains([]string{"instance", "ip", "alb"}, group.TargetType):
		return group, notOneOf("targetType", group.TargetType, "instance", "ip", "alb")
	case group.IPAddressType != "ipv4":
		return group, invalid("The target group IP address type '%s' needs IPv6, which localaws does not have", group.IPAddressType)
	case group.Protocol == "":
		return group, invalid("A protocol must be specified")
	case !slices.Contains([]string{"HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP"}, group.Protocol):
		return group, notOneOf("protocol", group.Protocol, "HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP")
	case in.Port == nil:
		return group, invalid("A port must be specified")
	case group.VPCID == "":
		return group, invalid("A VPC ID must be specified")
	case group.TargetType == "alb" && group.Protocol != "TCP":
		return group, invalid("Protocol '%s' is not supported for target groups with target type 'alb'", group.Protocol)
	}
	group.Port = *in.Port
	return checkProtocolVersion(group)
}

func checkProtocolVersion(group TargetGroup) (TargetGroup, error) {
	if !group.balancesRequests() {
		if group.ProtocolVersion != "" {
			return group, invalid("Protocol version '%s' is not supported for target groups with protocol '%s'", group.ProtocolVersion, group.Protocol)
		}
		return group, nil
	}
	group.ProtocolVersion = cmp.Or(group.ProtocolVersion, "HTTP1")
	if !slices.Contains([]string{"HTTP1", "HTTP2", "GRPC"}, group.ProtocolVersion) {
		return group, notOneOf("protocolVersion", group.ProtocolVersion, "HTTP1", "HTTP2", "GRPC")
	}
	return group, nil
}

// balancesRequests tells an Application Load Balancer's group from a Network
// Load Balancer's, which balances connections.
func (g TargetGroup) balancesRequests() bool { return g.Protocol == "HTTP" || g.Protocol == "HTTPS" }

func (s *targetGroupOperations) targetGroupByName(name string) (TargetGroup, bool) {
	for _, group := range s.targetGroups.All() {
		if group.Name == name {
			return group, true
		}
	}
	return TargetGroup{}, false
}

// sameGroup reports whether a second request asks for the group that is there.
func sameGroup(twin, group TargetGroup) bool {
	twin.ARN, twin.Attributes, twin.Targets = "", nil, nil
	return reflect.DeepEqual(twin, group)
}

// TargetGroup returns the group with that ARN.
func (s *targetGroupOperations) TargetGroup(arn string) (TargetGroup, bool) {
	group, ok := s.targetGroups.Get(arn)
	if ok {
		group.LoadBalancerARNs = s.loadBalancersOf(arn)
	}
	return group, ok
}

func (s *targetGroupOperations) targetGroupOutput(g TargetGroup) targetGroupOutput {
	check := g.HealthCheck
	out := targetGroupOutput{
		TargetGroupArn: g.ARN, TargetGroupName: g.Name, Protocol: g.Protocol, ProtocolVersion: g.ProtocolVersion,
		Port: g.Port, VpcId: g.VPCID, TargetType: g.TargetType, IpAddressType: g.IPAddressType,
		LoadBalancerArns:   s.loadBalancersOf(g.ARN),
		HealthCheckEnabled: true, HealthCheckProtocol: check.Protocol, HealthCheckPort: check.Port, HealthCheckPath: check.Path,
		HealthCheckIntervalSeconds: check.Interval, HealthCheckTimeoutSeconds: check.Timeout,
		HealthyThresholdCount: check.HealthyThreshold, UnhealthyThresholdCount: check.UnhealthyThreshold,
	}
	if check.HTTPCodes != "" || check.GRPCCodes != "" {
		out.Matcher = &Matcher{HttpCode: check.HTTPCodes, GrpcCode: check.GRPCCodes}
	}
	return out
}

type describeTargetGroupsInput struct {
	LoadBalancerArn string
	TargetGroupArns []string
	Names           []string
	Marker          string
	PageSize        *int
}

func (s *targetGroupOperations) describeTargetGroups(_ context.Context, in *describeTargetGroupsInput) (*targetGroupsOutput, error) {
	asked := append(slices.Clone(in.TargetGroupArns), in.Names...)
	if in.LoadBalancerArn != "" {
		if _, err := s.loadBalancer(in.LoadBalancerArn); err != nil {
			return nil, err
		}
		asked = s.groupsOf(in.LoadBalancerArn)
	}
	all := in.LoadBalancerArn == "" && len(asked) == 0
	var found []TargetGroup
	missing := slices.Clone(asked)
	for _, group := range s.targetGroups.All() {
		i := slices.IndexFunc(missing, func(name string) bool { return name == group.ARN || name == group.Name })
		if i >= 0 {
			missing = slices.Delete(missing, i, i+1)
		}
		if i >= 0 || all {
			found = append(found, group)
		}
	}
	if len(missing) > 0 {
		return nil, targetGroupsNotFound(missing)
	}
	part, next, err := paging.Cut(pages, found, func(g TargetGroup) string { return g.Name }, in.PageSize, in.Marker)
	if err != nil {
		return nil, err
	}
	out := &targetGroupsOutput{TargetGroups: []targetGroupOutput{}, NextMarker: next}
	for _, group := range part {
		out.TargetGroups = append(out.TargetGroups, s.targetGroupOutput(group))
	}
	return out, nil
}

type modifyTargetGroupInput struct {
	TargetGroupArn             string
	HealthCheckEnabled         *bool
	HealthCheckProtocol        string
	HealthCheckPort            string
	HealthCheckPath            string
	HealthCheckIntervalSeconds *int32
	HealthCheckTimeoutSeconds  *int32
	HealthyThresholdCount      *int32
	UnhealthyThresholdCount    *int32
	Matcher                    *Matcher
}

func (s *targetGroupOperations) modifyTargetGroup(_ context.Context, in *modifyTargetGroupInput) (*targetGroupsOutput, error) {
	group, err := s.targetGroup(in.TargetGroupArn)
	if err != nil {
		return nil, err
	}
	if group.HealthCheck, err = changeHealthCheck(group, healthCheckSettings{
		Enabled: in.HealthCheckEnabled, Protocol: in.HealthCheckProtocol, Port: in.HealthCheckPort, Path: in.HealthCheckPath,
		Interval: in.HealthCheckIntervalSeconds, Timeout: in.HealthCheckTimeoutSeconds,
		HealthyThreshold: in.HealthyThresholdCount, UnhealthyThreshold: in.UnhealthyThresholdCount, Matcher: in.Matcher,
	}); err != nil {
		return nil, err
	}
	s.targetGroups.Put(group.ARN, group)
	return &targetGroupsOutput{TargetGroups: []targetGroupOutput{s.targetGroupOutput(group)}}, nil
}

type targetGroupInput struct{ TargetGroupArn string }

// deleteTargetGroup refuses a group that is in use; one that is not there is
// deleted already, and no error.
func (s *targetGroupOperations) deleteTargetGroup(_ context.Context, in *targetGroupInput) (*wire.Empty, error) {
	if len(s.loadBalancersOf(in.TargetGroupArn)) > 0 {
		return nil, targetGroupInUse(in.TargetGroupArn)
	}
	s.targetGroups.Delete(in.TargetGroupArn)
	s.tagSets.Delete(in.TargetGroupArn)
	return nil, nil
}

func (s *targetGroupOperations) describeTargetGroupAttributes(_ context.Context, in *targetGroupInput) (*attributesOutput, error) {
	group, err := s.targetGroup(in.TargetGroupArn)
	if err != nil {
		return nil, err
	}
	return &attributesOutput{listAttributes(targetGroupAttributes(group), group.Attributes)}, nil
}

type modifyTargetGroupAttributesInput struct {
	TargetGroupArn string
	Attributes     []Attribute
}

func (s *targetGroupOperations) modifyTargetGroupAttributes(_ context.Context, in *modifyTargetGroupAttributesInput) (*attributesOutput, error) {
	group, err := s.targetGroup(in.TargetGroupArn)
	if err != nil {
		return nil, err
	}
	known := targetGroupAttributes(group)
	if group.Attributes, err = changeAttributes("Target group", known, group.Attributes, in.Attributes); err != nil {
		return nil, err
	}
	if err := checkStickiness(group); err != nil {
		return nil, err
	}
	if group.balancesRequests() && group.Attribute(attributeSlowStart) != "0" && group.Attribute(attributeAlgorithm) != "round_robin" {
		return nil, invalidConfiguration("Slow start is not supported with the algorithm '%s'", group.Attribute(attributeAlgorithm))
	}
	s.targetGroups.Put(group.ARN, group)
	return &attributesOutput{listAttributes(known, group.Attributes)}, nil
}

// checkStickiness refuses what the protocol of the group does not have,
// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/edit-target-group-attributes.html#sticky-sessions.
func checkStickiness(group TargetGroup) error {
	kind := group.Attribute("stickiness.type")
	switch {
	case (kind == "source_ip") == group.balancesRequests():
		return invalidConfiguration("Stickiness type '%s' is not supported for target groups with the %s protocol", kind, group.Protocol)
	case group.Attribute("stickiness.enabled") != yes:
		return nil
	case group.Protocol == "TLS":
		return invalidConfiguration("The provided target group attribute is not supported")
	case kind == "app_cookie" && group.Attribute("stickiness.app_cookie.cookie_name") == "":
		return invalid("Target group stickiness of type 'app_cookie' needs the attribute 'stickiness.app_cookie.cookie_name'")
	}
	return nil
}
