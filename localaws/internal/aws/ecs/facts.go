package ecs

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ecs/schedule"
)

// facts describes the records to package schedule.
type facts struct{ *region }

// cluster is all that is in a cluster.
func (f facts) cluster(name string) schedule.Cluster {
	c := schedule.Cluster{
		Now: f.acct.Clock.Now(), Pace: f.acct.Clock.Real(time.Hour).Hours(),
		Instances: f.instances(name), Tasks: f.tasks(name), Scaled: map[string]bool{},
	}
	for _, svc := range f.state.Services.All() {
		if svc.Cluster == name && svc.Status != inactive {
			c.Services = append(c.Services, f.service(svc))
		}
	}
	for provider := range f.state.Providers.All() {
		c.Scaled[provider] = f.scaled(provider)
	}
	return c
}

// placer places new tasks of the cluster.
func (f facts) placer(cluster string) *schedule.Placer {
	return schedule.NewPlacer(f.instances(cluster), f.tasks(cluster))
}

// instances are a cluster's instances with what their tasks leave.
func (f facts) instances(cluster string) []schedule.Instance {
	tasks := map[string][]*task{}
	for _, t := range f.state.Tasks.All() {
		if t.Cluster == cluster && t.LastStatus != stopped {
			tasks[t.Instance] = append(tasks[t.Instance], t)
		}
	}
	var all []schedule.Instance
	for _, i := range f.region.instances(cluster) {
		described := f.instance(i)
		described.Free = f.free(i, tasks[i.ARN])
		all = append(all, described)
	}
	return all
}

// instance is an instance but for what it has left.
func (f facts) instance(i *containerInstance) schedule.Instance {
	return schedule.Instance{
		ID: i.ID, EC2ID: i.EC2ID, Active: i.Status == active, Connected: i.Connected,
		AgentVersion: i.Registration.AgentVersion, Provider: f.providerOf(i), Attributes: i.Attributes,
	}
}

// reservedPorts are taken on every instance: SSH, Docker, the agent.
var reservedPorts = []string{"22/tcp", "2375/tcp", "2376/tcp", "51678/tcp", "51679/tcp"}

// free is what tasks leave of an instance.
func (f facts) free(i *containerInstance, tasks []*task) schedule.Resources {
	left := schedule.Resources{
		CPU: i.Registration.CPUUnits, MemoryMiB: i.Registration.MemoryMiB,
		GPUs: slices.Clone(i.Registration.GPUs), Ports: map[string]bool{},
	}
	for _, port := range reservedPorts {
		left.Ports[port] = true
	}
	for _, t := range tasks {
		d := f.demand(t)
		left.CPU -= d.CPU
		left.MemoryMiB -= d.MemoryMiB
		for _, held := range t.GPUs {
			left.GPUs = slices.DeleteFunc(left.GPUs, func(id string) bool { return slices.Contains(held, id) })
		}
		for _, port := range d.Ports {
			left.Ports[port] = true
		}
		for _, c := range t.Containers {
			for _, b := range c.Bindings {
				left.Ports[fmt.Sprintf("%d/%s", aws.ToInt32(b.HostPort), b.Protocol)] = true
			}
		}
	}
	return left
}

// demand is what a task needs; nothing if its definition is gone.
func (f facts) demand(t *task) schedule.Demand {
	d := f.revision(t.Definition)
	if d == nil {
		return schedule.Demand{}
	}
	return demandOf(&d.Definition, t.Overrides)
}

// demandOf sums up a definition: the task's size if it has one, else the
// containers'; memory is what is reserved, or else the limit.
func demandOf(d *types.TaskDefinition, o *types.TaskOverride) schedule.Demand {
	var n schedule.Demand
	for _, c := range d.ContainerDefinitions {
		n.CPU += int(c.Cpu)
		n.MemoryMiB += int(aws.ToInt32(cmp.Or(c.MemoryReservation, c.Memory)))
		for _, r := range c.ResourceRequirements {
			n.GPUs += gpusOf(r)
		}
		for _, m := range c.PortMappings {
			if port := aws.ToInt32(m.HostPort); port != 0 {
				n.Ports = append(n.Ports, fmt.Sprintf("%d/%s", port, m.Protocol))
			}
		}
	}
	size := types.TaskOverride{Cpu: d.Cpu, Memory: d.Memory}
	if o != nil {
		size.Cpu, size.Memory = cmp.Or(o.Cpu, size.Cpu), cmp.Or(o.Memory, size.Memory)
	}
	if units, err := cpuUnits(aws.ToString(size.Cpu)); err == nil && units > 0 {
		n.CPU = units
	}
	if mib, err := memoryMiB(aws.ToString(size.Memory)); err == nil && mib > 0 {
		n.MemoryMiB = mib
	}
	if p := d.RuntimePlatform; p != nil {
		n.Architecture = strings.ToLower(string(p.CpuArchitecture))
	}
	return n
}

