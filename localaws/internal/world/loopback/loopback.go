// Package loopback gives every load balancer, instance and gateway of localaws
// an IP address of its own in 127.0.0.0/8, so that listeners sit on their true
// ports and targets on true host ports.
//
// Where an address or port can't be bound (no privilege for port 443, macOS, a
// port that another process has on all addresses), a free port of 127.0.0.1
// stands in, and Resolve knows it. Nothing here ever binds an address that is
// not a loopback address.
package loopback

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
)

// claimPort is bound on the first address of a range by the process that uses
// it, so that two runs on one machine take different ranges.
const claimPort = 47999

// Network hands out addresses of one /16 of 127.0.0.0/8. It is safe for
// concurrent use.
type Network struct {
	prefix netip.Prefix
	claim  net.Listener
	bind   binder

	mu     sync.Mutex
	next   uint16
	taken  map[netip.Addr]bool
	stands map[place]stand // where a free port stands in
}

// binder binds sockets as the system does; tests put one in its place that
// lacks addresses or privileges.
type binder interface {
	Listen(ctx context.Context, network, address string) (net.Listener, error)
	ListenPacket(ctx context.Context, network, address string) (net.PacketConn, error)
}

// place is a port of an address.
type place struct {
	protocol string
	at       netip.AddrPort
}

// stand is the port that stands in for another, and why.
type stand struct {
	at      netip.AddrPort
	because error
}

// Claim takes the /16 that begins with 127.second, or with second 0 the first
// one that no other process on this machine has. It returns an error that says
// so when the range is taken.
func Claim(ctx context.Context, second byte) (*Network, error) {
	if second != 0 {
		return claim(ctx, &net.ListenConfig{}, second)
	}
	var failed error
	for candidate := byte(1); candidate < 255; candidate++ {
		n, err := claim(ctx, &net.ListenConfig{}, candidate)
		if err == nil {
			return n, nil
		}
		failed = err
	}
	return nil, fmt.Errorf("finding a free range of loopback addresses: %w", failed)
}

func claim(ctx context.Context, bind binder, second byte) (*Network, error) {
	prefix := netip.PrefixFrom(netip.AddrFrom4([4]byte{127, second, 0, 0}), 16)
	address := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, second, 0, 1}), claimPort)
	listener, err := bind.Listen(ctx, "tcp4", address.String())
	if errors.Is(err, errAddressNotAvailable) {
		// Without addresses of its own (macOS) the range lives on 127.0.0.1,
		// where each range has its claim port.
		address = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), claimPort-1-uint16(second))
		listener, err = bind.Listen(ctx, "tcp4", address.String())
	}
	if err != nil {
		return nil, fmt.Errorf("claiming the loopback addresses %s: %w", prefix, err)
	}
	return &Network{
		prefix: prefix, claim: listener, bind: bind, next: 16,
		taken: map[netip.Addr]bool{}, stands: map[place]stand{},
	}, nil
}

// Close gives the range back. Listeners that are still open stay open.
func (n *Network) Close() error { return n.claim.Close() }

// Second is the range's second byte, to claim the same one again.
func (n *Network) Second() byte { return n.prefix.Addr().As4()[1] }

// Contains reports whether an address is of this range.
func (n *Network) Contains(address netip.Addr) bool { return n.prefix.Contains(address) }

// Allocate returns an address that nothing else has.
func (n *Network) Allocate() (netip.Addr, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	base := n.prefix.Addr().As4()
	for range 1 << 16 {
		n.next++
		low := byte(n.next)
		if n.next < 16 || low == 0 || low == 255 {
			continue
		}
		address := netip.AddrFrom4([4]byte{127, base[1], byte(n.next >> 8), low})
		if !n.taken[address] {
			n.taken[address] = true
			return address, nil
		}
	}
	return netip.Addr{}, fmt.Errorf("all loopback addresses of %s are in use", n.prefix)
}

// Release gives an address back.
func (n *Network) Release(address netip.Addr) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.taken, address)
}

// Listen listens for TCP on that address and port. A port that another socket
// has is an error (EADDRINUSE); an address or port that can't be bound at all is
// stood in for.
func (n *Network) Listen(ctx context.Context, at netip.AddrPort) (net.Listener, error) {
	return n.listen(ctx, at, canStandIn)
}

// ListenPacket listens for UDP, as Listen does for TCP.
func (n *Network) ListenPacket(ctx context.Context, at netip.AddrPort) (net.PacketConn, error) {
	return n.listenPacket(ctx, at, canStandIn)
}

