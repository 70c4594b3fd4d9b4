package ecs

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// serviceAPI is the API of services.
type serviceAPI struct {
	*region
	rules    serviceRules
	rollouts rollouts
	views    views
}

func (s serviceAPI) operations() []wire.Operation {
	return []wire.Operation{
		wire.Op("CreateService", s.createService),
		wire.ReadOp("DescribeServices", s.describeServices),
		wire.ReadOp("ListServices", s.listServices),
		wire.Op("UpdateService", s.updateService),
		wire.Op("DeleteService", s.deleteService),
	}
}

type serviceOutput struct{ Service *types.Service }

func (s serviceAPI) createService(_ context.Context, in *createServiceInput) (*serviceOutput, error) {
	c, err := s.cluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	if !resourceName.MatchString(in.ServiceName) {
		return nil, invalid("Invalid service name %q: up to 255 letters, numbers, underscores and hyphens.", in.ServiceName)
	}
	arn := s.serviceARN(c.Name, in.ServiceName)
	if old, _ := s.state.Services.Get(arn); old != nil && old.Status != inactive {
		switch {
		case old.Status == draining:
			return nil, invalid("Unable to Start a service that is still Draining.")
		case in.ClientToken != "" && in.ClientToken == old.ClientToken:
			return &serviceOutput{s.views.service(old, true)}, nil
		}
		return nil, invalid("Creation of service was not idempotent.")
	}
	svc := &service{
		Name: in.ServiceName, ARN: arn, Cluster: c.Name, Status: active, CreatedAt: s.acct.Clock.Now(),
		CreatedBy: s.acct.GlobalARN("iam", "root"), ClientToken: in.ClientToken,
		Scheduling: cmp.Or(in.SchedulingStrategy, types.SchedulingStrategyReplica), Controller: types.DeploymentControllerTypeEcs,
		Role:         s.acct.GlobalARN("iam", "role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"),
		DesiredCount: aws.ToInt32(in.DesiredCount), GracePeriod: in.HealthCheckGracePeriodSeconds,
		Constraints: in.PlacementConstraints, Placement: in.PlacementStrategy,
		ZoneRebalancing: in.AvailabilityZoneRebalancing,
		ManagedTags:     in.EnableECSManagedTags, Propagate: in.PropagateTags, ExecuteCommand: in.EnableExecuteCommand,
		Tags: tagMap(in.Tags), Notices: map[string]time.Time{},
	}
	r := revision{
		LoadBalancers: in.LoadBalancers, Strategy: in.CapacityProviderStrategy, LaunchType: in.LaunchType,
		Network: network(in.NetworkConfiguration), PlatformVersion: in.PlatformVersion,
		Connect: in.ServiceConnectConfiguration, Registries: in.ServiceRegistries,
	}
	if err := s.rules.checkCreation(c, svc, in); err != nil {
		return nil, err
	}
	if err := s.rules.completeRevision(c, svc, &r, in.TaskDefinition); err != nil {
		return nil, err
	}
	if err := s.rules.checkRole(svc, r, in.Role); err != nil {
		return nil, err
	}
	s.state.Services.Put(arn, svc)
	s.rollouts.deploy(svc, r)
	return &serviceOutput{s.views.service(svc, true)}, nil
}

// network drops a configuration without awsvpc: an answer that has one kills
// provider 5.100.0.
func network(n *types.NetworkConfiguration) *types.NetworkConfiguration {
	if n == nil || n.AwsvpcConfiguration == nil {
		return nil
	}
	return n
}

func (s serviceAPI) updateService(_ context.Context, in *updateServiceInput) (*serviceOutput, error) {
	svc, err := s.service(in.Cluster, in.Service)
	if err != nil {
		return nil, err
	}
	if svc.Status != active {
		return nil, serviceNotActive()
	}
	c, err := s.cluster(svc.Cluster)
	if err != nil {
		return nil, err
	}
	if err := checkAbsent(svc.Name, in.VolumeConfigurations, in.VpcLatticeConfigurations); err != nil {
		return nil, err
	}
	next := *svc // changed only as a whole
	r := svc.primary().Revision
	redeploy := changeRevision(&r, in) || in.ForceNewDeployment || in.TaskDefinition != ""
	changeService(&next, in)
	if err := s.rules.checkSettings(&next, in.DeploymentConfiguration, in.DeploymentController); err != nil {
		return nil, err
	}
	if in.DesiredCount != nil && next.Scheduling == types.SchedulingStrategyDaemon {
		return nil, daemonDesiredCount()
	}
	if redeploy {
		if err := s.rules.completeRevision(c, &next, &r, cmp.Or(in.TaskDefinition, r.TaskDefinition)); err != nil {
			return nil, err
		}
	}
	if err := checkGrace(&next, r.LoadBalancers); err != nil {
		return nil, err
	}
	if in.DesiredCount != nil && *in.DesiredCount != svc.DesiredCount {
		next.Steady = false
	}
	s.state.Services.Change(svc.ARN)
	*svc = next
	if redeploy {
		s.rollouts.deploy(svc, r)
	}
	return &serviceOutput{s.views.service(svc, true)}, nil
}

