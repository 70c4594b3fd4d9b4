package ec2

import (
	"context"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

type elasticIP struct {
	AllocationID, PublicIP string
	// AssociationID and InterfaceID are "" while it is not associated.
	AssociationID, InterfaceID string
}

// elasticIPOperations are those on Elastic IP addresses.
type elasticIPOperations struct {
	*records
	addressing *addressing
}

func (s *elasticIPOperations) operations() []wire.Operation {
	return []wire.Operation{
		wire.Op("AllocateAddress", s.allocateAddress),
		wire.Op("ReleaseAddress", s.releaseAddress),
		wire.ReadOp("DescribeAddresses", s.describeAddresses),
		wire.ReadOp("DescribeAddressesAttribute", s.describeAddressesAttribute),
		wire.Op("AssociateAddress", s.associateAddress),
		wire.Op("DisassociateAddress", s.disassociateAddress),
	}
}

type allocateAddressInput struct {
	tagged
	Domain string
}

type allocateAddressOutput struct {
	AllocationID       string `out:"allocationId"`
	PublicIP           string `out:"publicIp"`
	Domain             string
	PublicIPv4Pool     string `out:"publicIpv4Pool"`
	NetworkBorderGroup string
}

func (s *elasticIPOperations) allocateAddress(_ context.Context, in *allocateAddressInput) (*allocateAddressOutput, error) {
	if in.Domain != "" && in.Domain != "vpc" {
		return nil, invalid("domain", in.Domain, "Use vpc.")
	}
	set, err := in.tagsFor("elastic-ip")
	if err != nil {
		return nil, err
	}
	public, err := s.addressing.allocatePublicIP()
	if err != nil {
		return nil, err
	}
	address := &elasticIP{AllocationID: ids.New("eipalloc"), PublicIP: public}
	s.elasticIPs.Put(address.AllocationID, address)
	s.setTags(address.AllocationID, set)
	return &allocateAddressOutput{
		AllocationID: address.AllocationID, PublicIP: public, Domain: "vpc", PublicIPv4Pool: "amazon", NetworkBorderGroup: s.account.Region,
	}, nil
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
	Tags               []tags.Tag `out:"tagSet"`
}

func (s *elasticIPOperations) addressItem(address *elasticIP) addressItem {
	item := addressItem{
		AllocationID: address.AllocationID, PublicIP: address.PublicIP, Domain: "vpc", PublicIPv4Pool: "amazon",
		NetworkBorderGroup: s.account.Region, AssociationID: address.AssociationID, Tags: s.tagsOf(address.AllocationID).List(),
	}
	if eni, ok := s.interfaces.Get(address.InterfaceID); ok {
		item.InterfaceID, item.InterfaceOwnerID = eni.ID, s.account.ID
		item.InstanceID, item.PrivateIP = eni.InstanceID, eni.PrivateIP
	}
	return item
}

func (s *elasticIPOperations) family() family[*elasticIP] {
	eni := func(get func(*networkInterface) string) func(*elasticIP) []string {
		return func(a *elasticIP) []string {
			if eni, ok := s.interfaces.Get(a.InterfaceID); ok {
				return one(get(eni))
			}
			return nil
		}
	}
	return family[*elasticIP]{
		all: list(s.elasticIPs), id: func(a *elasticIP) string { return a.AllocationID }, notFound: allocationNotFound,
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

func (s *elasticIPOperations) describeAddresses(_ context.Context, in *describeAddressesInput) (*describeAddressesOutput, error) {
	for _, public := range in.PublicIPs {
		if _, known := s.byPublicIP(public); !known {
			return nil, wire.Errorf("InvalidAddress.NotFound", "Address '%s' not found.", public)
		}
	}
	if len(in.PublicIPs) > 0 {
		in.Filters = append(in.Filters, filter{Name: "public-ip", Values: in.PublicIPs})
	}
	found, _, err := choose(s.records, s.family(), in.AllocationIDs, selection{Filters: in.Filters})
	return &describeAddressesOutput{Addresses: each(found, s.addressItem)}, err
}

type addressesAttributeInput struct {
	selection
	AllocationIDs []string `in:"AllocationId"`
	Attribute     string
}

type addressesAttributeOutput struct {
	Addresses []string `out:"addressSet"`
	NextToken string
}

// describeAddressesAttribute lists addresses that have a name in reverse DNS:
// none has.
func (s *elasticIPOperations) describeAddressesAttribute(_ context.Context, in *addressesAttributeInput) (*addressesAttributeOutput, error) {
	if in.Attribute != "" && in.Attribute != "domain-name" {
		return nil, invalid("attribute", in.Attribute, "Use domain-name.")
	}
	_, next, err := choose(s.records, s.family(), in.AllocationIDs, in.selection)
	return &addressesAttributeOutput{Addresses: []string{}, NextToken: next}, err
}

type associateAddressInput struct {
	AllocationID       string
	InstanceID         string
	NetworkInterfaceID string
	PrivateIPAddress   string
	AllowReassociation bool
}

type associationIDOutput struct {
	AssociationID string `out:"associationId"`
}

func (s *elasticIPOperations) associateAddress(_ context.Context, in *associateAddressInput) (*associationIDOutput, error) {
	address, err := s.elasticIP(in.AllocationID)
	if err != nil {
		return nil, err
	}
	if in.InstanceID != "" {
		machine, ok := s.instances.Get(in.InstanceID)
		if !ok {
			return nil, instanceNotFound(in.InstanceID)
		}
		in.NetworkInterfaceID = machine.InterfaceID
	}
	eni, ok := s.interfaces.Get(in.NetworkInterfaceID)
	switch {
	case in.NetworkInterfaceID == "":
		return nil, missing("instanceId or networkInterfaceId")
	case !ok:
		return nil, interfaceNotFound(in.NetworkInterfaceID)
	case in.PrivateIPAddress != "" && in.PrivateIPAddress != eni.PrivateIP:
		return nil, invalid("privateIpAddress", in.PrivateIPAddress, "It is not an address of "+eni.ID+".")
	}
	if address.InterfaceID != "" && address.InterfaceID != eni.ID && !in.AllowReassociation {
		return nil, wire.Errorf("Resource.AlreadyAssociated", "resource %s is already associated with associate-id %s", address.AllocationID, address.AssociationID)
	}
	if err := s.addressing.associate(address, eni); err != nil {
		return nil, err
	}
	return &associationIDOutput{AssociationID: address.AssociationID}, nil
}

type disassociateAddressInput struct{ AssociationID string }

func (s *elasticIPOperations) disassociateAddress(_ context.Context, in *disassociateAddressInput) (*wire.Empty, error) {
	address, ok := find(s.elasticIPs, func(a *elasticIP) bool {
		return a.AssociationID == in.AssociationID && in.AssociationID != ""
	})
	if !ok {
		return nil, associationNotFound(in.AssociationID)
	}
	if eni, ok := s.interfaces.Get(address.InterfaceID); ok && eni.Type == natGatewayType {
		return nil, wire.Errorf("AuthFailure", "You do not have permission to access the specified resource.")
	}
	s.addressing.disassociate(address)
	return nil, nil
}

type releaseAddressInput struct {
	AllocationID       string
	NetworkBorderGroup string
}

func (s *elasticIPOperations) releaseAddress(_ context.Context, in *releaseAddressInput) (*wire.Empty, error) {
	address, err := s.elasticIP(in.AllocationID)
	if err != nil {
		return nil, err
	}
	if address.InterfaceID != "" {
		return nil, wire.Errorf("InvalidIPAddress.InUse", "Address %s is in use.", address.PublicIP)
	}
	s.forget(address.AllocationID)
	s.elasticIPs.Delete(address.AllocationID)
	return nil, nil
}
