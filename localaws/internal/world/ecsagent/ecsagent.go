// Package ecsagent is the ECS agent: on each machine whose image has one it
// joins a cluster, and runs the tasks that ECS assigns to its container instance.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ECS_agent.html
//
// A task is run by one goroutine, with one more for each of its containers; what
// they know of it changes in task.update only. The status of a container only
// moves forward: PENDING, RUNNING, STOPPED.
package ecsagent

import (
	"context"
	"fmt"
	"path"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ec2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ecs"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/logs"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/kernel"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/loopback"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/machines"
)

// EC2 is what the agent learns of its instance. All methods of this and the
// other interfaces are called with the account's lock held.
type EC2 interface {
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

// FileSystems is EFS: a directory of this computer for a file system that is
// mounted through a network interface.
type FileSystems interface {
	Mount(id, interfaceID string) (directory string, err error)
}

// Deps are what agents need of the world.
type Deps struct {
	EC2        EC2
	Control    Control
	Roles      Roles
	Logs       Logs
	Runtime    containers.Runtime
	Network    *loopback.Network
	Parameters Parameters
	Secrets    Secrets
	Files      FileSystems
}

// Agents is the service of the machines that makes container instances of them.
type Agents struct {
	account *core.Account
	Deps
}

// New returns the agents of all machines.
func New(a *core.Account, deps Deps) *Agents { return &Agents{account: a, Deps: deps} }

// Install lays out what an ECS-optimized image has.
func (a *Agents) Install(disk *kernel.Tree) error {
	for _, directory := range []string{path.Dir(configFile), "/var/lib/ecs/data", "/var/log/ecs", "/etc/sysconfig"} {
		if err := disk.MkdirAll(directory, 0o755); err != nil {
			return fmt.Errorf("installing the ECS agent: %w", err)
		}
	}
	for name, content := range map[string]string{
		configFile:              "",
		"/etc/sysconfig/docker": "OPTIONS=\"--default-ulimit nofile=32768:65536\"\n",
	} {
		if err := disk.WriteFile(name, []byte(content), 0o644); err != nil {
			return fmt.Errorf("installing the ECS agent: %w", err)
		}
	}
	return nil
}

// Run is the life of a machine's agent. When localaws ends, the container
// instance stays registered, and its tasks are not reported as stopped: both go
// on after the restart.
func (a *Agents) Run(ctx context.Context, m *machines.Machine) { newAgent(a, m).run(ctx) }

// Terminated deregisters the container instance of a terminated instance.
func (a *Agents) Terminated(instanceID string) {
	if arn, ok := a.Control.ContainerInstanceOf(instanceID); ok {
		a.Control.Deregister(arn)
	}
}
