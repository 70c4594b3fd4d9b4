package ec2

import (
	"context"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// A NAT gateway's states,
// https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-work-with.html.
const (
	natPending   = "pending"
	natAvailable = "available"
	natDeleting  = "deleting"
	natDeleted   = "deleted"
	natFailed    = "failed"
)

// How long AWS takes: making and deleting a NAT gateway, and how long a deleted
// one is still listed.
const (
	natCreation = 90 * time.Second
	natDeletion = 40 * time.Second
	natMemory   = time.Hour
)

const (
	connectivityPublic  = "public"
	connectivityPrivate = "private"
)

type natGateway struct {
	ID, SubnetID, VPCID, State, Connectivity string
	InterfaceID, AllocationID                string
	PrivateIP, PublicIP, AssociationID       string
	FailureCode, FailureMessage              string
	Created                                  time.Time
	Deleted                                  *time.Time
	// Next is when the state moves on.
	Next time.Time
}

// natGatewayOperations are those on NAT gateways.
type natGatewayOperations struct {
	*records
	addressing *addressing
	network    *interfaceOperations
}

func (s *natGatewayOperations) operations() []wire.Operation {
	return []wire.Operation{
		wire.Op("CreateNatGateway", s.createNATGateway),
		wire.Op("DeleteNatGateway", s.deleteNATGateway),
		wire.ReadOp("DescribeNatGateways", s.describeNATGateways),
	}
}

type createNATGatewayInput struct {
	tagged
	SubnetID         string
	AllocationID     string
	ConnectivityType string
	// AvailabilityMode is zonal: localaws has no regional NAT gateways.
	AvailabilityMode string
	ClientToken      string
}

type createNATGatewayOutput struct {
	ClientToken string
	NATGateway  natGatewayItem `out:"natGateway"`
}

type natGatewayItem struct {
	ID                 string           `out:"natGatewayId"`
	SubnetID           string           `out:"subnetId"`
	VPCID              string           `out:"vpcId"`
	State              string           `out:"state"`
	ConnectivityType   string           `out:"connectivityType"`
	AvailabilityMode   string           `out:"availabilityMode"`
	CreateTime         time.Time        `out:"createTime"`
	DeleteTime         *time.Time       `out:"deleteTime"`
	FailureCode        string           `out:"failureCode"`
	FailureMessage     string           `out:"failureMessage"`
	Addresses          []natAddressItem `out:"natGatewayAddressSet"`
	AttachedAppliances []string         `out:"attachedApplianceSet"`
	Tags               []tags.Tag       `out:"tagSet"`
}

type natAddressItem struct {
	AllocationID  string `out:"allocationId"`
	AssociationID string `out:"associationId"`
	InterfaceID   string `out:"networkInterfaceId"`
	PrivateIP     string `out:"privateIp"`
	PublicIP      string `out:"publicIp"`
	IsPrimary     bool   `out:"isPrimary"`
	Status        string `out:"status"`
}

func (s *natGatewayOperations) createNATGateway(_ context.Context, in *createNATGatewayInput) (*createNATGatewayOutput, error) {
	if made, ok := s.natGateways.Get(s.made("nat", in.ClientToken)); ok {
		return &createNATGatewayOutput{ClientToken: in.ClientToken, NATGateway: s.natGatewayItem(made)}, nil
	}
	if in.ConnectivityType == "" {
		in.ConnectivityType = connectivityPublic
	}
	sn, set, err := s.checkNATGateway(in)
	if err != nil {
		return nil, err
	}
	gateway := &natGateway{
		ID: ids.New("nat"), SubnetID: sn.ID, VPCID: sn.VPCID, State: natPending, Connectivity: in.ConnectivityType,
		AllocationID: in.AllocationID, Created: s.account.Clock.Now(), Next: s.account.Clock.In(natCreation),
	}
	eni, err := s.network.createInterface(InterfaceSpec{
		SubnetID: sn.ID, Description: "Interface for NAT Gateway " + gateway.ID, Type: natGatewayType,
		RequesterID: s.account.ID, InstanceOwnerID: "amazon-aws",
	})
	if err != nil {
		return nil, err
	}
	gateway.InterfaceID, gateway.PrivateIP = eni.ID, eni.PrivateIP
	s.natGateways.Put(gateway.ID, gateway)
	s.setTags(gateway.ID, set)
	s.remember("nat", in.ClientToken, gateway.ID)
	return &createNATGatewayOutput{ClientToken: in.ClientToken, NATGateway: s.natGatewayItem(gateway)}, nil
}

func (s *natGatewayOperations) checkNATGateway(in *createNATGatewayInput) (*subnet, tags.Set, error) {
	sn, err := s.subnet(in.SubnetID)
	if err != nil {
		return nil, nil, err
	}
	if in.AvailabilityMode != "" && in.AvailabilityMode != "zonal" {
		return nil, nil, invalid("availabilityMode", in.AvailabilityMode, "localaws has zonal NAT gateways only.")
	}
	switch in.ConnectivityType {
	case connectivityPublic:
		address, err := s.elasticIP(in.AllocationID)
		if err != nil {
			return nil, nil, err
		}
		pending := has(s.natGateways, func(g *natGateway) bool { return g.AllocationID == address.AllocationID && g.State == natPending })
		if address.InterfaceID != "" || pending {
			return nil, nil, wire.Errorf("Resource.AlreadyAssociated", "Elastic IP address [%s] is already associated", address.AllocationID)
		}
	case connectivityPrivate:
		if in.AllocationID != "" {
			return nil, nil, wire.Errorf("InvalidParameterCombination", "AllocationId can't be used with a private NAT gateway")
		}
	default:
		return nil, nil, invalid("connectivityType", in.ConnectivityType, "Use public or private.")
	}
	set, err := in.tagsFor("natgateway")
	return sn, set, err
}

// step moves a gateway, which is marked, on to its next state.
func (s *natGatewayOperations) step(gateway *natGateway) {
	switch gateway.State {
	case natPending:
		s.finish(gateway)
	case natDeleting:
		s.release(gateway)
		now := s.account.Clock.Now()
		gateway.State, gateway.Deleted, gateway.Next = natDeleted, &now, s.account.Clock.In(natMemory)
	case natDeleted, natFailed:
		s.forget(gateway.ID)
		s.natGateways.Delete(gateway.ID)
	}
}

// finish gives the gateway its public address. Without an internet
// gateway on the network it fails, as
// https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html
// describes.
func (s *natGatewayOperations) finish(gateway *natGateway) {
	gateway.State, gateway.Next = natAvailable, time.Time{}
	if gateway.Connectivity == connectivityPrivate {
		return
	}
	address, ok := s.elasticIPs.Get(gateway.AllocationID)
	if !ok {
		s.fail(gateway, "InvalidAllocationID.NotFound", "Elastic IP address "+gateway.AllocationID+" could not be associated with this NAT gateway")
		return
	}
	eni, ok := s.interfaces.Get(gateway.InterfaceID)
	if !ok || s.addressing.associate(address, eni) != nil {
		s.fail(gateway, "Gateway.NotAttached", "Network "+gateway.VPCID+" has no Internet gateway attached")
		return
	}
	gateway.PublicIP, gateway.AssociationID = address.PublicIP, address.AssociationID
}

func (s *natGatewayOperations) fail(gateway *natGateway, code, message string) {
	gateway.State, gateway.FailureCode, gateway.FailureMessage = natFailed, code, message
	gateway.Next = s.account.Clock.In(natMemory)
	s.release(gateway)
}

func (s *natGatewayOperations) release(gateway *natGateway) {
	if gateway.InterfaceID == "" {
		return
	}
	if err := s.network.DeleteInterface(gateway.InterfaceID); err != nil {
		s.account.Log.Error("removing the interface of a NAT gateway", "gateway", gateway.ID, "error", err)
	}
	gateway.InterfaceID = ""
}

func (s *natGatewayOperations) natGatewayItem(gateway *natGateway) natGatewayItem {
	status := "succeeded"
	switch gateway.State {
	case natPending:
		status = "associating"
	case natFailed:
		status = "failed"
	}
	return natGatewayItem{
		ID: gateway.ID, SubnetID: gateway.SubnetID, VPCID: gateway.VPCID, State: gateway.State,
		ConnectivityType: gateway.Connectivity, AvailabilityMode: "zonal", CreateTime: gateway.Created, DeleteTime: gateway.Deleted,
		FailureCode: gateway.FailureCode, FailureMessage: gateway.FailureMessage,
		Addresses: []natAddressItem{{
			AllocationID: gateway.AllocationID, AssociationID: gateway.AssociationID, InterfaceID: gateway.InterfaceID,
			PrivateIP: gateway.PrivateIP, PublicIP: gateway.PublicIP, IsPrimary: true, Status: status,
		}},
		AttachedAppliances: []string{}, Tags: s.tagsOf(gateway.ID).List(),
	}
}

func (s *natGatewayOperations) family() family[*natGateway] {
	return family[*natGateway]{
		all: list(s.natGateways), id: func(g *natGateway) string { return g.ID }, notFound: natGatewayNotFound,
		attributes: attributes[*natGateway]{
			"nat-gateway-id":    func(g *natGateway) []string { return one(g.ID) },
			"state":             func(g *natGateway) []string { return one(g.State) },
			"subnet-id":         func(g *natGateway) []string { return one(g.SubnetID) },
			"vpc-id":            func(g *natGateway) []string { return one(g.VPCID) },
			"connectivity-type": func(g *natGateway) []string { return one(g.Connectivity) },
		},
	}
}

type describeNATGatewaysInput struct {
	selection
	IDs []string `in:"NatGatewayId"`
}

type describeNATGatewaysOutput struct {
	Gateways  []natGatewayItem `out:"natGatewaySet"`
	NextToken string
}

func (s *natGatewayOperations) describeNATGateways(_ context.Context, in *describeNATGatewaysInput) (*describeNATGatewaysOutput, error) {
	page, next, err := choose(s.records, s.family(), in.IDs, in.selection)
	return &describeNATGatewaysOutput{Gateways: each(page, s.natGatewayItem), NextToken: next}, err
}

type natGatewayIDInput struct {
	NATGatewayID string `in:"NatGatewayId"`
}

type natGatewayIDOutput struct {
	NATGatewayID string `out:"natGatewayId"`
}

func (s *natGatewayOperations) deleteNATGateway(_ context.Context, in *natGatewayIDInput) (*natGatewayIDOutput, error) {
	gateway, ok := s.natGateways.Get(in.NATGatewayID)
	if !ok {
		return nil, natGatewayNotFound(in.NATGatewayID)
	}
	if gateway.State != natDeleting && gateway.State != natDeleted {
		s.natGateways.Put(gateway.ID, gateway)
		gateway.State, gateway.Next = natDeleting, s.account.Clock.In(natDeletion)
	}
	return &natGatewayIDOutput{NATGatewayID: gateway.ID}, nil
}
