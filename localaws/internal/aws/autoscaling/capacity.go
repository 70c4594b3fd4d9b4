package autoscaling

import (
	"fmt"
	"slices"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ec2"
)

// firstRetry and lastRetry bound how long a group waits after a failed launch.
const (
	firstRetry = 30 * time.Second
	lastRetry  = 15 * time.Minute
)

// reconcileCapacity launches or terminates until the group has as many
// instances as wanted.
func (s *reconciler) reconcileCapacity(g *group, wanted int) {
	have := len(s.members(g))
	for ; have < wanted && !g.suspended("Launch"); have++ {
		if s.acct.Clock.Now().Before(g.RetryLaunchAt) {
			s.wake(g.RetryLaunchAt)
			return
		}
		if !s.launch(g, have) {
			return
		}
	}
	for ; have > wanted && !g.suspended("Terminate"); have-- {
		victim := s.victim(g)
		if victim == nil {
			return // all are protected from scale in
		}
		s.terminate(g, victim, fmt.Sprintf(
			"an instance was taken out of service in response to a difference between desired and actual capacity, shrinking the capacity from %d to %d.", have, have-1))
	}
}

// launch starts one more instance in the emptiest zone.
func (s *reconciler) launch(g *group, have int) bool {
	now := s.acct.Clock.Now()
	cause := fmt.Sprintf("At %s an instance was started in response to a difference between desired and actual capacity, increasing the capacity from %d to %d.",
		stamp(now), have, have+1)
	a := s.begin(g, &activity{Cause: cause, StatusCode: "InProgress", StartTime: now})
	i, err := s.start(g)
	if err != nil {
		g.FailedLaunches++
		wait := min(firstRetry<<min(g.FailedLaunches-1, 10), lastRetry)
		g.RetryLaunchAt = s.acct.Clock.In(wait)
		s.wake(g.RetryLaunchAt)
		a.Description = "Launching a new EC2 instance.  Status Reason: " + message(err) + " Launching EC2 instance failed."
		a.StatusMessage = message(err) + " Launching EC2 instance failed."
		a.StatusCode, a.Progress, a.EndTime = "Failed", 100, now
		return false
	}
	i.Activity = a.Record
	a.Description, a.Progress = "Launching a new EC2 instance: "+i.ID, 30
	s.state.Instances.Put(i.ID, i)
	return true
}

// start launches a machine for the group.
func (s *reconciler) start(g *group) (*instance, error) {
	spec := s.launchSpec(g)
	template, err := s.machines.ResolveTemplate(spec.LaunchTemplateID, spec.LaunchTemplateName, spec.version())
	if err != nil {
		return nil, err
	}
	subnet, err := s.emptiestSubnet(g)
	if err != nil {
		return nil, err
	}
	spot := g.nextIsSpot(s.members(g))
	machine, err := s.machines.Launch(ec2.LaunchSpec{
		TemplateID: template.ID, Version: fmt.Sprint(template.Version),
		InstanceType: g.overrideType(), SubnetID: subnet, Spot: spot, Tags: g.launchTags(),
	})
	if err != nil {
		return nil, err
	}
	return &instance{
		ID: machine.ID, Group: g.Name, Type: machine.Type, Zone: machine.AvailabilityZone, Subnet: subnet,
		State: pending, Health: healthy, Protected: g.ProtectNew, Spot: spot, LaunchedAt: s.acct.Clock.Now(),
		Template: &templateSpec{
			LaunchTemplateID: template.ID, LaunchTemplateName: template.Name, Version: fmt.Sprint(template.Version),
		},
	}, nil
}

// launchSpec is the template of the running refresh, else the group's own.
func (s *reconciler) launchSpec(g *group) *templateSpec {
	if r := s.activeRefresh(g); r != nil && r.Template != nil {
		return r.Template
	}
	return g.spec()
}

// overrideType is the first instance type of a mixed instances policy: localaws
// has capacity of every type, so the one that comes first is always had.
func (g *group) overrideType() string {
	if g.MixedInstances == nil || g.MixedInstances.LaunchTemplate == nil {
		return ""
	}
	for _, o := range g.MixedInstances.LaunchTemplate.Overrides {
		if o.InstanceType != "" {
			return o.InstanceType
		}
	}
	return ""
}

// nextIsSpot reports whether the instances distribution makes the next instance
// a Spot one.
func (g *group) nextIsSpot(members []*instance) bool {
	if g.MixedInstances == nil {
		return false
	}
	onDemand, spot := 0, 0
	for _, i := range members {
		if i.Spot {
			spot++
		} else {
			onDemand++
		}
	}
	d := g.MixedInstances.InstancesDistribution
	if onDemand < *d.OnDemandBaseCapacity {
		return false
	}
	above := onDemand + spot - *d.OnDemandBaseCapacity + 1
	wanted := (above**d.OnDemandPercentageAboveBaseCapacity + 99) / 100
	return onDemand-*d.OnDemandBaseCapacity >= wanted
}

// emptiestSubnet is the subnet with the fewest instances in the zone with the
// fewest.
func (s *reconciler) emptiestSubnet(g *group) (string, error) {
	inZone, inSubnet := map[string]int{}, map[string]int{}
	for _, i := range s.members(g) {
		inZone[i.Zone]++
		inSubnet[i.Subnet]++
	}
	best, bestZone := "", ""
	for _, id := range g.Subnets {
		subnet, ok := s.machines.Subnet(id)
		if !ok {
			return "", invalid("The subnet ID '%s' does not exist.", id)
		}
		zone := subnet.AvailabilityZone
		if best == "" || inZone[zone] < inZone[bestZone] || (zone == bestZone && inSubnet[id] < inSubnet[best]) {
			best, bestZone = id, zone
		}
	}
	return best, nil
}

// victim is who goes first in a scale in, or nil: unprotected, unhealthy
// first, then from the fullest zone, with an outdated launch template, the
// oldest.
func (s *reconciler) victim(g *group) *instance {
	members := s.members(g)
	inZone := map[string]int{}
	for _, i := range members {
		inZone[i.Zone]++
	}
	newest := ""
	if all := s.instances(g); len(all) > 0 && all[len(all)-1].Template != nil {
		newest = all[len(all)-1].Template.Version
	}
	rank := func(i *instance) []int {
		outdated := 0
		if i.Template != nil && i.Template.Version != newest {
			outdated = 1
		}
		ill := 0
		if i.Health == unhealthy {
			ill = 1
		}
		return []int{ill, inZone[i.Zone], outdated}
	}
	var victim *instance
	for _, i := range members {
		if i.Protected {
			continue
		}
		if victim == nil || slices.Compare(rank(i), rank(victim)) > 0 {
			victim = i
		}
	}
	return victim
}
