package ecs

import (
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/autoscaling"
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

// advanceProvider manages the group of a capacity provider: its size, which
// instances may go, and the draining of those that do.
func (s *Service) advanceProvider(p *capacityProvider) {
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

// clustersOf returns the active clusters that have the provider.
func (s *Service) clustersOf(p *capacityProvider) []*cluster {
	var clusters []*cluster
	for _, c := range sorted(s.state.Clusters) {
		if c.Status == active && slices.Contains(c.Providers, p.Name) {
			clusters = append(clusters, c)
		}
	}
	return clusters
}

// scale sets the group's desired capacity to the instances that the
// provider's tasks need, M, over the target capacity; N is how many it has,
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cluster-auto-scaling.html.
func (s *Service) scale(p *capacityProvider, c *cluster, group autoscaling.Group) {
	waiting := s.waitingTasks(p, c)
	coming := s.coming(c, group)
	needed := s.instancesFor(p, c, group, waiting)
	percent := int(aws.ToInt32(p.ManagedScaling.TargetCapacity))
	if more := needed - coming; more > 0 {
		p.ScaleInAt = time.Time{}
		least := int(aws.ToInt32(p.ManagedScaling.MinimumScalingStepSize))
		most := int(aws.ToInt32(p.ManagedScaling.MaximumScalingStepSize))
		s.setDesired(group, group.Desired+min(max(more, least), most))
		return
	}
	wanted := s.busy(c, group) + needed
	wanted = (wanted*100 + percent - 1) / percent
	if wanted > group.Desired && len(waiting) == 0 {
		s.setDesired(group, wanted) // spare capacity for a target below 100
		return
	}
	if max(wanted, group.Min) >= group.Desired || len(waiting) > 0 {
		p.ScaleInAt = time.Time{}
		return
	}
	if p.ScaleInAt.IsZero() {
		p.ScaleInAt = s.acct.Clock.In(scaleInPatience)
		s.changed()
	}
	if s.due(p.ScaleInAt) {
		p.ScaleInAt = time.Time{}
		s.setDesired(group, max(wanted, group.Min))
	}
}

func (s *Service) setDesired(group autoscaling.Group, n int) {
	n = min(max(n, group.Min), group.Max)
	if n == group.Desired {
		return
	}
	if err := s.groups.SetDesired(group.Name, n); err != nil {
		s.acct.Log.Warn("managed scaling", "group", group.Name, "desired", n, "error", err)
		return
	}
	s.changed()
}

// waitingTasks are the provider's tasks without an instance.
func (s *Service) waitingTasks(p *capacityProvider, c *cluster) []*task {
	var waiting []*task
	for _, t := range s.tasks() {
		if t.Cluster == c.Name && t.Provider == p.Name && t.LastStatus == provisioning && t.live() {
			waiting = append(waiting, t)
		}
	}
	return waiting
}

// coming is how many instances the group is about to add to the cluster.
func (s *Service) coming(c *cluster, group autoscaling.Group) int {
	joined := 0
	for _, i := range group.Instances {
		if arn, ok := s.ContainerInstanceOf(i.ID); ok && s.state.Instances[arn].Cluster == c.Name && !terminating(i) {
			joined++
		}
	}
	return max(0, group.Desired-joined)
}

func terminating(i autoscaling.GroupInstance) bool {
	return len(i.LifecycleState) >= 11 && i.LifecycleState[:11] == "Terminating"
}

// busy is how many of the group's instances run tasks other than daemons.
func (s *Service) busy(c *cluster, group autoscaling.Group) int {
	n := 0
	for _, i := range group.Instances {
		arn, ok := s.ContainerInstanceOf(i.ID)
		if ok && s.state.Instances[arn].Cluster == c.Name && !terminating(i) && s.occupied(arn) {
			n++
		}
	}
	return n
}

// occupied tells whether the instance has tasks that are no daemon's.
func (s *Service) occupied(instanceARN string) bool {
	for _, t := range s.state.Tasks {
		if t.Instance != instanceARN || t.LastStatus == stopped {
			continue
		}
		svc := s.state.Services[t.Service]
		if svc == nil || svc.Scheduling != types.SchedulingStrategyDaemon {
			return true
		}
	}
	return false
}

// instancesFor is how many more instances the waiting tasks need: each is
// filled up before the next is taken. Without any instance to measure, a task
// takes one.
func (s *Service) instancesFor(p *capacityProvider, c *cluster, group autoscaling.Group, waiting []*task) int {
	if len(waiting) == 0 {
		return 0
	}
	size, known := s.capacity(c, group)
	if !known {
		return 1
	}
	needed := 0
	left := resources{}
	for _, t := range waiting {
		d := s.state.Definitions[t.Definition]
		n := demandOf(&d.Definition, t.Overrides)
		if n.cpu > size.cpu || n.memory > size.memory {
			continue // it would fit on no instance of this group
		}
		if needed == 0 || n.cpu > left.cpu || n.memory > left.memory || collides(n, left) {
			needed++
			left = resources{cpu: size.cpu, memory: size.memory, ports: map[string]bool{}}
		}
		left.cpu -= n.cpu
		left.memory -= n.memory
		for _, port := range n.ports {
			left.ports[port] = true
		}
	}
	return needed
}

func collides(n demand, left resources) bool {
	return slices.ContainsFunc(n.ports, func(port string) bool { return left.ports[port] })
}

// capacity is what an instance of the group offers, as one that joined shows.
func (s *Service) capacity(c *cluster, group autoscaling.Group) (resources, bool) {
	for _, i := range group.Instances {
		if arn, ok := s.ContainerInstanceOf(i.ID); ok && s.state.Instances[arn].Cluster == c.Name {
			r := s.state.Instances[arn].Registration
			return resources{cpu: r.CPUUnits, memory: r.MemoryMiB}, true
		}
	}
	return resources{}, false
}

// protect protects instances with tasks from scale in, and no others.
func (s *Service) protect(p *capacityProvider, group autoscaling.Group) {
	if p.ManagedTermination != types.ManagedTerminationProtectionEnabled {
		return
	}
	for _, i := range group.Instances {
		arn, joined := s.ContainerInstanceOf(i.ID)
		if !joined || i.LifecycleState != "InService" {
			continue
		}
		if busy := s.occupied(arn); busy != i.ProtectedFromScaleIn {
			if err := s.groups.SetProtection(group.Name, []string{i.ID}, busy); err != nil {
				s.acct.Log.Warn("managed termination protection", "instance", i.ID, "error", err)
				continue
			}
			s.changed()
		}
	}
}

// drainInstances sets instances that the group is terminating to DRAINING, and
// lets the group go on once their tasks are gone.
func (s *Service) drainInstances(p *capacityProvider, group autoscaling.Group) {
	if p.ManagedDraining != types.ManagedDrainingEnabled {
		s.groups.DeleteHook(group.Name, drainingHook)
		return
	}
	if err := s.groups.PutTerminationHook(group.Name, drainingHook, drainingTimeout); err != nil {
		return // the group is being deleted
	}
	for _, id := range s.groups.WaitingFor(group.Name, drainingHook) {
		arn, joined := s.ContainerInstanceOf(id)
		if joined {
			s.setInstanceStatus(s.state.Instances[arn], draining)
			if s.occupied(arn) {
				continue
			}
		}
		s.groups.Complete(group.Name, drainingHook, id)
		s.changed()
	}
}
