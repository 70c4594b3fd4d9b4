package elbv2

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ec2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/paging"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// loadBalancerOperations are those on load balancers. One that is deleted takes
// its listeners with it.
type loadBalancerOperations struct {
	*records
	*listenerOperations
}

func (s *loadBalancerOperations) operations() []wire.Operation {
	return []wire.Operation{
		wire.Op("CreateLoadBalancer", s.createLoadBalancer),
		wire.ReadOp("DescribeLoadBalancers", s.describeLoadBalancers),
		wire.Op("DeleteLoadBalancer", s.deleteLoadBalancer),
		wire.ReadOp("DescribeLoadBalancerAttributes", s.describeLoadBalancerAttributes),
		wire.Op("ModifyLoadBalancerAttributes", s.modifyLoadBalancerAttributes),
		wire.Op("SetSubnets", s.setSubnets),
		wire.Op("SetSecurityGroups", s.setSecurityGroups),
		wire.Op("SetIpAddressType", s.setIPAddressType),
		wire.ReadOp("DescribeCapacityReservation", s.describeCapacityReservation),
	}
}

// SubnetMapping names a subnet; addresses of one's own are not supported.
type SubnetMapping struct{ SubnetId string }

type createLoadBalancerInput struct {
	Name           string
	Type           string
	Scheme         string
	IpAddressType  string
	Subnets        []string
	SubnetMappings []SubnetMapping
	SecurityGroups []string
	Tags           []tags.Tag
}

type loadBalancerOutput struct {
	LoadBalancerArn       string
	LoadBalancerName      string
	DNSName               string
	CanonicalHostedZoneId string
	CreatedTime           time.Time
	Scheme                string
	VpcId                 string
	State                 struct{ Code string }
	Type                  string
	AvailabilityZones     []availabilityZone
	SecurityGroups        []string
	IpAddressType         string

	EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic string
}

type availabilityZone struct {
	ZoneName              string
	SubnetId              string
	LoadBalancerAddresses []struct{}
}

type loadBalancersOutput struct {
	LoadBalancers []loadBalancerOutput
	NextMarker    string
}

func (s *loadBalancerOperations) createLoadBalancer(_ context.Context, in *createLoadBalancerInput) (*loadBalancersOutput, error) {
	if err := checkLoadBalancerName(in.Name); err != nil {
		return nil, err
	}
	lb := LoadBalancer{
		Name:          in.Name,
		Type:          cmp.Or(in.Type, Application),
		Scheme:        cmp.Or(in.Scheme, internetFacing),
		IPAddressType: cmp.Or(in.IpAddressType, "ipv4"),
	}
	if err := checkKind(lb); err != nil {
		return nil, err
	}
	subnets, err := s.subnets(lb, in.Subnets, in.SubnetMappings)
	if err != nil {
		return nil, err
	}
	lb.VPCID = subnets[0].VPCID
	if err := s.checkSecurityGroups(lb.VPCID, in.SecurityGroups); err != nil {
		return nil, err
	}
	if twin, ok := s.loadBalancerByName(in.Name); ok {
		if !sameSettings(twin, lb, subnets, in.SecurityGroups) {
			return nil, duplicateLoadBalancer(in.Name)
		}
		return &loadBalancersOutput{LoadBalancers: []loadBalancerOutput{s.loadBalancerOutput(twin)}}, nil
	}
	if s.countOf(lb.Type) >= maxLoadBalancers {
		return nil, tooMany("TooManyLoadBalancers", "The maximum number of load balancers of type '%s' has been reached: %d", lb.Type, maxLoadBalancers)
	}
	set, err := tagRules.New(in.Tags)
	if err != nil {
		return nil, err
	}
	if lb, err = s.provision(lb, subnets, in.SecurityGroups); err != nil {
		return nil, err
	}
	s.loadBalancers.Put(lb.ARN, lb)
	s.tagSets.Put(lb.ARN, set)
	return &loadBalancersOutput{LoadBalancers: []loadBalancerOutput{s.loadBalancerOutput(lb)}}, nil
}

// checkKind holds type and address type to what localaws has.
func checkKind(lb LoadBalancer) error {
	if lb.Type != Application && lb.Type != Network {
		return notOneOf("type", lb.Type, Application, Network)
	}
	return checkIPAddressType(lb.IPAddressType)
}

func checkIPAddressType(value string) error {
	if value != "ipv4" {
		return invalid("The IP address type '%s' needs subnets with IPv6 CIDR blocks, which localaws does not have", value)
	}
	return nil
}

