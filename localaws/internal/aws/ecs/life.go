package ecs

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ecs/schedule"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/elbv2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
)

// life takes tasks through their lives, from PROVISIONING to STOPPED.
type life struct{ journal }

// change returns the task to change it in place.
func (l life) change(t *task) *task {
	l.state.Tasks.Change(t.ARN)
	return t
}

// newID is a task's or container instance's id.
func newID() string { return ids.Hex(32) }

// newTask makes a task that has no place yet; create adds it.
func (l life) newTask(cluster string, d *taskDefinition) *task {
	id := newID()
	t := &task{
		ARN: l.arn("task/" + cluster + "/" + id), ID: id, Cluster: cluster,
		Definition: key(&d.Definition), Group: "family:" + aws.ToString(d.Definition.Family),
		LastStatus: provisioning, DesiredStatus: running, CreatedAt: l.acct.Clock.Now(),
		ContainerIDs: map[string]string{}, Tags: core.Tags{}, Version: 1,
	}
	for _, c := range d.Definition.ContainerDefinitions {
		t.ContainerIDs[aws.ToString(c.Name)] = ids.UUID()
	}
	return t
}

// provisioningTimeout is how long a task waits for an instance of its capacity
// provider before it is stopped.
const provisioningTimeout = 30 * time.Minute

// create adds a new task: on its instance, or, with "", waiting for one.
func (l life) create(t *task, instanceID string) {
	l.state.Tasks.Put(t.ARN, t)
	if instanceID == "" {
		t.GiveUpAt = l.acct.Clock.In(provisioningTimeout)
		l.emitTask(t)
		return
	}
	l.assign(t, instanceID)
}

// assign gives a task its instance, and the GPUs there that it asks for.
func (l life) assign(t *task, instanceID string) {
	i, _ := l.state.Instances.Change(l.arn("container-instance/" + t.Cluster + "/" + instanceID))
	if i == nil {
		return
	}
	l.change(t)
	if d := l.revision(t.Definition); d != nil && len(i.Registration.GPUs) > 0 {
		t.holdGPUs(&d.Definition, facts{l.region}.free(i, l.tasksOn(i)).GPUs)
	}
	t.Instance, t.LastStatus = i.ARN, pending
	t.GiveUpAt = time.Time{}
	t.Version++
	i.Version++
	l.emitTask(t)
}

// holdGPUs gives each container of a task the GPUs that it asks for, out of
// those that are free.
func (t *task) holdGPUs(d *types.TaskDefinition, free []string) {
	for i := range d.ContainerDefinitions {
		c := &d.ContainerDefinitions[i]
		for _, r := range c.ResourceRequirements {
			n := min(gpusOf(r), len(free))
			if n == 0 {
				continue
			}
			if t.GPUs == nil {
				t.GPUs = map[string][]string{}
			}
			name := aws.ToString(c.Name)
			t.GPUs[name], free = append(t.GPUs[name], free[:n]...), free[n:]
		}
	}
}

// stopAll begins to stop tasks of a service: their targets drain first.
func (l life) stopAll(svc *service, tasks []*task, reason func(*task) string) {
	deregistered := map[string]int{}
	connections := 0
	for _, t := range tasks {
		if len(t.Targets) > 0 {
			connections++
		}
		l.stop(t, types.TaskStopCodeServiceSchedulerInitiated, reason(t))
		for _, place := range t.Targets {
			deregistered[place.GroupARN]++
		}
	}
	if connections > 0 {
		l.event(svc, "(service %s) has begun draining connections on %d tasks.", svc.Name, connections)
	}
	for _, arn := range slices.Sorted(maps.Keys(deregistered)) {
		l.event(svc, "(service %s) deregistered %d targets in (target-group %s)", svc.Name, deregistered[arn], arn)
	}
}

// stop begins to stop a task.
func (l life) stop(t *task, code types.TaskStopCode, reason string) {
	if !t.live() {
		return
	}
	l.change(t)
	t.DesiredStatus, t.StopCode, t.StoppedReason = stopped, code, reason
	t.StoppingAt = l.acct.Clock.Now()
	l.deregister(t)
	switch {
	case t.Instance == "":
		l.finish(t) // it has no place yet, so there is no agent to stop it
	case len(t.Targets) > 0 && t.LastStatus == running:
		t.LastStatus = deactivating
	default:
		t.LastStatus = stopping
	}
	t.Version++
	l.emitTask(t)
}

// drained lets the agent stop a task whose targets have drained.
func (l life) drained(t *task) {
	l.change(t)
	t.LastStatus = stopping
	t.Version++
	l.emitTask(t)
}

// giveUp stops a task that found no instance.
func (l life) giveUp(t *task, why schedule.Misfit) {
	l.change(t)
	t.DesiredStatus, t.StopCode = stopped, types.TaskStopCodeTaskFailedToStart
	t.StoppedReason = "TaskFailedToStart: " + cmp.Or(why.Reason, "No Container Instances were found in your capacity provider.")
	t.StoppingAt = l.acct.Clock.Now()
	l.finish(t)
}

