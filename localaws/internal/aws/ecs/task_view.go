package ecs

import (
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ecs/schedule"
)

// views shows records as answers do.
type views struct{ *region }

// task is the task in an answer.
func (s views) task(t *task, tags bool) *types.Task {
	d := &s.revision(t.Definition).Definition
	demand := demandOf(d, t.Overrides)
	instance, zone := s.taskInstance(t), ""
	if instance != nil {
		zone = instance.Attributes[schedule.AttributeZone]
	}
	v := &types.Task{
		TaskArn: &t.ARN, ClusterArn: aws.String(s.arn("cluster/" + t.Cluster)),
		TaskDefinitionArn: d.TaskDefinitionArn, Group: &t.Group, LaunchType: t.LaunchType,
		LastStatus: &t.LastStatus, DesiredStatus: &t.DesiredStatus, EnableExecuteCommand: t.ExecuteCommand,
		Cpu: aws.String(strconv.Itoa(demand.CPU)), Memory: aws.String(strconv.Itoa(demand.MemoryMiB)),
		CreatedAt: at(t.CreatedAt), ConnectivityAt: at(t.ConnectivityAt), PullStartedAt: at(t.PullStartedAt),
		PullStoppedAt: at(t.PullStoppedAt), StartedAt: at(t.StartedAt), StoppingAt: at(t.StoppingAt),
		ExecutionStoppedAt: at(t.ExecutionStopped), StoppedAt: at(t.StoppedAt),
		StopCode: t.StopCode, StoppedReason: text(t.StoppedReason), StartedBy: text(t.StartedBy),
		ContainerInstanceArn: text(t.Instance), CapacityProviderName: text(t.Provider),
		AvailabilityZone: text(zone), Overrides: t.Overrides, Version: t.Version,
		Attachments: []types.Attachment{}, Tags: []types.Tag{}, HealthStatus: s.healthShown(t, d),
	}
	if instance != nil {
		v.Attributes = []types.Attribute{{
			Name: aws.String(schedule.AttributeArchitecture), Value: aws.String(instance.Attributes[schedule.AttributeArchitecture]),
		}}
	}
	if !t.ConnectivityAt.IsZero() {
		v.Connectivity = types.ConnectivityConnected
	}
	if v.Overrides == nil {
		v.Overrides = &types.TaskOverride{ContainerOverrides: []types.ContainerOverride{}}
		for _, c := range d.ContainerDefinitions {
			v.Overrides.ContainerOverrides = append(v.Overrides.ContainerOverrides, types.ContainerOverride{Name: c.Name})
		}
	}
	if tags {
		v.Tags = tagList(t.Tags)
	}
	for i := range d.ContainerDefinitions {
		v.Containers = append(v.Containers, s.container(t, &d.ContainerDefinitions[i]))
	}
	return v
}

// healthShown is UNKNOWN without container health checks.
func (s views) healthShown(t *task, d *types.TaskDefinition) types.HealthStatus {
	for _, c := range d.ContainerDefinitions {
		if c.HealthCheck != nil && aws.ToBool(c.Essential) {
			return t.containerHealth(s.revision(t.Definition))
		}
	}
	return types.HealthStatusUnknown
}

func (s views) container(t *task, d *types.ContainerDefinition) types.Container {
	name := aws.ToString(d.Name)
	report := t.container(name)
	status := report.Status
	if status == "" {
		status = pending
		if t.LastStatus == stopped {
			status = stopped
		}
	}
	v := types.Container{
		Name: d.Name, Image: d.Image, TaskArn: &t.ARN,
		ContainerArn: aws.String(s.arn("container/" + t.Cluster + "/" + t.ID + "/" + t.ContainerIDs[name])),
		LastStatus:   &status, ExitCode: report.ExitCode, Reason: text(report.Reason),
		RuntimeId: text(report.RuntimeID), ImageDigest: text(report.ImageDigest),
		NetworkBindings: list(report.Bindings), NetworkInterfaces: []types.NetworkInterface{},
		Cpu: aws.String(strconv.Itoa(int(d.Cpu))), HealthStatus: report.Health, GpuIds: t.GPUs[name],
	}
	if v.HealthStatus == "" {
		v.HealthStatus = types.HealthStatusUnknown
	}
	if d.Memory != nil {
		v.Memory = aws.String(strconv.Itoa(int(*d.Memory)))
	}
	if d.MemoryReservation != nil {
		v.MemoryReservation = aws.String(strconv.Itoa(int(*d.MemoryReservation)))
	}
	return v
}
