package autoscaling

import (
	"slices"
	"strings"
	"time"
)

// Lifecycle states of an instance,
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-lifecycle.html.
const (
	pending            = "Pending"
	pendingWait        = "Pending:Wait"
	inService          = "InService"
	terminating        = "Terminating"
	terminatingWait    = "Terminating:Wait"
	terminatingProceed = "Terminating:Proceed"
)

// Health states of an instance.
const (
	healthy   = "Healthy"
	unhealthy = "Unhealthy"
)

// group is a group as it is wanted, and its instances.
type group struct {
	groupSettings
	Name      string
	ARN       string
	CreatedAt time.Time
	Tags      map[string]tag // by key
	Instances []*instance    // in the order of their launch
	// Activities are what the group did, the newest first.
	Activities []*activity
	Hooks      map[string]*hook // by name
	Suspended  []string         // processes, sorted
	Metrics    []string         // enabled metrics, sorted
	Refreshes  []*refresh       // the newest first
	// Deleting is set by DeleteAutoScalingGroup with ForceDelete: the group
	// goes once its instances have.
	Deleting bool
	// RetryLaunchAt keeps a group whose launches fail from trying at once.
	RetryLaunchAt  time.Time
	FailedLaunches int
}

// groupSettings are what CreateAutoScalingGroup and UpdateAutoScalingGroup set.
type groupSettings struct {
	Min, Max, Desired       int
	LaunchTemplate          *templateSpec
	MixedInstances          *mixedInstances
	Subnets                 []string
	Zones                   []string
	TargetGroupARNs         []string
	HealthCheckType         string
	GracePeriod             int // seconds
	Cooldown                int // seconds
	Warmup                  *int
	ProtectNew              bool
	TerminationPolicies     []string
	MaxInstanceLifetime     *int
	CapacityRebalance       *bool
	PlacementGroup          string
	ServiceLinkedRoleARN    string
	DesiredCapacityType     string
	Context                 string
	MaintenancePolicy       *maintenancePolicy
	ZoneDistribution        *zoneDistribution
	ZoneImpairmentPolicy    *zoneImpairmentPolicy
	CapacityReservationSpec *capacityReservationSpec
}

// instance is a member of a group.
type instance struct {
	ID         string
	Type       string
	Zone       string
	Subnet     string
	State      string // lifecycle state
	Health     string
	Template   *templateSpec // with the version's number
	Protected  bool
	Spot       bool
	LaunchedAt time.Time
	// InServiceAt is zero until the instance is in service.
	InServiceAt time.Time
	// WaitUntil ends a lifecycle hook's wait; WaitHook is the hook.
	WaitUntil time.Time
	WaitHook  string
	// Waited are the hooks that have completed in this transition.
	Waited []string
	// Activity is the id of the activity that launches or terminates it.
	Activity string
	// Registered are the target groups that have it as a target.
	Registered []string
}

func (i *instance) terminating() bool { return strings.HasPrefix(i.State, terminating) }

// members are the instances that count for the group's capacity.
func (g *group) members() []*instance {
	var members []*instance
	for _, i := range g.Instances {
		if !i.terminating() {
			members = append(members, i)
		}
	}
	return members
}

func (g *group) instance(id string) *instance {
	for _, i := range g.Instances {
		if i.ID == id {
			return i
		}
	}
	return nil
}

func (g *group) remove(id string) {
	g.Instances = slices.DeleteFunc(g.Instances, func(i *instance) bool { return i.ID == id })
}

func (g *group) suspended(process string) bool { return slices.Contains(g.Suspended, process) }

// spec is the launch template that the group starts instances from.
func (g *group) spec() *templateSpec {
	if g.MixedInstances != nil {
		return g.MixedInstances.template()
	}
	return g.LaunchTemplate
}

// templateSpec names a launch template and a version as they were given.
type templateSpec struct {
	LaunchTemplateID   string `aws:"LaunchTemplateId"`
	LaunchTemplateName string
	Version            string
}

// mixedInstances is a mixed instances policy,
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_MixedInstancesPolicy.html.
type mixedInstances struct {
	InstancesDistribution *distribution
	LaunchTemplate        *mixedTemplate
}

type mixedTemplate struct {
	LaunchTemplateSpecification *templateSpec
	Overrides                   []templateOverride
}

type templateOverride struct {
	InstanceType                string
	WeightedCapacity            string
	LaunchTemplateSpecification *templateSpec
}

