package autoscaling

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ec2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/elbv2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
)

// firstRetry and lastRetry bound how long a group waits after a failed launch.
const (
	firstRetry = 30 * time.Second
	lastRetry  = 15 * time.Minute
)

// Run keeps all groups as they are wanted until ctx is done.
func (s *Service) Run(ctx context.Context) { s.acct.Reconcile(ctx, s.step) }

// step takes every group one step forward, and returns when the next is due.
func (s *Service) step() time.Time {
	s.dirty, s.again = false, time.Time{}
	for _, g := range s.groups() {
		s.reconcile(g)
	}
	if s.dirty {
		s.acct.Changed()
	}
	return s.again
}

func (s *Service) reconcile(g *group) {
	for _, i := range slices.Clone(g.Instances) {
		s.advance(g, i)
	}
	s.reconcileTargets(g)
	if g.Deleting {
		s.finishDeletion(g)
		return
	}
	surge := s.advanceRefresh(g)
	s.reconcileCapacity(g, g.Desired+surge)
}

func (s *Service) finishDeletion(g *group) {
	for _, i := range g.members() {
		s.terminate(g, i, "the group was deleted.")
	}
	if len(g.Instances) == 0 {
		delete(s.state.Groups, g.Name)
		s.changed()
	}
}

// advance moves one instance along its lifecycle.
func (s *Service) advance(g *group, i *instance) {
	machine, known := s.machines.Instance(i.ID)
	gone := !known || machine.State == "terminated"
	switch {
	case i.terminating():
		s.advanceTermination(g, i, gone)
	case gone || machine.State == "shutting-down":
		if !g.suspended("HealthCheck") {
			i.Health = unhealthy
			s.terminate(g, i, "an instance was taken out of service in response to an EC2 health check indicating it has been terminated or stopped.")
		}
	case i.State != inService:
		if machine.State == "running" && !s.held(g, i, launchTransition, pendingWait) {
			i.State, i.InServiceAt, i.Waited = inService, s.acct.Clock.Now(), nil
			g.finish(i.Activity, "Successful", i.InServiceAt)
			g.FailedLaunches = 0
			s.changed()
		}
	default:
		s.checkHealth(g, i)
	}
}

// advanceTermination waits for hooks and connection draining, terminates the
// machine and forgets the instance once it is gone.
func (s *Service) advanceTermination(g *group, i *instance, gone bool) {
	if gone {
		g.finish(i.Activity, "Successful", s.acct.Clock.Now())
		g.remove(i.ID)
		s.changed()
		return
	}
	if i.State == terminatingProceed {
		return
	}
	if !g.Deleting && s.held(g, i, terminateTransition, terminatingWait) {
		return
	}
	if !g.Deleting && len(i.Registered) > 0 {
		return // this step takes it out of its target groups, and draining begins
	}
	if s.draining(g, i) {
		return
	}
	i.State = terminatingProceed
	s.changed()
	if err := s.machines.Terminate(i.ID); err != nil {
		s.acct.Log.Warn("terminating an instance of an Auto Scaling group", "instance", i.ID, "error", err)
	}
}

func (s *Service) draining(g *group, i *instance) bool {
	if s.targets == nil {
		return false
	}
	for _, arn := range g.TargetGroupARNs {
		if health, ok := s.targets.Health(arn, s.target(arn, i)); ok && health.State == "draining" {
			return true
		}
	}
	return false
}

// target is the instance as a target of the group: on the group's own port.
func (s *Service) target(arn string, i *instance) elbv2.Target {
	tg, _ := s.targets.TargetGroup(arn)
	return elbv2.Target{ID: i.ID, Port: tg.Port}
}

func (s *Service) checkHealth(g *group, i *instance) {
	cause := "an EC2 instance health check"
	if i.Health == healthy && strings.Contains(g.HealthCheckType, "ELB") && !g.suspended("HealthCheck") && !s.inGrace(g, i) {
		for _, arn := range g.TargetGroupARNs {
			if health, ok := s.targets.Health(arn, s.target(arn, i)); ok && health.State == "unhealthy" {
				i.Health, cause = unhealthy, "an ELB system health check failure"
			}
		}
	}
	if i.Health == unhealthy && !g.suspended("ReplaceUnhealthy") && !g.suspended("Terminate") {
		s.terminate(g, i, "an instance was taken out of service in response to "+cause+".")
	}
}

