package cloudwatch_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/cloudwatch"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/clock"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wiretest"
)

// topics remembers what was published, as "arn subject".
type topics struct{ published []string }

func (n *topics) Publish(arn, subject, _ string) error {
	if strings.HasSuffix(arn, "closed") {
		return errors.New("no")
	}
	n.published = append(n.published, arn+" "+subject)
	return nil
}

type fixture struct {
	*wiretest.Server
	account *core.Account
	clock   *clock.Fake
	service *cloudwatch.Service
	topics  *topics
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	a, fake := wiretest.NewAccount()
	f := &fixture{account: a, clock: fake, topics: &topics{}}
	f.service = cloudwatch.New(a, f.topics)
	f.Server = wiretest.NewServer(t, a, f.service.Wire())
	return f
}

// run evaluates alarms until the test ends.
func (f *fixture) run(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var running sync.WaitGroup
	running.Go(func() { f.service.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
}

// query calls an operation with parameters written "Name=value".
func (f *fixture) query(t *testing.T, action string, out any, parameters ...string) *wiretest.Reply {
	t.Helper()
	form := url.Values{}
	for _, p := range parameters {
		name, value, _ := strings.Cut(p, "=")
		form.Set(name, value)
	}
	return f.Query(t, "monitoring", action, form, out)
}

func (f *fixture) put(value float64) {
	f.account.Do(func() { f.service.Put("App", "Errors", map[string]string{"Port": "80"}, value, "Count") })
}

// alarmParameters are those of an alarm on the metric that put puts: more than
// 1 on average in a minute.
func alarmParameters(more ...string) []string {
	return append([]string{
		"AlarmName=errors", "Namespace=App", "MetricName=Errors", "Dimensions.member.1.Name=Port", "Dimensions.member.1.Value=80",
		"Statistic=Average", "Period=60", "EvaluationPeriods=1", "Threshold=1", "ComparisonOperator=GreaterThanThreshold",
		"AlarmActions.member.1=arn:aws:sns:us-west-2:123456789012:alarms",
	}, more...)
}

type alarms struct {
	MetricAlarms []struct {
		AlarmName, AlarmArn, StateValue, StateReason, TreatMissingData string
		ActionsEnabled                                                 bool
		Period                                                         *int
	} `xml:"MetricAlarms>member"`
}

func (f *fixture) state(t *testing.T) string {
	t.Helper()
	var out alarms
	f.query(t, "DescribeAlarms", &out, "AlarmNames.member.1=errors").OK(t)
	require.Len(t, out.MetricAlarms, 1)
	return out.MetricAlarms[0].StateValue
}

func TestAlarmsFollowTheirMetric(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.run(t)
	f.query(t, "PutMetricAlarm", nil, alarmParameters("OKActions.member.1=arn:aws:sns:us-west-2:123456789012:alarms")...).OK(t)
	assert.Equal(t, "INSUFFICIENT_DATA", f.state(t))
	f.reach(t, 5, "ALARM")
	f.reach(t, 0, "OK")
	f.account.Do(func() {
		assert.Equal(t, []string{
			`arn:aws:sns:us-west-2:123456789012:alarms ALARM: "errors" in us-west-2`,
			`arn:aws:sns:us-west-2:123456789012:alarms OK: "errors" in us-west-2`,
		}, f.topics.published)
	})
	require.Eventually(t, func() bool { f.clock.Advance(time.Minute); return f.state(t) == "INSUFFICIENT_DATA" }, 10*time.Second, 2*time.Millisecond)

	var history struct {
		Summaries []string `xml:"AlarmHistoryItems>member>HistorySummary"`
	}
	f.query(t, "DescribeAlarmHistory", &history, "AlarmName=errors", "HistoryItemType=StateUpdate").OK(t)
	assert.Equal(t, []string{
		"Alarm updated from OK to INSUFFICIENT_DATA", "Alarm updated from ALARM to OK", "Alarm updated from INSUFFICIENT_DATA to ALARM",
	}, history.Summaries)
}

func TestAlarmThatOthersLookAt(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.run(t)
	f.query(t, "PutMetricAlarm", nil, alarmParameters("EvaluationPeriods=3")...).OK(t)
	look := func() (a cloudwatch.Alarm, exists bool) {
		f.account.Do(func() { a, exists = f.service.Alarm("errors") })
		return a, exists
	}
	a, exists := look()
	assert.True(t, exists)
	assert.Equal(t, cloudwatch.Alarm{Window: 3 * time.Minute}, a)
	f.reach(t, 5, "ALARM")
	a, _ = look()
	assert.True(t, a.InAlarm)
	f.query(t, "DeleteAlarms", nil, "AlarmNames.member.1=errors").OK(t)
	_, exists = look()
	assert.False(t, exists)
}

// reach puts a value until the alarm has a state.
func (f *fixture) reach(t *testing.T, value float64, want string) {
	t.Helper()
	require.Eventually(t, func() bool {
		f.put(value)
		f.clock.Advance(30 * time.Second)
		return f.state(t) == want
	}, 10*time.Second, 2*time.Millisecond, "waiting for %s", want)
}

func TestDisabledActionsAreNotTaken(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.query(t, "PutMetricAlarm", nil, alarmParameters("ActionsEnabled=false")...).OK(t)
	f.run(t)
	f.reach(t, 5, "ALARM")
	f.reach(t, 0, "OK")
	f.account.Do(func() { assert.Empty(t, f.topics.published) })
	f.query(t, "PutMetricAlarm", nil, alarmParameters("ActionsEnabled=true")...).OK(t)
	f.reach(t, 5, "ALARM")
	f.account.Do(func() { assert.Len(t, f.topics.published, 1) })
}

func TestAlarmsThatAreRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	tests := []struct {
		name string
		more []string
		code string
	}{
		{"no periods", []string{"EvaluationPeriods=0"}, "ValidationError"},
		{"more datapoints than periods", []string{"DatapointsToAlarm=2"}, "ValidationError"},
		{"unknown comparison", []string{"ComparisonOperator=Odd"}, "ValidationError"},
		{"unknown statistic", []string{"Statistic=IQM"}, "ValidationError"},
		{"bad period", []string{"Period=45"}, "ValidationError"},
		{"more than a day", []string{"Period=300", "EvaluationPeriods=300"}, "ValidationError"},
		{"bad action", []string{"AlarmActions.member.1=mail me"}, "ValidationError"},
		{"bad treatment", []string{"TreatMissingData=shrug"}, "ValidationError"},
		{"metrics too", []string{"Metrics.member.1.Id=a", "Metrics.member.1.Expression=1"}, "ValidationError"},
		{"unknown parameter", []string{"Colour=red"}, "UnsupportedParameter"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f.query(t, "PutMetricAlarm", nil, alarmParameters(test.more...)...).Refused(t, test.code)
		})
	}
}

