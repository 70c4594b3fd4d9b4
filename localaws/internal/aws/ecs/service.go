// Package ecs is Amazon Elastic Container Service on EC2: clusters, capacity
// providers, task definitions, services with rolling deployments, tasks and
// container instances.
//
// The API writes what is wanted into the state. Run takes steps towards it:
// it places tasks on container instances, registers them with target groups,
// replaces what fails, and moves the Auto Scaling groups of capacity
// providers. The agents of container instances, which run the containers,
// talk to the methods of agent.go.
package ecs

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/autoscaling"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ec2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/elbv2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
)

// Machines is what ECS needs of EC2. All methods of this and the other
// interfaces are called with the account's lock held.
type Machines interface {
	Instance(id string) (ec2.Instance, bool)
}

// Groups is what ECS needs of Auto Scaling, for capacity providers.
type Groups interface {
	Group(nameOrARN string) (autoscaling.Group, bool)
	GroupOf(instanceID string) (string, bool)
	SetDesired(name string, n int) error
	SetProtection(name string, instanceIDs []string, protected bool) error
	AddTag(name, key, value string) error
	PutTerminationHook(groupName, hookName string, timeout time.Duration) error
	DeleteHook(groupName, hookName string)
	WaitingFor(groupName, hookName string) []string
	Complete(groupName, hookName, instanceID string)
}

// Targets is what ECS needs of Elastic Load Balancing.
type Targets interface {
	TargetGroup(arn string) (elbv2.TargetGroup, bool)
	Register(targetGroupARN string, targets []elbv2.Target) error
	Deregister(targetGroupARN string, targets []elbv2.Target) error
	Health(targetGroupARN string, target elbv2.Target) (elbv2.Health, bool)
}

// Roles is what ECS needs of IAM.
type Roles interface {
	CanAssume(roleARN, servicePrincipal string) (ok bool, why string)
	RoleARN(nameOrARN string) (string, bool)
}

// Metrics takes data points; a nil Metrics drops them.
type Metrics interface {
	Put(namespace, metric string, dimensions map[string]string, value float64, unit string)
}

// Events takes the events that ECS sends to EventBridge.
type Events interface {
	Emit(source, detailType string, resources []string, detail any)
}

// Service is ECS of one account and region.
type Service struct {
	acct     *core.Account
	machines Machines
	groups   Groups
	targets  Targets
	roles    Roles
	metrics  Metrics
	events   Events
	state    state

	// recovering are the tasks that ran when the state was restored: their
	// health does not count until their containers run again.
	recovering map[string]time.Time

	// dirty and again belong to the step that runs: whether it changed the
	// state, and when the next one is due.
	dirty bool
	again time.Time
}

// Option is something that New can do without.
type Option func(*Service)

// WithEvents sends deployment, task and service events to EventBridge.
func WithEvents(events Events) Option { return func(s *Service) { s.events = events } }

// New returns the service. metrics may be nil.
func New(acct *core.Account, machines Machines, groups Groups, targets Targets, roles Roles, metrics Metrics, options ...Option) *Service {
	s := &Service{
		acct: acct, machines: machines, groups: groups, targets: targets,
		roles: roles, metrics: metrics, state: newState(),
	}
	for _, option := range options {
		option(s)
	}
	return s
}

// Name is the service's key in a snapshot.
func (s *Service) Name() string { return "ecs" }

// Snapshot returns the state, for JSON.
func (s *Service) Snapshot() any { return s.state }

// Restore replaces the state.
func (s *Service) Restore(raw json.RawMessage) error {
	restored := newState()
	if err := json.Unmarshal(raw, &restored); err != nil {
		return fmt.Errorf("reading the state of ecs: %w", err)
	}
	for _, svc := range restored.Services {
		svc.afterRestore()
	}
	s.state = restored
	s.recovering = map[string]time.Time{}
	for arn, t := range restored.Tasks {
		if t.LastStatus == running {
			s.recovering[arn] = time.Time{}
		}
	}
	return nil
}

// Resources is how many live resources of each kind there are; what is INACTIVE or
// STOPPED does not count.
func (s *Service) Resources() map[string]int {
	n := map[string]int{}
	for _, c := range s.state.Clusters {
		if c.Status == active {
			n["cluster"]++
		}
	}
	for _, svc := range s.state.Services {
		if svc.Status != inactive {
			n["service"]++
		}
	}
	for _, d := range s.state.Definitions {
		if d.Definition.Status == active {
			n["task-definition"]++
		}
	}
	for _, p := range s.state.Providers {
		if p.Status == active {
			n["capacity-provider"]++
		}
	}
	for _, t := range s.state.Tasks {
		if t.LastStatus != stopped {
			n["task"]++
		}
	}
	if len(s.state.Instances) > 0 {
		n["container-instance"] = len(s.state.Instances)
	}
	return n
}

// changed notes that the step changed the state.
func (s *Service) changed() { s.dirty = true }

// wake asks for the next step at t at the latest.
func (s *Service) wake(t time.Time) {
	if s.again.IsZero() || t.Before(s.again) {
		s.again = t
	}
}

// after is when d of AWS's time will have passed since t.
func (s *Service) after(t time.Time, d time.Duration) time.Time {
	return t.Add(s.acct.Clock.Real(d))
}

// due tells whether t has come, and asks for a step then if it has not.
func (s *Service) due(t time.Time) bool {
	if s.acct.Clock.Now().Before(t) {
		s.wake(t)
		return false
	}
	return true
}
