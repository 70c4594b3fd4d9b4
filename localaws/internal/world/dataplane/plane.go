// Package loadbalancer is the data plane of Elastic Load Balancing: it binds
// every listener of every active load balancer on the load balancer's own
// addresses, forwards what comes in to targets, and checks their health.
//
// What is wanted stands in package elbv2. The Plane compares it with what runs
// after each change of the account, and changes what runs in place: a socket
// stays open, and a request stays on its way, as long as its listener exists,
// whatever happens to rules, certificates and target groups.
package dataplane

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ec2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/elbv2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/loopback"
)

// Machines is the network that clients and targets stand in; ec2.Service is
// one. Its methods are called with the account's lock held.
type Machines interface {
	Instance(id string) (ec2.Instance, bool)
	Instances() []ec2.Instance
	Interface(id string) (ec2.Interface, bool)
	InterfaceByAddress(address netip.Addr) (ec2.Interface, bool)
	Reach(from, to ec2.Peer, protocol string, port uint16) error
}

// Certificates are what HTTPS and TLS listeners present; acm.Service has them.
// It is called with the account's lock held.
type Certificates interface {
	Certificate(arn string) (*tls.Certificate, bool)
}

// Metrics take measurements; cloudwatch.Service does. It is called with the
// account's lock held.
type Metrics interface {
	Put(namespace, metric string, dimensions map[string]string, value float64, unit string)
}

// Logs take access logs; s3.Service does. It is called without the account's lock.
type Logs interface {
	Deliver(bucket, key string, body []byte) error
}

// Prober makes one health check.
type Prober interface {
	// Probe returns the health that this one check shows: elbv2.Passed,
	// CodeMismatch, TimedOut, Failed or InternalError.
	Probe(ctx context.Context, check Check) elbv2.Health
}

// Plane is the data plane of all load balancers of an account.
type Plane struct {
	account      *core.Account
	control      *elbv2.Service
	machines     Machines
	network      *loopback.Network
	certificates Certificates
	metrics      Metrics
	logs         Logs

	// prober makes the health checks; tests replace it.
	prober Prober
	// patience is the shortest real time that a request or a connection is
	// waited for, however fast AWS's time passes: the machine is not faster.
	patience time.Duration

	// What runs; only the goroutine of Run touches the maps, but Owes reads pools:
	// mu guards its changes.
	mu       sync.Mutex
	fronts   map[frontKey]*front
	pools    map[string]*pool // by the target group's ARN
	checkers map[checkerKey]*checker

	meter *meter
	// running are all goroutines; Run waits for them.
	running sync.WaitGroup
}

// patience on the wall clock: of real time, as sockets are real.
const (
	requestPatience = 10 * time.Second
	probePatience   = 2 * time.Second
	// retryBind is how long a port that another process has is left alone.
	retryBind = 2 * time.Second
)

// New returns a data plane that is not running yet. metrics and logs may be
// nil: then nothing is measured, or logged.
func New(a *core.Account, control *elbv2.Service, machines Machines, network *loopback.Network,
	certificates Certificates, metrics Metrics, logs Logs,
) *Plane {
	p := &Plane{
		account: a, control: control, machines: machines, network: network,
		certificates: certificates, metrics: metrics, logs: logs,
		prober:   &socketProber{clock: a.Clock, network: network, patience: probePatience},
		patience: requestPatience,
		fronts:   map[frontKey]*front{},
		pools:    map[string]*pool{},
		checkers: map[checkerKey]*checker{},
		meter:    newMeter(),
	}
	control.Carry(p)
	return p
}

// Run runs the data plane until ctx is done. When it returns, all sockets are
// closed and all goroutines have ended.
func (p *Plane) Run(ctx context.Context) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	changes, unwatch := p.account.Watch()
	defer unwatch()
	if p.metrics != nil {
		p.running.Go(func() { p.publish(ctx) })
	}
	if p.logs != nil {
		p.running.Go(func() { p.deliverLogs(ctx) })
	}
	for ctx.Err() == nil {
		var retry <-chan time.Time
		if complete := p.apply(ctx, p.plan()); !complete {
			retry = time.After(retryBind)
		}
		select {
		case <-ctx.Done():
		case <-changes:
		case <-retry:
		}
	}
	p.shutDown()
}

// apply makes what runs as it is wanted. It returns false when something could
// not be had, and should be tried again.
func (p *Plane) apply(ctx context.Context, wanted *plan) (complete bool) {
	p.applyPools(wanted)
	complete = p.applyFronts(ctx, wanted)
	p.applyCheckers(ctx, wanted)
	return complete
}

// shutDown ends everything at once, in-flight requests too.
func (p *Plane) shutDown() {
	for key, f := range p.fronts {
		f.close(0)
		delete(p.fronts, key)
	}
	for key, c := range p.checkers {
		c.stop()
		delete(p.checkers, key)
	}
	p.running.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	for arn, pool := range p.pools {
		pool.close()
		delete(p.pools, arn)
	}
	p.flushLogs(p.meter.takeLogs())
}

func (p *Plane) log() *slog.Logger { return p.account.Log }

// atLeast is how long an AWS duration takes on the wall, but not less than the
// floor.
func (p *Plane) atLeast(floor, d time.Duration) time.Duration {
	return max(floor, p.account.Clock.Real(d))
}
