package ecsagent

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ecs"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers"
)

// taskContainer is a container of a task. The fields from status on are guarded
// by the task's lock.
type taskContainer struct {
	task       *task
	definition *types.ContainerDefinition
	id         string // the runtime's
	secrets    map[string]string
	output     *output
	reserved   bool // the ports that it had before a restart are kept for it
	mounts     []containers.Mount

	status   status
	running  containers.Container
	exitCode *int32
	reason   string
	bindings []types.NetworkBinding
	health   types.HealthStatus
}

func newTaskContainer(t *task, d *types.ContainerDefinition) *taskContainer {
	c := &taskContainer{
		task: t, definition: d, id: ids.Hex(64),
		secrets: map[string]string{}, health: types.HealthStatusUnknown,
	}
	if t.resumed {
		c.bindings = t.assignment.Bindings[c.name()]
		for _, b := range c.bindings {
			t.agent.ports.reserve(uint16(aws.ToInt32(b.HostPort)), string(b.Protocol)) //nolint:gosec // it was a port
		}
		c.reserved = len(c.bindings) > 0
	}
	return c
}

func (c *taskContainer) name() string { return aws.ToString(c.definition.Name) }

// essential is the default.
func (c *taskContainer) essential() bool {
	return c.definition.Essential == nil || *c.definition.Essential
}

// report is the container's part of the task's report.
func (c *taskContainer) report() ecs.ContainerReport {
	r := ecs.ContainerReport{
		Name: c.name(), Status: c.status.String(), Reason: c.reason, ExitCode: c.exitCode,
		Bindings: c.bindings, Health: c.health,
	}
	if c.status != pending {
		r.RuntimeID = c.id
	}
	return r
}

// become moves the container's status forward, under the task's lock.
func (c *taskContainer) become(s status) { c.status = max(c.status, s) }

// fail notes why a container could not start.
func (c *taskContainer) fail(reason string) {
	c.task.mu.Lock()
	defer c.task.mu.Unlock()
	c.become(stopped)
	c.reason = reason
}

// finish marks a container that never ran.
func (c *taskContainer) finish() {
	c.task.mu.Lock()
	c.become(stopped)
	c.task.mu.Unlock()
	if c.output != nil {
		c.output.close()
	}
}

// run waits for what the container depends on, starts it, and returns when it
// has ended.
func (c *taskContainer) run() {
	t := c.task
	ctx := t.ctx
	defer c.releasePorts()
	if !c.awaitDependencies(ctx) {
		t.update(func() { c.become(stopped) })
		return
	}
	t.agent.metadata.add(c)
	defer t.agent.metadata.remove(c)
	started, reason := c.start(ctx)
	if reason != "" {
		t.update(func() { c.become(stopped); c.reason = reason })
		if c.essential() {
			t.stopFor(reason, types.TaskStopCodeTaskFailedToStart)
		}
		return
	}
	t.update(func() { c.become(running); c.running = started })
	checking, stopChecking := context.WithCancel(ctx)
	checked := make(chan struct{})
	go func() {
		defer close(checked)
		c.checkHealth(checking, started)
	}()
	select {
	case <-started.Done():
	case <-t.stopping:
		c.stop(ctx, started)
	case <-ctx.Done():
		c.stop(ctx, started)
	}
	stopChecking()
	<-checked
	if c.output != nil {
		c.output.close()
	}
	code := int32(started.ExitCode()) //nolint:gosec // 0 to 255
	t.update(func() {
		c.become(stopped)
		c.exitCode = &code
		if started.OutOfMemory() {
			c.reason = outOfMemory
		}
	})
	if c.essential() {
		t.stopFor("Essential container in task exited", types.TaskStopCodeEssentialContainerExited)
	}
}

// outOfMemory is what ECS says of a container that was over its hard limit,
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
const outOfMemory = "OutOfMemoryError: Container killed due to memory usage"

// awaitDependencies waits for dependsOn. false means that the container is not
// to start: the task stops, or a dependency can't be met any more.
func (c *taskContainer) awaitDependencies(ctx context.Context) bool {
	for _, dependency := range c.definition.DependsOn {
		other := c.task.container(aws.ToString(dependency.ContainerName))
		if other == nil {
			return c.hopeless("there is no container %q", aws.ToString(dependency.ContainerName))
		}
		impossible := false
		ready := c.task.await(ctx, func() bool {
			var met bool
			met, impossible = other.meets(dependency.Condition)
			return met || impossible
		})
		if impossible {
			return c.hopeless("container %q will never be %s", other.name(), dependency.Condition)
		}
		if !ready {
			return false
		}
	}
	return true
}

