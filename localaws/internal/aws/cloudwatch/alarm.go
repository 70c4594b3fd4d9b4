package cloudwatch

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// The states of alarms.
const (
	stateOK           = "OK"
	stateAlarm        = "ALARM"
	stateInsufficient = "INSUFFICIENT_DATA"
)

// alarm is an alarm in the API's form; what answers don't have is tagged so.
type alarm struct {
	AlarmName                          string
	AlarmArn                           string
	AlarmDescription                   string
	AlarmConfigurationUpdatedTimestamp time.Time
	ActionsEnabled                     bool
	OKActions                          []string
	AlarmActions                       []string
	InsufficientDataActions            []string
	StateValue                         string
	StateReason                        string
	StateReasonData                    string
	StateUpdatedTimestamp              time.Time
	StateTransitionedTimestamp         time.Time
	MetricName                         string
	Namespace                          string
	Statistic                          string
	ExtendedStatistic                  string
	Dimensions                         []dimension
	Period                             *int32 // seconds
	Unit                               string
	EvaluationPeriods                  int32
	DatapointsToAlarm                  *int32
	Threshold                          *float64
	ComparisonOperator                 string
	TreatMissingData                   string
	EvaluateLowSampleCountPercentile   string
	Metrics                            []metricQuery

	Tags    core.Tags     `aws:"-"`
	History []historyItem `aws:"-"` // the oldest first
	// next is the time of the next evaluation.
	next time.Time
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
	AlarmName                        string
	AlarmDescription                 string
	ActionsEnabled                   *bool
	OKActions                        []string
	AlarmActions                     []string
	InsufficientDataActions          []string
	MetricName                       string
	Namespace                        string
	Statistic                        string
	ExtendedStatistic                string
	Dimensions                       []dimension
	Period                           *int32
	Unit                             string
	EvaluationPeriods                int32
	DatapointsToAlarm                *int32
	Threshold                        *float64
	ComparisonOperator               string
	TreatMissingData                 string
	EvaluateLowSampleCountPercentile string
	Metrics                          []metricQuery
	Tags                             []core.Tag
}