func TestAlarmOnAnExpression(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.run(t)
	metric := func(n int, id, name string) []string {
		at := fmt.Sprintf("Metrics.member.%d.", n)
		return []string{at + "Id=" + id, at + "ReturnData=false", at + "MetricStat.Stat=Sum", at + "MetricStat.Period=60",
			at + "MetricStat.Metric.Namespace=App", at + "MetricStat.Metric.MetricName=" + name}
	}
	parameters := append([]string{
		"AlarmName=errors", "EvaluationPeriods=1", "Threshold=99", "ComparisonOperator=LessThanThreshold", "TreatMissingData=notBreaching",
		"Metrics.member.1.Id=rate", "Metrics.member.1.Expression=100 * (1 - FILL(bad, 0) / all)", "Metrics.member.1.ReturnData=true",
	}, append(metric(2, "all", "Requests"), metric(3, "bad", "Failures")...)...)
	f.query(t, "PutMetricAlarm", nil, parameters...).OK(t)
	reach := func(failures float64, want string) {
		require.Eventually(t, func() bool {
			f.account.Do(func() {
				f.service.Put("App", "Requests", nil, 100, "Count")
				if failures > 0 {
					f.service.Put("App", "Failures", nil, failures, "Count")
				}
			})
			f.clock.Advance(30 * time.Second)
			return f.state(t) == want
		}, 10*time.Second, 2*time.Millisecond, "waiting for %s", want)
	}
	reach(0, "OK")
	reach(5, "ALARM")
	reach(0, "OK")

	f.query(t, "PutMetricAlarm", nil, append(parameters, "Metrics.member.1.Expression=100*none")...).Refused(t, "ValidationError")
	f.query(t, "PutMetricAlarm", nil, append(parameters, "Metrics.member.2.ReturnData=true")...).Refused(t, "ValidationError")
}

