package ec2

import (
	"fmt"
	"net/netip"
	"strings"
)

// Peer is one end of a connection: a network interface, or a host on the
// internet.
type Peer struct {
	// InterfaceID is "" for a host on the internet.
	InterfaceID string
	// Address is that host's address. With an interface it is the address
	// that its packets come from when that is not its own, as when a network
	// load balancer keeps the client's; its own loopback address, or none,
	// means its own.
	Address netip.Addr
}

// reachability follows packets through the network.
type reachability struct {
	*records
	routing *routing
}

// Reach reports whether a packet gets from one peer to the other, and the answer
// back: nil, or an error that says what is in the way. Security groups are
// stateful, so only the packet that opens a connection is checked;
// https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html.
// protocol is "tcp", "udp" or "icmp".
func (s *reachability) Reach(from, to Peer, protocol string, port uint16) error {
	p := packet{protocol: protocol, port: port}
	source, err := s.endpointOf(from)
	if err != nil {
		return err
	}
	target, err := s.endpointOf(to)
	if err != nil {
		return err
	}
	switch {
	case source.eni == nil && target.eni == nil:
		return nil // neither is ours
	case source.eni == nil:
		return s.reachIn(source, target, p)
	case target.eni == nil:
		return s.reachOut(source, target.address, p)
	case source.eni.VPCID == target.eni.VPCID:
		return s.reachWithin(source, target, p)
	}
	return s.reachAcross(source, target, p)
}

type packet struct {
	protocol string
	port     uint16
}

func (p packet) String() string { return fmt.Sprintf("%s port %d", p.protocol, p.port) }

// endpoint is a Peer looked up; eni is nil for a host on the internet.
type endpoint struct {
	eni     *networkInterface
	address netip.Addr
}

func (s *reachability) endpointOf(p Peer) (endpoint, error) {
	if p.InterfaceID == "" {
		return endpoint{address: p.Address}, nil
	}
	eni, ok := s.interfaces.Get(p.InterfaceID)
	if !ok {
		return endpoint{}, fmt.Errorf("the network interface %s does not exist", p.InterfaceID)
	}
	address := p.Address
	if !address.IsValid() || address == eni.Address {
		address = netip.MustParseAddr(eni.PrivateIP)
	}
	return endpoint{eni, address}, nil
}

// reachWithin is a packet inside a VPC, where the local route leads everywhere.
func (s *reachability) reachWithin(source, target endpoint, p packet) error {
	if err := s.mayLeave(source.eni, target.eni.privateAddr(), target.eni.Groups, p); err != nil {
		return err
	}
	return s.mayEnter(target.eni, source.address, source.eni.Groups, p)
}

// reachOut is a packet to the internet.
func (s *reachability) reachOut(source endpoint, to netip.Addr, p packet) error {
	if _, err := s.wayOut(source.eni, to); err != nil {
		return err
	}
	return s.mayLeave(source.eni, to, nil, p)
}

// reachIn is a packet from the internet, whose answers must find the way back.
func (s *reachability) reachIn(source, target endpoint, p packet) error {
	eni := target.eni
	if eni.PublicIP == "" {
		return fmt.Errorf("%s has no public address, so nothing on the internet reaches it", eni)
	}
	table := s.routing.tableOf(eni.VPCID, eni.SubnetID)
	r, ok := s.routing.routeTo(table, routable(source.address))
	if !ok || r.GatewayID == "" || s.routing.isBlackhole(table, r) {
		return fmt.Errorf("the subnet %s of %s has no route to an internet gateway for %s (route table %s)", eni.SubnetID, eni, source.address, table.ID)
	}
	return s.mayEnter(eni, source.address, nil, p)
}

// reachAcross is a packet from one VPC to another: over the internet, as
// localaws has no peering.
func (s *reachability) reachAcross(source, target endpoint, p packet) error {
	public, err := netip.ParseAddr(target.eni.PublicIP)
	if err != nil {
		return fmt.Errorf("%s and %s are in different networks (%s and %s)", source.eni, target.eni, source.eni.VPCID, target.eni.VPCID)
	}
	seenAs, err := s.wayOut(source.eni, public)
	if err != nil {
		return err
	}
	if err := s.mayLeave(source.eni, public, nil, p); err != nil {
		return err
	}
	return s.reachIn(endpoint{address: seenAs}, target, p)
}

// routable is the address that a route must lead to: clients of this machine
// stand for hosts on the internet, whatever their address is.
func routable(address netip.Addr) netip.Addr {
	if address.IsLoopback() || !address.Is4() {
		return anywhere
	}
	return address
}