// gpusOf is how many GPUs a requirement is about.
func gpusOf(r types.ResourceRequirement) int {
	gpus := 0
	if r.Type == types.ResourceTypeGpu {
		_, _ = fmt.Sscan(aws.ToString(r.Value), &gpus) // validated as far as it matters: 0 asks for none
	}
	return gpus
}

// tasks are a cluster's tasks that have not stopped.
func (f facts) tasks(cluster string) []schedule.Task {
	var all []schedule.Task
	for _, t := range f.tasksWhere(func(t *task) bool { return t.Cluster == cluster && t.LastStatus != stopped }) {
		all = append(all, f.task(t))
	}
	return all
}

var statuses = map[string]schedule.Status{
	provisioning: schedule.Waiting, pending: schedule.Pending, running: schedule.Running,
	deactivating: schedule.Deactivating, stopping: schedule.Stopping,
}

var healths = map[types.HealthStatus]schedule.Health{
	types.HealthStatusHealthy: schedule.Healthy, types.HealthStatusUnhealthy: schedule.Unhealthy,
	types.HealthStatusUnknown: schedule.Unknown,
}

// placementPatience is how long a task waits for its capacity provider before
// the service says so.
const placementPatience = time.Minute

func (f facts) task(t *task) schedule.Task {
	v := schedule.Task{
		ID: t.ID, Deployment: t.Deployment, Instance: lastPart(t.Instance), Status: statuses[t.LastStatus],
		Stopped: t.DesiredStatus == stopped, Health: healths[t.containerHealth(f.revision(t.Definition))],
		Registered: t.Registered, WasHealthy: t.WasHealthy, Failing: t.Failing,
		GraceEnd: t.StartedAt, ComplainAt: f.after(t.CreatedAt, placementPatience), GiveUpAt: t.GiveUpAt, ProtectedUntil: t.ProtectedUntil,
	}
	until, reported := f.reported[t.ARN]
	v.RecoverUntil, v.Recovering = until, !reported || !until.IsZero()
	svc, _ := f.state.Services.Get(t.Service)
	v.Work = f.work(svc, t)
	if svc == nil {
		return v
	}
	v.Service = svc.Name
	for _, place := range t.Targets {
		v.Targets = append(v.Targets, f.target(place))
	}
	if d := svc.deployment(t.Deployment); d != nil {
		for _, lb := range d.Revision.LoadBalancers {
			port := t.hostPort(aws.ToString(lb.ContainerName), aws.ToInt32(lb.ContainerPort))
			v.Wanted = append(v.Wanted, schedule.Port{Group: aws.ToString(lb.TargetGroupArn), Port: port})
		}
	}
	v.Balanced = len(v.Wanted) > 0
	if v.Balanced || len(v.Targets) > 0 {
		v.GraceEnd = f.after(t.StartedAt, time.Duration(aws.ToInt32(svc.GracePeriod))*time.Second)
	}
	return v
}

func (f facts) target(place target) schedule.Target {
	v := schedule.Target{
		Port:     schedule.Port{Group: place.GroupARN, Port: place.Target.Port},
		Reported: place.Reported,
	}
	tg, exists := f.targets.TargetGroup(place.GroupARN)
	v.Balanced = exists && len(tg.LoadBalancerARNs) > 0
	if health, known := f.targets.Health(place.GroupARN, place.Target); known {
		v.Health, v.Description = health.State, cmp.Or(health.Description, health.Reason)
	}
	return v
}

