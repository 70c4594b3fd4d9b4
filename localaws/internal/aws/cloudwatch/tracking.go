package cloudwatch

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
)

// Tracking is a target tracking policy that has alarms,
// https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html.
type Tracking struct {
	PolicyARN string
	// Scaled is what is scaled, as the alarms' names have it.
	Scaled                       string
	Namespace, Metric, Statistic string
	Dimensions                   map[string]string
	Target                       float64
	NoScaleIn                    bool
}

// TrackingAlarm is an alarm of a policy, as the policy's service names it.
type TrackingAlarm struct{ AlarmName, AlarmARN string }

// trackingKind is one of a policy's two alarms: how often in a row its metric
// must be beyond which part of the target.
type trackingKind struct {
	name, comparison string
	periods          int32
	part             float64
}

var (
	alarmHigh = trackingKind{"AlarmHigh", "GreaterThanThreshold", 3, 1}
	alarmLow  = trackingKind{"AlarmLow", "LessThanThreshold", 15, 0.9}
)

// PutTracking makes or changes a policy's alarms. They take no action: the
// policy's service looks at the metric itself.
func (s *Service) PutTracking(t Tracking) {
	kinds := []trackingKind{alarmHigh, alarmLow}
	if t.NoScaleIn {
		kinds = kinds[:1]
	}
	old := s.alarmsOf(t.PolicyARN)
	now := s.account.Clock.Now()
	for _, kind := range kinds {
		prefix := "TargetTracking-" + t.Scaled + "-" + kind.name + "-"
		i := slices.IndexFunc(old, func(a *alarm) bool { return strings.HasPrefix(a.AlarmName, prefix) })
		var a *alarm
		if i >= 0 {
			a = old[i]
			old = slices.Delete(old, i, i+1)
		} else {
			a = &alarm{
				Policy: t.PolicyARN, Tags: tags.Set{}, StateValue: stateInsufficient, StateReason: "Unchecked: Initial alarm creation",
				StateUpdatedTimestamp: now, StateTransitionedTimestamp: now,
			}
			a.AlarmName = prefix + ids.UUID()
			a.AlarmArn = s.account.ARN("cloudwatch", "alarm:"+a.AlarmName)
		}
		s.alarms.Put(a.AlarmName, a)
		a.alarmSettings = t.settings(a.AlarmName, kind)
		a.ActionsEnabled, a.AlarmConfigurationUpdatedTimestamp = true, now
	}
	for _, a := range old {
		s.alarms.Delete(a.AlarmName)
	}
}

func (t Tracking) settings(name string, kind trackingKind) alarmSettings {
	minute, threshold := int32(60), t.Target*kind.part
	settings := alarmSettings{
		AlarmName: name, AlarmDescription: fmt.Sprintf("DO NOT EDIT OR DELETE. For TargetTrackingScaling policy %s.", t.PolicyARN),
		AlarmActions: []string{t.PolicyARN}, OKActions: []string{}, InsufficientDataActions: []string{},
		Namespace: t.Namespace, MetricName: t.Metric, Statistic: t.Statistic, Dimensions: []dimension{},
		Period: &minute, EvaluationPeriods: kind.periods, Threshold: &threshold, ComparisonOperator: kind.comparison,
	}
	for _, key := range slices.Sorted(maps.Keys(t.Dimensions)) {
		settings.Dimensions = append(settings.Dimensions, dimension{key, t.Dimensions[key]})
	}
	return settings
}

// DropTracking deletes a policy's alarms.
func (s *Service) DropTracking(policyARN string) {
	for _, a := range s.alarmsOf(policyARN) {
		s.alarms.Delete(a.AlarmName)
	}
}

// TrackingAlarms are a policy's alarms by name; never nil.
func (s *Service) TrackingAlarms(policyARN string) []TrackingAlarm {
	all := []TrackingAlarm{}
	for _, a := range s.alarmsOf(policyARN) {
		all = append(all, TrackingAlarm{a.AlarmName, a.AlarmArn})
	}
	return all
}

func (s *Service) alarmsOf(policyARN string) []*alarm {
	var all []*alarm
	for _, a := range s.alarms.Prefix("TargetTracking-") {
		if a.Policy == policyARN {
			all = append(all, a)
		}
	}
	slices.SortFunc(all, func(a, b *alarm) int { return cmp.Compare(a.AlarmName, b.AlarmName) })
	return all
}