func TestDescribeAndDeleteAlarms(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.query(t, "PutMetricAlarm", nil, alarmParameters("Tags.member.1.Key=a", "Tags.member.1.Value=1")...).OK(t)
	var out alarms
	f.query(t, "DescribeAlarms", &out, "AlarmNamePrefix=err", "AlarmTypes.member.1=MetricAlarm", "StateValue=INSUFFICIENT_DATA", "ActionPrefix=arn:aws:sns").OK(t)
	require.Len(t, out.MetricAlarms, 1)
	assert.True(t, out.MetricAlarms[0].ActionsEnabled)
	assert.Equal(t, 60, *out.MetricAlarms[0].Period)
	var tags struct {
		Keys []string `xml:"Tags>member>Key"`
	}
	f.query(t, "ListTagsForResource", &tags, "ResourceARN="+out.MetricAlarms[0].AlarmArn).OK(t)
	assert.Equal(t, []string{"a"}, tags.Keys)
	for _, more := range []string{"StateValue=OK", "AlarmTypes.member.1=CompositeAlarm", "ActionPrefix=arn:aws:lambda"} {
		out.MetricAlarms = nil
		f.query(t, "DescribeAlarms", &out, more).OK(t)
		assert.Empty(t, out.MetricAlarms, more)
	}
	f.query(t, "DeleteAlarms", nil, "AlarmNames.member.1=errors", "AlarmNames.member.2=none").Refused(t, "ResourceNotFound")
	f.query(t, "DeleteAlarms", nil, "AlarmNames.member.1=errors").OK(t)
	f.query(t, "DeleteAlarms", nil, "AlarmNames.member.1=errors").Refused(t, "ResourceNotFound")
}

func TestMetricStatistics(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	at := wiretest.Start.Format(time.RFC3339)
	f.query(t, "PutMetricData", nil, "Namespace=App",
		"MetricData.member.1.MetricName=Latency", "MetricData.member.1.Unit=Seconds", "MetricData.member.1.Timestamp="+at,
		"MetricData.member.1.Values.member.1=1", "MetricData.member.1.Values.member.2=3", "MetricData.member.1.Counts.member.1=3", "MetricData.member.1.Counts.member.2=1",
		"MetricData.member.2.MetricName=Latency", "MetricData.member.2.StatisticValues.SampleCount=2", "MetricData.member.2.StatisticValues.Sum=10",
		"MetricData.member.2.StatisticValues.Minimum=4", "MetricData.member.2.StatisticValues.Maximum=6", "MetricData.member.2.Unit=Seconds").OK(t)
	var out struct {
		Datapoints []struct {
			SampleCount, Average, Sum, Minimum, Maximum float64
			Unit                                        string
			Percentile                                  float64 `xml:"ExtendedStatistics>entry>value"`
		} `xml:"Datapoints>member"`
	}
	f.query(t, "GetMetricStatistics", &out, "Namespace=App", "MetricName=Latency", "Period=60", "StartTime="+at, "EndTime="+wiretest.Start.Add(time.Hour).Format(time.RFC3339),
		"Statistics.member.1=SampleCount", "Statistics.member.2=Average", "Statistics.member.3=Sum", "Statistics.member.4=Minimum", "Statistics.member.5=Maximum",
		"ExtendedStatistics.member.1=p50").OK(t)
	require.Len(t, out.Datapoints, 1)
	p := out.Datapoints[0]
	assert.InDeltaSlice(t, []float64{6, 16.0 / 6, 16, 1, 6, 1}, []float64{p.SampleCount, p.Average, p.Sum, p.Minimum, p.Maximum, p.Percentile}, 1e-9)
	assert.Equal(t, "Seconds", p.Unit)

	f.query(t, "PutMetricData", nil, "Namespace=AWS/ECS", "MetricData.member.1.MetricName=x", "MetricData.member.1.Value=1").Refused(t, "InvalidParameterValue")
	f.query(t, "PutMetricData", nil, "Namespace=App", "MetricData.member.1.MetricName=x").Refused(t, "InvalidParameterValue")
	var list struct {
		Names []string `xml:"Metrics>member>MetricName"`
	}
	f.query(t, "ListMetrics", &list, "Namespace=App").OK(t)
	assert.Equal(t, []string{"Latency"}, list.Names)
}

