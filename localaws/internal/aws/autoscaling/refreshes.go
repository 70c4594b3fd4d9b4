package autoscaling

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/paging"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
)

// Status values of an instance refresh,
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstanceRefresh.html.
const (
	refreshPending    = "Pending"
	refreshRunning    = "InProgress"
	refreshSuccessful = "Successful"
	refreshCancelled  = "Cancelled"
	refreshFailed     = "Failed"
)

// protectionWait is how long a refresh waits for instances that are protected
// from scale in.
const protectionWait = time.Hour

// preferences are how a refresh proceeds.
type preferences struct {
	MinHealthyPercentage      *int
	MaxHealthyPercentage      *int
	InstanceWarmup            *int // seconds
	SkipMatching              *bool
	ScaleInProtectedInstances string
	StandbyInstances          string
	AutoRollback              *bool
}

// refresh replaces the instances that a group had when it began.
type refresh struct {
	Record      string // its id in the records
	ID          string
	Status      string
	Reason      string
	Preferences preferences
	Template    *templateSpec // of the desired configuration
	StartTime   time.Time
	EndTime     time.Time
	Old         []string // instances still to be replaced
	Total       int
	GiveUpAt    time.Time
}

// refreshes are the operations on instance refreshes.
type refreshes struct{ *region }

func (r *refresh) active() bool { return r.Status == refreshPending || r.Status == refreshRunning }

// activeRefresh is the refresh that the group is in, nil if there is none.
func (r *region) activeRefresh(g *group) *refresh {
	for _, one := range r.state.Refreshes.Prefix(g.Name + ":") {
		if one.active() {
			return one
		}
	}
	return nil
}

type desiredConfiguration struct {
	LaunchTemplate       *templateSpec
	MixedInstancesPolicy *mixedInstances
}

type startRefreshInput struct {
	AutoScalingGroupName string
	Strategy             string
	Preferences          *preferences
	DesiredConfiguration *desiredConfiguration
}

type refreshIDOutput struct{ InstanceRefreshId string }

