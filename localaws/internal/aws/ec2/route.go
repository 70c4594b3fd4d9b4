package ec2

import (
	"context"
	"net/netip"
	"slices"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// Where a packet goes that a route's destination fits, as routeItem.Origin and
// State have it.
const (
	localGateway   = "local"
	originTable    = "CreateRouteTable"
	originRoute    = "CreateRoute"
	routeActive    = "active"
	routeBlackhole = "blackhole"
)

// route leads to a gateway: GatewayID is an internet gateway, or NATGatewayID
// is set.
type route struct {
	Destination  string // a CIDR block
	GatewayID    string
	NATGatewayID string
}

type routeItem struct {
	Destination  string `out:"destinationCidrBlock"`
	GatewayID    string `out:"gatewayId"`
	NATGatewayID string `out:"natGatewayId"`
	Origin       string
	State        string
}

// cidrOf is the block of a table's VPC.
func (s *routeTableOperations) cidrOf(table *routeTable) string {
	if v, ok := s.vpcs.Get(table.VPCID); ok {
		return v.CIDR
	}
	return ""
}

// routeItems are a table's routes, the local one first.
func (s *routeTableOperations) routeItems(table *routeTable) []routeItem {
	items := []routeItem{{Destination: s.cidrOf(table), GatewayID: localGateway, Origin: originTable, State: routeActive}}
	for _, r := range table.Routes {
		item := routeItem{Destination: r.Destination, GatewayID: r.GatewayID, NATGatewayID: r.NATGatewayID, Origin: originRoute, State: routeActive}
		if s.routing.isBlackhole(table, r) {
			item.State = routeBlackhole
		}
		items = append(items, item)
	}
	return items
}

type returnOutput struct {
	Return bool `out:"return"`
}

type routeInput struct {
	RouteTableID         string
	DestinationCIDRBlock string
	GatewayID            string
	NATGatewayID         string `in:"NatGatewayId"`
}

// destination returns which route a request means.
func (in *routeInput) destination() (netip.Prefix, error) {
	if in.DestinationCIDRBlock == "" {
		return netip.Prefix{}, missing("destinationCidrBlock")
	}
	return parseIPv4CIDR("destinationCidrBlock", in.DestinationCIDRBlock)
}

// route makes a checked route of a request.
func (s *routeTableOperations) route(in *routeInput) (*routeTable, route, error) {
	table, err := s.routeTable(in.RouteTableID)
	if err != nil {
		return nil, route{}, err
	}
	prefix, err := in.destination()
	if err != nil {
		return nil, route{}, err
	}
	if covers(prefixOf(s.cidrOf(table)), prefix) {
		return nil, route{}, wire.Errorf("InvalidParameterValue",
			"The destination CIDR block %s is equal to or more specific than one of this VPC's CIDR blocks. This route can target only an interface or an instance.", prefix)
	}
	return table, route{Destination: prefix.String(), GatewayID: in.GatewayID, NATGatewayID: in.NATGatewayID}, s.checkTarget(table, in)
}

func (s *routeTableOperations) checkTarget(table *routeTable, in *routeInput) error {
	switch {
	case in.GatewayID != "" && in.NATGatewayID != "":
		return wire.Errorf("InvalidParameterCombination", "Only one of gatewayId and natGatewayId can be specified")
	case in.NATGatewayID != "":
		gateway, ok := s.natGateways.Get(in.NATGatewayID)
		if !ok {
			return wire.Errorf("InvalidNatGatewayID.NotFound", "The natGateway ID '%s' does not exist", in.NATGatewayID)
		}
		return sameNetwork(table, gateway.VPCID, "nat gateway "+gateway.ID)
	case in.GatewayID != "":
		gateway, ok := s.internetGateways.Get(in.GatewayID)
		if !ok {
			return wire.Errorf("InvalidGatewayID.NotFound", "The gateway ID '%s' does not exist", in.GatewayID)
		}
		return sameNetwork(table, gateway.VPCID, "network gateway "+gateway.ID)
	}
	return missing("gatewayId or natGatewayId")
}

func sameNetwork(table *routeTable, vpcID, gateway string) error {
	if table.VPCID == vpcID {
		return nil
	}
	return wire.Errorf("InvalidParameterValue", "route table %s and %s belong to different networks", table.ID, gateway)
}

func (t *routeTable) find(destination string) int {
	return slices.IndexFunc(t.Routes, func(r route) bool { return r.Destination == destination })
}

func (s *routeTableOperations) createRoute(_ context.Context, in *routeInput) (*returnOutput, error) {
	table, r, err := s.route(in)
	if err != nil {
		return nil, err
	}
	if i := table.find(r.Destination); i >= 0 {
		if table.Routes[i] == r {
			return &returnOutput{Return: true}, nil
		}
		return nil, wire.Errorf("RouteAlreadyExists", "The route identified by %s already exists.", r.Destination)
	}
	s.routeTables.Put(table.ID, table)
	table.Routes = append(table.Routes, r)
	return &returnOutput{Return: true}, nil
}

func routeNotFound(table *routeTable, destination string) error {
	return wire.Errorf("InvalidRoute.NotFound", "no route with destination-cidr-block %s in route table %s", destination, table.ID)
}

func (s *routeTableOperations) replaceRoute(_ context.Context, in *routeInput) (*wire.Empty, error) {
	table, r, err := s.route(in)
	if err != nil {
		return nil, err
	}
	i := table.find(r.Destination)
	if i < 0 {
		return nil, wire.Errorf("InvalidParameterValue", "There is no route defined for '%s' in the route table. Use CreateRoute instead.", r.Destination)
	}
	s.routeTables.Put(table.ID, table)
	table.Routes[i] = r
	return nil, nil
}

func (s *routeTableOperations) deleteRoute(_ context.Context, in *routeInput) (*wire.Empty, error) {
	table, err := s.routeTable(in.RouteTableID)
	if err != nil {
		return nil, err
	}
	prefix, err := in.destination()
	if err != nil {
		return nil, err
	}
	if covers(prefixOf(s.cidrOf(table)), prefix) {
		return nil, wire.Errorf("InvalidParameterValue", "cannot remove local route %s in route table %s", prefix, table.ID)
	}
	i := table.find(prefix.String())
	if i < 0 {
		return nil, routeNotFound(table, prefix.String())
	}
	s.routeTables.Put(table.ID, table)
	table.Routes = slices.Delete(table.Routes, i, i+1)
	return nil, nil
}
