package autoscaling

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// Lifecycle transitions that a hook can wait at,
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks.html.
const (
	launchTransition    = "autoscaling:EC2_INSTANCE_LAUNCHING"
	terminateTransition = "autoscaling:EC2_INSTANCE_TERMINATING"
)

const (
	continueResult = "CONTINUE"
	abandonResult  = "ABANDON"
)

// defaultHeartbeat and maxWait are AWS's, in seconds.
const (
	defaultHeartbeat = 3600
	maxHeartbeat     = 7200
	minHeartbeat     = 30
)

// hook is a lifecycle hook.
type hook struct {
	Name       string
	Transition string
	Heartbeat  int // seconds; 0 is the default
	Default    string
	Metadata   string
	Target     string
	Role       string
}

type hookInput struct {
	AutoScalingGroupName  string
	LifecycleHookName     string
	LifecycleTransition   string
	HeartbeatTimeout      *int
	DefaultResult         string
	NotificationMetadata  string
	NotificationTargetARN *string
	RoleARN               *string
}

// hooks are the operations on lifecycle hooks.
type hooks struct{ *region }

func (g *group) putHook(in hookInput) error {
	old := g.Hooks[in.LifecycleHookName]
	h := &hook{Name: in.LifecycleHookName, Default: abandonResult}
	if old != nil {
		*h = *old
	}
	if in.LifecycleTransition != "" {
		h.Transition = in.LifecycleTransition
	}
	if in.DefaultResult != "" {
		h.Default = in.DefaultResult
	}
	if in.NotificationMetadata != "" {
		h.Metadata = in.NotificationMetadata
	}
	set(&h.Heartbeat, in.HeartbeatTimeout)
	set(&h.Target, in.NotificationTargetARN)
	set(&h.Role, in.RoleARN)
	switch {
	case h.Name == "":
		return invalid("LifecycleHookName is required")
	case h.Transition != launchTransition && h.Transition != terminateTransition:
		return invalid("Invalid lifecycle transition %q: %s or %s", h.Transition, launchTransition, terminateTransition)
	case h.Default != continueResult && h.Default != abandonResult:
		return invalid("Invalid default result %q: CONTINUE or ABANDON", h.Default)
	case h.Heartbeat != 0 && (h.Heartbeat < minHeartbeat || h.Heartbeat > maxHeartbeat):
		return invalid("HeartbeatTimeout %d must be between %d and %d seconds", h.Heartbeat, minHeartbeat, maxHeartbeat)
	}
	g.Hooks[h.Name] = h
	return nil
}

func (s hooks) putLifecycleHook(_ context.Context, in *hookInput) (*wire.Empty, error) {
	g, err := s.change(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	return nil, g.putHook(*in)
}

type hooksInput struct {
	AutoScalingGroupName string
	LifecycleHookNames   []string
}

// hookView leaves out what was not given: provider 5.100.0 shows any addition
// as a difference.
type hookView struct {
	LifecycleHookName     string
	AutoScalingGroupName  string
	LifecycleTransition   string
	NotificationTargetARN string
	RoleARN               string
	NotificationMetadata  string
	HeartbeatTimeout      *int
	GlobalTimeout         int
	DefaultResult         string
}

type hooksOutput struct{ LifecycleHooks []hookView }

func (s hooks) describeLifecycleHooks(_ context.Context, in *hooksInput) (*hooksOutput, error) {
	g, err := s.named(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	out := &hooksOutput{LifecycleHooks: []hookView{}}
	for _, name := range slices.Sorted(maps.Keys(g.Hooks)) {
		if len(in.LifecycleHookNames) > 0 && !slices.Contains(in.LifecycleHookNames, name) {
			continue
		}
		h := g.Hooks[name]
		v := hookView{
			LifecycleHookName: name, AutoScalingGroupName: g.Name, LifecycleTransition: h.Transition,
			NotificationTargetARN: h.Target, RoleARN: h.Role, NotificationMetadata: h.Metadata,
			GlobalTimeout: min(172800, h.seconds()*100), DefaultResult: h.Default,
		}
		if h.Heartbeat != 0 {
			v.HeartbeatTimeout = &h.Heartbeat
		}
		out.LifecycleHooks = append(out.LifecycleHooks, v)
	}
	return out, nil
}

func (h *hook) seconds() int {
	if h.Heartbeat == 0 {
		return defaultHeartbeat
	}
	return h.Heartbeat
}

type deleteHookInput struct{ AutoScalingGroupName, LifecycleHookName string }

func (s hooks) deleteLifecycleHook(_ context.Context, in *deleteHookInput) (*wire.Empty, error) {
	g, err := s.change(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	if g.Hooks[in.LifecycleHookName] == nil {
		return nil, hookNotFound(in.LifecycleHookName, g.Name)
	}
	s.dropHook(g, in.LifecycleHookName)
	return nil, nil
}

// dropHook removes the hook; instances that wait for it go on.
func (r *region) dropHook(g *group, name string) {
	delete(g.Hooks, name)
	for _, i := range r.instances(g) {
		if i.WaitHook == name {
			r.leaveWait(i)
		}
	}
}

// complete ends the wait of an instance. An abandoned launch terminates it.
func (r *region) complete(g *group, i *instance, result string) {
	launching := i.State == pendingWait
	r.leaveWait(i)
	if launching && result == abandonResult {
		r.terminate(g, i, "a lifecycle action was abandoned.")
	}
}

func (r *region) leaveWait(i *instance) {
	r.changing(i)
	i.Waited = append(i.Waited, i.WaitHook)
	i.WaitHook, i.WaitUntil = "", time.Time{}
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }
