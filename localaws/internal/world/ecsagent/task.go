package ecsagent

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ecs"
)

// status is that of a container or a task, as agents report it. It only moves
// forward.
type status int

const (
	pending status = iota
	running
	stopped
)

// String is what ECS calls it.
func (s status) String() string { return [...]string{"PENDING", "RUNNING", "STOPPED"}[s] }

// task is a task that runs, or is being started or stopped, on a machine.
type task struct {
	agent      *agent
	ctx        context.Context // done when the machine or localaws ends
	assignment ecs.Assignment
	directory  string
	containers []*taskContainer // in the task definition's order
	resumed    bool             // it was running before localaws was restarted
	stopping   chan struct{}    // closed when it is to stop
	done       chan struct{}

	reporting sync.Mutex // keeps reports in order; taken before mu and the account's lock
	stopOnce  sync.Once

	mu          sync.Mutex    // never held while the account's lock is taken
	changed     chan struct{} // closed and replaced on every change of a container
	pullStarted time.Time
	pullStopped time.Time
	reason      string
	code        types.TaskStopCode
	over        bool
}

func newTask(ctx context.Context, a *agent, assignment ecs.Assignment) *task {
	t := &task{
		agent: a, ctx: ctx, assignment: assignment, resumed: assignment.Status == running.String(),
		directory: filepath.Join(a.machine.Directory(), "tasks", assignment.TaskID),
		stopping:  make(chan struct{}), done: make(chan struct{}), changed: make(chan struct{}),
	}
	for i := range assignment.Containers {
		t.containers = append(t.containers, newTaskContainer(t, &assignment.Containers[i]))
	}
	return t
}

// stop asks the task to stop: as ECS wants it.
func (t *task) stop() { t.stopFor("", "") }

// stopFor stops the task for a reason of its own; the first one counts.
func (t *task) stopFor(reason string, code types.TaskStopCode) {
	t.stopOnce.Do(func() {
		t.mu.Lock()
		t.reason, t.code = reason, code
		t.mu.Unlock()
		close(t.stopping)
	})
}

func (t *task) ended() bool {
	select {
	case <-t.done:
		return true
	default:
		return false
	}
}

// run is the task's life. When localaws or the instance ends, its containers are
// killed and nothing is reported: the task goes on after a restart, or is over
// with the instance.
func (t *task) run() {
	defer close(t.done)
	if !t.resumed {
		t.report()
	}
	if reason := t.prepare(); reason != "" {
		t.stopFor(reason, types.TaskStopCodeTaskFailedToStart)
	} else {
		t.runContainers()
	}
	if t.ctx.Err() != nil {
		return
	}
	t.mu.Lock()
	t.over = true
	t.mu.Unlock()
	for _, c := range t.containers {
		c.finish()
	}
	if err := os.RemoveAll(t.directory); err != nil {
		t.agent.account.Log.Warn("cleaning up after a task", "error", err)
	}
	t.report()
}

// prepare gets all that containers need before the first one starts: roles,
// images, secrets, log streams. It returns why the task can't start.
func (t *task) prepare() (failure string) {
	if err := os.MkdirAll(t.directory, 0o755); err != nil { //nolint:gosec // as on an instance
		return "ResourceInitializationError: " + err.Error()
	}
	for _, step := range []func() string{t.checkRoles, t.checkMode, t.readSecrets, t.pull, t.openLogs, t.openVolumes} {
		if failure := step(); failure != "" {
			return failure
		}
	}
	return ""
}

// checkRoles makes sure that ECS can act as the task's roles.
func (t *task) checkRoles() (failure string) {
	a := t.agent
	a.account.Do(func() {
		for _, role := range []string{t.assignment.ExecutionRoleARN, t.assignment.TaskRoleARN} {
			if role == "" {
				continue
			}
			if ok, _ := a.Roles.CanAssume(role, "ecs-tasks."+a.account.DNSSuffix()); !ok {
				failure = fmt.Sprintf("ECS was unable to assume the role '%s' that was provided for this task. Please verify that the role being passed has the proper trust relationship and permissions and that your IAM user has permissions to pass this role.", role)
				return
			}
		}
	})
	return failure
}

func (t *task) checkMode() string {
	if t.assignment.NetworkMode == types.NetworkModeAwsvpc {
		return "ResourceInitializationError: the network mode awsvpc is not supported by localaws; use bridge"
	}
	return ""
}

