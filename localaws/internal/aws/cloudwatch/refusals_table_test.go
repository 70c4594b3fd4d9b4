package cloudwatch_test

import (
	"strings"
	"testing"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/cloudwatch"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wiretest"
)

// What refusals.md says, beyond what the other tests hold.

func TestRulesOfTheTable(t *testing.T) {
	t.Parallel()
	wiretest.Refusals(t, newFixture(t).service.Wire(), cloudwatch.Refusals, func(operation string) string {
		if operation == "PutMetricData" || operation == "GetMetricStatistics" {
			return "InvalidParameterValue"
		}
		return "ValidationError"
	}, wiretest.MayMiss)
}

func TestMembersThatAreRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const datum = "MetricData.member.1."
	at := func(d time.Duration) string { return wiretest.Start.Add(d).Format(time.RFC3339) }
	without := func(name string, more ...string) []string {
		var parameters []string
		for _, p := range alarmParameters(more...) {
			if !strings.HasPrefix(p, name+"=") {
				parameters = append(parameters, p)
			}
		}
		return parameters
	}
	statistics := []string{"Namespace=App", "MetricName=m", "StartTime=" + at(0), "EndTime=" + at(48*time.Hour), "Period=60", "Statistics.member.1=Sum"}
	for name, c := range map[string]struct {
		action     string
		parameters []string
		code       string
	}{
		"no threshold":            {"PutMetricAlarm", without("Threshold"), "ValidationError"},
		"no metric":               {"PutMetricAlarm", without("MetricName"), "ValidationError"},
		"two statistics":          {"PutMetricAlarm", without("", "ExtendedStatistic=p90"), "ValidationError"},
		"no namespace":            {"PutMetricData", []string{datum + "MetricName=m", datum + "Value=1"}, "MissingParameter"},
		"no name":                 {"PutMetricData", []string{"Namespace=App", datum + "Value=1"}, "MissingParameter"},
		"two kinds of values":     {"PutMetricData", []string{"Namespace=App", datum + "MetricName=m", datum + "Value=1", datum + "Values.member.1=1"}, "InvalidParameterValue"},
		"values without counts":   {"PutMetricData", []string{"Namespace=App", datum + "MetricName=m", datum + "Values.member.1=1", datum + "Counts.member.1=1", datum + "Counts.member.2=1"}, "InvalidParameterValue"},
		"a value of last month":   {"PutMetricData", []string{"Namespace=App", datum + "MetricName=m", datum + "Value=1", datum + "Timestamp=" + at(-31*24*time.Hour)}, "InvalidParameterValue"},
		"statistics of no metric": {"GetMetricStatistics", statistics[2:], "MissingParameter"},
		"no statistics":           {"GetMetricStatistics", statistics[:5], "InvalidParameterValue"},
		"too many data points":    {"GetMetricStatistics", statistics, "InvalidParameterValue"},
		"a token of alarms":       {"DescribeAlarms", []string{"NextToken=x"}, "InvalidNextToken"},
		"a token of history":      {"DescribeAlarmHistory", []string{"NextToken=x"}, "InvalidNextToken"},
		"a token of metrics":      {"ListMetrics", []string{"NextToken=x"}, "InvalidNextToken"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f.query(t, c.action, nil, c.parameters...).Refused(t, c.code)
		})
	}
}

func TestWhatIsNotThereIsRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const arn = "ResourceARN=arn:aws:cloudwatch:us-west-2:123456789012:alarm:"
	for operation, member := range map[string][]string{
		"ListTagsForResource": {}, "TagResource": {"Tags.member.1.Key=a", "Tags.member.1.Value=b"}, "UntagResource": {"TagKeys.member.1=a"},
	} {
		f.query(t, operation, nil, append(member, arn+"none")...).Refused(t, "ResourceNotFound")
	}
	f.query(t, "PutMetricAlarm", nil, alarmParameters()...).OK(t)
	f.query(t, "TagResource", nil, arn+"errors", "Tags.member.1.Key=aws:a", "Tags.member.1.Value=b").Refused(t, "InvalidParameterValue")
}