// work is what placement goes by: the rules of the service, or else those that
// RunTask gave, and the constraints of the definition.
func (f facts) work(svc *service, t *task) schedule.Work {
	constraints, strategies := t.Constraints, t.Placement
	if svc != nil {
		constraints, strategies = svc.Constraints, svc.Placement
	}
	w := schedule.Work{Demand: f.demand(t), Provider: t.Provider, Group: t.Group}
	for _, c := range constraints {
		w.Constraints = append(w.Constraints, schedule.Constraint{
			Distinct: c.Type == types.PlacementConstraintTypeDistinctInstance, Expression: aws.ToString(c.Expression),
		})
	}
	if d := f.revision(t.Definition); d != nil {
		for _, c := range d.Definition.PlacementConstraints {
			w.Constraints = append(w.Constraints, schedule.Constraint{Expression: aws.ToString(c.Expression)})
		}
	}
	for _, s := range strategies {
		w.Strategies = append(w.Strategies, schedule.Strategy{Type: string(s.Type), Field: aws.ToString(s.Field)})
	}
	return w
}

func (f facts) service(svc *service) schedule.Service {
	c := &svc.Configuration
	v := schedule.Service{
		Name: svc.Name, Deleting: svc.Status == draining, Daemon: svc.Scheduling == types.SchedulingStrategyDaemon,
		Desired:               int(svc.DesiredCount),
		MinimumHealthyPercent: int(aws.ToInt32(c.MinimumHealthyPercent)), MaximumPercent: int(aws.ToInt32(c.MaximumPercent)),
		Breaker: schedule.Breaker{Enabled: c.DeploymentCircuitBreaker.Enable, Rollback: c.DeploymentCircuitBreaker.Rollback},
		Steady:  svc.Steady, Failures: svc.Failures, RetryAt: svc.RetryAt,
	}
	if alarms := f.alarmsOf(svc); alarms.enabled {
		v.Alarms = schedule.Alarms{Enabled: true, Rollback: c.Alarms.Rollback, Ringing: len(alarms.ringing) > 0, Bake: alarms.bake}
	}
	if svc.deployment(svc.LastCompleted) != nil {
		v.LastCompleted = svc.LastCompleted
	}
	for _, d := range svc.deployments() {
		v.Deployments = append(v.Deployments, f.deployment(svc, d))
	}
	return v
}

var rolloutStates = map[types.DeploymentRolloutState]schedule.Rollout{
	types.DeploymentRolloutStateInProgress: schedule.InProgress,
	types.DeploymentRolloutStateCompleted:  schedule.Completed,
	types.DeploymentRolloutStateFailed:     schedule.Failed,
}

func (f facts) deployment(svc *service, d *deployment) schedule.Deployment {
	v := schedule.Deployment{
		ID: d.ID, Rollout: rolloutStates[d.Rollout], Failed: int(d.Failed), Proven: d.Proven,
		Unwatched: d.Unwatched, BakedAt: d.BakedAt,
		Strategy: strategyItems(d.Revision.Strategy),
		Work:     f.work(svc, &task{Definition: lastPart(d.Revision.TaskDefinition), Group: serviceGroup(svc)}),
	}
	if definition := f.revision(d.Revision.TaskDefinition); definition != nil && d.Status == primary {
		v.Refused = f.roleTrouble(definition, nil)
	}
	return v
}

func strategyItems(strategy []types.CapacityProviderStrategyItem) []schedule.StrategyItem {
	var items []schedule.StrategyItem
	for _, item := range strategy {
		items = append(items, schedule.StrategyItem{
			Provider: aws.ToString(item.CapacityProvider), Base: int(item.Base), Weight: int(item.Weight),
		})
	}
	return items
}

// desired is how many tasks the service is to run.
func (f facts) desired(svc *service) int32 {
	d := svc.primary()
	switch {
	case svc.Scheduling != types.SchedulingStrategyDaemon:
		return svc.DesiredCount
	case svc.Status != active || d == nil:
		return 0
	}
	var instances []schedule.Instance
	for _, i := range f.region.instances(svc.Cluster) {
		instances = append(instances, f.instance(i))
	}
	return int32(len(schedule.Daemons(instances, f.deployment(svc, d)))) //nolint:gosec // instances of a machine fit
}
