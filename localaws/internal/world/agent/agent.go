// Package agent is what goes on inside EC2 instances: they boot with their user
// data, and the ECS agent on those whose image has one joins a cluster and runs
// the tasks that ECS assigns to it.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ECS_agent.html
package agent

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ec2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ecs"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/iam"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/logs"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/loopback"
)

// Machines are the EC2 instances. All methods of this and the other interfaces
// are called with the account's lock held.
type Machines interface {
	Instances() []ec2.Instance
	Instance(id string) (ec2.Instance, bool)
	Image(id string) (ec2.Image, bool)
	InstanceType(name string) (ec2.InstanceType, bool)
	InternetAccess(interfaceID string) error
}

// Control is ECS as its agents see it.
type Control interface {
	Register(r ecs.Registration) (containerInstanceARN string, err error)
	SetAgentConnected(containerInstanceARN string, connected bool)
	Deregister(containerInstanceARN string)
	ContainerInstanceOf(ec2InstanceID string) (arn string, ok bool)
	Assignments(containerInstanceARN string) []ecs.Assignment
	Report(taskARN string, r ecs.TaskReport)
	ReportUsage(taskARN string, cpuUnits, memoryMiB float64)
}

// Roles says what a role may do.
type Roles interface {
	InstanceProfile(nameOrARN string) (iam.Profile, bool)
	Allows(roleARN, action, resource string) (ok bool, why string)
	CanAssume(roleARN, servicePrincipal string) (ok bool, why string)
}

// Logs takes what containers write.
type Logs interface {
	CreateGroup(group string) error // also when it is there already
	CreateStream(group, stream string) error
	Put(group, stream string, events []logs.Event) error
}

// Parameters is the SSM Parameter Store.
type Parameters interface {
	Parameter(name string) (value string, ok bool)
}

// Secrets is Secrets Manager. Stage and version may be "".
type Secrets interface {
	SecretValue(nameOrARN, stage, version string) (value string, ok bool)
}

// FileSystems is EFS: a directory of this machine for a file system that is
// mounted through a network interface.
type FileSystems interface {
	Mount(id, interfaceID string) (directory string, err error)
}

// Deps are what agents need of the world.
type Deps struct {
	Machines   Machines
	Control    Control
	Roles      Roles
	Logs       Logs
	Runtime    containers.Runtime
	Network    *loopback.Network
	Parameters Parameters  // nil: there is none
	Secrets    Secrets     // nil: there is none
	Files      FileSystems // nil: there is none
	// Directory holds a directory for each instance and its tasks.
	Directory string
}

// Agents is everything that goes on in instances.
type Agents struct {
	account *core.Account
	Deps

	mu    sync.Mutex // never held while the account's lock is taken
	boots map[string][]string
}

// New returns agents that live while Run runs.
func New(a *core.Account, deps Deps) *Agents {
	return &Agents{account: a, Deps: deps, boots: map[string][]string{}}
}

// maxBootLog bounds an instance's boot log, in lines.
const maxBootLog = 500

// BootLog is what an instance's boot and agent had to say, oldest first. It may
// be called with or without the account's lock.
func (a *Agents) BootLog(instanceID string) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.boots[instanceID])
}

func (a *Agents) log(instanceID, format string, values ...any) {
	text := fmt.Sprintf(format, values...)
	a.account.Log.Info("instance", "id", instanceID, "says", text)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.boots[instanceID] = append(a.boots[instanceID], text)
	if extra := len(a.boots[instanceID]) - maxBootLog; extra > 0 {
		a.boots[instanceID] = slices.Clone(a.boots[instanceID][extra:])
	}
}

// Run boots every instance that runs, and ends with all of them when ctx is
// done. Tasks are not reported as stopped then: after a restart of localaws they
// go on.
func (a *Agents) Run(ctx context.Context) {
	changes, stop := a.account.Watch()
	defer stop()
	var running sync.WaitGroup
	defer running.Wait()
	hosts := map[string]*host{}
	for {
		wanted := a.runningInstances()
		for id, h := range hosts {
			if _, ok := wanted[id]; !ok {
				h.terminate()
				delete(hosts, id)
			}
		}
		for id, instance := range wanted {
			if hosts[id] == nil {
				h := newHost(ctx, a, instance)
				hosts[id] = h
				running.Go(h.run)
			}
		}
		a.sweep(wanted)
		select {
		case <-ctx.Done():
			return
		case <-changes:
		}
	}
}

func (a *Agents) runningInstances() map[string]ec2.Instance {
	wanted := map[string]ec2.Instance{}
	a.account.Do(func() {
		for _, instance := range a.Machines.Instances() {
			if instance.State == ec2.StateRunning {
				wanted[instance.ID] = instance
			}
		}
	})
	return wanted
}

// sweep forgets container instances whose machine went away while nobody
// looked, and the boot logs of machines that EC2 has forgotten.
func (a *Agents) sweep(running map[string]ec2.Instance) {
	known := map[string]bool{}
	a.account.Do(func() {
		for _, instance := range a.Machines.Instances() {
			known[instance.ID] = true
			if instance.State == ec2.StateTerminated {
				if arn, ok := a.Control.ContainerInstanceOf(instance.ID); ok {
					a.Control.Deregister(arn)
				}
			}
		}
	})
	a.mu.Lock()
	defer a.mu.Unlock()
	for id := range a.boots {
		if _, ok := running[id]; !ok && !known[id] {
			delete(a.boots, id)
		}
	}
}

// instanceDirectory is where an instance's disk and tasks are.
func (a *Agents) instanceDirectory(id string) string { return filepath.Join(a.Directory, id) }

func removeAll(directory string) error {
	if err := os.RemoveAll(directory); err != nil {
		return fmt.Errorf("removing %s: %w", directory, err)
	}
	return nil
}
