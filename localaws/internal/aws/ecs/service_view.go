package ecs

import (
	"cmp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ecs/schedule"
)

// service is the service in an answer.
func (s views) service(svc *service, tags bool) *types.Service {
	p := svc.shown()
	v := &types.Service{
		ServiceArn: &svc.ARN, ServiceName: &svc.Name, Status: &svc.Status,
		ClusterArn: aws.String(s.arn("cluster/" + svc.Cluster)),
		CreatedAt:  &svc.CreatedAt, CreatedBy: &svc.CreatedBy, DesiredCount: facts(s).desired(svc),
		SchedulingStrategy: svc.Scheduling, DeploymentController: &types.DeploymentController{Type: svc.Controller},
		DeploymentConfiguration: &svc.Configuration, HealthCheckGracePeriodSeconds: svc.GracePeriod,
		PlacementConstraints: list(svc.Constraints), PlacementStrategy: list(svc.Placement),
		AvailabilityZoneRebalancing: svc.ZoneRebalancing, EnableECSManagedTags: svc.ManagedTags,
		EnableExecuteCommand: svc.ExecuteCommand, PropagateTags: cmp.Or(svc.Propagate, types.PropagateTagsNone),
		Events: list(svc.Events), Deployments: []types.Deployment{},
		TaskDefinition: &p.Revision.TaskDefinition, LoadBalancers: list(p.Revision.LoadBalancers),
		ServiceRegistries: list(p.Revision.Registries), CapacityProviderStrategy: p.Revision.Strategy,
		LaunchType: p.Revision.LaunchType, NetworkConfiguration: p.Revision.Network,
	}
	if len(p.Revision.LoadBalancers) > 0 {
		v.RoleArn = &svc.Role
	}
	if tags {
		v.Tags = tagList(svc.Tags)
	}
	for _, d := range svc.deployments() {
		view := s.deployment(svc, d)
		v.Deployments = append(v.Deployments, view)
		v.RunningCount += view.RunningCount
		v.PendingCount += view.PendingCount
	}
	if svc.primary() != nil && svc.Controller == types.DeploymentControllerTypeEcs {
		v.CurrentServiceDeployment = aws.String(s.deploymentARN(svc, p))
		v.CurrentServiceRevisions = s.currentRevisions(svc)
	}
	return v
}

// shown is the deployment whose revision a service shows: the primary one, or
// the last that a deleted service had.
func (svc *service) shown() *deployment {
	if p := svc.primary(); p != nil {
		return p
	}
	return svc.History[0]
}

func (s views) deployment(svc *service, d *deployment) types.Deployment {
	r := &d.Revision
	v := types.Deployment{
		Id: &d.ID, Status: &d.Status, TaskDefinition: &r.TaskDefinition,
		CreatedAt: &d.CreatedAt, UpdatedAt: &d.UpdatedAt,
		FailedTasks: d.Failed, RolloutState: d.Rollout, RolloutStateReason: &d.Reason,
		CapacityProviderStrategy: r.Strategy, LaunchType: r.LaunchType,
		NetworkConfiguration: r.Network, ServiceConnectConfiguration: r.Connect,
	}
	if r.PlatformVersion != "" {
		v.PlatformVersion = &r.PlatformVersion
	}
	if d.Status == primary {
		v.DesiredCount = facts(s).desired(svc)
	}
	for _, t := range s.tasksOf(svc) {
		if t.Deployment == d.ID {
			v.RunningCount += countIf(t.LastStatus == running)
			v.PendingCount += countIf(t.live() && t.LastStatus != running)
		}
	}
	return v
}

func (s views) deploymentARN(svc *service, d *deployment) string {
	return s.arn("service-deployment/" + svc.Cluster + "/" + svc.Name + "/" + d.Number)
}

func (s views) revisionARN(svc *service, d *deployment) string {
	return s.arn("service-revision/" + svc.Cluster + "/" + svc.Name + "/" + d.Number)
}

func (s views) currentRevisions(svc *service) []types.ServiceCurrentRevisionSummary {
	var all []types.ServiceCurrentRevisionSummary
	for _, d := range svc.deployments() {
		v := s.deployment(svc, d)
		all = append(all, types.ServiceCurrentRevisionSummary{
			Arn: aws.String(s.revisionARN(svc, d)), RequestedTaskCount: v.DesiredCount,
			RunningTaskCount: v.RunningCount, PendingTaskCount: v.PendingCount,
		})
	}
	return all
}

func (s views) serviceDeployment(svc *service, d *deployment) types.ServiceDeployment {
	now := s.deployment(svc, d)
	desired := facts(s).desired(svc)
	v := types.ServiceDeployment{
		ServiceDeploymentArn: aws.String(s.deploymentARN(svc, d)), ServiceArn: &svc.ARN,
		ClusterArn: aws.String(s.arn("cluster/" + svc.Cluster)),
		CreatedAt:  &d.CreatedAt, StartedAt: &d.CreatedAt, UpdatedAt: &d.UpdatedAt,
		FinishedAt: at(d.FinishedAt), StoppedAt: at(d.StoppedAt), Status: d.Outcome, StatusReason: text(d.OutcomeReason),
		DeploymentConfiguration: &svc.Configuration,
		TargetServiceRevision: &types.ServiceRevisionSummary{
			Arn: aws.String(s.revisionARN(svc, d)), RequestedTaskCount: desired,
			RunningTaskCount: now.RunningCount, PendingTaskCount: now.PendingCount,
		},
		DeploymentCircuitBreaker: &types.ServiceDeploymentCircuitBreaker{
			FailureCount: d.Failed, Threshold: int32(schedule.Threshold(int(desired))), Status: breakerStatus(svc, d),
		},
		Alarms: deploymentAlarms(svc, d),
	}
	if d.FinishedAt.IsZero() {
		v.LifecycleStage = types.ServiceDeploymentLifecycleStageScaleUp
	}
	if source := svc.deployment(d.Source); source != nil {
		before := s.deployment(svc, source)
		v.SourceServiceRevisions = []types.ServiceRevisionSummary{{
			Arn: aws.String(s.revisionARN(svc, source)), RunningTaskCount: before.RunningCount, PendingTaskCount: before.PendingCount,
		}}
	}
	if last := svc.deployment(d.RolledBackTo); last != nil {
		v.Rollback = &types.Rollback{
			Reason: text(d.Reason), ServiceRevisionArn: aws.String(s.revisionARN(svc, last)), StartedAt: at(d.RollbackAt),
		}
	}
	return v
}

func breakerStatus(svc *service, d *deployment) types.ServiceDeploymentRollbackMonitorsStatus {
	switch {
	case !svc.Configuration.DeploymentCircuitBreaker.Enable:
		return types.ServiceDeploymentRollbackMonitorsStatusDisabled
	case d.Tripped:
		return types.ServiceDeploymentRollbackMonitorsStatusTriggered
	case d.Proven:
		return types.ServiceDeploymentRollbackMonitorsStatusMonitoringComplete
	}
	return types.ServiceDeploymentRollbackMonitorsStatusMonitoring
}
