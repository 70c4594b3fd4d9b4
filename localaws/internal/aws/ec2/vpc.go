package ec2

import (
	"context"
	"net/netip"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// vpc is a virtual private cloud. Its main route table, default security group
// and network ACL are found by their own VPCID.
type vpc struct {
	ID                  string
	CIDR, AssociationID string
	DNSSupport          bool
	DNSHostnames        bool
}

// covers reports whether a network lies in the VPC.
func (v *vpc) covers(prefix netip.Prefix) bool { return covers(prefixOf(v.CIDR), prefix) }

// vpcOperations are those on VPCs.
type vpcOperations struct{ *records }

func (s *vpcOperations) operations() []wire.Operation {
	return []wire.Operation{
		wire.Op("CreateVpc", s.createVPC),
		wire.Op("DeleteVpc", s.deleteVPC),
		wire.ReadOp("DescribeVpcs", s.describeVPCs),
		wire.ReadOp("DescribeVpcAttribute", s.describeVPCAttribute),
		wire.Op("ModifyVpcAttribute", s.modifyVPCAttribute),
	}
}

// defaultTenancy means that instances share their machines with others.
const defaultTenancy = "default"

type createVPCInput struct {
	tagged
	CIDRBlock       string
	InstanceTenancy string
	// AmazonProvidedIPv6CIDRBlock can't be true: localaws has no IPv6 networks.
	AmazonProvidedIPv6CIDRBlock bool
}

type vpcOutput struct {
	VPC vpcItem `out:"vpc"`
}

type vpcItem struct {
	VPCID           string        `out:"vpcId"`
	OwnerID         string        `out:"ownerId"`
	CIDRBlock       string        `out:"cidrBlock"`
	CIDRs           []vpcCIDRItem `out:"cidrBlockAssociationSet"`
	DHCPOptionsID   string        `out:"dhcpOptionsId"`
	InstanceTenancy string        `out:"instanceTenancy"`
	IsDefault       bool          `out:"isDefault"`
	State           string        `out:"state"`
	Tags            []tags.Tag    `out:"tagSet"`
}

type vpcCIDRItem struct {
	AssociationID string    `out:"associationId"`
	CIDRBlock     string    `out:"cidrBlock"`
	State         cidrState `out:"cidrBlockState"`
}

type cidrState struct{ State string }

func (s *vpcOperations) createVPC(_ context.Context, in *createVPCInput) (*vpcOutput, error) {
	if in.AmazonProvidedIPv6CIDRBlock {
		return nil, noIPv6("AmazonProvidedIpv6CidrBlock")
	}
	if in.InstanceTenancy != "" && in.InstanceTenancy != defaultTenancy {
		return nil, wire.Errorf("UnsupportedOperation", "localaws has no dedicated machines: leave InstanceTenancy out")
	}
	prefix, err := parseIPv4CIDR("cidrBlock", in.CIDRBlock)
	if err != nil {
		return nil, err
	}
	if err := mustBeNetwork("InvalidVpc.Range", prefix); err != nil {
		return nil, err
	}
	set, err := in.tagsFor("vpc")
	if err != nil {
		return nil, err
	}
	v := &vpc{
		ID: ids.New("vpc"), CIDR: prefix.String(), AssociationID: ids.New("vpc-cidr-assoc"),
		DNSSupport: true,
	}
	s.vpcs.Put(v.ID, v)
	s.setTags(v.ID, set)
	table, acl, group := newMainRouteTable(v.ID), &networkACL{ID: ids.New("acl"), VPCID: v.ID}, newDefaultGroup(v.ID)
	s.routeTables.Put(table.ID, table)
	s.networkACLs.Put(acl.ID, acl)
	s.securityGroups.Put(group.ID, group)
	item := s.vpcItem(v)
	item.State = "pending"
	return &vpcOutput{VPC: item}, nil
}

func noIPv6(parameter string) error {
	return wire.Errorf("UnsupportedOperation", "localaws has no IPv6 networks: leave %s out", parameter)
}

func (s *vpcOperations) vpcItem(v *vpc) vpcItem {
	return vpcItem{
		VPCID: v.ID, OwnerID: s.account.ID, CIDRBlock: v.CIDR, DHCPOptionsID: s.dhcpOptionsID(),
		CIDRs:           []vpcCIDRItem{{AssociationID: v.AssociationID, CIDRBlock: v.CIDR, State: cidrState{"associated"}}},
		InstanceTenancy: defaultTenancy, State: "available", Tags: s.tagsOf(v.ID).List(),
	}
}

// dhcpOptionsID names the set that the region gives to every VPC.
func (s *vpcOperations) dhcpOptionsID() string { return "dopt-" + digest("dhcp", s.account.Region) }

func (s *vpcOperations) family() family[*vpc] {
	return family[*vpc]{
		all: list(s.vpcs), id: func(v *vpc) string { return v.ID }, notFound: vpcNotFound,
		attributes: attributes[*vpc]{
			"vpc-id":                                func(v *vpc) []string { return one(v.ID) },
			"cidr":                                  func(v *vpc) []string { return one(v.CIDR) },
			"cidr-block":                            func(v *vpc) []string { return one(v.CIDR) },
			"dhcp-options-id":                       func(*vpc) []string { return one(s.dhcpOptionsID()) },
			"is-default":                            func(*vpc) []string { return oneBool(false) },
			"isDefault":                             func(*vpc) []string { return oneBool(false) },
			"owner-id":                              func(*vpc) []string { return one(s.account.ID) },
			"state":                                 func(*vpc) []string { return one("available") },
			"cidr-block-association.cidr-block":     func(v *vpc) []string { return one(v.CIDR) },
			"cidr-block-association.association-id": func(v *vpc) []string { return one(v.AssociationID) },
		},
	}
}

type describeVPCsInput struct {
	selection
	VPCIDs []string `in:"VpcId"`
}

type describeVPCsOutput struct {
	VPCs      []vpcItem `out:"vpcSet"`
	NextToken string
}

func (s *vpcOperations) describeVPCs(_ context.Context, in *describeVPCsInput) (*describeVPCsOutput, error) {
	page, next, err := choose(s.records, s.family(), in.VPCIDs, in.selection)
	return &describeVPCsOutput{VPCs: each(page, s.vpcItem), NextToken: next}, err
}

// boolean is how EC2 writes attributes that can be changed.
type boolean struct{ Value bool }

type modifyVPCAttributeInput struct {
	VPCID              string `in:"VpcId"`
	EnableDNSHostnames *boolean
	EnableDNSSupport   *boolean
}

func (s *vpcOperations) modifyVPCAttribute(_ context.Context, in *modifyVPCAttributeInput) (*wire.Empty, error) {
	v, err := s.vpc(in.VPCID)
	if err != nil {
		return nil, err
	}
	s.vpcs.Put(v.ID, v)
	switch {
	case (in.EnableDNSHostnames == nil) == (in.EnableDNSSupport == nil):
		return nil, wire.Errorf("InvalidParameterCombination", "ModifyVpcAttribute changes one attribute at a time")
	case in.EnableDNSHostnames != nil:
		v.DNSHostnames = in.EnableDNSHostnames.Value
	default:
		v.DNSSupport = in.EnableDNSSupport.Value
	}
	return nil, nil
}

type describeVPCAttributeInput struct {
	VPCID     string `in:"VpcId"`
	Attribute string
}

type describeVPCAttributeOutput struct {
	VPCID                            string   `out:"vpcId"`
	EnableDNSHostnames               *boolean `out:"enableDnsHostnames"`
	EnableDNSSupport                 *boolean `out:"enableDnsSupport"`
	EnableNetworkAddressUsageMetrics *boolean `out:"enableNetworkAddressUsageMetrics"`
}

func (s *vpcOperations) describeVPCAttribute(_ context.Context, in *describeVPCAttributeInput) (*describeVPCAttributeOutput, error) {
	v, err := s.vpc(in.VPCID)
	if err != nil {
		return nil, err
	}
	out := &describeVPCAttributeOutput{VPCID: v.ID}
	switch in.Attribute {
	case "enableDnsHostnames":
		out.EnableDNSHostnames = &boolean{v.DNSHostnames}
	case "enableDnsSupport":
		out.EnableDNSSupport = &boolean{v.DNSSupport}
	case "enableNetworkAddressUsageMetrics":
		out.EnableNetworkAddressUsageMetrics = &boolean{}
	default:
		return nil, invalid("attribute", in.Attribute, "Unknown attribute.")
	}
	return out, nil
}

type vpcIDInput struct {
	VPCID string `in:"VpcId"`
}

// deleteVPC takes what came with the VPC away with it, and refuses while
// anything else is left.
func (s *vpcOperations) deleteVPC(_ context.Context, in *vpcIDInput) (*wire.Empty, error) {
	v, err := s.vpc(in.VPCID)
	if err != nil {
		return nil, err
	}
	if s.inUse(v.ID) {
		return nil, hasDependencies("vpc", v.ID)
	}
	for id, table := range s.routeTables.All() {
		if table.VPCID == v.ID {
			s.forget(id)
			s.routeTables.Delete(id)
		}
	}
	for id, acl := range s.networkACLs.All() {
		if acl.VPCID == v.ID {
			s.forget(id)
			s.networkACLs.Delete(id)
		}
	}
	for _, group := range s.securityGroups.All() {
		if group.VPCID == v.ID {
			s.dropGroup(group)
		}
	}
	s.forget(v.ID)
	s.vpcs.Delete(v.ID)
	return nil, nil
}

// inUse reports whether a VPC holds anything but what came with it.
func (s *vpcOperations) inUse(vpcID string) bool {
	return has(s.subnets, func(sn *subnet) bool { return sn.VPCID == vpcID }) ||
		has(s.vpcEndpoints, func(e *vpcEndpoint) bool { return e.VPCID == vpcID }) ||
		has(s.internetGateways, func(g *internetGateway) bool { return g.VPCID == vpcID }) ||
		has(s.routeTables, func(t *routeTable) bool { return t.VPCID == vpcID && !t.isMain() }) ||
		has(s.securityGroups, func(g *securityGroup) bool { return g.VPCID == vpcID && g.Name != defaultGroupName })
}