// putMetricAlarm makes an alarm, or replaces the configuration of one and
// leaves its state and tags as they are.
func (s *Service) putMetricAlarm(_ context.Context, in *putMetricAlarmInput) (*struct{}, error) {
	if err := s.checkAlarm(in); err != nil {
		return nil, err
	}
	now := s.account.Clock.Now()
	a := &alarm{
		AlarmName: in.AlarmName, AlarmArn: s.account.ARN("cloudwatch", "alarm:"+in.AlarmName),
		AlarmDescription: in.AlarmDescription, AlarmConfigurationUpdatedTimestamp: now,
		ActionsEnabled: in.ActionsEnabled == nil || *in.ActionsEnabled,
		OKActions:      orEmpty(in.OKActions), AlarmActions: orEmpty(in.AlarmActions), InsufficientDataActions: orEmpty(in.InsufficientDataActions),
		MetricName: in.MetricName, Namespace: in.Namespace, Statistic: in.Statistic, ExtendedStatistic: in.ExtendedStatistic,
		Dimensions: orEmpty(in.Dimensions), Period: in.Period, Unit: in.Unit, EvaluationPeriods: in.EvaluationPeriods,
		DatapointsToAlarm: in.DatapointsToAlarm, Threshold: in.Threshold, ComparisonOperator: in.ComparisonOperator,
		TreatMissingData: in.TreatMissingData, EvaluateLowSampleCountPercentile: in.EvaluateLowSampleCountPercentile,
		Metrics: in.Metrics,
	}
	if old := s.state.Alarms[in.AlarmName]; old != nil {
		a.StateValue, a.StateReason, a.StateReasonData = old.StateValue, old.StateReason, old.StateReasonData
		a.StateUpdatedTimestamp, a.StateTransitionedTimestamp = old.StateUpdatedTimestamp, old.StateTransitionedTimestamp
		a.Tags, a.History = old.Tags, old.History
		a.record(now, "ConfigurationUpdate", fmt.Sprintf("Alarm %q updated", a.AlarmName))
	} else {
		a.StateValue, a.StateReason = stateInsufficient, "Unchecked: Initial alarm creation"
		a.StateUpdatedTimestamp, a.StateTransitionedTimestamp = now, now
		a.Tags = core.NewTags(in.Tags)
		a.record(now, "ConfigurationUpdate", fmt.Sprintf("Alarm %q created", a.AlarmName))
	}
	s.state.Alarms[a.AlarmName] = a
	return nil, nil
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

type describeAlarmsInput struct {
	AlarmNames      []string
	AlarmNamePrefix string
	AlarmTypes      []string
	StateValue      string
	ActionPrefix    string
	MaxRecords      *int32
	NextToken       string
}

type describeAlarmsOutput struct {
	MetricAlarms    []alarm
	CompositeAlarms []struct{} // localaws has none
	NextToken       string
}

func (s *Service) describeAlarms(_ context.Context, in *describeAlarmsInput) (*describeAlarmsOutput, error) {
	limit := 50
	if in.MaxRecords != nil {
		limit = int(*in.MaxRecords)
	}
	if limit < 1 || limit > 100 {
		return nil, validationError("MaxRecords is %d; it must be between 1 and 100", limit)
	}
	if len(in.AlarmNames) > 0 {
		limit = max(limit, len(in.AlarmNames))
	}
	out := &describeAlarmsOutput{MetricAlarms: []alarm{}, CompositeAlarms: []struct{}{}}
	if len(in.AlarmTypes) > 0 && !slices.Contains(in.AlarmTypes, "MetricAlarm") {
		return out, nil
	}
	for _, name := range slices.Sorted(maps.Keys(s.state.Alarms)) {
		a := s.state.Alarms[name]
		if name <= in.NextToken || !in.wants(a) {
			continue
		}
		if len(out.MetricAlarms) == limit {
			out.NextToken = out.MetricAlarms[limit-1].AlarmName
			break
		}
		out.MetricAlarms = append(out.MetricAlarms, *a)
	}
	return out, nil
}

func (in *describeAlarmsInput) wants(a *alarm) bool {
	if len(in.AlarmNames) > 0 && !slices.Contains(in.AlarmNames, a.AlarmName) {
		return false
	}
	actions := slices.Concat(a.AlarmActions, a.OKActions, a.InsufficientDataActions)
	return strings.HasPrefix(a.AlarmName, in.AlarmNamePrefix) && (in.StateValue == "" || a.StateValue == in.StateValue) &&
		(in.ActionPrefix == "" || slices.ContainsFunc(actions, func(arn string) bool { return strings.HasPrefix(arn, in.ActionPrefix) }))
}

type alarmNamesInput struct{ AlarmNames []string }

// deleteAlarms deletes all of them or, when one is not there, none.
func (s *Service) deleteAlarms(_ context.Context, in *alarmNamesInput) (*struct{}, error) {
	for _, name := range in.AlarmNames {
		if s.state.Alarms[name] == nil {
			return nil, alarmNotFound(name)
		}
	}
	for _, name := range in.AlarmNames {
		delete(s.state.Alarms, name)
	}
	return nil, nil
}

func alarmNotFound(name string) *wire.Error {
	refusal := notFound("Alarm", name)
	refusal.Shape = "ResourceNotFound"
	return refusal
}

func (s *Service) enableAlarmActions(_ context.Context, in *alarmNamesInput) (*struct{}, error) {
	s.setActions(in.AlarmNames, true)
	return nil, nil
}

func (s *Service) disableAlarmActions(_ context.Context, in *alarmNamesInput) (*struct{}, error) {
	s.setActions(in.AlarmNames, false)
	return nil, nil
}

func (s *Service) setActions(names []string, enabled bool) {
	for _, name := range names {
		if a := s.state.Alarms[name]; a != nil {
			a.ActionsEnabled = enabled
		}
	}
}

type setAlarmStateInput struct {
	AlarmName       string
	StateValue      string
	StateReason     string
	StateReasonData string
}

// setAlarmState holds until the next evaluation, and takes the actions.
func (s *Service) setAlarmState(_ context.Context, in *setAlarmStateInput) (*struct{}, error) {
	a := s.state.Alarms[in.AlarmName]
	if a == nil {
		return nil, alarmNotFound(in.AlarmName)
	}
	if !slices.Contains([]string{stateOK, stateAlarm, stateInsufficient}, in.StateValue) {
		return nil, validationError("StateValue is %q; it must be %s, %s or %s", in.StateValue, stateOK, stateAlarm, stateInsufficient)
	}
	s.setState(a, in.StateValue, in.StateReason)
	a.StateReasonData = in.StateReasonData
	return nil, nil
}

// taggable finds the tags of an alarm or a dashboard.
func (s *Service) taggable(arn string) (core.Tags, error) {
	if _, name, found := strings.Cut(arn, ":alarm:"); found && s.state.Alarms[name] != nil {
		return s.state.Alarms[name].Tags, nil
	}
	if _, name, found := strings.Cut(arn, ":dashboard/"); found && s.state.Dashboards[name] != nil {
		return s.state.Dashboards[name].Tags, nil
	}
	return nil, notFound("The resource", arn)
}

type tagsInput struct {
	ResourceARN string
	Tags        []core.Tag
	TagKeys     []string
}

type tagsOutput struct{ Tags []core.Tag }

func (s *Service) tagResource(_ context.Context, in *tagsInput) (*struct{}, error) {
	tags, err := s.taggable(in.ResourceARN)
	if err != nil {
		return nil, err
	}
	tags.Put(in.Tags)
	return nil, nil
}

func (s *Service) untagResource(_ context.Context, in *tagsInput) (*struct{}, error) {
	tags, err := s.taggable(in.ResourceARN)
	if err != nil {
		return nil, err
	}
	tags.Remove(in.TagKeys)
	return nil, nil
}

func (s *Service) listTagsForResource(_ context.Context, in *tagsInput) (*tagsOutput, error) {
	tags, err := s.taggable(in.ResourceARN)
	if err != nil {
		return nil, err
	}
	return &tagsOutput{tags.List()}, nil
}

// TaggedResources lists what can have tags, for the Tagging API.
func (s *Service) TaggedResources() []core.TaggedResource {
	var all []core.TaggedResource
	for _, a := range s.state.Alarms {
		all = append(all, core.TaggedResource{ARN: a.AlarmArn, Tags: a.Tags})
	}
	return all
}
