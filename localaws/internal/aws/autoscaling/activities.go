package autoscaling

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/paging"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// activity is something that a group did,
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_Activity.html.
type activity struct {
	Record        string // its id in the records
	Group         string // name
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

// begin adds an activity to the group's history.
func (r *region) begin(g *group, a *activity) *activity {
	a.Record, a.Group, a.ID = r.next(g), g.Name, ids.UUID()
	r.state.Activities.Put(a.Record, a)
	kept := 0
	for record := range r.state.Activities.Prefix(g.Name + ":") {
		if kept++; kept > maxActivities {
			r.state.Activities.Delete(record)
		}
	}
	return a
}

func (r *region) finish(record, status string, at time.Time) {
	if a, ok := r.state.Activities.Change(record); ok {
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
	pageInput
}

type describeActivitiesOutput struct {
	Activities []activityView
	NextToken  string
}

func (s members) describeActivities(_ context.Context, in *describeActivitiesInput) (*describeActivitiesOutput, error) {
	var found []*activity
	for _, a := range s.state.Activities.All() {
		g, _ := s.state.Groups.Get(a.Group)
		if in.AutoScalingGroupName != "" && in.AutoScalingGroupName != g.Name && in.AutoScalingGroupName != g.ARN ||
			len(in.ActivityIds) > 0 && !slices.Contains(in.ActivityIds, a.ID) {
			continue
		}
		found = append(found, a)
	}
	page, next, err := paging.Cut(limits(100, 100), found, func(a *activity) string { return a.Record }, in.MaxRecords, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &describeActivitiesOutput{Activities: []activityView{}, NextToken: next}
	for _, a := range page {
		g, _ := s.state.Groups.Get(a.Group)
		out.Activities = append(out.Activities, a.view(g))
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