// wayOut finds how an interface's packets get to the internet, and returns the
// public address that they come from there.
func (s *reachability) wayOut(eni *networkInterface, to netip.Addr) (seenAs netip.Addr, err error) {
	table := s.routing.tableOf(eni.VPCID, eni.SubnetID)
	r, ok := s.routing.routeTo(table, routable(to))
	switch {
	case !ok:
		return netip.Addr{}, fmt.Errorf("the subnet %s of %s has no route to %s (route table %s)", eni.SubnetID, eni, to, table.ID)
	case s.routing.isBlackhole(table, r):
		return netip.Addr{}, fmt.Errorf("the route to %s of the subnet %s leads to %s, which is gone (route table %s)", r.Destination, eni.SubnetID, r.GatewayID+r.NATGatewayID, table.ID)
	case r.NATGatewayID != "":
		gateway, _ := s.natGateways.Get(r.NATGatewayID) // there, as the route is not a black hole
		return s.wayThroughNAT(gateway)
	case eni.PublicIP == "":
		return netip.Addr{}, fmt.Errorf("%s has no public address, so the internet gateway %s drops its packets", eni, r.GatewayID)
	}
	return netip.MustParseAddr(eni.PublicIP), nil
}

func (s *reachability) wayThroughNAT(gateway *natGateway) (netip.Addr, error) {
	if gateway.State != natAvailable {
		return netip.Addr{}, fmt.Errorf("the NAT gateway %s is %s", gateway.ID, gateway.State)
	}
	if gateway.Connectivity == connectivityPrivate {
		return netip.Addr{}, fmt.Errorf("the NAT gateway %s is private: it does not lead to the internet", gateway.ID)
	}
	if !s.routing.isPublic(gateway.VPCID, gateway.SubnetID) {
		return netip.Addr{}, fmt.Errorf("the NAT gateway %s lies in the subnet %s, which has no route to an internet gateway", gateway.ID, gateway.SubnetID)
	}
	return netip.MustParseAddr(gateway.PublicIP), nil
}

// awsEndpoint stands for the addresses of AWS's services.
var awsEndpoint = netip.MustParseAddr("52.94.0.10")

// InternetAccess reports whether an interface's host can call AWS's services and
// other hosts on the internet over HTTPS; if not, the error says why.
func (s *reachability) InternetAccess(interfaceID string) error {
	return s.Reach(Peer{InterfaceID: interfaceID}, Peer{Address: awsEndpoint}, "tcp", 443)
}

func (eni *networkInterface) String() string {
	if eni.Description != "" {
		return eni.ID + " (" + eni.Description + ")"
	}
	return eni.ID
}

func (eni *networkInterface) privateAddr() netip.Addr { return netip.MustParseAddr(eni.PrivateIP) }

// mayLeave checks the egress rules of an interface's groups.
func (s *reachability) mayLeave(eni *networkInterface, to netip.Addr, peers []string, p packet) error {
	if s.allowed(eni, true, p, to, peers) {
		return nil
	}
	return fmt.Errorf("no egress rule of %s lets %s go to %s%s: %s", s.groupNames(eni.Groups), p, to, s.orGroups(peers), eni)
}

// mayEnter checks the ingress rules of an interface's groups.
func (s *reachability) mayEnter(eni *networkInterface, from netip.Addr, peers []string, p packet) error {
	if s.allowed(eni, false, p, from, peers) {
		return nil
	}
	return fmt.Errorf("no ingress rule of %s lets %s in from %s%s: %s", s.groupNames(eni.Groups), p, from, s.orGroups(peers), eni)
}

// allowed reports whether a rule of an interface's groups covers a packet. An
// interface without groups, of a network load balancer, is open.
func (s *reachability) allowed(eni *networkInterface, egress bool, p packet, peer netip.Addr, peerGroups []string) bool {
	for _, id := range eni.Groups {
		group, ok := s.securityGroups.Get(id)
		if !ok {
			continue
		}
		for _, r := range group.Rules {
			if r.Egress == egress && r.allows(p.protocol, p.port, peer, peerGroups) {
				return true
			}
		}
	}
	return len(eni.Groups) == 0
}

func (s *reachability) orGroups(ids []string) string {
	if len(ids) == 0 {
		return ""
	}
	return " or " + s.groupNames(ids)
}

// groupNames are ids with names, for people.
func (s *reachability) groupNames(ids []string) string {
	var names []string
	for _, id := range ids {
		if group, ok := s.securityGroups.Get(id); ok {
			id += " (" + group.Name + ")"
		}
		names = append(names, id)
	}
	return strings.Join(names, ", ")
}