// changeRevision takes over what makes a new deployment, and reports
// whether there was any of it. An empty list takes all away; no list changes nothing.
func changeRevision(r *revision, in *updateServiceInput) (changed bool) {
	if in.LoadBalancers != nil {
		r.LoadBalancers, changed = in.LoadBalancers, true
	}
	if in.CapacityProviderStrategy != nil {
		r.Strategy, changed = in.CapacityProviderStrategy, true
		r.LaunchType = ""
	}
	if in.ServiceRegistries != nil {
		r.Registries, changed = in.ServiceRegistries, true
	}
	if n := network(in.NetworkConfiguration); n != nil {
		r.Network, changed = n, true
	}
	if in.PlatformVersion != "" {
		r.PlatformVersion, changed = in.PlatformVersion, true
	}
	if in.ServiceConnectConfiguration != nil {
		r.Connect, changed = in.ServiceConnectConfiguration, true
	}
	return changed
}

func changeService(svc *service, in *updateServiceInput) {
	if in.DesiredCount != nil {
		svc.DesiredCount = *in.DesiredCount
	}
	if in.HealthCheckGracePeriodSeconds != nil {
		svc.GracePeriod = in.HealthCheckGracePeriodSeconds
	}
	if in.PlacementConstraints != nil {
		svc.Constraints = in.PlacementConstraints
	}
	if in.PlacementStrategy != nil {
		svc.Placement = in.PlacementStrategy
	}
	if in.AvailabilityZoneRebalancing != "" {
		svc.ZoneRebalancing = in.AvailabilityZoneRebalancing
	}
	if in.EnableECSManagedTags != nil {
		svc.ManagedTags = *in.EnableECSManagedTags
	}
	if in.EnableExecuteCommand != nil {
		svc.ExecuteCommand = *in.EnableExecuteCommand
	}
	if in.PropagateTags != "" {
		svc.Propagate = in.PropagateTags
	}
}

type deleteServiceInput struct {
	Service string
	Cluster string
	Force   bool
}

func (s serviceAPI) deleteService(_ context.Context, in *deleteServiceInput) (*serviceOutput, error) {
	svc, err := s.service(in.Cluster, in.Service)
	if err != nil {
		return nil, err
	}
	switch {
	case svc.Status == inactive:
		return nil, serviceNotFound()
	case svc.Status == draining:
		return &serviceOutput{s.views.service(svc, true)}, nil
	case !in.Force && svc.Scheduling == types.SchedulingStrategyReplica && svc.DesiredCount > 0:
		return nil, invalid("The service cannot be stopped while it is scaled above 0.")
	case !in.Force && len(svc.deployments()) > 1:
		return nil, invalid("The service cannot be stopped while deployments are active.")
	}
	s.state.Services.Change(svc.ARN)
	svc.Status, svc.DesiredCount = draining, 0
	for _, d := range svc.deployments() {
		s.rollouts.end(d, types.ServiceDeploymentStatusStopped, "The service was deleted.")
	}
	return &serviceOutput{s.views.service(svc, true)}, nil
}

type describeServicesInput struct {
	Services []string
	Cluster  string
	Include  []types.ServiceField
}

type describeServicesOutput struct {
	Services []types.Service
	Failures []types.Failure
}

func (s serviceAPI) describeServices(_ context.Context, in *describeServicesInput) (*describeServicesOutput, error) {
	c, err := s.cluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	if len(in.Services) == 0 || len(in.Services) > 10 {
		return nil, invalid("Services cannot be empty, and at most 10: %d were given.", len(in.Services))
	}
	out := &describeServicesOutput{Services: []types.Service{}, Failures: []types.Failure{}}
	for _, name := range in.Services {
		arn := s.serviceARN(c.Name, lastPart(name))
		svc, _ := s.state.Services.Get(arn)
		if svc == nil || (strings.HasPrefix(name, "arn:") && name != arn) {
			if strings.HasPrefix(name, "arn:") {
				arn = name
			}
			out.Failures = append(out.Failures, missing(arn))
			continue
		}
		out.Services = append(out.Services, *s.views.service(svc, slices.Contains(in.Include, types.ServiceFieldTags)))
	}
	return out, nil
}

type listServicesInput struct {
	Cluster            string
	LaunchType         types.LaunchType
	SchedulingStrategy types.SchedulingStrategy
	MaxResults         *int32
	NextToken          string
}

type listServicesOutput struct {
	ServiceArns []string
	NextToken   string
}

func (s serviceAPI) listServices(_ context.Context, in *listServicesInput) (*listServicesOutput, error) {
	c, err := s.cluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	arns := []string{}
	for _, svc := range s.state.Services.All() {
		switch {
		case svc.Cluster != c.Name, svc.Status == inactive,
			in.SchedulingStrategy != "" && in.SchedulingStrategy != svc.Scheduling,
			in.LaunchType != "" && in.LaunchType != svc.primary().Revision.LaunchType:
			continue
		}
		arns = append(arns, svc.ARN)
	}
	arns, next, err := page(arns, in.MaxResults, in.NextToken)
	return &listServicesOutput{arns, next}, err
}
