package ecs

import (
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
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
