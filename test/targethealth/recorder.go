package targethealth

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// Recorder writes down the health of targets while something else goes on,
// such as an apply: nothing waits for it, and nothing fails by it.
type Recorder struct {
	elb  ELB
	poll time.Duration
	stop context.CancelFunc
	ctx  context.Context

	mu       sync.Mutex
	groups   []Group
	looking  sync.WaitGroup
	timeline Timeline
}

// NewRecorder returns a recorder that looks every poll at the target groups
// that it is given by Add. Stop it.
func NewRecorder(ctx context.Context, elb ELB, poll time.Duration) *Recorder {
	r := &Recorder{elb: elb, poll: poll}
	r.ctx, r.stop = context.WithCancel(ctx)
	return r
}

// Add begins to look at a target group too. Its ARN is the key of its changes.
func (r *Recorder) Add(arn string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.groups = append(r.groups, Group{Key: arn, ARN: arn})
	if len(r.groups) == 1 {
		r.timeline.Began = time.Now()
		r.timeline.Ended = r.timeline.Began
		r.looking.Go(r.run)
	}
}

// Stop ends the recording, and returns what was seen.
func (r *Recorder) Stop() Timeline {
	r.stop()
	r.looking.Wait()
	return r.timeline
}

func (r *Recorder) run() {
	for {
		r.mu.Lock()
		groups := append([]Group{}, r.groups...)
		r.mu.Unlock()
		if snapshot, err := r.look(groups); err == nil {
			r.timeline.note(groups, snapshot, time.Now())
		}
		if pause(r.ctx, r.poll) != nil {
			return
		}
	}
}

// look asks for all groups. One that was deleted has no targets any more.
func (r *Recorder) look(groups []Group) (Snapshot, error) {
	s := Snapshot{Targets: map[string][]Target{}}
	for _, group := range groups {
		health, err := r.elb.DescribeTargetHealth(r.ctx, &elasticloadbalancingv2.DescribeTargetHealthInput{TargetGroupArn: &group.ARN})
		var deleted *elbtypes.TargetGroupNotFoundException
		if errors.As(err, &deleted) {
			continue
		}
		if err != nil {
			return s, err
		}
		for _, description := range health.TargetHealthDescriptions {
			if description.Target != nil && description.TargetHealth != nil {
				s.Targets[group.Key] = append(s.Targets[group.Key], newTarget(group, description, nil))
			}
		}
	}
	return s, nil
}
