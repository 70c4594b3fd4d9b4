package ecs

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// A service deployment is what the API calls the rollout of a service
// revision; localaws has one of each for every deployment, with the number of
// its id in both ARNs. The AWS provider from 6.4 on waits for a steady state by
// them.

func (s *Service) deploymentARN(svc *service, d *deployment) string {
	return s.acct.ARN("ecs", "service-deployment/"+svc.Cluster+"/"+svc.Name+"/"+d.Number)
}

func (s *Service) revisionARN(svc *service, d *deployment) string {
	return s.acct.ARN("ecs", "service-revision/"+svc.Cluster+"/"+svc.Name+"/"+d.Number)
}

// byARN finds the deployment of a service-deployment or service-revision ARN.
func (s *Service) byARN(arn, kind string) (*service, *deployment) {
	_, rest, ok := strings.Cut(arn, ":"+kind+"/")
	parts := strings.Split(rest, "/")
	if !ok || len(parts) != 3 {
		return nil, nil
	}
	svc := s.state.Services[s.acct.ARN("ecs", "service/"+parts[0]+"/"+parts[1])]
	if svc == nil {
		return nil, nil
	}
	d := svc.deployment("ecs-svc/" + parts[2])
	return svc, d
}

func (s *Service) currentRevisions(svc *service) []types.ServiceCurrentRevisionSummary {
	var all []types.ServiceCurrentRevisionSummary
	for _, d := range svc.Deployments {
		v := s.deploymentView(svc, d)
		all = append(all, types.ServiceCurrentRevisionSummary{
			Arn: aws.String(s.revisionARN(svc, d)), RequestedTaskCount: v.DesiredCount,
			RunningTaskCount: v.RunningCount, PendingTaskCount: v.PendingCount,
		})
	}
	return all
}

type listServiceDeploymentsInput struct {
	Service    string
	Cluster    string
	CreatedAt  *types.CreatedAt
	Status     []types.ServiceDeploymentStatus
	MaxResults *int32
	NextToken  string
}

type listServiceDeploymentsOutput struct {
	ServiceDeployments []types.ServiceDeploymentBrief
	NextToken          string
}

func (s *Service) listServiceDeployments(_ context.Context, in *listServiceDeploymentsInput) (*listServiceDeploymentsOutput, error) {
	svc, err := s.service(in.Cluster, in.Service)
	if err != nil {
		return nil, err
	}
	out := &listServiceDeploymentsOutput{ServiceDeployments: []types.ServiceDeploymentBrief{}}
	for _, d := range svc.History {
		switch {
		case len(in.Status) > 0 && !slices.Contains(in.Status, d.Outcome),
			in.CreatedAt != nil && in.CreatedAt.After != nil && !d.CreatedAt.After(*in.CreatedAt.After),
			in.CreatedAt != nil && in.CreatedAt.Before != nil && !d.CreatedAt.Before(*in.CreatedAt.Before):
			continue
		}
		out.ServiceDeployments = append(out.ServiceDeployments, types.ServiceDeploymentBrief{
			ServiceDeploymentArn: aws.String(s.deploymentARN(svc, d)), TargetServiceRevisionArn: aws.String(s.revisionARN(svc, d)),
			ServiceArn: &svc.ARN, ClusterArn: aws.String(s.acct.ARN("ecs", "cluster/"+svc.Cluster)),
			CreatedAt: &d.CreatedAt, StartedAt: &d.CreatedAt, FinishedAt: at(d.FinishedAt),
			Status: d.Outcome, StatusReason: text(d.OutcomeReason),
		})
	}
	return out, nil
}

type describeServiceDeploymentsInput struct{ ServiceDeploymentArns []string }

type describeServiceDeploymentsOutput struct {
	ServiceDeployments []types.ServiceDeployment
	Failures           []types.Failure
}

func (s *Service) describeServiceDeployments(_ context.Context, in *describeServiceDeploymentsInput) (*describeServiceDeploymentsOutput, error) {
	out := &describeServiceDeploymentsOutput{ServiceDeployments: []types.ServiceDeployment{}, Failures: []types.Failure{}}
	for _, arn := range in.ServiceDeploymentArns {
		svc, d := s.byARN(arn, "service-deployment")
		if d == nil {
			out.Failures = append(out.Failures, missing(arn))
			continue
		}
		out.ServiceDeployments = append(out.ServiceDeployments, s.serviceDeployment(svc, d))
	}
	return out, nil
}

