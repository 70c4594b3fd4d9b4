package kernel

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"
)

// Address is a kernel's own address on its virtual network, the first one
// that Docker's default bridge gives.
var Address = netip.AddrFrom4([4]byte{172, 17, 0, 2})

// Ports is a port space of its own: what listens here has no socket of the real
// kernel, so any number of containers may listen on 80.
type Ports struct {
	mu      sync.Mutex
	streams map[uint16]*listener
	packets map[uint16]*packetConn
}

// NewPorts returns a port space in which nothing listens.
func NewPorts() *Ports {
	return &Ports{streams: map[uint16]*listener{}, packets: map[uint16]*packetConn{}}
}

// ErrRefused says that nothing listens on a port.
var ErrRefused = fmt.Errorf("connect: %w", syscall.ECONNREFUSED)

// Listen accepts streams on a port: from everywhere when the address is
// unspecified or the kernel's own, only from within when it is a
// loopback address.
func (p *Ports) Listen(at netip.AddrPort) (net.Listener, error) {
	if err := p.mayListen(at); err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.streams[at.Port()] != nil {
		return nil, listenError("tcp", at, syscall.EADDRINUSE)
	}
	l := &listener{ports: p, at: at, backlog: make(chan net.Conn), closed: make(chan struct{})}
	p.streams[at.Port()] = l
	return l, nil
}

func (p *Ports) mayListen(at netip.AddrPort) error {
	address := at.Addr().Unmap()
	if !address.IsUnspecified() && !address.IsLoopback() && address != Address {
		return listenError("tcp", at, syscall.EADDRNOTAVAIL)
	}
	return nil
}

func listenError(network string, at netip.AddrPort, err error) error {
	return &net.OpError{
		Op: "listen", Net: network, Addr: net.TCPAddrFromAddrPort(at),
		Err: os.NewSyscallError("bind", err),
	}
}

// Deliver hands a connection that came from outside to what listens on the
// port. It waits until it is accepted, and returns ErrRefused when nothing
// listens there for the outside.
func (p *Ports) Deliver(ctx context.Context, port uint16, conn net.Conn) error {
	return p.deliver(ctx, port, conn, true)
}

