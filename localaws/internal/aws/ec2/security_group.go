package ec2

import (
	"context"
	"slices"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

const defaultGroupName = "default"

type securityGroup struct {
	ID, Name, Description, VPCID string
	Rules                        []rule
}

// newDefaultGroup makes the group that a VPC comes with: its members reach one
// another and everything outside.
func newDefaultGroup(vpcID string) *securityGroup {
	group := &securityGroup{
		ID: ids.New("sg"), Name: defaultGroupName, Description: "default VPC security group", VPCID: vpcID,
	}
	group.Rules = []rule{
		{ID: ids.New("sgr"), permission: permission{Protocol: allProtocols, GroupID: group.ID}},
		anyEgress(),
	}
	return group
}

// anyEgress is the rule that every new group has.
func anyEgress() rule {
	return rule{ID: ids.New("sgr"), Egress: true, permission: permission{Protocol: allProtocols, CIDR: "0.0.0.0/0"}}
}

// securityGroupOperations are those on security groups.
type securityGroupOperations struct{ *records }

func (s *securityGroupOperations) operations() []wire.Operation {
	return []wire.Operation{
		wire.Op("CreateSecurityGroup", s.createSecurityGroup),
		wire.Op("DeleteSecurityGroup", s.deleteSecurityGroup),
		wire.ReadOp("DescribeSecurityGroups", s.describeSecurityGroups),
	}
}

// SecurityGroupVPC returns the VPC of a security group.
func (s *securityGroupOperations) SecurityGroupVPC(id string) (vpcID string, ok bool) {
	group, ok := s.securityGroups.Get(id)
	if !ok {
		return "", false
	}
	return group.VPCID, true
}

type createSecurityGroupInput struct {
	tagged
	GroupName        string
	GroupDescription string
	VPCID            string `in:"VpcId"`
}

type createSecurityGroupOutput struct {
	GroupID string     `out:"groupId"`
	ARN     string     `out:"securityGroupArn"`
	Tags    []tags.Tag `out:"tagSet"`
}

func (s *securityGroupOperations) createSecurityGroup(_ context.Context, in *createSecurityGroupInput) (*createSecurityGroupOutput, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	if in.VPCID == "" {
		return nil, wire.Errorf("VPCIdNotSpecified", "No default VPC for this user")
	}
	v, err := s.vpc(in.VPCID)
	if err != nil {
		return nil, err
	}
	if has(s.securityGroups, func(g *securityGroup) bool { return g.VPCID == v.ID && g.Name == in.GroupName }) {
		return nil, wire.Errorf("InvalidGroup.Duplicate", "The security group '%s' already exists for VPC '%s'", in.GroupName, v.ID)
	}
	set, err := in.tagsFor("security-group")
	if err != nil {
		return nil, err
	}
	group := &securityGroup{
		ID: ids.New("sg"), Name: in.GroupName, Description: in.GroupDescription, VPCID: v.ID, Rules: []rule{anyEgress()},
	}
	s.securityGroups.Put(group.ID, group)
	s.setTags(group.ID, set)
	return &createSecurityGroupOutput{GroupID: group.ID, ARN: s.groupARN(group), Tags: s.tagsOf(group.ID).List()}, nil
}

// groupText are the characters that names and descriptions may hold.
const groupText = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ._-:/()#,@[]+=&;{}!$*"

func (in *createSecurityGroupInput) check() error {
	for parameter, text := range map[string]string{"GroupName": in.GroupName, "GroupDescription": in.GroupDescription} {
		switch {
		case text == "":
			return missing(parameter)
		case len(text) > 255:
			return invalid(parameter, text, "Character sets beyond 255 characters are not supported.")
		case strings.Trim(text, groupText) != "" || strings.ContainsFunc(text, func(r rune) bool { return !strings.ContainsRune(groupText, r) }):
			return invalid(parameter, text, "Only these characters can be used: a-z, A-Z, 0-9, spaces, and ._-:/()#,@[]+=&;{}!$*")
		}
	}
	if strings.HasPrefix(in.GroupName, "sg-") {
		return invalid("groupName", in.GroupName, "Group names may not be in the format sg-*.")
	}
	if strings.EqualFold(in.GroupName, defaultGroupName) {
		return wire.Errorf("InvalidParameterValue", "Cannot use reserved security group name: %s", in.GroupName)
	}
	return nil
}

func (s *securityGroupOperations) groupARN(group *securityGroup) string {
	return s.account.ARN("ec2", "security-group/"+group.ID)
}

type groupItem struct {
	ID          string           `out:"groupId"`
	ARN         string           `out:"securityGroupArn"`
	Name        string           `out:"groupName"`
	Description string           `out:"groupDescription"`
	VPCID       string           `out:"vpcId"`
	OwnerID     string           `out:"ownerId"`
	Ingress     []permissionItem `out:"ipPermissions"`
	Egress      []permissionItem `out:"ipPermissionsEgress"`
	Tags        []tags.Tag       `out:"tagSet"`
}

func (s *securityGroupOperations) groupItem(group *securityGroup) groupItem {
	return groupItem{
		ID: group.ID, ARN: s.groupARN(group), Name: group.Name, Description: group.Description, VPCID: group.VPCID, OwnerID: s.account.ID,
		Ingress: s.permissionItems(group, false), Egress: s.permissionItems(group, true), Tags: s.tagsOf(group.ID).List(),
	}
}

func (s *securityGroupOperations) family() family[*securityGroup] {
	f := family[*securityGroup]{
		all: list(s.securityGroups), id: func(g *securityGroup) string { return g.ID }, notFound: groupNotFound,
		attributes: attributes[*securityGroup]{
			"group-id":    func(g *securityGroup) []string { return one(g.ID) },
			"group-name":  func(g *securityGroup) []string { return one(g.Name) },
			"description": func(g *securityGroup) []string { return one(g.Description) },
			"vpc-id":      func(g *securityGroup) []string { return one(g.VPCID) },
			"owner-id":    func(*securityGroup) []string { return one(s.account.ID) },
		},
	}
	for prefix, egress := range map[string]bool{"ip-permission.": false, "egress.ip-permission.": true} {
		for name, get := range permissionAttributes() {
			f.attributes[prefix+name] = func(g *securityGroup) (all []string) {
				for _, r := range g.Rules {
					if r.Egress == egress {
						all = append(all, get(r.permission)...)
					}
				}
				return all
			}
		}
	}
	return f
}

type describeSecurityGroupsInput struct {
	selection
	GroupIDs   []string `in:"GroupId"`
	GroupNames []string `in:"GroupName"`
}

type describeSecurityGroupsOutput struct {
	Groups    []groupItem `out:"securityGroupInfo"`
	NextToken string
}

func (s *securityGroupOperations) describeSecurityGroups(_ context.Context, in *describeSecurityGroupsInput) (*describeSecurityGroupsOutput, error) {
	if len(in.GroupNames) > 0 {
		// A name alone means a group of the default VPC, and there is none.
		return nil, groupNotFound(strings.Join(in.GroupNames, ", "))
	}
	page, next, err := choose(s.records, s.family(), in.GroupIDs, in.selection)
	return &describeSecurityGroupsOutput{Groups: each(page, s.groupItem), NextToken: next}, err
}

type securityGroupIDInput struct {
	GroupID string
}

type deleteSecurityGroupOutput struct {
	Return  bool   `out:"return"`
	GroupID string `out:"groupId"`
}

func (s *securityGroupOperations) deleteSecurityGroup(_ context.Context, in *securityGroupIDInput) (*deleteSecurityGroupOutput, error) {
	group, err := s.group(in.GroupID)
	if err != nil {
		return nil, err
	}
	if group.Name == defaultGroupName {
		return nil, wire.Errorf("CannotDelete", "the specified group: %q name: %q cannot be deleted by a user", group.ID, group.Name)
	}
	refers := func(r rule) bool { return r.GroupID == group.ID }
	if has(s.interfaces, func(eni *networkInterface) bool { return slices.Contains(eni.Groups, group.ID) }) ||
		has(s.securityGroups, func(g *securityGroup) bool { return g.ID != group.ID && slices.ContainsFunc(g.Rules, refers) }) {
		return nil, wire.Errorf("DependencyViolation", "resource %s has a dependent object", group.ID)
	}
	s.dropGroup(group)
	return &deleteSecurityGroupOutput{Return: true, GroupID: group.ID}, nil
}

// dropGroup removes a group and what is kept beside its rules.
func (s *records) dropGroup(group *securityGroup) {
	for _, r := range group.Rules {
		s.forget(r.ID)
	}
	s.forget(group.ID)
	s.securityGroups.Delete(group.ID)
}
