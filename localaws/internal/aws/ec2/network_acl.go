package ec2

import (
	"cmp"
	"context"
	"slices"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
)

// networkACL is a VPC's default network ACL, which lets everything through.
// localaws has no others.
type networkACL struct {
	ID, VPCID string
}

func (s *Service) makeDefaultNetworkACL(vpcID string) {
	acl := &networkACL{ID: ids.New("acl"), VPCID: vpcID}
	s.state.NetworkACLs[acl.ID] = acl
}

type networkACLItem struct {
	ID           string           `out:"networkAclId"`
	VPCID        string           `out:"vpcId"`
	OwnerID      string           `out:"ownerId"`
	Default      bool             `out:"default"`
	Associations []aclAssociation `out:"associationSet"`
	Entries      []aclEntry       `out:"entrySet"`
	Tags         []core.Tag       `out:"tagSet"`
}

type aclAssociation struct {
	ID       string `out:"networkAclAssociationId"`
	ACLID    string `out:"networkAclId"`
	SubnetID string `out:"subnetId"`
}

type aclEntry struct {
	CIDRBlock  string `out:"cidrBlock"`
	Egress     bool
	Protocol   string
	RuleAction string
	RuleNumber int
}

func (s *Service) networkACLItem(acl *networkACL) networkACLItem {
	item := networkACLItem{
		ID: acl.ID, VPCID: acl.VPCID, OwnerID: s.account.ID, Default: true,
		Associations: []aclAssociation{}, Tags: s.tagList(acl.ID),
	}
	for _, sn := range s.subnetsOf(acl) {
		item.Associations = append(item.Associations, aclAssociation{sn.ACLAssociationID, acl.ID, sn.ID})
	}
	for _, egress := range []bool{true, false} {
		item.Entries = append(item.Entries,
			aclEntry{"0.0.0.0/0", egress, "-1", "allow", 100},
			aclEntry{"0.0.0.0/0", egress, "-1", "deny", 32767})
	}
	return item
}

// subnetsOf are the subnets of the ACL's VPC, by id.
func (s *Service) subnetsOf(acl *networkACL) []*subnet {
	var found []*subnet
	for _, sn := range s.state.Subnets {
		if sn.VPCID == acl.VPCID {
			found = append(found, sn)
		}
	}
	slices.SortFunc(found, func(a, b *subnet) int { return cmp.Compare(a.ID, b.ID) })
	return found
}

func (s *Service) networkACLs() family[*networkACL] {
	return family[*networkACL]{
		all: values(s.state.NetworkACLs), id: func(a *networkACL) string { return a.ID }, notFound: networkACLNotFound,
		attributes: attributes[*networkACL]{
			"network-acl-id": func(a *networkACL) []string { return one(a.ID) },
			"vpc-id":         func(a *networkACL) []string { return one(a.VPCID) },
			"owner-id":       func(*networkACL) []string { return one(s.account.ID) },
			"default":        func(*networkACL) []string { return oneBool(true) },
			"association.subnet-id": func(a *networkACL) (all []string) {
				for _, sn := range s.subnetsOf(a) {
					all = append(all, sn.ID)
				}
				return all
			},
			"association.association-id": func(a *networkACL) (all []string) {
				for _, sn := range s.subnetsOf(a) {
					all = append(all, sn.ACLAssociationID)
				}
				return all
			},
			"association.network-acl-id": func(a *networkACL) []string { return one(a.ID) },
		},
	}
}

type describeNetworkACLsInput struct {
	selection
	IDs []string `in:"NetworkAclId"`
}

type describeNetworkACLsOutput struct {
	ACLs      []networkACLItem `out:"networkAclSet"`
	NextToken string
}

func (s *Service) describeNetworkACLs(_ context.Context, in *describeNetworkACLsInput) (*describeNetworkACLsOutput, error) {
	page, next, err := choose(s, s.networkACLs(), in.IDs, in.selection)
	return &describeNetworkACLsOutput{ACLs: each(page, s.networkACLItem), NextToken: next}, err
}
