package ecs

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// clusterAPI is the API of clusters.
type clusterAPI struct{ *region }

func (s clusterAPI) operations() []wire.Operation {
	return []wire.Operation{
		wire.Op("CreateCluster", s.createCluster),
		wire.ReadOp("DescribeClusters", s.describeClusters),
		wire.ReadOp("ListClusters", s.listClusters),
		wire.Op("UpdateCluster", s.updateCluster),
		wire.Op("UpdateClusterSettings", s.updateClusterSettings),
		wire.Op("PutClusterCapacityProviders", s.putClusterCapacityProviders),
		wire.Op("DeleteCluster", s.deleteCluster),
	}
}

type createClusterInput struct {
	ClusterName                     string
	Tags                            []types.Tag
	Settings                        []types.ClusterSetting
	Configuration                   *types.ClusterConfiguration
	CapacityProviders               []string
	DefaultCapacityProviderStrategy []types.CapacityProviderStrategyItem
	ServiceConnectDefaults          *types.ClusterServiceConnectDefaultsRequest
}

type clusterOutput struct{ Cluster *types.Cluster }

func (s clusterAPI) createCluster(_ context.Context, in *createClusterInput) (*clusterOutput, error) {
	name := in.ClusterName
	if name == "" {
		name = defaultCluster
	}
	if !resourceName.MatchString(name) {
		return nil, invalid("Cluster name %q must match %s.", name, resourceName)
	}
	c, _ := s.state.Clusters.Get(name)
	if c != nil && c.Status == active {
		return &clusterOutput{s.clusterView(c, nil)}, nil // creating twice is allowed
	}
	c = &cluster{
		Name: name, ARN: s.arn("cluster/" + name), Status: active,
		Configuration: in.Configuration, Tags: tagMap(in.Tags), ConnectDefaults: connectDefaults(in.ServiceConnectDefaults),
	}
	var err error
	if c.Settings, err = s.clusterSettings(nil, in.Settings); err != nil {
		return nil, err
	}
	if err := s.checkStrategy(in.CapacityProviders, in.DefaultCapacityProviderStrategy); err != nil {
		return nil, err
	}
	c.Providers, c.Strategy = in.CapacityProviders, in.DefaultCapacityProviderStrategy
	s.state.Clusters.Put(name, c)
	return &clusterOutput{s.clusterView(c, allClusterFields)}, nil
}

// clusterSettings merges settings; container insights default to the
// account's setting.
func (s clusterAPI) clusterSettings(have, given []types.ClusterSetting) ([]types.ClusterSetting, error) {
	value := s.setting("containerInsights")
	for _, setting := range slices.Concat(have, given) {
		if setting.Name != types.ClusterSettingNameContainerInsights {
			return nil, invalid("Invalid cluster setting %q: the only one is containerInsights.", setting.Name)
		}
		value = aws.ToString(setting.Value)
		if !slices.Contains([]string{"enabled", "disabled", "enhanced"}, value) {
			return nil, invalid("Invalid value %q for containerInsights: enabled, enhanced or disabled.", value)
		}
	}
	return []types.ClusterSetting{{Name: types.ClusterSettingNameContainerInsights, Value: &value}}, nil
}

func connectDefaults(in *types.ClusterServiceConnectDefaultsRequest) *types.ClusterServiceConnectDefaults {
	if in == nil || aws.ToString(in.Namespace) == "" {
		return nil
	}
	return &types.ClusterServiceConnectDefaults{Namespace: in.Namespace}
}

type describeClustersInput struct {
	Clusters []string
	Include  []types.ClusterField
}

type describeClustersOutput struct {
	Clusters []types.Cluster
	Failures []types.Failure
}

var allClusterFields = []types.ClusterField{
	types.ClusterFieldAttachments, types.ClusterFieldConfigurations, types.ClusterFieldSettings,
	types.ClusterFieldStatistics, types.ClusterFieldTags,
}

