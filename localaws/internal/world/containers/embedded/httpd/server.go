// Package httpd is an embedded Apache httpd: it reads httpd.conf in the image's
// layout, refuses what the real one refuses with the same words, and serves what
// the configuration says. It knows the directives of the modules that the image
// loads by default; see directives.go.
package httpd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/kernel"
)

// Programs are what the files in the image's bin directory run.
func Programs() map[string]kernel.Program { return map[string]kernel.Program{"httpd": run} }

// invocation is httpd's command line.
type invocation struct {
	config, root string
	defines      []string
}

func arguments(args []string) (invocation, error) {
	in := invocation{root: Prefix, config: "conf/httpd.conf"}
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		if len(arg) < 2 || arg[0] != '-' {
			return in, fmt.Errorf("illegal option -- %s", arg)
		}
		value := arg[2:]
		if strings.IndexByte("Ddf", arg[1]) >= 0 && value == "" {
			if len(args) == 0 {
				return in, fmt.Errorf("option requires an argument -- %c", arg[1])
			}
			value, args = args[0], args[1:]
		}
		switch arg[1] {
		case 'D':
			in.defines = append(in.defines, value)
		case 'd':
			in.root = value
		case 'f':
			in.config = value
		case 'X':
			in.defines = append(in.defines, "FOREGROUND")
		default:
			return in, fmt.Errorf("illegal option -- %c (the embedded httpd knows -D, -d, -f and -X)", arg[1])
		}
	}
	if !path.IsAbs(in.config) {
		in.config = path.Join(in.root, in.config)
	}
	if !slices.Contains(in.defines, "FOREGROUND") {
		return in, errors.New("the embedded httpd runs with -DFOREGROUND only, as by httpd-foreground")
	}
	return in, nil
}

func run(ctx context.Context, p *kernel.Process) int {
	in, err := arguments(p.Args[1:])
	if err != nil {
		p.Errorf("httpd: %s", err)
		return 1
	}
	config, err := Parse(p.Kernel.Files, in.config, in.root, in.defines)
	if err != nil {
		p.Errorf("%s", err)
		return 1
	}
	for _, warning := range config.warnings {
		p.Errorf("%s", warning)
	}
	if config.Main.ServerName == "" {
		p.Errorf("AH00558: httpd: Could not reliably determine the server's fully qualified domain name, using %s. Set the 'ServerName' directive globally to suppress this message", kernel.Address)
	}
	return serve(ctx, p, config)
}

func (c *Config) pidFile() string {
	if c.PidFile == "" {
		return path.Join(c.ServerRoot, "logs/httpd.pid")
	}
	return c.rooted(c.PidFile)
}

// serve runs the server until a signal ends it.
func serve(ctx context.Context, p *kernel.Process, config *Config) int {
	signals := make(chan kernel.Signal, 3)
	p.Notify(signals, kernel.SIGTERM, kernel.SIGINT, kernel.SIGWINCH)
	s, err := start(p, config)
	if err != nil {
		p.Errorf("%s", err)
		return 1
	}
	var signal kernel.Signal
	select {
	case <-ctx.Done():
	case signal = <-signals:
	}
	s.stop(ctx, signal)
	_ = p.Kernel.Files.Remove(config.pidFile())
	return 0
}

type server struct {
	p       *kernel.Process
	logs    *logs
	serving sync.WaitGroup
	servers []*http.Server
}

func start(p *kernel.Process, config *Config) (*server, error) {
	listeners, err := listenAll(p.Kernel, config.Listeners)
	if err != nil {
		return nil, err
	}
	l, err := openLogs(p, config)
	if err == nil {
		err = writePID(p, config)
	}
	if err != nil {
		for _, listener := range listeners {
			_ = listener.Close()
		}
		return nil, err
	}
	s := &server{p: p, logs: l}
	for i, listener := range listeners {
		s.serve(config, config.Listeners[i].Address, listener)
	}
	l.error("mpm_event", "notice", fmt.Sprintf("AH00489: Apache/%s (Unix) configured -- resuming normal operations", Version))
	l.error("core", "notice", fmt.Sprintf("AH00094: Command line: '%s'", strings.Join(p.Args, " ")))
	return s, nil
}

// serve answers on a listener until Close or Shutdown.
func (s *server) serve(config *Config, at netip.AddrPort, listener net.Listener) {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	encryption := config.tlsFor(at)
	protocols.SetUnencryptedHTTP2(encryption == nil && config.speaksH2C(at))
	protocols.SetHTTP2(encryption != nil && config.speaks(at, "h2"))
	srv := &http.Server{
		Protocols:         protocols,
		Handler:           s.p.Kernel.Metered(&handler{config: config, files: s.p.Kernel.Files, port: at.Port(), logs: s.logs}),
		ReadHeaderTimeout: time.Minute,
		ErrorLog:          log.New(io.Discard, "", 0),
		TLSConfig:         encryption,
	}
	s.servers = append(s.servers, srv)
	s.serving.Go(func() {
		if encryption != nil {
			_ = srv.ServeTLS(listener, "", "")
			return
		}
		_ = srv.Serve(listener)
	})
}

func writePID(p *kernel.Process, config *Config) error {
	name := config.pidFile()
	if err := p.Kernel.Files.WriteFile(name, []byte(strconv.Itoa(p.PID)+"\n"), 0o644); err != nil {
		return fmt.Errorf("(2)%s: AH00099: could not create %s\nAH00100: httpd: could not log pid to file %s", kernel.Reason(err), name, name)
	}
	return nil
}

// listenAll opens all listeners or none.
func listenAll(m *kernel.Kernel, wanted []Listener) ([]net.Listener, error) {
	var listeners []net.Listener
	for _, l := range wanted {
		listener, err := m.Ports.Listen(l.Address)
		if err == nil {
			listeners = append(listeners, listener)
			continue
		}
		for _, open := range listeners {
			_ = open.Close()
		}
		number, what := 98, "Address already in use"
		if !strings.Contains(err.Error(), "in use") {
			number, what = 99, "Cannot assign requested address"
		}
		return nil, fmt.Errorf("(%d)%s: AH00072: make_sock: could not bind to address %s\nno listening sockets available, shutting down\nAH00015: Unable to open logs", number, what, displayed(l.Address))
	}
	return listeners, nil
}

func displayed(address netip.AddrPort) string {
	if address.Addr().IsUnspecified() {
		return fmt.Sprintf("[::]:%d", address.Port())
	}
	return address.String()
}

// gracePeriod bounds a graceful stop, which waits for requests that are being
// answered.
const gracePeriod = 10 * time.Second

// stop ends the listeners; after SIGWINCH it lets requests finish.
func (s *server) stop(ctx context.Context, signal kernel.Signal) {
	switch signal {
	case kernel.SIGWINCH:
		s.logs.error("mpm_event", "notice", "AH00492: caught SIGWINCH, shutting down gracefully")
	case kernel.SIGTERM, kernel.SIGINT:
		s.logs.error("mpm_event", "notice", "AH00491: caught SIGTERM, shutting down")
	}
	if signal == kernel.SIGWINCH {
		bounded, cancel := context.WithTimeout(ctx, gracePeriod)
		defer cancel()
		var stopping sync.WaitGroup
		for _, srv := range s.servers {
			stopping.Go(func() {
				if err := srv.Shutdown(bounded); errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
					_ = srv.Close()
				}
			})
		}
		stopping.Wait()
	}
	for _, srv := range s.servers {
		_ = srv.Close()
	}
	s.serving.Wait()
	s.logs.close()
}