// pull fetches the images, which needs a way to the internet.
func (t *task) pull() (failure string) {
	t.stamp(&t.pullStarted)
	defer t.stamp(&t.pullStopped)
	for _, c := range t.containers {
		if err := t.pullImage(aws.ToString(c.definition.Image)); err != nil {
			failure := "CannotPullContainerError: " + err.Error()
			c.fail(failure)
			return failure
		}
	}
	return ""
}

func (t *task) stamp(at *time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	*at = t.agent.account.Clock.Now()
}

func (t *task) pullImage(image string) error {
	var unreachable error
	t.agent.account.Do(func() {
		unreachable = t.agent.EC2.InternetAccess(t.agent.machine.Instance.InterfaceID)
	})
	if unreachable != nil {
		return fmt.Errorf("Error response from daemon: Get \"https://%s/v2/\": net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers): %w", registryOf(image), unreachable) //nolint:staticcheck // Docker's own words
	}
	return t.agent.Runtime.Pull(t.ctx, image)
}

// registryOf is the host that an image comes from.
func registryOf(image string) string {
	host, _, ok := strings.Cut(image, "/")
	if ok && strings.ContainsAny(host, ".:") {
		return host
	}
	return "registry-1.docker.io"
}

// runContainers starts all containers in the order of their dependencies, and
// returns when all have ended.
func (t *task) runContainers() {
	var running sync.WaitGroup
	for _, c := range t.containers {
		running.Go(c.run)
	}
	metering, stopMetering := context.WithCancel(t.ctx)
	metered := make(chan struct{})
	go func() {
		defer close(metered)
		t.meter(metering)
	}()
	defer func() { stopMetering(); <-metered }()
	ended := make(chan struct{})
	go func() {
		running.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-t.ctx.Done():
		t.stop()
		<-ended
	}
	t.stop() // nothing is left to stop; it ends what waits for it
}

// container finds one by its name.
func (t *task) container(name string) *taskContainer {
	i := slices.IndexFunc(t.containers, func(c *taskContainer) bool { return c.name() == name })
	if i < 0 {
		return nil
	}
	return t.containers[i]
}

// update changes a container under the task's lock, wakes those who wait for a
// change, and reports.
func (t *task) update(change func()) {
	t.mu.Lock()
	change()
	close(t.changed)
	t.changed = make(chan struct{})
	t.mu.Unlock()
	t.report()
}

// await waits until ready, which is called with the task's lock held, or the
// task is to stop: then it returns false.
func (t *task) await(ctx context.Context, ready func() bool) bool {
	for {
		t.mu.Lock()
		ok, changed := ready(), t.changed
		t.mu.Unlock()
		if ok {
			return true
		}
		select {
		case <-changed:
		case <-t.stopping:
			return false
		case <-ctx.Done():
			return false
		}
	}
}

// report tells ECS how the task is, as far as there is something new: a resumed
// task is RUNNING to ECS until it is again, or has failed.
func (t *task) report() {
	t.reporting.Lock()
	defer t.reporting.Unlock()
	if t.ctx.Err() != nil {
		return
	}
	t.mu.Lock()
	r := t.current()
	t.mu.Unlock()
	if t.resumed && r.Status == pending.String() {
		return
	}
	t.agent.report(t.assignment.TaskARN, r)
}

// current is the task's report, under the task's lock.
func (t *task) current() ecs.TaskReport {
	r := ecs.TaskReport{PullStartedAt: t.pullStarted, PullStoppedAt: t.pullStopped}
	status := running
	for _, c := range t.containers {
		r.Containers = append(r.Containers, c.report())
		if c.status == pending {
			status = pending
		}
	}
	if t.over {
		status, r.StoppedReason, r.StopCode = stopped, t.reason, t.code
	}
	r.Status = status.String()
	return r
}

// neverStarted is the report of a task that was stopped before it had begun, or
// whose containers ended with the last localaws.
func neverStarted(a ecs.Assignment) ecs.TaskReport {
	r := ecs.TaskReport{Status: stopped.String()}
	for _, c := range a.Containers {
		r.Containers = append(r.Containers, ecs.ContainerReport{
			Name: aws.ToString(c.Name), Status: stopped.String(), Health: types.HealthStatusUnknown,
		})
	}
	return r
}
