package ecs

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// metricsPeriod is how often ECS sends data points.
const metricsPeriod = time.Minute

// meter sends data points of services, clusters and capacity providers,
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/available-metrics.html.
type meter struct {
	*region
	metrics Metrics   // nil drops them
	next    time.Time // when the next data points are due
}

// send sends the data points that are due in a step.
func (m *meter) send(s scaler) {
	if m.metrics == nil || !s.agenda.due(m.next) {
		return
	}
	m.next = m.acct.Clock.In(metricsPeriod)
	s.agenda.wake(m.next)
	for _, c := range m.state.Clusters.All() {
		if c.Status == active {
			m.sendCluster(c)
		}
	}
	for _, svc := range m.state.Services.All() {
		if svc.Status == active {
			m.sendUtilization(m.tasksOf(svc), map[string]string{"ClusterName": svc.Cluster, "ServiceName": svc.Name})
		}
	}
	for _, p := range m.state.Providers.All() {
		m.sendReservation(s, p)
	}
}

// usageValid is for how long ECS goes by what an agent told last.
const usageValid = 3 * metricsPeriod

// sendUtilization sends what tasks use in percent of what they reserved, as far
// as agents have reported it lately.
func (m *meter) sendUtilization(tasks []*task, dimensions map[string]string) {
	var used, reserved struct{ cpu, memory float64 }
	known, oldest := false, m.acct.Clock.Now().Add(-m.acct.Clock.Real(usageValid))
	for _, t := range tasks {
		use, reported := m.usage[t.ARN]
		if !reported || use.at.Before(oldest) || t.LastStatus != running {
			continue
		}
		d := facts{m.region}.demand(t)
		known = true
		used.cpu += use.cpuUnits
		used.memory += use.memoryMiB
		reserved.cpu += float64(d.CPU)
		reserved.memory += float64(d.MemoryMiB)
	}
	if !known {
		return
	}
	if reserved.cpu > 0 {
		m.metrics.Put("AWS/ECS", "CPUUtilization", dimensions, 100*used.cpu/reserved.cpu, "Percent")
	}
	if reserved.memory > 0 {
		m.metrics.Put("AWS/ECS", "MemoryUtilization", dimensions, 100*used.memory/reserved.memory, "Percent")
	}
}

// sendCluster sends how much of the instances' CPU and memory tasks have
// reserved.
func (m *meter) sendCluster(c *cluster) {
	var cpu, memory, freeCPU, freeMemory int
	for _, i := range m.instances(c.Name) {
		left := facts{m.region}.free(i, m.tasksOn(i))
		cpu += i.Registration.CPUUnits
		memory += i.Registration.MemoryMiB
		freeCPU += left.CPU
		freeMemory += left.MemoryMiB
	}
	if cpu == 0 || memory == 0 {
		return
	}
	dimensions := map[string]string{"ClusterName": c.Name}
	m.metrics.Put("AWS/ECS", "CPUReservation", dimensions, 100*float64(cpu-freeCPU)/float64(cpu), "Percent")
	m.metrics.Put("AWS/ECS", "MemoryReservation", dimensions, 100*float64(memory-freeMemory)/float64(memory), "Percent")
	m.sendUtilization(m.tasksWhere(func(t *task) bool { return t.Cluster == c.Name }), dimensions)
}

// sendReservation sends the metric that managed scaling goes by: the instances
// needed in percent of those there are; 100 when neither are, 200 when tasks
// wait and there is none.
func (m *meter) sendReservation(s scaler, p *capacityProvider) {
	group, ok := m.groups.Group(p.GroupARN)
	if !ok || p.Status != active || p.ManagedScaling.Status != types.ManagedScalingStatusEnabled {
		return
	}
	for _, c := range m.clustersOf(p) {
		needed := s.busy(s.joined(c, group)) + s.instancesFor(c, group, s.waitingTasks(p, c))
		value := 100.0
		switch have := len(group.Instances); {
		case have > 0:
			value = 100 * float64(needed) / float64(have)
		case needed > 0:
			value = 200
		}
		m.metrics.Put("AWS/ECS/ManagedScaling", "CapacityProviderReservation",
			map[string]string{"CapacityProviderName": p.Name, "ClusterName": c.Name}, value, "Percent")
	}
}
