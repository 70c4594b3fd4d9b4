package dataplane

import (
	"cmp"
	"context"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/elbv2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/clock"
)

// pool is a running target group: its endpoints, who gets the next request,
// and the connections to them.
type pool struct {
	clock     clock.Clock
	transport *http.Transport // nil for a Network Load Balancer's group

	mu     sync.Mutex
	roster *roster
	next   int // round robin: how many were chosen
	// sources are the targets that clients of a sticky group had last, by address.
	sources map[netip.Addr]elbv2.Target
}

// roster is a target group as it was at one time; it does not change. A
// listener's site goes with the rosters of its own time, so that a request
// never sees a new group through an old rule, or the reverse.
type roster struct {
	pool     *pool
	group    elbv2.TargetGroup
	balancer elbv2.LoadBalancer // the first that uses the group
	members  []member           // in the order of the group's targets
}

// member is an endpoint with what was known of it.
type member struct {
	*endpoint
	host   host
	health elbv2.Health
}

// endpoint is a target in use, from its registration to its leaving. Its
// fields but target are guarded by the pool's lock.
type endpoint struct {
	target elbv2.Target
	// inFlight are requests or connections on their way.
	inFlight int
	// owed are those of them without an answer: a client of a connection spoke last.
	owed int
	// healthySince is when slow start began, or zero.
	healthySince time.Time
	// credit is the endpoint's claim to the next request, see weighted.
	credit float64
	// alive is done when what is in flight must end.
	alive context.Context
	cut   context.CancelFunc
}

func newPool(c clock.Clock) *pool {
	o := &pool{clock: c, sources: map[netip.Addr]elbv2.Target{}}
	o.roster = &roster{pool: o}
	return o
}

