package dataplane

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/elbv2"
)

// frontKey is what can't change without new sockets.
type frontKey struct {
	listener string // ARN
	protocol string
	port     int32
}

// front is a running listener: a socket on each node of its load balancer, and
// a server behind them.
type front struct {
	plane *Plane
	key   frontKey
	// site is what the listener is to do, swapped whole when it changes.
	site    atomic.Pointer[site]
	server  server
	sockets map[netip.Addr]*socket

	closing sync.Once
}

// server serves the connections of a front's sockets.
type server interface {
	// serve serves one socket until it is closed.
	serve(listener net.Listener)
	// close lets what is in flight end for as long as grace, then ends it.
	close(grace time.Duration)
}

// socket is what is bound on one node.
type socket struct {
	guard   *guard    // TCP
	packets *datagram // UDP
	served  sync.WaitGroup
}

// closeGrace is the real time that requests in flight have when their listener
// is deleted.
const closeGrace = 2 * time.Second

// applyFronts brings all listeners' sockets up to date. Those that go are closed
// first: another listener may have their port.
func (p *Plane) applyFronts(ctx context.Context, wanted *plan) (complete bool) {
	complete = true
	keep := map[frontKey]bool{}
	for _, balancer := range wanted.balancers {
		for _, listener := range balancer.Listeners {
			keep[keyOf(listener)] = true
		}
	}
	p.closeFronts(func(key frontKey) bool { return !keep[key] })
	for _, balancer := range wanted.balancers {
		for _, listener := range balancer.Listeners {
			key := keyOf(listener)
			f, ok := p.fronts[key]
			site := newSite(p, wanted, balancer.LoadBalancer, listener)
			if !ok {
				f = newFront(p, key, site)
				p.fronts[key] = f
			}
			f.site.Store(site)
			complete = f.bind(ctx, balancer.Nodes) && complete
		}
	}
	return complete
}

func keyOf(listener elbv2.BalancerListener) frontKey {
	return frontKey{listener.ARN, listener.Protocol, listener.Port}
}

func (p *Plane) closeFronts(which func(frontKey) bool) {
	for key, f := range p.fronts {
		if which(key) {
			delete(p.fronts, key)
			f.unbind(nil)
			p.running.Go(func() { f.close(closeGrace) })
		}
	}
}

func newFront(p *Plane, key frontKey, first *site) *front {
	f := &front{plane: p, key: key, sockets: map[netip.Addr]*socket{}}
	f.site.Store(first)
	switch key.protocol {
	case "HTTP", "HTTPS":
		f.server = newWebServer(f)
	default:
		f.server = newStreamServer(f)
	}
	return f
}

// bind opens sockets on nodes that lack them and closes those of nodes that
// are gone. It returns false when a port is not free now.
func (f *front) bind(ctx context.Context, nodes []elbv2.Node) (complete bool) {
	complete = true
	f.unbind(nodes)
	for _, node := range nodes {
		if s, ok := f.sockets[node.Address]; ok {
			s.recheck()
			continue
		}
		s, err := f.open(ctx, node)
		if err != nil {
			f.plane.log().Warn("a listener can't be opened", slog.String("listener", f.key.listener), slog.Any("error", err))
			complete = false
			continue
		}
		f.sockets[node.Address] = s
	}
	return complete
}

// unbind closes the sockets of nodes that are not in the list.
func (f *front) unbind(stay []elbv2.Node) {
	for address, s := range f.sockets {
		if !hasAddress(stay, address) {
			delete(f.sockets, address)
			if err := s.close(); err != nil {
				f.plane.log().Warn("closing a listener's socket", slog.Any("error", err))
			}
		}
	}
}

func hasAddress(nodes []elbv2.Node, address netip.Addr) bool {
	for _, node := range nodes {
		if node.Address == address {
			return true
		}
	}
	return false
}

// open binds a listener's port on a node, for TCP, UDP or both.
func (f *front) open(ctx context.Context, node elbv2.Node) (*socket, error) {
	port := uint16(f.key.port)
	at := netip.AddrPortFrom(node.Address, port)
	s := &socket{}
	if f.key.protocol != "UDP" {
		listener, err := f.plane.network.ListenAnyway(ctx, at)
		if err != nil {
			return nil, err
		}
		s.guard = newGuard(f.plane, listener, node, port)
		s.served.Go(func() { f.server.serve(s.guard) })
	}
	if f.key.protocol == "UDP" || f.key.protocol == "TCP_UDP" {
		packets, err := f.plane.network.ListenPacketAnyway(ctx, at)
		if err != nil {
			return nil, errors.Join(err, s.close())
		}
		s.packets = newDatagram(f, packets, node, port)
		s.served.Go(s.packets.serve)
	}
	return s, nil
}

func (s *socket) recheck() {
	if s.guard != nil {
		s.guard.recheck()
	}
}

func (s *socket) close() error {
	var failed error
	if s.guard != nil {
		failed = s.guard.Close()
	}
	if s.packets != nil {
		failed = errors.Join(failed, s.packets.close())
	}
	s.served.Wait()
	return failed
}

// close ends the front; what is in flight has the grace to end by itself.
func (f *front) close(grace time.Duration) {
	f.closing.Do(func() {
		f.unbind(nil)
		f.server.close(grace)
	})
}
