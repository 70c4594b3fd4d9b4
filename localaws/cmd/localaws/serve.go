package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/client"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/clock"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/server"
)

// Files of the directory besides what the server keeps there.
const (
	logFile  = "localaws.log"
	lockFile = "lock"
)

// serving are the flags of serve and start.
type serving struct {
	listen  string
	region  string
	zone    string
	speed   float64
	runtime string
	verbose bool
}

func (c *command) servingFlags() *serving {
	s := &serving{}
	c.flags.StringVar(&s.listen, "listen", "127.0.0.1:0", "loopback address and port of the API; port 0 takes the last one again, or a free one")
	c.flags.StringVar(&s.region, "region", "us-west-2", "the region")
	c.flags.StringVar(&s.zone, "zone", "localaws.test", "the registered domain that the account comes with")
	c.flags.Float64Var(&s.speed, "speed", clock.DefaultSpeed, "how many times faster than on AWS time passes, at most 10000; 1 is AWS's own pace")
	c.flags.StringVar(&s.runtime, "runtime", "embedded", "what runs the containers: embedded or docker")
	c.flags.BoolVar(&s.verbose, "verbose", false, "log every call, not only what was refused")
	return s
}

func (s *serving) arguments(dir string) []string {
	return []string{
		"serve", "-dir", dir, "-listen", s.listen, "-region", s.region, "-zone", s.zone,
		fmt.Sprintf("-speed=%g", s.speed), "-runtime", s.runtime, fmt.Sprintf("-verbose=%t", s.verbose),
	}
}

// serve runs in the foreground.
func (c *command) serve(ctx context.Context, args []string, stdout io.Writer) error {
	flags := c.servingFlags()
	if err := c.parse(args); err != nil {
		return err
	}
	listen, err := netip.ParseAddrPort(flags.listen)
	if err != nil {
		return fmt.Errorf("%w: -listen %q must be an address with a port, such as 127.0.0.1:4566", errUsage, flags.listen)
	}
	release, err := lock(c.dir)
	if err != nil {
		return err
	}
	defer release()

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	server, err := server.Start(ctx, server.Options{
		Directory: c.dir, Listen: c.listenAgain(listen), Region: flags.region, Zone: flags.zone,
		Speed: flags.speed, Runtime: flags.runtime, Stop: cancel, Log: logger(flags.verbose),
	})
	if err != nil {
		return err
	}
	if err := c.announce(server.Endpoint()); err != nil {
		return errors.Join(err, server.Close()) //nolint:contextcheck // ending has a deadline of its own
	}
	fmt.Fprintf(stdout, "localaws serves %s in %s, state in %s\n", server.Endpoint().Endpoint, flags.region, c.dir)
	<-ctx.Done()
	return server.Close() //nolint:contextcheck // ending has a deadline of its own
}

func logger(verbose bool) *slog.Logger {
	level := slog.LevelInfo
	if verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
}

// lock makes sure that one process serves a directory.
func lock(dir string) (release func(), err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the directory: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the lock: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("another localaws already serves %s: use it, or stop it with: localaws stop -dir %s", dir, dir)
	}
	return func() { _ = f.Close() }, nil
}

// listenAgain is the port of the last run where the caller leaves it open, so
// that shells which know the old address go on working.
func (c *command) listenAgain(listen netip.AddrPort) []netip.AddrPort {
	if listen.Port() != 0 {
		return []netip.AddrPort{listen}
	}
	var last client.Endpoint
	raw, err := os.ReadFile(filepath.Join(c.dir, client.EndpointFile))
	if err != nil || json.Unmarshal(raw, &last) != nil {
		return []netip.AddrPort{listen}
	}
	var port uint16
	if _, err := fmt.Sscanf(last.Endpoint, "http://127.0.0.1:%d", &port); err != nil {
		return []netip.AddrPort{listen}
	}
	return []netip.AddrPort{netip.AddrPortFrom(listen.Addr(), port), listen}
}

// announce writes where the server is, last of all: whoever reads it finds it
// ready.
func (c *command) announce(e client.Endpoint) error {
	raw, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding where localaws is: %w", err)
	}
	path := filepath.Join(c.dir, client.EndpointFile)
	if err := os.WriteFile(path+".part", append(raw, '\n'), 0o600); err != nil {
		return fmt.Errorf("writing where localaws is: %w", err)
	}
	if err := os.Rename(path+".part", path); err != nil {
		return fmt.Errorf("writing where localaws is: %w", err)
	}
	return nil
}

// start makes sure that a localaws runs in the background.
func (c *command) start(ctx context.Context, args []string, stdout io.Writer) error {
	flags := c.servingFlags()
	if err := c.parse(args); err != nil {
		return err
	}
	if client, err := client.Open(ctx, c.dir); err == nil {
		if client.Region != flags.region {
			return fmt.Errorf("the localaws in %s has region %s, not %s: stop it with: localaws stop -dir %s", c.dir, client.Region, flags.region, c.dir)
		}
		fmt.Fprintf(stdout, "localaws is already running: %s (pid %d)\n", client.Endpoint.Endpoint, client.PID)
		return nil
	}
	began := time.Now()
	child, err := c.spawn(flags)
	if err != nil {
		return err
	}
	client, err := c.await(ctx, child)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "localaws started in %d ms: %s (pid %d), log in %s\n",
		time.Since(began).Milliseconds(), client.Endpoint.Endpoint, client.PID, filepath.Join(c.dir, logFile))
	return nil
}

// spawn starts a server that outlives this process, its terminal and Ctrl-C
// there.
func (c *command) spawn(flags *serving) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding the program itself: %w", err)
	}
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the directory: %w", err)
	}
	log, err := os.OpenFile(filepath.Join(c.dir, logFile), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the log: %w", err)
	}
	defer func() { _ = log.Close() }() // the child has it
	// Not bound to a context: the server is meant to stay.
	child := exec.Command(self, flags.arguments(c.dir)...) //nolint:gosec,noctx // runs itself, to stay
	child.Stdout, child.Stderr = log, log
	child.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := child.Start(); err != nil {
		return nil, fmt.Errorf("starting localaws in the background: %w", err)
	}
	return child, nil
}

// await returns once the child answers, or with what it said when it ended.
func (c *command) await(ctx context.Context, child *exec.Cmd) (*client.Client, error) {
	ended := make(chan error, 1)
	go func() { ended <- child.Wait() }() // ends with the child, or with this process
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for {
		if client, err := client.Open(ctx, c.dir); err == nil && client.PID == child.Process.Pid {
			return client, nil
		}
		select {
		case <-ended:
			return nil, fmt.Errorf("it did not start: %s", lastLine(filepath.Join(c.dir, logFile)))
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for localaws to answer: %w; its log is %s", ctx.Err(), filepath.Join(c.dir, logFile))
		case <-ticker.C:
		}
	}
}
