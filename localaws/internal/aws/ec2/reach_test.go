package ec2_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ec2"
)

// street is a network with a load balancer, a backend behind it, and groups as
// the module makes them.
type street struct {
	network
	lbGroup, backendGroup string
	lb, backend           string // interfaces
	nat, allocation       string
}

var client = ec2.Peer{Address: netip.MustParseAddr("127.0.0.1")}

func newStreet(t *testing.T, w *world) street {
	t.Helper()
	w.run(t)
	s := street{network: w.network(t, "10.1.0.0/16")}
	s.lbGroup, s.backendGroup = w.group(t, s.vpc, "lb"), w.group(t, s.vpc, "backend")
	w.noEgress(t, s.lbGroup)
	w.allow(t, "Ingress", s.lbGroup, "443", "0.0.0.0/0")
	w.allow(t, "Egress", s.lbGroup, "32768", s.backendGroup)
	w.allow(t, "Ingress", s.backendGroup, "32768", s.lbGroup)
	s.lb = w.createInterface(t, s.public, true, s.lbGroup)
	s.backend = w.createInterface(t, s.private, false, s.backendGroup)
	s.nat, s.allocation = w.nat(t, s.public)
	w.call(t, "CreateRoute", "RouteTableId", s.privateTable, "DestinationCidrBlock", "0.0.0.0/0", "NatGatewayId", s.nat).OK(t)
	return s
}

func (w *world) reach(from, to ec2.Peer, port uint16) error {
	return locked(w, func() error { return w.ec2.Reach(from, to, "tcp", port) })
}

func eni(id string) ec2.Peer { return ec2.Peer{InterfaceID: id} }

func TestWhoReachesWhom(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := newStreet(t, w)
	internet := ec2.Peer{Address: netip.MustParseAddr("203.0.113.9")}
	otherNetwork := w.network(t, "10.2.0.0/16")
	stranger := w.createInterface(t, otherNetwork.public, true)
	hidden := w.createInterface(t, otherNetwork.private, false)

	for name, c := range map[string]struct {
		from, to ec2.Peer
		port     uint16
		says     []string // empty: it gets there
	}{
		"client to listener":                     {client, eni(s.lb), 443, nil},
		"client to a port without a rule":        {client, eni(s.lb), 8081, []string{"no ingress rule of " + s.lbGroup + " (lb) lets tcp port 8081 in from 127.0.0.1"}},
		"client to a private instance":           {client, eni(s.backend), 32768, []string{"no public address"}},
		"load balancer to task":                  {eni(s.lb), eni(s.backend), 32768, nil},
		"load balancer to another port":          {eni(s.lb), eni(s.backend), 8080, []string{"no egress rule of " + s.lbGroup, "port 8080"}},
		"load balancer to the internet":          {eni(s.lb), internet, 443, []string{"no egress rule of " + s.lbGroup}},
		"task to the internet through NAT":       {eni(s.backend), internet, 443, nil},
		"task to load balancer":                  {eni(s.backend), eni(s.lb), 443, nil},
		"task to itself on another port":         {eni(s.backend), eni(s.backend), 22, []string{"no ingress rule of " + s.backendGroup}},
		"task to a public host elsewhere":        {eni(s.backend), eni(stranger), 80, []string{"no ingress rule", "lets tcp port 80 in"}},
		"load balancer to a hidden host":         {eni(s.backend), eni(hidden), 80, []string{"different networks", s.vpc, otherNetwork.vpc}},
		"a stranger's packet with its address":   {ec2.Peer{InterfaceID: s.backend, Address: netip.MustParseAddr("198.51.100.1")}, eni(s.lb), 443, nil},
		"an interface that is gone":              {eni("eni-0"), eni(s.lb), 443, []string{"eni-0 does not exist"}},
		"two hosts that are none of our concern": {client, internet, 1, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := w.reach(c.from, c.to, c.port)
			if len(c.says) == 0 {
				require.NoError(t, err)
			}
			for _, says := range c.says {
				require.ErrorContains(t, err, says)
			}
		})
	}
}

