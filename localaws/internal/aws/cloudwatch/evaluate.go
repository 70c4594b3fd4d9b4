package cloudwatch

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// evaluator compares alarms with their metrics and acts when a state changes.
type evaluator struct {
	*records
	*metricOperations
}

// extraWindows is how far behind its evaluation periods an alarm looks when
// data is missing.
const extraWindows = 2

// The pace of evaluations, in AWS's time.
const (
	fastestPace = 10 * time.Second
	slowestPace = time.Minute
)

// Run evaluates the alarms until ctx is done. Periods are AWS's own: at a speed
// of 100, one of a minute passes in 0.6 s.
func (s *Service) Run(ctx context.Context) { s.account.Reconcile(ctx, s.step) }

func (s *Service) step() (again time.Time) {
	now := s.account.Clock.Now()
	for _, a := range s.alarms.All() {
		if !a.next.After(now) {
			a.next = s.account.Clock.In(min(max(a.period(), fastestPace), slowestPace))
			s.evaluator.evaluate(a)
		}
		if again.IsZero() || a.next.Before(again) {
			again = a.next
		}
	}
	return again
}

// period is how long one data point of the alarm lasts, in AWS's time.
func (a *alarm) period() time.Duration {
	if a.Period != nil {
		return time.Duration(*a.Period) * time.Second
	}
	return queriesPeriod(a.Metrics)
}

// queriesPeriod is the longest of the queries' periods.
func queriesPeriod(queries []metricQuery) time.Duration {
	seconds := int32(0)
	for _, q := range queries {
		if q.Period != nil {
			seconds = max(seconds, *q.Period)
		}
		if q.MetricStat != nil {
			seconds = max(seconds, q.MetricStat.Period)
		}
	}
	if seconds == 0 {
		seconds = 60
	}
	return time.Duration(seconds) * time.Second
}

// evaluate sets the alarm's state by its metric.
func (s *evaluator) evaluate(a *alarm) {
	if state, reason := a.judge(s.points(a)); state != "" && state != a.StateValue {
		s.alarms.Put(a.AlarmName, a)
		s.setState(a, state, reason)
	}
}

// points are the alarm's data points, the newest last; nil where there is none.
func (s *evaluator) points(a *alarm) []*float64 {
	width := s.account.Clock.Real(a.period())
	count := int(a.EvaluationPeriods) + extraWindows
	w := windows{end: s.account.Clock.Now(), width: width, count: count}
	if a.MetricName != "" {
		m := s.metrics[metricKey(a.Namespace, a.MetricName, a.Dimensions)]
		return w.points(m, a.Statistic+a.ExtendedStatistic, a.Unit)
	}
	all, err := s.series(a.Metrics, w)
	if err != nil {
		s.account.Log.Error("evaluating an alarm", "alarm", a.AlarmName, "error", err)
		return make([]*float64, count)
	}
	for _, q := range a.Metrics {
		if q.returns() {
			return all[q.Id]
		}
	}
	return make([]*float64, count)
}

// judge is the state that follows from data points; "" means the one that it
// has. Where there are enough points in the range, missing ones don't matter.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
func (a *alarm) judge(points []*float64) (state, reason string) {
	wanted := int(a.EvaluationPeriods)
	toAlarm := wanted
	if a.DatapointsToAlarm != nil {
		toAlarm = int(*a.DatapointsToAlarm)
	}
	var recent []float64 // the newest first
	breaching := 0
	for i := len(points) - 1; i >= 0 && len(recent) < wanted; i-- {
		if points[i] == nil {
			continue
		}
		recent = append(recent, *points[i])
		if a.breaches(*points[i]) {
			breaching++
		}
	}
	filled := wanted - len(recent)
	if filled > 0 {
		switch a.TreatMissingData {
		case "breaching":
			breaching += filled
		case "notBreaching":
		case "ignore":
			if breaching < toAlarm && len(recent)-breaching <= wanted-toAlarm {
				return "", ""
			}
		default: // missing
			if len(recent) == 0 {
				return stateInsufficient, fmt.Sprintf("Insufficient Data: %d datapoints were unknown.", filled)
			}
			toAlarm = min(toAlarm, len(recent))
		}
	}
	if breaching >= toAlarm {
		return stateAlarm, a.reason(recent, breaching, filled, "was")
	}
	return stateOK, a.reason(recent, len(recent)-breaching, filled, "was not")
}