func TestStatisticSince(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.put(1)
	f.clock.Advance(time.Minute)
	f.put(3)
	f.put(5)
	dimensions := map[string]string{"Port": "80"}
	tests := []struct {
		stat  string
		since time.Duration
		want  float64
		ok    bool
	}{
		{"Average", time.Second, 4, true},
		{"Average", 2 * time.Minute, 3, true},
		{"Maximum", 2 * time.Minute, 5, true},
		{"SampleCount", time.Second, 2, true},
		{"Sum", -time.Second, 0, false},
	}
	for _, test := range tests {
		f.account.Do(func() {
			got, ok := f.service.Statistic("App", "Errors", dimensions, test.stat, f.clock.Now().Add(-test.since))
			assert.Equal(t, test.ok, ok)
			assert.InDelta(t, test.want, got, 1e-9)
		})
	}
	f.account.Do(func() {
		_, ok := f.service.Statistic("App", "Errors", nil, "Sum", wiretest.Start)
		assert.False(t, ok, "other dimensions are another metric")
	})
}

func TestDashboards(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const good = `{"widgets":[{"type":"metric","x":0,"y":0,"width":12,"height":6,"properties":{"region":"us-west-2","metrics":[["App","Errors"]]}},{"type":"text","properties":{"markdown":"hi"}}]}`
	f.query(t, "PutDashboard", nil, "DashboardName=web", "DashboardBody="+good).OK(t)
	var out struct{ DashboardArn, DashboardBody string }
	f.query(t, "GetDashboard", &out, "DashboardName=web").OK(t)
	assert.Equal(t, "arn:aws:cloudwatch::123456789012:dashboard/web", out.DashboardArn)
	assert.JSONEq(t, good, out.DashboardBody)
	for name, body := range map[string]string{
		"no JSON": "{", "no widgets": "{}", "unknown type": `{"widgets":[{"type":"graph","properties":{}}]}`,
		"too wide": strings.Replace(good, `"width":12`, `"width":25`, 1), "no region": strings.Replace(good, `"region":"us-west-2",`, "", 1),
		"no markdown": strings.Replace(good, `"markdown":"hi"`, "", 1), "no properties": `{"widgets":[{"type":"text"}]}`,
		"metrics no list": strings.Replace(good, `[["App","Errors"]]`, `"Errors"`, 1),
	} {
		reply := f.query(t, "PutDashboard", nil, "DashboardName=web", "DashboardBody="+body)
		assert.Equal(t, "InvalidParameterInput", reply.Code, name)
	}
	f.query(t, "PutDashboard", nil, "DashboardName=a b", "DashboardBody="+good).Refused(t, "InvalidParameterInput")
	f.query(t, "DeleteDashboards", nil, "DashboardNames.member.1=web").OK(t)
	f.query(t, "GetDashboard", nil, "DashboardName=web").Refused(t, "ResourceNotFound")
}

// cbor calls an operation over Smithy RPC v2 CBOR.
func (f *fixture) cbor(t *testing.T, operation string, in cbor.Map) (*wiretest.Reply, cbor.Map) {
	t.Helper()
	reply := f.Request(t, "monitoring", http.MethodPost, "/service/GraniteServiceVersion20100801/operation/"+operation, http.Header{
		"Smithy-Protocol": {"rpc-v2-cbor"}, "Content-Type": {"application/cbor"},
	}, cbor.Encode(in))
	assert.Equal(t, "rpc-v2-cbor", reply.Header.Get("Smithy-Protocol"))
	decoded, err := cbor.Decode(reply.Body)
	require.NoError(t, err)
	out, ok := decoded.(cbor.Map)
	require.True(t, ok)
	return reply, out
}

func TestCBOR(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, _ = f.cbor(t, "PutMetricAlarm", cbor.Map{
		"AlarmName": cbor.String("errors"), "Namespace": cbor.String("App"), "MetricName": cbor.String("Errors"),
		"Statistic": cbor.String("Sum"), "Period": cbor.Uint(60), "EvaluationPeriods": cbor.Uint(2), "Threshold": cbor.Float64(1.5),
		"ComparisonOperator": cbor.String("GreaterThanThreshold"), "ActionsEnabled": cbor.Bool(true),
		"AlarmActions": cbor.List{cbor.String("arn:aws:sns:us-west-2:123456789012:alarms")},
		"Dimensions":   cbor.List{cbor.Map{"Name": cbor.String("Port"), "Value": cbor.String("80")}},
	})
	_, out := f.cbor(t, "DescribeAlarms", cbor.Map{"AlarmNames": cbor.List{cbor.String("errors")}})
	list, ok := out["MetricAlarms"].(cbor.List)
	require.True(t, ok)
	require.Len(t, list, 1)
	alarm, ok := list[0].(cbor.Map)
	require.True(t, ok)
	assert.Equal(t, cbor.Float64(1.5), alarm["Threshold"])
	assert.Equal(t, cbor.Uint(60), alarm["Period"])
	assert.IsType(t, &cbor.Tag{}, alarm["StateUpdatedTimestamp"])
	assert.NotContains(t, alarm, "Tags")
	assert.NotContains(t, alarm, "DatapointsToAlarm")

	reply, refusal := f.cbor(t, "GetDashboard", cbor.Map{"DashboardName": cbor.String("none")})
	assert.Equal(t, http.StatusNotFound, reply.Status)
	assert.Equal(t, cbor.String("DashboardNotFoundError"), refusal["__type"])
	assert.Equal(t, "ResourceNotFound;Sender", reply.Header.Get("X-Amzn-Query-Error"))
}

