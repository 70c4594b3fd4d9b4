package ec2

import (
	"context"
	"net/netip"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// publicNetwork is where public addresses come from: a range that is reserved
// for tests (RFC 2544), so that it is nobody's.
var publicNetwork = netip.MustParsePrefix("198.18.0.0/15")

type elasticIP struct {
	AllocationID, PublicIP string
	// AssociationID and InterfaceID are "" while it is not associated.
	AssociationID, InterfaceID string
	// PTR is the name that reverse DNS gives.
	PTR string
}

// allocatePublicIP returns a public address that nothing has.
func (s *Service) allocatePublicIP() (string, error) {
	used := map[string]bool{}
	for _, address := range s.state.ElasticIPs {
		used[address.PublicIP] = true
	}
	for _, eni := range s.state.Interfaces {
		used[eni.PublicIP] = true
	}
	for range hosts(publicNetwork) {
		address := host(publicNetwork, int(s.state.NextPublicIP)%hosts(publicNetwork)).String()
		s.state.NextPublicIP++
		if !used[address] {
			return address, nil
		}
	}
	return "", wire.Errorf("InsufficientAddressCapacity", "all public addresses of %s are in use", publicNetwork)
}

type allocateAddressInput struct {
	tagged
	Domain             string
	NetworkBorderGroup string
	// PublicIPv4Pool can be AWS's own only.
	PublicIPv4Pool string
}

type allocateAddressOutput struct {
	AllocationID       string `out:"allocationId"`
	PublicIP           string `out:"publicIp"`
	Domain             string
	PublicIPv4Pool     string `out:"publicIpv4Pool"`
	NetworkBorderGroup string
}

func (s *Service) allocateAddress(_ context.Context, in *allocateAddressInput) (*allocateAddressOutput, error) {
	if in.Domain != "" && in.Domain != "vpc" {
		return nil, invalid("domain", in.Domain, "Use vpc.")
	}
	if in.PublicIPv4Pool != "" && in.PublicIPv4Pool != "amazon" {
		return nil, invalid("publicIpv4Pool", in.PublicIPv4Pool, "localaws has the pool amazon only.")
	}
	if in.NetworkBorderGroup != "" && in.NetworkBorderGroup != s.account.Region {
		return nil, invalid("networkBorderGroup", in.NetworkBorderGroup, "localaws has "+s.account.Region+" only.")
	}
	tags, err := in.tagsFor("elastic-ip")
	if err != nil {
		return nil, err
	}
	public, err := s.allocatePublicIP()
	if err != nil {
		return nil, err
	}
	address := &elasticIP{AllocationID: ids.New("eipalloc"), PublicIP: public}
	s.state.ElasticIPs[address.AllocationID] = address
	s.setTags(address.AllocationID, tags)
	return &allocateAddressOutput{
		AllocationID: address.AllocationID, PublicIP: public, Domain: "vpc", PublicIPv4Pool: "amazon", NetworkBorderGroup: s.account.Region,
	}, nil
}

func (s *Service) elasticIP(allocationID string) (*elasticIP, error) {
	if address, ok := s.state.ElasticIPs[allocationID]; ok {
		return address, nil
	}
	if allocationID == "" {
		return nil, missing("allocationId")
	}
	return nil, allocationNotFound(allocationID)
}

type addressItem struct {
	AllocationID       string     `out:"allocationId"`
	PublicIP           string     `out:"publicIp"`
	Domain             string     `out:"domain"`
	PublicIPv4Pool     string     `out:"publicIpv4Pool"`
	NetworkBorderGroup string     `out:"networkBorderGroup"`
	AssociationID      string     `out:"associationId"`
	InterfaceID        string     `out:"networkInterfaceId"`
	InterfaceOwnerID   string     `out:"networkInterfaceOwnerId"`
	InstanceID         string     `out:"instanceId"`
	PrivateIP          string     `out:"privateIpAddress"`
	Tags               []core.Tag `out:"tagSet"`
}

func (s *Service) addressItem(address *elasticIP) addressItem {
	item := addressItem{
		AllocationID: address.AllocationID, PublicIP: address.PublicIP, Domain: "vpc", PublicIPv4Pool: "amazon",
		NetworkBorderGroup: s.account.Region, AssociationID: address.AssociationID, Tags: s.tagList(address.AllocationID),
	}
	if eni, ok := s.state.Interfaces[address.InterfaceID]; ok {
		item.InterfaceID, item.InterfaceOwnerID = eni.ID, s.account.ID
		item.InstanceID, item.PrivateIP = eni.InstanceID, eni.PrivateIP
	}
	return item
}

func (s *Service) addressFamily() family[*elasticIP] {
	eni := func(get func(*networkInterface) string) func(*elasticIP) []string {
		return func(a *elasticIP) []string {
			if eni, ok := s.state.Interfaces[a.InterfaceID]; ok {
				return one(get(eni))
			}
			return nil
		}
	}
	return family[*elasticIP]{
		all: values(s.state.ElasticIPs), id: func(a *elasticIP) string { return a.AllocationID }, notFound: allocationNotFound,
		attributes: attributes[*elasticIP]{
			"allocation-id":              func(a *elasticIP) []string { return one(a.AllocationID) },
			"association-id":             func(a *elasticIP) []string { return one(a.AssociationID) },
			"public-ip":                  func(a *elasticIP) []string { return one(a.PublicIP) },
			"domain":                     func(*elasticIP) []string { return one("vpc") },
			"network-border-group":       func(*elasticIP) []string { return one(s.account.Region) },
			"network-interface-id":       eni(func(eni *networkInterface) string { return eni.ID }),
			"network-interface-owner-id": eni(func(*networkInterface) string { return s.account.ID }),
			"private-ip-address":         eni(func(eni *networkInterface) string { return eni.PrivateIP }),
			"instance-id":                eni(func(eni *networkInterface) string { return eni.InstanceID }),
		},
	}
}

type describeAddressesInput struct {
	Filters       []filter `in:"Filter"`
	AllocationIDs []string `in:"AllocationId"`
	PublicIPs     []string `in:"PublicIp"`
}

type describeAddressesOutput struct {
	Addresses []addressItem `out:"addressesSet"`
}

func (s *Service) describeAddresses(_ context.Context, in *describeAddressesInput) (*describeAddressesOutput, error) {
	for _, public := range in.PublicIPs {
		if _, known := s.byPublicIP(public); !known {
			return nil, wire.Errorf("InvalidAddress.NotFound", "Address '%s' not found.", public)
		}
	}
	if len(in.PublicIPs) > 0 {
		in.Filters = append(in.Filters, filter{Name: "public-ip", Values: in.PublicIPs})
	}
	found, _, err := choose(s, s.addressFamily(), in.AllocationIDs, selection{Filters: in.Filters})
	return &describeAddressesOutput{Addresses: each(found, s.addressItem)}, err
}

func (s *Service) byPublicIP(public string) (*elasticIP, bool) {
	for _, address := range s.state.ElasticIPs {
		if address.PublicIP == public {
			return address, true
		}
	}
	return nil, false
}

type addressesAttributeInput struct {
	selection
	AllocationIDs []string `in:"AllocationId"`
	Attribute     string
}

type addressesAttributeOutput struct {
	Addresses []addressAttribute `out:"addressSet"`
	NextToken string
}

type addressAttribute struct {
	PublicIP     string `out:"publicIp"`
	AllocationID string `out:"allocationId"`
	PTRRecord    string `out:"ptrRecord"`
}

// describeAddressesAttribute lists addresses that have a name in reverse DNS.
func (s *Service) describeAddressesAttribute(_ context.Context, in *addressesAttributeInput) (*addressesAttributeOutput, error) {
	if in.Attribute != "" && in.Attribute != "domain-name" {
		return nil, invalid("attribute", in.Attribute, "Use domain-name.")
	}
	found, next, err := choose(s, s.addressFamily(), in.AllocationIDs, in.selection)
	out := &addressesAttributeOutput{Addresses: []addressAttribute{}, NextToken: next}
	for _, address := range found {
		if address.PTR != "" {
			out.Addresses = append(out.Addresses, addressAttribute{address.PublicIP, address.AllocationID, address.PTR})
		}
	}
	return out, err
}

type associateAddressInput struct {
	AllocationID       string
	PublicIP           string
	InstanceID         string
	NetworkInterfaceID string
	PrivateIPAddress   string
	AllowReassociation bool
}

type associationIDOutput struct {
	AssociationID string `out:"associationId"`
}

func (s *Service) associateAddress(_ context.Context, in *associateAddressInput) (*associationIDOutput, error) {
	address, err := s.addressOf(in.AllocationID, in.PublicIP)
	if err != nil {
		return nil, err
	}
	if in.InstanceID != "" {
		machine, ok := s.state.Instances[in.InstanceID]
		if !ok {
			return nil, instanceNotFound(in.InstanceID)
		}
		in.NetworkInterfaceID = machine.InterfaceID
	}
	eni, ok := s.state.Interfaces[in.NetworkInterfaceID]
	switch {
	case in.NetworkInterfaceID == "":
		return nil, missing("instanceId or networkInterfaceId")
	case !ok:
		return nil, interfaceNotFound(in.NetworkInterfaceID)
	case in.PrivateIPAddress != "" && in.PrivateIPAddress != eni.PrivateIP:
		return nil, invalid("privateIpAddress", in.PrivateIPAddress, "It is no address of "+eni.ID+".")
	}
	if address.InterfaceID != "" && address.InterfaceID != eni.ID && !in.AllowReassociation {
		return nil, wire.Errorf("Resource.AlreadyAssociated", "resource %s is already associated with associate-id %s", address.AllocationID, address.AssociationID)
	}
	if err := s.associate(address, eni); err != nil {
		return nil, err
	}
	return &associationIDOutput{AssociationID: address.AssociationID}, nil
}

// addressOf finds an address by its allocation or by itself.
func (s *Service) addressOf(allocationID, public string) (*elasticIP, error) {
	if public == "" {
		return s.elasticIP(allocationID)
	}
	if address, ok := s.byPublicIP(public); ok {
		return address, nil
	}
	return nil, wire.Errorf("AuthFailure", "The address '%s' does not belong to you.", public)
}

// associate gives an interface an Elastic IP; the public address that it had
// goes.
func (s *Service) associate(address *elasticIP, eni *networkInterface) error {
	if _, attached := s.gatewayOf(eni.VPCID); !attached {
		return wire.Errorf("Gateway.NotAttached", "Network %s is not attached to any internet gateway", eni.VPCID)
	}
	if before, ok := s.state.Interfaces[address.InterfaceID]; ok {
		before.PublicIP = ""
	}
	if before, ok := s.byInterface(eni.ID); ok {
		before.AssociationID, before.InterfaceID = "", ""
	}
	address.AssociationID, address.InterfaceID = ids.New("eipassoc"), eni.ID
	eni.PublicIP = address.PublicIP
	return nil
}

func (s *Service) byInterface(interfaceID string) (*elasticIP, bool) {
	for _, address := range s.state.ElasticIPs {
		if address.InterfaceID == interfaceID && interfaceID != "" {
			return address, true
		}
	}
	return nil, false
}

type disassociateAddressInput struct {
	AssociationID string
	PublicIP      string
}

func (s *Service) disassociateAddress(_ context.Context, in *disassociateAddressInput) (*wire.Empty, error) {
	for _, address := range s.state.ElasticIPs {
		if address.AssociationID == "" || (address.AssociationID != in.AssociationID && address.PublicIP != in.PublicIP) {
			continue
		}
		eni := s.state.Interfaces[address.InterfaceID]
		if eni.Type == natGatewayType {
			return nil, wire.Errorf("AuthFailure", "You do not have permission to access the specified resource.")
		}
		s.disassociate(address)
		return nil, nil
	}
	return nil, associationNotFound(in.AssociationID + in.PublicIP)
}

func (s *Service) disassociate(address *elasticIP) {
	if eni, ok := s.state.Interfaces[address.InterfaceID]; ok {
		eni.PublicIP = ""
	}
	address.AssociationID, address.InterfaceID = "", ""
}

type releaseAddressInput struct {
	AllocationID       string
	PublicIP           string
	NetworkBorderGroup string
}

func (s *Service) releaseAddress(_ context.Context, in *releaseAddressInput) (*wire.Empty, error) {
	address, err := s.addressOf(in.AllocationID, in.PublicIP)
	if err != nil {
		return nil, err
	}
	if address.InterfaceID != "" {
		return nil, wire.Errorf("InvalidIPAddress.InUse", "Address %s is in use.", address.PublicIP)
	}
	s.forget(address.AllocationID)
	delete(s.state.ElasticIPs, address.AllocationID)
	return nil, nil
}
