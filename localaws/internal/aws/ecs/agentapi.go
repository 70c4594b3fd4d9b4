package ecs

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Registration is what an ECS agent says of its instance when it joins.
type Registration struct {
	Cluster       string
	EC2InstanceID string
	CPUUnits      int // 1024 a vCPU
	MemoryMiB     int // what the system leaves for tasks
	GPUs          []string
	AgentVersion  string
	DockerVersion string
	Attributes    map[string]string // such as ecs.instance-type
}

// Assignment is a task as the agent of its container instance sees it.
type Assignment struct {
	TaskARN          string
	TaskID           string
	ClusterName      string
	Family           string
	Revision         int32
	ServiceName      string // "" for a task of no service
	ExecutionRoleARN string
	TaskRoleARN      string
	NetworkMode      types.NetworkMode
	Volumes          []types.Volume
	Containers       []types.ContainerDefinition
	// Status is the last status that is known: PENDING, RUNNING, STOPPED.
	Status string
	// Stop says that the task is to be stopped.
	Stop bool
	// Bindings are the host ports that the task's containers already have,
	// by container name; after a restart they are bound again.
	Bindings map[string][]types.NetworkBinding
	// GPUs are the ids of those that containers have to themselves, by
	// container name.
	GPUs map[string][]string
}

// TaskReport is what an agent tells about a task, whole each time.
type TaskReport struct {
	Status        string // PENDING, RUNNING, STOPPED
	PullStartedAt time.Time
	PullStoppedAt time.Time
	// StoppedReason and StopCode are given with STOPPED: such as
	// "Essential container in task exited", EssentialContainerExited; or
	// "CannotPullContainerError: ...", TaskFailedToStart.
	StoppedReason string
	StopCode      types.TaskStopCode
	Containers    []ContainerReport
}

// ContainerReport is one container of a TaskReport.
type ContainerReport struct {
	Name        string
	Status      string // PENDING, RUNNING, STOPPED
	RuntimeID   string
	ImageDigest string
	Reason      string
	ExitCode    *int32
	Bindings    []types.NetworkBinding
	Health      types.HealthStatus
}
