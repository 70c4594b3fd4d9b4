package loopback

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// claimed is a range of its own for a test.
func claimed(t *testing.T) *Network {
	t.Helper()
	n, err := Claim(t.Context(), 0)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, n.Close()) })
	return n
}

// without is a system that does not bind some addresses.
type without struct {
	net.ListenConfig
	refuses func(address netip.AddrPort) error
}

func (w *without) Listen(ctx context.Context, network, address string) (net.Listener, error) {
	if err := w.refuses(netip.MustParseAddrPort(address)); err != nil {
		return nil, &net.OpError{Op: "listen", Err: err}
	}
	return w.ListenConfig.Listen(ctx, network, address)
}

func (w *without) ListenPacket(ctx context.Context, network, address string) (net.PacketConn, error) {
	if err := w.refuses(netip.MustParseAddrPort(address)); err != nil {
		return nil, &net.OpError{Op: "listen", Err: err}
	}
	return w.ListenConfig.ListenPacket(ctx, network, address)
}

// noPrivilege refuses ports below 1024, as to a user who is not root.
func noPrivilege(address netip.AddrPort) error {
	if address.Port() > 0 && address.Port() < 1024 {
		return syscall.EACCES
	}
	return nil
}

// onlyOneAddress refuses all but 127.0.0.1, as macOS does.
func onlyOneAddress(address netip.AddrPort) error {
	if address.Addr() != netip.AddrFrom4([4]byte{127, 0, 0, 1}) {
		return syscall.EADDRNOTAVAIL
	}
	return nil
}

func TestTwoClaimsTakeDifferentRanges(t *testing.T) {
	t.Parallel()
	first, second := claimed(t), claimed(t)
	assert.NotEqual(t, first.Second(), second.Second())
	_, err := Claim(t.Context(), first.Second())
	require.ErrorIs(t, err, syscall.EADDRINUSE)
	require.ErrorContains(t, err, "claiming the loopback addresses "+first.prefix.String())

	address, err := first.Allocate()
	require.NoError(t, err)
	assert.True(t, first.Contains(address))
	assert.False(t, second.Contains(address))
}

func TestARangeCanBeClaimedAgain(t *testing.T) {
	t.Parallel()
	n, err := Claim(t.Context(), 0)
	require.NoError(t, err)
	require.NoError(t, n.Close())
	again, err := Claim(t.Context(), n.Second())
	require.NoError(t, err)
	require.NoError(t, again.Close())
}

func TestAddressesAreNobodyElses(t *testing.T) {
	t.Parallel()
	n := claimed(t)
	seen := map[netip.Addr]bool{}
	for range 1000 {
		address, err := n.Allocate()
		require.NoError(t, err)
		require.True(t, address.IsLoopback())
		require.False(t, seen[address], "%s came twice", address)
		low := address.As4()[3]
		require.NotContains(t, []byte{0, 255}, low, "it looks like a network or a broadcast address")
		seen[address] = true
	}
}

func TestAddressesRunOutAndComeBack(t *testing.T) {
	t.Parallel()
	n := claimed(t)
	var last netip.Addr
	for {
		address, err := n.Allocate()
		if err != nil {
			require.ErrorContains(t, err, "all loopback addresses of "+n.prefix.String()+" are in use")
			break
		}
		last = address
	}
	n.Release(last)
	again, err := n.Allocate()
	require.NoError(t, err)
	assert.Equal(t, last, again)
}

func TestListenersSitOnTheirTruePorts(t *testing.T) {
	t.Parallel()
	n := claimed(t)
	address, err := n.Allocate()
	require.NoError(t, err)
	at := netip.AddrPortFrom(address, 18081)
	listener, err := n.Listen(t.Context(), at)
	require.NoError(t, err)
	assert.Equal(t, at.String(), listener.Addr().String())
	assert.Equal(t, at, n.Resolve("tcp", at))

	_, err = n.Listen(t.Context(), at)
	require.ErrorIs(t, err, syscall.EADDRINUSE, "a port that another process has gets no stand-in")
	require.ErrorContains(t, err, "listening on tcp "+at.String())

	source, err := n.Allocate()
	require.NoError(t, err)
	assert.Equal(t, source.String(), from(t, n, listener, source, at), "the connection comes from where it should")
	require.NoError(t, listener.Close())
	_, err = n.Dial(t.Context(), source, at)
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
}

// from dials, and returns the address that the listener sees.
func from(t *testing.T, n *Network, listener net.Listener, source netip.Addr, to netip.AddrPort) string {
	t.Helper()
	var seen string
	var accepted sync.WaitGroup
	accepted.Go(func() {
		conn, err := listener.Accept()
		if err == nil {
			seen = conn.RemoteAddr().String()
			_ = conn.Close() // the test is about where it came from
		}
	})
	conn, err := n.Dial(t.Context(), source, to)
	require.NoError(t, err)
	accepted.Wait()
	_, err = conn.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
	require.NoError(t, conn.Close())
	return seen[:strings.LastIndex(seen, ":")]
}

func TestAStandInForAPrivilegedPort(t *testing.T) {
	t.Parallel()
	for name, refuses := range map[string]func(netip.AddrPort) error{"no privilege": noPrivilege, "one address": onlyOneAddress} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := claimed(t)
			n.bind = &without{refuses: refuses}
			address, err := n.Allocate()
			require.NoError(t, err)
			at := netip.AddrPortFrom(address, 443)

			listener, err := n.Listen(t.Context(), at)
			require.NoError(t, err)
			stand := n.Resolve("tcp", at)
			assert.Equal(t, listener.Addr().String(), stand.String())
			assert.Equal(t, "127.0.0.1", stand.Addr().String())
			assert.Equal(t, at, n.Resolve("udp", at), "for this protocol only")
			from(t, n, listener, netip.Addr{}, at)

			require.NoError(t, listener.Close())
			assert.Equal(t, at, n.Resolve("tcp", at), "forgotten with the listener")
			second, err := n.Listen(t.Context(), at)
			require.NoError(t, err)
			require.ErrorIs(t, listener.Close(), net.ErrClosed)
			assert.NotEqual(t, at, n.Resolve("tcp", at), "closing the first again does not take the second's stand-in")
			require.NoError(t, second.Close())
		})
	}
}

