package machines

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// Serve answers HTTP requests at an address that every machine has for itself,
// such as 169.254.169.254:80, until ctx is done. It is reachable when Serve
// returns; wait returns when it has ended.
func (m *Machine) Serve(ctx context.Context, at netip.AddrPort, handler http.Handler) (wait func()) {
	e := &endpoint{at: at, backlog: make(chan net.Conn), closed: make(chan struct{})}
	m.mu.Lock()
	m.endpoints[at] = e
	m.mu.Unlock()
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0)}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(e) }) // ends by Close
	serving.Go(func() {
		<-ctx.Done()
		_ = e.Close()      // Serve may not have begun
		_ = server.Close() // its connections
	})
	return serving.Wait
}

// endpoint finds what serves an address of the machine, nil for nothing.
func (m *Machine) endpoint(at netip.AddrPort) *endpoint {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.endpoints[at]
}

// endpoint is a listener for connections that are made inside this process.
type endpoint struct {
	at      netip.AddrPort
	backlog chan net.Conn
	once    sync.Once
	closed  chan struct{}
}

func (e *endpoint) dial(ctx context.Context) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case e.backlog <- theirs:
		return ours, nil
	case <-e.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept waits for a connection.
func (e *endpoint) Accept() (net.Conn, error) {
	select {
	case conn := <-e.backlog:
		return conn, nil
	case <-e.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept.
func (e *endpoint) Close() error {
	e.once.Do(func() { close(e.closed) })
	return nil
}

// Addr is where it answers.
func (e *endpoint) Addr() net.Addr { return net.TCPAddrFromAddrPort(e.at) }
