// Package ecs is Amazon Elastic Container Service on EC2: clusters, capacity
// providers, task definitions, services with rolling deployments, tasks and
// container instances.
//
// The API records the desired state. Run takes steps toward it:
// it places tasks on container instances, registers them with target groups,
// replaces what fails, and moves the Auto Scaling groups of capacity
// providers. The agents of container instances, which run the containers,
// talk to the methods of agent.go.
package ecs

import (
	"context"
	_ "embed"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/refusals"
)

// Service is ECS of one account and region: the records, and the parts that
// work on them.
type Service struct {
	*region
	agents
	reconciler reconciler
	operations []wire.Operation
}

// Option is something that New can do without.
type Option func(*journal)

// WithEvents sends deployment, task and service events to EventBridge.
func WithEvents(bus Events) Option { return func(j *journal) { j.bus = bus } }

// WithAlarms has deployments watch alarms.
func WithAlarms(alarms Alarms) Option { return func(j *journal) { j.alarms = alarms } }

// New returns the service. metrics may be nil.
func New(acct *core.Account, machines Machines, groups Groups, targets Targets, roles Roles, metrics Metrics, options ...Option) *Service {
	r := &region{
		acct: acct, machines: machines, groups: groups, targets: targets, roles: roles, state: newState(acct.Records),
		reported: map[string]time.Time{}, usage: map[string]usage{},
	}
	j := journal{region: r}
	for _, option := range options {
		option(&j)
	}
	tasks, deployments, show := life{j}, rollouts{j}, views{r}
	return &Service{
		region: r, agents: agents{tasks},
		reconciler: reconciler{executor: executor{life: tasks, rollouts: deployments}, meter: &meter{region: r, metrics: metrics}},
		operations: slices.Concat(
			clusterAPI{r}.operations(),
			providerAPI{r}.operations(),
			definitionAPI{r}.operations(),
			serviceAPI{region: r, rules: serviceRules{r}, rollouts: deployments, views: show}.operations(),
			serviceDeploymentAPI{region: r, rollouts: deployments, views: show}.operations(),
			taskAPI{life: tasks, views: show}.operations(),
			instanceAPI{life: tasks, views: show}.operations(),
			tagAPI{r}.operations(),
			settingAPI{r}.operations(),
		),
	}
}

//go:embed refusals.md
var refusalsText string

// Refusals are what AWS refuses of requests.
var Refusals = refusals.MustParse(refusalsText)

func checkByTable(operation string, parameters map[string]any) error {
	if faults := Refusals.Check(operation, parameters); len(faults) > 0 {
		return wire.Errorf(RefusalCode(operation), "%s", refusals.Message(faults))
	}
	return nil
}

// RefusalCode is the code of an operation's refusals of its members.
func RefusalCode(operation string) string {
	switch operation {
	case "RegisterTaskDefinition", "CreateCapacityProvider", "UpdateCapacityProvider":
		return "ClientException"
	}
	return "InvalidParameterException"
}

// Wire is the service's API,
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/.
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name:         serviceName,
		Protocol:     wire.JSON11,
		TargetPrefix: "AmazonEC2ContainerServiceV20141113",
		LowerCamel:   true,
		Operations:   s.operations,
		Check:        checkByTable,
	}
}

// Run takes the region's services, tasks and capacity providers toward
// their desired state until ctx is done.
func (s *Service) Run(ctx context.Context) {
	s.acct.Reconcile(ctx, func() time.Time {
		step := s.reconciler.step()
		if step.changed {
			s.acct.Changed()
		}
		return step.again
	})
}

// DesiredCount is how many tasks the active service of the cluster is to run.
func (s *Service) DesiredCount(cluster, name string) (int, bool) {
	svc, err := s.service(cluster, name)
	if err != nil || svc.Status != active {
		return 0, false
	}
	return int(svc.DesiredCount), true
}

// SetDesiredCount changes how many tasks the service runs.
func (s *Service) SetDesiredCount(cluster, name string, n int) error {
	svc, err := s.service(cluster, name)
	if err != nil {
		return err
	}
	if svc.Status != active {
		return serviceNotActive()
	}
	if int(svc.DesiredCount) != n {
		s.state.Services.Change(svc.ARN)
		svc.DesiredCount, svc.Steady = int32(n), false //nolint:gosec // a scalable target's capacity fits
		s.acct.Changed()
	}
	return nil
}

// Resources is how many live resources of each kind there are; what is INACTIVE or
// STOPPED does not count.
func (s *Service) Resources() map[string]int {
	n := map[string]int{}
	count := func(kind string, live bool) {
		if live {
			n[kind]++
		}
	}
	for _, c := range s.state.Clusters.All() {
		count("cluster", c.Status == active)
	}
	for _, svc := range s.state.Services.All() {
		count("service", svc.Status != inactive)
	}
	for _, d := range s.state.Definitions.All() {
		count("task-definition", d.Definition.Status == active)
	}
	for _, p := range s.state.Providers.All() {
		count("capacity-provider", p.Status == active)
	}
	for _, t := range s.state.Tasks.All() {
		count("task", t.LastStatus != stopped)
	}
	for range s.state.Instances.All() {
		count("container-instance", true)
	}
	return n
}

// TaggedResources lists what can have tags, for the Tagging API.
func (s *Service) TaggedResources() []core.TaggedResource {
	var all []core.TaggedResource
	for _, c := range s.state.Clusters.All() {
		if c.Status == active {
			all = append(all, core.TaggedResource{ARN: c.ARN, Tags: c.Tags})
		}
	}
	for _, svc := range s.state.Services.All() {
		if svc.Status != inactive {
			all = append(all, core.TaggedResource{ARN: svc.ARN, Tags: svc.Tags})
		}
	}
	for _, d := range s.state.Definitions.All() {
		if d.Definition.Status == active {
			all = append(all, core.TaggedResource{ARN: aws.ToString(d.Definition.TaskDefinitionArn), Tags: d.Tags})
		}
	}
	for _, p := range s.state.Providers.All() {
		if p.Status == active {
			all = append(all, core.TaggedResource{ARN: p.ARN, Tags: p.Tags})
		}
	}
	return all
}
