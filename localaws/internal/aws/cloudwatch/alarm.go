package cloudwatch

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/paging"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// alarmOperations are those on alarms.
type alarmOperations struct {
	*records
	*metricOperations
	*evaluator
}

func (s *alarmOperations) operations() []wire.Operation {
	return []wire.Operation{
		wire.Op("PutMetricAlarm", s.putMetricAlarm),
		wire.ReadOp("DescribeAlarms", s.describeAlarms),
		wire.ReadOp("DescribeAlarmHistory", s.describeAlarmHistory),
		wire.Op("DeleteAlarms", s.deleteAlarms),
	}
}

// The states of alarms.
const (
	stateOK           = "OK"
	stateAlarm        = "ALARM"
	stateInsufficient = "INSUFFICIENT_DATA"
)

// alarm is an alarm in the API's form; what answers don't have is tagged so.
type alarm struct {
	alarmSettings
	AlarmArn                           string
	AlarmConfigurationUpdatedTimestamp time.Time
	ActionsEnabled                     bool
	StateValue                         string
	StateReason                        string
	StateReasonData                    string
	StateUpdatedTimestamp              time.Time
	StateTransitionedTimestamp         time.Time

	Tags    tags.Set      `aws:"-"`
	Policy  string        `aws:"-"` // the target tracking policy that made it
	History []historyItem `aws:"-"` // the oldest first
	// next is the time of the next evaluation.
	next time.Time
}

// alarmSettings are what PutMetricAlarm gives and DescribeAlarms gives back.
type alarmSettings struct {
	AlarmName               string
	AlarmDescription        string
	OKActions               []string
	AlarmActions            []string
	InsufficientDataActions []string
	MetricName              string
	Namespace               string
	Statistic               string
	ExtendedStatistic       string
	Dimensions              []dimension
	Period                  *int32 // seconds
	Unit                    string
	EvaluationPeriods       int32
	DatapointsToAlarm       *int32
	Threshold               *float64
	ComparisonOperator      string
	TreatMissingData        string
	Metrics                 []metricQuery
}

// metricQuery is a metric, or an expression over metrics.
type metricQuery struct {
	Id         string
	MetricStat *metricStat
	Expression string
	Label      string
	ReturnData *bool
	Period     *int32
	AccountId  string
}

type metricStat struct {
	Metric metricIdentity
	Period int32
	Stat   string
	Unit   string
}

type putMetricAlarmInput struct {
	alarmSettings
	ActionsEnabled *bool
	Tags           []tags.Tag
}

