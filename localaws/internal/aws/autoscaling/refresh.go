package autoscaling

import (
	"context"
	"slices"
	"time"

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

func (g *group) activeRefresh() *refresh {
	for _, r := range g.Refreshes {
		if r.Status == refreshPending || r.Status == refreshRunning {
			return r
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

func (s *Service) startInstanceRefresh(_ context.Context, in *startRefreshInput) (*refreshIDOutput, error) {
	g, err := s.named(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	if r := g.activeRefresh(); r != nil {
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
	g.Refreshes = slices.Insert(g.Refreshes, 0, r)
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
func (s *Service) chooseOld(g *group, r *refresh) error {
	spec := g.spec()
	if r.Template != nil {
		spec = r.Template
	}
	target, err := s.machines.ResolveTemplate(spec.LaunchTemplateID, "", orDefault(spec.Version))
	if err != nil {
		return invalid("You must use a valid fully-formed launch template. %s", message(err))
	}
	wanted := templateSpec{LaunchTemplateID: target.ID, LaunchTemplateName: target.Name, Version: itoa(target.Version)}
	skip := r.Preferences.SkipMatching != nil && *r.Preferences.SkipMatching
	for _, i := range g.members() {
		if !skip || i.Template == nil || *i.Template != wanted {
			r.Old = append(r.Old, i.ID)
		}
	}
	return nil
}

// advanceRefresh replaces instances as far as the percentages let it, and
// returns by how many the group may exceed its desired capacity meanwhile.
func (s *Service) advanceRefresh(g *group) (surge int) {
	r := g.activeRefresh()
	if r == nil || g.suspended("InstanceRefresh") {
		return 0
	}
	if r.Status == refreshPending {
		r.Status = refreshRunning
		s.changed()
	}
	old, ready := s.refreshState(g, r)
	if len(old) == 0 {
		if ready >= g.Desired {
			s.endRefresh(g, r, refreshSuccessful, "")
		}
		return 0
	}
	lowest := (g.Desired**r.Preferences.MinHealthyPercentage + 99) / 100
	surge = g.Desired * (*r.Preferences.MaxHealthyPercentage - 100) / 100
	if surge == 0 && *r.Preferences.MaxHealthyPercentage > 100 {
		surge = 1
	}
	if surge == 0 {
		lowest = min(lowest, g.Desired-1) // one at a time, at least
	}
	if r.Preferences.ScaleInProtectedInstances == "Wait" {
		if at := slices.IndexFunc(old, func(i *instance) bool { return i.Protected }); at >= 0 {
			if !s.acct.Clock.Now().Before(r.GiveUpAt) {
				s.endRefresh(g, r, refreshFailed, "Instances protected from scale in were not unprotected in time: "+old[at].ID)
				return 0
			}
			s.wake(r.GiveUpAt)
		}
		// None is launched for those that wait: if they stay, it would too.
		old = slices.DeleteFunc(old, func(i *instance) bool { return i.Protected })
	}
	left := len(old)
	for _, i := range old {
		if i.State == inService && ready <= lowest {
			break
		}
		if i.State == inService {
			ready--
		}
		s.terminate(g, i, "an instance was taken out of service in response to an instance refresh.")
		left--
	}
	return min(surge, left)
}

// refreshState returns the instances still to be replaced, and how many
// instances, old or new, can be counted on.
func (s *Service) refreshState(g *group, r *refresh) (old []*instance, ready int) {
	warmup := s.acct.Clock.Real(seconds(*r.Preferences.InstanceWarmup))
	for _, i := range g.members() {
		isOld := slices.Contains(r.Old, i.ID)
		if isOld && i.Protected && r.Preferences.ScaleInProtectedInstances == "Ignore" {
			r.Old = without(r.Old, []string{i.ID})
			isOld = false
		}
		if isOld {
			old = append(old, i)
		}
		if i.State != inService {
			continue
		}
		warm := i.InServiceAt.Add(warmup)
		if isOld || i.LaunchedAt.Before(r.StartTime) || !s.acct.Clock.Now().Before(warm) {
			ready++
		} else {
			s.wake(warm)
		}
	}
	return old, ready
}

func (s *Service) endRefresh(g *group, r *refresh, status, reason string) {
	r.Status, r.Reason, r.EndTime = status, reason, s.acct.Clock.Now()
	if status == refreshSuccessful && r.Template != nil {
		g.LaunchTemplate, g.MixedInstances = r.Template, nil
	}
	s.changed()
}

type cancelRefreshInput struct {
	AutoScalingGroupName          string
	WaitForTransitioningInstances *bool
}

func (s *Service) cancelInstanceRefresh(_ context.Context, in *cancelRefreshInput) (*refreshIDOutput, error) {
	g, err := s.named(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	r := g.activeRefresh()
	if r == nil {
		return nil, noActiveRefresh(g.Name)
	}
	s.endRefresh(g, r, refreshCancelled, "Cancelled by user")
	return &refreshIDOutput{r.ID}, nil
}

type describeRefreshesInput struct {
	AutoScalingGroupName string
	InstanceRefreshIds   []string
	MaxRecords           int
	NextToken            string
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

func (s *Service) describeInstanceRefreshes(_ context.Context, in *describeRefreshesInput) (*describeRefreshesOutput, error) {
	g, err := s.named(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	out := &describeRefreshesOutput{InstanceRefreshes: []refreshView{}}
	for _, r := range g.Refreshes {
		if len(in.InstanceRefreshIds) > 0 && !slices.Contains(in.InstanceRefreshIds, r.ID) {
			continue
		}
		left, _ := s.refreshState(g, r)
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
