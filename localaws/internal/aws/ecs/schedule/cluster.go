package schedule

import "time"

// Cluster is what is there, and what time it is.
type Cluster struct {
	Now time.Time
	// Pace is how many seconds a second of AWS's time takes.
	Pace      float64
	Instances []Instance // the oldest first
	Tasks     []Task     // that have not stopped, the oldest first
	Services  []Service  // in the order in which they are served
	// Scaled are the capacity providers that launch instances for tasks
	// that wait.
	Scaled map[string]bool
}

// Instance is a container instance.
type Instance struct {
	ID           string
	EC2ID        string
	Active       bool // not DRAINING
	Connected    bool
	AgentVersion string
	Provider     string // the capacity provider that it belongs to, "" for none
	Attributes   map[string]string
	Free         Resources
}

// Attributes that placement reads,
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-placement-constraints.html.
const (
	AttributeZone         = "ecs.availability-zone"
	AttributeArchitecture = "ecs.cpu-architecture"
)

// Resources are what an instance has left for tasks.
type Resources struct {
	CPU       int // units, 1024 a vCPU
	MemoryMiB int
	GPUs      []string        // ids
	Ports     map[string]bool // in use, such as "80/tcp"
}

// Demand is what a task needs of its instance.
type Demand struct {
	CPU          int // units, 1024 a vCPU
	MemoryMiB    int
	GPUs         int
	Ports        []string // fixed host ports, such as "80/tcp"
	Architecture string   // "" for any
}

// Work is a task that needs an instance: its demand, and the rules by which
// placement chooses.
type Work struct {
	Demand      Demand
	Provider    string // "" for any instance
	Group       string
	Constraints []Constraint
	Strategies  []Strategy
}

// Constraint is a placement constraint: distinctInstance, or the expression of
// memberOf.
type Constraint struct {
	Distinct   bool
	Expression string
}

// Strategy is a placement strategy: spread, binpack or random, by its field.
type Strategy struct{ Type, Field string }

// StrategyItem is a capacity provider in a capacity provider strategy.
type StrategyItem struct {
	Provider     string
	Base, Weight int
}

// Status is a task's last status,
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html.
type Status int

// The statuses of a task, in the order of its life.
const (
	Waiting      Status = iota // PROVISIONING: for an instance of its capacity provider
	Pending                    // its agent starts it
	Running                    // all its containers run
	Deactivating               // its targets drain
	Stopping                   // its agent stops it
)

// Health is what the container health checks of a task say. A task without any
// is healthy.
type Health int

// The healths of a task.
const (
	Healthy Health = iota
	Unhealthy
	Unknown
)

// Task is a task that has not stopped.
type Task struct {
	ID         string
	Service    string // name, "" for none
	Deployment string // id
	Instance   string // id, "" while it waits
	Work       Work
	Status     Status
	Stopped    bool // its desired status is STOPPED
	Health     Health
	// Balanced says that its deployment has load balancers, Wanted are its
	// places in their target groups, and Registered says that it has them all.
	Balanced   bool
	Wanted     []Port
	Targets    []Target
	Registered bool
	// WasHealthy says that the task once counted as healthy, Failing why it is
	// to be replaced.
	WasHealthy bool
	Failing    string
	// Recovering says that the task was restored, and has until RecoverUntil
	// to become healthy; a zero time: its agent has not reported it yet.
	Recovering   bool
	RecoverUntil time.Time

	GraceEnd       time.Time // when failing health checks begin to count
	ComplainAt     time.Time // when its service says that it waits
	GiveUpAt       time.Time // when it stops waiting
	ProtectedUntil time.Time
}

func (t *Task) live() bool { return !t.Stopped }

// Port is a place in a target group: a port of the task's instance, 0 if its
// agent has not reported it.
type Port struct {
	Group string // target group's ARN
	Port  int32
}

// Target is a place in a target group that the task has.
type Target struct {
	Port
	Balanced    bool   // the target group exists and has a load balancer
	Health      string // "" if the target group does not know the target
	Description string // of the health
	Reported    string // the description that was last reported as an event
}

// Rollout is the state of a deployment.
type Rollout int

// The states of a deployment.
const (
	InProgress Rollout = iota
	Completed
	Failed
)

// Service is a service that is ACTIVE or DRAINING.
type Service struct {
	Name     string
	Deleting bool // DRAINING
	Daemon   bool
	Desired  int // of replicas
	// Percents of the desired count between which a deployment stays.
	MinimumHealthyPercent, MaximumPercent int
	Breaker                               Breaker
	Alarms                                Alarms
	Deployments                           []Deployment // the primary one first
	LastCompleted                         string       // the deployment to roll back to, "" for none
	Steady                                bool         // the steady state has been announced
	Failures                              int          // in a row
	RetryAt                               time.Time    // when the next task may start
}

// Breaker is a deployment circuit breaker.
type Breaker struct{ Enabled, Rollback bool }

// Alarms are the deployment alarms of a service.
type Alarms struct {
	Enabled, Rollback bool
	Ringing           bool // one of them is in ALARM
	// Bake is how long they are watched after the last old task is gone, in AWS's
	// time.
	Bake time.Duration
}

// Deployment is a deployment that is PRIMARY or ACTIVE.
type Deployment struct {
	ID       string
	Rollout  Rollout
	Failed   int  // tasks, 0 once one was healthy
	Proven   bool // one of its tasks was healthy: failures no longer count
	Work     Work // of each of its tasks; the strategy names the provider
	Strategy []StrategyItem
	// Refused is why ECS can't assume the roles of its tasks, "" if it can.
	Refused string
	// Unwatched says that its service's alarms don't count, BakedAt is when they
	// have been watched long enough, zero if that is not known yet.
	Unwatched bool
	BakedAt   time.Time
}