// TestAPortThatAnotherProcessHas: who listens anyway gets a stand-in and the
// reason.
func TestAPortThatAnotherProcessHas(t *testing.T) {
	t.Parallel()
	n := claimed(t)
	address, err := n.Allocate()
	require.NoError(t, err)
	at := netip.AddrPortFrom(address, 18083)
	other, err := n.Listen(t.Context(), at)
	require.NoError(t, err)
	otherPackets, err := n.ListenPacket(t.Context(), at)
	require.NoError(t, err)

	listener, err := n.ListenAnyway(t.Context(), at)
	require.NoError(t, err)
	to, because := n.StandIn("tcp", at)
	assert.Equal(t, listener.Addr().String(), to.String())
	require.ErrorIs(t, because, syscall.EADDRINUSE)
	require.ErrorContains(t, because, at.String())
	_, because = n.StandIn("udp", at)
	require.NoError(t, because, "for this protocol only")
	from(t, n, listener, netip.Addr{}, at)

	packets, err := n.ListenPacketAnyway(t.Context(), at)
	require.NoError(t, err)
	to, because = n.StandIn("udp", at)
	assert.Equal(t, packets.LocalAddr().String(), to.String())
	require.ErrorIs(t, because, syscall.EADDRINUSE)

	for _, c := range []io.Closer{listener, packets, other, otherPackets} {
		require.NoError(t, c.Close())
	}
	listener, err = n.ListenAnyway(t.Context(), at)
	require.NoError(t, err)
	to, because = n.StandIn("tcp", at)
	require.NoError(t, because)
	assert.Equal(t, at, to, "the true port, once it can be had")
	require.NoError(t, listener.Close())
}

func TestAStandInForPackets(t *testing.T) {
	t.Parallel()
	n := claimed(t)
	n.bind = &without{refuses: noPrivilege}
	address, err := n.Allocate()
	require.NoError(t, err)
	at := netip.AddrPortFrom(address, 53)
	conn, err := n.ListenPacket(t.Context(), at)
	require.NoError(t, err)
	assert.Equal(t, conn.LocalAddr().String(), n.Resolve("udp", at).String())

	var dialer net.Dialer
	client, err := dialer.DialContext(t.Context(), "udp4", n.Resolve("udp", at).String())
	require.NoError(t, err)
	_, err = client.Write([]byte("hi"))
	require.NoError(t, err)
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(10*time.Second)))
	got := make([]byte, 10)
	count, _, err := conn.ReadFrom(got)
	require.NoError(t, err)
	assert.Equal(t, "hi", string(got[:count]))
	require.NoError(t, client.Close())
	require.NoError(t, conn.Close())
	assert.Equal(t, at, n.Resolve("udp", at))

	true_, err := n.ListenPacket(t.Context(), netip.AddrPortFrom(address, 18053))
	require.NoError(t, err)
	assert.Equal(t, netip.AddrPortFrom(address, 18053).String(), true_.LocalAddr().String())
	require.NoError(t, true_.Close())
}

// TestClaimsWithOneAddress: where there is only 127.0.0.1, each range has a port
// of it.
func TestClaimsWithOneAddress(t *testing.T) {
	t.Parallel()
	bind := &without{refuses: onlyOneAddress}
	first, err := claim(t.Context(), bind, 200)
	require.NoError(t, err)
	_, err = claim(t.Context(), bind, 200)
	require.ErrorIs(t, err, syscall.EADDRINUSE)
	second, err := claim(t.Context(), bind, 201)
	require.NoError(t, err)
	require.NoError(t, first.Close())
	require.NoError(t, second.Close())
}

func TestItStaysOnLoopback(t *testing.T) {
	t.Parallel()
	n := claimed(t)
	for _, text := range []string{"0.0.0.0:18080", "192.0.2.1:80", "[2001:db8::1]:80", "[::]:80"} {
		at := netip.MustParseAddrPort(text)
		_, err := n.Listen(t.Context(), at)
		require.ErrorContains(t, err, "refusing to use "+at.String())
		_, err = n.ListenPacket(t.Context(), at)
		require.ErrorContains(t, err, "refusing to use "+at.String())
		_, err = n.Dial(t.Context(), netip.Addr{}, at)
		require.ErrorContains(t, err, "refusing to use "+at.String())
	}
}

func TestOtherFailuresAreTold(t *testing.T) {
	t.Parallel()
	n := claimed(t)
	broken := errors.New("broken")
	n.bind = &without{refuses: func(netip.AddrPort) error { return broken }}
	at := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 18082)
	_, err := n.Listen(t.Context(), at)
	require.ErrorIs(t, err, broken)
	_, err = n.ListenPacket(t.Context(), at)
	require.ErrorIs(t, err, broken)
	none := &without{refuses: func(at netip.AddrPort) error {
		if at.Port() == 0 {
			return broken
		}
		return syscall.EACCES
	}}
	n.bind = none
	_, err = n.Listen(t.Context(), at)
	require.ErrorIs(t, err, broken, "not even a stand-in")
	_, err = n.ListenPacket(t.Context(), at)
	require.ErrorIs(t, err, broken)
}
