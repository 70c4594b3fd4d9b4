package ecs

import (
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
)

// provisioningTimeout is how long a task waits for an instance of its capacity
// provider before it is stopped.
const provisioningTimeout = 30 * time.Minute

// startTasks starts n tasks of the deployment, or says why it can't.
func (s *Service) startTasks(svc *service, d *deployment, n int) {
	if !s.due(svc.RetryAt) {
		return
	}
	var started []*task
	for range n {
		t := s.newServiceTask(svc, d)
		if t == nil || !s.settle(svc, t, "") {
			break
		}
		started = append(started, t)
	}
	s.announceStart(svc, started)
}

// startDaemons starts a task of the deployment on each of the instances.
func (s *Service) startDaemons(svc *service, d *deployment, instances []*containerInstance) {
	if len(instances) == 0 || !s.due(svc.RetryAt) {
		return
	}
	var started []*task
	for _, i := range instances {
		if t := s.newServiceTask(svc, d); t != nil && s.settle(svc, t, i.ARN) {
			started = append(started, t)
		}
	}
	s.announceStart(svc, started)
}

func (s *Service) announceStart(svc *service, started []*task) {
	if len(started) == 0 {
		return
	}
	var names strings.Builder
	for _, t := range started {
		names.WriteString(" (task " + t.ID + ")")
	}
	s.event(svc, "(service %s) has started %d tasks:%s.", svc.Name, len(started), names.String())
}

// newServiceTask makes a task, which has no place yet, or nil when its roles
// forbid it.
func (s *Service) newServiceTask(svc *service, d *deployment) *task {
	definition := s.state.Definitions[lastPart(d.Revision.TaskDefinition)]
	if definition == nil {
		return nil
	}
	if why := s.roleTrouble(definition, nil); why != "" {
		s.notice(svc, "role", "(service %s) failed to launch a task with (error %s).", svc.Name, why)
		s.countFailure(svc, &task{Deployment: d.ID})
		s.wake(svc.RetryAt)
		return nil
	}
	t := s.newTask(svc.Cluster, definition)
	t.Service, t.Deployment = svc.ARN, d.ID
	t.Group, t.StartedBy = "service:"+svc.Name, d.ID
	t.LaunchType, t.ExecuteCommand = d.Revision.LaunchType, svc.ExecuteCommand
	t.Tags = s.taskTags(svc, definition)
	if len(d.Revision.Strategy) > 0 {
		have := map[string]int{}
		for _, other := range s.tasksOf(svc) {
			if other.live() && other.Deployment == d.ID {
				have[other.Provider]++
			}
		}
		t.Provider = strategyItem(d.Revision.Strategy, have)
	}
	return t
}

// taskTags are the tags that a service gives its tasks.
func (s *Service) taskTags(svc *service, d *taskDefinition) core.Tags {
	tags := core.Tags{}
	var source core.Tags
	switch svc.Propagate {
	case types.PropagateTagsService:
		source = svc.Tags
	case types.PropagateTagsTaskDefinition:
		source = d.Tags
	}
	for k, v := range source {
		tags[k] = v
	}
	if svc.ManagedTags {
		tags["aws:ecs:clusterName"], tags["aws:ecs:serviceName"] = svc.Cluster, svc.Name
	}
	return tags
}

// roleTrouble is why ECS can't take on the task's roles, or "".
func (s *Service) roleTrouble(d *taskDefinition, o *types.TaskOverride) string {
	execution, role := aws.ToString(d.Definition.ExecutionRoleArn), aws.ToString(d.Definition.TaskRoleArn)
	if o != nil && o.ExecutionRoleArn != nil {
		execution = *o.ExecutionRoleArn
	}
	if o != nil && o.TaskRoleArn != nil {
		role = *o.TaskRoleArn
	}
	for _, name := range []string{execution, role} {
		if name == "" {
			continue
		}
		arn, known := s.roles.RoleARN(name)
		if known {
			known, _ = s.roles.CanAssume(arn, "ecs-tasks."+s.acct.DNSSuffix())
		}
		if !known {
			return fmt.Sprintf("ECS was unable to assume the role '%s' that was provided for this task. Please verify that the role being passed has the proper trust relationship and permissions and that your IAM user has permissions to pass this role.", name)
		}
	}
	return ""
}