func (p *Ports) deliver(ctx context.Context, port uint16, conn net.Conn, outside bool) error {
	p.mu.Lock()
	l := p.streams[port]
	p.mu.Unlock()
	if l == nil || (outside && l.at.Addr().Unmap().IsLoopback()) {
		return ErrRefused
	}
	select {
	case l.backlog <- &accepted{Conn: conn, local: tcpAddr(Address, port)}:
		return nil
	case <-l.closed:
		return ErrRefused
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Dial connects to a port of the kernel from within.
func (p *Ports) Dial(ctx context.Context, port uint16) (net.Conn, error) {
	ours, theirs := net.Pipe()
	local := netip.MustParseAddr("127.0.0.1")
	if err := p.deliver(ctx, port, &dialled{Conn: theirs, remote: tcpAddr(local, 0)}, false); err != nil {
		_ = ours.Close()
		_ = theirs.Close()
		return nil, err
	}
	return &dialled{Conn: ours, remote: tcpAddr(local, port)}, nil
}

func tcpAddr(address netip.Addr, port uint16) net.Addr {
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(address, port))
}

// listener is a virtual listening socket.
type listener struct {
	ports   *Ports
	at      netip.AddrPort
	backlog chan net.Conn
	once    sync.Once
	closed  chan struct{}
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.backlog:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error {
	l.once.Do(func() {
		close(l.closed)
		l.ports.mu.Lock()
		defer l.ports.mu.Unlock()
		delete(l.ports.streams, l.at.Port())
	})
	return nil
}

func (l *listener) Addr() net.Addr { return net.TCPAddrFromAddrPort(l.at) }

// accepted is a connection with the address that its container sees.
type accepted struct {
	net.Conn
	local net.Addr
}

func (c *accepted) LocalAddr() net.Addr { return c.local }

// dialled is an end of a pipe with the address of the other one.
type dialled struct {
	net.Conn
	remote net.Addr
}

func (c *dialled) RemoteAddr() net.Addr { return c.remote }

// packet is a datagram and the way back to its sender.
type packet struct {
	data  []byte
	from  net.Addr
	reply func([]byte) error
}

// packetBacklog is how many datagrams wait to be read before some are lost.
const packetBacklog = 64

// packetConn is a virtual datagram socket. It can write to those it heard from.
type packetConn struct {
	ports    *Ports
	at       netip.AddrPort
	incoming chan packet
	once     sync.Once
	closed   chan struct{}
	deadline deadline

	mu    sync.Mutex
	peers map[string]func([]byte) error
}

// ListenPacket receives datagrams on a port.
func (p *Ports) ListenPacket(at netip.AddrPort) (net.PacketConn, error) {
	if err := p.mayListen(at); err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.packets[at.Port()] != nil {
		return nil, listenError("udp", at, syscall.EADDRINUSE)
	}
	c := &packetConn{
		ports: p, at: at, incoming: make(chan packet, packetBacklog), closed: make(chan struct{}),
		peers: map[string]func([]byte) error{},
	}
	p.packets[at.Port()] = c
	return c, nil
}

// DeliverPacket hands a datagram from outside to what listens on the port; reply
// sends one back. A datagram that nothing waits for is dropped: ErrRefused.
func (p *Ports) DeliverPacket(port uint16, data []byte, from net.Addr, reply func([]byte) error) error {
	p.mu.Lock()
	c := p.packets[port]
	p.mu.Unlock()
	if c == nil || c.at.Addr().Unmap().IsLoopback() {
		return ErrRefused
	}
	select {
	case c.incoming <- packet{data, from, reply}:
	default:
	}
	return nil
}

func (c *packetConn) ReadFrom(b []byte) (int, net.Addr, error) {
	select {
	case received := <-c.incoming:
		c.mu.Lock()
		c.peers[received.from.String()] = received.reply
		c.mu.Unlock()
		return copy(b, received.data), received.from, nil
	case <-c.closed:
		return 0, nil, net.ErrClosed
	case <-c.deadline.passed():
		return 0, nil, os.ErrDeadlineExceeded
	}
}

func (c *packetConn) WriteTo(b []byte, to net.Addr) (int, error) {
	c.mu.Lock()
	reply := c.peers[to.String()]
	c.mu.Unlock()
	if reply == nil {
		return 0, &net.OpError{Op: "write", Net: "udp", Addr: to, Err: syscall.EHOSTUNREACH}
	}
	return len(b), reply(b)
}

func (c *packetConn) Close() error {
	c.once.Do(func() {
		close(c.closed)
		c.ports.mu.Lock()
		defer c.ports.mu.Unlock()
		delete(c.ports.packets, c.at.Port())
	})
	return nil
}

func (c *packetConn) LocalAddr() net.Addr                { return net.UDPAddrFromAddrPort(c.at) }
func (c *packetConn) SetDeadline(t time.Time) error      { c.deadline.set(t); return nil }
func (c *packetConn) SetReadDeadline(t time.Time) error  { c.deadline.set(t); return nil }
func (c *packetConn) SetWriteDeadline(_ time.Time) error { return nil }

// deadline is a channel that is closed at a time which can be changed.
type deadline struct {
	mu    sync.Mutex
	timer *time.Timer
	done  chan struct{}
}

func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
	}
	done := make(chan struct{})
	d.done, d.timer = done, nil
	if !t.IsZero() {
		d.timer = time.AfterFunc(time.Until(t), func() { close(done) })
	}
}

func (d *deadline) passed() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.done
}

// DialAddress makes a connection from within: to itself by
// localhost, its own name or address, to others through Options.Dial.
func (k *Kernel) DialAddress(ctx context.Context, network, address string) (net.Conn, error) {
	host, portText, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("dialling %q: %w", address, err)
	}
	if k.isSelf(host) {
		port, err := net.DefaultResolver.LookupPort(ctx, network, portText)
		if err != nil {
			return nil, fmt.Errorf("dialling %q: %w", address, err)
		}
		return k.Ports.Dial(ctx, uint16(port)) //nolint:gosec // LookupPort returns 0 to 65535
	}
	if k.Dial == nil {
		return nil, errors.New("network is unreachable")
	}
	return k.Dial(ctx, network, address)
}

func (k *Kernel) isSelf(host string) bool {
	if host == "localhost" || host == k.Hostname {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && (address.IsLoopback() || address.IsUnspecified() || address == Address)
}