// inGrace tells whether the health check grace period of the instance runs.
func (s *Service) inGrace(g *group, i *instance) bool {
	if i.InServiceAt.IsZero() {
		return true
	}
	end := i.InServiceAt.Add(s.acct.Clock.Real(seconds(g.GracePeriod)))
	if s.acct.Clock.Now().Before(end) {
		s.wake(end)
		return true
	}
	return false
}

// terminate begins to terminate an instance.
func (s *Service) terminate(g *group, i *instance, cause string) *activity {
	if i.terminating() {
		return g.activity(i.Activity)
	}
	now := s.acct.Clock.Now()
	a := g.begin(&activity{
		ID: ids.UUID(), Description: "Terminating EC2 instance: " + i.ID,
		Cause: "At " + stamp(now) + " " + cause, StatusCode: "InProgress", StartTime: now,
	})
	i.State, i.Activity = terminating, a.ID
	i.WaitHook, i.WaitUntil, i.Waited = "", time.Time{}, nil
	s.changed()
	return a
}

// reconcileCapacity launches or terminates until the group has as many
// instances as wanted.
func (s *Service) reconcileCapacity(g *group, wanted int) {
	have := len(g.members())
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
		victim := g.victim()
		if victim == nil {
			return // all are protected from scale in
		}
		s.terminate(g, victim, fmt.Sprintf(
			"an instance was taken out of service in response to a difference between desired and actual capacity, shrinking the capacity from %d to %d.", have, have-1))
	}
}

// launch starts one more instance in the emptiest zone.
func (s *Service) launch(g *group, have int) bool {
	now := s.acct.Clock.Now()
	cause := fmt.Sprintf("At %s an instance was started in response to a difference between desired and actual capacity, increasing the capacity from %d to %d.",
		stamp(now), have, have+1)
	a := g.begin(&activity{ID: ids.UUID(), Cause: cause, StatusCode: "InProgress", StartTime: now})
	s.changed()
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
	i.Activity = a.ID
	a.Description, a.Progress = "Launching a new EC2 instance: "+i.ID, 30
	g.Instances = append(g.Instances, i)
	return true
}

// start launches a machine for the group.
func (s *Service) start(g *group) (*instance, error) {
	spec := g.launchSpec()
	version := spec.Version
	if version == "" {
		version = "$Default"
	}
	template, err := s.machines.ResolveTemplate(spec.LaunchTemplateID, spec.LaunchTemplateName, version)
	if err != nil {
		return nil, err
	}
	subnet, err := s.emptiestSubnet(g)
	if err != nil {
		return nil, err
	}
	spot := g.nextIsSpot()
	machine, err := s.machines.Launch(ec2.LaunchSpec{
		TemplateID: template.ID, Version: fmt.Sprint(template.Version),
		InstanceType: g.overrideType(), SubnetID: subnet, Spot: spot, Tags: g.launchTags(),
	})
	if err != nil {
		return nil, err
	}
	return &instance{
		ID: machine.ID, Type: machine.Type, Zone: machine.AvailabilityZone, Subnet: subnet,
		State: pending, Health: healthy, Protected: g.ProtectNew, Spot: spot, LaunchedAt: s.acct.Clock.Now(),
		Template: &templateSpec{
			LaunchTemplateID: template.ID, LaunchTemplateName: template.Name, Version: fmt.Sprint(template.Version),
		},
	}, nil
}

// launchSpec is the template of the running refresh, else the group's own.
func (g *group) launchSpec() *templateSpec {
	if r := g.activeRefresh(); r != nil && r.Template != nil {
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

// nextIsSpot tells by the instances distribution whether the next instance is
// a Spot one.
func (g *group) nextIsSpot() bool {
	if g.MixedInstances == nil {
		return false
	}
	onDemand, spot := 0, 0
	for _, i := range g.members() {
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
func (s *Service) emptiestSubnet(g *group) (string, error) {
	inZone, inSubnet := map[string]int{}, map[string]int{}
	for _, i := range g.members() {
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
func (g *group) victim() *instance {
	inZone := map[string]int{}
	for _, i := range g.members() {
		inZone[i.Zone]++
	}
	newest := ""
	if n := len(g.Instances); n > 0 && g.Instances[n-1].Template != nil {
		newest = g.Instances[n-1].Template.Version
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
	for _, i := range g.members() {
		if i.Protected {
			continue
		}
		if victim == nil || slices.Compare(rank(i), rank(victim)) > 0 {
			victim = i
		}
	}
	return victim
}
