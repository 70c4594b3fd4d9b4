package ecs

import (
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/autoscaling"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ecs/schedule"
)

// drainingHook is the lifecycle hook by which a group's instances wait until
// their tasks have moved,
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/managed-instance-draining.html.
const (
	drainingHook    = "ecs-managed-draining-termination-hook"
	drainingTimeout = time.Hour
)

// scaleInPatience is how long there must be too much capacity: AWS's alarm
// looks at 15 minutes.
const scaleInPatience = 15 * time.Minute

// scaler manages the groups of capacity providers in one step.
type scaler struct {
	life
	agenda *agenda
}

// advance manages the group of a capacity provider: its size, which
// instances may go, and the draining of those that do.
func (s scaler) advance(p *capacityProvider) {
	if p.Status != active {
		return
	}
	group, ok := s.groups.Group(p.GroupARN)
	if !ok {
		return
	}
	for _, c := range s.clustersOf(p) {
		s.drainInstances(p, group)
		if p.ManagedScaling.Status == types.ManagedScalingStatusEnabled {
			s.scale(p, c, group)
			s.protect(p, group)
		}
	}
}

// scale sets the group's desired capacity to the instances that the
// provider's tasks need, M, over the target capacity; N is how many it has,
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cluster-auto-scaling.html.
func (s scaler) scale(p *capacityProvider, c *cluster, group autoscaling.Group) {
	waiting := s.waitingTasks(p, c)
	joined := s.joined(c, group)
	coming := max(0, group.Desired-len(joined))
	needed := s.instancesFor(c, group, waiting)
	percent := int(aws.ToInt32(p.ManagedScaling.TargetCapacity))
	if more := needed - coming; more > 0 {
		s.setScaleIn(p, time.Time{})
		least := int(aws.ToInt32(p.ManagedScaling.MinimumScalingStepSize))
		most := int(aws.ToInt32(p.ManagedScaling.MaximumScalingStepSize))
		s.setDesired(group, group.Desired+min(max(more, least), most))
		return
	}
	wanted := s.busy(joined) + needed
	wanted = (wanted*100 + percent - 1) / percent
	if wanted > group.Desired && len(waiting) == 0 {
		s.setDesired(group, wanted) // spare capacity for a target below 100
		return
	}
	if max(wanted, group.Min) >= group.Desired || len(waiting) > 0 {
		s.setScaleIn(p, time.Time{})
		return
	}
	if p.ScaleInAt.IsZero() {
		s.setScaleIn(p, s.acct.Clock.In(scaleInPatience))
	}
	if s.agenda.due(p.ScaleInAt) {
		s.setScaleIn(p, time.Time{})
		s.setDesired(group, max(wanted, group.Min))
	}
}

// setScaleIn notes when too much capacity will have lasted long enough.
func (s scaler) setScaleIn(p *capacityProvider, at time.Time) {
	if !p.ScaleInAt.Equal(at) {
		s.state.Providers.Change(p.Name)
		p.ScaleInAt = at
		s.agenda.changed = true
	}
}

func (s scaler) setDesired(group autoscaling.Group, n int) {
	n = min(max(n, group.Min), group.Max)
	if n == group.Desired {
		return
	}
	if err := s.groups.SetDesired(group.Name, n); err != nil {
		s.acct.Log.Warn("managed scaling", "group", group.Name, "desired", n, "error", err)
		return
	}
	s.agenda.changed = true
}

// waitingTasks are the provider's tasks without an instance.
func (s scaler) waitingTasks(p *capacityProvider, c *cluster) []*task {
	return s.tasksWhere(func(t *task) bool {
		return t.Cluster == c.Name && t.Provider == p.Name && t.LastStatus == provisioning && t.live()
	})
}

// joined are the container instances of the cluster that the group keeps.
func (s scaler) joined(c *cluster, group autoscaling.Group) []*containerInstance {
	var joined []*containerInstance
	for _, member := range group.Instances {
		i := s.instanceOf(member.ID)
		if i != nil && i.Cluster == c.Name && !strings.HasPrefix(member.LifecycleState, "Terminating") {
			joined = append(joined, i)
		}
	}
	return joined
}

