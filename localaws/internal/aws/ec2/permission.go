package ec2

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

const allProtocols = "-1"

// permission is what one rule of a security group allows: a protocol, ports,
// and one peer.
type permission struct {
	// Protocol is tcp, udp, icmp, icmpv6, -1 for all, or a number.
	Protocol string
	// From and To are ports; for ICMP type and code; nil with all protocols.
	From, To *int
	// One of CIDR (of IPv4 or IPv6) and GroupID is set.
	CIDR    string
	GroupID string
}

// same reports whether two permissions allow the same.
func (p permission) same(other permission) bool {
	return p.Protocol == other.Protocol && equal(p.From, other.From) && equal(p.To, other.To) &&
		p.CIDR == other.CIDR && p.GroupID == other.GroupID
}

func equal(a, b *int) bool { return (a == nil) == (b == nil) && (a == nil || *a == *b) }

// allows reports whether the permission covers a packet: its protocol and port,
// and the other end's address or groups.
func (p permission) allows(protocol string, port uint16, peer netip.Addr, groups []string) bool {
	if p.Protocol != allProtocols {
		if p.Protocol != protocol || p.From == nil || p.To == nil || int(port) < *p.From || int(port) > *p.To {
			return false
		}
	}
	if p.GroupID != "" {
		return slices.Contains(groups, p.GroupID)
	}
	return prefixOf(p.CIDR).Contains(peer)
}

// String is as in EC2's own messages.
func (p permission) String() string {
	peer := p.CIDR + p.GroupID
	if p.Protocol == allProtocols {
		return "peer: " + peer + ", ALL, ALLOW"
	}
	return "peer: " + peer + ", " + strings.ToUpper(p.Protocol) + ", from port: " + number(p.From) + ", to port: " + number(p.To) + ", ALLOW"
}

func number(n *int) string {
	if n == nil {
		return "-1"
	}
	return strconv.Itoa(*n)
}

// protocolNumbers are the protocols that have names.
var protocolNumbers = map[string]string{"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6"}

// normalize checks a permission and writes it as EC2 answers it.
func (p permission) normalize() (permission, error) {
	p.Protocol = strings.ToLower(p.Protocol)
	if name, ok := protocolNumbers[p.Protocol]; ok {
		p.Protocol = name
	}
	if p.Protocol == "all" {
		p.Protocol = allProtocols
	}
	switch p.Protocol {
	case "":
		return p, missing("ipProtocol")
	case "tcp", "udp":
		if p.From == nil || p.To == nil {
			return p, wire.Errorf("InvalidParameterValue", "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.")
		}
		if *p.From < 0 || *p.To > 65535 || *p.From > *p.To {
			return p, wire.Errorf("InvalidParameterValue", "Invalid value '%d-%d' for portRange: ports are 0 to 65535, the first not above the last.", *p.From, *p.To)
		}
	case "icmp", "icmpv6":
		if p.From == nil || p.To == nil {
			return p, wire.Errorf("InvalidParameterValue", "Invalid value for portRange: ICMP needs a type and a code, -1 for all.")
		}
	default:
		if n, err := strconv.Atoi(p.Protocol); err != nil || n < -1 || n > 255 {
			return p, wire.Errorf("InvalidPermission.Malformed", "Invalid IP protocol %q", p.Protocol)
		}
		p.From, p.To = nil, nil
	}
	if p.CIDR != "" {
		prefix, err := netip.ParsePrefix(p.CIDR)
		if err != nil {
			return p, wire.Errorf("InvalidParameterValue", "CIDR block %s is malformed", p.CIDR)
		}
		p.CIDR = prefix.Masked().String()
	}
	return p, nil
}

func permissionAttributes() map[string]func(permission) []string {
	return map[string]func(permission) []string{
		"protocol":  func(p permission) []string { return one(p.Protocol) },
		"from-port": func(p permission) []string { return intPointer(p.From) },
		"to-port":   func(p permission) []string { return intPointer(p.To) },
		"group-id":  func(p permission) []string { return one(p.GroupID) },
		"cidr": func(p permission) []string {
			if prefixOf(p.CIDR).Addr().Is4() {
				return one(p.CIDR)
			}
			return nil
		},
		"ipv6-cidr": func(p permission) []string {
			if prefixOf(p.CIDR).Addr().Is6() {
				return one(p.CIDR)
			}
			return nil
		},
	}
}

func intPointer(n *int) []string {
	if n == nil {
		return nil
	}
	return []string{strconv.Itoa(*n)}
}

// permissionItem is a group's rules with one protocol and range of ports, as
// requests and answers write them.
type permissionItem struct {
	Protocol    string      `aws:"ipProtocol"`
	From        *int        `aws:"fromPort"`
	To          *int        `aws:"toPort"`
	Groups      []groupPeer `aws:"groups"`
	Ranges      []rangePeer `aws:"ipRanges"`
	IPv6Ranges  []ipv6Peer  `aws:"ipv6Ranges"`
	PrefixLists []listPeer  `aws:"prefixListIds"`
}

