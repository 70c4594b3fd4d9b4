package agent

import (
	"context"
	"fmt"
	"sync"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ec2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ecs"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/kernel"
)

// host is one running EC2 instance.
type host struct {
	agents   *Agents
	instance ec2.Instance
	ctx      context.Context // done when the instance or localaws ends
	cancel   context.CancelFunc
	disk     *kernel.Tree
	ports    *portPool
	metadata *metadata

	mu         sync.Mutex // never held while the account's lock is taken
	terminated bool
	settings   settings
	arn        string // of the container instance
	connected  bool
	submits    bool                      // it is connected, and may report
	unsent     map[string]ecs.TaskReport // while it may not
	lastReason string
}

func newHost(ctx context.Context, a *Agents, instance ec2.Instance) *host {
	h := &host{agents: a, instance: instance, unsent: map[string]ecs.TaskReport{}}
	h.ctx, h.cancel = context.WithCancel(ctx)
	h.ports = newPortPool(a.Network, instance.Address)
	h.metadata = newMetadata(h)
	return h
}

// terminate ends the host because its instance is over.
func (h *host) terminate() {
	h.mu.Lock()
	h.terminated = true
	h.mu.Unlock()
	h.cancel()
}

func (h *host) isTerminated() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.terminated
}

func (h *host) log(format string, values ...any) {
	h.agents.log(h.instance.ID, format, values...)
}

// run is the instance's life.
func (h *host) run() {
	var serving sync.WaitGroup
	serving.Go(func() { h.metadata.run(h.ctx) })
	defer serving.Wait()
	defer h.cancel()
	if err := h.boot(); err != nil {
		h.log("boot failed: %s", err)
	}
	if h.disk != nil {
		h.runAgent()
	}
	if h.disk != nil {
		_ = h.disk.Close() // nothing was written through it since
	}
	if h.isTerminated() {
		if err := removeAll(h.agents.instanceDirectory(h.instance.ID)); err != nil {
			h.agents.account.Log.Warn("cleaning up after an instance", "error", err)
		}
	}
}

// runAgent joins the cluster, then runs tasks until the instance is over.
func (h *host) runAgent() {
	changes, stop := h.agents.account.Watch()
	defer stop()
	tasks := map[string]*task{}
	var running sync.WaitGroup
	for {
		assignments, told := h.step()
		assigned := map[string]bool{}
		var started []*task
		for _, assignment := range assignments {
			assigned[assignment.TaskARN] = true
			t := tasks[assignment.TaskARN]
			switch {
			case t == nil && assignment.Stop:
				h.report(assignment.TaskARN, neverStarted(assignment))
			case t == nil:
				t = newTask(h, assignment)
				tasks[assignment.TaskARN] = t
				started = append(started, t)
			case assignment.Stop:
				t.stop()
			}
		}
		// All are known before the first runs: a new task must not get the host
		// port of one that goes on after a restart.
		for _, t := range started {
			running.Go(t.run)
		}
		for arn, t := range tasks {
			switch {
			case !told || assigned[arn]: // ECS may not know yet that it has ended
			case t.ended():
				delete(tasks, arn)
			default: // ECS has given it up
				t.stop()
			}
		}
		select {
		case <-h.ctx.Done():
			running.Wait()
			h.leave()
			return
		case <-changes:
		}
	}
}

// step looks at what the agent may do and is told, under the account's lock.
// Without a container instance, or a connection, it is told nothing.
func (h *host) step() (assignments []ecs.Assignment, told bool) {
	reason := ""
	h.agents.account.Do(func() {
		arn := h.join(&reason)
		if arn == "" {
			return
		}
		connected := h.mayTalk(arn, &reason)
		h.agents.Control.SetAgentConnected(arn, connected)
		submits := connected && h.maySubmit(&reason)
		h.setConnected(arn, connected, submits)
		if submits {
			for task, report := range h.takeUnsent() {
				h.agents.Control.Report(task, report)
			}
		}
		if connected {
			assignments, told = h.agents.Control.Assignments(arn), true
		}
	})
	h.explain(reason)
	return assignments, told
}

// explain logs why the agent does not get on, once for each reason.
func (h *host) explain(reason string) {
	h.mu.Lock()
	before := h.lastReason
	h.lastReason = reason
	h.mu.Unlock()
	switch {
	case reason == before:
	case reason != "":
		h.log("ecs-agent: %s", reason)
	default:
		h.log("ecs-agent: connected to ECS")
	}
}