// putMetricAlarm makes an alarm, or replaces the configuration of one and
// leaves its state and tags as they are.
func (s *alarmOperations) putMetricAlarm(_ context.Context, in *putMetricAlarmInput) (*struct{}, error) {
	if err := s.checkAlarm(in); err != nil {
		return nil, err
	}
	now := s.account.Clock.Now()
	a, exists := s.alarms.Change(in.AlarmName)
	change := "updated"
	if !exists {
		set, err := tagRules.New(in.Tags)
		if err != nil {
			return nil, err
		}
		a = &alarm{
			AlarmArn: s.account.ARN("cloudwatch", "alarm:"+in.AlarmName), Tags: set,
			StateValue: stateInsufficient, StateReason: "Unchecked: Initial alarm creation",
			StateUpdatedTimestamp: now, StateTransitionedTimestamp: now,
		}
		change = "created"
		s.alarms.Put(in.AlarmName, a)
	}
	a.alarmSettings = in.alarmSettings
	a.OKActions, a.AlarmActions, a.InsufficientDataActions = orEmpty(in.OKActions), orEmpty(in.AlarmActions), orEmpty(in.InsufficientDataActions)
	a.Dimensions = orEmpty(in.Dimensions)
	a.ActionsEnabled = in.ActionsEnabled == nil || *in.ActionsEnabled
	a.AlarmConfigurationUpdatedTimestamp = now
	a.next = time.Time{}
	a.record(now, "ConfigurationUpdate", fmt.Sprintf("Alarm %q %s", a.AlarmName, change))
	return nil, nil
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// Alarm is what other services need to know of an alarm.
type Alarm struct {
	InAlarm bool
	// Window is how far back the data reaches that it looks at, in AWS's time.
	Window time.Duration
}

// Alarm is the alarm of that name.
func (s *Service) Alarm(name string) (Alarm, bool) {
	a, exists := s.alarms.Get(name)
	if !exists {
		return Alarm{}, false
	}
	return Alarm{InAlarm: a.StateValue == stateAlarm, Window: time.Duration(a.EvaluationPeriods) * a.period()}, true
}

type describeAlarmsInput struct {
	AlarmNames      []string
	AlarmNamePrefix string
	AlarmTypes      []string
	StateValue      string
	ActionPrefix    string
	MaxRecords      *int
	NextToken       string
}

type describeAlarmsOutput struct {
	MetricAlarms    []*alarm
	CompositeAlarms []struct{} // localaws has none
	NextToken       string
}

// alarmPages are https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html.
var alarmPages = paging.Limits{
	Default: 50, Max: 100, Token: invalidToken,
	Size: func(size int) error {
		return validationError("MaxRecords is %d; it must be between 1 and 100", size)
	},
}

func (s *alarmOperations) describeAlarms(_ context.Context, in *describeAlarmsInput) (*describeAlarmsOutput, error) {
	if in.MaxRecords == nil && len(in.AlarmNames) > 0 {
		in.MaxRecords = &alarmPages.Max // of which there are at most as many
	}
	var found []*alarm
	if len(in.AlarmTypes) == 0 || slices.Contains(in.AlarmTypes, "MetricAlarm") {
		for _, a := range s.alarms.Prefix(in.AlarmNamePrefix) {
			if in.wants(a) {
				found = append(found, a)
			}
		}
	}
	page, next, err := paging.Cut(alarmPages, found, func(a *alarm) string { return a.AlarmName }, in.MaxRecords, in.NextToken)
	if err != nil {
		return nil, err
	}
	return &describeAlarmsOutput{MetricAlarms: page, CompositeAlarms: []struct{}{}, NextToken: next}, nil
}

func (in *describeAlarmsInput) wants(a *alarm) bool {
	if len(in.AlarmNames) > 0 && !slices.Contains(in.AlarmNames, a.AlarmName) {
		return false
	}
	actions := slices.Concat(a.AlarmActions, a.OKActions, a.InsufficientDataActions)
	return (in.StateValue == "" || a.StateValue == in.StateValue) &&
		(in.ActionPrefix == "" || slices.ContainsFunc(actions, func(arn string) bool { return strings.HasPrefix(arn, in.ActionPrefix) }))
}

type alarmNamesInput struct{ AlarmNames []string }

// deleteAlarms deletes all of them or, when one is not there, none.
func (s *alarmOperations) deleteAlarms(_ context.Context, in *alarmNamesInput) (*struct{}, error) {
	for _, name := range in.AlarmNames {
		if !s.alarms.Has(name) {
			return nil, alarmNotFound(name)
		}
	}
	for _, name := range in.AlarmNames {
		s.alarms.Delete(name)
	}
	return nil, nil
}

func alarmNotFound(name string) *wire.Error {
	refusal := notFound("Alarm", name)
	refusal.Shape = "ResourceNotFound"
	return refusal
}

// tagRules are https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_TagResource.html.
var tagRules = tags.Rules{Refuse: func(f tags.Fault) error { return invalidValue("%s", f) }}

// tags are those of alarms and dashboards, which are found by ARN.
func (s *Service) tags() tags.Resources {
	return tags.Resources{Rules: tagRules, Find: func(arn string) (tags.Resource, error) {
		if _, name, found := strings.Cut(arn, ":alarm:"); found {
			if a, exists := s.alarms.Get(name); exists {
				return tags.Resource{Tags: a.Tags, Replace: func(all tags.Set) {
					s.alarms.Put(name, a)
					a.Tags = all
				}}, nil
			}
		}
		if _, name, found := strings.Cut(arn, ":dashboard/"); found {
			if d, exists := s.dashboards.Get(name); exists {
				return tags.Resource{Tags: d.Tags, Replace: func(all tags.Set) {
					s.dashboards.Put(name, d)
					d.Tags = all
				}}, nil
			}
		}
		return tags.Resource{}, notFound("The resource", arn)
	}}
}

// TaggedResources lists what can have tags, for the Tagging API.
func (s *Service) TaggedResources() []tags.Tagged {
	var all []tags.Tagged
	for _, a := range s.alarms.All() {
		all = append(all, tags.Tagged{ARN: a.AlarmArn, Tags: a.Tags})
	}
	return all
}