// json calls an operation as the AWS CLI and boto3 of 2026 do.
func (f *fixture) json(t *testing.T, operation string, in, out any) *wiretest.Reply {
	t.Helper()
	return f.JSON(t, "monitoring", "GraniteServiceVersion20100801."+operation, in, out)
}

func TestJSON(t *testing.T) {
	t.Parallel()
	type object = map[string]any
	f := newFixture(t)
	f.json(t, "PutMetricData", object{"Namespace": "App", "MetricData": []object{{
		"MetricName": "Errors", "Value": 3, "Timestamp": wiretest.Start.Unix(), "Dimensions": []object{{"Name": "Port", "Value": "80"}},
	}}}, nil).OK(t)
	f.json(t, "PutMetricAlarm", object{
		"AlarmName": "errors", "Namespace": "App", "MetricName": "Errors", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 2, "Threshold": 1.5,
		"ComparisonOperator": "GreaterThanThreshold", "Dimensions": []object{{"Name": "Port", "Value": "80"}}, "Tags": []object{{"Key": "a", "Value": ""}},
	}, nil).OK(t)
	var alarms struct{ MetricAlarms []object }
	f.json(t, "DescribeAlarms", object{"AlarmNames": []string{"errors"}}, &alarms).OK(t)
	require.Len(t, alarms.MetricAlarms, 1)
	assert.InDelta(t, 1.5, alarms.MetricAlarms[0]["Threshold"], 0)
	assert.InDelta(t, wiretest.Start.Unix(), alarms.MetricAlarms[0]["StateUpdatedTimestamp"], 0)
	assert.Equal(t, []any{map[string]any{"Name": "Port", "Value": "80"}}, alarms.MetricAlarms[0]["Dimensions"])
	var history struct{ AlarmHistoryItems []object }
	f.json(t, "DescribeAlarmHistory", object{"AlarmName": "errors"}, &history).OK(t)
	require.Len(t, history.AlarmHistoryItems, 1)
	assert.Equal(t, "ConfigurationUpdate", history.AlarmHistoryItems[0]["HistoryItemType"])
	var metrics struct{ Metrics []object }
	f.json(t, "ListMetrics", object{}, &metrics).OK(t)
	assert.Len(t, metrics.Metrics, 1)
	var data struct{ MetricDataResults []struct{ Values []float64 } }
	f.json(t, "GetMetricData", object{
		"StartTime": wiretest.Start.Unix(), "EndTime": wiretest.Start.Add(time.Minute).Unix(), "MetricDataQueries": []object{{"Id": "a", "MetricStat": object{
			"Stat": "Sum", "Period": 60, "Metric": object{"Namespace": "App", "MetricName": "Errors", "Dimensions": []object{{"Name": "Port", "Value": "80"}}},
		}}},
	}, &data).OK(t)
	require.Len(t, data.MetricDataResults, 1)
	assert.Equal(t, []float64{3}, data.MetricDataResults[0].Values)
	var tags struct{ Tags []object }
	f.json(t, "ListTagsForResource", object{"ResourceARN": alarms.MetricAlarms[0]["AlarmArn"]}, &tags).OK(t)
	assert.Equal(t, []object{{"Key": "a", "Value": ""}}, tags.Tags)

	reply := f.json(t, "GetDashboard", object{"DashboardName": "none"}, nil).Refused(t, "DashboardNotFoundError")
	assert.Equal(t, http.StatusNotFound, reply.Status)
	assert.Equal(t, "ResourceNotFound;Sender", reply.Header.Get("X-Amzn-Query-Error"), "the code of Query, for clients that switch on it")
}

