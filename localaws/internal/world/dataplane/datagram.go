package dataplane

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ec2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/elbv2"
)

const (
	// flowIdle is how long a UDP flow lives without a packet.
	flowIdle = 120 * time.Second
	// maxFlows bounds the flows of one socket.
	maxFlows    = 4096
	maxDatagram = 64 << 10
)

// datagram is a UDP socket of a Network Load Balancer's listener: all packets
// of a client go to the same target, as long as the flow lives.
type datagram struct {
	front *front
	conn  net.PacketConn
	node  elbv2.Node
	port  uint16

	mu      sync.Mutex
	flows   map[netip.AddrPort]*flow
	running sync.WaitGroup
}

// flow is one client's packets to one target and back.
type flow struct {
	outside net.Conn
	lease   *lease
}

func newDatagram(f *front, c net.PacketConn, node elbv2.Node, port uint16) *datagram {
	return &datagram{front: f, conn: c, node: node, port: port, flows: map[netip.AddrPort]*flow{}}
}

// serve passes packets on until the socket is closed.
func (d *datagram) serve() {
	buffer := make([]byte, maxDatagram)
	for {
		n, from, err := d.conn.ReadFrom(buffer)
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			continue // such as a port that was unreachable before
		}
		if f := d.flow(from); f != nil {
			_, _ = f.outside.Write(buffer[:n]) // a lost packet
		}
	}
}

func (d *datagram) close() error {
	err := d.conn.Close()
	d.mu.Lock()
	for _, f := range d.flows {
		_ = f.outside.Close() // ends its goroutine
	}
	d.mu.Unlock()
	d.running.Wait()
	return err
}

// flow finds the flow of a client, or begins one. It returns nil for a packet
// that gets lost.
func (d *datagram) flow(from net.Addr) *flow {
	key, err := netip.ParseAddrPort(from.String())
	if err != nil {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if f, ok := d.flows[key]; ok {
		_ = f.outside.SetReadDeadline(time.Now().Add(d.patience())) // it fails when the flow ends, and then so be it
		return f
	}
	if len(d.flows) >= maxFlows {
		return nil
	}
	f := d.begin(from)
	if f == nil {
		return nil
	}
	d.flows[key] = f
	d.running.Go(func() { d.answer(key, from, f) })
	return f
}

func (d *datagram) patience() time.Duration {
	return d.front.plane.atLeast(d.front.plane.patience, flowIdle)
}

func (d *datagram) begin(from net.Addr) *flow {
	p := d.front.plane
	who := p.identify(from, d.node)
	if !p.admits(who, "udp", d.port) {
		return nil
	}
	lease := d.front.site.Load().lease(who)
	if lease == nil {
		return nil
	}
	outside, err := p.dialPackets(lease, who)
	if err != nil {
		lease.release()
		return nil
	}
	return &flow{outside: outside, lease: lease}
}

// dialPackets makes a socket for packets to a target. Clients keep their
// addresses on UDP, so rules for them count at the target too.
func (p *Plane) dialPackets(l *lease, who client) (net.Conn, error) {
	if !l.host.address.IsValid() {
		return nil, errShortHost
	}
	err := p.reach(ec2.Peer{InterfaceID: who.node.InterfaceID, Address: who.address.Addr()},
		ec2.Peer{InterfaceID: l.host.interfaceID}, "udp", l.host.address.Port())
	if err != nil {
		return nil, err
	}
	return net.Dial("udp4", p.network.Resolve("udp", l.host.address).String()) //nolint:noctx // a UDP socket does not wait
}

// answer passes the target's packets back until the flow has been silent for
// long, or its target has left.
func (d *datagram) answer(key netip.AddrPort, to net.Addr, f *flow) {
	defer d.front.plane.meter.flow(d.front.site.Load().balancer)()
	defer f.lease.whenOver(func() { _ = f.outside.Close() })()
	buffer := make([]byte, maxDatagram)
	for {
		_ = f.outside.SetReadDeadline(time.Now().Add(d.patience())) // then the read fails
		n, err := f.outside.Read(buffer)
		if err != nil {
			break
		}
		if _, err := d.conn.WriteTo(buffer[:n], to); err != nil {
			break
		}
	}
	d.mu.Lock()
	delete(d.flows, key)
	d.mu.Unlock()
	_ = f.outside.Close() // nothing is lost that UDP would not lose
	f.lease.release()
}
