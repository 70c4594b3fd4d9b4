package ecs

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
)

type createServiceInput struct {
	ServiceName                   string
	Cluster                       string
	TaskDefinition                string
	ClientToken                   string
	DesiredCount                  *int32
	LaunchType                    types.LaunchType
	CapacityProviderStrategy      []types.CapacityProviderStrategyItem
	LoadBalancers                 []types.LoadBalancer
	ServiceRegistries             []types.ServiceRegistry
	DeploymentConfiguration       *types.DeploymentConfiguration
	DeploymentController          *types.DeploymentController
	SchedulingStrategy            types.SchedulingStrategy
	HealthCheckGracePeriodSeconds *int32
	PlacementConstraints          []types.PlacementConstraint
	PlacementStrategy             []types.PlacementStrategy
	AvailabilityZoneRebalancing   types.AvailabilityZoneRebalancing
	EnableECSManagedTags          bool
	EnableExecuteCommand          bool
	PropagateTags                 types.PropagateTags
	NetworkConfiguration          *types.NetworkConfiguration
	PlatformVersion               string
	ServiceConnectConfiguration   *types.ServiceConnectConfiguration
	VolumeConfigurations          []types.ServiceVolumeConfiguration
	VpcLatticeConfigurations      []types.VpcLatticeConfiguration
	Role                          string
	Tags                          []types.Tag
}

type serviceOutput struct{ Service *types.Service }