// ListenAnyway is Listen for who can't take another port: one that a process
// of this machine has on all its addresses is stood in for, too.
func (n *Network) ListenAnyway(ctx context.Context, at netip.AddrPort) (net.Listener, error) {
	return n.listen(ctx, at, isTakenOrCanStandIn)
}

// ListenPacketAnyway is ListenAnyway for UDP.
func (n *Network) ListenPacketAnyway(ctx context.Context, at netip.AddrPort) (net.PacketConn, error) {
	return n.listenPacket(ctx, at, isTakenOrCanStandIn)
}

func (n *Network) listen(ctx context.Context, at netip.AddrPort, cured func(error) bool) (net.Listener, error) {
	if err := mustBeLoopback(at); err != nil {
		return nil, err
	}
	listener, because := n.bind.Listen(ctx, "tcp4", at.String())
	if because == nil || !cured(because) {
		return listener, wrap(because, "tcp", at)
	}
	listener, err := n.bind.Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, wrap(err, "tcp", at)
	}
	n.standInFor("tcp", at, listener.Addr(), because)
	return &releasing{Listener: listener, release: sync.OnceFunc(func() { n.noStandIn("tcp", at) })}, nil
}

func (n *Network) listenPacket(ctx context.Context, at netip.AddrPort, cured func(error) bool) (net.PacketConn, error) {
	if err := mustBeLoopback(at); err != nil {
		return nil, err
	}
	conn, because := n.bind.ListenPacket(ctx, "udp4", at.String())
	if because == nil || !cured(because) {
		return conn, wrap(because, "udp", at)
	}
	conn, err := n.bind.ListenPacket(ctx, "udp4", "127.0.0.1:0")
	if err != nil {
		return nil, wrap(err, "udp", at)
	}
	n.standInFor("udp", at, conn.LocalAddr(), because)
	return &releasingPacket{PacketConn: conn, release: sync.OnceFunc(func() { n.noStandIn("udp", at) })}, nil
}

// Resolve returns where to dial for that address and port: the same, or what
// stands in for it. protocol is "tcp" or "udp".
func (n *Network) Resolve(protocol string, at netip.AddrPort) netip.AddrPort {
	to, _ := n.StandIn(protocol, at)
	return to
}

// StandIn is Resolve, with the reason why the port itself can't be bound: nil
// when it can.
func (n *Network) StandIn(protocol string, at netip.AddrPort) (to netip.AddrPort, because error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if stand, ok := n.stands[place{protocol, at}]; ok {
		return stand.at, stand.because
	}
	return at, nil
}

// Dial connects to that address and port, from source, which must be an
// address of this range or the zero Addr.
func (n *Network) Dial(ctx context.Context, source netip.Addr, to netip.AddrPort) (net.Conn, error) {
	if err := mustBeLoopback(to); err != nil {
		return nil, err
	}
	var dialer net.Dialer
	if source.IsValid() {
		dialer.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(source, 0))
	}
	conn, err := dialer.DialContext(ctx, "tcp4", n.Resolve("tcp", to).String())
	if source.IsValid() && errors.Is(err, errAddressNotAvailable) {
		dialer.LocalAddr = nil
		conn, err = dialer.DialContext(ctx, "tcp4", n.Resolve("tcp", to).String())
	}
	return conn, err
}

func (n *Network) standInFor(protocol string, at netip.AddrPort, actual net.Addr, because error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	to, err := netip.ParseAddrPort(actual.String())
	if err == nil {
		n.stands[place{protocol, at}] = stand{to, because}
	}
}

func (n *Network) noStandIn(protocol string, at netip.AddrPort) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.stands, place{protocol, at})
}

// releasing forgets its stand-in when it is closed: once, as another socket may
// be stood in for at that address after that.
type releasing struct {
	net.Listener
	release func()
}

func (r *releasing) Close() error {
	r.release()
	return r.Listener.Close()
}

type releasingPacket struct {
	net.PacketConn
	release func()
}

func (r *releasingPacket) Close() error {
	r.release()
	return r.PacketConn.Close()
}

func mustBeLoopback(at netip.AddrPort) error {
	if !at.Addr().IsLoopback() {
		return fmt.Errorf("refusing to use %s: localaws stays on loopback addresses", at)
	}
	return nil
}

func wrap(err error, protocol string, at netip.AddrPort) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("listening on %s %s: %w", protocol, at, err)
}
