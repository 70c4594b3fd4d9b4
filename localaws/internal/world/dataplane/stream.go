package dataplane

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"
)

// streamIdle is how long a Network Load Balancer's TLS connection may be
// silent; TCP has an attribute for it.
const streamIdle = 350 * time.Second

// streamServer serves a TCP or TLS listener of a Network Load Balancer: each
// connection goes to one target, byte for byte.
type streamServer struct {
	front   *front
	streams *tracker
	ending  context.Context
	end     context.CancelFunc
}

func newStreamServer(f *front) *streamServer {
	s := &streamServer{front: f, streams: newTracker()}
	s.ending, s.end = context.WithCancel(context.Background())
	return s
}

func (s *streamServer) serve(listener net.Listener) {
	for {
		accepted, err := listener.Accept()
		if err != nil {
			return // closed: a guard has no other error
		}
		incoming, ok := accepted.(*conn)
		if !ok || !s.streams.enter() {
			_ = accepted.Close() // the listener is gone
			continue
		}
		go func() {
			defer s.streams.leave()
			s.stream(incoming)
		}()
	}
}

func (s *streamServer) close(grace time.Duration) {
	gone := s.streams.close()
	select {
	case <-gone:
	case <-time.After(grace):
	}
	s.end()
	<-gone
}

// stream serves one connection to its end.
func (s *streamServer) stream(incoming *conn) {
	site := s.front.site.Load()
	defer s.front.plane.meter.flow(site.balancer)()
	ctx, cancel := context.WithCancelCause(s.ending)
	defer cancel(nil)
	defer context.AfterFunc(ctx, func() { _ = incoming.Close() })()

	lease := site.lease(incoming.client)
	if lease == nil {
		reset(incoming.Conn)
		return
	}
	defer lease.release()
	defer lease.whenOver(func() { cancel(errDrained) })()

	record := &streamLog{site: site, client: incoming.client, lease: lease, began: time.Now()}
	var inside net.Conn = incoming
	if site.tls != nil {
		secure := tls.Server(incoming, site.tls)
		if err := handshake(ctx, secure, site.patience); err != nil {
			s.front.plane.log().Debug("a TLS handshake failed", slog.Any("error", err))
			reset(incoming.Conn)
			return
		}
		inside = secure
		record.handshaken(secure.ConnectionState())
		defer s.front.plane.logStream(record)
	}
	outside, err := s.front.plane.dialStream(ctx, lease, incoming.client)
	if err != nil {
		reset(incoming.Conn)
		return
	}
	defer context.AfterFunc(ctx, func() { _ = outside.Close() })()
	idle := startIdle(site.patience, cancel)
	defer idle.stop()
	record.received, record.sent = splice(inside, outside, func(client bool) {
		idle.moved()
		lease.spoke(client)
	})
}

// lease chooses the target of a new flow.
func (s *site) lease(who client) *lease {
	chosen := s.rules[len(s.rules)-1].pick()
	if chosen == nil {
		return nil
	}
	return chosen.choose(who.node.AvailabilityZone, s.sameSource(chosen, who))
}

// sameSource sends a client to the target that it had before, as long as that may
// get new flows, where the group is sticky. TLS listeners ignore it.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/edit-target-group-attributes.html#sticky-sessions
func (s *site) sameSource(group *roster, who client) func([]member) (member, bool) {
	if !on(group.group.Attribute("stickiness.enabled")) || s.listener.Protocol == "TLS" {
		return nil
	}
	source := who.address.Addr().Unmap()
	return func(usable []member) (member, bool) {
		for _, m := range usable {
			if m.target == group.pool.sources[source] {
				return m, true
			}
		}
		chosen := group.balance(usable)
		group.pool.sources[source] = chosen.target
		return chosen, true
	}
}

func handshake(ctx context.Context, c *tls.Conn, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return c.HandshakeContext(ctx)
}

// dialStream connects to the target of a stream, with TLS where the group has
// it, and first says who the client is where the group wants that.
func (p *Plane) dialStream(ctx context.Context, l *lease, who client) (net.Conn, error) {
	group := l.roster.group
	preserved := netip.Addr{}
	if on(group.Attribute("preserve_client_ip.enabled")) {
		preserved = who.address.Addr()
	}
	outside, err := p.dialTarget(ctx, who.node, preserved, l.host)
	if err != nil {
		return nil, err
	}
	if on(group.Attribute("proxy_protocol_v2.enabled")) {
		if _, err := outside.Write(proxyHeader(who, l.host)); err != nil {
			return nil, errors.Join(err, outside.Close())
		}
	}
	if group.Protocol != "TLS" {
		return outside, nil
	}
	secure := tls.Client(outside, &tls.Config{InsecureSkipVerify: true})
	if err := handshake(ctx, secure, p.patience); err != nil {
		return nil, errors.Join(err, outside.Close())
	}
	return secure, nil
}

// splice copies both ways until both are at their end, and tells how many
// bytes came from the client and from the target. It says who spoke each time.
func splice(client, target net.Conn, spoke func(client bool)) (fromClient, fromTarget int64) {
	var both sync.WaitGroup
	both.Go(func() { fromTarget = pass(client, target, func() { spoke(false) }) })
	both.Go(func() { fromClient = pass(target, client, func() { spoke(true) }) })
	both.Wait()
	_ = client.Close() // both ends have been read to the end, or failed
	_ = target.Close() // as above
	return fromClient, fromTarget
}

// pass copies one way, and passes on the end of the stream. When copying
// fails, the other way ends too.
func pass(to, from net.Conn, moved func()) (n int64) {
	n, err := io.Copy(to, &movingReader{from, moved})
	if half, ok := to.(interface{ CloseWrite() error }); ok && err == nil {
		if half.CloseWrite() == nil {
			return n
		}
	}
	_ = to.Close()   // the stream is broken
	_ = from.Close() // as above
	return n
}

type movingReader struct {
	io.Reader
	moved func()
}

func (r *movingReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if n > 0 {
		r.moved()
	}
	return n, err
}

// CloseWrite ends the sending side, where the socket can.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return c.Close()
}

// reset closes a connection as one that was never wanted.
func reset(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // then it is closed with a FIN
	}
	_ = c.Close() // the client may be gone
}
