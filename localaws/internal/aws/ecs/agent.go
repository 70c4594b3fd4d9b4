package ecs

import (
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
)

// Attributes that every container instance has,
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-placement-constraints.html.
const (
	attributeZone         = "ecs.availability-zone"
	attributeType         = "ecs.instance-type"
	attributeImage        = "ecs.ami-id"
	attributeOS           = "ecs.os-type"
	attributeArchitecture = "ecs.cpu-architecture"
	attributeSubnet       = "ecs.subnet-id"
	attributeVPC          = "ecs.vpc-id"
)

// Register makes a container instance of an EC2 instance, or returns the one
// that it already is. The cluster must be ACTIVE.
func (s *Service) Register(r Registration) (containerInstanceARN string, err error) {
	c, err := s.cluster(r.Cluster)
	if err != nil {
		return "", err
	}
	for _, i := range s.state.Instances {
		if i.EC2ID == r.EC2InstanceID && i.Cluster == c.Name {
			i.Registration = r
			s.setConnected(i, true)
			return i.ARN, nil
		}
	}
	machine, ok := s.machines.Instance(r.EC2InstanceID)
	if !ok {
		return "", invalid("EC2 instance %s does not exist.", r.EC2InstanceID)
	}
	id := newTaskID()
	i := &containerInstance{
		ARN: s.acct.ARN("ecs", "container-instance/"+c.Name+"/"+id), ID: id, Cluster: c.Name, EC2ID: r.EC2InstanceID,
		Status: active, Connected: true, Registration: r, RegisteredAt: s.acct.Clock.Now(),
		Tags: core.Tags{}, Version: 1,
		Attributes: map[string]string{
			attributeZone: machine.AvailabilityZone, attributeType: machine.Type, attributeImage: machine.ImageID,
			attributeOS: "linux", attributeArchitecture: machine.Architecture,
			attributeSubnet: machine.SubnetID, attributeVPC: machine.VPCID,
		},
	}
	maps.Copy(i.Attributes, r.Attributes)
	s.state.Instances[i.ARN] = i
	s.emitInstance(i)
	s.acct.Changed()
	return i.ARN, nil
}

// SetAgentConnected notes whether the agent can reach ECS. While it can't,
// nothing is placed on the instance and its tasks can't be stopped.
func (s *Service) SetAgentConnected(containerInstanceARN string, connected bool) {
	if i := s.state.Instances[containerInstanceARN]; i != nil {
		s.setConnected(i, connected)
	}
}

func (s *Service) setConnected(i *containerInstance, connected bool) {
	if i.Connected == connected {
		return
	}
	i.Connected = connected
	i.Version++
	s.emitInstance(i)
	s.acct.Changed()
}

// Deregister forgets a container instance whose machine is gone. Its tasks are
// over.
func (s *Service) Deregister(containerInstanceARN string) {
	i := s.state.Instances[containerInstanceARN]
	if i == nil {
		return
	}
	for _, t := range s.state.Tasks {
		if t.Instance == i.ARN && t.LastStatus != stopped {
			if t.StoppedReason == "" {
				t.StoppedReason = "Host EC2 (instance " + i.EC2ID + ") terminated."
				t.StopCode = types.TaskStopCodeTerminationNotice
			}
			s.finish(t)
		}
	}
	delete(s.state.Instances, i.ARN)
	s.acct.Changed()
}

// ContainerInstanceOf returns the container instance that an EC2 instance is.
func (s *Service) ContainerInstanceOf(ec2InstanceID string) (arn string, ok bool) {
	for _, i := range s.state.Instances {
		if i.EC2ID == ec2InstanceID {
			return i.ARN, true
		}
	}
	return "", false
}

// Assignments returns the instance's tasks that have not stopped, the oldest
// first. An agent that can't reach ECS is told nothing new: it gets no task to
// start and none to stop.
func (s *Service) Assignments(containerInstanceARN string) []Assignment {
	i := s.state.Instances[containerInstanceARN]
	if i == nil {
		return nil
	}
	var tasks []*task
	for _, t := range s.state.Tasks {
		if t.Instance == i.ARN && t.LastStatus != stopped {
			tasks = append(tasks, t)
		}
	}
	sortTasks(tasks)
	var assignments []Assignment
	for _, t := range tasks {
		if a, ok := s.assignment(t); ok {
			a.Stop = a.Stop && i.Connected
			assignments = append(assignments, a)
		}
	}
	return assignments
}

