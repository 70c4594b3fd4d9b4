package machines

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ec2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/kernel"
)

// Machine is one running EC2 instance.
type Machine struct {
	Instance ec2.Instance // as it was when it booted

	machines *Machines
	disk     *kernel.Tree
	output   int    // bytes that the user data has written
	token    string // of sessions with the instance metadata

	mu        sync.Mutex
	endpoints map[netip.AddrPort]*endpoint
}

func newMachine(ms *Machines, instance ec2.Instance) *Machine {
	return &Machine{
		Instance: instance, machines: ms, token: ids.Hex(56), endpoints: map[netip.AddrPort]*endpoint{},
	}
}

// Disk is the instance's file tree.
func (m *Machine) Disk() *kernel.Tree { return m.disk }

// Directory is the directory of the computer that localaws runs on that belongs
// to this instance, and goes with it. What services keep in it survives a restart
// of localaws.
func (m *Machine) Directory() string { return m.machines.directory(m.Instance.ID) }

// Log adds a line to the instance's boot log.
func (m *Machine) Log(format string, values ...any) {
	m.machines.log(m.Instance.ID, format, values...)
}

// Running reports whether EC2 still says that the instance runs. It is called
// with the account's lock held.
func (m *Machine) Running() bool {
	current, ok := m.machines.Instances.Instance(m.Instance.ID)
	return ok && current.State == ec2.StateRunning
}

// Role is the role of the instance's profile, or why its programs get no
// credentials. It is called with the account's lock held.
func (m *Machine) Role() (arn, why string) {
	roles := m.machines.Roles
	current, ok := m.machines.Instances.Instance(m.Instance.ID)
	if !ok || current.ProfileARN == "" {
		return "", "NoCredentialProviders: the instance has no instance profile"
	}
	profile, ok := roles.InstanceProfile(current.ProfileARN)
	switch {
	case !ok:
		return "", "NoCredentialProviders: the instance profile " + current.ProfileARN + " does not exist"
	case profile.RoleARN == "":
		return "", "NoCredentialProviders: the instance profile " + current.ProfileARN + " has no role"
	}
	if ok, why := roles.CanAssume(profile.RoleARN, "ec2."+m.machines.account.DNSSuffix()); !ok {
		return "", "NoCredentialProviders: " + why
	}
	return profile.RoleARN, ""
}

// run is the instance's life.
func (m *Machine) run(ctx context.Context) {
	serving, stop := context.WithCancel(ctx)
	wait := m.Serve(serving, instanceMetadata, m.metadata())
	defer wait()
	defer stop()
	if err := m.boot(ctx); err != nil {
		m.Log("boot failed: %s", err)
	}
	if m.disk != nil {
		m.machines.Service.Run(ctx, m)
		_ = m.disk.Close() // nothing was written through it since
	}
	if errors.Is(context.Cause(ctx), errTerminated) {
		m.terminated()
	}
}

// terminated cleans up after an instance that has ended for good.
func (m *Machine) terminated() {
	m.machines.account.Do(func() { m.machines.Service.Terminated(m.Instance.ID) })
	if err := os.RemoveAll(m.Directory()); err != nil {
		m.machines.account.Log.Warn("cleaning up after an instance", "id", m.Instance.ID, "error", err)
	}
}

// Dial makes connections of the instance, or of a container on it that is not on
// its host network: to the addresses that it serves itself and to other machines
// of localaws. There is no way to the real network.
func (m *Machine) Dial(ctx context.Context, network, address string, fromContainer bool) (net.Conn, error) {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, fmt.Errorf("dial %s %s: no such host", network, address)
	}
	if at == instanceMetadata && fromContainer && m.Instance.MetadataHops < 2 {
		return nil, errHops
	}
	if e := m.endpoint(at); e != nil {
		return e.dial(ctx)
	}
	if !m.machines.Network.Contains(at.Addr()) {
		return nil, fmt.Errorf("dial %s %s: network is unreachable", network, address)
	}
	return m.machines.Network.Dial(ctx, m.Instance.Address, at)
}
