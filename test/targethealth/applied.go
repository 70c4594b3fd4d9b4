package targethealth

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Applied is what a service was made to run. ECS may run something else: its
// circuit breaker brings back the last deployment that worked, all healthy.
type Applied struct {
	TaskDefinition string // ARN
	Registrations  []Registration
}

// Registration is a container port that a service registers with a target group.
type Registration struct {
	TargetGroup   string // ARN
	Container     string
	ContainerPort int32
}

// deviation says how what the service runs differs from what was applied, "" if
// it does not.
func (w *Watcher) deviation(s Snapshot) string {
	if w.Applied == nil {
		return ""
	}
	var says []string
	if runs := aws.ToString(s.Service.TaskDefinition); runs != w.Applied.TaskDefinition {
		says = append(says, fmt.Sprintf("it runs %s, %s was applied", lastPart(runs), lastPart(w.Applied.TaskDefinition)))
	}
	var has []Registration
	for _, lb := range s.Service.LoadBalancers {
		has = append(has, Registration{aws.ToString(lb.TargetGroupArn), aws.ToString(lb.ContainerName), aws.ToInt32(lb.ContainerPort)})
	}
	for _, want := range w.Applied.Registrations {
		if !slices.Contains(has, want) {
			says = append(says, fmt.Sprintf("it lacks %s, which was applied", w.named(want)))
		}
	}
	for _, registration := range has {
		if !slices.Contains(w.Applied.Registrations, registration) {
			says = append(says, fmt.Sprintf("it has %s, which was not applied", w.named(registration)))
		}
	}
	return sentence(says...)
}

// named is a registration with its target group by its key, if that is known.
func (w *Watcher) named(r Registration) string {
	name := r.TargetGroup
	for _, group := range w.Groups {
		if group.ARN == r.TargetGroup {
			name = group.Key
		}
	}
	return fmt.Sprintf("target group %q on port %d of container %s", name, r.ContainerPort, r.Container)
}

// rolledBack says why ECS brought back another deployment than the one that was
// applied, "" if it did not.
func (w *Watcher) rolledBack(s Snapshot) string {
	deviation := w.deviation(s)
	id, why := failedDeployment(s)
	if deviation == "" || id == "" {
		return ""
	}
	return "rolled back, since " + sentence(w.failedCheck(s), stoppedTasks(s, id), fmt.Sprintf("deployment %s failed: %s", id, why), deviation)
}

// superseded reports whether a deployment is of an earlier apply: what was applied since
// is the primary one, and how the others end no longer matters.
func (w *Watcher) superseded(s Snapshot, deployment string) bool {
	if w.Applied == nil || w.deviation(s) != "" {
		return false
	}
	return slices.ContainsFunc(s.Service.Deployments, func(d ecstypes.Deployment) bool {
		return aws.ToString(d.Id) == deployment && aws.ToString(d.Status) != "PRIMARY"
	})
}

func failed(deployment ecstypes.Deployment) bool {
	return deployment.RolloutState == ecstypes.DeploymentRolloutStateFailed
}

// deploymentFailed is ECS's message about a deployment, which the service does not
// list any more once its tasks are gone.
var deploymentFailed = regexp.MustCompile(`\(deployment ([^)]*)\) deployment failed: (.*)`)

// failedDeployment is the ID of the last deployment that failed, and why it did.
func failedDeployment(s Snapshot) (id, why string) {
	for _, deployment := range s.Service.Deployments {
		if failed(deployment) {
			return aws.ToString(deployment.Id), aws.ToString(deployment.RolloutStateReason)
		}
	}
	for _, event := range s.Service.Events {
		if match := deploymentFailed.FindStringSubmatch(aws.ToString(event.Message)); match != nil {
			return match[1], match[2]
		}
	}
	return "", ""
}

// endOfRollback is how many of the events there are up to the beginning of the
// deployment that was rolled back last: before, the service was steady. It is 0
// when none was.
func endOfRollback(events []ecstypes.ServiceEvent) int {
	says := func(text string) func(ecstypes.ServiceEvent) bool {
		return func(event ecstypes.ServiceEvent) bool { return strings.Contains(aws.ToString(event.Message), text) }
	}
	rollback := slices.IndexFunc(events, says("rolling back to deployment"))
	if rollback < 0 {
		return 0
	}
	before := slices.IndexFunc(events[rollback:], says("has reached a steady state"))
	if before < 0 {
		return len(events)
	}
	return rollback + before
}

// unfinished says that the rollout of the service goes on: old tasks may be all
// that is healthy.
func unfinished(s Snapshot) string {
	for _, deployment := range s.Service.Deployments {
		if aws.ToString(deployment.Status) == "PRIMARY" && deployment.RolloutState == ecstypes.DeploymentRolloutStateInProgress {
			return cmp.Or(aws.ToString(deployment.RolloutStateReason), "deployment "+aws.ToString(deployment.Id)+" is in progress")
		}
	}
	return ""
}
