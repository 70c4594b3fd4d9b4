package server

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/client"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/store"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/loopback"
)

// Credentials that every client may use. They are made up: a request that went
// astray would be refused by AWS.
const (
	accessKeyID     = "LOCALAWS"
	secretAccessKey = "localaws"
)

// Server is a running localaws.
type Server struct {
	options  Options
	account  *core.Account
	wire     *wire.Server
	faults   faults
	world    *world
	state    *store.File
	network  *loopback.Network
	endpoint client.Endpoint
	http     *http.Server
	restored bool // the directory had a state

	cancel context.CancelFunc
	ended  sync.WaitGroup
	once   sync.Once
	closed error
}

// Start brings up a localaws, with the state that its directory holds. It
// answers when Start returns, and runs until Close. The context bounds only
// the starting.
func Start(ctx context.Context, options Options) (*Server, error) {
	options, err := options.withDefaults()
	if err != nil {
		return nil, err
	}
	listener, err := listen(ctx, options.Listen)
	if err != nil {
		return nil, err
	}
	s := &Server{options: options}
	if err := s.build(ctx); err != nil {
		return nil, errors.Join(err, listener.Close(), s.release())
	}
	if err := s.describe(listener.Addr()); err != nil {
		return nil, errors.Join(err, listener.Close(), s.release())
	}
	s.run(ctx, listener)
	return s, nil
}

// listen takes the first address that is free.
func listen(ctx context.Context, addresses []netip.AddrPort) (net.Listener, error) {
	var config net.ListenConfig
	var failed error
	for _, address := range addresses {
		listener, err := config.Listen(ctx, "tcp", address.String())
		if err == nil {
			return listener, nil
		}
		failed = fmt.Errorf("the address %s can't be used for the API: %w; name a free port, or 0 for any", address, err)
	}
	return nil, failed
}

// build makes the parts and restores their state.
func (s *Server) build(ctx context.Context) error {
	s.account = core.New(s.options.Region, s.options.Clock, s.options.Log)
	var err error
	if s.state, err = openState(s.options); err != nil {
		return err
	}
	translate, err := s.claimAddresses(ctx)
	if err != nil {
		return err
	}
	if s.world, err = newWorld(ctx, s.account, s.network, s.options); err != nil {
		return err
	}
	if err := s.load(ctx, translate); err != nil {
		return err
	}
	s.wire = wire.NewServer(s.account, s.account.Region, s.account.Log)
	s.wire.InjectFault(s.faults.next)
	for _, service := range s.world.wireServices() {
		s.wire.Register(service)
	}
	return nil
}

// openState refuses the state of an older release, as it can't read it.
func openState(options Options) (*store.File, error) {
	old := filepath.Join(options.Directory, oldStateFile)
	if _, err := os.Stat(old); err == nil {
		return nil, fmt.Errorf("the state %s is from an older localaws: remove its directory to start over", old)
	}
	return store.OpenFile(filepath.Join(options.Directory, stateFile), options.Region)
}

// load restores the state, or seeds a new one.
func (s *Server) load(ctx context.Context, translate func([]byte) []byte) error {
	addresses := store.NewValue[addressRange](s.account.Records, loopbackService, rangeKind)
	var err error
	if s.restored, err = s.account.Records.Load(s.state, translate); err != nil {
		return err
	}
	return s.account.Update(ctx, func() error {
		addresses.Set(addressRange{Second: s.network.Second()})
		if !s.restored {
			s.world.seed(s.options.Zone)
		}
		return nil
	})
}

// describe writes the certificates for clients and says where everything is.
func (s *Server) describe(address net.Addr) error {
	ca := filepath.Join(s.options.Directory, caFile)
	if err := os.WriteFile(ca, s.world.authority.CertificatePEM(), 0o644); err != nil { //nolint:gosec // certificates are public
		return fmt.Errorf("writing the certificates that clients should trust: %w", err)
	}
	s.endpoint = client.Endpoint{
		PID: os.Getpid(), Endpoint: "http://" + address.String(),
		Region: s.options.Region, AccountID: s.account.ID,
		AccessKeyID: accessKeyID, SecretAccessKey: secretAccessKey,
		CAFile: ca, DNSAddress: s.world.dns.Address().String(), ZoneName: s.options.Zone,
		Runtime: s.world.runtime.Name(), StartedAt: time.Now(),
		Speed: float64(time.Hour) / float64(s.account.Clock.Real(time.Hour)),
	}
	return nil
}

// run starts everything that goes on by itself, then the API. The context bounds
// the starting only.
func (s *Server) run(starting context.Context, listener net.Listener) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(starting))
	s.cancel = cancel
	s.http = &http.Server{
		Handler: s, ReadHeaderTimeout: 10 * time.Second,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	for _, part := range s.world.running() {
		s.ended.Go(func() { part(ctx) })
	}
	if s.restored {
		s.awake(starting, s.world.healthyTargets())
	}
	s.ended.Go(func() { s.world.balancers.Run(ctx) })
	if s.restored {
		s.awake(starting, s.listenerAddresses())
	}
	s.ended.Go(func() {
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.account.Log.Error("the API's listener ended", "error", err)
			s.options.Stop()
		}
	})
}

// Close ends everything and returns when it has ended. The state stays in the
// directory, unless that was a temporary one.
func (s *Server) Close() error {
	s.once.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		shutdown := s.http.Shutdown(ctx)
		if shutdown != nil {
			shutdown = s.http.Close()
		}
		s.cancel()
		s.ended.Wait()
		s.closed = errors.Join(shutdown, s.release())
	})
	return s.closed
}

// release gives back what is not owned by a goroutine.
func (s *Server) release() error {
	var err error
	if s.network != nil {
		err = s.network.Close()
	}
	if s.state != nil {
		err = errors.Join(err, s.state.Close())
	}
	if s.options.temporary {
		err = errors.Join(err, os.RemoveAll(s.options.Directory))
	}
	return err
}

// Endpoint says where the server is and how to use it.
func (s *Server) Endpoint() client.Endpoint { return s.endpoint }

// ClientTLS is a configuration that trusts the embedded certificate authority.
func (s *Server) ClientTLS() *tls.Config {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(s.world.authority.CertificatePEM())
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
}

// claimAddresses takes the range of loopback addresses that the state of the
// last run is in. Where another process has it by now it takes another one, and
// returns what moves the state there.
func (s *Server) claimAddresses(ctx context.Context) (translate func([]byte) []byte, err error) {
	var used addressRange // zero: any
	if _, err := s.state.Value(loopbackService, rangeKind, &used); err != nil {
		return nil, err
	}
	last := used.Second
	if s.network, err = loopback.Claim(ctx, last); err == nil || last == 0 {
		return nil, err
	}
	if s.network, err = loopback.Claim(ctx, 0); err != nil {
		return nil, err
	}
	old, moved := fmt.Sprintf(`"127.%d.`, last), fmt.Sprintf(`"127.%d.`, s.network.Second())
	return func(state []byte) []byte { return bytes.ReplaceAll(state, []byte(old), []byte(moved)) }, nil
}

// addressRange is the loopback addresses that are in use, 127.Second.0.0/16: the
// state remembers them, as instances and load balancers come back on theirs.
type addressRange struct{ Second byte }

// What the range is called in the state.
const (
	loopbackService = "loopback"
	rangeKind       = "range"
)
