package appautoscaling

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
)

// How the alarms of target tracking judge: a period of a minute, three above
// the target to scale out, fifteen well below it to scale in,
// https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-target-tracking.html.
const (
	period          = time.Minute
	periodsOut      = 3
	periodsIn       = 15
	lowShare        = 0.9
	defaultCooldown = 300 // seconds, of ECS services
)

// reconciler takes all targets forward, in one step.
type reconciler struct {
	*region
	again time.Time // when the next step is due
}

func newReconciler(r *region) *reconciler { return &reconciler{region: r} }

// step scales what is to be scaled, and returns when the next step is due.
func (s *reconciler) step() time.Time {
	s.runActions()
	evaluate := s.periodOver()
	for _, t := range s.state.Targets.All() {
		desired, ok := s.services.DesiredCount(t.service())
		if !ok {
			s.forget(t) // as AWS does when the service is gone
			continue
		}
		s.keepBounds(t, desired)
		if evaluate {
			s.track(t)
		}
	}
	return s.again
}

// periodOver reports whether it is time to look at the metrics again.
func (s *reconciler) periodOver() bool {
	if s.state.Policies.Len() == 0 {
		return false
	}
	at := s.state.EvaluateAt.Get()
	over := !at.After(s.acct.Clock.Now())
	if over {
		at = s.acct.Clock.In(period)
		s.state.EvaluateAt.Set(at)
	}
	s.wake(at)
	return over
}

// wake asks for the next step at t at the latest.
func (s *reconciler) wake(t time.Time) {
	if s.again.IsZero() || t.Before(s.again) {
		s.again = t
	}
}

// runActions applies what is due.
func (s *reconciler) runActions() {
	for id, a := range s.state.Actions.All() {
		if a.NextAt.IsZero() {
			continue
		}
		if s.acct.Clock.Now().Before(a.NextAt) {
			s.wake(a.NextAt)
			continue
		}
		s.run(a)
		s.state.Actions.Change(id)
		a.NextAt = time.Time{}
		if every, err := rate(a); err == nil {
			if next := s.acct.Clock.In(every); a.End.IsZero() || next.Before(a.End) {
				a.NextAt = next
				s.wake(next)
			}
		}
	}
}

// run sets the bounds of the action's target; keepBounds does the rest.
func (s *reconciler) run(a *action) {
	t, ok := s.state.Targets.Change(a.ResourceID)
	if !ok || t.Suspended.ScheduledScalingSuspended {
		return
	}
	set(&t.Min, a.Min)
	set(&t.Max, a.Max)
	t.Max = max(t.Max, t.Min)
}

// keepBounds moves a service that is outside of its bounds into them.
func (s *reconciler) keepBounds(t *target, desired int) {
	switch {
	case desired < t.Min && !t.Suspended.DynamicScalingOutSuspended:
		s.setDesired(t, desired, t.Min, fmt.Sprintf("minimum capacity was set to %d", t.Min))
	case desired > t.Max && !t.Suspended.DynamicScalingInSuspended:
		s.setDesired(t, desired, t.Max, fmt.Sprintf("maximum capacity was set to %d", t.Max))
	}
}

// setDesired changes the service's desired count and notes it.
func (s *reconciler) setDesired(t *target, from, to int, cause string) {
	if from == to {
		return
	}
	now := s.acct.Clock.Now()
	a := &activity{
		ID: ids.UUID(), Description: fmt.Sprintf("Setting desired count to %d.", to), Cause: cause,
		StartTime: now, EndTime: now, StatusCode: "Successful",
		StatusMessage: fmt.Sprintf("Successfully set desired count to %d. Change successfully fulfilled by ecs.", to),
	}
	cluster, name := t.service()
	if err := s.services.SetDesiredCount(cluster, name, to); err != nil {
		a.StatusCode, a.StatusMessage = "Failed", "Failed to set desired count: "+err.Error()
	}
	s.state.Targets.Put(t.ResourceID, t)
	s.note(t, a)
	if to > from {
		t.ScaledOutAt = now
	} else {
		t.ScaledInAt = now
	}
}

// note adds an activity to the target's history.
func (s *reconciler) note(t *target, a *activity) {
	const last = 99999999
	t.Scalings++
	a.ResourceID, a.Record = t.ResourceID, of(t.ResourceID, fmt.Sprintf("%08d", last-t.Scalings))
	s.state.Activities.Put(a.Record, a)
	s.state.Activities.Delete(of(t.ResourceID, fmt.Sprintf("%08d", last-t.Scalings+maxActivities)))
}

