package schedule

import "time"

// Action is a change that a Plan asks for.
type Action interface{ action() }

// Actions on one task, named by its id.
type (
	// Drained lets the agent stop a task whose targets have drained.
	Drained struct{ Task string }
	// Place gives a waiting task its instance.
	Place struct{ Task, Instance string }
	// GiveUp stops a task that waited for an instance too long.
	GiveUp struct {
		Task string
		Why  Misfit
	}
	// Register registers a running task with target groups. All says that
	// these are the last of them.
	Register struct {
		Task  string
		Ports []Port
		All   bool
	}
	// MarkHealthy notes that a task counted as healthy.
	MarkHealthy struct{ Task string }
	// MarkFailing notes why a task is to be replaced; "" that it recovered.
	MarkFailing struct{ Task, Reason string }
	// MarkRecovered notes that a restored task is judged like all others.
	MarkRecovered struct{ Task string }
	// ReportTarget reports that a target is unhealthy; an empty Why that it no
	// longer is.
	ReportTarget struct {
		Task   string
		Target Port
		Why    string
	}
	// ReportContainers reports that a task fails its container health checks.
	ReportContainers struct{ Service, Task string }
)

// Actions on one service, by its name, and its deployments, by their ids.
type (
	// CountFailure counts a task that failed to start or to stay healthy.
	CountFailure struct{ Service, Deployment string }
	// Stop begins to stop tasks.
	Stop struct {
		Service string
		Tasks   []StopTask
	}
	// Start starts tasks of a deployment.
	Start struct {
		Service, Deployment string
		Tasks               []StartTask
	}
	// Unplaceable reports that a task has no place.
	Unplaceable struct {
		Service, Provider string
		Why               Misfit
	}
	// RefuseRole reports that ECS can't assume a role of the service's tasks.
	RefuseRole struct{ Service, Why string }
	// ReportConfiguration reports that the deployment configuration lets no
	// task stop or start.
	ReportConfiguration struct{ Service string }
	// Fail fails a deployment whose circuit breaker tripped, or ByAlarm. RollBack says
	// that the last completed deployment comes back, which is To, "" for none.
	Fail struct {
		Service, Deployment string
		ByAlarm, RollBack   bool
		To                  string
	}
	// Bake begins the bake time of a deployment.
	Bake struct {
		Service, Deployment string
		Until               time.Time
	}
	// Prove notes that a task of the deployment was healthy.
	Prove struct{ Service, Deployment string }
	// Retire forgets an old deployment without tasks.
	Retire struct{ Service, Deployment string }
	// Complete completes a deployment.
	Complete struct{ Service, Deployment string }
	// Settle announces the steady state.
	Settle struct{ Service string }
	// Unsettle notes that the steady state is over.
	Unsettle struct{ Service string }
	// End ends a service that is being deleted and has no tasks.
	End struct{ Service string }
)

// StopTask is a task to stop, and the reason.
type StopTask struct{ Task, Reason string }

// StartTask is a task to start: on an instance, or, without one, once its
// capacity provider has launched one.
type StartTask struct{ Instance, Provider string }

func (Drained) action()             {}
func (Place) action()               {}
func (GiveUp) action()              {}
func (Register) action()            {}
func (MarkHealthy) action()         {}
func (MarkFailing) action()         {}
func (MarkRecovered) action()       {}
func (ReportTarget) action()        {}
func (ReportContainers) action()    {}
func (CountFailure) action()        {}
func (Stop) action()                {}
func (Start) action()               {}
func (Unplaceable) action()         {}
func (RefuseRole) action()          {}
func (ReportConfiguration) action() {}
func (Fail) action()                {}
func (Bake) action()                {}
func (Prove) action()               {}
func (Retire) action()              {}
func (Complete) action()            {}
func (Settle) action()              {}
func (Unsettle) action()            {}
func (End) action()                 {}
