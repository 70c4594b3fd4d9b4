package dataplane

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ec2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/elbv2"
)

// internetHost stands for every client that is not one of the account's own
// network interfaces; the address is one for documentation.
var internetHost = netip.MustParseAddr("198.51.100.10")

// maxHeld bounds how many blocked clients a listener's socket keeps waiting;
// one that is too many is closed at once.
const maxHeld = 256

// maxEarly bounds what is kept of what a blocked client sends.
const maxEarly = 16 << 10

// client is who opened a connection, as the load balancer sees it.
type client struct {
	peer    ec2.Peer
	address netip.AddrPort // in the network; not the one on this machine
	node    elbv2.Node     // where it came in
}

// conn is a client's connection that the security groups let in.
type conn struct {
	net.Conn
	client client
	early  []byte // what came while it was held
}

func (c *conn) Read(b []byte) (int, error) {
	if len(c.early) > 0 {
		n := copy(b, c.early)
		c.early = c.early[n:]
		return n, nil
	}
	return c.Conn.Read(b)
}

// guard is a listener's socket on one node. Accept returns only connections
// that security groups and routes let through. A blocked packet is dropped on
// AWS, so that the client waits until it gives up; here the machine has
// accepted the connection already, so it is held without an answer, and let
// in when the rules change meanwhile.
type guard struct {
	plane    *Plane
	listener net.Listener
	node     elbv2.Node
	port     uint16

	accepted chan *conn
	closed   context.Context
	close    context.CancelFunc
	running  sync.WaitGroup

	mu      sync.Mutex
	held    int
	changed chan struct{} // closed when the rules may have changed
}

func newGuard(p *Plane, listener net.Listener, node elbv2.Node, port uint16) *guard {
	g := &guard{plane: p, listener: listener, node: node, port: port, accepted: make(chan *conn), changed: make(chan struct{})}
	g.closed, g.close = context.WithCancel(context.Background())
	g.running.Go(g.accept)
	return g
}

// Accept waits for the next connection that may come in.
func (g *guard) Accept() (net.Conn, error) {
	select {
	case c := <-g.accepted:
		return c, nil
	case <-g.closed.Done():
		return nil, net.ErrClosed
	}
}

// Close closes the socket and the connections that are held. Those that were
// let in stay. The socket goes first: a client whose connection ends finds that
// nothing listens any more.
func (g *guard) Close() error {
	err := g.listener.Close()
	g.close()
	g.running.Wait()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// Addr is the socket's address.
func (g *guard) Addr() net.Addr { return g.listener.Addr() }

func (g *guard) accept() {
	for {
		raw, err := g.listener.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			// Out of file descriptors, for one: they come back.
			g.plane.log().Warn("accepting a connection", slog.Any("error", err))
			select {
			case <-g.closed.Done():
			case <-time.After(10 * time.Millisecond):
			}
			continue
		}
		who := g.plane.identify(raw.RemoteAddr(), g.node)
		if g.plane.admits(who, "tcp", g.port) {
			g.deliver(&conn{Conn: raw, client: who})
			continue
		}
		g.hold(raw, who)
	}
}

func (g *guard) deliver(c *conn) {
	select {
	case g.accepted <- c:
	case <-g.closed.Done():
		_ = c.Close() // the client may be gone
	}
}

// hold keeps a blocked connection waiting in the background.
func (g *guard) hold(raw net.Conn, who client) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.held >= maxHeld {
		_ = raw.Close() // as above
		return
	}
	g.held++
	g.running.Go(func() {
		defer g.unhold()
		g.wait(raw, who)
	})
}

func (g *guard) unhold() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.held--
}

// recheck lets held connections in that the rules let in now.
func (g *guard) recheck() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.held > 0 {
		close(g.changed)
		g.changed = make(chan struct{})
	}
}

func (g *guard) change() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.changed
}

// wait ends when the client leaves, the socket closes, or the rules let the
// client in.
func (g *guard) wait(raw net.Conn, who client) {
	early := &early{}
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		early.read(raw)
	}()
	for {
		changed := g.change()
		if g.plane.admits(who, "tcp", g.port) {
			_ = raw.SetReadDeadline(time.Unix(1, 0)) // ends the reading
			<-gone
			_ = raw.SetReadDeadline(time.Time{})
			if early.lost {
				_ = raw.Close() // what is missing can't be made up
				return
			}
			g.deliver(&conn{Conn: raw, client: who, early: early.bytes})
			return
		}
		select {
		case <-changed:
			continue
		case <-gone:
		case <-g.closed.Done():
		}
		_ = raw.Close() // no answer, not even that this fails
		<-gone
		return
	}
}

// early is what a held client sends. Reading it shows when the client leaves.
type early struct {
	bytes []byte
	lost  bool // there was more than is kept
}

func (e *early) read(from net.Conn) {
	buffer := make([]byte, 4<<10)
	for {
		n, err := from.Read(buffer)
		if len(e.bytes)+n <= maxEarly {
			e.bytes = append(e.bytes, buffer[:n]...)
		} else {
			e.lost = true
		}
		if err != nil {
			return
		}
	}
}

// identify finds out who is behind an address of this machine.
func (p *Plane) identify(address net.Addr, node elbv2.Node) client {
	from, err := netip.ParseAddrPort(address.String())
	if err != nil {
		from = netip.AddrPortFrom(internetHost, 0)
	}
	who := client{
		peer:    ec2.Peer{Address: internetHost},
		address: netip.AddrPortFrom(internetHost, from.Port()),
		node:    node,
	}
	if !p.network.Contains(from.Addr()) {
		return who
	}
	p.account.Do(func() {
		own, ok := p.machines.InterfaceByAddress(from.Addr())
		if !ok {
			return
		}
		who.peer = ec2.Peer{InterfaceID: own.ID}
		if private, err := netip.ParseAddr(own.PrivateIP); err == nil {
			who.address = netip.AddrPortFrom(private, from.Port())
		}
	})
	return who
}

// admits reports whether packets of a client get to the node it came in at.
func (p *Plane) admits(who client, protocol string, port uint16) bool {
	err := p.reach(who.peer, ec2.Peer{InterfaceID: who.node.InterfaceID}, protocol, port)
	if err != nil {
		p.log().Debug("a client is blocked", slog.String("client", who.address.String()), slog.Any("why", err))
	}
	return err == nil
}

func (p *Plane) reach(from, to ec2.Peer, protocol string, port uint16) (err error) {
	p.account.Do(func() { err = p.machines.Reach(from, to, protocol, port) })
	return err
}