// settle gives a new task its instance: the one given, or one that placement
// chooses. With managed scaling a task without a place waits for a new
// instance; else it is dropped, and the service says why.
func (s *Service) settle(svc *service, t *task, instance string) bool {
	i, why := s.seat(svc, t, instance)
	switch {
	case i != nil:
		s.assign(t, i)
	case instance == "" && s.scaled(t.Provider):
		t.GiveUpAt = s.acct.Clock.In(provisioningTimeout)
	default:
		s.unplaceable(svc, t, why)
		s.wake(s.acct.Clock.In(time.Minute))
		return false
	}
	s.state.Tasks[t.ARN] = t
	s.emitTask(t)
	s.changed()
	return true
}

// seat is the instance that was given, if the task fits there, or else the one
// that placement chooses.
func (s *Service) seat(svc *service, t *task, instance string) (*containerInstance, misfit) {
	if instance == "" {
		return s.place(s.request(svc, t))
	}
	i := s.state.Instances[instance]
	n := demandOf(&s.state.Definitions[t.Definition].Definition, t.Overrides)
	// The task itself is not among the instance's tasks yet.
	if words, reason := n.fit(s.remaining(i), i); words != "" {
		return nil, misfit{instance: i.ID, words: words, reason: reason}
	}
	return i, misfit{}
}

// scaled tells whether the capacity provider launches instances for tasks.
func (s *Service) scaled(provider string) bool {
	p := s.state.Providers[provider]
	return p != nil && p.Status == active && p.ManagedScaling.Status == types.ManagedScalingStatusEnabled
}

func (s *Service) assign(t *task, i *containerInstance) {
	t.holdGPUs(&s.state.Definitions[t.Definition].Definition, s.remaining(i).gpus)
	t.Instance, t.LastStatus = i.ARN, pending
	t.GiveUpAt = time.Time{}
	t.Version++
	i.Version++
	s.changed()
}

// unplaceable says why a service's task has no place.
func (s *Service) unplaceable(svc *service, t *task, why misfit) {
	const guide = "For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."
	reason := fmt.Sprintf("The closest matching (container-instance %s) %s. %s", why.instance, why.words, guide)
	if why.instance == "" {
		where := "cluster"
		if t.Provider != "" {
			where = "capacity provider"
		}
		reason = "Reason: No Container Instances were found in your " + where + ". " + guide
	}
	s.notice(svc, "placement", "(service %s) was unable to place a task because no container instance met all of its requirements. %s", svc.Name, reason)
}

// placementPatience is how long a task waits for its capacity provider before
// the service says so.
const placementPatience = time.Minute

// placeWaiting looks for a place for a task that waits for capacity.
func (s *Service) placeWaiting(t *task) {
	if t.LastStatus != provisioning || !t.live() {
		return
	}
	svc := s.state.Services[t.Service]
	i, why := s.place(s.request(svc, t))
	if i != nil {
		s.assign(t, i)
		s.emitTask(t)
		return
	}
	if svc != nil && s.due(s.after(t.CreatedAt, placementPatience)) {
		s.unplaceable(svc, t, why)
	}
	if s.due(t.GiveUpAt) {
		t.DesiredStatus, t.StopCode = stopped, types.TaskStopCodeTaskFailedToStart
		t.StoppedReason = "TaskFailedToStart: " + orWords(why.reason, "No Container Instances were found in your capacity provider.")
		t.StoppingAt = s.acct.Clock.Now()
		s.finish(t)
	}
}

func orWords(words, otherwise string) string {
	if words == "" {
		return otherwise
	}
	return words
}