type groupPeer struct {
	GroupID     string `aws:"groupId"`
	GroupName   string `aws:"groupName"`
	UserID      string `aws:"userId"`
	VPCID       string `aws:"vpcId"`
	Description string `aws:"description"`
}

type rangePeer struct {
	CIDR        string `aws:"cidrIp"`
	Description string `aws:"description"`
}

type ipv6Peer struct {
	CIDR        string `aws:"cidrIpv6"`
	Description string `aws:"description"`
}

type listPeer struct {
	ID          string `aws:"prefixListId"`
	Description string `aws:"description"`
}

// described is a permission with what its author said of it.
type described struct {
	permission
	Description string
}

// peers takes a request's permission apart, one peer each.
func (s *securityGroupRuleOperations) peers(item permissionItem, vpcID string) ([]described, error) {
	if len(item.PrefixLists) > 0 {
		return nil, noPrefixLists(item.PrefixLists[0].ID)
	}
	var all []described
	add := func(cidr, groupID, description string) error {
		p, err := permission{Protocol: item.Protocol, From: item.From, To: item.To, CIDR: cidr, GroupID: groupID}.normalize()
		all = append(all, described{p, description})
		return err
	}
	addRange := func(cidr, description string, is6 bool) error {
		if address := prefixOf(cidr).Addr(); !address.IsValid() || address.Is6() != is6 {
			return wire.Errorf("InvalidParameterValue", "CIDR block %s is malformed", cidr)
		}
		return add(cidr, "", description)
	}
	for _, r := range item.Ranges {
		if err := addRange(r.CIDR, r.Description, false); err != nil {
			return nil, err
		}
	}
	for _, r := range item.IPv6Ranges {
		if err := addRange(r.CIDR, r.Description, true); err != nil {
			return nil, err
		}
	}
	for _, g := range item.Groups {
		id, err := s.peerGroup(g, vpcID)
		if err != nil {
			return nil, err
		}
		if err := add("", id, g.Description); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func noPrefixLists(id string) error {
	return wire.Errorf("UnsupportedOperation", "localaws has no prefix lists: use CIDR blocks or security groups instead of %s", id)
}

// peerGroup checks the group that a rule refers to; it is of the same VPC.
func (s *securityGroupRuleOperations) peerGroup(g groupPeer, vpcID string) (string, error) {
	if g.UserID != "" && g.UserID != s.account.ID {
		return "", wire.Errorf("InvalidGroup.NotFound", "You have specified two resources that belong to different networks: account %s", g.UserID)
	}
	group, ok := find(s.securityGroups, func(known *securityGroup) bool {
		return known.VPCID == vpcID && (known.ID == g.GroupID || (g.GroupID == "" && known.Name == g.GroupName))
	})
	if ok {
		return group.ID, nil
	}
	if s.securityGroups.Has(g.GroupID) {
		return "", wire.Errorf("InvalidGroup.NotFound", "You have specified two resources that belong to different networks: %s is not in %s.", g.GroupID, vpcID)
	}
	return "", groupNotFound(g.GroupID + g.GroupName)
}

// permissionItems puts a group's rules of one direction together as
// DescribeSecurityGroups does: one item for each protocol and range of ports.
func (s *securityGroupOperations) permissionItems(group *securityGroup, egress bool) []permissionItem {
	items := []permissionItem{}
	for _, r := range group.Rules {
		if r.Egress != egress {
			continue
		}
		i := slices.IndexFunc(items, func(item permissionItem) bool {
			return item.Protocol == r.Protocol && equal(item.From, r.From) && equal(item.To, r.To)
		})
		if i < 0 {
			i = len(items)
			items = append(items, permissionItem{
				Protocol: r.Protocol, From: r.From, To: r.To,
				Groups: []groupPeer{}, Ranges: []rangePeer{}, IPv6Ranges: []ipv6Peer{}, PrefixLists: []listPeer{},
			})
		}
		s.addPeer(&items[i], r)
	}
	return items
}

func (s *securityGroupOperations) addPeer(item *permissionItem, r rule) {
	switch {
	case r.GroupID != "":
		item.Groups = append(item.Groups, groupPeer{GroupID: r.GroupID, UserID: s.account.ID, Description: r.Description})
	case prefixOf(r.CIDR).Addr().Is4():
		item.Ranges = append(item.Ranges, rangePeer{CIDR: r.CIDR, Description: r.Description})
	default:
		item.IPv6Ranges = append(item.IPv6Ranges, ipv6Peer{CIDR: r.CIDR, Description: r.Description})
	}
}
