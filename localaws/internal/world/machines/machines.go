// Package machines is what happens in EC2 instances: they boot with their user
// data, answer for their instance metadata, and run the services of their image.
package machines

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ec2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/iam"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/kernel"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/loopback"
)

// Instances are what EC2 knows of its instances. All methods of this and the
// other interfaces are called with the account's lock held, unless they say
// otherwise.
type Instances interface {
	Instances() []ec2.Instance
	Instance(id string) (ec2.Instance, bool)
}

// Roles finds the role of an instance profile.
type Roles interface {
	InstanceProfile(nameOrARN string) (iam.Profile, bool)
	CanAssume(roleARN, servicePrincipal string) (ok bool, why string)
}

// Service is a program of the image that every machine runs after its boot, as
// under systemd.
type Service interface {
	// Install lays out the service's files before the user data of the first
	// boot runs. It is called without the account's lock.
	Install(disk *kernel.Tree) error
	// Run serves until ctx is done: the instance is over, or localaws ends. It
	// is called without the account's lock.
	Run(ctx context.Context, m *Machine)
	// Terminated is called for an instance that has ended for good, after Run
	// has returned, and possibly again.
	Terminated(instanceID string)
}

// Deps are what machines need of the world.
type Deps struct {
	Instances Instances
	Roles     Roles
	Service   Service
	Network   *loopback.Network
	// Budget is what user data shares with containers.
	Budget *kernel.Budget
	// Directory holds a directory for each instance.
	Directory string
}

// Machines are the running EC2 instances.
type Machines struct {
	account *core.Account
	Deps

	mu   sync.Mutex // never held while the account's lock is taken
	logs map[string][]string
}

// New returns machines that live while Run runs.
func New(a *core.Account, deps Deps) *Machines {
	return &Machines{account: a, Deps: deps, logs: map[string][]string{}}
}

// errTerminated is why a machine's context is done when its instance is over.
var errTerminated = errors.New("the instance is over")

// Run boots every instance that runs, and ends with all of them when ctx is
// done: after a restart of localaws they go on.
func (ms *Machines) Run(ctx context.Context) {
	changes, stop := ms.account.Watch()
	defer stop()
	var running sync.WaitGroup
	defer running.Wait()
	terminate := map[string]context.CancelCauseFunc{}
	for {
		wanted := ms.runningInstances()
		for id := range terminate {
			if _, ok := wanted[id]; !ok {
				terminate[id](errTerminated)
				delete(terminate, id)
			}
		}
		for id, instance := range wanted {
			if terminate[id] == nil {
				own, cancel := context.WithCancelCause(ctx)
				terminate[id] = cancel
				running.Go(func() { newMachine(ms, instance).run(own) })
			}
		}
		ms.sweep()
		select {
		case <-ctx.Done():
			for _, cancel := range terminate {
				cancel(ctx.Err())
			}
			return
		case <-changes:
		}
	}
}

func (ms *Machines) runningInstances() map[string]ec2.Instance {
	running := map[string]ec2.Instance{}
	ms.account.Do(func() {
		for _, instance := range ms.Instances.Instances() {
			if instance.State == ec2.StateRunning {
				running[instance.ID] = instance
			}
		}
	})
	return running
}

// sweep tells the service of instances that were terminated while localaws was
// down, and forgets the boot logs of those that EC2 has forgotten.
func (ms *Machines) sweep() {
	known := map[string]bool{}
	ms.account.Do(func() {
		for _, instance := range ms.Instances.Instances() {
			known[instance.ID] = true
			if instance.State == ec2.StateTerminated {
				ms.Service.Terminated(instance.ID)
			}
		}
	})
	ms.mu.Lock()
	defer ms.mu.Unlock()
	for id := range ms.logs {
		if !known[id] {
			delete(ms.logs, id)
		}
	}
}

// maxBootLog bounds an instance's boot log, in lines.
const maxBootLog = 500

// BootLog is what an instance's boot and services had to say, oldest first. It
// may be called with or without the account's lock.
func (ms *Machines) BootLog(instanceID string) []string {
	ms.mu.Lock()
	defer ms.mu.Unlock()
	return slices.Clone(ms.logs[instanceID])
}

func (ms *Machines) log(instanceID, format string, values ...any) {
	text := fmt.Sprintf(format, values...)
	ms.account.Log.Info("instance", "id", instanceID, "says", text)
	ms.mu.Lock()
	defer ms.mu.Unlock()
	ms.logs[instanceID] = append(ms.logs[instanceID], text)
	if extra := len(ms.logs[instanceID]) - maxBootLog; extra > 0 {
		ms.logs[instanceID] = slices.Clone(ms.logs[instanceID][extra:])
	}
}

// directory is where an instance's disk is, and what its services keep.
func (ms *Machines) directory(id string) string { return filepath.Join(ms.Directory, id) }
