package ec2

import (
	"context"
	"slices"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// A VPC's further CIDR blocks.

type associateCIDRInput struct {
	VPCID     string `in:"VpcId"`
	CIDRBlock string
}

type associateCIDROutput struct {
	VPCID       string      `out:"vpcId"`
	Association vpcCIDRItem `out:"cidrBlockAssociation"`
}

func (s *Service) associateVPCCIDR(_ context.Context, in *associateCIDRInput) (*associateCIDROutput, error) {
	v, err := s.vpc(in.VPCID)
	if err != nil {
		return nil, err
	}
	prefix, err := parseIPv4CIDR("cidrBlock", in.CIDRBlock)
	if err != nil {
		return nil, err
	}
	if err := mustBeNetwork("InvalidVpc.Range", prefix); err != nil {
		return nil, err
	}
	for _, c := range v.CIDRs {
		if prefixOf(c.CIDR).Overlaps(prefix) {
			return nil, wire.Errorf("InvalidVpc.Range", "The CIDR '%s' overlaps the CIDR '%s' of %s.", prefix, c.CIDR, v.ID)
		}
	}
	added := cidrAssociation{ID: ids.New("vpc-cidr-assoc"), CIDR: prefix.String()}
	v.CIDRs = append(v.CIDRs, added)
	return &associateCIDROutput{VPCID: v.ID, Association: vpcCIDRItem{added.ID, added.CIDR, cidrState{"associating"}}}, nil
}

type associationIDInput struct {
	AssociationID string
}

func (s *Service) disassociateVPCCIDR(_ context.Context, in *associationIDInput) (*associateCIDROutput, error) {
	for _, v := range s.state.VPCs {
		i := slices.IndexFunc(v.CIDRs, func(c cidrAssociation) bool { return c.ID == in.AssociationID })
		if i < 0 {
			continue
		}
		gone := v.CIDRs[i]
		if i == 0 {
			return nil, wire.Errorf("OperationNotPermitted", "The vpc CIDR block with association ID %s may not be disassociated. It is the primary IPv4 CIDR block of the VPC", gone.ID)
		}
		for _, sn := range s.state.Subnets {
			if sn.VPCID == v.ID && covers(prefixOf(gone.CIDR), prefixOf(sn.CIDR)) {
				return nil, wire.Errorf("DependencyViolation", "The CIDR %s of %s is used by the subnet %s.", gone.CIDR, v.ID, sn.ID)
			}
		}
		v.CIDRs = slices.Delete(v.CIDRs, i, i+1)
		return &associateCIDROutput{VPCID: v.ID, Association: vpcCIDRItem{gone.ID, gone.CIDR, cidrState{"disassociating"}}}, nil
	}
	return nil, wire.Errorf("InvalidVpcCidrBlockAssociationID.NotFound", "The vpc CIDR block association ID '%s' does not exist", in.AssociationID)
}
