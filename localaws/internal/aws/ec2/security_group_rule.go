package ec2

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// maxRules is the quota of rules of one security group, for each direction.
const maxRules = 60

// rule is one rule of a security group.
type rule struct {
	permission
	ID          string
	Egress      bool
	Description string
}

// securityGroupRuleOperations are those on the rules of security groups.
type securityGroupRuleOperations struct{ *records }

func (s *securityGroupRuleOperations) operations() []wire.Operation {
	return []wire.Operation{
		wire.Op("AuthorizeSecurityGroupIngress", s.authorizeIngress),
		wire.Op("AuthorizeSecurityGroupEgress", s.authorizeEgress),
		wire.Op("RevokeSecurityGroupIngress", s.revokeIngress),
		wire.Op("RevokeSecurityGroupEgress", s.revokeEgress),
		wire.ReadOp("DescribeSecurityGroupRules", s.describeSecurityGroupRules),
		wire.Op("ModifySecurityGroupRules", s.modifySecurityGroupRules),
	}
}

type authorizeInput struct {
	tagged
	GroupID     string
	Permissions []permissionItem `in:"IpPermissions"`
}

type authorizeOutput struct {
	Return bool       `out:"return"`
	Rules  []ruleItem `out:"securityGroupRuleSet"`
}

type ruleItem struct {
	ruleFacts
	ARN            string     `out:"securityGroupRuleArn"`
	GroupOwnerID   string     `out:"groupOwnerId"`
	ReferencedInfo *groupPeer `out:"referencedGroupInfo"`
	Tags           []tags.Tag `out:"tagSet"`
}

// ruleFacts are what answers say of rules that are there and of revoked ones.
type ruleFacts struct {
	ID          string `out:"securityGroupRuleId"`
	GroupID     string `out:"groupId"`
	IsEgress    bool   `out:"isEgress"`
	Protocol    string `out:"ipProtocol"`
	From        int    `out:"fromPort"`
	To          int    `out:"toPort"`
	CIDRIPv4    string `out:"cidrIpv4"`
	CIDRIPv6    string `out:"cidrIpv6"`
	Description string `out:"description"`
}

func (r *rule) facts(group *securityGroup) ruleFacts {
	facts := ruleFacts{
		ID: r.ID, GroupID: group.ID, IsEgress: r.Egress, Protocol: r.Protocol, From: -1, To: -1, Description: r.Description,
	}
	if r.From != nil && r.To != nil {
		facts.From, facts.To = *r.From, *r.To
	}
	if prefixOf(r.CIDR).Addr().Is4() {
		facts.CIDRIPv4 = r.CIDR
	} else {
		facts.CIDRIPv6 = r.CIDR
	}
	return facts
}

func (s *securityGroupRuleOperations) ruleItem(group *securityGroup, r *rule) ruleItem {
	item := ruleItem{
		ruleFacts: r.facts(group), ARN: s.account.ARN("ec2", "security-group-rule/"+r.ID), GroupOwnerID: s.account.ID, Tags: s.tagsOf(r.ID).List(),
	}
	if r.GroupID != "" {
		item.ReferencedInfo = &groupPeer{GroupID: r.GroupID, UserID: s.account.ID, VPCID: group.VPCID}
	}
	return item
}

func (s *securityGroupRuleOperations) authorizeIngress(_ context.Context, in *authorizeInput) (*authorizeOutput, error) {
	return s.authorize(in, false)
}

func (s *securityGroupRuleOperations) authorizeEgress(_ context.Context, in *authorizeInput) (*authorizeOutput, error) {
	return s.authorize(in, true)
}

