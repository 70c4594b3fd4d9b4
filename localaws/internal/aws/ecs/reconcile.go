package ecs

import (
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ecs/schedule"
)

// reconciler takes the region's services, tasks and capacity providers to
// their desired state.
type reconciler struct {
	executor executor
	meter    *meter
}

// step takes everything one step forward.
func (r reconciler) step() agenda {
	e := r.executor
	a := agenda{now: e.acct.Clock.Now()}
	r.loseMachines(&a)
	for name := range e.state.Clusters.All() {
		plan := schedule.Next(facts{e.region}.cluster(name))
		for _, action := range plan.Actions {
			a.changed = e.apply(name, action) || a.changed
		}
		a.wake(plan.Next)
	}
	s := scaler{life: e.life, agenda: &a}
	for _, p := range e.state.Providers.All() {
		s.advance(p)
	}
	r.removeDefinitions(&a)
	r.meter.send(s)
	return a
}

// loseMachines forgets container instances whose EC2 instance is gone.
func (r reconciler) loseMachines(a *agenda) {
	for _, i := range r.executor.state.Instances.All() {
		machine, ok := r.executor.machines.Instance(i.EC2ID)
		if !ok || machine.State == "terminated" {
			r.executor.loseInstance(i)
			a.changed = true
		}
	}
}

// removeDefinitions forgets definitions whose deletion was asked for once
// nothing uses them.
func (r reconciler) removeDefinitions(a *agenda) {
	e := r.executor
	for name := range e.state.Deletions.All() {
		if !r.definitionUsed(name) {
			e.state.Definitions.Delete(name)
			e.state.Deletions.Delete(name)
			a.changed = true
		}
	}
}

func (r reconciler) definitionUsed(name string) bool {
	for _, t := range r.executor.state.Tasks.All() {
		if t.Definition == name { // a stopped one can still be described
			return true
		}
	}
	for _, svc := range r.executor.state.Services.All() {
		for _, d := range svc.deployments() {
			if lastPart(d.Revision.TaskDefinition) == name {
				return true
			}
		}
	}
	return false
}
