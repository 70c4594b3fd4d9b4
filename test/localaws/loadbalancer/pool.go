package loadbalancer

import (
	"cmp"
	"context"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/test/localaws/clock"
	"github.com/infrahouse/terraform-aws-ecs/test/localaws/elbv2"
)

// pool is a running target group: its endpoints, who gets the next request,
// and the connections to them.
type pool struct {
	clock     clock.Clock
	transport *http.Transport // nil for a Network Load Balancer's group

	mu        sync.Mutex
	group     elbv2.TargetGroup
	balancer  elbv2.LoadBalancer // the first that uses the group
	endpoints []*endpoint        // in the order of the group's targets
	next      int                // round robin: how many were chosen
}

// endpoint is a target in use. Its fields but target and inFlight are guarded
// by the pool's lock.
type endpoint struct {
	target elbv2.Target
	host   host
	health elbv2.Health
	// inFlight are requests or connections on their way.
	inFlight int
	// healthySince is when slow start began, or zero.
	healthySince time.Time
	// credit is the endpoint's claim to the next request, see weighted.
	credit float64
	// alive is done when what is in flight must end.
	alive context.Context //nolint:containedctx // the life of the endpoint, not of a call
	cut   context.CancelFunc
}

func newPool(c clock.Clock) *pool { return &pool{clock: c} }

// applyPools brings all pools up to date.
func (p *Plane) applyPools(wanted *plan) {
	for arn, group := range wanted.groups {
		pool, ok := p.pools[arn]
		if !ok {
			pool = newPool(p.account.Clock)
			if group.ProtocolVersion != "" {
				pool.transport = p.newTransport(pool, group)
			}
			p.pools[arn] = pool
		}
		pool.update(group, usedBy(wanted.balancers, group), wanted.hosts)
	}
	for arn, pool := range p.pools {
		if _, ok := wanted.groups[arn]; !ok {
			pool.retire()
			delete(p.pools, arn)
		}
	}
}

func usedBy(balancers []elbv2.Balancer, group elbv2.TargetGroup) elbv2.LoadBalancer {
	for _, balancer := range balancers {
		if slices.Contains(group.LoadBalancerARNs, balancer.ARN) {
			return balancer.LoadBalancer
		}
	}
	return elbv2.LoadBalancer{}
}

// update takes over the group as it is wanted now. Endpoints that stay keep
// what is in flight.
func (o *pool) update(group elbv2.TargetGroup, balancer elbv2.LoadBalancer, hosts map[targetKey]host) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.group = group
	if balancer.ARN != "" {
		o.balancer = balancer
	}
	before := o.endpoints
	o.endpoints = make([]*endpoint, 0, len(group.Targets))
	for _, target := range group.Targets {
		i := slices.IndexFunc(before, func(e *endpoint) bool { return e.target == target.Target })
		var e *endpoint
		if i >= 0 {
			e = before[i]
			before = slices.Delete(slices.Clone(before), i, i+1)
		} else {
			e = &endpoint{target: target.Target}
			e.live()
		}
		e.host = hosts[targetKey{group.ARN, target.Target}]
		o.setHealth(e, target.Health)
		o.endpoints = append(o.endpoints, e)
	}
	for _, left := range before {
		o.left(left)
	}
}

func (e *endpoint) live() { e.alive, e.cut = context.WithCancel(context.Background()) }

func (o *pool) setHealth(e *endpoint, health elbv2.Health) {
	if health.State == elbv2.Healthy && e.health.State != elbv2.Healthy {
		e.healthySince = o.clock.Now()
	}
	if health.State == elbv2.Unhealthy && e.health.State == elbv2.Healthy &&
		on(o.group.Attribute("target_health_state.unhealthy.connection_termination.enabled")) {
		e.cut()
		e.live()
	}
	e.health = health
}

// left ends what is in flight to a target whose deregistration delay is over,
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html#deregistration-delay.
// A Network Load Balancer does so only when it is told to.
func (o *pool) left(e *endpoint) {
	wasUsed := e.health.State != elbv2.Unused
	if wasUsed && (o.transport != nil || on(o.group.Attribute("deregistration_delay.connection_termination.enabled"))) {
		e.cut()
	}
}