func (s *securityGroupRuleOperations) authorize(in *authorizeInput, egress bool) (*authorizeOutput, error) {
	group, err := s.group(in.GroupID)
	if err != nil {
		return nil, err
	}
	wanted, err := s.permissions(in, group)
	if err != nil {
		return nil, err
	}
	if len(wanted) == 0 {
		return nil, missing("ipPermissions")
	}
	for i, p := range wanted {
		if group.has(p.permission, egress) || slices.ContainsFunc(wanted[:i], func(d described) bool { return d.same(p.permission) }) {
			return nil, wire.Errorf("InvalidPermission.Duplicate", "the specified rule %q already exists", p.String())
		}
	}
	if group.count(egress)+len(wanted) > maxRules {
		return nil, wire.Errorf("RulesPerSecurityGroupLimitExceeded", "The maximum number of rules per security group has been reached: %d.", maxRules)
	}
	set, err := in.tagsFor("security-group-rule")
	if err != nil {
		return nil, err
	}
	s.securityGroups.Put(group.ID, group)
	out := &authorizeOutput{Return: true}
	for _, p := range wanted {
		r := rule{ID: ids.New("sgr"), Egress: egress, permission: p.permission, Description: p.Description}
		group.Rules = append(group.Rules, r)
		s.setTags(r.ID, maps.Clone(set))
		out.Rules = append(out.Rules, s.ruleItem(group, &r))
	}
	return out, nil
}

// permissions are all that a request names, one peer each.
func (s *securityGroupRuleOperations) permissions(in *authorizeInput, group *securityGroup) ([]described, error) {
	var all []described
	for _, item := range in.Permissions {
		peers, err := s.peers(item, group.VPCID)
		if err != nil {
			return nil, err
		}
		for _, p := range peers {
			if err := checkDescription(p.Description); err != nil {
				return nil, err
			}
		}
		all = append(all, peers...)
	}
	return all, nil
}

func checkDescription(text string) error {
	if len(text) > 255 || strings.ContainsFunc(text, func(r rune) bool { return !strings.ContainsRune(groupText, r) }) {
		return wire.Errorf("InvalidParameterValue", "Invalid rule description '%s'. Valid descriptions are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*", text)
	}
	return nil
}

func (group *securityGroup) has(p permission, egress bool) bool {
	return slices.ContainsFunc(group.Rules, func(r rule) bool { return r.Egress == egress && r.same(p) })
}

func (group *securityGroup) count(egress bool) int {
	n := 0
	for _, r := range group.Rules {
		if r.Egress == egress {
			n++
		}
	}
	return n
}

type revokeInput struct {
	authorizeInput
	RuleIDs []string `in:"SecurityGroupRuleId"`
}

type revokeOutput struct {
	Return  bool          `out:"return"`
	Revoked []revokedItem `out:"revokedSecurityGroupRuleSet"`
}

type revokedItem struct {
	ruleFacts
	ReferencedGroup string `out:"referencedGroupId"`
}

func (s *securityGroupRuleOperations) revokeIngress(_ context.Context, in *revokeInput) (*revokeOutput, error) {
	return s.revoke(in, false)
}

func (s *securityGroupRuleOperations) revokeEgress(_ context.Context, in *revokeInput) (*revokeOutput, error) {
	return s.revoke(in, true)
}

func (s *securityGroupRuleOperations) revoke(in *revokeInput, egress bool) (*revokeOutput, error) {
	group, err := s.group(in.GroupID)
	if err != nil {
		return nil, err
	}
	wanted, err := s.permissions(&in.authorizeInput, group)
	if err != nil {
		return nil, err
	}
	ids := slices.Clone(in.RuleIDs)
	for _, id := range ids {
		if owner, r, ok := s.ruleByID(id); !ok || owner != group || r.Egress != egress {
			return nil, ruleNotFound(id)
		}
	}
	for _, p := range wanted {
		i := slices.IndexFunc(group.Rules, func(r rule) bool { return r.Egress == egress && r.same(p.permission) })
		if i < 0 {
			return nil, wire.Errorf("InvalidPermission.NotFound", "The specified rule does not exist in this security group.")
		}
		ids = append(ids, group.Rules[i].ID)
	}
	if len(ids) == 0 {
		return nil, missing("ipPermissions or securityGroupRuleIds")
	}
	s.securityGroups.Put(group.ID, group)
	out := &revokeOutput{Return: true}
	for _, id := range ids {
		i := slices.IndexFunc(group.Rules, func(r rule) bool { return r.ID == id })
		if i < 0 {
			continue // named twice
		}
		out.Revoked = append(out.Revoked, revokedItem{group.Rules[i].facts(group), group.Rules[i].GroupID})
		group.Rules = slices.Delete(group.Rules, i, i+1)
		s.forget(id)
	}
	return out, nil
}

