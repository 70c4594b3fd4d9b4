package dataplane

import (
	"crypto/tls"
	"math/rand/v2"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/elbv2"
)

// site is all that a listener does with what comes in. It never changes.
type site struct {
	balancer elbv2.LoadBalancer
	listener elbv2.Listener
	rules    []rule
	tls      *tls.Config // nil without TLS
	// patience is how long nothing may happen on a connection (wall time).
	patience time.Duration
}

// rule is a rule made ready for matching.
type rule struct {
	priority   int32 // 0 for the default one
	conditions []condition
	action     elbv2.Action
	groups     []weighted
}

// weighted is a target group with its share of the requests.
type weighted struct {
	*roster
	weight int
}

func newSite(p *Plane, wanted *plan, balancer elbv2.LoadBalancer, listener elbv2.BalancerListener) *site {
	s := &site{balancer: balancer, listener: listener.Listener, tls: newTLS(wanted, balancer, listener.Listener)}
	idle := seconds(balancer.Attribute("idle_timeout.timeout_seconds"))
	if balancer.Type == elbv2.Network {
		idle = max(seconds(listener.Attribute("tcp.idle_timeout.seconds")), streamIdle)
	}
	s.patience = p.atLeast(p.patience, idle)
	for _, r := range listener.Rules {
		if len(r.Actions) == 0 {
			continue // elbv2 keeps none
		}
		ready := rule{priority: r.Priority, conditions: compile(r.Conditions), action: r.Actions[0]}
		if config := ready.action.ForwardConfig; config != nil {
			for _, group := range config.TargetGroups {
				if pool, ok := p.pools[group.TargetGroupArn]; ok {
					ready.groups = append(ready.groups, weighted{pool.now(), int(*group.Weight)})
				}
			}
		}
		s.rules = append(s.rules, ready)
	}
	return s
}

// pick chooses a target group by weight; nil when all weights are 0.
func (r *rule) pick() *roster {
	if len(r.groups) == 1 && r.groups[0].weight > 0 {
		return r.groups[0].roster
	}
	total := 0
	for _, candidate := range r.groups {
		total += candidate.weight
	}
	if total == 0 {
		return nil
	}
	at := rand.IntN(total)
	for _, candidate := range r.groups {
		if at -= candidate.weight; at < 0 {
			return candidate.roster
		}
	}
	return nil
}
