package autoscaling

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/elbv2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/paging"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/store"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// serviceName is how the service is called in its records and by its clients.
const serviceName = "autoscaling"

// state is all that outlives the process. A group's activities and instance
// refreshes have its name, a colon, which no name has, and a number that falls
// for ids: so the newest comes first.
type state struct {
	Groups     *store.Collection[*group]    // by name
	Instances  *store.Collection[*instance] // by id
	Activities *store.Collection[*activity]
	Refreshes  *store.Collection[*refresh]
	Policies   *store.Collection[*policy] // by ARN
}

func newState(records *store.Store) state {
	return state{
		Groups:     store.NewCollection[*group](records, serviceName, "groups"),
		Instances:  store.NewCollection[*instance](records, serviceName, "instances"),
		Activities: store.NewCollection[*activity](records, serviceName, "activities"),
		Refreshes:  store.NewCollection[*refresh](records, serviceName, "refreshes"),
		Policies:   store.NewCollection[*policy](records, serviceName, "policies"),
	}
}

// region is what all parts of EC2 Auto Scaling share: the account, the records,
// and what groups need of other services.
type region struct {
	acct     *core.Account
	machines Machines
	targets  Targets
	alarms   Alarms
	state    state
}

// named returns the group to be read, or the refusal that AWS gives for an
// unknown one.
func (r *region) named(name string) (*group, error) {
	if g, ok := r.state.Groups.Get(name); ok && !g.Deleting {
		return g, nil
	}
	return nil, groupNotFound(name)
}

// change returns the group, which is about to be changed.
func (r *region) change(name string) (*group, error) {
	g, err := r.named(name)
	if err == nil {
		r.state.Groups.Change(name)
	}
	return g, err
}

// instances returns the group's instances in the order of their launch.
func (r *region) instances(g *group) []*instance {
	var all []*instance
	for _, i := range r.state.Instances.All() {
		if i.Group == g.Name {
			all = append(all, i)
		}
	}
	slices.SortFunc(all, func(a, b *instance) int {
		return cmp.Or(a.LaunchedAt.Compare(b.LaunchedAt), cmp.Compare(a.ID, b.ID))
	})
	return all
}

// members are the instances that count for the group's capacity.
func (r *region) members(g *group) []*instance {
	return slices.DeleteFunc(r.instances(g), (*instance).terminating)
}

// instance returns an instance of the group, nil if it has no such one.
func (r *region) instance(g *group, id string) *instance {
	if i, ok := r.state.Instances.Get(id); ok && i.Group == g.Name {
		return i
	}
	return nil
}

// changing says that the instance is about to be changed.
func (r *region) changing(i *instance) { r.state.Instances.Put(i.ID, i) }

// next is the id of the group's next activity or refresh.
func (r *region) next(g *group) string {
	const last = 99999999
	r.state.Groups.Put(g.Name, g)
	g.Begun++
	return fmt.Sprintf("%s:%08d", g.Name, last-g.Begun)
}

// forget removes a group that has no instances, with its history.
func (r *region) forget(g *group) {
	for record := range r.state.Activities.Prefix(g.Name + ":") {
		r.state.Activities.Delete(record)
	}
	for record := range r.state.Refreshes.Prefix(g.Name + ":") {
		r.state.Refreshes.Delete(record)
	}
	r.state.Groups.Delete(g.Name)
}

// resolved fills in the template's id and name; the version stays as given.
func (r *region) resolved(spec *templateSpec) (*templateSpec, error) {
	template, err := r.machines.ResolveTemplate(spec.LaunchTemplateID, spec.LaunchTemplateName, spec.version())
	if err != nil {
		return nil, invalid("You must use a valid fully-formed launch template. %s", message(err))
	}
	return &templateSpec{LaunchTemplateID: template.ID, LaunchTemplateName: template.Name, Version: spec.Version}, nil
}

// target is the instance as a target of the group: on the group's own port.
func (r *region) target(arn string, i *instance) elbv2.Target {
	tg, _ := r.targets.TargetGroup(arn)
	return elbv2.Target{ID: i.ID, Port: tg.Port}
}

// protect protects instances of the group from scale in, or ends that.
func (r *region) protect(g *group, instanceIDs []string, protected bool) error {
	for _, id := range instanceIDs {
		i := r.instance(g, id)
		if i == nil {
			return instanceNotFound(id)
		}
		r.changing(i)
		i.Protected = protected
	}
	return nil
}

// graceEnd is when the health check grace period of the instance ends: never
// before it is in service.
func (r *region) graceEnd(g *group, i *instance) time.Time {
	start := i.InServiceAt
	if start.IsZero() {
		start = r.acct.Clock.Now().Add(1)
	}
	return start.Add(r.acct.Clock.Real(seconds(g.GracePeriod)))
}

// terminate begins to terminate an instance.
func (r *region) terminate(g *group, i *instance, cause string) *activity {
	if i.terminating() {
		a, _ := r.state.Activities.Get(i.Activity)
		return a
	}
	now := r.acct.Clock.Now()
	a := r.begin(g, &activity{
		Description: "Terminating EC2 instance: " + i.ID,
		Cause:       "At " + stamp(now) + " " + cause, StatusCode: "InProgress", StartTime: now,
	})
	r.changing(i)
	i.State, i.Activity = terminating, a.Record
	i.WaitHook, i.WaitUntil, i.Waited = "", time.Time{}, nil
	return a
}

// pageInput is how requests ask for a page of a list.
type pageInput struct {
	MaxRecords *int
	NextToken  string
}

// limits are the sizes of an operation's pages.
func limits(usual, most int) paging.Limits {
	return paging.Limits{
		Default: usual, Max: most,
		Size: func(size int) error {
			return invalid("1 validation error detected: Value '%d' at 'maxRecords' failed to satisfy constraint: Member must be between 1 and %d", size, most)
		},
		Token: func(token string) error {
			return wire.Errorf("InvalidNextToken", "The token '%s' is invalid.", token)
		},
	}
}
