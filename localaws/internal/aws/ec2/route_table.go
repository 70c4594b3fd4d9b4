package ec2

import (
	"context"
	"slices"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

type routeTable struct {
	ID, VPCID    string
	Routes       []route // without the local one, which follows from the VPC
	Associations []routeTableAssociation
}

type routeTableAssociation struct {
	ID       string
	SubnetID string // "" for the main association
}

func (t *routeTable) isMain() bool { return t.isOf("") }

// isOf reports whether the table is a subnet's own, or with "" a VPC's main one.
func (t *routeTable) isOf(subnetID string) bool {
	return slices.ContainsFunc(t.Associations, func(a routeTableAssociation) bool { return a.SubnetID == subnetID })
}

// newMainRouteTable makes the table that a VPC comes with.
func newMainRouteTable(vpcID string) *routeTable {
	return &routeTable{ID: ids.New("rtb"), VPCID: vpcID, Associations: []routeTableAssociation{{ID: ids.New("rtbassoc")}}}
}

// routeTableOperations are those on route tables and their routes.
type routeTableOperations struct {
	*records
	routing *routing
}

func (s *routeTableOperations) operations() []wire.Operation {
	return []wire.Operation{
		wire.Op("CreateRouteTable", s.createRouteTable),
		wire.Op("DeleteRouteTable", s.deleteRouteTable),
		wire.ReadOp("DescribeRouteTables", s.describeRouteTables),
		wire.Op("AssociateRouteTable", s.associateRouteTable),
		wire.Op("DisassociateRouteTable", s.disassociateRouteTable),
		wire.Op("ReplaceRouteTableAssociation", s.replaceRouteTableAssociation),
		wire.Op("CreateRoute", s.createRoute),
		wire.Op("ReplaceRoute", s.replaceRoute),
		wire.Op("DeleteRoute", s.deleteRoute),
	}
}

type createRouteTableInput struct {
	tagged
	VPCID       string `in:"VpcId"`
	ClientToken string
}

type routeTableOutput struct {
	RouteTable  routeTableItem
	ClientToken string
}

type routeTableItem struct {
	ID              string                      `out:"routeTableId"`
	VPCID           string                      `out:"vpcId"`
	OwnerID         string                      `out:"ownerId"`
	Routes          []routeItem                 `out:"routeSet"`
	Associations    []routeTableAssociationItem `out:"associationSet"`
	PropagatingVGWs []string                    `out:"propagatingVgwSet"`
	Tags            []tags.Tag                  `out:"tagSet"`
}

type routeTableAssociationItem struct {
	ID       string           `out:"routeTableAssociationId"`
	TableID  string           `out:"routeTableId"`
	SubnetID string           `out:"subnetId"`
	Main     bool             `out:"main"`
	State    associationState `out:"associationState"`
}

type associationState struct{ State string }

func (s *routeTableOperations) createRouteTable(_ context.Context, in *createRouteTableInput) (*routeTableOutput, error) {
	if made, ok := s.routeTables.Get(s.made("rtb", in.ClientToken)); ok {
		return &routeTableOutput{RouteTable: s.routeTableItem(made), ClientToken: in.ClientToken}, nil
	}
	v, err := s.vpc(in.VPCID)
	if err != nil {
		return nil, err
	}
	set, err := in.tagsFor("route-table")
	if err != nil {
		return nil, err
	}
	table := &routeTable{ID: ids.New("rtb"), VPCID: v.ID}
	s.routeTables.Put(table.ID, table)
	s.setTags(table.ID, set)
	s.remember("rtb", in.ClientToken, table.ID)
	return &routeTableOutput{RouteTable: s.routeTableItem(table), ClientToken: in.ClientToken}, nil
}

func (s *routeTableOperations) routeTableItem(table *routeTable) routeTableItem {
	item := routeTableItem{
		ID: table.ID, VPCID: table.VPCID, OwnerID: s.account.ID, Routes: s.routeItems(table),
		Associations: []routeTableAssociationItem{}, PropagatingVGWs: []string{}, Tags: s.tagsOf(table.ID).List(),
	}
	for _, a := range table.Associations {
		item.Associations = append(item.Associations, routeTableAssociationItem{
			ID: a.ID, TableID: table.ID, SubnetID: a.SubnetID, Main: a.SubnetID == "", State: associationState{"associated"},
		})
	}
	return item
}

func (s *routeTableOperations) family() family[*routeTable] {
	associations := func(get func(routeTableAssociation) []string) func(*routeTable) []string {
		return func(t *routeTable) (all []string) {
			for _, a := range t.Associations {
				all = append(all, get(a)...)
			}
			return all
		}
	}
	routes := func(get func(routeItem) string) func(*routeTable) []string {
		return func(t *routeTable) (all []string) {
			for _, r := range s.routeItems(t) {
				all = append(all, one(get(r))...)
			}
			return all
		}
	}
	return family[*routeTable]{
		all: list(s.routeTables), id: func(t *routeTable) string { return t.ID }, notFound: routeTableNotFound,
		attributes: attributes[*routeTable]{
			"route-table-id": func(t *routeTable) []string { return one(t.ID) },
			"vpc-id":         func(t *routeTable) []string { return one(t.VPCID) },
			"owner-id":       func(*routeTable) []string { return one(s.account.ID) },

			"association.main":                       associations(func(a routeTableAssociation) []string { return oneBool(a.SubnetID == "") }),
			"association.subnet-id":                  associations(func(a routeTableAssociation) []string { return one(a.SubnetID) }),
			"association.gateway-id":                 associations(func(routeTableAssociation) []string { return nil }),
			"association.route-table-association-id": associations(func(a routeTableAssociation) []string { return one(a.ID) }),
			"association.route-table-id":             func(t *routeTable) []string { return one(t.ID) },
			"association-id":                         associations(func(a routeTableAssociation) []string { return one(a.ID) }),

			"route.destination-cidr-block": routes(func(r routeItem) string { return r.Destination }),
			"route.gateway-id":             routes(func(r routeItem) string { return r.GatewayID }),
			"route.nat-gateway-id":         routes(func(r routeItem) string { return r.NATGatewayID }),
			"route.origin":                 routes(func(r routeItem) string { return r.Origin }),
			"route.state":                  routes(func(r routeItem) string { return r.State }),
		},
	}
}

type describeRouteTablesInput struct {
	selection
	IDs []string `in:"RouteTableId"`
}

type describeRouteTablesOutput struct {
	Tables    []routeTableItem `out:"routeTableSet"`
	NextToken string
}

func (s *routeTableOperations) describeRouteTables(_ context.Context, in *describeRouteTablesInput) (*describeRouteTablesOutput, error) {
	page, next, err := choose(s.records, s.family(), in.IDs, in.selection)
	return &describeRouteTablesOutput{Tables: each(page, s.routeTableItem), NextToken: next}, err
}

type routeTableIDInput struct {
	RouteTableID string
}

func (s *routeTableOperations) deleteRouteTable(_ context.Context, in *routeTableIDInput) (*wire.Empty, error) {
	table, err := s.routeTable(in.RouteTableID)
	if err != nil {
		return nil, err
	}
	if len(table.Associations) > 0 {
		return nil, hasDependencies("routeTable", table.ID)
	}
	s.forget(table.ID)
	s.routeTables.Delete(table.ID)
	return nil, nil
}

type associateRouteTableInput struct {
	RouteTableID string
	SubnetID     string
}

type routeTableAssociationOutput struct {
	AssociationID string           `out:"associationId"`
	State         associationState `out:"associationState"`
}

func (s *routeTableOperations) associateRouteTable(_ context.Context, in *associateRouteTableInput) (*routeTableAssociationOutput, error) {
	table, err := s.routeTable(in.RouteTableID)
	if err != nil {
		return nil, err
	}
	sn, err := s.subnet(in.SubnetID)
	if err != nil {
		return nil, err
	}
	if sn.VPCID != table.VPCID {
		return nil, wire.Errorf("InvalidParameterValue", "Route table %s and subnet %s belong to different networks", table.ID, sn.ID)
	}
	if has(s.routeTables, func(t *routeTable) bool { return t.isOf(sn.ID) }) {
		return nil, wire.Errorf("Resource.AlreadyAssociated",
			"the specified association for route table %s conflicts with an existing association", table.ID)
	}
	s.routeTables.Put(table.ID, table)
	a := routeTableAssociation{ID: ids.New("rtbassoc"), SubnetID: sn.ID}
	table.Associations = append(table.Associations, a)
	return &routeTableAssociationOutput{AssociationID: a.ID, State: associationState{"associated"}}, nil
}

// association finds an association and the table that it is in.
func (s *routeTableOperations) association(id string) (*routeTable, int, error) {
	for _, table := range s.routeTables.All() {
		for i, a := range table.Associations {
			if a.ID == id {
				return table, i, nil
			}
		}
	}
	return nil, 0, associationNotFound(id)
}

type associationIDInput struct {
	AssociationID string
}

func (s *routeTableOperations) disassociateRouteTable(_ context.Context, in *associationIDInput) (*wire.Empty, error) {
	table, i, err := s.association(in.AssociationID)
	if err != nil {
		return nil, err
	}
	if table.Associations[i].SubnetID == "" {
		return nil, wire.Errorf("InvalidParameterValue", "cannot disassociate the main route table association %s", in.AssociationID)
	}
	s.routeTables.Put(table.ID, table)
	table.Associations = slices.Delete(table.Associations, i, i+1)
	return nil, nil
}

type replaceAssociationInput struct {
	AssociationID string
	RouteTableID  string
}

type replaceAssociationOutput struct {
	NewAssociationID string           `out:"newAssociationId"`
	State            associationState `out:"associationState"`
}

// replaceRouteTableAssociation moves a subnet, or with the main association
// the VPC, to another table.
func (s *routeTableOperations) replaceRouteTableAssociation(_ context.Context, in *replaceAssociationInput) (*replaceAssociationOutput, error) {
	from, i, err := s.association(in.AssociationID)
	if err != nil {
		return nil, err
	}
	to, err := s.routeTable(in.RouteTableID)
	if err != nil {
		return nil, err
	}
	if from.VPCID != to.VPCID {
		return nil, wire.Errorf("InvalidParameterValue", "Route tables %s and %s belong to different networks", from.ID, to.ID)
	}
	moved := routeTableAssociation{ID: ids.New("rtbassoc"), SubnetID: from.Associations[i].SubnetID}
	s.routeTables.Put(from.ID, from)
	s.routeTables.Put(to.ID, to)
	from.Associations = slices.Delete(from.Associations, i, i+1)
	to.Associations = append(to.Associations, moved)
	return &replaceAssociationOutput{NewAssociationID: moved.ID, State: associationState{"associated"}}, nil
}