// TestClientAddressIsChecked: a rule for some networks lets no others in; and an
// NLB that keeps the client's address is checked by that.
func TestClientAddressIsChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := newStreet(t, w)
	w.allow(t, "Ingress", s.lbGroup, "8443", "203.0.113.0/24")
	require.NoError(t, w.reach(ec2.Peer{Address: netip.MustParseAddr("203.0.113.9")}, eni(s.lb), 8443))
	require.ErrorContains(t, w.reach(client, eni(s.lb), 8443), "127.0.0.1")

	open := locked(w, func() ec2.Interface {
		eni, err := w.ec2.CreateInterface(ec2.InterfaceSpec{SubnetID: s.public, Type: "network_load_balancer"})
		require.NoError(t, err)
		return eni
	})
	assert.Empty(t, open.Groups)
	w.allow(t, "Ingress", s.backendGroup, "9000", "203.0.113.9/32")
	kept := ec2.Peer{InterfaceID: open.ID, Address: netip.MustParseAddr("203.0.113.9")}
	require.NoError(t, w.reach(kept, eni(s.backend), 9000))
	require.ErrorContains(t, w.reach(ec2.Peer{InterfaceID: open.ID, Address: open.Address}, eni(s.backend), 9000), open.PrivateIP,
		"its own loopback address stands for its private one")
}

func TestListenerNeedsARouteBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := newStreet(t, w)
	require.NoError(t, w.reach(client, eni(s.lb), 443))
	w.call(t, "DeleteRoute", "RouteTableId", s.publicTable, "DestinationCidrBlock", "0.0.0.0/0").OK(t)
	require.ErrorContains(t, w.reach(client, eni(s.lb), 443), "no route to an internet gateway")
}

// TestInternetAccess takes away, one after the other, what an instance needs to
// pull images and to join its cluster.
func TestInternetAccess(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		break_ func(t *testing.T, w *world, s street)
		from   func(s street) string
		says   string
	}{
		"nothing missing": {func(*testing.T, *world, street) {}, func(s street) string { return s.backend }, ""},
		"no route": {func(t *testing.T, w *world, s street) {
			w.call(t, "DeleteRoute", "RouteTableId", s.privateTable, "DestinationCidrBlock", "0.0.0.0/0").OK(t)
		}, func(s street) string { return s.backend }, "has no route to"},
		"no NAT gateway": {func(t *testing.T, w *world, s street) {
			w.call(t, "DeleteNatGateway", "NatGatewayId", s.nat).OK(t)
		}, func(s street) string { return s.backend }, "which is gone"},
		"a NAT gateway without a way out": {func(t *testing.T, w *world, s street) {
			w.call(t, "DeleteRoute", "RouteTableId", s.publicTable, "DestinationCidrBlock", "0.0.0.0/0").OK(t)
		}, func(s street) string { return s.backend }, "lies in the subnet"},
		"no egress rule": {func(t *testing.T, w *world, s street) {
			w.noEgress(t, s.backendGroup)
		}, func(s street) string { return s.backend }, "no egress rule of"},
		"a public subnet without a public address": {func(t *testing.T, w *world, s street) {
			w.noEgress(t, s.backendGroup)
		}, nil, "has no public address"},
		"a NAT gateway that is not there yet": {func(t *testing.T, w *world, s street) {
			allocation := w.get(t, "allocationId", "AllocateAddress")
			gateway := w.get(t, "natGatewayId", "CreateNatGateway", "SubnetId", s.public, "AllocationId", allocation)
			w.call(t, "ReplaceRoute", "RouteTableId", s.privateTable, "DestinationCidrBlock", "0.0.0.0/0", "NatGatewayId", gateway).OK(t)
		}, func(s street) string { return s.backend }, "is pending"},
		"a private NAT gateway": {func(t *testing.T, w *world, s street) {
			gateway := w.get(t, "natGatewayId", "CreateNatGateway", "SubnetId", s.public, "ConnectivityType", "private")
			w.clock.Advance(2 * time.Minute)
			eventually(t, "available", func() bool { return w.natState(t, gateway) == "available" })
			w.call(t, "ReplaceRoute", "RouteTableId", s.privateTable, "DestinationCidrBlock", "0.0.0.0/0", "NatGatewayId", gateway).OK(t)
		}, func(s street) string { return s.backend }, "is private"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			s := newStreet(t, w)
			c.break_(t, w, s)
			from := ""
			if c.from != nil {
				from = c.from(s)
			} else {
				from = w.createInterface(t, s.public, false)
			}
			err := locked(w, func() error { return w.ec2.InternetAccess(from) })
			if c.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.says)
		})
	}
}

// TestMostSpecificRouteWins: part of the internet may go another way.
func TestMostSpecificRouteWins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := newStreet(t, w)
	w.call(t, "CreateRoute", "RouteTableId", s.privateTable, "DestinationCidrBlock", "52.94.0.0/16", "GatewayId", s.gateway).OK(t)
	err := locked(w, func() error { return w.ec2.InternetAccess(s.backend) })
	require.ErrorContains(t, err, "the internet gateway "+s.gateway+" drops its packets")
	require.NoError(t, w.reach(eni(s.backend), ec2.Peer{Address: netip.MustParseAddr("203.0.113.9")}, 443))
}
