package ec2

import (
	"context"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// networkACL is a VPC's default network ACL, which lets everything through.
// localaws has no others.
type networkACL struct {
	ID, VPCID string
}

// networkACLOperations are those on network ACLs.
type networkACLOperations struct{ *records }

func (s *networkACLOperations) operations() []wire.Operation {
	return []wire.Operation{wire.ReadOp("DescribeNetworkAcls", s.describeNetworkACLs)}
}

type networkACLItem struct {
	ID           string           `out:"networkAclId"`
	VPCID        string           `out:"vpcId"`
	OwnerID      string           `out:"ownerId"`
	Default      bool             `out:"default"`
	Associations []aclAssociation `out:"associationSet"`
	Entries      []aclEntry       `out:"entrySet"`
	Tags         []tags.Tag       `out:"tagSet"`
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

func (s *networkACLOperations) networkACLItem(acl *networkACL) networkACLItem {
	item := networkACLItem{
		ID: acl.ID, VPCID: acl.VPCID, OwnerID: s.account.ID, Default: true,
		Associations: []aclAssociation{}, Tags: s.tagsOf(acl.ID).List(),
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
func (s *networkACLOperations) subnetsOf(acl *networkACL) []*subnet {
	var found []*subnet
	for _, sn := range s.subnets.All() {
		if sn.VPCID == acl.VPCID {
			found = append(found, sn)
		}
	}
	return found
}

func (s *networkACLOperations) family() family[*networkACL] {
	return family[*networkACL]{
		all: list(s.networkACLs), id: func(a *networkACL) string { return a.ID }, notFound: networkACLNotFound,
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

func (s *networkACLOperations) describeNetworkACLs(_ context.Context, in *describeNetworkACLsInput) (*describeNetworkACLsOutput, error) {
	page, next, err := choose(s.records, s.family(), in.IDs, in.selection)
	return &describeNetworkACLsOutput{ACLs: each(page, s.networkACLItem), NextToken: next}, err
}
