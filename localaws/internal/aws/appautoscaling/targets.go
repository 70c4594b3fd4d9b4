package appautoscaling

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// What can be scaled.
const (
	namespace = "ecs"
	dimension = "ecs:service:DesiredCount"
)

// target is a scalable target: an ECS service and its bounds.
type target struct {
	ARN        string
	ResourceID string // service/CLUSTER/NAME
	Min, Max   int
	RoleARN    string
	CreatedAt  time.Time
	Suspended  suspension
	Tags       core.Tags
	Activities []*activity // newest first
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
	ServiceNamespace  string
	ResourceID        string `aws:"ResourceId"`
	ScalableDimension string
	MinCapacity       *int
	MaxCapacity       *int
	RoleARN           string
	SuspendedState    *suspension
	Tags              map[string]string
}

type registerOutput struct{ ScalableTargetARN string }

// key checks what names a scalable target in every call.
func key(ns, resource, dim string) error {
	if ns != namespace || dim != dimension {
		return invalid("localaws scales %s of service namespace %s; asked for %s of %s.", dimension, namespace, dim, ns)
	}
	if parts := strings.Split(resource, "/"); len(parts) != 3 || parts[0] != "service" || parts[1] == "" || parts[2] == "" {
		return invalid("Unsupported resource ID %q: service/CLUSTER/NAME.", resource)
	}
	return nil
}

