package targethealth

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// hopeless says why waiting on makes no sense, "" while it does.
func (w *Watcher) hopeless(s Snapshot, now time.Time) string {
	if status := aws.ToString(s.Service.Status); status != "" && status != "ACTIVE" {
		return fmt.Sprintf("service %s is %s", w.Service, status)
	}
	if why := w.unregistered(s); why != "" {
		return why
	}
	for _, deployment := range s.Service.Deployments {
		if deployment.RolloutState == ecstypes.DeploymentRolloutStateFailed {
			return fmt.Sprintf("deployment %s failed: %s%s", aws.ToString(deployment.Id), aws.ToString(deployment.RolloutStateReason), stoppedCause(s, deployment)+w.unhealthyCause(s))
		}
	}
	waited := now.Sub(w.began)
	if s.ContainerInstances == 0 && waited > w.Patience.NoInstances {
		return fmt.Sprintf("cluster %s has no container instances after %.0f s: does the instances' user data name this cluster, and do they reach ECS?", w.Cluster, waited.Seconds())
	}
	if stopped := w.stoppedByThemselves(s); len(stopped) >= max(w.Patience.Stopped, 1) {
		return fmt.Sprintf("%d tasks stopped, the last one with: %s%s", len(stopped), reason(stopped[0]), w.unhealthyCause(s))
	}
	for _, group := range w.Groups {
		h := w.history[group.Key]
		if !h.unhealthySince.IsZero() && now.Sub(h.unhealthySince) > w.Patience.Unhealthy {
			return fmt.Sprintf("target group %q has had no healthy target for %.0f s: %s", group.Key, now.Sub(h.unhealthySince).Seconds(), cause(h.lastUnhealthy, group))
		}
	}
	return ""
}

// unregistered names a target group that the service does not register with.
func (w *Watcher) unregistered(s Snapshot) string {
	for _, group := range w.Groups {
		found := false
		for _, lb := range s.Service.LoadBalancers {
			found = found || aws.ToString(lb.TargetGroupArn) == group.ARN
		}
		if !found {
			return fmt.Sprintf("service %s does not register with target group %q (%s)", w.Service, group.Key, group.ARN)
		}
	}
	return ""
}

// stoppedCause adds why the last task of a failed deployment stopped, also
// before the watch began: the circuit breaker says only that tasks failed.
func stoppedCause(s Snapshot, deployment ecstypes.Deployment) string {
	var stopped []ecstypes.Task
	for _, task := range s.Stopped {
		if aws.ToString(task.StartedBy) == aws.ToString(deployment.Id) && !asked(task) {
			stopped = append(stopped, task)
		}
	}
	if len(stopped) == 0 {
		return ""
	}
	return fmt.Sprintf("; %d tasks stopped, the last one with: %s", len(stopped), reason(stopped[0]))
}

// unhealthyCause adds what was last wrong with a target to another reason.
func (w *Watcher) unhealthyCause(s Snapshot) string {
	var causes []string
	for _, group := range w.Groups {
		target, ok := w.lastUnhealthy(s, group)
		if ok {
			causes = append(causes, fmt.Sprintf("target group %q: %s", group.Key, cause(target, group)))
		}
	}
	if len(causes) == 0 {
		return ""
	}
	return "; " + strings.Join(causes, "; ")
}

// lastUnhealthy is the last target of a group that was seen to be unhealthy, or
// that a service event says was: ECS takes such a target away, often before
// anyone looks.
func (w *Watcher) lastUnhealthy(s Snapshot, group Group) (Target, bool) {
	if h := w.history[group.Key]; h != nil && h.lastUnhealthy.InstanceID != "" && !h.unhealthySince.IsZero() {
		return h.lastUnhealthy, true
	}
	for _, event := range s.Service.Events { // the newest first
		if aws.ToTime(event.CreatedAt).Before(w.began) {
			break
		}
		if target, ok := unhealthyInEvent(aws.ToString(event.Message), group); ok {
			return target, true
		}
	}
	return Target{}, false
}

// unhealthyEvent is ECS's message about a target that fails its checks; see
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html.
var unhealthyEvent = regexp.MustCompile(`\(instance ([^)]*)\) \(port (\d+)\) is unhealthy in \(?target-group ([^)]*?)\)? due to \(reason (.*)\)`)

// unhealthyInEvent reads that message. It has the description of the target's
// health only, so the reason's code is found again by it.
func unhealthyInEvent(message string, group Group) (Target, bool) {
	match := unhealthyEvent.FindStringSubmatch(message)
	if match == nil || !strings.Contains(group.ARN, ":targetgroup/"+match[3]+"/") && match[3] != group.ARN {
		return Target{}, false
	}
	port, err := strconv.ParseInt(match[2], 10, 32)
	if err != nil {
		return Target{}, false
	}
	target := Target{InstanceID: match[1], HostPort: int32(port), Description: match[4]}
	switch {
	case strings.HasPrefix(match[4], "Health checks failed with these codes"):
		target.Reason = "Target.ResponseCodeMismatch"
	case strings.HasPrefix(match[4], "Health checks failed"):
		target.Reason = "Target.FailedHealthChecks"
	case strings.HasPrefix(match[4], "Request timed out"):
		target.Reason = "Target.Timeout"
	}
	return target, true
}

// cause puts a target's reason into words, with what usually is behind it.
func cause(t Target, group Group) string {
	said := strings.TrimSpace(t.Reason + " " + t.Description)
	switch t.Reason {
	case "Target.FailedHealthChecks":
		return fmt.Sprintf("%s: the connection to container port %d is refused or cut: does the container listen there?", said, group.ContainerPort)
	case "Target.ResponseCodeMismatch":
		return said + ": the health check's path answers another code than its matcher wants"
	case "Target.Timeout":
		return said + ": packets are dropped on their way (security groups, routes), or the container is too slow"
	default:
		return said
	}
}

// stoppedByThemselves are the tasks that stopped since the watch began
// without being asked to.
func (w *Watcher) stoppedByThemselves(s Snapshot) []ecstypes.Task {
	var stopped []ecstypes.Task
	for _, task := range s.Stopped {
		if !asked(task) && !aws.ToTime(task.StoppedAt).Before(w.began) {
			stopped = append(stopped, task)
		}
	}
	return stopped
}

// asked reports whether a user, or ECS for other reasons than the task's health,
// stopped a task.
func asked(task ecstypes.Task) bool {
	switch task.StopCode {
	case ecstypes.TaskStopCodeUserInitiated:
		return true
	case ecstypes.TaskStopCodeServiceSchedulerInitiated:
		return !strings.Contains(aws.ToString(task.StoppedReason), "failed")
	default:
		return false
	}
}

// reason is why a task stopped, with what its containers say.
func reason(task ecstypes.Task) string {
	parts := []string{aws.ToString(task.StoppedReason)}
	for _, container := range task.Containers {
		said := aws.ToString(container.Reason)
		if container.ExitCode != nil {
			said = strings.TrimSpace(fmt.Sprintf("exit code %d %s", *container.ExitCode, said))
		}
		if said != "" {
			parts = append(parts, "container "+aws.ToString(container.Name)+": "+said)
		}
	}
	return strings.Join(parts, "; ")
}
