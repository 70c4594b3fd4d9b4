package evidence

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/report"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/workdir"
	"github.com/infrahouse/terraform-aws-ecs/test/targethealth"
)

// shownEvents is how many of a service's events a report has.
const shownEvents = 50

// RememberHealth keeps how long targets took to become healthy. A later validation
// of a kept deployment sees them healthy at its first look, and shows what was
// measured then.
func (d *Deployment) RememberHealth(snapshot *targethealth.Snapshot) {
	for _, targets := range snapshot.Targets {
		for i := range targets {
			target := &targets[i]
			if target.State != "healthy" || target.TaskStarted.IsZero() {
				continue
			}
			id := fmt.Sprintf("%s %s:%d %s", target.Key, target.InstanceID, target.HostPort, target.TaskStarted.UTC().Format(time.RFC3339))
			if known, ok := d.Record.Healthy[id]; ok {
				target.HealthyAfter = time.Duration(known.Seconds * float64(time.Second))
				target.AtMost = known.AtMost
				continue
			}
			d.Record.Healthy[id] = workdir.Healthy{Seconds: target.HealthyAfter.Seconds(), AtMost: target.AtMost}
		}
	}
}

// NoteHealth keeps what a stage's watch of the targets saw.
func (d *Deployment) NoteHealth(stage string, groups []targethealth.Group, s targethealth.Snapshot, timeline targethealth.Timeline) {
	var targets []report.Target
	for _, row := range targethealth.Rows(groups, s) {
		targets = append(targets, report.Target(row))
	}
	var events []report.Event
	for _, event := range s.Service.Events[:min(len(s.Service.Events), shownEvents)] {
		events = append(events, report.Event{At: aws.ToTime(event.CreatedAt), Message: aws.ToString(event.Message)})
	}
	d.journal.mu.Lock()
	defer d.journal.mu.Unlock()
	d.targets, d.events = targets, events
	d.watches = append(d.watches, watch(stage, timeline))
	if d.keys == nil {
		d.keys = map[string]string{}
	}
	for _, group := range groups {
		d.keys[group.ARN] = group.Key
	}
}

func watch(stage string, timeline targethealth.Timeline) report.Watch {
	w := report.Watch{Stage: stage, Began: timeline.Began, Ended: timeline.Ended}
	for _, c := range timeline.Changes {
		w.Changes = append(w.Changes, report.Change{At: c.At, Group: c.Key, Target: c.Target, State: c.State, Reason: c.Reason})
	}
	return w
}

// recordPause is the shortest time between two looks at the targets while
// Terraform applies.
const recordPause = time.Second

// createdGroup is Terraform's line on a new target group.
var createdGroup = regexp.MustCompile(`: Creation complete after \S+ \[id=(arn:[^\]]+:targetgroup/[^\]]+)\]`)

// RecordHealth writes down the health of the target groups that Terraform makes
// in a stage, while it goes on to wait for the service. line takes what it says.
func (d *Deployment) RecordHealth(ctx context.Context, elb targethealth.ELB, poll time.Duration, stage string) (line func(string), stop func()) {
	recorder := targethealth.NewRecorder(ctx, elb, max(recordPause, poll))
	line = func(text string) {
		if match := createdGroup.FindStringSubmatch(text); match != nil {
			recorder.Add(match[1])
		}
	}
	stop = func() {
		timeline := recorder.Stop()
		if len(timeline.Changes) == 0 {
			return
		}
		d.journal.mu.Lock()
		defer d.journal.mu.Unlock()
		d.watches = append(d.watches, watch(stage, timeline))
	}
	return line, stop
}
