package ecs

import (
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ecs/schedule"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
)

// Attributes that every container instance has beside those that placement
// reads,
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-placement-constraints.html.
const (
	attributeType   = "ecs.instance-type"
	attributeImage  = "ecs.ami-id"
	attributeOS     = "ecs.os-type"
	attributeSubnet = "ecs.subnet-id"
	attributeVPC    = "ecs.vpc-id"
)

// agents is what the agents of container instances tell ECS and ask it.
type agents struct{ life }

// Register makes a container instance of an EC2 instance, or returns the one
// that it already is. The cluster must be ACTIVE.
func (s agents) Register(r Registration) (containerInstanceARN string, err error) {
	c, err := s.cluster(r.Cluster)
	if err != nil {
		return "", err
	}
	for _, i := range s.instances(c.Name) {
		if i.EC2ID == r.EC2InstanceID {
			s.state.Instances.Change(i.ARN)
			i.Registration = r
			s.setConnected(i, true)
			return i.ARN, nil
		}
	}
	machine, ok := s.machines.Instance(r.EC2InstanceID)
	if !ok {
		return "", invalid("EC2 instance %s does not exist.", r.EC2InstanceID)
	}
	id := newID()
	i := &containerInstance{
		ARN: s.arn("container-instance/" + c.Name + "/" + id), ID: id, Cluster: c.Name, EC2ID: r.EC2InstanceID,
		Status: active, Connected: true, Registration: r, RegisteredAt: s.acct.Clock.Now(),
		Tags: core.Tags{}, Version: 1,
		Attributes: map[string]string{
			schedule.AttributeZone: machine.AvailabilityZone, attributeType: machine.Type, attributeImage: machine.ImageID,
			attributeOS: "linux", schedule.AttributeArchitecture: machine.Architecture,
			attributeSubnet: machine.SubnetID, attributeVPC: machine.VPCID,
		},
	}
	maps.Copy(i.Attributes, r.Attributes)
	s.state.Instances.Put(i.ARN, i)
	s.emitInstance(i)
	s.acct.Changed()
	return i.ARN, nil
}

// SetAgentConnected notes whether the agent can reach ECS. While it can't,
// nothing is placed on the instance and its tasks can't be stopped.
func (s agents) SetAgentConnected(containerInstanceARN string, connected bool) {
	if i, _ := s.state.Instances.Get(containerInstanceARN); i != nil {
		s.setConnected(i, connected)
	}
}

func (s agents) setConnected(i *containerInstance, connected bool) {
	if i.Connected == connected {
		return
	}
	s.state.Instances.Change(i.ARN)
	i.Connected = connected
	i.Version++
	s.emitInstance(i)
	s.acct.Changed()
}

// Deregister forgets a container instance whose machine is gone. Its tasks are
// over.
func (s agents) Deregister(containerInstanceARN string) {
	i, _ := s.state.Instances.Get(containerInstanceARN)
	if i == nil {
		return
	}
	s.loseInstance(i)
	s.acct.Changed()
}

// ContainerInstanceOf returns the container instance that an EC2 instance is.
func (s agents) ContainerInstanceOf(ec2InstanceID string) (arn string, ok bool) {
	if i := s.instanceOf(ec2InstanceID); i != nil {
		return i.ARN, true
	}
	return "", false
}

// Assignments returns the instance's tasks that have not stopped, the oldest
// first. An agent that can't reach ECS is told nothing new: it gets no task to
// start and none to stop.
func (s agents) Assignments(containerInstanceARN string) []Assignment {
	i, _ := s.state.Instances.Get(containerInstanceARN)
	if i == nil {
		return nil
	}
	var assignments []Assignment
	for _, t := range s.tasksOn(i) {
		if a, ok := s.assignment(t); ok {
			a.Stop = a.Stop && i.Connected
			assignments = append(assignments, a)
		}
	}
	return assignments
}

func (s agents) assignment(t *task) (Assignment, bool) {
	stored := s.revision(t.Definition)
	if stored == nil {
		return Assignment{}, false
	}
	d := &stored.Definition
	a := Assignment{
		TaskARN: t.ARN, TaskID: t.ID, ClusterName: t.Cluster, Family: aws.ToString(d.Family), Revision: d.Revision,
		ServiceName: lastPart(t.Service), ExecutionRoleARN: aws.ToString(d.ExecutionRoleArn), TaskRoleARN: aws.ToString(d.TaskRoleArn),
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

// recovery is how long a task may be unhealthy once its containers run again
// after a restart of localaws.
const recovery = 10 * time.Minute

// Report takes what the agent reports about a task. Reports of tasks that are
// not known or have stopped are ignored.
func (s agents) Report(taskARN string, r TaskReport) {
	t, _ := s.state.Tasks.Get(taskARN)
	if t == nil || t.LastStatus == stopped {
		return
	}
	s.change(t)
	before := t.LastStatus
	now := s.acct.Clock.Now()
	if _, reported := s.reported[t.ARN]; !reported && r.Status == running {
		s.reported[t.ARN] = time.Time{}
		if t.LastStatus == running { // before a restart of localaws
			s.reported[t.ARN] = s.acct.Clock.In(recovery)
		}
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
		// The reason is ECS's if ECS stopped the task, else the task's own.
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

// ReportUsage takes what a task's containers use: CPU units (1024 a vCPU) and
// MiB. It becomes CPUUtilization and MemoryUtilization of service and cluster.
func (s agents) ReportUsage(taskARN string, cpuUnits, memoryMiB float64) {
	if t, _ := s.state.Tasks.Get(taskARN); t != nil && t.LastStatus == running {
		s.usage[taskARN] = usage{cpuUnits, memoryMiB, s.acct.Clock.Now()}
	}
}
