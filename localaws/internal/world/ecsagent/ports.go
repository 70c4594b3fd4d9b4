package ecsagent

import (
	"context"
	"fmt"
	"net/netip"
	"sync"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/loopback"
)

// portPool hands out an instance's host ports, as the kernel does from its
// ephemeral range.
type portPool struct {
	network     *loopback.Network
	address     netip.Addr
	first, last uint16

	mu    sync.Mutex
	next  uint16
	taken map[string]bool // "8080/tcp"
}

func newPortPool(network *loopback.Network, address netip.Addr, first, last uint16) *portPool {
	return &portPool{
		network: network, address: address, first: first, last: last, next: first, taken: map[string]bool{},
	}
}

func portName(port uint16, protocol string) string { return fmt.Sprintf("%d/%s", port, protocol) }

// take reserves a port: that one, or with 0 a free one of the range.
func (p *portPool) take(ctx context.Context, port uint16, protocol string) (uint16, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if port != 0 {
		if p.taken[portName(port, protocol)] {
			return 0, fmt.Errorf("driver failed programming external connectivity: Bind for 0.0.0.0:%d failed: port is already allocated", port)
		}
		p.taken[portName(port, protocol)] = true
		return port, nil
	}
	for range int(p.last) - int(p.first) + 1 {
		candidate := p.next
		if p.next++; p.next > p.last || p.next < p.first {
			p.next = p.first
		}
		if !p.taken[portName(candidate, protocol)] && p.free(ctx, candidate, protocol) {
			p.taken[portName(candidate, protocol)] = true
			return candidate, nil
		}
	}
	return 0, fmt.Errorf("all ports from %d to %d are in use", p.first, p.last)
}

// free tries a port: something outside of localaws may have it.
func (p *portPool) free(ctx context.Context, port uint16, protocol string) bool {
	at := netip.AddrPortFrom(p.address, port)
	if protocol == "udp" {
		conn, err := p.network.ListenPacket(ctx, at)
		if err != nil {
			return false
		}
		return conn.Close() == nil
	}
	listener, err := p.network.Listen(ctx, at)
	if err != nil {
		return false
	}
	return listener.Close() == nil
}

// reserve notes a port that a container had before a restart.
func (p *portPool) reserve(port uint16, protocol string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken[portName(port, protocol)] = true
}

func (p *portPool) release(port uint16, protocol string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.taken, portName(port, protocol))
}
