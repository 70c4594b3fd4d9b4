package ecs

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// hostPort is where the container's port is bound on the instance, 0 if it is
// not known.
func (t *task) hostPort(container string, port int32) int32 {
	for _, c := range t.Containers {
		if c.Name != container {
			continue
		}
		for _, b := range c.Bindings {
			if aws.ToInt32(b.ContainerPort) == port {
				return aws.ToInt32(b.HostPort)
			}
		}
	}
	return 0
}

// containerHealth is the task's health by the checks of its essential
// containers; a task without checks is healthy.
func (t *task) containerHealth(d *taskDefinition) types.HealthStatus {
	if d == nil {
		return types.HealthStatusHealthy
	}
	health := types.HealthStatusHealthy
	for _, c := range d.Definition.ContainerDefinitions {
		if c.HealthCheck == nil || c.HealthCheck.Command[0] == "NONE" || !aws.ToBool(c.Essential) {
			continue
		}
		switch t.container(aws.ToString(c.Name)).Health {
		case types.HealthStatusUnhealthy:
			return types.HealthStatusUnhealthy
		case types.HealthStatusHealthy:
		default:
			health = types.HealthStatusUnknown
		}
	}
	return health
}

func (t *task) container(name string) ContainerReport {
	for _, c := range t.Containers {
		if c.Name == name {
			return c
		}
	}
	return ContainerReport{}
}

// first sets a moment that is not known yet.
func first(t *time.Time, value time.Time) {
	if t.IsZero() {
		*t = value
	}
}

// setTo takes over a value that was given.
func setTo[T any](to **T, given *T) {
	if given != nil {
		*to = given
	}
}