// busy is how many of the instances run tasks other than daemons.
func (s scaler) busy(instances []*containerInstance) int {
	n := 0
	for _, i := range instances {
		if s.occupied(i) {
			n++
		}
	}
	return n
}

// occupied reports whether the instance has tasks other than daemons.
func (s scaler) occupied(i *containerInstance) bool {
	for _, t := range s.state.Tasks.All() {
		if t.Instance != i.ARN || t.LastStatus == stopped {
			continue
		}
		svc, _ := s.state.Services.Get(t.Service)
		if svc == nil || svc.Scheduling != types.SchedulingStrategyDaemon {
			return true
		}
	}
	return false
}

// instancesFor is how many more instances the waiting tasks need: each is
// filled up before the next is taken. Without any instance to measure, they
// take one.
func (s scaler) instancesFor(c *cluster, group autoscaling.Group, waiting []*task) int {
	if len(waiting) == 0 {
		return 0
	}
	size, known := s.capacity(c, group)
	if !known {
		return 1
	}
	needed := 0
	left := schedule.Resources{}
	for _, t := range waiting {
		d := facts{s.region}.demand(t)
		if d.CPU > size.CPU || d.MemoryMiB > size.MemoryMiB {
			continue // it would fit on no instance of this group
		}
		taken := func(port string) bool { return left.Ports[port] }
		if needed == 0 || d.CPU > left.CPU || d.MemoryMiB > left.MemoryMiB || slices.ContainsFunc(d.Ports, taken) {
			needed++
			left = schedule.Resources{CPU: size.CPU, MemoryMiB: size.MemoryMiB, Ports: map[string]bool{}}
		}
		left.CPU -= d.CPU
		left.MemoryMiB -= d.MemoryMiB
		for _, port := range d.Ports {
			left.Ports[port] = true
		}
	}
	return needed
}

// capacity is what an instance of the group offers, as one that joined shows.
func (s scaler) capacity(c *cluster, group autoscaling.Group) (size schedule.Resources, known bool) {
	for _, member := range group.Instances {
		if i := s.instanceOf(member.ID); i != nil && i.Cluster == c.Name {
			return schedule.Resources{CPU: i.Registration.CPUUnits, MemoryMiB: i.Registration.MemoryMiB}, true
		}
	}
	return schedule.Resources{}, false
}

// protect protects instances with tasks from scale in, and no others.
func (s scaler) protect(p *capacityProvider, group autoscaling.Group) {
	if p.ManagedTermination != types.ManagedTerminationProtectionEnabled {
		return
	}
	for _, member := range group.Instances {
		i := s.instanceOf(member.ID)
		if i == nil || member.LifecycleState != "InService" {
			continue
		}
		if busy := s.occupied(i); busy != member.ProtectedFromScaleIn {
			if err := s.groups.SetProtection(group.Name, []string{member.ID}, busy); err != nil {
				s.acct.Log.Warn("managed termination protection", "instance", member.ID, "error", err)
				continue
			}
			s.agenda.changed = true
		}
	}
}

// drainInstances sets instances that the group is terminating to DRAINING, and
// lets the group go on once their tasks are gone.
func (s scaler) drainInstances(p *capacityProvider, group autoscaling.Group) {
	if p.ManagedDraining != types.ManagedDrainingEnabled {
		s.groups.DeleteHook(group.Name, drainingHook)
		return
	}
	if err := s.groups.PutTerminationHook(group.Name, drainingHook, drainingTimeout); err != nil {
		return // the group is being deleted
	}
	for _, id := range s.groups.WaitingFor(group.Name, drainingHook) {
		if i := s.instanceOf(id); i != nil {
			s.agenda.changed = s.setInstanceStatus(i, draining) || s.agenda.changed
			if s.occupied(i) {
				continue
			}
		}
		s.groups.Complete(group.Name, drainingHook, id)
		s.agenda.changed = true
	}
}
