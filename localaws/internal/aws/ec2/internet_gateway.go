package ec2

import (
	"context"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

type internetGateway struct {
	ID    string
	VPCID string // "" when it is detached
}

// internetGatewayOperations are those on internet gateways.
type internetGatewayOperations struct{ *records }

func (s *internetGatewayOperations) operations() []wire.Operation {
	return []wire.Operation{
		wire.Op("CreateInternetGateway", s.createInternetGateway),
		wire.Op("DeleteInternetGateway", s.deleteInternetGateway),
		wire.ReadOp("DescribeInternetGateways", s.describeInternetGateways),
		wire.Op("AttachInternetGateway", s.attachInternetGateway),
		wire.Op("DetachInternetGateway", s.detachInternetGateway),
	}
}

type createInternetGatewayInput struct{ tagged }

type internetGatewayOutput struct {
	InternetGateway internetGatewayItem
}

type internetGatewayItem struct {
	ID          string              `out:"internetGatewayId"`
	OwnerID     string              `out:"ownerId"`
	Attachments []gatewayAttachment `out:"attachmentSet"`
	Tags        []tags.Tag          `out:"tagSet"`
}

type gatewayAttachment struct {
	State string
	VPCID string `out:"vpcId"`
}

func (s *internetGatewayOperations) createInternetGateway(_ context.Context, in *createInternetGatewayInput) (*internetGatewayOutput, error) {
	set, err := in.tagsFor("internet-gateway")
	if err != nil {
		return nil, err
	}
	gateway := &internetGateway{ID: ids.New("igw")}
	s.internetGateways.Put(gateway.ID, gateway)
	s.setTags(gateway.ID, set)
	return &internetGatewayOutput{InternetGateway: s.internetGatewayItem(gateway)}, nil
}

func (s *internetGatewayOperations) internetGatewayItem(gateway *internetGateway) internetGatewayItem {
	item := internetGatewayItem{
		ID: gateway.ID, OwnerID: s.account.ID, Attachments: []gatewayAttachment{}, Tags: s.tagsOf(gateway.ID).List(),
	}
	if gateway.VPCID != "" {
		item.Attachments = append(item.Attachments, gatewayAttachment{State: "available", VPCID: gateway.VPCID})
	}
	return item
}

func (s *internetGatewayOperations) family() family[*internetGateway] {
	return family[*internetGateway]{
		all: list(s.internetGateways), id: func(g *internetGateway) string { return g.ID }, notFound: internetGatewayNotFound,
		attributes: attributes[*internetGateway]{
			"internet-gateway-id": func(g *internetGateway) []string { return one(g.ID) },
			"owner-id":            func(*internetGateway) []string { return one(s.account.ID) },
			"attachment.vpc-id":   func(g *internetGateway) []string { return one(g.VPCID) },
			"attachment.state": func(g *internetGateway) []string {
				if g.VPCID == "" {
					return nil
				}
				return one("available")
			},
		},
	}
}

type describeInternetGatewaysInput struct {
	selection
	IDs []string `in:"InternetGatewayId"`
}

type describeInternetGatewaysOutput struct {
	Gateways  []internetGatewayItem `out:"internetGatewaySet"`
	NextToken string
}

func (s *internetGatewayOperations) describeInternetGateways(_ context.Context, in *describeInternetGatewaysInput) (*describeInternetGatewaysOutput, error) {
	page, next, err := choose(s.records, s.family(), in.IDs, in.selection)
	return &describeInternetGatewaysOutput{Gateways: each(page, s.internetGatewayItem), NextToken: next}, err
}

type attachInternetGatewayInput struct {
	InternetGatewayID string
	VPCID             string `in:"VpcId"`
}

func (s *internetGatewayOperations) attachInternetGateway(_ context.Context, in *attachInternetGatewayInput) (*wire.Empty, error) {
	gateway, err := s.internetGateway(in.InternetGatewayID)
	if err != nil {
		return nil, err
	}
	v, err := s.vpc(in.VPCID)
	if err != nil {
		return nil, err
	}
	if gateway.VPCID != "" {
		return nil, wire.Errorf("Resource.AlreadyAssociated", "resource %s is already attached to network %s", gateway.ID, gateway.VPCID)
	}
	if _, has := s.gatewayOf(v.ID); has {
		return nil, wire.Errorf("InvalidParameterValue", "Network %s already has an internet gateway attached", v.ID)
	}
	s.internetGateways.Put(gateway.ID, gateway)
	gateway.VPCID = v.ID
	return nil, nil
}

// detachInternetGateway refuses while an interface of the VPC has a public
// address, as its connections would break.
func (s *internetGatewayOperations) detachInternetGateway(_ context.Context, in *attachInternetGatewayInput) (*wire.Empty, error) {
	gateway, err := s.internetGateway(in.InternetGatewayID)
	if err != nil {
		return nil, err
	}
	if _, err := s.vpc(in.VPCID); err != nil {
		return nil, err
	}
	if gateway.VPCID != in.VPCID {
		return nil, wire.Errorf("Gateway.NotAttached", "resource %s is not attached to network %s", gateway.ID, in.VPCID)
	}
	if has(s.interfaces, func(eni *networkInterface) bool { return eni.VPCID == in.VPCID && eni.PublicIP != "" }) {
		return nil, wire.Errorf("DependencyViolation",
			"Network %s has some mapped public address(es). Please unmap those public address(es) before detaching the gateway.", in.VPCID)
	}
	s.internetGateways.Put(gateway.ID, gateway)
	gateway.VPCID = ""
	return nil, nil
}

type internetGatewayIDInput struct {
	InternetGatewayID string
}

func (s *internetGatewayOperations) deleteInternetGateway(_ context.Context, in *internetGatewayIDInput) (*wire.Empty, error) {
	gateway, err := s.internetGateway(in.InternetGatewayID)
	if err != nil {
		return nil, err
	}
	if gateway.VPCID != "" {
		return nil, hasDependencies("internetGateway", gateway.ID)
	}
	s.forget(gateway.ID)
	s.internetGateways.Delete(gateway.ID)
	return nil, nil
}
