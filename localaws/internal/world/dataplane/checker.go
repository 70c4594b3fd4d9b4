package dataplane

import (
	"context"
	"net/netip"
	"strconv"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ec2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/elbv2"
)

// checkerKey is a target with all that its checks depend on: when any of it
// changes, checking starts over.
type checkerKey struct {
	targetKey
	host     host
	settings elbv2.HealthCheck
	version  string // the group's protocol version
	node     string // the load balancer's interface that the checks come from
}

// checker checks one target of one group.
type checker struct {
	plane  *Plane
	key    checkerKey
	check  Check
	source elbv2.Node
	stop   context.CancelFunc

	passes, failures int32 // in a row
}

// Check is one health check of one target.
type Check struct {
	elbv2.HealthCheck
	// Version is HTTP1, HTTP2 or GRPC, or "" for a Network Load Balancer.
	Version string
	// Source and Target are on this machine; Host is the target's address
	// and port in its network, as the Host header has it.
	Source netip.Addr
	Target netip.AddrPort
	Host   string
}

// applyCheckers starts and stops checks, so that each target in use is checked
// by exactly one goroutine.
func (p *Plane) applyCheckers(ctx context.Context, wanted *plan) {
	keep := map[checkerKey]bool{}
	for _, group := range wanted.groups {
		balancer := usedBy(wanted.balancers, group)
		for _, target := range group.Targets {
			if !target.Health.Checked() || len(balancer.Nodes) == 0 {
				continue
			}
			at := wanted.hosts[targetKey{group.ARN, target.Target}]
			key := checkerKey{targetKey{group.ARN, target.Target}, at, group.HealthCheck, group.ProtocolVersion, ""}
			node := nodeFor(balancer.Nodes, at.zone)
			key.node = node.InterfaceID
			keep[key] = true
			if _, ok := p.checkers[key]; !ok {
				p.startChecker(ctx, key, node)
			}
		}
	}
	for key, c := range p.checkers {
		if !keep[key] {
			c.stop()
			delete(p.checkers, key)
		}
	}
}

// nodeFor is the node in the target's zone, or any.
func nodeFor(nodes []elbv2.Node, zone string) elbv2.Node {
	for _, node := range nodes {
		if node.AvailabilityZone == zone {
			return node
		}
	}
	return nodes[0]
}

func (p *Plane) startChecker(ctx context.Context, key checkerKey, node elbv2.Node) {
	c := &checker{plane: p, key: key, source: node, check: newCheck(key, node)}
	ctx, c.stop = context.WithCancel(ctx)
	p.checkers[key] = c
	p.running.Go(func() { c.run(ctx) })
}

func newCheck(key checkerKey, node elbv2.Node) Check {
	check := Check{HealthCheck: key.settings, Version: key.version, Source: node.Address, Target: key.host.address}
	if port, err := strconv.ParseUint(key.settings.Port, 10, 16); err == nil {
		check.Target = netip.AddrPortFrom(check.Target.Addr(), uint16(port))
	}
	check.Host = key.host.privateIP + ":" + strconv.Itoa(int(check.Target.Port()))
	return check
}

// run checks at once and then once an interval, until ctx is done.
func (c *checker) run(ctx context.Context) {
	for {
		found := c.probe(ctx)
		if ctx.Err() != nil {
			return
		}
		c.report(found)
		if c.plane.account.Clock.Sleep(ctx, time.Duration(c.check.Interval)*time.Second) != nil {
			return
		}
	}
}

// probe makes one check. One whose packets are blocked gets no answer, and so
// ends when its time is over.
func (c *checker) probe(ctx context.Context) elbv2.Health {
	why := errShortHost
	if c.check.Target.IsValid() {
		why = c.plane.reach(ec2.Peer{InterfaceID: c.source.InterfaceID},
			ec2.Peer{InterfaceID: c.key.host.interfaceID}, "tcp", c.check.Target.Port())
	}
	if why != nil {
		if c.plane.account.Clock.Sleep(ctx, time.Duration(c.check.Timeout)*time.Second) != nil {
			return elbv2.InternalError()
		}
		return elbv2.TimedOut()
	}
	return c.plane.prober.Probe(ctx, c.check)
}

// report counts a result, and tells the control plane when that makes news.
func (c *checker) report(found elbv2.Health) {
	changed := false
	c.plane.account.Do(func() {
		now, ok := c.plane.control.Health(c.key.group, c.key.target)
		if !ok {
			return
		}
		changed = c.plane.control.ReportHealth(c.key.group, c.key.target, c.next(now, found))
	})
	if changed {
		c.plane.account.Changed()
	}
}

// next is the health after one more result: the first passed check makes a new
// target healthy, after that it takes as many in a row as the thresholds say,
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html.
func (c *checker) next(now, found elbv2.Health) elbv2.Health {
	if found.State == elbv2.Healthy {
		c.passes++
		c.failures = 0
		if now.State == elbv2.Initial || c.passes >= c.check.HealthyThreshold {
			return found
		}
		return now
	}
	c.failures++
	c.passes = 0
	if now.State == elbv2.Unhealthy || c.failures >= c.check.UnhealthyThreshold {
		return found
	}
	return now
}