func (c *taskContainer) hopeless(format string, values ...any) bool {
	reason := "dependency graph: container dependency not resolved: " + fmt.Sprintf(format, values...)
	c.fail(reason)
	c.task.stopFor(reason, types.TaskStopCodeTaskFailedToStart)
	return false
}

// meets reports whether a container fulfills a condition of dependsOn, or never
// will.
func (c *taskContainer) meets(condition types.ContainerCondition) (met, impossible bool) {
	over := c.status == stopped
	switch condition {
	case types.ContainerConditionComplete:
		return over && c.exitCode != nil, over && c.exitCode == nil
	case types.ContainerConditionSuccess:
		good := over && c.exitCode != nil && *c.exitCode == 0
		return good, over && !good
	case types.ContainerConditionHealthy:
		return c.health == types.HealthStatusHealthy, over || c.health == types.HealthStatusUnhealthy
	}
	return c.status == running || over && c.exitCode != nil, over && c.exitCode == nil
}

// attempts bounds how often a container is started on other ports when those
// that it got were taken in the meantime.
const attempts = 5

// start starts the container, and returns why it could not.
func (c *taskContainer) start(ctx context.Context) (started containers.Container, reason string) {
	directory := filepath.Join(c.task.directory, c.name())
	if err := os.RemoveAll(directory); err != nil { // of a container before a restart
		return nil, "CannotCreateContainerError: " + err.Error()
	}
	if err := os.MkdirAll(directory, 0o755); err != nil { //nolint:gosec // as on an instance
		return nil, "CannotCreateContainerError: " + err.Error()
	}
	spec := c.spec(directory)
	for attempt := 1; ; attempt++ {
		ports, dynamic, err := c.takePorts(ctx)
		if err != nil {
			return nil, "CannotStartContainerError: Error response from daemon: " + err.Error()
		}
		spec.Ports = ports
		started, err = c.task.agent.Runtime.Start(ctx, spec)
		if err == nil {
			return started, ""
		}
		c.releasePorts()
		if !errors.Is(err, syscall.EADDRINUSE) || !dynamic || attempt == attempts {
			return nil, "CannotStartContainerError: " + err.Error()
		}
	}
}

func (c *taskContainer) spec(directory string) containers.Spec {
	d, t := c.definition, c.task
	spec := containers.Spec{
		ID: c.id, Image: aws.ToString(d.Image), WorkingDir: aws.ToString(d.WorkingDirectory),
		Env: c.environment(), Mounts: c.mounts, Directory: directory,
		MemoryMiB: int(aws.ToInt32(d.Memory)),
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			return t.agent.machine.Dial(ctx, network, address, t.assignment.NetworkMode != types.NetworkModeHost)
		},
	}
	if c.output != nil {
		spec.Stdout, spec.Stderr = c.output.stream(), c.output.stream()
	}
	if len(d.EntryPoint) > 0 {
		spec.EntryPoint = d.EntryPoint
	}
	if len(d.Command) > 0 {
		spec.Command = d.Command
	}
	return spec
}