func (s *Service) registerTarget(_ context.Context, in *registerInput) (*registerOutput, error) {
	if err := key(in.ServiceNamespace, in.ResourceID, in.ScalableDimension); err != nil {
		return nil, err
	}
	t := s.state.Targets[in.ResourceID]
	if t == nil {
		t = &target{
			ResourceID: in.ResourceID, CreatedAt: s.acct.Clock.Now(), Tags: core.Tags{},
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
	next := *t
	set(&next.Min, in.MinCapacity)
	set(&next.Max, in.MaxCapacity)
	set(&next.Suspended, in.SuspendedState)
	switch {
	case next.Min < 0:
		return nil, invalid("Minimum capacity %d must not be negative.", next.Min)
	case next.Max < next.Min:
		return nil, invalid("Maximum capacity cannot be less than minimum capacity (%d, %d).", next.Max, next.Min)
	}
	*t = next
	for k, v := range in.Tags {
		t.Tags[k] = v
	}
	s.state.Targets[in.ResourceID] = t
	return &registerOutput{t.ARN}, nil
}

func set[T any](to *T, given *T) {
	if given != nil {
		*to = *given
	}
}

type describeTargetsInput struct {
	ServiceNamespace  string
	ResourceIDs       []string `aws:"ResourceIds"`
	ScalableDimension string
	MaxResults        *int
	NextToken         string
}

type targetView struct {
	ServiceNamespace  string
	ResourceID        string `aws:"ResourceId"`
	ScalableDimension string
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

func (s *Service) describeTargets(_ context.Context, in *describeTargetsInput) (*describeTargetsOutput, error) {
	out := &describeTargetsOutput{ScalableTargets: []targetView{}}
	for _, t := range s.targets() {
		if in.ServiceNamespace != namespace || (len(in.ResourceIDs) > 0 && !slices.Contains(in.ResourceIDs, t.ResourceID)) ||
			(in.ScalableDimension != "" && in.ScalableDimension != dimension) {
			continue
		}
		out.ScalableTargets = append(out.ScalableTargets, targetView{
			ServiceNamespace: namespace, ResourceID: t.ResourceID, ScalableDimension: dimension,
			MinCapacity: t.Min, MaxCapacity: t.Max, RoleARN: t.RoleARN, CreationTime: t.CreatedAt,
			SuspendedState: t.Suspended, ScalableTargetARN: t.ARN,
		})
	}
	return out, nil
}

// targets returns all targets by resource id.
func (s *Service) targets() []*target {
	var all []*target
	for _, id := range slices.Sorted(maps.Keys(s.state.Targets)) {
		all = append(all, s.state.Targets[id])
	}
	return all
}

type targetInput struct {
	ServiceNamespace  string
	ResourceID        string `aws:"ResourceId"`
	ScalableDimension string
}

func (s *Service) deregisterTarget(_ context.Context, in *targetInput) (*wire.Empty, error) {
	t, err := s.target(in.ServiceNamespace, in.ResourceID, in.ScalableDimension)
	if err != nil {
		return nil, err
	}
	s.forget(t)
	return nil, nil
}

func (s *Service) target(ns, resource, dim string) (*target, error) {
	if err := key(ns, resource, dim); err != nil {
		return nil, err
	}
	t := s.state.Targets[resource]
	if t == nil {
		return nil, notRegistered(resource, dim)
	}
	return t, nil
}

// forget removes a target with its policies and scheduled actions.
func (s *Service) forget(t *target) {
	delete(s.state.Targets, t.ResourceID)
	maps.DeleteFunc(s.state.Policies, func(_ string, p *policy) bool { return p.ResourceID == t.ResourceID })
	maps.DeleteFunc(s.state.Actions, func(_ string, a *action) bool { return a.ResourceID == t.ResourceID })
}

// activity is a change of a service's desired count.
type activity struct {
	ID, Description, Cause, StatusCode, StatusMessage string
	StartTime, EndTime                                time.Time
}

// maxActivities bounds the history.
const maxActivities = 100

type describeActivitiesInput struct {
	ServiceNamespace           string
	ResourceID                 string `aws:"ResourceId"`
	ScalableDimension          string
	IncludeNotScaledActivities *bool
	MaxResults                 *int
	NextToken                  string
}

type activityView struct {
	ActivityID        string `aws:"ActivityId"`
	ServiceNamespace  string
	ResourceID        string `aws:"ResourceId"`
	ScalableDimension string
	Description       string
	Cause             string
	StartTime         time.Time
	EndTime           time.Time
	StatusCode        string
	StatusMessage     string
}

type describeActivitiesOutput struct {
	ScalingActivities []activityView
	NextToken         string
}

func (s *Service) describeActivities(_ context.Context, in *describeActivitiesInput) (*describeActivitiesOutput, error) {
	out := &describeActivitiesOutput{ScalingActivities: []activityView{}}
	for _, t := range s.targets() {
		if in.ServiceNamespace != namespace || (in.ResourceID != "" && in.ResourceID != t.ResourceID) {
			continue
		}
		for _, a := range t.Activities {
			out.ScalingActivities = append(out.ScalingActivities, activityView{
				ActivityID: a.ID, ServiceNamespace: namespace, ResourceID: t.ResourceID, ScalableDimension: dimension,
				Description: a.Description, Cause: a.Cause, StartTime: a.StartTime, EndTime: a.EndTime,
				StatusCode: a.StatusCode, StatusMessage: a.StatusMessage,
			})
		}
	}
	return out, nil
}

type tagInput struct {
	ResourceARN string
	Tags        map[string]string
}

// tags are those of the scalable target with that ARN; policies have none.
func (s *Service) tags(arn string) (core.Tags, error) {
	for _, t := range s.state.Targets {
		if t.ARN == arn {
			return t.Tags, nil
		}
	}
	return nil, unknownARN(arn)
}

func (s *Service) tagResource(_ context.Context, in *tagInput) (*wire.Empty, error) {
	tags, err := s.tags(in.ResourceARN)
	if err != nil {
		return nil, err
	}
	maps.Copy(tags, in.Tags)
	return nil, nil
}

type untagInput struct {
	ResourceARN string
	TagKeys     []string
}

func (s *Service) untagResource(_ context.Context, in *untagInput) (*wire.Empty, error) {
	tags, err := s.tags(in.ResourceARN)
	if err != nil {
		return nil, err
	}
	tags.Remove(in.TagKeys)
	return nil, nil
}

type listTagsInput struct{ ResourceARN string }

type listTagsOutput struct{ Tags map[string]string }

func (s *Service) listTags(_ context.Context, in *listTagsInput) (*listTagsOutput, error) {
	tags, err := s.tags(in.ResourceARN)
	if err != nil {
		return nil, err
	}
	return &listTagsOutput{tags}, nil
}
