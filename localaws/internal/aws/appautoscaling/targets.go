package appautoscaling

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/paging"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// target is a scalable target: an ECS service and its bounds.
type target struct {
	ARN        string
	ResourceID string // service/CLUSTER/NAME
	Min, Max   int
	RoleARN    string
	CreatedAt  time.Time
	Suspended  suspension
	Tags       tags.Set
	Scalings   int // how many activities there ever were
	// ScaledOutAt and ScaledInAt are when it last was, for the cooldowns.
	ScaledOutAt, ScaledInAt time.Time
}

type suspension struct {
	DynamicScalingInSuspended  bool
	DynamicScalingOutSuspended bool
	ScheduledScalingSuspended  bool
}

// service is the cluster and the name in the resource id.
func (t *target) service() (cluster, name string) {
	parts := strings.Split(t.ResourceID, "/")
	return parts[1], parts[2]
}

type registerInput struct {
	scaled
	MinCapacity    *int
	MaxCapacity    *int
	RoleARN        string
	SuspendedState *suspension
	Tags           tags.Set
}

type registerOutput struct{ ScalableTargetARN string }

// targets are the operations on scalable targets.
type targets struct{ *region }

func (s targets) registerTarget(_ context.Context, in *registerInput) (*registerOutput, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	t, registered := s.state.Targets.Get(in.ResourceID)
	if !registered {
		t = &target{
			ResourceID: in.ResourceID, CreatedAt: s.acct.Clock.Now(), Tags: tags.Set{},
			ARN:     s.acct.ARN("application-autoscaling", "scalable-target/0ec5"+ids.Hex(28)),
			RoleARN: s.acct.GlobalARN("iam", "role/aws-service-role/ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService"),
		}
		if in.MinCapacity == nil || in.MaxCapacity == nil {
			return nil, invalid("MinCapacity and MaxCapacity are required to register %s.", in.ResourceID)
		}
		if _, ok := s.services.DesiredCount(t.service()); !ok {
			return nil, invalid("ECS service doesn't exist: %s", in.ResourceID)
		}
	}
	s.state.Targets.Put(t.ResourceID, t)
	set(&t.Min, in.MinCapacity)
	set(&t.Max, in.MaxCapacity)
	set(&t.Suspended, in.SuspendedState)
	switch {
	case t.Min < 0:
		return nil, invalid("Minimum capacity %d must not be negative.", t.Min)
	case t.Max < t.Min:
		return nil, invalid("Maximum capacity cannot be less than minimum capacity (%d, %d).", t.Max, t.Min)
	}
	return &registerOutput{t.ARN}, s.tagging().Add(in.Tags.List(), t.ARN)
}

type describeTargetsInput struct {
	ServiceNamespace  string
	ResourceIDs       []string `aws:"ResourceIds"`
	ScalableDimension string
	pageInput
}

type targetView struct {
	scaled
	MinCapacity       int
	MaxCapacity       int
	RoleARN           string
	CreationTime      time.Time
	SuspendedState    suspension
	ScalableTargetARN string
}

type describeTargetsOutput struct {
	ScalableTargets []targetView
	NextToken       string
}

func (s targets) describeTargets(_ context.Context, in *describeTargetsInput) (*describeTargetsOutput, error) {
	var found []*target
	for id, t := range s.state.Targets.All() {
		if in.ServiceNamespace == namespace && (len(in.ResourceIDs) == 0 || slices.Contains(in.ResourceIDs, id)) &&
			(in.ScalableDimension == "" || in.ScalableDimension == dimension) {
			found = append(found, t)
		}
	}
	page, next, err := paging.Cut(limits(50), found, func(t *target) string { return t.ResourceID }, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &describeTargetsOutput{ScalableTargets: []targetView{}, NextToken: next}
	for _, t := range page {
		out.ScalableTargets = append(out.ScalableTargets, targetView{
			scaled: scaledService(t.ResourceID), MinCapacity: t.Min, MaxCapacity: t.Max, RoleARN: t.RoleARN,
			CreationTime: t.CreatedAt, SuspendedState: t.Suspended, ScalableTargetARN: t.ARN,
		})
	}
	return out, nil
}

func (s targets) deregisterTarget(_ context.Context, in *scaled) (*wire.Empty, error) {
	t, err := s.target(*in)
	if err != nil {
		return nil, err
	}
	s.forget(t)
	return nil, nil
}

// activity is a change of a service's desired count.
type activity struct {
	Record, ResourceID                                string
	ID, Description, Cause, StatusCode, StatusMessage string
	StartTime, EndTime                                time.Time
}

// maxActivities bounds the history.
const maxActivities = 100

type describeActivitiesInput struct {
	scaled
	IncludeNotScaledActivities *bool
	pageInput
}

type activityView struct {
	ActivityID string `aws:"ActivityId"`
	scaled
	Description   string
	Cause         string
	StartTime     time.Time
	EndTime       time.Time
	StatusCode    string
	StatusMessage string
}

type describeActivitiesOutput struct {
	ScalingActivities []activityView
	NextToken         string
}

func (s targets) describeActivities(_ context.Context, in *describeActivitiesInput) (*describeActivitiesOutput, error) {
	var found []*activity
	for _, a := range s.state.Activities.All() {
		if in.covers(a.ResourceID) {
			found = append(found, a)
		}
	}
	page, next, err := paging.Cut(limits(50), found, func(a *activity) string { return a.Record }, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &describeActivitiesOutput{ScalingActivities: []activityView{}, NextToken: next}
	for _, a := range page {
		out.ScalingActivities = append(out.ScalingActivities, activityView{
			ActivityID: a.ID, scaled: scaledService(a.ResourceID), Description: a.Description, Cause: a.Cause,
			StartTime: a.StartTime, EndTime: a.EndTime, StatusCode: a.StatusCode, StatusMessage: a.StatusMessage,
		})
	}
	return out, nil
}

var tagRules = tags.Rules{AnyCharacter: true, Refuse: func(f tags.Fault) error {
	if f.Problem == tags.TooMany {
		return wire.Errorf("TooManyTagsException", "%s", f)
	}
	return invalid("%s", f)
}}

// tagging finds scalable targets by ARN; nothing else has tags.
func (s targets) tagging() tags.Resources {
	return tags.Resources{Rules: tagRules, Find: func(arn string) (tags.Resource, error) {
		for id, t := range s.state.Targets.All() {
			if t.ARN == arn {
				found, _ := tags.In(s.state.Targets, id, func(t *target) *tags.Set { return &t.Tags })
				return found, nil
			}
		}
		return tags.Resource{}, unknownARN(arn)
	}}
}
