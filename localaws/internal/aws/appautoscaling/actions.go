package appautoscaling

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/paging"
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

// actions are the operations on scheduled actions.
type actions struct{ *region }

type putActionInput struct {
	scaled
	ScheduledActionName  string
	Schedule             string
	Timezone             string
	StartTime            time.Time
	EndTime              time.Time
	ScalableTargetAction *bounds
}

func (s actions) putAction(_ context.Context, in *putActionInput) (*wire.Empty, error) {
	t, err := s.target(in.scaled)
	if err != nil {
		return nil, err
	}
	if in.ScheduledActionName == "" {
		return nil, invalid("ScheduledActionName is required.")
	}
	id := of(t.ResourceID, in.ScheduledActionName)
	a, ok := s.state.Actions.Get(id)
	if !ok {
		a = &action{
			Name: in.ScheduledActionName, ResourceID: t.ResourceID, CreatedAt: s.acct.Clock.Now(),
			ARN: s.acct.ARN("autoscaling", "scheduledAction:"+ids.UUID()+":resource/ecs/"+t.ResourceID+":scheduledActionName/"+in.ScheduledActionName),
		}
	}
	s.state.Actions.Put(id, a)
	a.Schedule = cmp.Or(in.Schedule, a.Schedule)
	a.Timezone, a.Start, a.End = in.Timezone, in.StartTime, in.EndTime
	if in.ScalableTargetAction != nil {
		a.Min, a.Max = in.ScalableTargetAction.MinCapacity, in.ScalableTargetAction.MaxCapacity
	}
	if a.Min == nil && a.Max == nil {
		return nil, invalid("Scheduled action %s: MinCapacity or MaxCapacity is required.", a.Name)
	}
	a.NextAt, err = s.first(a)
	return nil, err
}

// first is when a schedule is due for the first time: at(2026-01-31T12:00:00)
// or rate(5 minutes).
func (s actions) first(a *action) (time.Time, error) {
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

type describeActionsInput struct {
	ScheduledActionNames []string
	scaled
	pageInput
}

type actionView struct {
	ScheduledActionName string
	ScheduledActionARN  string
	Schedule            string
	Timezone            string
	scaled
	StartTime            time.Time
	EndTime              time.Time
	ScalableTargetAction bounds
	CreationTime         time.Time
}

type describeActionsOutput struct {
	ScheduledActions []actionView
	NextToken        string
}

func (s actions) describeActions(_ context.Context, in *describeActionsInput) (*describeActionsOutput, error) {
	var found []*action
	for _, a := range s.state.Actions.All() {
		if in.covers(a.ResourceID) && (len(in.ScheduledActionNames) == 0 || slices.Contains(in.ScheduledActionNames, a.Name)) {
			found = append(found, a)
		}
	}
	id := func(a *action) string { return of(a.ResourceID, a.Name) }
	page, next, err := paging.Cut(limits(50), found, id, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &describeActionsOutput{ScheduledActions: []actionView{}, NextToken: next}
	for _, a := range page {
		out.ScheduledActions = append(out.ScheduledActions, actionView{
			ScheduledActionName: a.Name, ScheduledActionARN: a.ARN, Schedule: a.Schedule, Timezone: a.Timezone,
			scaled: scaledService(a.ResourceID), StartTime: a.Start, EndTime: a.End,
			ScalableTargetAction: bounds{a.Min, a.Max}, CreationTime: a.CreatedAt,
		})
	}
	return out, nil
}

type deleteActionInput struct {
	ScheduledActionName string
	scaled
}

func (s actions) deleteAction(_ context.Context, in *deleteActionInput) (*wire.Empty, error) {
	id := of(in.ResourceID, in.ScheduledActionName)
	if !s.state.Actions.Has(id) {
		return nil, wire.Errorf("ObjectNotFoundException", "No scheduled action %s found for resource ID: %s", in.ScheduledActionName, in.ResourceID)
	}
	s.state.Actions.Delete(id)
	return nil, nil
}
