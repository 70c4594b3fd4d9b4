// Package appautoscaling is Application Auto Scaling for ECS services: scalable
// targets, target tracking policies that really move the desired count by a
// metric, and scheduled actions.
package appautoscaling

import (
	"context"
	_ "embed"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/cloudwatch"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/refusals"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// Services is what is scaled: ECS services. All methods of this and the other
// interface are called with the account's lock held.
type Services interface {
	// DesiredCount is the service's, false when there is no active one.
	DesiredCount(cluster, name string) (int, bool)
	SetDesiredCount(cluster, name string, n int) error
}

// Metrics is what is scaled by, and where policies have their alarms.
type Metrics interface {
	PutTracking(policy cloudwatch.Tracking)
	DropTracking(policyARN string)
	TrackingAlarms(policyARN string) []cloudwatch.TrackingAlarm

	// Statistic is Average, Sum, ... of the data points since then; false
	// when there are none.
	Statistic(namespace, metric string, dimensions map[string]string, stat string, since time.Time) (float64, bool)
}

// Service is Application Auto Scaling of one account and region. Its methods are
// called with the account's lock held, except Run.
type Service struct{ *region }

// New returns the service.
func New(acct *core.Account, services Services, metrics Metrics) *Service {
	return &Service{&region{acct: acct, services: services, metrics: metrics, state: newState(acct.Records)}}
}

// Run scales the targets until ctx is done.
func (s *Service) Run(ctx context.Context) {
	s.acct.Reconcile(ctx, func() time.Time { return newReconciler(s.region).step() })
}

//go:embed refusals.md
var refusalsText string

// Refusals are what AWS refuses of requests.
var Refusals = refusals.MustParse(refusalsText)

// Wire is the service's API,
// https://docs.aws.amazon.com/autoscaling/application/APIReference/.
func (s *Service) Wire() wire.Service {
	t, p, a := targets{s.region}, policies{s.region}, actions{s.region}
	return wire.Service{
		Name:         serviceName,
		Protocol:     wire.JSON11,
		TargetPrefix: "AnyScaleFrontendService",
		Check:        Refusals.Refuse("ValidationException"),
		Operations: append(t.tagging().MapOperations(),
			wire.Op("RegisterScalableTarget", t.registerTarget),
			wire.ReadOp("DescribeScalableTargets", t.describeTargets),
			wire.Op("DeregisterScalableTarget", t.deregisterTarget),

			wire.Op("PutScalingPolicy", p.putPolicy),
			wire.ReadOp("DescribeScalingPolicies", p.describePolicies),
			wire.Op("DeleteScalingPolicy", p.deletePolicy),
			wire.ReadOp("DescribeScalingActivities", t.describeActivities),

			wire.Op("PutScheduledAction", a.putAction),
			wire.ReadOp("DescribeScheduledActions", a.describeActions),
			wire.Op("DeleteScheduledAction", a.deleteAction),
		),
	}
}

// Resources is how many resources of each kind there are.
func (s *Service) Resources() map[string]int {
	return map[string]int{
		"scalable-target": s.state.Targets.Len(), "policy": s.state.Policies.Len(), "scheduled-action": s.state.Actions.Len(),
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
