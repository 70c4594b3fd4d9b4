package ecs

import (
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

type registerDefinitionInput struct {
	Family                  string
	ContainerDefinitions    []types.ContainerDefinition
	CPU                     *string `aws:"cpu"`
	Memory                  *string
	EnableFaultInjection    *bool
	EphemeralStorage        *types.EphemeralStorage
	ExecutionRoleArn        *string
	TaskRoleArn             *string
	IpcMode                 types.IpcMode
	PidMode                 types.PidMode
	NetworkMode             types.NetworkMode
	PlacementConstraints    []types.TaskDefinitionPlacementConstraint
	ProxyConfiguration      *types.ProxyConfiguration
	RequiresCompatibilities []types.Compatibility
	RuntimePlatform         *types.RuntimePlatform
	Volumes                 []types.Volume
	Tags                    []types.Tag
}
