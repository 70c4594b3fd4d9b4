package elbv2

import (
	"slices"
	"strings"
)

// Balancer is a load balancer with all that makes it run.
type Balancer struct {
	LoadBalancer
	Listeners []BalancerListener // by port
}

// BalancerListener is a listener with its rules in the order in which they are
// tried; the default rule is the last.
type BalancerListener struct {
	Listener
	Rules []Rule
}

// Balancers are all load balancers, by name, for the data plane.
func (s *Service) Balancers() []Balancer {
	balancers := make([]Balancer, 0, s.loadBalancers.Len())
	for _, lb := range s.loadBalancers.All() {
		balancer := Balancer{LoadBalancer: lb}
		for _, listener := range s.listenersOf(lb.ARN) {
			rules := append(s.rulesOf(listener.ARN), defaultRule(listener))
			balancer.Listeners = append(balancer.Listeners, BalancerListener{Listener: listener, Rules: rules})
		}
		balancers = append(balancers, balancer)
	}
	slices.SortFunc(balancers, func(a, b Balancer) int { return strings.Compare(a.Name, b.Name) })
	return balancers
}

// TargetGroups are all groups by ARN, with the load balancers that use them.
func (s *Service) TargetGroups() map[string]TargetGroup {
	groups := map[string]TargetGroup{}
	for arn := range s.targetGroups.All() {
		groups[arn], _ = s.TargetGroup(arn)
	}
	return groups
}
