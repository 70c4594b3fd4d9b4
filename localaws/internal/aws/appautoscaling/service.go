// Package appautoscaling is Application Auto Scaling for ECS services: scalable
// targets, target tracking policies that really move the desired count by a
// metric, and scheduled actions.
package appautoscaling

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// Services is what is scaled: ECS services. All methods of this and the other
// interface are called with the account's lock held.
type Services interface {
	// DesiredCount is the service's, false when there is no active one.
	DesiredCount(cluster, name string) (int, bool)
	SetDesiredCount(cluster, name string, n int) error
}

// Metrics is what is scaled by.
type Metrics interface {
	// Statistic is Average, Sum, ... of the data points since then; false
	// when there are none.
	Statistic(namespace, metric string, dimensions map[string]string, stat string, since time.Time) (float64, bool)
}

// Service is Application Auto Scaling of one account and region.
type Service struct {
	acct     *core.Account
	services Services
	metrics  Metrics
	state    state

	dirty bool
	again time.Time
}

// state is all that outlives the process.
type state struct {
	Targets  map[string]*target // by resource id
	Policies map[string]*policy // by ARN
	Actions  map[string]*action // by ARN
	// EvaluateAt is when policies look at their metrics next.
	EvaluateAt time.Time
}

func newState() state {
	return state{Targets: map[string]*target{}, Policies: map[string]*policy{}, Actions: map[string]*action{}}
}

// New returns the service.
func New(acct *core.Account, services Services, metrics Metrics) *Service {
	return &Service{acct: acct, services: services, metrics: metrics, state: newState()}
}

// Wire is the service's API,
// https://docs.aws.amazon.com/autoscaling/application/APIReference/.
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name:         "application-autoscaling",
		Protocol:     wire.JSON11,
		TargetPrefix: "AnyScaleFrontendService",
		Operations: []wire.Operation{
			wire.Op("RegisterScalableTarget", s.registerTarget),
			wire.ReadOp("DescribeScalableTargets", s.describeTargets),
			wire.Op("DeregisterScalableTarget", s.deregisterTarget),

			wire.Op("PutScalingPolicy", s.putPolicy),
			wire.ReadOp("DescribeScalingPolicies", s.describePolicies),
			wire.Op("DeleteScalingPolicy", s.deletePolicy),
			wire.ReadOp("DescribeScalingActivities", s.describeActivities),

			wire.Op("PutScheduledAction", s.putAction),
			wire.ReadOp("DescribeScheduledActions", s.describeActions),
			wire.Op("DeleteScheduledAction", s.deleteAction),

			wire.Op("TagResource", s.tagResource),
			wire.Op("UntagResource", s.untagResource),
			wire.ReadOp("ListTagsForResource", s.listTags),
		},
	}
}

// Name is the service's key in a snapshot.
func (s *Service) Name() string { return "application-autoscaling" }

// Snapshot returns the state, for JSON.
func (s *Service) Snapshot() any { return s.state }

// Restore replaces the state.
func (s *Service) Restore(raw json.RawMessage) error {
	restored := newState()
	if err := json.Unmarshal(raw, &restored); err != nil {
		return fmt.Errorf("reading the state of application-autoscaling: %w", err)
	}
	s.state = restored
	return nil
}

// Resources is how many resources of each kind there are.
func (s *Service) Resources() map[string]int {
	return map[string]int{
		"scalable-target": len(s.state.Targets), "policy": len(s.state.Policies), "scheduled-action": len(s.state.Actions),
	}
}

func invalid(format string, args ...any) *wire.Error {
	return wire.Errorf("ValidationException", format, args...)
}

func notRegistered(resource, dimension string) *wire.Error {
	return wire.Errorf("ObjectNotFoundException",
		"No scalable target registered for service namespace: ecs, resource ID: %s, scalable dimension: %s", resource, dimension)
}

func unknownARN(arn string) *wire.Error {
	return wire.Errorf("ResourceNotFoundException", "The resource %s does not exist.", arn)
}