// finish ends a task: none of its containers runs any more.
func (l life) finish(t *task) {
	if t.LastStatus == stopped {
		return
	}
	l.change(t)
	now := l.acct.Clock.Now()
	asked := t.DesiredStatus == stopped && t.StopCode != types.TaskStopCodeTaskFailedToStart
	t.LastStatus, t.DesiredStatus, t.StoppedAt = stopped, stopped, now
	first(&t.StoppingAt, now)
	first(&t.ExecutionStopped, now)
	t.Version++
	delete(l.reported, t.ARN)
	delete(l.usage, t.ARN)
	if svc, _ := l.state.Services.Get(t.Service); svc != nil {
		l.finishOf(svc, t, asked)
	}
	l.deregister(t)
	l.emitTask(t)
	l.forgetStopped(t.Cluster, t.Group)
}

// finishOf writes what the end of a task means for its service. asked says that
// the task was stopped; else it failed.
func (l life) finishOf(svc *service, t *task, asked bool) {
	if !t.Deregistered {
		for _, place := range t.Targets {
			l.event(svc, "(service %s) deregistered 1 targets in (target-group %s)", svc.Name, place.GroupARN)
		}
	}
	switch {
	case t.Instance == "" && asked: // it never ran
	case asked:
		l.event(svc, "(service %s) has stopped 1 running tasks: (task %s).", svc.Name, t.ID)
	case svc.Status == active:
		l.countFailure(svc, t.Deployment)
	}
}

// maxStopped is how many stopped tasks of a service, or of another group, can
// still be described; AWS keeps them for an hour.
const maxStopped = 50

// forgetStopped keeps the newest stopped tasks of a group.
func (l life) forgetStopped(cluster, group string) {
	old := l.tasksWhere(func(t *task) bool { return t.Cluster == cluster && t.Group == group && t.LastStatus == stopped })
	slices.SortStableFunc(old, func(a, b *task) int { return b.StoppedAt.Compare(a.StoppedAt) })
	for _, t := range old[min(len(old), maxStopped):] {
		l.state.Tasks.Delete(t.ARN)
	}
}

// inconsistent is how many failures in a row an event calls inconsistent.
const inconsistent = 5

// countFailure notes that a task of the deployment ended on its own, failed to
// start or was stopped for bad health, and delays the next one more each time.
func (l life) countFailure(svc *service, deployment string) {
	l.state.Services.Change(svc.ARN)
	svc.Failures++
	if wait := schedule.Backoff(svc.Failures); wait > 0 {
		svc.RetryAt = l.acct.Clock.In(wait)
	}
	if d := svc.deployment(deployment); d != nil && !d.Proven {
		d.Failed++
		d.UpdatedAt = l.acct.Clock.Now()
	}
	if svc.Failures == inconsistent {
		l.event(svc, "(service %s) is unable to consistently start tasks successfully. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.", svc.Name)
		l.emitAction(svc, "WARN", "SERVICE_TASK_START_IMPAIRED")
	}
}

// register registers a running task with target groups. It reports whether
// anything changed: after a refusal by a target group it tries again.
func (l life) register(svc *service, t *task, a schedule.Register) (changed bool) {
	instance := l.taskInstance(t)
	if svc == nil || instance == nil {
		return false
	}
	l.change(t)
	for _, p := range a.Ports {
		place := elbv2.Target{ID: instance.EC2ID, Port: p.Port}
		if err := l.targets.Register(p.Group, []elbv2.Target{place}); err != nil {
			return l.notice(svc, "register "+p.Group, "(service %s) failed to register targets in (target-group %s) with (error %s)", svc.Name, p.Group, err) || changed
		}
		t.Targets = append(t.Targets, target{GroupARN: p.Group, Target: place})
		l.event(svc, "(service %s) registered 1 targets in (target-group %s)", svc.Name, p.Group)
		changed = true
	}
	t.Registered = a.All
	return true
}

// deregister takes the task out of its target groups.
func (l life) deregister(t *task) {
	if t.Deregistered {
		return
	}
	t.Deregistered = true
	for _, place := range t.Targets {
		if l.taken(t, place) {
			continue
		}
		// A target group that is gone has forgotten its targets.
		_ = l.targets.Deregister(place.GroupARN, []elbv2.Target{place.Target})
	}
}

// taken reports whether another task has the same place in the target group:
// it got the host port of one whose container was gone before its agent could
// report so.
func (l life) taken(t *task, place target) bool {
	for _, other := range l.state.Tasks.All() {
		if other.Instance != t.Instance || other == t || other.Deregistered {
			continue
		}
		for _, o := range other.Targets {
			if o.GroupARN == place.GroupARN && o.Target == place.Target {
				return true
			}
		}
	}
	return false
}

// setInstanceStatus makes an instance ACTIVE or DRAINING. It reports whether
// the instance was not so.
func (l life) setInstanceStatus(i *containerInstance, status string) (changed bool) {
	if i.Status == status {
		return false
	}
	l.state.Instances.Change(i.ARN)
	i.Status = status
	i.Version++
	l.emitInstance(i)
	return true
}

// loseInstance forgets a container instance whose machine is gone, and ends its
// tasks.
func (l life) loseInstance(i *containerInstance) {
	for _, t := range l.tasksOn(i) {
		if t.StoppedReason == "" {
			l.change(t)
			t.StoppedReason = "Host EC2 (instance " + i.EC2ID + ") terminated."
			t.StopCode = types.TaskStopCodeTerminationNotice
		}
		l.finish(t)
	}
	l.state.Instances.Delete(i.ARN)
}
