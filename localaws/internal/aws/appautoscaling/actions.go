package appautoscaling

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// action is a scheduled action.
type action struct {
	ARN        string
	Name       string
	ResourceID string
	Schedule   string
	Timezone   string
	Start, End time.Time
	Min, Max   *int
	CreatedAt  time.Time
	NextAt     time.Time // zero: never again
}

type bounds struct {
	MinCapacity *int
	MaxCapacity *int
}

type putActionInput struct {
	ServiceNamespace     string
	ResourceID           string `aws:"ResourceId"`
	ScalableDimension    string
	ScheduledActionName  string
	Schedule             string
	Timezone             string
	StartTime            time.Time
	EndTime              time.Time
	ScalableTargetAction *bounds
}

func (s *Service) putAction(_ context.Context, in *putActionInput) (*wire.Empty, error) {
	t, err := s.target(in.ServiceNamespace, in.ResourceID, in.ScalableDimension)
	if err != nil {
		return nil, err
	}
	a := s.action(in.ResourceID, in.ScheduledActionName)
	if a == nil {
		if in.ScheduledActionName == "" {
			return nil, invalid("ScheduledActionName is required.")
		}
		a = &action{
			Name: in.ScheduledActionName, ResourceID: t.ResourceID, CreatedAt: s.acct.Clock.Now(),
			ARN: s.acct.ARN("autoscaling", "scheduledAction:"+ids.UUID()+":resource/ecs/"+t.ResourceID+":scheduledActionName/"+in.ScheduledActionName),
		}
	}
	next := *a
	if in.Schedule != "" {
		next.Schedule = in.Schedule
	}
	next.Timezone, next.Start, next.End = in.Timezone, in.StartTime, in.EndTime
	if in.ScalableTargetAction != nil {
		next.Min, next.Max = in.ScalableTargetAction.MinCapacity, in.ScalableTargetAction.MaxCapacity
	}
	if next.Min == nil && next.Max == nil {
		return nil, invalid("Scheduled action %s: MinCapacity or MaxCapacity is required.", next.Name)
	}
	if next.NextAt, err = s.first(&next); err != nil {
		return nil, err
	}
	*a = next
	s.state.Actions[a.ARN] = a
	return nil, nil
}

// first is when a schedule is due for the first time: at(2026-01-31T12:00:00)
// or rate(5 minutes).
func (s *Service) first(a *action) (time.Time, error) {
	zone := time.UTC
	if a.Timezone != "" {
		var err error
		if zone, err = time.LoadLocation(a.Timezone); err != nil {
			return time.Time{}, invalid("Scheduled action %s: unknown time zone %q.", a.Name, a.Timezone)
		}
	}
	if text, ok := argument(a.Schedule, "at"); ok {
		at, err := time.ParseInLocation("2006-01-02T15:04:05", text, zone)
		if err != nil {
			return time.Time{}, invalid("Scheduled action %s: schedule %q should be at(yyyy-mm-ddThh:mm:ss).", a.Name, a.Schedule)
		}
		return at, nil
	}
	every, err := rate(a)
	if err != nil {
		return time.Time{}, err
	}
	if a.Start.After(s.acct.Clock.Now()) {
		return a.Start, nil
	}
	return s.acct.Clock.In(every), nil
}

func argument(schedule, kind string) (string, bool) {
	inner, ok := strings.CutPrefix(schedule, kind+"(")
	if !ok {
		return "", false
	}
	return strings.CutSuffix(inner, ")")
}

func rate(a *action) (time.Duration, error) {
	text, ok := argument(a.Schedule, "rate")
	if !ok {
		return 0, invalid("Scheduled action %s: schedule %q: localaws has at(...) and rate(...).", a.Name, a.Schedule)
	}
	var n int
	var unit string
	if _, err := fmt.Sscanf(text, "%d %s", &n, &unit); err == nil && n > 0 {
		switch strings.TrimSuffix(unit, "s") {
		case "minute":
			return time.Duration(n) * time.Minute, nil
		case "hour":
			return time.Duration(n) * time.Hour, nil
		case "day":
			return time.Duration(n) * 24 * time.Hour, nil
		}
	}
	return 0, invalid("Scheduled action %s: schedule %q should be such as rate(5 minutes).", a.Name, a.Schedule)
}

// runActions applies what is due.
func (s *Service) runActions() {
	for _, arn := range slices.Sorted(maps.Keys(s.state.Actions)) {
		a := s.state.Actions[arn]
		if a.NextAt.IsZero() {
			continue
		}
		if s.acct.Clock.Now().Before(a.NextAt) {
			s.wake(a.NextAt)
			continue
		}
		s.run(a)
		s.dirty = true
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
func (s *Service) run(a *action) {
	t := s.state.Targets[a.ResourceID]
	if t == nil || t.Suspended.ScheduledScalingSuspended {
		return
	}
	set(&t.Min, a.Min)
	set(&t.Max, a.Max)
	t.Max = max(t.Max, t.Min)
}

func (s *Service) action(resource, name string) *action {
	for _, a := range s.state.Actions {
		if a.ResourceID == resource && a.Name == name {
			return a
		}
	}
	return nil
}

type describeActionsInput struct {
	ScheduledActionNames []string
	ServiceNamespace     string
	ResourceID           string `aws:"ResourceId"`
	ScalableDimension    string
	MaxResults           *int
	NextToken            string
}

type actionView struct {
	ScheduledActionName  string
	ScheduledActionARN   string
	ServiceNamespace     string
	Schedule             string
	Timezone             string
	ResourceID           string `aws:"ResourceId"`
	ScalableDimension    string
	StartTime            time.Time
	EndTime              time.Time
	ScalableTargetAction bounds
	CreationTime         time.Time
}

type describeActionsOutput struct {
	ScheduledActions []actionView
	NextToken        string
}

func (s *Service) describeActions(_ context.Context, in *describeActionsInput) (*describeActionsOutput, error) {
	out := &describeActionsOutput{ScheduledActions: []actionView{}}
	for _, arn := range slices.Sorted(maps.Keys(s.state.Actions)) {
		a := s.state.Actions[arn]
		if in.ServiceNamespace != namespace || (in.ResourceID != "" && in.ResourceID != a.ResourceID) ||
			(len(in.ScheduledActionNames) > 0 && !slices.Contains(in.ScheduledActionNames, a.Name)) {
			continue
		}
		out.ScheduledActions = append(out.ScheduledActions, actionView{
			ScheduledActionName: a.Name, ScheduledActionARN: a.ARN, ServiceNamespace: namespace, Schedule: a.Schedule,
			Timezone: a.Timezone, ResourceID: a.ResourceID, ScalableDimension: dimension, StartTime: a.Start, EndTime: a.End,
			ScalableTargetAction: bounds{a.Min, a.Max}, CreationTime: a.CreatedAt,
		})
	}
	return out, nil
}

type deleteActionInput struct {
	ScheduledActionName string
	ServiceNamespace    string
	ResourceID          string `aws:"ResourceId"`
	ScalableDimension   string
}

func (s *Service) deleteAction(_ context.Context, in *deleteActionInput) (*wire.Empty, error) {
	a := s.action(in.ResourceID, in.ScheduledActionName)
	if a == nil {
		return nil, wire.Errorf("ObjectNotFoundException", "No scheduled action %s found for resource ID: %s", in.ScheduledActionName, in.ResourceID)
	}
	delete(s.state.Actions, a.ARN)
	return nil, nil
}
