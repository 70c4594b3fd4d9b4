// Package dns is a DNS server, over UDP and TCP, for what Route 53's public
// zones and the load balancers' own names say.
//
// It answers as a resolver: delegations, CNAMEs and alias records are followed,
// and the answer holds the whole chain. A name outside the registered domains
// is REFUSED, so that a client asks its next server.
package dns

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/route53"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
)

// Zones are the public hosted zones. It is called with the account's lock held.
type Zones interface {
	Lookup(name, rrtype string) route53.Answer
}

// Hosts are the names that resources have by themselves, such as load
// balancers. It is called with the account's lock held.
type Hosts interface {
	ResolveName(dnsName string) ([]netip.Addr, bool)
}

const (
	// connectionIdle ends TCP connections on which nothing comes.
	connectionIdle = 10 * time.Second
	maxPacket      = 65535
)

// Server is the DNS server.
type Server struct {
	account *core.Account
	zones   Zones
	hosts   Hosts
	log     *slog.Logger
	// draw returns a number from 0 to n-1; tests replace it.
	draw func(n int64) int64

	packets net.PacketConn
	streams net.Listener
}

// New returns a server that doesn't listen yet.
func New(a *core.Account, zones Zones, hosts Hosts, log *slog.Logger) *Server {
	return &Server{account: a, zones: zones, hosts: hosts, log: log, draw: randomBelow}
}

// Listen takes the address for UDP and TCP; port 0 means any that is free for
// both. It refuses addresses other than loopback. Run serves.
func (s *Server) Listen(ctx context.Context, address netip.AddrPort) error {
	if !address.Addr().IsLoopback() {
		return fmt.Errorf("refusing to serve DNS on %s: localaws stays on loopback addresses", address)
	}
	var failed error
	for range 20 { // a port that is free for TCP may be taken for UDP
		if failed = s.listen(ctx, address); failed == nil || address.Port() != 0 {
			break
		}
	}
	return failed
}

func (s *Server) listen(ctx context.Context, address netip.AddrPort) error {
	var config net.ListenConfig
	streams, err := config.Listen(ctx, "tcp", address.String())
	if err != nil {
		return fmt.Errorf("listening for DNS over TCP: %w", err)
	}
	packets, err := config.ListenPacket(ctx, "udp", streams.Addr().String())
	if err != nil {
		return errors.Join(fmt.Errorf("listening for DNS over UDP: %w", err), streams.Close())
	}
	s.packets, s.streams = packets, streams
	return nil
}

// Address is where the server listens; the zero value before Listen.
func (s *Server) Address() netip.AddrPort {
	if s.streams == nil {
		return netip.AddrPort{}
	}
	return s.streams.Addr().(*net.TCPAddr).AddrPort()
}

// Run serves until ctx is done, closes the sockets, and returns when all
// answers are given.
func (s *Server) Run(ctx context.Context) {
	if s.streams == nil {
		<-ctx.Done()
		return
	}
	var serving sync.WaitGroup
	serving.Go(s.servePackets)
	serving.Go(func() { s.serveStreams(ctx) })
	<-ctx.Done()
	if err := errors.Join(s.packets.Close(), s.streams.Close()); err != nil {
		s.log.Warn("closing the DNS server's sockets", "error", err)
	}
	serving.Wait()
}

func (s *Server) servePackets() {
	buffer := make([]byte, maxPacket)
	for {
		n, from, err := s.packets.ReadFrom(buffer)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // such as ICMP's word that a client is gone
		}
		answer, ok := s.handle(buffer[:n], true)
		if !ok {
			continue
		}
		if _, err := s.packets.WriteTo(answer, from); err != nil && !errors.Is(err, net.ErrClosed) {
			s.log.Debug("answering a DNS query", "client", from, "error", err)
		}
	}
}

func (s *Server) serveStreams(ctx context.Context) {
	var connections sync.WaitGroup
	defer connections.Wait()
	for {
		connection, err := s.streams.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			s.log.Warn("accepting a DNS connection", "error", err)
			continue
		}
		connections.Go(func() {
			stop := context.AfterFunc(ctx, func() { _ = connection.Close() }) // ends the read below
			defer stop()
			s.serveStream(connection)
		})
	}
}

// serveStream answers the queries of one connection, each with its length in
// front, RFC 1035 section 4.2.2.
func (s *Server) serveStream(connection net.Conn) {
	defer func() { _ = connection.Close() }() // the error would reach no one
	for {
		if err := connection.SetDeadline(time.Now().Add(connectionIdle)); err != nil {
			return
		}
		var length [2]byte
		if _, err := io.ReadFull(connection, length[:]); err != nil {
			return
		}
		query := make([]byte, binary.BigEndian.Uint16(length[:]))
		if _, err := io.ReadFull(connection, query); err != nil {
			return
		}
		answer, ok := s.handle(query, false)
		if !ok || len(answer) > maxPacket {
			return
		}
		framed := binary.BigEndian.AppendUint16(nil, uint16(len(answer))) //nolint:gosec // checked above
		if _, err := connection.Write(append(framed, answer...)); err != nil {
			return
		}
	}
}

// Lookup resolves a name to its addresses; none when it has none. It takes the
// account's lock.
func (s *Server) Lookup(name string) []netip.Addr {
	var found []netip.Addr
	for _, r := range s.resolveUnlocked(name, "A").records {
		if r.kind != "A" {
			continue
		}
		if address, err := netip.ParseAddr(r.value); err == nil {
			found = append(found, address)
		}
	}
	return found
}

func (s *Server) resolveUnlocked(name, rrtype string) (answer result) {
	s.account.Do(func() { answer = s.resolve(name, rrtype) })
	return answer
}