// groupRule is a rule with its group.
type groupRule struct {
	group *securityGroup
	rule  *rule
}

func (s *securityGroupRuleOperations) allRules() []groupRule {
	var all []groupRule
	for _, group := range s.securityGroups.All() {
		for i := range group.Rules {
			all = append(all, groupRule{group, &group.Rules[i]})
		}
	}
	return all
}

type describeRulesInput struct {
	selection
	RuleIDs []string `in:"SecurityGroupRuleId"`
}

type describeRulesOutput struct {
	Rules     []ruleItem `out:"securityGroupRuleSet"`
	NextToken string
}

func (s *securityGroupRuleOperations) describeSecurityGroupRules(_ context.Context, in *describeRulesInput) (*describeRulesOutput, error) {
	rules := family[groupRule]{
		all: s.allRules, id: func(r groupRule) string { return r.rule.ID }, notFound: ruleNotFound,
		attributes: attributes[groupRule]{
			"group-id":               func(r groupRule) []string { return one(r.group.ID) },
			"security-group-rule-id": func(r groupRule) []string { return one(r.rule.ID) },
		},
	}
	page, next, err := choose(s.records, rules, in.RuleIDs, in.selection)
	return &describeRulesOutput{Rules: each(page, func(r groupRule) ruleItem { return s.ruleItem(r.group, r.rule) }), NextToken: next}, err
}

type modifyRulesInput struct {
	GroupID string
	Rules   []ruleUpdate `in:"SecurityGroupRule"`
}

type ruleUpdate struct {
	ID   string      `in:"SecurityGroupRuleId"`
	Rule ruleRequest `in:"SecurityGroupRule"`
}

type ruleRequest struct {
	Protocol          string `in:"IpProtocol"`
	From              *int   `in:"FromPort"`
	To                *int   `in:"ToPort"`
	CIDRIPv4          string
	CIDRIPv6          string
	PrefixListID      string
	ReferencedGroupID string
	Description       string
}

func (s *securityGroupRuleOperations) modifySecurityGroupRules(_ context.Context, in *modifyRulesInput) (*returnOutput, error) {
	group, err := s.group(in.GroupID)
	if err != nil {
		return nil, err
	}
	changed := slices.Clone(group.Rules)
	for _, update := range in.Rules {
		i := slices.IndexFunc(changed, func(r rule) bool { return r.ID == update.ID })
		if i < 0 {
			return nil, ruleNotFound(update.ID)
		}
		p, err := s.requested(update.Rule, group)
		if err != nil {
			return nil, err
		}
		for j, other := range changed {
			if j != i && other.Egress == changed[i].Egress && other.same(p) {
				return nil, wire.Errorf("InvalidPermission.Duplicate", "the specified rule %q already exists", p.String())
			}
		}
		changed[i].permission, changed[i].Description = p, update.Rule.Description
	}
	s.securityGroups.Put(group.ID, group)
	group.Rules = changed
	return &returnOutput{Return: true}, nil
}

func (s *securityGroupRuleOperations) requested(r ruleRequest, group *securityGroup) (permission, error) {
	item := permissionItem{Protocol: r.Protocol, From: r.From, To: r.To}
	switch {
	case r.PrefixListID != "":
		return permission{}, noPrefixLists(r.PrefixListID)
	case r.ReferencedGroupID != "":
		item.Groups = []groupPeer{{GroupID: r.ReferencedGroupID[strings.LastIndex(r.ReferencedGroupID, "/")+1:]}}
	case r.CIDRIPv4 != "":
		item.Ranges = []rangePeer{{CIDR: r.CIDRIPv4}}
	case r.CIDRIPv6 != "":
		item.IPv6Ranges = []ipv6Peer{{CIDR: r.CIDRIPv6}}
	default:
		return permission{}, missing("cidrIpv4, cidrIpv6 or referencedGroupId")
	}
	if err := checkDescription(r.Description); err != nil {
		return permission{}, err
	}
	peers, err := s.peers(item, group.VPCID)
	if err != nil {
		return permission{}, err
	}
	return peers[0].permission, nil
}