func (s *Service) assignment(t *task) (Assignment, bool) {
	stored := s.state.Definitions[t.Definition]
	if stored == nil {
		return Assignment{}, false
	}
	d := &stored.Definition
	a := Assignment{
		TaskARN: t.ARN, TaskID: t.ID, ClusterName: t.Cluster, Family: aws.ToString(d.Family), Revision: d.Revision,
		ServiceName: serviceNameOf(t), ExecutionRoleARN: aws.ToString(d.ExecutionRoleArn), TaskRoleARN: aws.ToString(d.TaskRoleArn),
		NetworkMode: d.NetworkMode, Volumes: slices.Clone(d.Volumes), Containers: overridden(d, t.Overrides),
		Status: t.agentStatus(), Stop: t.LastStatus == stopping, Bindings: map[string][]types.NetworkBinding{},
		GPUs: maps.Clone(t.GPUs),
	}
	if o := t.Overrides; o != nil {
		if o.ExecutionRoleArn != nil {
			a.ExecutionRoleARN = *o.ExecutionRoleArn
		}
		if o.TaskRoleArn != nil {
			a.TaskRoleARN = *o.TaskRoleArn
		}
	}
	for _, c := range t.Containers {
		if len(c.Bindings) > 0 {
			a.Bindings[c.Name] = slices.Clone(c.Bindings)
		}
	}
	return a, true
}

func serviceNameOf(t *task) string {
	if t.Service == "" {
		return ""
	}
	return lastPart(t.Service)
}

// agentStatus is the task's status in the agent's three words.
func (t *task) agentStatus() string {
	switch t.LastStatus {
	case running, deactivating:
		return running
	case stopping:
		if !t.StartedAt.IsZero() {
			return running
		}
	case stopped:
		return stopped
	}
	return pending
}

// overridden are the definition's containers with RunTask's overrides.
func overridden(d *types.TaskDefinition, o *types.TaskOverride) []types.ContainerDefinition {
	containers := slices.Clone(d.ContainerDefinitions)
	if o == nil {
		return containers
	}
	for i := range containers {
		c := &containers[i]
		for _, change := range o.ContainerOverrides {
			if aws.ToString(change.Name) != aws.ToString(c.Name) {
				continue
			}
			if change.Command != nil {
				c.Command = change.Command
			}
			if change.Cpu != nil {
				c.Cpu = *change.Cpu
			}
			setTo(&c.Memory, change.Memory)
			setTo(&c.MemoryReservation, change.MemoryReservation)
			c.Environment = mergedEnvironment(c.Environment, change.Environment)
		}
	}
	return containers
}

func mergedEnvironment(base, more []types.KeyValuePair) []types.KeyValuePair {
	all := slices.Clone(base)
	for _, pair := range more {
		at := slices.IndexFunc(all, func(p types.KeyValuePair) bool { return aws.ToString(p.Name) == aws.ToString(pair.Name) })
		if at >= 0 {
			all[at] = pair
		} else {
			all = append(all, pair)
		}
	}
	return all
}

// Report takes what the agent tells about a task. Reports of tasks that are
// not known or have stopped are ignored.
func (s *Service) Report(taskARN string, r TaskReport) {
	t := s.state.Tasks[taskARN]
	if t == nil || t.LastStatus == stopped {
		return
	}
	before := t.LastStatus
	now := s.acct.Clock.Now()
	if until, restored := s.recovering[t.ARN]; restored && until.IsZero() && r.Status == running {
		s.recovering[t.ARN] = s.acct.Clock.In(recovery)
	}
	t.Containers = withBindings(r.Containers, t.Containers)
	first(&t.ConnectivityAt, now)
	first(&t.PullStartedAt, r.PullStartedAt)
	first(&t.PullStoppedAt, r.PullStoppedAt)
	switch r.Status {
	case running:
		first(&t.StartedAt, now)
		if t.LastStatus == pending {
			t.LastStatus = running
		}
	case stopped:
		// What ECS asked for is the reason; what the task did alone is its own.
		if t.DesiredStatus != stopped {
			t.StoppedReason, t.StopCode = r.StoppedReason, r.StopCode
		}
		s.finish(t)
	}
	if t.LastStatus != before && t.LastStatus != stopped {
		t.Version++
		s.emitTask(t)
	}
	s.acct.Changed()
}

// withBindings keeps the bindings that a report leaves out while its container
// has not stopped.
func withBindings(report, before []ContainerReport) []ContainerReport {
	containers := slices.Clone(report)
	for i := range containers {
		c := &containers[i]
		at := slices.IndexFunc(before, func(o ContainerReport) bool { return o.Name == c.Name })
		if at >= 0 && len(c.Bindings) == 0 && c.Status != stopped {
			c.Bindings = before[at].Bindings
		}
	}
	return containers
}

func first(t *time.Time, value time.Time) {
	if t.IsZero() {
		*t = value
	}
}

// ReportUsage takes what a task's containers use: CPU units (1024 a vCPU) and
// MiB. It becomes CPUUtilization and MemoryUtilization of service and cluster.
func (s *Service) ReportUsage(taskARN string, cpuUnits, memoryMiB float64) {
	if t := s.state.Tasks[taskARN]; t != nil && t.LastStatus == running {
		t.UsedCPU, t.UsedMemory, t.UsageAt = cpuUnits, memoryMiB, s.acct.Clock.Now()
	}
}
