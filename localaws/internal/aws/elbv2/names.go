package elbv2

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
)

// resolver answers for the DNS names of load balancers.
type resolver struct{ *records }

const maxNameLength = 32

var nameCharacters = regexp.MustCompile(`^[A-Za-z0-9-]+$`)

// checkName holds a name to AWS's rules for both kinds of names; what is such
// as "The load balancer name" or "Target group name".
func checkName(what, name string) error {
	switch {
	case name == "":
		return invalid("%s cannot be empty", what)
	case len(name) > maxNameLength:
		return invalid("%s '%s' cannot be longer than '%d' characters", what, name, maxNameLength)
	case !nameCharacters.MatchString(name):
		return invalid("%s '%s' can only contain characters that are alphanumeric characters and hyphens(-)", what, name)
	case strings.HasPrefix(name, "-") || strings.HasSuffix(name, "-"):
		return invalid("%s '%s' cannot begin or end with a hyphen(-)", what, name)
	}
	return nil
}

func checkLoadBalancerName(name string) error {
	if strings.HasPrefix(name, "internal-") {
		return invalid("The load balancer name '%s' cannot begin with 'internal-'", name)
	}
	return checkName("The load balancer name", name)
}

// dnsName makes a load balancer's name as AWS does:
// NAME-1234567890.REGION.elb.amazonaws.com, with internal- before it when it
// is internal; Network Load Balancers have NAME-ID.elb.REGION.amazonaws.com.
func (s *loadBalancerOperations) dnsName(lb LoadBalancer) string {
	name := lb.Name
	if lb.Type == Network {
		id := lb.ARN[strings.LastIndex(lb.ARN, "/")+1:]
		return fmt.Sprintf("%s-%s.elb.%s.%s", name, id, s.account.Region, s.account.DNSSuffix())
	}
	if lb.Scheme == internal {
		name = "internal-" + name
	}
	number, err := strconv.ParseUint(ids.Hex(8), 16, 64)
	if err != nil {
		number = 0 // can't be: NewHex gives hexadecimal digits
	}
	return fmt.Sprintf("%s-%010d.%s.elb.%s", name, number%10_000_000_000, s.account.Region, s.account.DNSSuffix())
}

// The hosted zones that alias records to load balancers name,
// https://docs.aws.amazon.com/general/latest/gr/elb.html.
var (
	applicationZones = map[string]string{
		"us-east-1": "Z35SXDOTRQ7X7K", "us-east-2": "Z3AADJGX6KTTL2",
		"us-west-1": "Z368ELLRRE2KJ0", "us-west-2": "Z1H1FL5HABSF5",
		"ca-central-1": "ZQSVJUPU6J1EY", "eu-west-1": "Z32O12XQLNTSW2",
		"eu-west-2": "ZHURV8PSTC4K8", "eu-central-1": "Z215JYRZR1TBD5",
		"ap-southeast-1": "Z1LMS91P8CMLE5", "ap-southeast-2": "Z1GM3OXH4ZPM65",
		"ap-northeast-1": "Z14GRHDCWA56QT", "us-gov-west-1": "Z33AYJ8TM3BH4J",
		"us-gov-east-1": "Z166TLBEWOO7G0", "cn-north-1": "Z1GDH35T77C1KE",
	}
	networkZones = map[string]string{
		"us-east-1": "Z26RNL4JYFTOTI", "us-east-2": "ZLMOA37VPKANP",
		"us-west-1": "Z24FKFUX50B4VW", "us-west-2": "Z18D5FSROUN65G",
		"eu-west-1": "Z2IFOLAFXWLO4F", "eu-central-1": "Z3F0SRJ5LGBH90",
	}
)

// canonicalZone is the hosted zone of a type of load balancer in a region. For
// a region that the tables lack it is made up, and always the same.
func canonicalZone(region, lbType string) string {
	zones := applicationZones
	if lbType == Network {
		zones = networkZones
	}
	if zone, ok := zones[region]; ok {
		return zone
	}
	sum := sha256.Sum256([]byte(lbType + region))
	return "Z" + base32.StdEncoding.EncodeToString(sum[:])[:13]
}

// OwnsAlias reports whether an alias record's target is a load balancer here:
// its DNS name, and the hosted zone of its kind.
func (s *resolver) OwnsAlias(dnsName, hostedZoneID string) bool {
	lb, ok := s.loadBalancerByDNS(dnsName)
	return ok && canonicalZone(s.account.Region, lb.Type) == hostedZoneID
}

// ResolveName returns the addresses on this machine of the load balancer with
// that DNS name: one an Availability Zone. Zones of a Network Load Balancer
// without cross-zone balancing that have no healthy target are left out, unless
// that leaves none,
// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/target-group-health-checks.html.
func (s *resolver) ResolveName(dnsName string) ([]netip.Addr, bool) {
	lb, ok := s.loadBalancerByDNS(dnsName)
	if !ok {
		return nil, false
	}
	nodes := lb.Nodes
	if lb.Type == Network {
		if healthy := s.nodesWithTargets(lb); len(healthy) > 0 {
			nodes = healthy
		}
	}
	addresses := make([]netip.Addr, 0, len(nodes))
	for _, node := range nodes {
		addresses = append(addresses, node.Address)
	}
	return addresses, true
}

// nodesWithTargets are the nodes in zones that have a healthy target of every
// group that is bound to its zone.
func (s *resolver) nodesWithTargets(lb LoadBalancer) []Node {
	return slices.DeleteFunc(slices.Clone(lb.Nodes), func(node Node) bool {
		for _, arn := range s.groupsOf(lb.ARN) {
			group, _ := s.targetGroups.Get(arn)
			if !CrossZone(lb, group) && !s.healthyIn(group, node.AvailabilityZone) {
				return true
			}
		}
		return false
	})
}

func (s *resolver) healthyIn(group TargetGroup, zone string) bool {
	return slices.ContainsFunc(group.Targets, func(t RegisteredTarget) bool {
		return t.Health.State == Healthy && s.zoneOf(group, t) == zone
	})
}

// CrossZone reports whether the load balancer's nodes send to targets of the
// group in all zones.
func CrossZone(lb LoadBalancer, group TargetGroup) bool {
	if own := group.Attribute(attributeCrossZone); own != useLoadBalancers {
		return own == yes
	}
	return lb.Attribute(attributeCrossZone) == yes
}
