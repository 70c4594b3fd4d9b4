package ecs

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// metricsPeriod is how often ECS sends data points.
const metricsPeriod = time.Minute

// putMetrics sends data points of services, clusters and capacity providers
// once a minute,
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/available-metrics.html.
func (s *Service) putMetrics() {
	if s.metrics == nil || !s.due(s.state.MetricsAt) {
		return
	}
	s.state.MetricsAt = s.acct.Clock.In(metricsPeriod)
	s.wake(s.state.MetricsAt)
	for _, c := range sorted(s.state.Clusters) {
		if c.Status == active {
			s.putClusterMetrics(c)
		}
	}
	for _, svc := range s.services() {
		if svc.Status == active {
			s.putUtilization(s.tasksOf(svc), map[string]string{"ClusterName": svc.Cluster, "ServiceName": svc.Name})
		}
	}
	for _, p := range sorted(s.state.Providers) {
		s.putReservation(p)
	}
}

// usageValid is for how long ECS goes by what an agent told last.
const usageValid = 3 * metricsPeriod

// putUtilization sends what tasks use in percent of what they reserved, as far
// as agents have told lately.
func (s *Service) putUtilization(tasks []*task, dimensions map[string]string) {
	var used, reserved struct{ cpu, memory float64 }
	known, oldest := false, s.acct.Clock.Now().Add(-s.acct.Clock.Real(usageValid))
	for _, t := range tasks {
		d := s.state.Definitions[t.Definition]
		if t.UsageAt.IsZero() || t.UsageAt.Before(oldest) || d == nil || t.LastStatus != running {
			continue
		}
		n := demandOf(&d.Definition, t.Overrides)
		known = true
		used.cpu += t.UsedCPU
		used.memory += t.UsedMemory
		reserved.cpu += float64(n.cpu)
		reserved.memory += float64(n.memory)
	}
	if !known {
		return
	}
	if reserved.cpu > 0 {
		s.metrics.Put("AWS/ECS", "CPUUtilization", dimensions, 100*used.cpu/reserved.cpu, "Percent")
	}
	if reserved.memory > 0 {
		s.metrics.Put("AWS/ECS", "MemoryUtilization", dimensions, 100*used.memory/reserved.memory, "Percent")
	}
}

// putClusterMetrics sends how much of the instances' CPU and memory tasks have
// reserved.
func (s *Service) putClusterMetrics(c *cluster) {
	var cpu, memory, freeCPU, freeMemory int
	for _, i := range s.instances(c.Name) {
		left := s.remaining(i)
		cpu += i.Registration.CPUUnits
		memory += i.Registration.MemoryMiB
		freeCPU += left.cpu
		freeMemory += left.memory
	}
	if cpu == 0 || memory == 0 {
		return
	}
	dimensions := map[string]string{"ClusterName": c.Name}
	s.metrics.Put("AWS/ECS", "CPUReservation", dimensions, 100*float64(cpu-freeCPU)/float64(cpu), "Percent")
	s.metrics.Put("AWS/ECS", "MemoryReservation", dimensions, 100*float64(memory-freeMemory)/float64(memory), "Percent")
	var tasks []*task
	for _, t := range s.state.Tasks {
		if t.Cluster == c.Name {
			tasks = append(tasks, t)
		}
	}
	s.putUtilization(tasks, dimensions)
}

// putReservation sends the metric that managed scaling goes by: the instances
// needed in percent of those there are; 100 when neither are, 200 when tasks
// wait and there is none.
func (s *Service) putReservation(p *capacityProvider) {
	group, ok := s.groups.Group(p.GroupARN)
	if !ok || p.Status != active || p.ManagedScaling.Status != types.ManagedScalingStatusEnabled {
		return
	}
	for _, c := range s.clustersOf(p) {
		needed := s.busy(c, group) + s.instancesFor(p, c, group, s.waitingTasks(p, c))
		value := 100.0
		switch have := len(group.Instances); {
		case have > 0:
			value = 100 * float64(needed) / float64(have)
		case needed > 0:
			value = 200
		}
		s.metrics.Put("AWS/ECS/ManagedScaling", "CapacityProviderReservation",
			map[string]string{"CapacityProviderName": p.Name, "ClusterName": c.Name}, value, "Percent")
	}
}
