package ecs

import (
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/elbv2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/store"
)

// resourceName is what ECS lets clusters, services, families and capacity
// providers be called.
var resourceName = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,255}$`)

// Statuses of clusters, services, container instances and deployments.
const (
	active   = "ACTIVE"
	inactive = "INACTIVE"
	draining = "DRAINING"
	primary  = "PRIMARY"
)

// Statuses of tasks, in the order of a life,
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html.
const (
	provisioning = "PROVISIONING" // waits for an instance of its capacity provider
	pending      = "PENDING"
	running      = "RUNNING"
	deactivating = "DEACTIVATING" // its targets are being deregistered
	stopping     = "STOPPING"     // the agent has been told
	stopped      = "STOPPED"
)

// serviceName is how the service is called in its records and by its clients.
const serviceName = "ecs"

// state is all that outlives the process.
type state struct {
	Clusters    *store.Collection[*cluster]           // by name
	Definitions *store.Collection[*taskDefinition]    // by family:revision
	Revisions   *store.Collection[int32]              // a family's newest revision ever
	Deletions   *store.Collection[time.Time]          // when the deletion of a definition was asked for
	Services    *store.Collection[*service]           // by ARN
	Tasks       *store.Collection[*task]              // by ARN
	Instances   *store.Collection[*containerInstance] // by ARN
	Providers   *store.Collection[*capacityProvider]  // by name
	Settings    *store.Collection[string]             // account settings that were put
}

func newState(records *store.Store) state {
	return state{
		Clusters:    store.NewCollection[*cluster](records, serviceName, "clusters"),
		Definitions: store.NewCollection[*taskDefinition](records, serviceName, "definitions"),
		Revisions:   store.NewCollection[int32](records, serviceName, "revisions"),
		Deletions:   store.NewCollection[time.Time](records, serviceName, "deletions"),
		Services:    store.NewCollection[*service](records, serviceName, "services"),
		Tasks:       store.NewCollection[*task](records, serviceName, "tasks"),
		Instances:   store.NewCollection[*containerInstance](records, serviceName, "instances"),
		Providers:   store.NewCollection[*capacityProvider](records, serviceName, "providers"),
		Settings:    store.NewCollection[string](records, serviceName, "settings"),
	}
}

type cluster struct {
	Name, ARN, Status string
	Settings          []types.ClusterSetting
	Configuration     *types.ClusterConfiguration
	ConnectDefaults   *types.ClusterServiceConnectDefaults
	Providers         []string
	Strategy          []types.CapacityProviderStrategyItem
	Tags              core.Tags
}

type capacityProvider struct {
	Name, ARN, Status  string
	UpdateStatus       types.CapacityProviderUpdateStatus
	GroupARN           string
	ManagedScaling     types.ManagedScaling
	ManagedTermination types.ManagedTerminationProtection
	ManagedDraining    types.ManagedDraining
	Tags               core.Tags
	ScaleInAt          time.Time // when too much capacity will have lasted long enough
}

type taskDefinition struct {
	Definition types.TaskDefinition
	Tags       core.Tags
}

// revision is what a deployment brings to its service; it never changes.
type revision struct {
	TaskDefinition  string // ARN
	LoadBalancers   []types.LoadBalancer
	Strategy        []types.CapacityProviderStrategyItem
	LaunchType      types.LaunchType
	Network         *types.NetworkConfiguration
	PlatformVersion string
	Connect         *types.ServiceConnectConfiguration
	Registries      []types.ServiceRegistry
}

type service struct {
	Name, ARN, Cluster, Status string
	CreatedAt                  time.Time
	CreatedBy                  string
	ClientToken                string
	Scheduling                 types.SchedulingStrategy
	Controller                 types.DeploymentControllerType
	Role                       string
	DesiredCount               int32
	Configuration              types.DeploymentConfiguration
	GracePeriod                *int32 // seconds
	Constraints                []types.PlacementConstraint
	Placement                  []types.PlacementStrategy
	ZoneRebalancing            types.AvailabilityZoneRebalancing
	ManagedTags                bool
	Propagate                  types.PropagateTags
	ExecuteCommand             bool
	Tags                       core.Tags
	// History are the service's deployments, the newest first, also those
	// that are over: service deployments and service revisions of the API.
	History []*deployment
	Events  []types.ServiceEvent // newest first
	// Steady says that the steady state has been announced.
	Steady bool
	// Notices are when a repeated event may be said again, by its key.
	Notices map[string]time.Time
	// Failures counts tasks that failed in a row; RetryAt is when the next
	// may start.
	Failures int
	RetryAt  time.Time
	// LastCompleted is the id of the deployment to roll back to.
	LastCompleted string
}

type deployment struct {
	ID        string // ecs-svc/N
	Number    string // N
	Status    string // PRIMARY, ACTIVE, INACTIVE
	Revision  revision
	CreatedAt time.Time
	UpdatedAt time.Time
	Rollout   types.DeploymentRolloutState
	Reason    string
	Failed    int32
	// Proven says that one of its tasks was healthy: failures no longer
	// count for the circuit breaker.
	Proven     bool
	Completed  bool
	FinishedAt time.Time
	StoppedAt  time.Time
	// Outcome and OutcomeReason are the service deployment's status.
	Outcome       types.ServiceDeploymentStatus
	OutcomeReason string
	Source        string // the id of the deployment that it took over from
	RolledBackTo  string
	RollbackAt    time.Time
	Tripped       bool // by the circuit breaker
	// Unwatched says that alarms don't count: one was in ALARM when it began.
	Unwatched bool
	// Triggered are the alarms that failed it, BakedAt is when they have been
	// watched long enough.
	Triggered []string
	BakedAt   time.Time
}

// target is a task's place in a target group.
type target struct {
	GroupARN string
	Target   elbv2.Target
	// Reported is the last reason for which it was called unhealthy.
	Reported string
}

type task struct {
	ARN, ID, Cluster string
	Definition       string // family:revision
	Service          string // ARN, "" for none
	Deployment       string // id, "" for none
	Group, StartedBy string
	Token            string // RunTask's client token, "" for none
	Instance         string // container instance's ARN, "" while PROVISIONING
	Provider         string // capacity provider's name, "" for none
	LaunchType       types.LaunchType
	Constraints      []types.PlacementConstraint // RunTask's
	Placement        []types.PlacementStrategy   // RunTask's
	Overrides        *types.TaskOverride
	ExecuteCommand   bool
	LastStatus       string
	DesiredStatus    string
	CreatedAt        time.Time
	ConnectivityAt   time.Time
	PullStartedAt    time.Time
	PullStoppedAt    time.Time
	StartedAt        time.Time
	StoppingAt       time.Time
	ExecutionStopped time.Time
	StoppedAt        time.Time
	StopCode         types.TaskStopCode
	StoppedReason    string
	Containers       []ContainerReport
	ContainerIDs     map[string]string // by container name
	Targets          []target
	Registered       bool // with all its target groups
	Deregistered     bool
	// WasHealthy says that the task counted as healthy once.
	WasHealthy bool
	// Failing is why the task is to be replaced by another first.
	Failing string
	// GaveUpAt is when a PROVISIONING task stops waiting.
	GiveUpAt       time.Time
	ProtectedUntil time.Time
	Tags           core.Tags
	Version        int64
	GPUs           map[string][]string // ids by container
}

func (t *task) live() bool { return t.DesiredStatus == running && t.LastStatus != stopped }

type containerInstance struct {
	ARN, ID, Cluster, EC2ID string
	Status                  string // ACTIVE, DRAINING
	Connected               bool
	Registration            Registration
	Attributes              map[string]string
	RegisteredAt            time.Time
	Tags                    core.Tags
	Version                 int64
}

// deployments are those that are PRIMARY, first, or ACTIVE, the newest first.
func (svc *service) deployments() []*deployment {
	var all []*deployment
	for _, d := range svc.History {
		switch d.Status {
		case primary:
			all = slices.Insert(all, 0, d)
		case active:
			all = append(all, d)
		}
	}
	return all
}

func (svc *service) primary() *deployment {
	at := slices.IndexFunc(svc.History, func(d *deployment) bool { return d.Status == primary })
	if at < 0 {
		return nil
	}
	return svc.History[at]
}

func (svc *service) deployment(id string) *deployment {
	for _, d := range svc.History {
		if d.ID == id {
			return d
		}
	}
	return nil
}

// key is how a definition is stored and shown in groups: family:revision.
func key(d *types.TaskDefinition) string {
	return definitionKey(aws.ToString(d.Family), d.Revision)
}

func definitionKey(family string, revision int32) string {
	return family + ":" + strconv.Itoa(int(revision))
}

// serviceGroup is the group of a service's tasks.
func serviceGroup(svc *service) string { return "service:" + svc.Name }
