package ecs

import (
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ecs/schedule"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
)

// executor does what a schedule plans for a cluster, and writes the events
// about it.
type executor struct {
	life
	rollouts rollouts
}

// apply does one action of a cluster's plan. It reports whether anything
// changed: a notice is not repeated.
func (e executor) apply(cluster string, a schedule.Action) (changed bool) {
	switch a := a.(type) {
	case schedule.Register:
		t := e.taskIn(cluster, a.Task)
		svc, _ := e.state.Services.Get(t.Service)
		return e.register(svc, t, a)
	case schedule.ReportContainers:
		return e.notice(e.serviceIn(cluster, a.Service), "container "+a.Task, "(service %s) (task %s) failed container health checks.", a.Service, a.Task)
	case schedule.Unplaceable:
		return e.unplaceable(e.serviceIn(cluster, a.Service), a)
	case schedule.RefuseRole:
		return e.notice(e.serviceIn(cluster, a.Service), "role", "(service %s) failed to launch a task with (error %s).", a.Service, a.Why)
	case schedule.ReportConfiguration:
		return e.notice(e.serviceIn(cluster, a.Service), "configuration", "(service %s) was unable to stop or start tasks during a deployment because of the service deployment configuration. Update the minimumHealthyPercent or maximumPercent value and try again.", a.Service)
	}
	if !e.applyToTask(cluster, a) {
		e.applyToService(cluster, a)
	}
	return true
}

// taskIn returns a task to change it.
func (e executor) taskIn(cluster, id string) *task {
	t, _ := e.state.Tasks.Change(e.arn("task/" + cluster + "/" + id))
	return t
}

// serviceIn returns a service to change it.
func (e executor) serviceIn(cluster, name string) *service {
	svc, _ := e.state.Services.Change(e.serviceARN(cluster, name))
	return svc
}

// applyToTask does an action on one task, and reports whether a is one.
func (e executor) applyToTask(cluster string, a schedule.Action) bool {
	switch a := a.(type) {
	case schedule.Drained:
		e.drained(e.taskIn(cluster, a.Task))
	case schedule.Place:
		e.assign(e.taskIn(cluster, a.Task), a.Instance)
	case schedule.GiveUp:
		e.giveUp(e.taskIn(cluster, a.Task), a.Why)
	case schedule.MarkHealthy:
		e.taskIn(cluster, a.Task).WasHealthy = true
	case schedule.MarkFailing:
		e.taskIn(cluster, a.Task).Failing = a.Reason
	case schedule.MarkRecovered:
		e.reported[e.taskIn(cluster, a.Task).ARN] = time.Time{}
	case schedule.ReportTarget:
		e.reportTarget(e.taskIn(cluster, a.Task), a)
	default:
		return false
	}
	return true
}

func (e executor) reportTarget(t *task, a schedule.ReportTarget) {
	svc, _ := e.state.Services.Get(t.Service)
	for i := range t.Targets {
		place := &t.Targets[i]
		if place.GroupARN != a.Target.Group || place.Target.Port != a.Target.Port {
			continue
		}
		place.Reported = a.Why
		if a.Why != "" {
			e.event(svc, "(service %s) (task %s) (instance %s) (port %d) is unhealthy in (target-group %s) due to (reason %s)",
				svc.Name, t.ID, place.Target.ID, place.Target.Port, groupName(place.GroupARN), a.Why)
		}
	}
}

// groupName is the name in a target group's ARN:
// ...:targetgroup/NAME/0123456789abcdef.
func groupName(arn string) string {
	short := arn[:max(0, len(arn)-len(lastPart(arn))-1)]
	return lastPart(short)
}

// applyToService does an action on a service or one of its deployments.
func (e executor) applyToService(cluster string, a schedule.Action) {
	switch a := a.(type) {
	case schedule.CountFailure:
		e.countFailure(e.serviceIn(cluster, a.Service), a.Deployment)
	case schedule.Stop:
		e.stopTasks(cluster, a)
	case schedule.Start:
		e.startTasks(e.serviceIn(cluster, a.Service), a)
	case schedule.Fail:
		svc := e.serviceIn(cluster, a.Service)
		e.rollouts.fail(svc, svc.deployment(a.Deployment), svc.deployment(a.To), a.ByAlarm, a.RollBack)
	case schedule.Prove:
		d := e.serviceIn(cluster, a.Service).deployment(a.Deployment)
		d.Proven, d.Failed = true, 0
	case schedule.Bake:
		e.serviceIn(cluster, a.Service).deployment(a.Deployment).BakedAt = a.Until
	case schedule.Retire:
		svc := e.serviceIn(cluster, a.Service)
		svc.deployment(a.Deployment).Status = inactive
	case schedule.Complete:
		svc := e.serviceIn(cluster, a.Service)
		e.rollouts.complete(svc, svc.deployment(a.Deployment))
	case schedule.Settle:
		e.rollouts.settle(e.serviceIn(cluster, a.Service))
	case schedule.Unsettle:
		e.serviceIn(cluster, a.Service).Steady = false
	case schedule.End:
		svc := e.serviceIn(cluster, a.Service)
		svc.Status = inactive
		for _, d := range svc.deployments() {
			d.Status = inactive
		}
	}
}

func (e executor) stopTasks(cluster string, a schedule.Stop) {
	var tasks []*task
	reasons := map[string]string{}
	for _, down := range a.Tasks {
		tasks = append(tasks, e.taskIn(cluster, down.Task))
		reasons[down.Task] = down.Reason
	}
	e.stopAll(e.serviceIn(cluster, a.Service), tasks, func(t *task) string { return reasons[t.ID] })
}

func (e executor) startTasks(svc *service, a schedule.Start) {
	d := svc.deployment(a.Deployment)
	definition := e.revision(d.Revision.TaskDefinition)
	var names strings.Builder
	for _, start := range a.Tasks {
		t := e.newTask(svc.Cluster, definition)
		t.Service, t.Deployment = svc.ARN, d.ID
		t.Group, t.StartedBy, t.Provider = serviceGroup(svc), d.ID, start.Provider
		t.LaunchType, t.ExecuteCommand = d.Revision.LaunchType, svc.ExecuteCommand
		t.Tags = serviceTaskTags(svc, definition)
		e.create(t, start.Instance)
		names.WriteString(" (task " + t.ID + ")")
	}
	e.event(svc, "(service %s) has started %d tasks:%s.", svc.Name, len(a.Tasks), names.String())
}

// serviceTaskTags are the tags that a service gives its tasks.
func serviceTaskTags(svc *service, d *taskDefinition) core.Tags {
	tags := core.Tags{}
	switch svc.Propagate {
	case types.PropagateTagsService:
		maps.Copy(tags, svc.Tags)
	case types.PropagateTagsTaskDefinition:
		maps.Copy(tags, d.Tags)
	}
	if svc.ManagedTags {
		tags["aws:ecs:clusterName"], tags["aws:ecs:serviceName"] = svc.Cluster, svc.Name
	}
	return tags
}

// unplaceable says why a service's task has no place.
func (e executor) unplaceable(svc *service, a schedule.Unplaceable) (written bool) {
	const guide = "For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."
	reason := fmt.Sprintf("The closest matching (container-instance %s) %s. %s", a.Why.Instance, a.Why.Lacks, guide)
	if a.Why.Instance == "" {
		where := "cluster"
		if a.Provider != "" {
			where = "capacity provider"
		}
		reason = "Reason: No Container Instances were found in your " + where + ". " + guide
	}
	return e.notice(svc, "placement", "(service %s) was unable to place a task because no container instance met all of its requirements. %s", svc.Name, reason)
}
