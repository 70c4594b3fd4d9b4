package ec2

import (
	"context"
	"net/netip"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// vpc is a virtual private cloud. Its main route table, default security group
// and network ACL are found by their own VPCID.
type vpc struct {
	ID             string
	CIDRs          []cidrAssociation // the first is the VPC's own
	Tenancy        string
	DNSSupport     bool
	DNSHostnames   bool
	AddressMetrics bool
}

type cidrAssociation struct{ ID, CIDR string }

// covers tells whether a network lies in the VPC.
func (v *vpc) covers(prefix netip.Prefix) bool {
	for _, c := range v.CIDRs {
		if covers(prefixOf(c.CIDR), prefix) {
			return true
		}
	}
	return false
}

func (s *Service) vpc(id string) (*vpc, error) {
	if v, ok := s.state.VPCs[id]; ok {
		return v, nil
	}
	if id == "" {
		return nil, missing("vpcId")
	}
	return nil, vpcNotFound(id)
}

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
	Tags            []core.Tag    `out:"tagSet"`
}

type vpcCIDRItem struct {
	AssociationID string    `out:"associationId"`
	CIDRBlock     string    `out:"cidrBlock"`
	State         cidrState `out:"cidrBlockState"`
}

type cidrState struct{ State string }

func (s *Service) createVPC(_ context.Context, in *createVPCInput) (*vpcOutput, error) {
	if in.AmazonProvidedIPv6CIDRBlock {
		return nil, noIPv6("AmazonProvidedIpv6CidrBlock")
	}
	prefix, err := parseIPv4CIDR("cidrBlock", in.CIDRBlock)
	if err != nil {
		return nil, err
	}
	if err := mustBeNetwork("InvalidVpc.Range", prefix); err != nil {
		return nil, err
	}
	tags, err := in.tagsFor("vpc")
	if err != nil {
		return nil, err
	}
	if in.InstanceTenancy == "" {
		in.InstanceTenancy = "default"
	}
	v := &vpc{
		ID: ids.New("vpc"), Tenancy: in.InstanceTenancy, DNSSupport: true,
		CIDRs: []cidrAssociation{{ID: ids.New("vpc-cidr-assoc"), CIDR: prefix.String()}},
	}
	s.state.VPCs[v.ID] = v
	s.setTags(v.ID, tags)
	s.makeMainRouteTable(v.ID)
	s.makeDefaultNetworkACL(v.ID)
	s.makeDefaultGroup(v.ID)
	item := s.vpcItem(v)
	item.State = "pending"
	return &vpcOutput{VPC: item}, nil
}

func noIPv6(parameter string) error {
	return wire.Errorf("UnsupportedOperation", "localaws has no IPv6 networks: leave %s out", parameter)
}

func (s *Service) vpcItem(v *vpc) vpcItem {
	item := vpcItem{
		VPCID: v.ID, OwnerID: s.account.ID, CIDRBlock: v.CIDRs[0].CIDR, DHCPOptionsID: s.dhcpOptionsID(),
		InstanceTenancy: v.Tenancy, State: "available", Tags: s.tagList(v.ID),
	}
	for _, c := range v.CIDRs {
		item.CIDRs = append(item.CIDRs, vpcCIDRItem{AssociationID: c.ID, CIDRBlock: c.CIDR, State: cidrState{"associated"}})
	}
	return item
}

// dhcpOptionsID names the set that the region gives to every VPC.
func (s *Service) dhcpOptionsID() string { return "dopt-" + digest("dhcp", s.account.Region) }

