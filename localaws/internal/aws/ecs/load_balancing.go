package ecs

import (
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/elbv2"
)

// register puts a running task into the target groups of its deployment.
func (s *Service) register(svc *service, t *task) {
	if t.LastStatus != running || !t.live() || t.Registered {
		return
	}
	d := svc.deployment(t.Deployment)
	instance := s.state.Instances[t.Instance]
	if d == nil || instance == nil {
		return
	}
	for _, lb := range d.Revision.LoadBalancers {
		arn := aws.ToString(lb.TargetGroupArn)
		port := t.hostPort(aws.ToString(lb.ContainerName), aws.ToInt32(lb.ContainerPort))
		if port == 0 {
			return // the agent has not told yet
		}
		place := elbv2.Target{ID: instance.EC2ID, Port: port}
		if slices.ContainsFunc(t.Targets, func(o target) bool { return o.GroupARN == arn && o.Target == place }) {
			continue
		}
		if err := s.targets.Register(arn, []elbv2.Target{place}); err != nil {
			s.notice(svc, "register "+arn, "(service %s) failed to register targets in (target-group %s) with (error %s)", svc.Name, arn, err)
			return
		}
		t.Targets = append(t.Targets, target{GroupARN: arn, Target: place})
		s.event(svc, "(service %s) registered 1 targets in (target-group %s)", svc.Name, arn)
		s.changed()
	}
	t.Registered = true
	s.changed()
}

// hostPort is where the container's port is bound on the instance, 0 if it is
// not known.
func (t *task) hostPort(container string, port int32) int32 {
	for _, c := range t.Containers {
		if c.Name != container {
			continue
		}
		for _, b := range c.Bindings {
			if aws.ToInt32(b.ContainerPort) == port {
				return aws.ToInt32(b.HostPort)
			}
		}
	}
	return 0
}

// healthy tells whether a task counts for its service: it runs, its container
// health checks pass, and it is healthy in every target group. A target group
// that is gone, as after the removal of a load balancer from the service, says
// nothing about the tasks of the deployment before.
func (s *Service) healthy(svc *service, t *task) bool {
	if t.LastStatus != running || t.containerHealth(s.state.Definitions[t.Definition]) != types.HealthStatusHealthy {
		return false
	}
	d := svc.deployment(t.Deployment)
	if d != nil && len(d.Revision.LoadBalancers) > 0 && !t.Registered {
		return false
	}
	current := svc.primary() == nil || t.Deployment == svc.primary().ID
	for _, place := range t.Targets {
		tg, exists := s.targets.TargetGroup(place.GroupARN)
		if !current && (!exists || len(tg.LoadBalancerARNs) == 0) {
			continue
		}
		if health, ok := s.targets.Health(place.GroupARN, place.Target); !ok || health.State != "healthy" {
			return false
		}
	}
	return true
}

// containerHealth is the task's health by the checks of its essential
// containers; a task without checks is healthy.
func (t *task) containerHealth(d *taskDefinition) types.HealthStatus {
	if d == nil {
		return types.HealthStatusHealthy
	}
	health := types.HealthStatusHealthy
	for _, c := range d.Definition.ContainerDefinitions {
		if c.HealthCheck == nil || c.HealthCheck.Command[0] == "NONE" || !aws.ToBool(c.Essential) {
			continue
		}
		switch t.container(aws.ToString(c.Name)).Health {
		case types.HealthStatusUnhealthy:
			return types.HealthStatusUnhealthy
		case types.HealthStatusHealthy:
		default:
			health = types.HealthStatusUnknown
		}
	}
	return health
}

func (t *task) container(name string) ContainerReport {
	for _, c := range t.Containers {
		if c.Name == name {
			return c
		}
	}
	return ContainerReport{}
}

// judge looks at the health of a running task: it says what is unhealthy, and
// once the grace period is over has the task replaced. A task that never was
// healthy is stopped; one that was stays until its successor is healthy,
// where maximumPercent leaves room for one.
func (s *Service) judge(svc *service, t *task) {
	if t.LastStatus != running || !t.live() {
		return
	}
	if !t.WasHealthy && s.healthy(svc, t) {
		t.WasHealthy = true
		s.changed()
	}
	if s.recovers(svc, t) {
		return
	}
	reason := s.failure(svc, t)
	if reason == "" {
		if t.Failing != "" {
			t.Failing = "" // it recovered before its successor was there
			s.changed()
		}
		return
	}
	if t.Failing != "" || !s.due(s.graceEnd(svc, t)) {
		return
	}
	t.Failing = reason
	s.countFailure(svc, t)
	if !t.WasHealthy || !s.room(svc) || t.Deployment != svc.primary().ID {
		s.stopAll(svc, []*task{t}, func(*task) string { return reason })
	}
}

// recovery is how long a task may be unhealthy once its containers run again
// after a restart of localaws.
const recovery = 10 * time.Minute