// join returns the container instance's ARN and registers it first if need be.
func (h *host) join(reason *string) string {
	current, ok := h.agents.Machines.Instance(h.instance.ID)
	if !ok || current.State != ec2.StateRunning {
		return ""
	}
	if arn, ok := h.agents.Control.ContainerInstanceOf(h.instance.ID); ok {
		return arn
	}
	if h.joined() {
		*reason = "the container instance was deregistered; the agent registers again only when it is restarted"
		return ""
	}
	image, ok := h.agents.Machines.Image(current.ImageID)
	if !ok || !image.ECSOptimized {
		*reason = fmt.Sprintf("not there: the image %s (%s) has no ECS agent; use an ECS-optimized one, such as the SSM parameter /aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id", current.ImageID, image.Name)
		return ""
	}
	cluster := h.settings.cluster
	if *reason = h.refusal(current, []permission{
		{"ecs:DiscoverPollEndpoint", "*"}, {"ecs:RegisterContainerInstance", h.clusterARN()}, {"ecs:Poll", h.anyContainerInstance()},
	}); *reason != "" {
		return ""
	}
	arn, err := h.agents.Control.Register(h.registration(current, image))
	if err != nil {
		*reason = fmt.Sprintf("unable to register as a container instance with ECS: %s (ECS_CLUSTER=%s in /etc/ecs/ecs.config)", err, cluster)
		return ""
	}
	h.log("ecs-agent: registered as a container instance of cluster %s: %s", cluster, arn)
	return arn
}

func (h *host) clusterARN() string {
	return h.agents.account.ARN("ecs", "cluster/"+h.settings.cluster)
}

func (h *host) anyContainerInstance() string {
	return h.agents.account.ARN("ecs", "container-instance/"+h.settings.cluster+"/*")
}

type permission struct{ action, resource string }

// refusal says why the instance can't call ECS, "" when it can: its role's
// permissions and its way to the internet.
func (h *host) refusal(current ec2.Instance, permissions []permission) string {
	role, why := h.role(current)
	if role == "" {
		return why
	}
	for _, p := range permissions {
		if ok, why := h.agents.Roles.Allows(role, p.action, p.resource); !ok {
			return fmt.Sprintf("AccessDeniedException: the instance's role %s is not authorized to perform %s on %s: %s", role, p.action, p.resource, why)
		}
	}
	if err := h.agents.Machines.InternetAccess(current.InterfaceID); err != nil {
		return fmt.Sprintf("can't reach ecs.%s.%s: %s", h.agents.account.Region, h.agents.account.DNSSuffix(), err)
	}
	return ""
}

// role is the instance's role, or why it has none.
func (h *host) role(current ec2.Instance) (arn, why string) {
	if current.ProfileARN == "" {
		return "", "NoCredentialProviders: the instance has no instance profile"
	}
	profile, ok := h.agents.Roles.InstanceProfile(current.ProfileARN)
	switch {
	case !ok:
		return "", "NoCredentialProviders: the instance profile " + current.ProfileARN + " does not exist"
	case profile.RoleARN == "":
		return "", "NoCredentialProviders: the instance profile " + current.ProfileARN + " has no role"
	}
	if ok, why := h.agents.Roles.CanAssume(profile.RoleARN, "ec2."+h.agents.account.DNSSuffix()); !ok {
		return "", "NoCredentialProviders: " + why
	}
	return profile.RoleARN, ""
}

// mayTalk tells whether the agent's connection holds.
func (h *host) mayTalk(arn string, reason *string) bool {
	current, ok := h.agents.Machines.Instance(h.instance.ID)
	if !ok {
		return false
	}
	*reason = h.refusal(current, []permission{{"ecs:DiscoverPollEndpoint", "*"}, {"ecs:Poll", arn}})
	return *reason == ""
}

// maySubmit tells whether a connected agent may say what its tasks do. One that
// may not starts and stops them, and ECS never learns of it.
func (h *host) maySubmit(reason *string) bool {
	current, ok := h.agents.Machines.Instance(h.instance.ID)
	if !ok {
		return false
	}
	*reason = h.refusal(current, []permission{{"ecs:SubmitTaskStateChange", h.clusterARN()}})
	return *reason == ""
}

func (h *host) setConnected(arn string, connected, submits bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.arn, h.connected, h.submits = arn, connected, submits
}

// joined tells whether this agent has been a container instance.
func (h *host) joined() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.arn != ""
}

func (h *host) takeUnsent() map[string]ecs.TaskReport {
	h.mu.Lock()
	defer h.mu.Unlock()
	unsent := h.unsent
	h.unsent = map[string]ecs.TaskReport{}
	return unsent
}

// report tells ECS about a task, or keeps the report while the agent may not.
func (h *host) report(taskARN string, r ecs.TaskReport) {
	h.mu.Lock()
	submits := h.submits
	if !submits {
		h.unsent[taskARN] = r
	}
	h.mu.Unlock()
	if submits {
		h.agents.account.Do(func() { h.agents.Control.Report(taskARN, r) })
	}
}

// leave deregisters a terminated instance. When only localaws ends, the
// container instance stays, for the next one.
func (h *host) leave() {
	if !h.isTerminated() {
		return
	}
	h.agents.account.Do(func() {
		if arn, ok := h.agents.Control.ContainerInstanceOf(h.instance.ID); ok {
			h.agents.Control.Deregister(arn)
		}
	})
}