// environment is the definition's, what the agent adds, and the secrets.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4.html
func (c *taskContainer) environment() map[string]string {
	env := map[string]string{
		"ECS_CONTAINER_METADATA_URI":    "http://169.254.170.2/v3/" + c.id,
		"ECS_CONTAINER_METADATA_URI_V4": "http://169.254.170.2/v4/" + c.id,
		"ECS_AGENT_URI":                 "http://169.254.170.2/api/" + c.id,
		"AWS_EXECUTION_ENV":             "AWS_ECS_EC2",
	}
	if c.task.assignment.TaskRoleARN != "" {
		env["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/v2/credentials/" + c.task.assignment.TaskID
	}
	// NVIDIA's runtime shows the container the GPUs that this names.
	if gpus := c.task.assignment.GPUs[c.name()]; len(gpus) > 0 {
		env["NVIDIA_VISIBLE_DEVICES"] = strings.Join(gpus, ",")
	}
	for _, pair := range c.definition.Environment {
		env[aws.ToString(pair.Name)] = aws.ToString(pair.Value)
	}
	for name, value := range c.secrets {
		env[name] = value
	}
	return env
}

// takePorts reserves the host ports of the definition's mappings, or after a
// restart those that the container had. dynamic says that other ports would do.
func (c *taskContainer) takePorts(ctx context.Context) (ports []containers.Port, dynamic bool, err error) {
	pool := c.task.agent.ports
	var bindings []types.NetworkBinding
	for _, wanted := range c.wantedBindings() {
		protocol := string(wanted.Protocol)
		number := uint16(aws.ToInt32(wanted.HostPort)) //nolint:gosec // ECS validates ports
		taken, err := number, error(nil)
		if !c.reserved {
			taken, err = pool.take(ctx, number, protocol)
		}
		if err != nil {
			for _, b := range bindings {
				pool.release(uint16(*b.HostPort), string(b.Protocol)) //nolint:gosec // from above
			}
			return nil, false, err
		}
		dynamic = dynamic || number == 0
		wanted.HostPort = aws.Int32(int32(taken))
		bindings = append(bindings, wanted)
		ports = append(ports, containers.Port{
			Container: uint16(*wanted.ContainerPort), Protocol: protocol, //nolint:gosec // ECS validates ports
			Host: netip.AddrPortFrom(pool.address, taken),
		})
	}
	c.task.mu.Lock()
	c.bindings = bindings
	c.task.mu.Unlock()
	c.reserved = false
	return ports, dynamic, nil
}

// wantedBindings are the definition's port mappings, host port 0 for any.
func (c *taskContainer) wantedBindings() []types.NetworkBinding {
	if c.task.resumed && len(c.bindings) > 0 {
		return c.bindings
	}
	var list []types.NetworkBinding
	for _, m := range c.definition.PortMappings {
		b := types.NetworkBinding{
			BindIP: aws.String("0.0.0.0"), ContainerPort: aws.Int32(aws.ToInt32(m.ContainerPort)),
			HostPort: aws.Int32(aws.ToInt32(m.HostPort)), Protocol: types.TransportProtocol(strings.ToLower(string(m.Protocol))),
		}
		if b.Protocol == "" {
			b.Protocol = types.TransportProtocolTcp
		}
		if c.task.assignment.NetworkMode == types.NetworkModeHost {
			b.HostPort = b.ContainerPort
		}
		if c.task.assignment.NetworkMode != types.NetworkModeNone {
			list = append(list, b)
		}
	}
	return list
}

func (c *taskContainer) releasePorts() {
	c.task.mu.Lock()
	bindings := c.bindings
	c.task.mu.Unlock()
	for _, b := range bindings {
		c.task.agent.ports.release(uint16(aws.ToInt32(b.HostPort)), string(b.Protocol)) //nolint:gosec // taken above
	}
}

// stop stops the container after those that depend on it: by the stop signal,
// and after stopTimeout by force. When localaws or the instance ends there is no
// waiting.
func (c *taskContainer) stop(ctx context.Context, started containers.Container) {
	c.awaitDependents(ctx)
	timeout := c.task.agent.settings.stopTimeout
	if c.definition.StopTimeout != nil {
		timeout = time.Duration(*c.definition.StopTimeout) * time.Second
	}
	grace := max(c.task.agent.account.Clock.Real(timeout), shortestGrace)
	if ctx.Err() != nil {
		grace = 0
	}
	// The runtime ends the container in any case; what failed is in the log.
	if err := started.Stop(context.WithoutCancel(ctx), grace); err != nil {
		c.task.agent.account.Log.Warn("stopping a container", "id", c.id, "error", err)
	}
}

// shortestGrace is how long, on the wall, a container has at least to end by
// itself, however fast the clock runs: its work is real.
const shortestGrace = 500 * time.Millisecond

// awaitDependents waits until all containers that depend on this one are over.
func (c *taskContainer) awaitDependents(ctx context.Context) {
	for {
		c.task.mu.Lock()
		waiting, changed := false, c.task.changed
		for _, other := range c.task.containers {
			for _, dependency := range other.definition.DependsOn {
				waiting = waiting || aws.ToString(dependency.ContainerName) == c.name() && other.status == running
			}
		}
		c.task.mu.Unlock()
		if !waiting {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}
