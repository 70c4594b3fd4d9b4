package autoscaling

import (
	"cmp"
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
	Tags      map[string]tag   // by key
	Hooks     map[string]*hook // by name
	Suspended []string         // processes, sorted
	Metrics   []string         // that are enabled, sorted
	// Begun counts the activities and instance refreshes that there ever were.
	Begun int
	// Deleting is set by DeleteAutoScalingGroup with ForceDelete: the group
	// goes once its instances have.
	Deleting bool
	// RetryLaunchAt keeps a group whose launches fail from trying at once.
	RetryLaunchAt  time.Time
	FailedLaunches int
}

// groupSettings are what CreateAutoScalingGroup and UpdateAutoScalingGroup set.
type groupSettings struct {
	Min, Max, Desired    int
	LaunchTemplate       *templateSpec
	MixedInstances       *mixedInstances
	Subnets              []string
	Zones                []string
	TargetGroupARNs      []string
	HealthCheckType      string
	GracePeriod          int // seconds
	Cooldown             int // seconds
	Warmup               *int
	ProtectNew           bool
	TerminationPolicies  []string
	ServiceLinkedRoleARN string
	MaintenancePolicy    *maintenancePolicy
	ZoneDistribution     *zoneDistribution
	MaxLifetime          int // seconds, 0 for none
}

// instance is a member of a group.
type instance struct {
	ID         string
	Group      string // name
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
	// Activity is the record of the activity that launches or terminates it.
	Activity string
	// Registered are the target groups that have it as a target.
	Registered []string
}

func (i *instance) terminating() bool { return strings.HasPrefix(i.State, terminating) }

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

// version is the version as given, or the template's default one.
func (t *templateSpec) version() string { return cmp.Or(t.Version, "$Default") }

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

// tag is a group's tag.
type tag struct {
	Value     string
	Propagate bool
}