func (a *alarm) reason(recent []float64, count, filled int, verb string) string {
	text := fmt.Sprintf("Threshold Crossed: %d out of the last %d datapoints %v %s %s (%v)",
		count, len(recent)+filled, recent, verb, words(a.ComparisonOperator), *a.Threshold)
	if filled > 0 {
		text += fmt.Sprintf("; %d missing datapoints were treated as %s", filled, a.TreatMissingData)
	}
	return text + "."
}

// words makes "greater than threshold" of GreaterThanThreshold.
func words(operator string) string {
	var b strings.Builder
	for i, c := range operator {
		if i > 0 && c >= 'A' && c <= 'Z' {
			b.WriteByte(' ')
		}
		b.WriteRune(c)
	}
	return strings.ToLower(b.String())
}

func (a *alarm) breaches(value float64) bool {
	switch a.ComparisonOperator {
	case "GreaterThanOrEqualToThreshold":
		return value >= *a.Threshold
	case "GreaterThanThreshold":
		return value > *a.Threshold
	case "LessThanThreshold":
		return value < *a.Threshold
	}
	return value <= *a.Threshold
}

// setState sets the state of an alarm that is marked and, when it is another one,
// takes the actions.
func (s *evaluator) setState(a *alarm, state, reason string) {
	now := s.account.Clock.Now()
	old := a.StateValue
	a.StateValue, a.StateReason, a.StateUpdatedTimestamp = state, reason, now
	if state == old {
		return
	}
	a.StateTransitionedTimestamp = now
	a.record(now, "StateUpdate", fmt.Sprintf("Alarm updated from %s to %s", old, state))
	if !a.ActionsEnabled {
		return
	}
	actions := map[string][]string{stateOK: a.OKActions, stateAlarm: a.AlarmActions, stateInsufficient: a.InsufficientDataActions}[state]
	for _, arn := range actions {
		if arn == a.Policy {
			continue // its service looks at the metric itself
		}
		s.act(a, old, arn, now)
	}
}

// act takes one action. Only topics can be notified; any other action is noted
// in the history as failed.
func (s *evaluator) act(a *alarm, old, arn string, now time.Time) {
	if parts := strings.Split(arn, ":"); len(parts) < 3 || parts[2] != "sns" {
		s.account.Log.Warn("localaws can't take this action of an alarm", "alarm", a.AlarmName, "action", arn)
		a.record(now, "Action", "Failed to execute action "+arn)
		return
	}
	message, err := json.Marshal(s.notification(a, old))
	if err == nil {
		subject := fmt.Sprintf("%s: %q in %s", a.StateValue, a.AlarmName, s.account.Region)
		err = s.notify.Publish(arn, subject, string(message))
	}
	if err != nil {
		s.account.Log.Warn("an alarm's notification failed", "alarm", a.AlarmName, "topic", arn, "error", err)
		a.record(now, "Action", fmt.Sprintf("Failed to execute action %s: %v", arn, err))
		return
	}
	a.record(now, "Action", "Successfully executed action "+arn)
}

// notification is the message of an alarm.
func (s *evaluator) notification(a *alarm, old string) map[string]any {
	trigger := map[string]any{
		"EvaluationPeriods": a.EvaluationPeriods, "ComparisonOperator": a.ComparisonOperator,
		"Threshold": a.Threshold, "TreatMissingData": a.TreatMissingData,
	}
	if a.MetricName != "" {
		trigger["MetricName"], trigger["Namespace"], trigger["Statistic"] = a.MetricName, a.Namespace, a.Statistic+a.ExtendedStatistic
		trigger["Period"], trigger["Dimensions"], trigger["Unit"] = a.Period, a.Dimensions, a.Unit
	} else {
		trigger["Metrics"] = a.Metrics
	}
	return map[string]any{
		"AlarmName": a.AlarmName, "AlarmDescription": a.AlarmDescription, "AWSAccountId": s.account.ID, "AlarmArn": a.AlarmArn,
		"AlarmConfigurationUpdatedTimestamp": a.AlarmConfigurationUpdatedTimestamp, "Region": s.account.Region,
		"NewStateValue": a.StateValue, "OldStateValue": old, "NewStateReason": a.StateReason, "StateChangeTime": a.StateUpdatedTimestamp,
		"OKActions": a.OKActions, "AlarmActions": a.AlarmActions, "InsufficientDataActions": a.InsufficientDataActions, "Trigger": trigger,
	}
}