func (s clusterAPI) describeClusters(_ context.Context, in *describeClustersInput) (*describeClustersOutput, error) {
	names := in.Clusters
	if len(names) == 0 {
		names = []string{defaultCluster}
	}
	out := &describeClustersOutput{Clusters: []types.Cluster{}, Failures: []types.Failure{}}
	for _, name := range names {
		c, _ := s.state.Clusters.Get(clusterName(name))
		if c == nil {
			arn := s.arn("cluster/" + clusterName(name))
			out.Failures = append(out.Failures, missing(arn))
			continue
		}
		out.Clusters = append(out.Clusters, *s.clusterView(c, in.Include))
	}
	return out, nil
}

func (s clusterAPI) clusterView(c *cluster, include []types.ClusterField) *types.Cluster {
	v := &types.Cluster{
		ClusterArn: &c.ARN, ClusterName: &c.Name, Status: &c.Status,
		CapacityProviders: list(c.Providers), DefaultCapacityProviderStrategy: list(c.Strategy),
		ServiceConnectDefaults: c.ConnectDefaults,
		Settings:               []types.ClusterSetting{}, Statistics: []types.KeyValuePair{}, Tags: []types.Tag{},
	}
	for _, svc := range s.state.Services.All() {
		if svc.Cluster == c.Name && svc.Status == active {
			v.ActiveServicesCount++
		}
	}
	for _, t := range s.state.Tasks.All() {
		if t.Cluster == c.Name {
			v.RunningTasksCount += countIf(t.LastStatus == running)
			v.PendingTasksCount += countIf(t.LastStatus == pending || t.LastStatus == provisioning)
		}
	}
	for _, i := range s.state.Instances.All() {
		v.RegisteredContainerInstancesCount += countIf(i.Cluster == c.Name)
	}
	if slices.Contains(include, types.ClusterFieldSettings) {
		v.Settings = c.Settings
	}
	if slices.Contains(include, types.ClusterFieldConfigurations) {
		v.Configuration = c.Configuration
	}
	if slices.Contains(include, types.ClusterFieldTags) {
		v.Tags = tagList(c.Tags)
	}
	if slices.Contains(include, types.ClusterFieldAttachments) && len(c.Providers) > 0 {
		v.AttachmentsStatus = aws.String("UPDATE_COMPLETE")
	}
	if slices.Contains(include, types.ClusterFieldStatistics) {
		v.Statistics = s.clusterStatistics(c)
	}
	return v
}

func (s clusterAPI) clusterStatistics(c *cluster) []types.KeyValuePair {
	n := map[string]int{}
	for _, t := range s.state.Tasks.All() {
		if t.Cluster == c.Name {
			n["runningEC2TasksCount"] += int(countIf(t.LastStatus == running))
			n["pendingEC2TasksCount"] += int(countIf(t.LastStatus == pending || t.LastStatus == provisioning))
		}
	}
	for _, svc := range s.state.Services.All() {
		if svc.Cluster == c.Name {
			n["activeEC2ServiceCount"] += int(countIf(svc.Status == active))
			n["drainingEC2ServiceCount"] += int(countIf(svc.Status == draining))
		}
	}
	var pairs []types.KeyValuePair
	for _, name := range []string{"activeEC2ServiceCount", "drainingEC2ServiceCount", "pendingEC2TasksCount", "runningEC2TasksCount"} {
		pairs = append(pairs, types.KeyValuePair{Name: &name, Value: aws.String(fmt.Sprint(n[name]))})
	}
	return pairs
}

type listClustersInput struct {
	MaxResults *int32
	NextToken  string
}

type listClustersOutput struct {
	ClusterArns []string
	NextToken   string
}

func (s clusterAPI) listClusters(_ context.Context, in *listClustersInput) (*listClustersOutput, error) {
	var arns []string
	for _, c := range s.state.Clusters.All() {
		if c.Status == active {
			arns = append(arns, c.ARN)
		}
	}
	arns, next, err := page(arns, in.MaxResults, in.NextToken)
	return &listClustersOutput{arns, next}, err
}

type updateClusterInput struct {
	Cluster                string
	Settings               []types.ClusterSetting
	Configuration          *types.ClusterConfiguration
	ServiceConnectDefaults *types.ClusterServiceConnectDefaultsRequest
}

