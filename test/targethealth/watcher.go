// Package targethealth waits until every target group of an ECS service has
// healthy targets, and explains what is wrong when one does not get them.
package targethealth

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
)

// ECS is what is asked of Amazon ECS; *ecs.Client has it.
type ECS interface {
	DescribeClusters(context.Context, *ecs.DescribeClustersInput, ...func(*ecs.Options)) (*ecs.DescribeClustersOutput, error)
	DescribeContainerInstances(context.Context, *ecs.DescribeContainerInstancesInput, ...func(*ecs.Options)) (*ecs.DescribeContainerInstancesOutput, error)
	DescribeServices(context.Context, *ecs.DescribeServicesInput, ...func(*ecs.Options)) (*ecs.DescribeServicesOutput, error)
	DescribeTaskDefinition(context.Context, *ecs.DescribeTaskDefinitionInput, ...func(*ecs.Options)) (*ecs.DescribeTaskDefinitionOutput, error)
	DescribeTasks(context.Context, *ecs.DescribeTasksInput, ...func(*ecs.Options)) (*ecs.DescribeTasksOutput, error)
	ListTasks(context.Context, *ecs.ListTasksInput, ...func(*ecs.Options)) (*ecs.ListTasksOutput, error)
}

// ELB is what is asked of Elastic Load Balancing; its client has it.
type ELB interface {
	DescribeTargetHealth(context.Context, *elasticloadbalancingv2.DescribeTargetHealthInput, ...func(*elasticloadbalancingv2.Options)) (*elasticloadbalancingv2.DescribeTargetHealthOutput, error)
}

// Logs reads the last lines of a container's log.
type Logs interface {
	Tail(ctx context.Context, group, stream string, lines int) ([]string, error)
}

// Group is a target group of the service, as it should be.
type Group struct {
	Key           string // "primary", or the key of extra_target_groups
	ARN           string
	ListenerARN   string
	Listener      string // protocol:port, such as HTTPS:8081
	ContainerPort int32
	URL           string // through the listener
	Body          string // that only this container port serves
}

// Patience says how long to wait for what. On localaws time is short.
type Patience struct {
	Poll        time.Duration // between two looks
	Total       time.Duration // for all groups to be healthy
	NoInstances time.Duration // for the first container instance
	Unhealthy   time.Duration // for a group that has unhealthy targets and no healthy one
	Stopped     int           // tasks that stopped by themselves
}

// Watcher watches one service.
type Watcher struct {
	ECS      ECS
	ELB      ELB
	Logs     Logs
	Client   *http.Client // for requests through the listeners
	Cluster  string
	Service  string
	Groups   []Group
	Applied  *Applied // nil: whatever the service runs is right
	Patience Patience
	Progress func(text string) // is told how far it is; may be nil

	began    time.Time
	history  map[string]*history // by a group's key
	timeline Timeline
}

// Timeline is what the last Wait saw of the targets' health.
func (w *Watcher) Timeline() Timeline { return w.timeline }

// firstHealthy is the look that first saw a target healthy. At the very first
// look it may have been so for long.
type firstHealthy struct {
	at     time.Time
	atMost bool
}

// HopelessError is a state that waiting does not mend.
type HopelessError struct{ Why string }

// Error says why.
func (e *HopelessError) Error() string { return e.Why }

// Wait returns when the service runs what was applied, its rollout is completed, and
// every group has as many targets as the service runs tasks, all of them healthy. It returns early with a *HopelessError when that can't
// come true any more. The snapshot is the last one that was taken, also with
// an error.
func (w *Watcher) Wait(ctx context.Context) (Snapshot, error) {
	w.began = time.Now()
	w.history, w.timeline = map[string]*history{}, Timeline{Began: w.began, Ended: w.began}
	for _, group := range w.Groups {
		w.history[group.Key] = &history{healthy: map[string]firstHealthy{}}
	}
	deadline := w.began.Add(w.Patience.Total)
	var last Snapshot
	for {
		snapshot, err := w.look(ctx)
		if ctx.Err() != nil {
			return last, fmt.Errorf("waiting for target health: %w", context.Cause(ctx))
		}
		if err != nil {
			return last, fmt.Errorf("looking at service %s: %w", w.Service, err)
		}
		last = snapshot
		w.remember(&last, time.Now())
		w.timeline.note(w.Groups, last, time.Now())
		missing := w.missing(last)
		w.report(last)
		if missing == "" {
			return last, nil
		}
		if why := w.hopeless(last, time.Now()); why != "" {
			return last, &HopelessError{why}
		}
		if time.Now().After(deadline) {
			return last, errors.New(sentence(w.failedCheck(last), fmt.Sprintf("not healthy within %v: %s", w.Patience.Total, missing)))
		}
		if err := pause(ctx, w.Patience.Poll); err != nil {
			return last, fmt.Errorf("waiting for target health: %w", context.Cause(ctx))
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// missing says what is not yet as it should be, "" when all is.
func (w *Watcher) missing(s Snapshot) string {
	running, desired := len(s.Tasks), int(s.Service.DesiredCount)
	if desired == 0 {
		return "the service wants no tasks (desired count 0)"
	}
	if running != desired {
		return fmt.Sprintf("%d of %d tasks run", running, desired)
	}
	for _, group := range w.Groups {
		targets := s.Targets[group.Key]
		healthy := 0
		for _, target := range targets {
			if target.State == healthyState {
				healthy++
			}
		}
		switch {
		case len(targets) == 0:
			return fmt.Sprintf("target group %q is empty", group.Key)
		case healthy != len(targets):
			return fmt.Sprintf("target group %q has %d of %d targets healthy", group.Key, healthy, len(targets))
		case len(targets) != running:
			return fmt.Sprintf("target group %q has %d targets for %d tasks", group.Key, len(targets), running)
		}
	}
	return cmp.Or(w.deviation(s), unfinished(s))
}

// report shows how far the wait is.
func (w *Watcher) report(s Snapshot) {
	if w.Progress == nil {
		return
	}
	groups := 0
	for _, group := range w.Groups {
		if targets := s.Targets[group.Key]; len(targets) > 0 && allHealthy(targets) {
			groups++
		}
	}
	w.Progress(fmt.Sprintf("%d of %d target groups healthy, %d of %d tasks", groups, len(w.Groups), len(s.Tasks), s.Service.DesiredCount))
}

func allHealthy(targets []Target) bool {
	for _, target := range targets {
		if target.State != healthyState {
			return false
		}
	}
	return true
}

// IsHopeless reports whether waiting on after an error makes no sense.
func IsHopeless(err error) bool {
	var hopeless *HopelessError
	return errors.As(err, &hopeless)
}