// retire ends a pool whose group was deleted; what is in flight may end by
// itself.
func (o *pool) retire() {
	if o.transport != nil {
		o.transport.CloseIdleConnections()
	}
}

// close ends a pool at once.
func (o *pool) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, e := range o.endpoints {
		e.cut()
	}
	if o.transport != nil {
		o.transport.CloseIdleConnections()
	}
}

// settings returns the group and the load balancer as they are now.
func (o *pool) settings() (elbv2.TargetGroup, elbv2.LoadBalancer) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.group, o.balancer
}

// lease is an endpoint's promise to one request or connection.
type lease struct {
	*endpoint
	host  host            // as it was when the lease began
	alive context.Context //nolint:containedctx // as the endpoint's
	pool  *pool
}

// release gives the lease back.
func (l *lease) release() {
	l.pool.mu.Lock()
	defer l.pool.mu.Unlock()
	l.inFlight--
}

// choose finds the endpoint for a request that came in at a zone. prefer may
// point at one by itself, as a cookie does; it is heeded when that endpoint
// may get requests. It returns nil when no target is registered.
func (o *pool) choose(zone string, prefer func([]*endpoint) *endpoint) *lease {
	o.mu.Lock()
	defer o.mu.Unlock()
	usable := o.usable(zone)
	if len(usable) == 0 {
		return nil
	}
	var chosen *endpoint
	if prefer != nil {
		chosen = prefer(usable)
	}
	if chosen == nil {
		chosen = o.balance(usable)
	}
	chosen.inFlight++
	return &lease{endpoint: chosen, host: chosen.host, alive: chosen.alive, pool: o}
}

// usable are the endpoints that may get a new request: the healthy ones; when
// there is none all others that are registered and do not drain (fail open),
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html.
func (o *pool) usable(zone string) []*endpoint {
	for _, state := range []string{elbv2.Healthy, elbv2.Unhealthy, elbv2.Initial} {
		inState := func(e *endpoint) bool { return e.health.State == state }
		if found := filter(o.endpoints, inState); len(found) > 0 {
			return o.near(found, zone)
		}
	}
	return nil
}

// near are the endpoints of the zone, where nodes send to their own zone only.
// A zone without any sends to the others: on AWS its node would not be in DNS.
func (o *pool) near(endpoints []*endpoint, zone string) []*endpoint {
	if elbv2.CrossZone(o.balancer, o.group) {
		return endpoints
	}
	if near := filter(endpoints, func(e *endpoint) bool { return e.host.zone == zone }); len(near) > 0 {
		return near
	}
	return endpoints
}

func filter(endpoints []*endpoint, keep func(*endpoint) bool) []*endpoint {
	var kept []*endpoint
	for _, e := range endpoints {
		if keep(e) {
			kept = append(kept, e)
		}
	}
	return kept
}

// balance applies the group's algorithm.
func (o *pool) balance(usable []*endpoint) *endpoint {
	switch o.group.Attribute("load_balancing.algorithm.type") {
	case "least_outstanding_requests":
		return slices.MinFunc(usable, func(a, b *endpoint) int { return a.inFlight - b.inFlight })
	case "weighted_random":
		return usable[rand.IntN(len(usable))] //nolint:gosec // no secret
	}
	if slowStart := seconds(o.group.Attribute("slow_start.duration_seconds")); slowStart > 0 {
		return o.weighted(usable, o.clock.Real(slowStart))
	}
	o.next++
	return usable[o.next%len(usable)]
}

// weighted is round robin where an endpoint that became healthy a short while
// ago has a share that grows up to a full one over the slow start.
func (o *pool) weighted(usable []*endpoint, slowStart time.Duration) *endpoint {
	now := o.clock.Now()
	total := 0.0
	for _, e := range usable {
		age := float64(now.Sub(e.healthySince)) / float64(slowStart)
		weight := min(1, max(0.01, age))
		e.credit += weight
		total += weight
	}
	chosen := slices.MaxFunc(usable, func(a, b *endpoint) int { return cmp.Compare(a.credit, b.credit) })
	chosen.credit -= total
	return chosen
}