func (s *Service) vpcs() family[*vpc] {
	return family[*vpc]{
		all: values(s.state.VPCs), id: func(v *vpc) string { return v.ID }, notFound: vpcNotFound,
		attributes: attributes[*vpc]{
			"vpc-id":          func(v *vpc) []string { return one(v.ID) },
			"cidr":            func(v *vpc) []string { return one(v.CIDRs[0].CIDR) },
			"cidr-block":      func(v *vpc) []string { return one(v.CIDRs[0].CIDR) },
			"dhcp-options-id": func(*vpc) []string { return one(s.dhcpOptionsID()) },
			"is-default":      func(*vpc) []string { return oneBool(false) },
			"isDefault":       func(*vpc) []string { return oneBool(false) },
			"owner-id":        func(*vpc) []string { return one(s.account.ID) },
			"state":           func(*vpc) []string { return one("available") },
			"cidr-block-association.cidr-block": func(v *vpc) (all []string) {
				for _, c := range v.CIDRs {
					all = append(all, c.CIDR)
				}
				return all
			},
			"cidr-block-association.association-id": func(v *vpc) (all []string) {
				for _, c := range v.CIDRs {
					all = append(all, c.ID)
				}
				return all
			},
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

func (s *Service) describeVPCs(_ context.Context, in *describeVPCsInput) (*describeVPCsOutput, error) {
	page, next, err := choose(s, s.vpcs(), in.VPCIDs, in.selection)
	return &describeVPCsOutput{VPCs: each(page, s.vpcItem), NextToken: next}, err
}

// each makes answers of resources; never nil, so that an empty list is written.
func each[T, Item any](resources []T, item func(T) Item) []Item {
	items := make([]Item, 0, len(resources))
	for _, resource := range resources {
		items = append(items, item(resource))
	}
	return items
}

// boolean is how EC2 writes attributes that can be changed.
type boolean struct{ Value bool }

type modifyVPCAttributeInput struct {
	VPCID                            string `in:"VpcId"`
	EnableDNSHostnames               *boolean
	EnableDNSSupport                 *boolean
	EnableNetworkAddressUsageMetrics *boolean
}

func (s *Service) modifyVPCAttribute(_ context.Context, in *modifyVPCAttributeInput) (*wire.Empty, error) {
	v, err := s.vpc(in.VPCID)
	if err != nil {
		return nil, err
	}
	given := 0
	for to, from := range map[*bool]*boolean{
		&v.DNSHostnames: in.EnableDNSHostnames, &v.DNSSupport: in.EnableDNSSupport,
		&v.AddressMetrics: in.EnableNetworkAddressUsageMetrics,
	} {
		if from != nil {
			given++
			*to = from.Value
		}
	}
	if given != 1 {
		return nil, wire.Errorf("InvalidParameterCombination", "ModifyVpcAttribute changes one attribute at a time, %d were given", given)
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

func (s *Service) describeVPCAttribute(_ context.Context, in *describeVPCAttributeInput) (*describeVPCAttributeOutput, error) {
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
		out.EnableNetworkAddressUsageMetrics = &boolean{v.AddressMetrics}
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
func (s *Service) deleteVPC(_ context.Context, in *vpcIDInput) (*wire.Empty, error) {
	v, err := s.vpc(in.VPCID)
	if err != nil {
		return nil, err
	}
	if s.inUse(v.ID) {
		return nil, hasDependencies("vpc", v.ID)
	}
	for id, table := range s.state.RouteTables {
		if table.VPCID == v.ID {
			s.forget(id)
			delete(s.state.RouteTables, id)
		}
	}
	for id, acl := range s.state.NetworkACLs {
		if acl.VPCID == v.ID {
			s.forget(id)
			delete(s.state.NetworkACLs, id)
		}
	}
	for id, group := range s.state.SecurityGroups {
		if group.VPCID == v.ID {
			s.dropGroup(id)
		}
	}
	s.forget(v.ID)
	delete(s.state.VPCs, v.ID)
	return nil, nil
}

// inUse tells whether a VPC holds anything but what came with it.
func (s *Service) inUse(vpcID string) bool {
	for _, sn := range s.state.Subnets {
		if sn.VPCID == vpcID {
			return true
		}
	}
	for _, endpoint := range s.state.VPCEndpoints {
		if endpoint.VPCID == vpcID {
			return true
		}
	}
	for _, gateway := range s.state.InternetGateways {
		if gateway.VPCID == vpcID {
			return true
		}
	}
	for _, table := range s.state.RouteTables {
		if table.VPCID == vpcID && !table.isMain() {
			return true
		}
	}
	for _, group := range s.state.SecurityGroups {
		if group.VPCID == vpcID && group.Name != defaultGroupName {
			return true
		}
	}
	return false
}

// forget drops what is kept beside a resource.
func (s *Service) forget(id string) {
	delete(s.state.Tags, id)
	for token, made := range s.state.Tokens {
		if made == id {
			delete(s.state.Tokens, token)
		}
	}
}

type modifyVPCTenancyInput struct {
	VPCID           string `in:"VpcId"`
	InstanceTenancy string
}

type returnOutput struct {
	Return bool `out:"return"`
}

func (s *Service) modifyVPCTenancy(_ context.Context, in *modifyVPCTenancyInput) (*returnOutput, error) {
	v, err := s.vpc(in.VPCID)
	if err != nil {
		return nil, err
	}
	if in.InstanceTenancy != "default" {
		return nil, invalid("instanceTenancy", in.InstanceTenancy, "It can be changed to default only.")
	}
	v.Tenancy = in.InstanceTenancy
	return &returnOutput{Return: true}, nil
}
