package dataplane

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// How long tests wait for what must come, and how often they look.
const (
	waitLong = 10 * time.Second
	poll     = 2 * time.Millisecond
)

func mustAddr(t *testing.T, text string) netip.AddrPort {
	t.Helper()
	at, err := netip.ParseAddrPort(text)
	require.NoError(t, err)
	return at
}

func tlsConfig(certificate tls.Certificate) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{certificate}}
}

// dialFrom dials the address from an instance's own.
func (w *world) dialFrom(instance, address string) func(context.Context, string, string) (net.Conn, error) {
	to := mustAddr(w.t, address)
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		return w.network.Dial(ctx, w.machines.instances[instance].Address, to)
	}
}
