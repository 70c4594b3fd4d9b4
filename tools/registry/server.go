package registry

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Server is a registry on a free port of this machine, with a certificate that
// only clients trust that are told to.
type Server struct {
	// Host stands before the module's address in a source: "127.0.0.1:PORT".
	// It is an address, since Terraform requires a dot in a name, and localhost has none.
	Host string
	// Trust is a directory that holds the certificate and no more.
	Trust string

	http   *http.Server
	served chan error
}

// Start serves the handler until Close. The directory, which must exist, takes
// the certificate.
func Start(ctx context.Context, dir string, handler http.Handler) (*Server, error) {
	address := net.IPv4(127, 0, 0, 1)
	certificate, text, err := issue(address)
	if err != nil {
		return nil, err
	}
	trust := filepath.Join(dir, "trust")
	if err := os.MkdirAll(trust, 0o700); err != nil {
		return nil, fmt.Errorf("making the registry's trust directory: %w", err)
	}
	if err := os.WriteFile(filepath.Join(trust, "ca.pem"), text, 0o600); err != nil {
		return nil, fmt.Errorf("writing the registry's certificate: %w", err)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(address.String(), "0"))
	if err != nil {
		return nil, fmt.Errorf("opening a port for the registry: %w", err)
	}
	server := &Server{
		Host:  listener.Addr().String(),
		Trust: trust,
		http: &http.Server{
			Handler:           handler,
			ReadHeaderTimeout: 10 * time.Second,
			TLSConfig:         &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12},
			// A client that gives up, or does not trust the server, says so itself.
			ErrorLog: log.New(io.Discard, "", 0),
		},
		served: make(chan error, 1),
	}
	go func() { server.served <- server.http.ServeTLS(listener, "", "") }()
	return server, nil
}

// Source is a module's address here, as a configuration has it.
func (s *Server) Source(module Module) string { return s.Host + "/" + module.String() }

// Environ makes Terraform trust the server besides what it trusts anyway:
// SSL_CERT_DIR with our directory before the ones of getenv or the system.
// Go heeds it on Linux, not on macOS and Windows.
func (s *Server) Environ(getenv func(string) string) []string {
	others := getenv("SSL_CERT_DIR")
	if others == "" {
		others = strings.Join([]string{"/etc/ssl/certs", "/etc/pki/tls/certs"}, string(filepath.ListSeparator))
	}
	return []string{"SSL_CERT_DIR=" + s.Trust + string(filepath.ListSeparator) + others}
}

// Close ends the server and its connections, and waits for it.
func (s *Server) Close() error {
	err := s.http.Close()
	<-s.served
	if err != nil {
		return fmt.Errorf("closing the registry: %w", err)
	}
	return nil
}