// provision gives a new load balancer its names and its network interfaces.
func (s *loadBalancerOperations) provision(lb LoadBalancer, subnets []ec2.Subnet, groups []string) (LoadBalancer, error) {
	kind := map[string]string{Application: "app", Network: "net"}[lb.Type]
	lb.ARN = s.newARN("loadbalancer/" + kind + "/" + lb.Name + "/")
	lb.DNSName = s.dnsName(lb)
	lb.CreatedTime = s.account.Clock.Now()
	lb.State = StateProvisioning
	lb.ActiveAt = s.account.Clock.In(provisioningTime)
	lb.SecurityGroups = groups
	if lb.Type == Network && len(groups) > 0 {
		lb.PrivateLinkRules = "on"
	}
	nodes, err := s.addNodes(lb, subnets)
	if err != nil {
		return lb, err
	}
	lb.Nodes = nodes
	if lb.Type == Application && len(groups) == 0 {
		// Without groups EC2 gives an interface the VPC's default group.
		if first, ok := s.machines.Interface(nodes[0].InterfaceID); ok {
			lb.SecurityGroups = first.Groups
		}
	}
	return lb, nil
}

// addNodes makes one network interface a subnet, all or none.
func (s *loadBalancerOperations) addNodes(lb LoadBalancer, subnets []ec2.Subnet) ([]Node, error) {
	owner, kind := "amazon-elb", "interface"
	if lb.Type == Network {
		owner, kind = "amazon-aws", "network_load_balancer"
	}
	nodes := make([]Node, 0, len(subnets))
	for _, subnet := range subnets {
		made, err := s.machines.CreateInterface(ec2.InterfaceSpec{
			SubnetID:        subnet.ID,
			Description:     "ELB " + lb.Suffix(),
			Type:            kind,
			RequesterID:     "amazon-elb",
			InstanceOwnerID: owner,
			Groups:          lb.SecurityGroups,
			Public:          lb.InternetFacing(),
		})
		if err != nil {
			return nil, errors.Join(err, s.dropNodes(nodes))
		}
		nodes = append(nodes, Node{
			SubnetID: subnet.ID, AvailabilityZone: subnet.AvailabilityZone,
			InterfaceID: made.ID, Address: made.Address,
		})
	}
	slices.SortFunc(nodes, func(a, b Node) int { return strings.Compare(a.AvailabilityZone, b.AvailabilityZone) })
	return nodes, nil
}

func (s *loadBalancerOperations) dropNodes(nodes []Node) error {
	var failed error
	for _, node := range nodes {
		failed = errors.Join(failed, s.machines.DeleteInterface(node.InterfaceID))
	}
	return failed
}

// subnets finds the subnets of a load balancer and holds them to the rules:
// one an Availability Zone, all of one VPC, at least two for an Application
// Load Balancer, in a VPC with an internet gateway for an internet-facing one.
func (s *loadBalancerOperations) subnets(lb LoadBalancer, ids []string, mappings []SubnetMapping) ([]ec2.Subnet, error) {
	if len(ids) > 0 && len(mappings) > 0 {
		return nil, invalid("You must specify either subnets or subnet mappings, not both")
	}
	for _, mapping := range mappings {
		ids = append(ids, mapping.SubnetId)
	}
	found := make([]ec2.Subnet, 0, len(ids))
	zones := map[string]bool{}
	for _, id := range ids {
		subnet, ok := s.machines.Subnet(id)
		switch {
		case !ok:
			return nil, subnetNotFound(id)
		case zones[subnet.AvailabilityZone]:
			return nil, invalidConfiguration("A load balancer cannot be attached to multiple subnets in the same Availability Zone")
		case len(found) > 0 && found[0].VPCID != subnet.VPCID:
			return nil, invalidConfiguration("All subnets must belong to the same VPC: '%s' and '%s'", found[0].VPCID, subnet.VPCID)
		}
		zones[subnet.AvailabilityZone] = true
		found = append(found, subnet)
	}
	if lb.Type == Application && len(found) < 2 {
		return nil, invalid("At least two subnets in two different Availability Zones must be specified")
	}
	if len(found) == 0 {
		return nil, invalid("At least one subnet must be specified")
	}
	if lb.InternetFacing() && !found[0].HasGateway {
		return nil, noInternetGateway(found[0].VPCID)
	}
	return found, nil
}

func (s *loadBalancerOperations) checkSecurityGroups(vpcID string, groups []string) error {
	for _, id := range groups {
		if owner, ok := s.machines.SecurityGroupVPC(id); !ok || owner != vpcID {
			return invalidSecurityGroup(id)
		}
	}
	return nil
}

