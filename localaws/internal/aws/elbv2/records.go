package elbv2

import (
	"cmp"
	"slices"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/store"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
)

// records are all that Elastic Load Balancing keeps, the services that it
// works with, and the lookups that more than one kind of resource needs.
type records struct {
	account      *core.Account
	machines     Machines
	certificates Certificates
	logs         Logs
	traffic      Traffic // nil without a data plane

	// All are by ARN.
	loadBalancers *store.Collection[LoadBalancer]
	listeners     *store.Collection[Listener]
	rules         *store.Collection[Rule]
	targetGroups  *store.Collection[TargetGroup]
	tagSets       *store.Collection[tags.Set]
}

func newRecords(a *core.Account, machines Machines, certificates Certificates, logs Logs) *records {
	return &records{
		account: a, machines: machines, certificates: certificates, logs: logs,
		loadBalancers: store.NewCollection[LoadBalancer](a.Records, "elbv2", "load balancers"),
		listeners:     store.NewCollection[Listener](a.Records, "elbv2", "listeners"),
		rules:         store.NewCollection[Rule](a.Records, "elbv2", "rules"),
		targetGroups:  store.NewCollection[TargetGroup](a.Records, "elbv2", "target groups"),
		tagSets:       store.NewCollection[tags.Set](a.Records, "elbv2", "tags"),
	}
}

// groupsOf are the target groups that a load balancer's listeners and rules
// forward to, each once.
func (s *records) groupsOf(lbARN string) []string {
	var arns []string
	for _, listener := range s.listenersOf(lbARN) {
		arns = append(arns, GroupARNs(listener.DefaultActions)...)
		for _, rule := range s.rulesOf(listener.ARN) {
			arns = append(arns, GroupARNs(rule.Actions)...)
		}
	}
	slices.Sort(arns)
	return slices.Compact(arns)
}

// loadBalancersOf are the load balancers that forward to a target group.
func (s *records) loadBalancersOf(groupARN string) []string {
	arns := []string{}
	for arn := range s.loadBalancers.All() {
		if slices.Contains(s.groupsOf(arn), groupARN) {
			arns = append(arns, arn)
		}
	}
	slices.Sort(arns)
	return arns
}

// checkTargetCount refuses more targets than an Application Load Balancer may
// have: those of its groups, and added ones.
func (s *records) checkTargetCount(lb LoadBalancer, groups []string, added int) error {
	count := added
	for _, arn := range groups {
		group, _ := s.targetGroups.Get(arn)
		count += len(group.Targets)
	}
	if lb.Type == Application && count > maxTargets {
		return tooMany("TooManyTargets", "The maximum number of targets per load balancer has been reached: %d", maxTargets)
	}
	return nil
}

// zoneOf is the Availability Zone that a target is in, "" when it is unknown.
func (s *records) zoneOf(group TargetGroup, t RegisteredTarget) string {
	if group.TargetType == "instance" {
		instance, _ := s.machines.Instance(t.ID)
		return instance.AvailabilityZone
	}
	return t.AvailabilityZone
}

// listenersOf are a load balancer's listeners by port.
func (s *records) listenersOf(lbARN string) []Listener {
	var list []Listener
	for _, listener := range s.listeners.All() {
		if listener.LoadBalancerARN == lbARN {
			list = append(list, listener)
		}
	}
	slices.SortFunc(list, func(a, b Listener) int { return int(a.Port - b.Port) })
	return list
}

func (s *records) listener(arn string) (Listener, error) {
	listener, ok := s.listeners.Get(arn)
	if !ok {
		return listener, listenersNotFound(arn)
	}
	return listener, nil
}

func (s *records) loadBalancer(arn string) (LoadBalancer, error) {
	lb, ok := s.loadBalancers.Get(arn)
	if !ok {
		return lb, loadBalancerNotFound(arn)
	}
	return lb, nil
}

// newARN names a resource such as loadbalancer/app/web/ with 16 random digits
// behind it, or a listener's with its load balancer's own.
func (s *records) newARN(prefix string) string {
	return s.account.ARN("elasticloadbalancing", prefix+ids.Hex(16))
}

func (s *records) loadBalancerByDNS(dnsName string) (LoadBalancer, bool) {
	name := strings.TrimSuffix(strings.ToLower(dnsName), ".")
	name = strings.TrimPrefix(name, "dualstack.")
	for _, lb := range s.loadBalancers.All() {
		if strings.ToLower(lb.DNSName) == name {
			return lb, true
		}
	}
	return LoadBalancer{}, false
}

// ruleARN makes listener-rule/app/NAME/LB/LISTENER/RULE.
func (s *records) ruleARN(l Listener) string {
	_, suffix, _ := strings.Cut(l.ARN, ":listener/")
	return s.newARN("listener-rule/" + suffix + "/")
}

// rulesOf are a listener's rules by priority, without the default one.
func (s *records) rulesOf(listenerARN string) []Rule {
	var list []Rule
	for _, rule := range s.rules.All() {
		if rule.ListenerARN == listenerARN {
			list = append(list, rule)
		}
	}
	slices.SortFunc(list, func(a, b Rule) int { return cmp.Compare(a.Priority, b.Priority) })
	return list
}

// rule finds a rule, also a default one.
func (s *records) rule(arn string) (Rule, error) {
	if rule, ok := s.rules.Get(arn); ok {
		return rule, nil
	}
	for _, listener := range s.listeners.All() {
		if listener.DefaultRuleARN == arn {
			return defaultRule(listener), nil
		}
	}
	return Rule{}, rulesNotFound(arn)
}

func (s *records) targetGroup(arn string) (TargetGroup, error) {
	group, ok := s.targetGroups.Get(arn)
	if !ok {
		return group, targetGroupsNotFound([]string{arn})
	}
	return group, nil
}