func TestGetMetricData(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, v := range []float64{2, 4} {
		f.account.Do(func() { f.service.Put("App", "A", nil, v, ""); f.service.Put("App", "B", nil, 2*v, "") })
		f.clock.Advance(time.Minute)
	}
	var out struct {
		Results []struct {
			ID     string    `xml:"Id"`
			Values []float64 `xml:"Values>member"`
		} `xml:"MetricDataResults>member"`
	}
	f.query(t, "GetMetricData", &out, "StartTime="+wiretest.Start.Format(time.RFC3339), "EndTime="+f.clock.Now().Format(time.RFC3339), "ScanBy=TimestampAscending",
		"MetricDataQueries.member.1.Id=a", "MetricDataQueries.member.1.MetricStat.Stat=Sum", "MetricDataQueries.member.1.MetricStat.Period=60",
		"MetricDataQueries.member.1.MetricStat.Metric.Namespace=App", "MetricDataQueries.member.1.MetricStat.Metric.MetricName=A",
		"MetricDataQueries.member.2.Id=b", "MetricDataQueries.member.2.MetricStat.Stat=Sum", "MetricDataQueries.member.2.MetricStat.Period=60",
		"MetricDataQueries.member.2.MetricStat.Metric.Namespace=App", "MetricDataQueries.member.2.MetricStat.Metric.MetricName=B", "MetricDataQueries.member.2.ReturnData=false",
		"MetricDataQueries.member.3.Id=c", "MetricDataQueries.member.3.Expression=d + 1",
		"MetricDataQueries.member.4.Id=d", "MetricDataQueries.member.4.Expression=a + b").OK(t)
	require.Len(t, out.Results, 3)
	assert.Equal(t, []float64{2, 4}, out.Results[0].Values)
	assert.Equal(t, []float64{7, 13}, out.Results[1].Values)
	assert.Equal(t, []float64{6, 12}, out.Results[2].Values)
}

func TestStateOutlivesTheProcess(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.query(t, "PutMetricAlarm", nil, alarmParameters()...).OK(t)
	revived, _ := wiretest.NewAccount()
	next := cloudwatch.New(revived, f.topics)
	wiretest.Revive(t, f.account, revived)
	revived.Do(func() {
		assert.Equal(t, map[string]int{"alarms": 1, "dashboards": 0}, next.Resources())
	})
	var out alarms
	wiretest.NewServer(t, revived, next.Wire()).Query(t, "monitoring", "DescribeAlarms", url.Values{}, &out).OK(t)
	require.Len(t, out.MetricAlarms, 1)
	assert.Equal(t, 60, *out.MetricAlarms[0].Period)
}

func TestAnAlarmWhoseTagsAreRefusedIsNotThere(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.query(t, "PutMetricAlarm", nil, alarmParameters("Tags.member.1.Key=aws:a", "Tags.member.1.Value=1")...).Refused(t, "InvalidParameterValue")
	f.query(t, "PutMetricAlarm", nil, alarmParameters()...).OK(t)
	arn := "ResourceARN=arn:aws:cloudwatch:us-west-2:123456789012:alarm:errors"
	f.query(t, "TagResource", nil, arn, "Tags.member.1.Key=a", "Tags.member.1.Value=1").OK(t)
	f.query(t, "UntagResource", nil, arn, "TagKeys.member.1=a").OK(t)
	var list struct {
		Keys []string `xml:"Tags>member>Key"`
	}
	f.query(t, "ListTagsForResource", &list, arn).OK(t)
	assert.Empty(t, list.Keys)
}

func TestCompressedRequests(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var body bytes.Buffer
	compressed := gzip.NewWriter(&body)
	_, err := compressed.Write([]byte("Action=PutMetricData&Namespace=App&MetricData.member.1.MetricName=Errors&MetricData.member.1.Value=1"))
	require.NoError(t, err)
	require.NoError(t, compressed.Close())
	send := func(body []byte) *wiretest.Reply {
		return f.Request(t, "monitoring", http.MethodPost, "/", http.Header{"Content-Encoding": {"gzip"}}, body)
	}
	send(body.Bytes()).OK(t)
	f.account.Do(func() {
		_, ok := f.service.Statistic("App", "Errors", nil, "Sum", wiretest.Start)
		assert.True(t, ok)
	})
	send([]byte("plain")).Refused(t, "SerializationException")
}
