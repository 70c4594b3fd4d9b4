package server

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ec2"
)

const (
	// awakeTime bounds how long a restart waits for what it brings back: a
	// container that does not come up again is what health checks are for.
	awakeTime = 10 * time.Second
	awakePoll = 10 * time.Millisecond
	// closeWait is how long a connection is watched: a forwarder in front of a
	// container accepts for it, and closes at once when nothing listens behind.
	closeWait = 100 * time.Millisecond
)

// awake waits until what the restored state says is there can be reached. First
// the ports of targets that were healthy: were they checked before they listen
// again, ECS and Auto Scaling would replace what is in good order. Then
// the listeners: else the first client after a restart would be told of healthy
// targets and find none listening.
func (s *Server) awake(ctx context.Context, addresses []netip.AddrPort) {
	ctx, cancel := context.WithTimeout(ctx, awakeTime)
	defer cancel()
	var reaching sync.WaitGroup
	for _, address := range addresses {
		reaching.Go(func() {
			if err := s.reach(ctx, address); err != nil {
				s.account.Log.Warn("was reachable before the restart, and is not yet again", "address", address, "error", err)
			}
		})
	}
	reaching.Wait()
}

// listenerAddresses are where the load balancers' TCP listeners are.
func (s *Server) listenerAddresses() []netip.AddrPort {
	var all []netip.AddrPort
	for _, listener := range s.world.listenerNames() {
		if listener.Protocol == "UDP" {
			continue
		}
		addresses := s.world.dns.Lookup(strings.TrimSuffix(listener.Name, "."))
		for _, address := range addresses {
			all = append(all, netip.AddrPortFrom(address, uint16(listener.Port))) //nolint:gosec // a port
		}
	}
	return all
}

// healthyTargets are the addresses of instances' ports that health checks by TCP
// found healthy.
func (w *world) healthyTargets() []netip.AddrPort {
	var all []netip.AddrPort
	w.account.Do(func() {
		for _, group := range w.elbv2.TargetGroups() {
			for _, target := range group.Targets {
				instance, ok := w.ec2.Instance(target.ID)
				if ok && instance.State == ec2.StateRunning && target.Health.State == "healthy" && group.Protocol != "UDP" {
					all = append(all, netip.AddrPortFrom(instance.Address, uint16(target.Port))) //nolint:gosec // a port
				}
			}
		}
	})
	return all
}

// reach dials until the other side accepts and stays.
func (s *Server) reach(ctx context.Context, to netip.AddrPort) error {
	for {
		err := s.stays(ctx, to)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(awakePoll):
		}
	}
}

func (s *Server) stays(ctx context.Context, to netip.AddrPort) error {
	var dialer net.Dialer
	connection, err := dialer.DialContext(ctx, "tcp", s.network.Resolve("tcp", to).String())
	if err != nil {
		return err
	}
	defer func() { _ = connection.Close() }() // nothing was sent
	if err := connection.SetReadDeadline(time.Now().Add(closeWait)); err != nil {
		return err
	}
	if _, err := connection.Read(make([]byte, 1)); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	return nil
}
