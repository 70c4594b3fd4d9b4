package ecsagent

import (
	"fmt"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ecs"
)

// poll looks at what the agent may do and is told, under the account's lock.
// Without a container instance, or a connection, it is told nothing.
func (a *agent) poll() (assignments []ecs.Assignment, told bool) {
	reason := ""
	a.account.Do(func() {
		var arn string
		if arn, reason = a.join(); arn == "" {
			return
		}
		reason = a.refusal(permission{"ecs:DiscoverPollEndpoint", "*"}, permission{"ecs:Poll", arn})
		connected := reason == ""
		a.Control.SetAgentConnected(arn, connected)
		if connected {
			// An agent that may not report starts and stops tasks all the
			// same, and ECS never learns of it.
			reason = a.refusal(permission{"ecs:SubmitTaskStateChange", a.clusterARN()})
		}
		submits := reason == ""
		a.setConnected(arn, connected, submits)
		if submits {
			for task, report := range a.takeUnsent() {
				a.Control.Report(task, report)
			}
		}
		if connected {
			assignments, told = a.Control.Assignments(arn), true
		}
	})
	a.explain(reason)
	return assignments, told
}

// explain logs why the agent does not get on, once for each reason.
func (a *agent) explain(reason string) {
	a.mu.Lock()
	before := a.lastReason
	a.lastReason = reason
	a.mu.Unlock()
	switch {
	case reason == before:
	case reason != "":
		a.machine.Log("ecs-agent: %s", reason)
	default:
		a.machine.Log("ecs-agent: connected to ECS")
	}
}

// join returns the container instance's ARN, and registers it first if need be;
// or why there is none.
func (a *agent) join() (arn, reason string) {
	if !a.machine.Running() {
		return "", ""
	}
	instance := &a.machine.Instance
	if arn, ok := a.Control.ContainerInstanceOf(instance.ID); ok {
		return arn, ""
	}
	if a.joined() {
		return "", "the container instance was deregistered; the agent registers again only when it is restarted"
	}
	image, ok := a.EC2.Image(instance.ImageID)
	if !ok || !image.ECSOptimized {
		return "", fmt.Sprintf("not there: the image %s (%s) has no ECS agent; use an ECS-optimized one, such as the SSM parameter /aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id", instance.ImageID, image.Name)
	}
	if reason := a.refusal(
		permission{"ecs:DiscoverPollEndpoint", "*"}, permission{"ecs:RegisterContainerInstance", a.clusterARN()},
		permission{"ecs:Poll", a.account.ARN("ecs", "container-instance/"+a.settings.cluster+"/*")},
	); reason != "" {
		return "", reason
	}
	arn, err := a.Control.Register(a.registration(image))
	if err != nil {
		return "", fmt.Sprintf("unable to register as a container instance with ECS: %s (ECS_CLUSTER=%s in %s)", err, a.settings.cluster, configFile)
	}
	a.machine.Log("ecs-agent: registered as a container instance of cluster %s: %s", a.settings.cluster, arn)
	return arn, ""
}

func (a *agent) clusterARN() string { return a.account.ARN("ecs", "cluster/"+a.settings.cluster) }

type permission struct{ action, resource string }

// refusal says why the agent can't call ECS, "" when it can: its role's
// permissions and its way to the internet.
func (a *agent) refusal(needed ...permission) string {
	role, why := a.machine.Role()
	if role == "" {
		return why
	}
	for _, p := range needed {
		if ok, why := a.Roles.Allows(role, p.action, p.resource); !ok {
			return fmt.Sprintf("AccessDeniedException: the instance's role %s is not authorized to perform %s on %s: %s", role, p.action, p.resource, why)
		}
	}
	if err := a.EC2.InternetAccess(a.machine.Instance.InterfaceID); err != nil {
		return fmt.Sprintf("can't reach ecs.%s.%s: %s", a.account.Region, a.account.DNSSuffix(), err)
	}
	return ""
}

func (a *agent) setConnected(arn string, connected, submits bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.arn, a.connected, a.submits = arn, connected, submits
}

// joined reports whether this agent has been a container instance.
func (a *agent) joined() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.arn != ""
}
