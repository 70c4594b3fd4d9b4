package ec2

import "net/netip"

// routing follows route tables.
type routing struct{ *records }

// tableOf is the route table of a subnet: its own, else the VPC's main one.
func (s *routing) tableOf(vpcID, subnetID string) *routeTable {
	if own, ok := find(s.routeTables, func(t *routeTable) bool { return t.isOf(subnetID) }); ok {
		return own
	}
	main, _ := find(s.routeTables, func(t *routeTable) bool { return t.VPCID == vpcID && t.isMain() })
	return main
}

// isBlackhole reports whether a route's gateway is gone or detached.
func (s *routing) isBlackhole(table *routeTable, r route) bool {
	if r.NATGatewayID != "" {
		gateway, ok := s.natGateways.Get(r.NATGatewayID)
		return !ok || gateway.State == natDeleted || gateway.State == natDeleting || gateway.State == natFailed
	}
	gateway, ok := s.internetGateways.Get(r.GatewayID)
	return !ok || gateway.VPCID != table.VPCID
}

// routeTo is the most specific route to an address that is not in the VPC.
func (s *routing) routeTo(table *routeTable, address netip.Addr) (route, bool) {
	best, found := route{}, false
	for _, r := range table.Routes {
		prefix := prefixOf(r.Destination)
		if prefix.Contains(address) && (!found || prefix.Bits() > prefixOf(best.Destination).Bits()) {
			best, found = r, true
		}
	}
	return best, found
}

// anywhere is an address on the internet that stands for all of them.
var anywhere = netip.MustParseAddr("192.0.2.1")

// isPublic reports whether a subnet's default route leads to an internet gateway.
func (s *routing) isPublic(vpcID, subnetID string) bool {
	table := s.tableOf(vpcID, subnetID)
	r, ok := s.routeTo(table, anywhere)
	return ok && r.GatewayID != "" && !s.isBlackhole(table, r)
}
