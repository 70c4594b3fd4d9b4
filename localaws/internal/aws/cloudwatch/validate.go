package cloudwatch

import (
	"regexp"
	"slices"
	"strings"
)

var (
	comparisons = []string{
		"GreaterThanOrEqualToThreshold", "GreaterThanThreshold", "LessThanThreshold", "LessThanOrEqualToThreshold",
	}
	missingDataTreatments = []string{"", "breaching", "notBreaching", "ignore", "missing"}
	queryID               = regexp.MustCompile(`^[a-z][a-zA-Z0-9_]{0,254}$`)
)

// checkAlarm refuses what CloudWatch would, and what can't be evaluated.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
func (s *alarmOperations) checkAlarm(in *putMetricAlarmInput) error {
	switch {
	case in.EvaluationPeriods < 1:
		return validationError("1 validation error detected: Value '%d' at 'evaluationPeriods' must be greater than or equal to 1", in.EvaluationPeriods)
	case in.DatapointsToAlarm != nil && (*in.DatapointsToAlarm < 1 || *in.DatapointsToAlarm > in.EvaluationPeriods):
		return validationError("Invalid datapointsToAlarm %d: it must be at least 1 and at most evaluationPeriods (%d).", *in.DatapointsToAlarm, in.EvaluationPeriods)
	case !slices.Contains(comparisons, in.ComparisonOperator):
		return validationError("localaws compares by %v, not by %q", comparisons, in.ComparisonOperator)
	case in.Threshold == nil:
		return validationError("The parameter Threshold is required for the comparison %s", in.ComparisonOperator)
	case !slices.Contains(missingDataTreatments, in.TreatMissingData):
		return validationError("Invalid treatMissingData %q: it must be breaching, notBreaching, ignore or missing", in.TreatMissingData)
	}
	for _, actions := range [][]string{in.AlarmActions, in.OKActions, in.InsufficientDataActions} {
		if err := checkActions(actions); err != nil {
			return err
		}
	}
	if len(in.Metrics) > 0 {
		if in.MetricName != "" || in.Namespace != "" || in.Period != nil || in.Statistic != "" || in.ExtendedStatistic != "" {
			return validationError("Metrics list and other metric related parameters such as MetricName can't be given together")
		}
		return s.checkQueries(in.Metrics, true)
	}
	return in.checkMetric()
}

func checkActions(actions []string) error {
	for _, arn := range actions {
		if !strings.HasPrefix(arn, "arn:") {
			return validationError("Invalid arn syntax: %s", arn)
		}
	}
	return nil
}

func (in *putMetricAlarmInput) checkMetric() error {
	switch {
	case in.MetricName == "" || in.Namespace == "":
		return validationError("An alarm needs MetricName and Namespace, or Metrics")
	case in.Period == nil:
		return validationError("The parameter Period is required for an alarm on a metric")
	case (in.Statistic == "") == (in.ExtendedStatistic == ""):
		return validationError("Exactly one of Statistic and ExtendedStatistic must be given")
	}
	if err := checkPeriod(*in.Period); err != nil {
		return validationError("%s", err)
	}
	if total := int64(*in.Period) * int64(in.EvaluationPeriods); total > 86400 && *in.Period < 3600 || total > 604800 {
		return validationError("Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400), or seven days when the period is an hour or more.")
	}
	return checkStatistic(in.Statistic + in.ExtendedStatistic)
}

// checkQueries refuses queries that can't be evaluated. Those of an alarm
// return one series.
func (s *metricOperations) checkQueries(queries []metricQuery, forAlarm bool) error {
	ids := map[string]bool{}
	returned := 0
	for _, q := range queries {
		if !queryID.MatchString(q.Id) || ids[q.Id] {
			return validationError("The id %q must begin with a lower-case letter, hold letters, digits and underscores, and be there once", q.Id)
		}
		ids[q.Id] = true
		if q.returns() {
			returned++
		}
		if err := s.checkQuery(q); err != nil {
			return err
		}
	}
	if forAlarm && returned != 1 {
		return validationError("Exactly one element of the metrics list should return data; %d do", returned)
	}
	for _, q := range queries {
		if q.Expression == "" {
			continue
		}
		parsed, err := parseExpression(q.Expression)
		if err != nil {
			return validationError("Error in expression '%s': %v", q.Id, err)
		}
		for _, id := range parsed.ids {
			if !ids[id] {
				return validationError("Error in expression '%s': Unknown identifier '%s'", q.Id, id)
			}
		}
	}
	return nil
}

func (s *metricOperations) checkQuery(q metricQuery) error {
	if (q.MetricStat == nil) == (q.Expression == "") {
		return validationError("The element %q must have exactly one of MetricStat and Expression", q.Id)
	}
	if q.AccountId != "" && q.AccountId != s.account.ID {
		return validationError("The element %q is for the account %s; localaws has %s only", q.Id, q.AccountId, s.account.ID)
	}
	if q.MetricStat == nil {
		return nil
	}
	if err := checkPeriod(q.MetricStat.Period); err != nil {
		return validationError("%s", err)
	}
	return checkStatistic(q.MetricStat.Stat)
}

// returns: without the member, a query returns data.
func (q metricQuery) returns() bool { return q.ReturnData == nil || *q.ReturnData }
