package ecs

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// A service deployment is what the API calls the rollout of a service
// revision; localaws has one of each for every deployment, with the number of
// its id in both ARNs. The AWS provider from 6.4 on waits for a steady state by
// them.

// byARN finds the deployment of a service-deployment or service-revision ARN.
func (s serviceDeploymentAPI) byARN(arn, kind string) (*service, *deployment) {
	_, rest, ok := strings.Cut(arn, ":"+kind+"/")
	parts := strings.Split(rest, "/")
	if !ok || len(parts) != 3 {
		return nil, nil
	}
	svc, _ := s.state.Services.Get(s.serviceARN(parts[0], parts[1]))
	if svc == nil {
		return nil, nil
	}
	d := svc.deployment("ecs-svc/" + parts[2])
	return svc, d
}

// serviceDeploymentAPI is the API of service deployments and service revisions.
type serviceDeploymentAPI struct {
	*region
	rollouts rollouts
	views    views
}

func (s serviceDeploymentAPI) operations() []wire.Operation {
	return []wire.Operation{
		wire.ReadOp("ListServiceDeployments", s.listServiceDeployments),
		wire.ReadOp("DescribeServiceDeployments", s.describeServiceDeployments),
		wire.ReadOp("DescribeServiceRevisions", s.describeServiceRevisions),
		wire.Op("StopServiceDeployment", s.stopServiceDeployment),
	}
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

func (s serviceDeploymentAPI) listServiceDeployments(_ context.Context, in *listServiceDeploymentsInput) (*listServiceDeploymentsOutput, error) {
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
			ServiceDeploymentArn: aws.String(s.views.deploymentARN(svc, d)), TargetServiceRevisionArn: aws.String(s.views.revisionARN(svc, d)),
			ServiceArn: &svc.ARN, ClusterArn: aws.String(s.arn("cluster/" + svc.Cluster)),
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

func (s serviceDeploymentAPI) describeServiceDeployments(_ context.Context, in *describeServiceDeploymentsInput) (*describeServiceDeploymentsOutput, error) {
	out := &describeServiceDeploymentsOutput{ServiceDeployments: []types.ServiceDeployment{}, Failures: []types.Failure{}}
	for _, arn := range in.ServiceDeploymentArns {
		svc, d := s.byARN(arn, "service-deployment")
		if d == nil {
			out.Failures = append(out.Failures, missing(arn))
			continue
		}
		out.ServiceDeployments = append(out.ServiceDeployments, s.views.serviceDeployment(svc, d))
	}
	return out, nil
}

type describeServiceRevisionsInput struct{ ServiceRevisionArns []string }

type describeServiceRevisionsOutput struct {
	ServiceRevisions []types.ServiceRevision
	Failures         []types.Failure
}

func (s serviceDeploymentAPI) describeServiceRevisions(_ context.Context, in *describeServiceRevisionsInput) (*describeServiceRevisionsOutput, error) {
	out := &describeServiceRevisionsOutput{ServiceRevisions: []types.ServiceRevision{}, Failures: []types.Failure{}}
	for _, arn := range in.ServiceRevisionArns {
		svc, d := s.byARN(arn, "service-revision")
		if d == nil {
			out.Failures = append(out.Failures, missing(arn))
			continue
		}
		r := &d.Revision
		v := types.ServiceRevision{
			ServiceRevisionArn: aws.String(arn), ServiceArn: &svc.ARN, ClusterArn: aws.String(s.arn("cluster/" + svc.Cluster)),
			CreatedAt: &d.CreatedAt, TaskDefinition: &r.TaskDefinition, LoadBalancers: r.LoadBalancers,
			CapacityProviderStrategy: r.Strategy, LaunchType: r.LaunchType,
		}
		if definition := s.revision(r.TaskDefinition); definition != nil {
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
func (s serviceDeploymentAPI) stopServiceDeployment(_ context.Context, in *stopServiceDeploymentInput) (*stopServiceDeploymentOutput, error) {
	svc, d := s.byARN(in.ServiceDeploymentArn, "service-deployment")
	if d == nil {
		return nil, deploymentNotFound(in.ServiceDeploymentArn)
	}
	if d.Outcome != types.ServiceDeploymentStatusInProgress || d.Status != primary {
		return nil, invalid("The service deployment %s is %s and can't be stopped.", in.ServiceDeploymentArn, d.Outcome)
	}
	if in.StopType == types.StopServiceDeploymentStopTypeAbort {
		return nil, invalid("localaws does not support ABORT: stop the deployment with stopType ROLLBACK.")
	}
	last := svc.deployment(svc.LastCompleted)
	if last == nil || last == d {
		return nil, invalid("Service %s has no completed deployment to roll back to.", svc.Name)
	}
	s.state.Services.Change(svc.ARN)
	d.Rollout, d.UpdatedAt = types.DeploymentRolloutStateFailed, s.acct.Clock.Now()
	d.Reason = "ECS deployment " + d.ID + " was stopped by the user."
	d.FinishedAt = time.Time{}
	s.rollouts.rollBack(svc, d, last)
	return &stopServiceDeploymentOutput{in.ServiceDeploymentArn}, nil
}
