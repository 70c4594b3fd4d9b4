package ec2

import (
	"net/netip"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// publicNetwork is where public addresses come from: a range that is reserved
// for tests (RFC 2544), so that no host has them.
var publicNetwork = netip.MustParsePrefix("198.18.0.0/15")

// addressing hands out private and public addresses.
type addressing struct{ *records }

// usedIPs are the private addresses of a subnet's interfaces.
func (s *addressing) usedIPs(sn *subnet) map[string]bool {
	used := map[string]bool{}
	for _, eni := range s.interfaces.All() {
		if eni.SubnetID == sn.ID {
			used[eni.PrivateIP] = true
		}
	}
	return used
}

func (s *addressing) freeIPs(sn *subnet) int { return hosts(prefixOf(sn.CIDR)) - len(s.usedIPs(sn)) }

// allocateIP returns a private address of the subnet that is not in use.
func (s *addressing) allocateIP(sn *subnet) (string, error) {
	s.subnets.Put(sn.ID, sn)
	prefix := prefixOf(sn.CIDR)
	used := s.usedIPs(sn)
	for range hosts(prefix) {
		address := host(prefix, sn.Next%hosts(prefix)).String()
		sn.Next++
		if !used[address] {
			return address, nil
		}
	}
	return "", wire.Errorf("InsufficientFreeAddressesInSubnet", "The specified subnet '%s' does not have enough free addresses to satisfy the request.", sn.ID)
}

// allocatePublicIP returns a public address that is not in use.
func (s *addressing) allocatePublicIP() (string, error) {
	used := map[string]bool{}
	for _, address := range s.elasticIPs.All() {
		used[address.PublicIP] = true
	}
	for _, eni := range s.interfaces.All() {
		used[eni.PublicIP] = true
	}
	for range hosts(publicNetwork) {
		count := s.publicIPs.Get()
		s.publicIPs.Set(count + 1)
		address := host(publicNetwork, count%hosts(publicNetwork)).String()
		if !used[address] {
			return address, nil
		}
	}
	return "", wire.Errorf("InsufficientAddressCapacity", "all public addresses of %s are in use", publicNetwork)
}

// associate gives an interface an Elastic IP; the public address that it had
// goes.
func (s *addressing) associate(address *elasticIP, eni *networkInterface) error {
	if _, attached := s.gatewayOf(eni.VPCID); !attached {
		return wire.Errorf("Gateway.NotAttached", "Network %s is not attached to any internet gateway", eni.VPCID)
	}
	s.disassociate(address)
	if before, ok := s.byInterface(eni.ID); ok {
		s.disassociate(before)
	}
	s.interfaces.Put(eni.ID, eni)
	address.AssociationID, address.InterfaceID = ids.New("eipassoc"), eni.ID
	eni.PublicIP = address.PublicIP
	return nil
}

func (s *addressing) disassociate(address *elasticIP) {
	if eni, ok := s.interfaces.Change(address.InterfaceID); ok {
		eni.PublicIP = ""
	}
	s.elasticIPs.Put(address.AllocationID, address)
	address.AssociationID, address.InterfaceID = "", ""
}