type distribution struct {
	OnDemandAllocationStrategy          string
	OnDemandBaseCapacity                *int
	OnDemandPercentageAboveBaseCapacity *int
	SpotAllocationStrategy              string
	SpotInstancePools                   *int
	SpotMaxPrice                        *string
}

func (m *mixedInstances) template() *templateSpec {
	if m.LaunchTemplate == nil {
		return nil
	}
	return m.LaunchTemplate.LaunchTemplateSpecification
}

// maintenancePolicy bounds how many instances a group may have while it
// replaces some, in percent of the desired capacity; -1 clears it.
type maintenancePolicy struct {
	MinHealthyPercentage *int
	MaxHealthyPercentage *int
}

type zoneDistribution struct{ CapacityDistributionStrategy string }

type zoneImpairmentPolicy struct {
	ImpairedZoneHealthCheckBehavior string
	ZonalShiftEnabled               *bool
}

type capacityReservationSpec struct {
	CapacityReservationPreference string
	CapacityReservationTarget     *capacityReservationTarget
}

type capacityReservationTarget struct {
	CapacityReservationIds               []string
	CapacityReservationResourceGroupArns []string
}

// tag is a group's tag.
type tag struct {
	Value     string
	Propagate bool
}

// Group is a group as other services see it.
type Group struct {
	Name, ARN             string
	Min, Max, Desired     int
	Instances             []GroupInstance
	NewInstancesProtected bool
}

// GroupInstance is an instance of a Group.
type GroupInstance struct {
	ID                   string
	LifecycleState       string // such as Pending, InService, Terminating:Wait
	HealthStatus         string // Healthy or Unhealthy
	AvailabilityZone     string
	ProtectedFromScaleIn bool
}

// find returns the group with that name or ARN that is not being deleted.
func (s *Service) find(nameOrARN string) *group {
	if g := s.state.Groups[nameOrARN]; g != nil {
		return g
	}
	for _, g := range s.state.Groups {
		if g.ARN == nameOrARN {
			return g
		}
	}
	return nil
}

// Group returns the group with that name or ARN.
func (s *Service) Group(nameOrARN string) (Group, bool) {
	g := s.find(nameOrARN)
	if g == nil || g.Deleting {
		return Group{}, false
	}
	view := Group{
		Name: g.Name, ARN: g.ARN, Min: g.Min, Max: g.Max, Desired: g.Desired,
		NewInstancesProtected: g.ProtectNew,
	}
	for _, i := range g.Instances {
		view.Instances = append(view.Instances, GroupInstance{
			ID: i.ID, LifecycleState: i.State, HealthStatus: i.Health,
			AvailabilityZone: i.Zone, ProtectedFromScaleIn: i.Protected,
		})
	}
	return view, true
}

// GroupOf returns the name of the group that the instance belongs to.
func (s *Service) GroupOf(instanceID string) (string, bool) {
	for name, g := range s.state.Groups {
		if g.instance(instanceID) != nil {
			return name, true
		}
	}
	return "", false
}

// SetDesired sets the group's desired capacity, which must lie between its
// minimum and maximum.
func (s *Service) SetDesired(name string, n int) error {
	g := s.find(name)
	if g == nil {
		return groupNotFound(name)
	}
	if n > g.Max {
		return invalid("New SetDesiredCapacity value %d is above max value %d for the AutoScalingGroup.", n, g.Max)
	}
	if n < g.Min {
		return invalid("New SetDesiredCapacity value %d is below min value %d for the AutoScalingGroup.", n, g.Min)
	}
	if g.Desired != n {
		g.Desired = n
		s.acct.Changed()
	}
	return nil
}

// SetProtection protects instances of the group from scale in, or ends that.
func (s *Service) SetProtection(name string, instanceIDs []string, protected bool) error {
	g := s.find(name)
	if g == nil {
		return groupNotFound(name)
	}
	for _, id := range instanceIDs {
		i := g.instance(id)
		if i == nil {
			return instanceNotFound(id)
		}
		if i.Protected != protected {
			i.Protected = protected
			s.acct.Changed()
		}
	}
	return nil
}

// AddTag gives the group a tag that new instances get too, unless it has one
// with that key; instances that run already don't get it.
func (s *Service) AddTag(name, key, value string) error {
	g := s.find(name)
	if g == nil {
		return groupNotFound(name)
	}
	if _, has := g.Tags[key]; !has {
		g.Tags[key] = tag{Value: value, Propagate: true}
	}
	return nil
}