func (s clusterAPI) updateCluster(_ context.Context, in *updateClusterInput) (*clusterOutput, error) {
	c, err := s.cluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	settings, err := s.clusterSettings(c.Settings, in.Settings)
	if err != nil {
		return nil, err
	}
	s.state.Clusters.Change(c.Name)
	c.Settings = settings
	if in.Configuration != nil {
		c.Configuration = in.Configuration
	}
	if in.ServiceConnectDefaults != nil {
		c.ConnectDefaults = connectDefaults(in.ServiceConnectDefaults)
	}
	return &clusterOutput{s.clusterView(c, allClusterFields)}, nil
}

type updateClusterSettingsInput struct {
	Cluster  string
	Settings []types.ClusterSetting
}

func (s clusterAPI) updateClusterSettings(ctx context.Context, in *updateClusterSettingsInput) (*clusterOutput, error) {
	return s.updateCluster(ctx, &updateClusterInput{Cluster: in.Cluster, Settings: in.Settings})
}

type deleteClusterInput struct{ Cluster string }

func (s clusterAPI) deleteCluster(_ context.Context, in *deleteClusterInput) (*clusterOutput, error) {
	c, err := s.cluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	for _, i := range s.state.Instances.All() {
		if i.Cluster == c.Name {
			return nil, clusterContains("ContainerInstances")
		}
	}
	for _, svc := range s.state.Services.All() {
		if svc.Cluster == c.Name && svc.Status != inactive {
			return nil, clusterContains("Services")
		}
	}
	for _, t := range s.state.Tasks.All() {
		if t.Cluster == c.Name && t.LastStatus != stopped {
			return nil, clusterContains("Tasks")
		}
	}
	s.state.Clusters.Change(c.Name)
	c.Status, c.Providers, c.Strategy, c.Tags = inactive, nil, nil, core.Tags{}
	return &clusterOutput{s.clusterView(c, nil)}, nil
}

type putClusterProvidersInput struct {
	Cluster                         string
	CapacityProviders               []string
	DefaultCapacityProviderStrategy []types.CapacityProviderStrategyItem
}

func (s clusterAPI) putClusterCapacityProviders(_ context.Context, in *putClusterProvidersInput) (*clusterOutput, error) {
	c, err := s.cluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	if err := s.checkStrategy(in.CapacityProviders, in.DefaultCapacityProviderStrategy); err != nil {
		return nil, err
	}
	for _, name := range c.Providers {
		if !slices.Contains(in.CapacityProviders, name) && s.providerUsed(c, name) {
			return nil, providerInUse(name)
		}
	}
	s.state.Clusters.Change(c.Name)
	c.Providers = slices.Clone(in.CapacityProviders)
	c.Strategy = in.DefaultCapacityProviderStrategy
	return &clusterOutput{s.clusterView(c, allClusterFields)}, nil
}

// providerUsed reports whether a service's deployments or tasks of the cluster
// use the capacity provider.
func (s clusterAPI) providerUsed(c *cluster, provider string) bool {
	for _, svc := range s.state.Services.All() {
		if svc.Cluster != c.Name || svc.Status == inactive {
			continue
		}
		for _, d := range svc.deployments() {
			for _, item := range d.Revision.Strategy {
				if aws.ToString(item.CapacityProvider) == provider {
					return true
				}
			}
		}
	}
	for _, t := range s.state.Tasks.All() {
		if t.Cluster == c.Name && t.Provider == provider && t.LastStatus != stopped {
			return true
		}
	}
	return false
}

// checkStrategy checks a cluster's capacity providers and its default
// strategy of them.
func (s clusterAPI) checkStrategy(providers []string, strategy []types.CapacityProviderStrategyItem) error {
	for _, name := range providers {
		if name == "FARGATE" || name == "FARGATE_SPOT" {
			return invalid("localaws does not support capacity provider %s: it runs tasks on EC2 instances.", name)
		}
		if p := s.provider(name); p == nil || p.Status != active {
			return providerNotFound(name)
		}
	}
	return checkItems(providers, strategy)
}