// recovers tells whether a task ran when the state was restored and has not
// been healthy since. A machine's restart is nothing that AWS knows of.
func (s *Service) recovers(svc *service, t *task) bool {
	until, restored := s.recovering[t.ARN]
	switch {
	case !restored:
		return false
	case until.IsZero():
		return true // the agent has not said that it runs; what seems healthy is from before
	case s.healthy(svc, t) || s.due(until):
		delete(s.recovering, t.ARN)
		return false
	}
	return true
}

// room tells whether the service may have one more task than wanted.
func (s *Service) room(svc *service) bool {
	if svc.Scheduling == types.SchedulingStrategyDaemon {
		return false
	}
	return int(svc.DesiredCount)*int(*svc.Configuration.MaximumPercent)/100 > int(svc.DesiredCount)
}

// graceEnd is when failing load balancer checks begin to count.
func (s *Service) graceEnd(svc *service, t *task) time.Time {
	if len(t.Targets) == 0 {
		return t.StartedAt
	}
	return s.after(t.StartedAt, time.Duration(aws.ToInt32(svc.GracePeriod))*time.Second)
}

// failure is why the task should be replaced, "" if it should not. Each
// target's reason becomes an event once each time that it turns unhealthy.
func (s *Service) failure(svc *service, t *task) string {
	if t.containerHealth(s.state.Definitions[t.Definition]) == types.HealthStatusUnhealthy {
		s.notice(svc, "container "+t.ID, "(service %s) (task %s) failed container health checks.", svc.Name, t.ID)
		return "Task failed container health checks"
	}
	reason := ""
	for i := range t.Targets {
		place := &t.Targets[i]
		health, ok := s.targets.Health(place.GroupARN, place.Target)
		if !ok || health.State != "unhealthy" {
			place.Reported = "" // the next time is news
			continue
		}
		if reason == "" {
			reason = fmt.Sprintf("Task failed ELB health checks in (target-group %s)", place.GroupARN)
		}
		why := health.Description
		if why == "" {
			why = health.Reason
		}
		if place.Reported != why {
			place.Reported = why
			s.event(svc, "(service %s) (task %s) (instance %s) (port %d) is unhealthy in (target-group %s) due to (reason %s)",
				svc.Name, t.ID, place.Target.ID, place.Target.Port, groupName(place.GroupARN), why)
		}
	}
	return reason
}

// groupName is the name in a target group's ARN:
// ...:targetgroup/NAME/0123456789abcdef.
func groupName(arn string) string {
	short := arn[:max(0, len(arn)-len(lastPart(arn))-1)]
	return lastPart(short)
}

// stopAll begins to stop tasks of a service: their targets drain first.
func (s *Service) stopAll(svc *service, tasks []*task, reason func(*task) string) {
	deregistered := map[string]int{}
	connections := 0
	for _, t := range tasks {
		if !t.live() {
			continue
		}
		if len(t.Targets) > 0 {
			connections++
		}
		s.stop(t, types.TaskStopCodeServiceSchedulerInitiated, reason(t))
		for _, place := range t.Targets {
			deregistered[place.GroupARN]++
		}
	}
	if connections > 0 {
		s.event(svc, "(service %s) has begun draining connections on %d tasks.", svc.Name, connections)
	}
	for _, arn := range sortedKeys(deregistered) {
		s.event(svc, "(service %s) deregistered %d targets in (target-group %s)", svc.Name, deregistered[arn], arn)
	}
}

// stop begins to stop a task.
func (s *Service) stop(t *task, code types.TaskStopCode, reason string) {
	if !t.live() {
		return
	}
	t.DesiredStatus, t.StopCode, t.StoppedReason = stopped, code, reason
	t.StoppingAt = s.acct.Clock.Now()
	s.deregister(t)
	switch {
	case t.Instance == "":
		s.finish(t) // it has not been placed: nobody has to be told
	case len(t.Targets) > 0 && t.LastStatus == running:
		t.LastStatus = deactivating
	default:
		t.LastStatus = stopping
	}
	t.Version++
	s.emitTask(t)
	s.changed()
}

// deregister takes the task out of its target groups.
func (s *Service) deregister(t *task) {
	if t.Deregistered {
		return
	}
	t.Deregistered = true
	for _, place := range t.Targets {
		if s.taken(t, place) {
			continue
		}
		// A target group that is gone has forgotten its targets.
		_ = s.targets.Deregister(place.GroupARN, []elbv2.Target{place.Target})
	}
}

// taken tells whether another task has the same place in the target group: it
// got the host port of one whose container was gone before its agent could say
// so.
func (s *Service) taken(t *task, place target) bool {
	for _, other := range s.state.Tasks {
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

// drain tells the agent to stop a task once its targets have drained.
func (s *Service) drain(t *task) {
	if t.LastStatus != deactivating {
		return
	}
	for _, place := range t.Targets {
		if health, ok := s.targets.Health(place.GroupARN, place.Target); ok && health.State == "draining" {
			return
		}
	}
	t.LastStatus = stopping
	t.Version++
	s.emitTask(t)
	s.changed()
}

func sortedKeys[T any](m map[string]T) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