// proposal is what a policy would set the desired count to.
type proposal struct {
	policy  *policy
	desired int
}

// track lets all policies of a target look at their metrics. The largest
// proposal wins; the service shrinks only when no policy objects.
func (s *reconciler) track(t *target) {
	desired, ok := s.services.DesiredCount(t.service())
	if !ok {
		return
	}
	var out, in *proposal
	objection := false
	for _, p := range s.trackers(t) {
		value, known := s.measure(p)
		s.state.Policies.Put(of(p.ResourceID, p.Name), p)
		p.count(value, known)
		if !known {
			objection = objection || !isTrue(p.Tracking.DisableScaleIn)
			continue
		}
		wanted := int(math.Ceil(float64(desired) * value / p.Tracking.TargetValue))
		switch {
		case p.Above >= periodsOut:
			if out == nil || wanted > out.desired {
				out = &proposal{p, wanted}
			}
		case p.Below >= periodsIn && !isTrue(p.Tracking.DisableScaleIn):
			if in == nil || wanted > in.desired {
				in = &proposal{p, wanted}
			}
		case !isTrue(p.Tracking.DisableScaleIn):
			objection = true
		}
	}
	switch {
	case out != nil:
		s.scaleOut(t, desired, out)
	case in != nil && !objection:
		s.scaleIn(t, desired, in)
	}
}

// trackers are the target tracking policies of a target.
func (s *reconciler) trackers(t *target) []*policy {
	var all []*policy
	for _, p := range s.state.Policies.Prefix(of(t.ResourceID, "")) {
		if p.Type == targetTracking {
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(a, b *policy) int { return a.CreatedAt.Compare(b.CreatedAt) })
	return all
}

// measure is the policy's metric over the last period.
func (s *reconciler) measure(p *policy) (float64, bool) {
	m, err := p.metric()
	if err != nil {
		return 0, false
	}
	since := s.acct.Clock.Now().Add(1 - s.acct.Clock.Real(period))
	return s.metrics.Statistic(m.namespace, m.name, m.dimensions, m.statistic, since)
}

// count counts periods in a row. One period without data, as when a data point
// is late, changes nothing; more of them begin anew: AWS scales neither way on
// missing data.
func (p *policy) count(value float64, known bool) {
	if !known {
		if p.Missing++; p.Missing > 1 {
			p.Above, p.Below = 0, 0
		}
		return
	}
	p.Missing = 0
	p.Above = row(p.Above, value > p.Tracking.TargetValue)
	p.Below = row(p.Below, value < lowShare*p.Tracking.TargetValue)
}

func row(n int, more bool) int {
	if more {
		return n + 1
	}
	return 0
}

func isTrue(b *bool) bool { return b != nil && *b }

func (s *reconciler) scaleOut(t *target, desired int, p *proposal) {
	if t.Suspended.DynamicScalingOutSuspended || !s.cool(t.ScaledOutAt, p.policy.Tracking.ScaleOutCooldown) {
		return
	}
	to := min(max(p.desired, desired), t.Max)
	s.setDesired(t, desired, to, cause(p.policy, "AlarmHigh"))
}

func (s *reconciler) scaleIn(t *target, desired int, p *proposal) {
	last := t.ScaledInAt
	if t.ScaledOutAt.After(last) {
		last = t.ScaledOutAt
	}
	if t.Suspended.DynamicScalingInSuspended || !s.cool(last, p.policy.Tracking.ScaleInCooldown) {
		return
	}
	to := max(min(p.desired, desired), t.Min)
	s.setDesired(t, desired, to, cause(p.policy, "AlarmLow"))
}

func cause(p *policy, alarm string) string {
	return fmt.Sprintf("monitor alarm TargetTracking-%s-%s in state ALARM triggered policy %s", p.ResourceID, alarm, p.Name)
}

// cool reports whether the cooldown since the last scaling is over.
func (s *reconciler) cool(last time.Time, cooldown *int) bool {
	if last.IsZero() {
		return true
	}
	length := defaultCooldown
	if cooldown != nil {
		length = *cooldown
	}
	over := last.Add(s.acct.Clock.Real(time.Duration(length) * time.Second))
	return !s.acct.Clock.Now().Before(over)
}