func (s refreshes) startInstanceRefresh(_ context.Context, in *startRefreshInput) (*refreshIDOutput, error) {
	g, err := s.change(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	if r := s.activeRefresh(g); r != nil {
		return nil, refreshInProgress(r.ID)
	}
	if in.Strategy != "" && in.Strategy != "Rolling" {
		return nil, invalid("Instance refresh strategy %q: localaws has Rolling", in.Strategy)
	}
	r := &refresh{ID: ids.UUID(), Status: refreshPending, StartTime: s.acct.Clock.Now()}
	if in.Preferences != nil {
		r.Preferences = *in.Preferences
	}
	if err := r.Preferences.complete(g); err != nil {
		return nil, err
	}
	if d := in.DesiredConfiguration; d != nil {
		if d.LaunchTemplate == nil || d.MixedInstancesPolicy != nil {
			return nil, invalid("DesiredConfiguration: localaws takes a launch template")
		}
		if r.Template, err = s.resolved(d.LaunchTemplate); err != nil {
			return nil, err
		}
	}
	if err := s.chooseOld(g, r); err != nil {
		return nil, err
	}
	r.Total = len(r.Old)
	r.GiveUpAt = s.acct.Clock.In(protectionWait)
	r.Record = s.next(g)
	s.state.Refreshes.Put(r.Record, r)
	return &refreshIDOutput{r.ID}, nil
}

// complete fills in AWS's defaults.
func (p *preferences) complete(g *group) error {
	if m := g.MaintenancePolicy; m != nil {
		setMissing(&p.MinHealthyPercentage, m.MinHealthyPercentage)
		setMissing(&p.MaxHealthyPercentage, m.MaxHealthyPercentage)
	}
	if p.InstanceWarmup == nil && g.Warmup != nil {
		p.InstanceWarmup = g.Warmup
	}
	orInt(&p.MinHealthyPercentage, 90)
	orInt(&p.MaxHealthyPercentage, 100)
	orInt(&p.InstanceWarmup, g.GracePeriod)
	orString(&p.ScaleInProtectedInstances, "Wait")
	orString(&p.StandbyInstances, "Wait")
	low, high := *p.MinHealthyPercentage, *p.MaxHealthyPercentage
	switch {
	case low < 0 || low > 100:
		return invalid("MinHealthyPercentage %d must be between 0 and 100", low)
	case high < 100 || high > 200 || high-low > 100:
		return invalid("MaxHealthyPercentage %d must be between 100 and 200, and at most 100 above MinHealthyPercentage %d", high, low)
	case !slices.Contains([]string{"Refresh", "Ignore", "Wait"}, p.ScaleInProtectedInstances):
		return invalid("ScaleInProtectedInstances %q: Refresh, Ignore or Wait", p.ScaleInProtectedInstances)
	case p.AutoRollback != nil && *p.AutoRollback:
		return invalid("AutoRollback: localaws does not roll an instance refresh back")
	}
	return nil
}

func setMissing(to **int, value *int) {
	if *to == nil {
		*to = value
	}
}

// chooseOld lists the instances to replace.
func (s refreshes) chooseOld(g *group, r *refresh) error {
	spec := g.spec()
	if r.Template != nil {
		spec = r.Template
	}
	target, err := s.machines.ResolveTemplate(spec.LaunchTemplateID, "", spec.version())
	if err != nil {
		return invalid("You must use a valid fully-formed launch template. %s", message(err))
	}
	wanted := templateSpec{LaunchTemplateID: target.ID, LaunchTemplateName: target.Name, Version: fmt.Sprint(target.Version)}
	skip := r.Preferences.SkipMatching != nil && *r.Preferences.SkipMatching
	for _, i := range s.members(g) {
		if !skip || i.Template == nil || *i.Template != wanted {
			r.Old = append(r.Old, i.ID)
		}
	}
	return nil
}

type cancelRefreshInput struct {
	AutoScalingGroupName          string
	WaitForTransitioningInstances *bool
}

func (s refreshes) cancelInstanceRefresh(_ context.Context, in *cancelRefreshInput) (*refreshIDOutput, error) {
	g, err := s.change(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	r := s.activeRefresh(g)
	if r == nil {
		return nil, noActiveRefresh(g.Name)
	}
	s.endRefresh(g, r, refreshCancelled, "Cancelled by user")
	return &refreshIDOutput{r.ID}, nil
}

type describeRefreshesInput struct {
	AutoScalingGroupName string
	InstanceRefreshIds   []string
	pageInput
}

type refreshView struct {
	InstanceRefreshId    string
	AutoScalingGroupName string
	Status               string
	StatusReason         string
	StartTime            time.Time
	EndTime              time.Time
	PercentageComplete   int
	InstancesToUpdate    int
	Preferences          preferences
	DesiredConfiguration *desiredConfiguration
	Strategy             string
}

type describeRefreshesOutput struct {
	InstanceRefreshes []refreshView
	NextToken         string
}

func (s refreshes) describeInstanceRefreshes(_ context.Context, in *describeRefreshesInput) (*describeRefreshesOutput, error) {
	g, err := s.named(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	var found []*refresh
	for _, r := range s.state.Refreshes.Prefix(g.Name + ":") {
		if len(in.InstanceRefreshIds) == 0 || slices.Contains(in.InstanceRefreshIds, r.ID) {
			found = append(found, r)
		}
	}
	page, next, err := paging.Cut(limits(50, 100), found, func(r *refresh) string { return r.Record }, in.MaxRecords, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &describeRefreshesOutput{InstanceRefreshes: []refreshView{}, NextToken: next}
	for _, r := range page {
		left := s.oldOf(g, r)
		v := refreshView{
			InstanceRefreshId: r.ID, AutoScalingGroupName: g.Name, Status: r.Status, StatusReason: r.Reason,
			StartTime: r.StartTime, EndTime: r.EndTime, PercentageComplete: 100, InstancesToUpdate: len(left),
			Preferences: r.Preferences, Strategy: "Rolling",
		}
		if r.Total > 0 {
			v.PercentageComplete = (r.Total - len(left)) * 100 / r.Total
		}
		if r.Template != nil {
			v.DesiredConfiguration = &desiredConfiguration{LaunchTemplate: r.Template}
		}
		out.InstanceRefreshes = append(out.InstanceRefreshes, v)
	}
	return out, nil
}

// oldOf returns the instances that the refresh still has to replace.
func (r *region) oldOf(g *group, one *refresh) []*instance {
	var old []*instance
	for _, i := range r.members(g) {
		if slices.Contains(one.Old, i.ID) && !one.ignores(i) {
			old = append(old, i)
		}
	}
	return old
}

// ignores reports whether the refresh leaves the instance as it is, because it
// is protected from scale in.
func (r *refresh) ignores(i *instance) bool {
	return i.Protected && r.Preferences.ScaleInProtectedInstances == "Ignore"
}

func (r *region) endRefresh(g *group, one *refresh, status, reason string) {
	r.state.Refreshes.Put(one.Record, one)
	one.Status, one.Reason, one.EndTime = status, reason, r.acct.Clock.Now()
	if status == refreshSuccessful && one.Template != nil {
		r.state.Groups.Put(g.Name, g)
		g.LaunchTemplate, g.MixedInstances = one.Template, nil
	}
}
