package ec2

import (
	"context"
	"slices"
	"strconv"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

type subnet struct {
	ID, VPCID, AvailabilityZone, CIDR string
	MapPublicIP                       bool
	ACLAssociationID                  string
	// Next is where the search for a free address begins.
	Next int
}

// Subnet is a subnet as other services see it.
type Subnet struct {
	ID, VPCID, AvailabilityZone, CIDR string
	// Public means that its route table leads to an internet gateway.
	Public bool
	// MapPublicIP means that instances get a public address by default.
	MapPublicIP bool
	// HasGateway means that an internet gateway is attached to its VPC.
	HasGateway bool
}

// subnetOperations are those on subnets.
type subnetOperations struct {
	*records
	region     *region
	routing    *routing
	addressing *addressing
}

func (s *subnetOperations) operations() []wire.Operation {
	return []wire.Operation{
		wire.Op("CreateSubnet", s.createSubnet),
		wire.Op("DeleteSubnet", s.deleteSubnet),
		wire.ReadOp("DescribeSubnets", s.describeSubnets),
		wire.Op("ModifySubnetAttribute", s.modifySubnetAttribute),
	}
}

// Subnet returns the subnet with that id.
func (s *subnetOperations) Subnet(id string) (Subnet, bool) {
	sn, ok := s.subnets.Get(id)
	if !ok {
		return Subnet{}, false
	}
	_, attached := s.gatewayOf(sn.VPCID)
	return Subnet{
		ID: sn.ID, VPCID: sn.VPCID, AvailabilityZone: sn.AvailabilityZone, CIDR: sn.CIDR,
		Public: s.routing.isPublic(sn.VPCID, sn.ID), MapPublicIP: sn.MapPublicIP, HasGateway: attached,
	}, true
}

type createSubnetInput struct {
	tagged
	VPCID              string `in:"VpcId"`
	CIDRBlock          string
	AvailabilityZone   string
	AvailabilityZoneID string
	IPv6CIDRBlock      string
	IPv6Native         bool
}

type subnetOutput struct {
	Subnet subnetItem
}

type subnetItem struct {
	SubnetID               string       `out:"subnetId"`
	SubnetARN              string       `out:"subnetArn"`
	VPCID                  string       `out:"vpcId"`
	OwnerID                string       `out:"ownerId"`
	State                  string       `out:"state"`
	CIDRBlock              string       `out:"cidrBlock"`
	AvailableIPs           int          `out:"availableIpAddressCount"`
	AvailabilityZone       string       `out:"availabilityZone"`
	AvailabilityZoneID     string       `out:"availabilityZoneId"`
	DefaultForAZ           bool         `out:"defaultForAz"`
	MapPublicIPOnLaunch    bool         `out:"mapPublicIpOnLaunch"`
	MapCustomerOwnedIP     bool         `out:"mapCustomerOwnedIpOnLaunch"`
	AssignIPv6             bool         `out:"assignIpv6AddressOnCreation"`
	IPv6Associations       []string     `out:"ipv6CidrBlockAssociationSet"`
	EnableDNS64            bool         `out:"enableDns64"`
	IPv6Native             bool         `out:"ipv6Native"`
	PrivateDNSNameOnLaunch hostnameItem `out:"privateDnsNameOptionsOnLaunch"`
	Tags                   []tags.Tag   `out:"tagSet"`
}

type hostnameItem struct {
	HostnameType                    string
	EnableResourceNameDNSARecord    bool `out:"enableResourceNameDnsARecord"`
	EnableResourceNameDNSAAAARecord bool `out:"enableResourceNameDnsAAAARecord"`
}

func (s *subnetOperations) createSubnet(_ context.Context, in *createSubnetInput) (*subnetOutput, error) {
	if in.IPv6CIDRBlock != "" || in.IPv6Native {
		return nil, noIPv6("Ipv6CidrBlock and Ipv6Native")
	}
	v, err := s.vpc(in.VPCID)
	if err != nil {
		return nil, err
	}
	prefix, err := parseIPv4CIDR("cidrBlock", in.CIDRBlock)
	if err != nil {
		return nil, err
	}
	if err := mustBeNetwork("InvalidSubnet.Range", prefix); err != nil {
		return nil, err
	}
	if !v.covers(prefix) {
		return nil, wire.Errorf("InvalidSubnet.Range", "The CIDR '%s' is invalid.", prefix)
	}
	if has(s.subnets, func(sn *subnet) bool { return sn.VPCID == v.ID && prefixOf(sn.CIDR).Overlaps(prefix) }) {
		return nil, wire.Errorf("InvalidSubnet.Conflict", "The CIDR '%s' conflicts with another subnet", prefix)
	}
	zone, err := s.region.zone(in.AvailabilityZone, in.AvailabilityZoneID)
	if err != nil {
		return nil, err
	}
	set, err := in.tagsFor("subnet")
	if err != nil {
		return nil, err
	}
	sn := &subnet{
		ID: ids.New("subnet"), VPCID: v.ID, AvailabilityZone: zone, CIDR: prefix.String(),
		ACLAssociationID: ids.New("aclassoc"),
	}
	s.subnets.Put(sn.ID, sn)
	s.setTags(sn.ID, set)
	item := s.subnetItem(sn)
	item.State = "pending"
	return &subnetOutput{Subnet: item}, nil
}

func (s *subnetOperations) subnetItem(sn *subnet) subnetItem {
	return subnetItem{
		SubnetID: sn.ID, SubnetARN: s.account.ARN("ec2", "subnet/"+sn.ID), VPCID: sn.VPCID, OwnerID: s.account.ID,
		State: "available", CIDRBlock: sn.CIDR, AvailableIPs: s.addressing.freeIPs(sn),
		AvailabilityZone: sn.AvailabilityZone, AvailabilityZoneID: s.region.zoneID(sn.AvailabilityZone),
		MapPublicIPOnLaunch: sn.MapPublicIP, IPv6Associations: []string{},
		PrivateDNSNameOnLaunch: hostnameItem{HostnameType: "ip-name"},
		Tags:                   s.tagsOf(sn.ID).List(),
	}
}

func (s *subnetOperations) family() family[*subnet] {
	return family[*subnet]{
		all: list(s.subnets), id: func(sn *subnet) string { return sn.ID }, notFound: subnetNotFound,
		attributes: attributes[*subnet]{
			"subnet-id":                  func(sn *subnet) []string { return one(sn.ID) },
			"subnet-arn":                 func(sn *subnet) []string { return one(s.account.ARN("ec2", "subnet/"+sn.ID)) },
			"vpc-id":                     func(sn *subnet) []string { return one(sn.VPCID) },
			"owner-id":                   func(*subnet) []string { return one(s.account.ID) },
			"state":                      func(*subnet) []string { return one("available") },
			"cidr":                       func(sn *subnet) []string { return one(sn.CIDR) },
			"cidr-block":                 func(sn *subnet) []string { return one(sn.CIDR) },
			"cidrBlock":                  func(sn *subnet) []string { return one(sn.CIDR) },
			"available-ip-address-count": func(sn *subnet) []string { return []string{strconv.Itoa(s.addressing.freeIPs(sn))} },
			"availability-zone":          func(sn *subnet) []string { return one(sn.AvailabilityZone) },
			"availabilityZone":           func(sn *subnet) []string { return one(sn.AvailabilityZone) },
			"availability-zone-id":       func(sn *subnet) []string { return one(s.region.zoneID(sn.AvailabilityZone)) },
			"availabilityZoneId":         func(sn *subnet) []string { return one(s.region.zoneID(sn.AvailabilityZone)) },
			"default-for-az":             func(*subnet) []string { return oneBool(false) },
			"defaultForAz":               func(*subnet) []string { return oneBool(false) },
			"map-public-ip-on-launch":    func(sn *subnet) []string { return oneBool(sn.MapPublicIP) },
		},
	}
}

type describeSubnetsInput struct {
	selection
	SubnetIDs []string `in:"SubnetId"`
}

type describeSubnetsOutput struct {
	Subnets   []subnetItem `out:"subnetSet"`
	NextToken string
}

func (s *subnetOperations) describeSubnets(_ context.Context, in *describeSubnetsInput) (*describeSubnetsOutput, error) {
	page, next, err := choose(s.records, s.family(), in.SubnetIDs, in.selection)
	return &describeSubnetsOutput{Subnets: each(page, s.subnetItem), NextToken: next}, err
}

type modifySubnetAttributeInput struct {
	SubnetID            string
	MapPublicIPOnLaunch *boolean
}

func (s *subnetOperations) modifySubnetAttribute(_ context.Context, in *modifySubnetAttributeInput) (*wire.Empty, error) {
	sn, err := s.subnet(in.SubnetID)
	if err != nil {
		return nil, err
	}
	if in.MapPublicIPOnLaunch != nil {
		s.subnets.Put(sn.ID, sn)
		sn.MapPublicIP = in.MapPublicIPOnLaunch.Value
	}
	return nil, nil
}

type subnetIDInput struct {
	SubnetID string
}

func (s *subnetOperations) deleteSubnet(_ context.Context, in *subnetIDInput) (*wire.Empty, error) {
	sn, err := s.subnet(in.SubnetID)
	if err != nil {
		return nil, err
	}
	if has(s.interfaces, func(eni *networkInterface) bool { return eni.SubnetID == sn.ID }) {
		return nil, hasDependencies("subnet", sn.ID)
	}
	for id, table := range s.routeTables.All() {
		s.routeTables.Put(id, table)
		table.Associations = slices.DeleteFunc(table.Associations, func(a routeTableAssociation) bool { return a.SubnetID == sn.ID })
	}
	s.forget(sn.ID)
	s.subnets.Delete(sn.ID)
	return nil, nil
}
