package targethealth

import (
	"cmp"
	"fmt"
	"slices"
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
	if why := cmp.Or(w.rolledBack(s), w.unregistered(s)); why != "" {
		return why
	}
	for _, deployment := range s.Service.Deployments {
		if failed(deployment) && !w.superseded(s, aws.ToString(deployment.Id)) {
			id := aws.ToString(deployment.Id)
			return sentence(w.failedCheck(s), stoppedTasks(s, id), fmt.Sprintf("deployment %s failed: %s", id, aws.ToString(deployment.RolloutStateReason)))
		}
	}
	waited := now.Sub(w.began)
	if deviation := w.deviation(s); deviation != "" && waited > w.Patience.Unhealthy {
		return fmt.Sprintf("service %s is not as it was applied: %s", w.Service, deviation)
	}
	if s.ContainerInstances == 0 && waited > w.Patience.NoInstances {
		return fmt.Sprintf("cluster %s has no container instances after %.0f s: does the instances' user data name this cluster, and do they reach ECS?", w.Cluster, waited.Seconds())
	}
	if stopped := w.stoppedByThemselves(s); len(stopped) >= max(w.Patience.Stopped, 1) {
		return sentence(w.failedCheck(s), stoppedOnes(stopped))
	}
	for _, group := range w.Groups {
		h := w.history[group.Key]
		if !h.unhealthySince.IsZero() && now.Sub(h.unhealthySince) > w.Patience.Unhealthy {
			return sentence(w.failedCheck(s), fmt.Sprintf("target group %q has had no healthy target for %.0f s", group.Key, now.Sub(h.unhealthySince).Seconds()))
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

// stoppedTasks says why the last task of a failed deployment stopped, also
// before the watch began: the circuit breaker says only that tasks failed.
func stoppedTasks(s Snapshot, deployment string) string {
	var stopped []ecstypes.Task
	for _, task := range s.Stopped {
		if aws.ToString(task.StartedBy) == deployment && !asked(task) {
			stopped = append(stopped, task)
		}
	}
	return stoppedOnes(stopped)
}

// stoppedOnes says why the newest of stopped tasks stopped.
func stoppedOnes(stopped []ecstypes.Task) string {
	if len(stopped) == 0 {
		return ""
	}
	return fmt.Sprintf("%d tasks stopped, the last one with: %s", len(stopped), reason(stopped[0]))
}

// sentence puts the cause first, what came of it behind: lines are cut at their
// ends.
func sentence(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), "; ")
}

// stoppedByThemselves are the tasks that stopped since the watch began
// without being asked to.
func (w *Watcher) stoppedByThemselves(s Snapshot) []ecstypes.Task {
	var stopped []ecstypes.Task
	for _, task := range s.Stopped {
		if !asked(task) && !aws.ToTime(task.StoppedAt).Before(w.began) && !w.superseded(s, aws.ToString(task.StartedBy)) {
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

// reason is why a task stopped, with what its containers say, in one line.
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
	return strings.Join(strings.Fields(strings.Join(parts, "; ")), " ")
}