func (s *Service) serviceDeployment(svc *service, d *deployment) types.ServiceDeployment {
	now := s.deploymentView(svc, d)
	desired := s.desired(svc)
	v := types.ServiceDeployment{
		ServiceDeploymentArn: aws.String(s.deploymentARN(svc, d)), ServiceArn: &svc.ARN,
		ClusterArn: aws.String(s.acct.ARN("ecs", "cluster/"+svc.Cluster)),
		CreatedAt:  &d.CreatedAt, StartedAt: &d.CreatedAt, UpdatedAt: &d.UpdatedAt,
		FinishedAt: at(d.FinishedAt), StoppedAt: at(d.StoppedAt), Status: d.Outcome, StatusReason: text(d.OutcomeReason),
		DeploymentConfiguration: &svc.Configuration,
		TargetServiceRevision: &types.ServiceRevisionSummary{
			Arn: aws.String(s.revisionARN(svc, d)), RequestedTaskCount: desired,
			RunningTaskCount: now.RunningCount, PendingTaskCount: now.PendingCount,
		},
		DeploymentCircuitBreaker: &types.ServiceDeploymentCircuitBreaker{
			FailureCount: d.Failed, Threshold: s.threshold(svc), Status: breakerStatus(svc, d),
		},
		Alarms: &types.ServiceDeploymentAlarms{Status: types.ServiceDeploymentRollbackMonitorsStatusDisabled},
	}
	if d.FinishedAt.IsZero() {
		v.LifecycleStage = types.ServiceDeploymentLifecycleStageScaleUp
	}
	if source := svc.deployment(d.Source); source != nil {
		before := s.deploymentView(svc, source)
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

type describeServiceRevisionsInput struct{ ServiceRevisionArns []string }

type describeServiceRevisionsOutput struct {
	ServiceRevisions []types.ServiceRevision
	Failures         []types.Failure
}

func (s *Service) describeServiceRevisions(_ context.Context, in *describeServiceRevisionsInput) (*describeServiceRevisionsOutput, error) {
	out := &describeServiceRevisionsOutput{ServiceRevisions: []types.ServiceRevision{}, Failures: []types.Failure{}}
	for _, arn := range in.ServiceRevisionArns {
		svc, d := s.byARN(arn, "service-revision")
		if d == nil {
			out.Failures = append(out.Failures, missing(arn))
			continue
		}
		r := &d.Revision
		v := types.ServiceRevision{
			ServiceRevisionArn: aws.String(arn), ServiceArn: &svc.ARN, ClusterArn: aws.String(s.acct.ARN("ecs", "cluster/"+svc.Cluster)),
			CreatedAt: &d.CreatedAt, TaskDefinition: &r.TaskDefinition, LoadBalancers: r.LoadBalancers,
			CapacityProviderStrategy: r.Strategy, LaunchType: r.LaunchType,
		}
		if definition := s.state.Definitions[lastPart(r.TaskDefinition)]; definition != nil {
			for _, c := range definition.Definition.ContainerDefinitions {
				v.ContainerImages = append(v.ContainerImages, types.ContainerImage{ContainerName: c.Name, Image: c.Image})
			}
		}
		out.ServiceRevisions = append(out.ServiceRevisions, v)
	}
	return out, nil
}

type stopServiceDeploymentInput struct {
	ServiceDeploymentArn string
	StopType             types.StopServiceDeploymentStopType
}

type stopServiceDeploymentOutput struct{ ServiceDeploymentArn string }

// stopServiceDeployment ends a deployment that runs: by default, and with
// ROLLBACK, the last completed one comes back.
func (s *Service) stopServiceDeployment(_ context.Context, in *stopServiceDeploymentInput) (*stopServiceDeploymentOutput, error) {
	svc, d := s.byARN(in.ServiceDeploymentArn, "service-deployment")
	if d == nil {
		return nil, resourceNotFound(in.ServiceDeploymentArn)
	}
	if d.Outcome != types.ServiceDeploymentStatusInProgress || d.Status != primary {
		return nil, invalid("The service deployment %s is %s and can't be stopped.", in.ServiceDeploymentArn, d.Outcome)
	}
	if in.StopType == types.StopServiceDeploymentStopTypeAbort {
		return nil, invalid("localaws has no ABORT: stop the deployment with stopType ROLLBACK.")
	}
	last := svc.deployment(svc.LastCompleted)
	if last == nil || last == d {
		return nil, invalid("Service %s has no completed deployment to roll back to.", svc.Name)
	}
	d.Rollout, d.UpdatedAt = types.DeploymentRolloutStateFailed, s.acct.Clock.Now()
	d.Reason = "ECS deployment " + d.ID + " was stopped by the user."
	d.FinishedAt = time.Time{}
	s.rollBack(svc, d, last)
	return &stopServiceDeploymentOutput{in.ServiceDeploymentArn}, nil
}