// applyPools brings all pools up to date.
func (p *Plane) applyPools(wanted *plan) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for arn, group := range wanted.groups {
		pool, ok := p.pools[arn]
		if !ok {
			pool = newPool(p.account.Clock)
			if group.ProtocolVersion != "" {
				pool.transport = newTransport(p, pool, group)
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
	before := o.roster
	inUse := balancer.ARN != ""
	if !inUse {
		balancer = before.balancer // connections of before are still its
	}
	after := &roster{pool: o, group: group, balancer: balancer, members: make([]member, 0, len(group.Targets))}
	for _, target := range group.Targets {
		m := member{host: hosts[targetKey{group.ARN, target.Target}], health: target.Health}
		was, ok := before.member(target.Target)
		if ok {
			m.endpoint = was.endpoint
		} else {
			m.endpoint = &endpoint{target: target.Target}
			m.live()
		}
		o.noteHealth(m, was.health, group)
		after.members = append(after.members, m)
	}
	for _, was := range before.members {
		if _, stays := after.member(was.target); !stays {
			o.left(was, group, inUse)
		}
	}
	o.roster = after
}

func (r *roster) member(target elbv2.Target) (member, bool) {
	i := slices.IndexFunc(r.members, func(m member) bool { return m.target == target })
	if i < 0 {
		return member{}, false
	}
	return r.members[i], true
}

func (e *endpoint) live() { e.alive, e.cut = context.WithCancel(context.Background()) }

// noteHealth does what a change of health does to an endpoint itself.
func (o *pool) noteHealth(m member, before elbv2.Health, group elbv2.TargetGroup) {
	if m.health.State == elbv2.Healthy && before.State != elbv2.Healthy {
		m.healthySince = o.clock.Now()
	}
	if m.health.State == elbv2.Unhealthy && before.State == elbv2.Healthy &&
		on(group.Attribute("target_health_state.unhealthy.connection_termination.enabled")) {
		m.cut()
		m.live()
	}
}

// left ends what is in flight to a target whose deregistration delay is over,
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html#deregistration-delay.
// A Network Load Balancer does so only when it is told to. A target of a group
// in use can't leave before, while one that left a group without use may end
// what it began when the group was in use.
func (o *pool) left(was member, group elbv2.TargetGroup, inUse bool) {
	over := was.health.State == elbv2.Draining || (inUse && was.health.State != elbv2.Unused)
	if over && (o.transport != nil || on(group.Attribute("deregistration_delay.connection_termination.enabled"))) {
		was.cut()
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
	for _, m := range o.roster.members {
		m.cut()
	}
	if o.transport != nil {
		o.transport.CloseIdleConnections()
	}
}

// now returns the group as it is now.
func (o *pool) now() *roster {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.roster
}

// lease is an endpoint's promise to one request or connection.
type lease struct {
	member
	alive  context.Context
	roster *roster
	owes   bool // an answer; guarded by the pool's lock
}

// whenOver calls f when what is in flight must end, unless stop was called.
func (l *lease) whenOver(f func()) (stop func() bool) { return context.AfterFunc(l.alive, f) }

// release gives the lease back.
func (l *lease) release() {
	l.roster.pool.mu.Lock()
	defer l.roster.pool.mu.Unlock()
	l.inFlight--
	l.owe(false)
}

// spoke notes who spoke last on a connection.
func (l *lease) spoke(client bool) {
	l.roster.pool.mu.Lock()
	defer l.roster.pool.mu.Unlock()
	l.owe(client)
}

// owe notes whether an answer is owed. The pool's lock is held.
func (l *lease) owe(answer bool) {
	if l.owes == answer {
		return
	}
	l.owes = answer
	if answer {
		l.owed++
	} else {
		l.owed--
	}
}

// Owes implements elbv2.Traffic: a target gets its real time, but not more than AWS's
// deregistration delay.
func (p *Plane) Owes(groupARN string, target elbv2.Target, since time.Time) bool {
	p.mu.Lock()
	pool, ok := p.pools[groupARN]
	p.mu.Unlock()
	return ok && pool.owes(target, since, p.patience)
}

func (o *pool) owes(target elbv2.Target, since time.Time, patience time.Duration) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	m, ok := o.roster.member(target)
	if !ok || m.owed == 0 {
		return false
	}
	return o.clock.Now().Sub(since) < min(patience, seconds(o.roster.group.Attribute("deregistration_delay.timeout_seconds")))
}

// choose finds the endpoint for a request that came in at a zone. prefer may
// point at one by itself, as a cookie does; it is heeded when that endpoint
// may get requests. It returns nil when no target is registered.
func (r *roster) choose(zone string, prefer func([]member) (member, bool)) *lease {
	usable := r.usable(zone)
	if len(usable) == 0 {
		return nil
	}
	r.pool.mu.Lock()
	defer r.pool.mu.Unlock()
	chosen, ok := member{}, false
	if prefer != nil {
		chosen, ok = prefer(usable)
	}
	if !ok {
		chosen = r.balance(usable)
	}
	chosen.inFlight++
	granted := &lease{member: chosen, alive: chosen.alive, roster: r}
	granted.owe(true)
	return granted
}

// usable are the endpoints that may get a new request: the healthy ones; when
// there is none all others that are registered and do not drain (fail open),
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html.
func (r *roster) usable(zone string) []member {
	for _, state := range []string{elbv2.Healthy, elbv2.Unhealthy, elbv2.Initial} {
		if found := filter(r.members, func(m member) bool { return m.health.State == state }); len(found) > 0 {
			return r.near(found, zone)
		}
	}
	return nil
}

// near are the endpoints of the zone, where nodes send to their own zone only.
// A zone without any sends to the others: on AWS its node would not be in DNS.
func (r *roster) near(members []member, zone string) []member {
	if elbv2.CrossZone(r.balancer, r.group) {
		return members
	}
	if near := filter(members, func(m member) bool { return m.host.zone == zone }); len(near) > 0 {
		return near
	}
	return members
}

func filter(members []member, keep func(member) bool) []member {
	var kept []member
	for _, m := range members {
		if keep(m) {
			kept = append(kept, m)
		}
	}
	return kept
}

// balance applies the group's algorithm. The pool's lock is held.
func (r *roster) balance(usable []member) member {
	switch r.group.Attribute("load_balancing.algorithm.type") {
	case "least_outstanding_requests":
		return slices.MinFunc(usable, func(a, b member) int { return a.inFlight - b.inFlight })
	case "weighted_random":
		return usable[rand.IntN(len(usable))]
	}
	if slowStart := seconds(r.group.Attribute("slow_start.duration_seconds")); slowStart > 0 {
		return r.pool.weighted(usable, r.pool.clock.Real(slowStart))
	}
	r.pool.next++
	return usable[r.pool.next%len(usable)]
}

// weighted is round robin where an endpoint that became healthy a short while
// ago has a share that grows up to a full one over the slow start.
func (o *pool) weighted(usable []member, slowStart time.Duration) member {
	now := o.clock.Now()
	total := 0.0
	for _, m := range usable {
		age := float64(now.Sub(m.healthySince)) / float64(slowStart)
		weight := min(1, max(0.01, age))
		m.credit += weight
		total += weight
	}
	chosen := slices.MaxFunc(usable, func(a, b member) int { return cmp.Compare(a.credit, b.credit) })
	chosen.credit -= total
	return chosen
}
