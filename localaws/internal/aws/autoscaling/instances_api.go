package autoscaling

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// instanceView is an instance in an answer.
type instanceView struct {
	InstanceId           string
	InstanceType         string
	AutoScalingGroupName string // in DescribeAutoScalingInstances only
	AvailabilityZone     string
	LifecycleState       string
	HealthStatus         string
	LaunchTemplate       *templateSpec
	ProtectedFromScaleIn bool
}

func (i *instance) view() instanceView {
	return instanceView{
		InstanceId: i.ID, InstanceType: i.Type, AvailabilityZone: i.Zone, LifecycleState: i.State,
		HealthStatus: i.Health, LaunchTemplate: i.Template, ProtectedFromScaleIn: i.Protected,
	}
}

type describeInstancesInput struct {
	InstanceIds []string
	MaxRecords  int
	NextToken   string
}

type describeInstancesOutput struct {
	AutoScalingInstances []instanceView
	NextToken            string
}

func (s *Service) describeInstances(_ context.Context, in *describeInstancesInput) (*describeInstancesOutput, error) {
	out := &describeInstancesOutput{AutoScalingInstances: []instanceView{}}
	for _, g := range s.groups() {
		for _, i := range g.Instances {
			if len(in.InstanceIds) > 0 && !slices.Contains(in.InstanceIds, i.ID) {
				continue
			}
			v := i.view()
			v.AutoScalingGroupName = g.Name
			out.AutoScalingInstances = append(out.AutoScalingInstances, v)
		}
	}
	return out, nil
}

// groups returns all groups by name.
func (s *Service) groups() []*group {
	all := make([]*group, 0, len(s.state.Groups))
	for _, name := range slices.Sorted(maps.Keys(s.state.Groups)) {
		all = append(all, s.state.Groups[name])
	}
	return all
}

type protectionInput struct {
	AutoScalingGroupName string
	InstanceIds          []string
	ProtectedFromScaleIn bool
}

func (s *Service) setInstanceProtection(_ context.Context, in *protectionInput) (*wire.Empty, error) {
	g, err := s.named(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	for _, id := range in.InstanceIds {
		i := g.instance(id)
		if i == nil {
			return nil, instanceNotFound(id)
		}
		if i.State != inService && i.State != pending && i.State != pendingWait {
			return nil, invalid("The instance %s is not in InService or EnteringStandby or Standby.", id)
		}
	}
	return nil, s.SetProtection(in.AutoScalingGroupName, in.InstanceIds, in.ProtectedFromScaleIn)
}

type healthInput struct {
	InstanceId               string
	HealthStatus             string
	ShouldRespectGracePeriod *bool
}

func (s *Service) setInstanceHealth(_ context.Context, in *healthInput) (*wire.Empty, error) {
	if in.HealthStatus != healthy && in.HealthStatus != unhealthy {
		return nil, invalid("HealthStatus %q: Healthy or Unhealthy", in.HealthStatus)
	}
	g, i, err := s.member(in.InstanceId)
	if err != nil {
		return nil, err
	}
	respect := in.ShouldRespectGracePeriod == nil || *in.ShouldRespectGracePeriod
	if in.HealthStatus == unhealthy && respect && s.inGrace(g, i) {
		return nil, nil
	}
	i.Health = in.HealthStatus
	return nil, nil
}

func (s *Service) member(id string) (*group, *instance, error) {
	for _, g := range s.state.Groups {
		if i := g.instance(id); i != nil {
			return g, i, nil
		}
	}
	return nil, nil, instanceNotFound(id)
}

type terminateInput struct {
	InstanceId                     string
	ShouldDecrementDesiredCapacity bool
}

type terminateOutput struct{ Activity activityView }

func (s *Service) terminateInstance(_ context.Context, in *terminateInput) (*terminateOutput, error) {
	g, i, err := s.member(in.InstanceId)
	if err != nil {
		return nil, err
	}
	if in.ShouldDecrementDesiredCapacity {
		if g.Desired <= g.Min {
			return nil, invalid("Currently, desiredSize equals minSize (%d). Terminating instance without replacement will violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower group's min size.", g.Min)
		}
		g.Desired--
	}
	a := s.terminate(g, i, "an instance was taken out of service in response to a user request.")
	return &terminateOutput{Activity: a.view(g)}, nil
}

// activity is something that a group did,
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_Activity.html.
type activity struct {
	ID            string
	Description   string
	Cause         string
	StatusCode    string
	StatusMessage string
	Progress      int
	StartTime     time.Time
	EndTime       time.Time
}

// maxActivities bounds the history; AWS keeps six weeks.
const maxActivities = 100

func (g *group) begin(a *activity) *activity {
	g.Activities = slices.Insert(g.Activities, 0, a)
	g.Activities = g.Activities[:min(len(g.Activities), maxActivities)]
	return a
}

func (g *group) activity(id string) *activity {
	for _, a := range g.Activities {
		if a.ID == id {
			return a
		}
	}
	return nil
}

func (g *group) finish(id, status string, at time.Time) {
	if a := g.activity(id); a != nil {
		a.StatusCode, a.Progress, a.EndTime = status, 100, at
	}
}

type activityView struct {
	ActivityId           string
	AutoScalingGroupName string
	AutoScalingGroupARN  string
	Description          string
	Cause                string
	StartTime            time.Time
	EndTime              time.Time
	StatusCode           string
	StatusMessage        string
	Progress             int
	Details              string
}

func (a *activity) view(g *group) activityView {
	return activityView{
		ActivityId: a.ID, AutoScalingGroupName: g.Name, AutoScalingGroupARN: g.ARN,
		Description: a.Description, Cause: a.Cause, StartTime: a.StartTime, EndTime: a.EndTime,
		StatusCode: a.StatusCode, StatusMessage: a.StatusMessage, Progress: a.Progress, Details: "{}",
	}
}

type describeActivitiesInput struct {
	AutoScalingGroupName string
	ActivityIds          []string
	IncludeDeletedGroups bool
	MaxRecords           int
	NextToken            string
}

type describeActivitiesOutput struct {
	Activities []activityView
	NextToken  string
}

func (s *Service) describeActivities(_ context.Context, in *describeActivitiesInput) (*describeActivitiesOutput, error) {
	out := &describeActivitiesOutput{Activities: []activityView{}}
	for _, g := range s.groups() {
		if in.AutoScalingGroupName != "" && in.AutoScalingGroupName != g.Name && in.AutoScalingGroupName != g.ARN {
			continue
		}
		for _, a := range g.Activities {
			if len(in.ActivityIds) == 0 || slices.Contains(in.ActivityIds, a.ID) {
				out.Activities = append(out.Activities, a.view(g))
			}
		}
	}
	if in.MaxRecords > 0 && len(out.Activities) > in.MaxRecords {
		out.Activities = out.Activities[:in.MaxRecords]
	}
	return out, nil
}

// stamp is how causes write times.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// message is what a refusal of another service says.
func message(err error) string {
	var refusal *wire.Error
	if errors.As(err, &refusal) {
		return refusal.Message
	}
	return err.Error()
}