// sameSettings reports whether a second request asks for the load balancer that
// is already there.
func sameSettings(twin, lb LoadBalancer, subnets []ec2.Subnet, groups []string) bool {
	asked := make([]string, 0, len(subnets))
	for _, subnet := range subnets {
		asked = append(asked, subnet.ID)
	}
	var has []string
	for _, node := range twin.Nodes {
		has = append(has, node.SubnetID)
	}
	return twin.Type == lb.Type && twin.Scheme == lb.Scheme && twin.IPAddressType == lb.IPAddressType &&
		sameSet(has, asked) && (len(groups) == 0 || sameSet(twin.SecurityGroups, groups))
}

func sameSet(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// countOf is how many load balancers of a type there are.
func (s *loadBalancerOperations) countOf(lbType string) (count int) {
	for _, lb := range s.loadBalancers.All() {
		if lb.Type == lbType {
			count++
		}
	}
	return count
}

func (s *loadBalancerOperations) loadBalancerByName(name string) (LoadBalancer, bool) {
	for _, lb := range s.loadBalancers.All() {
		if lb.Name == name {
			return lb, true
		}
	}
	return LoadBalancer{}, false
}

func (s *loadBalancerOperations) loadBalancerOutput(lb LoadBalancer) loadBalancerOutput {
	out := loadBalancerOutput{
		LoadBalancerArn:       lb.ARN,
		LoadBalancerName:      lb.Name,
		DNSName:               lb.DNSName,
		CanonicalHostedZoneId: canonicalZone(s.account.Region, lb.Type),
		CreatedTime:           lb.CreatedTime,
		Scheme:                lb.Scheme,
		VpcId:                 lb.VPCID,
		State:                 struct{ Code string }{lb.State},
		Type:                  lb.Type,
		AvailabilityZones:     zonesOutput(lb),
		SecurityGroups:        lb.SecurityGroups,
		IpAddressType:         lb.IPAddressType,

		EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic: lb.PrivateLinkRules,
	}
	return out
}

func zonesOutput(lb LoadBalancer) []availabilityZone {
	zones := make([]availabilityZone, 0, len(lb.Nodes))
	for _, node := range lb.Nodes {
		zones = append(zones, availabilityZone{
			ZoneName: node.AvailabilityZone, SubnetId: node.SubnetID, LoadBalancerAddresses: []struct{}{},
		})
	}
	return zones
}

type describeLoadBalancersInput struct {
	LoadBalancerArns []string
	Names            []string
	Marker           string
	PageSize         *int
}

func (s *loadBalancerOperations) describeLoadBalancers(_ context.Context, in *describeLoadBalancersInput) (*loadBalancersOutput, error) {
	var found []LoadBalancer
	missing := append(slices.Clone(in.LoadBalancerArns), in.Names...)
	for _, lb := range s.loadBalancers.All() {
		i := slices.IndexFunc(missing, func(asked string) bool { return asked == lb.ARN || asked == lb.Name })
		if i >= 0 {
			missing = slices.Delete(missing, i, i+1)
		}
		if i >= 0 || len(in.LoadBalancerArns)+len(in.Names) == 0 {
			found = append(found, lb)
		}
	}
	if len(missing) > 0 {
		return nil, loadBalancersNotFound(missing)
	}
	part, next, err := paging.Cut(pages, found, func(lb LoadBalancer) string { return lb.Name }, in.PageSize, in.Marker)
	if err != nil {
		return nil, err
	}
	out := &loadBalancersOutput{LoadBalancers: []loadBalancerOutput{}, NextMarker: next}
	for _, lb := range part {
		out.LoadBalancers = append(out.LoadBalancers, s.loadBalancerOutput(lb))
	}
	return out, nil
}

type loadBalancerInput struct{ LoadBalancerArn string }

// deleteLoadBalancer takes the listeners with it. One that is not there is
// deleted already, and no error.
func (s *loadBalancerOperations) deleteLoadBalancer(_ context.Context, in *loadBalancerInput) (*wire.Empty, error) {
	lb, ok := s.loadBalancers.Get(in.LoadBalancerArn)
	if !ok {
		return nil, nil
	}
	if lb.Attribute(attributeDeletionProtection) == yes {
		return nil, deletionProtected(lb.ARN)
	}
	if err := s.dropNodes(lb.Nodes); err != nil {
		return nil, err
	}
	for _, listener := range s.listenersOf(lb.ARN) {
		s.dropListener(listener)
	}
	s.loadBalancers.Delete(lb.ARN)
	s.tagSets.Delete(lb.ARN)
	s.settle()
	return nil, nil
}
