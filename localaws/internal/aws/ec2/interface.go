package ec2

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// maxGroups is the quota of security groups on one interface.
const maxGroups = 5

// Interface types, as DescribeNetworkInterfaces names them.
const (
	interfaceType  = "interface"
	natGatewayType = "nat_gateway"
)

// networkInterface is an Interface, and what only its own operations show.
type networkInterface struct {
	Interface
	MAC string
	// AttachmentID and Attached are of the host that it is attached to.
	AttachmentID string
	Attached     time.Time
}

// Interface is an elastic network interface.
type Interface struct {
	ID, Description, SubnetID, VPCID, AvailabilityZone, Type string
	// RequesterID and InstanceOwnerID are those of AWS's own interfaces,
	// such as amazon-elb.
	RequesterID, InstanceOwnerID string
	// PrivateIP is its address in the VPC, PublicIP the one on the internet:
	// an Elastic IP's, its own, or "".
	PrivateIP, PublicIP string
	Groups              []string
	// Address is where the interface's host is on this machine.
	Address netip.Addr
	// InstanceID is the instance that it belongs to: "" when it is attached to
	// a host that is not the account's, or to none.
	InstanceID string
}

// InterfaceSpec is what CreateInterface needs.
type InterfaceSpec struct {
	SubnetID, Description string
	// Type is "interface" when "".
	Type                         string
	RequesterID, InstanceOwnerID string
	// Groups are security groups; none is the VPC's default group. An
	// interface of type nat_gateway or network_load_balancer may have none.
	Groups []string
	// Public gives the interface a public address.
	Public bool
}

func (eni *networkInterface) view() Interface {
	view := eni.Interface
	view.Groups = slices.Clone(eni.Groups)
	return view
}

// interfaceOperations are those on network interfaces, and what other parts of
// localaws do with them.
type interfaceOperations struct {
	*records
	addressing *addressing
	addresses  Addresses
}

func (s *interfaceOperations) operations() []wire.Operation {
	return []wire.Operation{wire.ReadOp("DescribeNetworkInterfaces", s.describeNetworkInterfaces)}
}

// CreateInterface makes an interface for a host that another service runs.
func (s *interfaceOperations) CreateInterface(spec InterfaceSpec) (Interface, error) {
	eni, err := s.createInterface(spec)
	if err != nil {
		return Interface{}, err
	}
	return eni.view(), nil
}

func (s *interfaceOperations) createInterface(spec InterfaceSpec) (*networkInterface, error) {
	sn, err := s.subnet(spec.SubnetID)
	if err != nil {
		return nil, err
	}
	if spec.Type == "" {
		spec.Type = interfaceType
	}
	if len(spec.Groups) == 0 && spec.Type == interfaceType {
		spec.Groups = []string{s.defaultGroup(sn.VPCID)}
	}
	if err := s.checkGroups(spec.Groups, sn.VPCID); err != nil {
		return nil, err
	}
	private, err := s.addressing.allocateIP(sn)
	if err != nil {
		return nil, err
	}
	public := ""
	if spec.Public {
		if public, err = s.addressing.allocatePublicIP(); err != nil {
			return nil, err
		}
	}
	address, err := s.hostAddress()
	if err != nil {
		return nil, err
	}
	eni := &networkInterface{MAC: macOf(private), Attached: s.account.Clock.Now(), Interface: Interface{
		ID: ids.New("eni"), Description: spec.Description, SubnetID: sn.ID, VPCID: sn.VPCID, AvailabilityZone: sn.AvailabilityZone,
		Type: spec.Type, RequesterID: spec.RequesterID, InstanceOwnerID: spec.InstanceOwnerID, PrivateIP: private,
		PublicIP: public, Groups: slices.Clone(spec.Groups), Address: address,
	}}
	if spec.InstanceOwnerID != "" {
		eni.AttachmentID = ids.New("ela-attach")
	}
	s.interfaces.Put(eni.ID, eni)
	return eni, nil
}

// hostAddress returns an address of this machine that no interface has. The
// interfaces count, not what Addresses remembers: a restart makes it forget, and
// nothing puts back what it gave to an operation that failed.
func (s *interfaceOperations) hostAddress() (netip.Addr, error) {
	for {
		address, err := s.addresses.Allocate()
		if err != nil {
			return netip.Addr{}, fmt.Errorf("finding an address for a network interface: %w", err)
		}
		if _, taken := s.InterfaceByAddress(address); !taken {
			return address, nil
		}
	}
}

// macOf makes a hardware address of the private one: unique in a VPC.
func macOf(private string) string {
	b := netip.MustParseAddr(private).As4()
	return fmt.Sprintf("02:00:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3])
}

// checkGroups refuses groups that do not exist or are of another VPC.
func (s *interfaceOperations) checkGroups(groups []string, vpcID string) error {
	if len(groups) > maxGroups {
		return wire.Errorf("SecurityGroupsPerInterfaceLimitExceeded", "The maximum number of security groups per interface has been reached: %d of %d.", len(groups), maxGroups)
	}
	for _, id := range groups {
		group, ok := s.securityGroups.Get(id)
		if !ok {
			return wire.Errorf("InvalidGroup.NotFound", "The security group '%s' does not exist in VPC '%s'", id, vpcID)
		}
		if group.VPCID != vpcID {
			return wire.Errorf("InvalidParameter", "Security group %s and its interface belong to different networks: %s and %s.", id, group.VPCID, vpcID)
		}
	}
	return nil
}

// DeleteInterface removes an interface and gives its addresses back.
func (s *interfaceOperations) DeleteInterface(id string) error {
	eni, ok := s.interfaces.Get(id)
	if !ok {
		return interfaceNotFound(id)
	}
	if address, ok := s.byInterface(id); ok {
		s.addressing.disassociate(address)
	}
	s.addresses.Release(eni.Address)
	s.forget(id)
	s.interfaces.Delete(id)
	return nil
}

// SetInterfaceGroups replaces an interface's security groups.
func (s *interfaceOperations) SetInterfaceGroups(id string, groups []string) error {
	eni, ok := s.interfaces.Change(id)
	if !ok {
		return interfaceNotFound(id)
	}
	if err := s.checkGroups(groups, eni.VPCID); err != nil {
		return err
	}
	eni.Groups = slices.Clone(groups)
	return nil
}

// Interface returns the interface with that id.
func (s *interfaceOperations) Interface(id string) (Interface, bool) {
	eni, ok := s.interfaces.Get(id)
	if !ok {
		return Interface{}, false
	}
	return eni.view(), true
}

// InterfaceByAddress returns the interface whose host has that address on this
// machine.
func (s *interfaceOperations) InterfaceByAddress(address netip.Addr) (Interface, bool) {
	eni, ok := find(s.interfaces, func(eni *networkInterface) bool { return eni.Address == address })
	if !ok {
		return Interface{}, false
	}
	return eni.view(), true
}