func (s *Service) createService(_ context.Context, in *createServiceInput) (*serviceOutput, error) {
	c, err := s.cluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	if !resourceName.MatchString(in.ServiceName) {
		return nil, invalid("Invalid service name %q: up to 255 letters, numbers, underscores and hyphens.", in.ServiceName)
	}
	arn := s.acct.ARN("ecs", "service/"+c.Name+"/"+in.ServiceName)
	if old := s.state.Services[arn]; old != nil && old.Status != inactive {
		switch {
		case old.Status == draining:
			return nil, invalid("Unable to Start a service that is still Draining.")
		case in.ClientToken != "" && in.ClientToken == old.ClientToken:
			return &serviceOutput{s.serviceView(old, true)}, nil
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
	if err := s.checkCreation(c, svc, in); err != nil {
		return nil, err
	}
	if err := s.completeRevision(c, svc, &r, in.TaskDefinition); err != nil {
		return nil, err
	}
	s.state.Services[arn] = svc
	s.deploy(svc, r, "")
	return &serviceOutput{s.serviceView(svc, true)}, nil
}

// network drops a configuration without awsvpc: an answer that has one kills
// provider 5.100.0.
func network(n *types.NetworkConfiguration) *types.NetworkConfiguration {
	if n == nil || n.AwsvpcConfiguration == nil {
		return nil
	}
	return n
}

// service finds a service by name or ARN in the cluster.
func (s *Service) service(cluster, nameOrARN string) (*service, error) {
	c, err := s.cluster(cluster)
	if err != nil {
		return nil, err
	}
	svc := s.state.Services[s.acct.ARN("ecs", "service/"+c.Name+"/"+lastPart(nameOrARN))]
	if svc == nil || (strings.HasPrefix(nameOrARN, "arn:") && svc.ARN != nameOrARN) {
		return nil, serviceNotFound()
	}
	return svc, nil
}

type updateServiceInput struct {
	Service                       string
	Cluster                       string
	TaskDefinition                string
	DesiredCount                  *int32
	ForceNewDeployment            bool
	CapacityProviderStrategy      []types.CapacityProviderStrategyItem
	LoadBalancers                 []types.LoadBalancer
	ServiceRegistries             []types.ServiceRegistry
	DeploymentConfiguration       *types.DeploymentConfiguration
	DeploymentController          *types.DeploymentController
	HealthCheckGracePeriodSeconds *int32
	PlacementConstraints          []types.PlacementConstraint
	PlacementStrategy             []types.PlacementStrategy
	AvailabilityZoneRebalancing   types.AvailabilityZoneRebalancing
	EnableECSManagedTags          *bool
	EnableExecuteCommand          *bool
	PropagateTags                 types.PropagateTags
	NetworkConfiguration          *types.NetworkConfiguration
	PlatformVersion               string
	ServiceConnectConfiguration   *types.ServiceConnectConfiguration
	VolumeConfigurations          []types.ServiceVolumeConfiguration
	VpcLatticeConfigurations      []types.VpcLatticeConfiguration
}

func (s *Service) updateService(_ context.Context, in *updateServiceInput) (*serviceOutput, error) {
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
	if err := s.checkSettings(&next, in.DeploymentConfiguration, in.DeploymentController); err != nil {
		return nil, err
	}
	if in.DesiredCount != nil && next.Scheduling == types.SchedulingStrategyDaemon {
		return nil, daemonDesiredCount()
	}
	if redeploy {
		if err := s.completeRevision(c, &next, &r, cmp.Or(in.TaskDefinition, r.TaskDefinition)); err != nil {
			return nil, err
		}
	}
	if err := checkGrace(&next, r.LoadBalancers); err != nil {
		return nil, err
	}
	if in.DesiredCount != nil && *in.DesiredCount != svc.DesiredCount {
		next.Steady = false
	}
	*svc = next
	if redeploy {
		s.deploy(svc, r, "")
	}
	return &serviceOutput{s.serviceView(svc, true)}, nil
}

// changeRevision takes over what makes a new deployment, and tells whether
// there was any of it. An empty list takes all away; no list changes nothing.
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

func (s *Service) deleteService(_ context.Context, in *deleteServiceInput) (*serviceOutput, error) {
	svc, err := s.service(in.Cluster, in.Service)
	if err != nil {
		return nil, err
	}
	switch {
	case svc.Status == inactive:
		return nil, serviceNotFound()
	case svc.Status == draining:
		return &serviceOutput{s.serviceView(svc, true)}, nil
	case !in.Force && svc.Scheduling == types.SchedulingStrategyReplica && svc.DesiredCount > 0:
		return nil, invalid("The service cannot be stopped while it is scaled above 0.")
	case !in.Force && len(svc.Deployments) > 1:
		return nil, invalid("The service cannot be stopped while deployments are active.")
	}
	svc.Status, svc.DesiredCount = draining, 0
	for _, d := range svc.Deployments {
		s.endOutcome(d, types.ServiceDeploymentStatusStopped, "The service was deleted.")
	}
	return &serviceOutput{s.serviceView(svc, true)}, nil
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

func (s *Service) describeServices(_ context.Context, in *describeServicesInput) (*describeServicesOutput, error) {
	c, err := s.cluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	if len(in.Services) == 0 || len(in.Services) > 10 {
		return nil, invalid("Services cannot be empty, and at most 10: %d were given.", len(in.Services))
	}
	out := &describeServicesOutput{Services: []types.Service{}, Failures: []types.Failure{}}
	for _, name := range in.Services {
		arn := s.acct.ARN("ecs", "service/"+c.Name+"/"+lastPart(name))
		svc := s.state.Services[arn]
		if svc == nil || (strings.HasPrefix(name, "arn:") && name != arn) {
			if strings.HasPrefix(name, "arn:") {
				arn = name
			}
			out.Failures = append(out.Failures, missing(arn))
			continue
		}
		out.Services = append(out.Services, *s.serviceView(svc, slices.Contains(in.Include, types.ServiceFieldTags)))
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

func (s *Service) listServices(_ context.Context, in *listServicesInput) (*listServicesOutput, error) {
	c, err := s.cluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	arns := []string{}
	for _, svc := range s.services() {
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

// services returns all services by ARN.
func (s *Service) services() []*service { return sorted(s.state.Services) }

// serviceView is the service in an answer.
func (s *Service) serviceView(svc *service, tags bool) *types.Service {
	p := svc.shown()
	v := &types.Service{
		ServiceArn: &svc.ARN, ServiceName: &svc.Name, Status: &svc.Status,
		ClusterArn: aws.String(s.acct.ARN("ecs", "cluster/"+svc.Cluster)),
		CreatedAt:  &svc.CreatedAt, CreatedBy: &svc.CreatedBy, DesiredCount: s.desired(svc),
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
	for _, d := range svc.Deployments {
		view := s.deploymentView(svc, d)
		v.Deployments = append(v.Deployments, view)
		v.RunningCount += view.RunningCount
		v.PendingCount += view.PendingCount
	}
	if len(svc.Deployments) > 0 && svc.Controller == types.DeploymentControllerTypeEcs {
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

func (s *Service) deploymentView(svc *service, d *deployment) types.Deployment {
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
		v.DesiredCount = s.desired(svc)
	}
	for _, t := range s.tasksOf(svc) {
		if t.Deployment == d.ID {
			v.RunningCount += countIf(t.LastStatus == running)
			v.PendingCount += countIf(t.live() && t.LastStatus != running)
		}
	}
	return v
}

// tasksOf returns the service's tasks that have not stopped, the oldest first.
func (s *Service) tasksOf(svc *service) []*task {
	var tasks []*task
	for _, t := range s.state.Tasks {
		if t.Service == svc.ARN && t.LastStatus != stopped {
			tasks = append(tasks, t)
		}
	}
	sortTasks(tasks)
	return tasks
}

func sortTasks(tasks []*task) {
	slices.SortFunc(tasks, func(a, b *task) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
}

// sorted returns a map's values in the order of their keys.
func sorted[T any](m map[string]T) []T {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	values := make([]T, 0, len(m))
	for _, k := range keys {
		values = append(values, m[k])
	}
	return values
}

// newTaskID is a task's or container instance's id.
func newTaskID() string { return ids.Hex(32) }

// DesiredCount is how many tasks the active service of the cluster is to run.
func (s *Service) DesiredCount(cluster, name string) (int, bool) {
	svc, err := s.service(cluster, name)
	if err != nil || svc.Status != active {
		return 0, false
	}
	return int(svc.DesiredCount), true
}

// SetDesiredCount changes how many tasks the service runs.
func (s *Service) SetDesiredCount(cluster, name string, n int) error {
	svc, err := s.service(cluster, name)
	if err != nil {
		return err
	}
	if svc.Status != active {
		return serviceNotActive()
	}
	if int(svc.DesiredCount) != n {
		svc.DesiredCount, svc.Steady = int32(n), false //nolint:gosec // a scalable target's capacity fits
		s.acct.Changed()
	}
	return nil
}
