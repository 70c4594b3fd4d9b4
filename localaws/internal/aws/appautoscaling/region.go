package appautoscaling

import (
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/paging"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/store"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// serviceName is how the service is called in its records and by its clients.
const serviceName = "application-autoscaling"

// state is all that outlives the process. What belongs to a target has the
// target's resource id, a colon, and a name or, as activities have, a number
// that falls: so the newest comes first.
type state struct {
	Targets    *store.Collection[*target] // by resource id
	Policies   *store.Collection[*policy]
	Actions    *store.Collection[*action]
	Activities *store.Collection[*activity]
	// EvaluateAt is when policies look at their metrics next.
	EvaluateAt *store.Value[time.Time]
}

func newState(records *store.Store) state {
	return state{
		Targets:    store.NewCollection[*target](records, serviceName, "targets"),
		Policies:   store.NewCollection[*policy](records, serviceName, "policies"),
		Actions:    store.NewCollection[*action](records, serviceName, "actions"),
		Activities: store.NewCollection[*activity](records, serviceName, "activities"),
		EvaluateAt: store.NewValue[time.Time](records, serviceName, "evaluate-at"),
	}
}

// region is what all parts of Application Auto Scaling share: the account, the
// records, and what it needs of other services.
type region struct {
	acct     *core.Account
	services Services
	metrics  Metrics
	state    state
}

// What can be scaled.
const (
	namespace = "ecs"
	dimension = "ecs:service:DesiredCount"
)

// scaled names what is scaled in requests and answers.
type scaled struct {
	ServiceNamespace  string
	ResourceID        string `aws:"ResourceId"`
	ScalableDimension string
}

// scaledService names an ECS service.
func scaledService(resource string) scaled { return scaled{namespace, resource, dimension} }

// check refuses what is not an ECS service.
func (s scaled) check() error {
	if s.ServiceNamespace != namespace || s.ScalableDimension != dimension {
		return invalid("localaws scales %s of service namespace %s; asked for %s of %s.",
			dimension, namespace, s.ScalableDimension, s.ServiceNamespace)
	}
	parts := strings.Split(s.ResourceID, "/")
	if len(parts) != 3 || parts[0] != "service" || parts[1] == "" || parts[2] == "" {
		return invalid("Unsupported resource ID %q: service/CLUSTER/NAME.", s.ResourceID)
	}
	return nil
}

// covers reports whether a list that was asked for has what belongs to the
// resource.
func (s scaled) covers(resource string) bool {
	return s.ServiceNamespace == namespace && (s.ResourceID == "" || s.ResourceID == resource)
}

// of is the id of a record that belongs to a target.
func of(resource, name string) string { return resource + ":" + name }

// target returns a target, to be read.
func (r *region) target(in scaled) (*target, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	t, ok := r.state.Targets.Get(in.ResourceID)
	if !ok {
		return nil, notRegistered(in.ResourceID, in.ScalableDimension)
	}
	return t, nil
}

// forget removes a target with its policies, scheduled actions and history.
func (r *region) forget(t *target) {
	r.state.Targets.Delete(t.ResourceID)
	for _, p := range r.state.Policies.Prefix(of(t.ResourceID, "")) {
		r.metrics.DropTracking(p.ARN)
	}
	drop(r.state.Policies, t)
	drop(r.state.Actions, t)
	drop(r.state.Activities, t)
}

func drop[T any](records *store.Collection[T], t *target) {
	for id := range records.Prefix(of(t.ResourceID, "")) {
		records.Delete(id)
	}
}

// pageInput is how requests ask for a page of a list.
type pageInput struct {
	MaxResults *int
	NextToken  string
}

// limits are the sizes of an operation's pages.
func limits(most int) paging.Limits {
	return paging.Limits{
		Default: most, Max: most,
		Size: func(size int) error {
			return invalid("1 validation error detected: Value '%d' at 'maxResults' failed to satisfy constraint: Member must be between 1 and %d", size, most)
		},
		Token: func(string) error {
			return wire.Errorf("InvalidNextTokenException", "The token is invalid.")
		},
	}
}

func set[T any](to *T, given *T) {
	if given != nil {
		*to = *given
	}
}
