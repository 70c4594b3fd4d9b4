package test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/awsapi"
)

// checkAccount: what the inputs made beside the service itself.
func (c *complete) checkAccount(ctx context.Context, t testing.TB) {
	t.Helper()
	c.checkCluster(ctx, t)

	var attached struct {
		Policies []string `xml:"ListAttachedRolePoliciesResult>AttachedPolicies>member>PolicyArn"`
	}
	require.NoError(t, c.api.Query(ctx, awsapi.IAM, "ListAttachedRolePolicies", map[string]string{"RoleName": c.ExecutionRole}, &attached))
	assert.Equal(t, []string{c.ExtraPolicyARN}, attached.Policies, "policies attached to the execution role")

	var groups struct {
		Groups []struct {
			Name   string `json:"logGroupName"`
			KeyARN string `json:"kmsKeyId"`
			Days   int    `json:"retentionInDays"`
		} `json:"logGroups"`
	}
	require.NoError(t, c.api.JSON(ctx, awsapi.Logs, "Logs_20140328.DescribeLogGroups", map[string]any{"logGroupNamePrefix": c.LogGroup}, &groups))
	require.Len(t, groups.Groups, 3, "log groups: of the containers, and of syslog and dmesg of the instances")
	for _, group := range groups.Groups {
		assert.Equal(t, c.LogsKeyARN, group.KeyARN, "key of log group %s", group.Name)
		assert.Equal(t, 1, group.Days, "days that log group %s keeps", group.Name)
	}

	var records struct {
		Sets []struct {
			Name, Type, SetIdentifier string
			Weight                    int
		} `xml:"ResourceRecordSets>ResourceRecordSet"`
	}
	require.NoError(t, c.api.Get(ctx, awsapi.Route53, "/2013-04-01/hostedzone/"+c.ZoneID+"/rrset?type=A&name="+c.DNSHostnames[0], &records))
	require.NotEmpty(t, records.Sets, "records of %s", c.DNSHostnames[0])
	assert.Equal(t, c.DNSHostnames[0]+".", records.Sets[0].Name)
	assert.Equal(t, "blue", records.Sets[0].SetIdentifier, "set identifier of %s", c.DNSHostnames[0])
	assert.Equal(t, 50, records.Sets[0].Weight, "weight of %s", c.DNSHostnames[0])

	var group struct {
		WorkGroup struct {
			Configuration struct {
				ResultConfiguration struct{ OutputLocation string }
			}
		}
	}
	require.NoError(t, c.api.JSON(ctx, awsapi.Athena, "AmazonAthena.GetWorkGroup", map[string]any{"WorkGroup": c.WorkGroup}, &group))
	assert.Equal(t, "s3://"+c.ResultsBucket+"/results/", group.WorkGroup.Configuration.ResultConfiguration.OutputLocation, "where queries write")
}

// checkCluster: its settings and tags.
func (c *complete) checkCluster(ctx context.Context, t testing.TB) {
	t.Helper()
	clusters, err := c.ecs.DescribeClusters(ctx, &ecs.DescribeClustersInput{
		Clusters: []string{c.ClusterName}, Include: []ecstypes.ClusterField{ecstypes.ClusterFieldSettings, ecstypes.ClusterFieldTags},
	})
	require.NoError(t, err)
	require.Len(t, clusters.Clusters, 1)
	require.Len(t, clusters.Clusters[0].Settings, 1)
	assert.Equal(t, "enabled", aws.ToString(clusters.Clusters[0].Settings[0].Value), "containerInsights")
	tags := map[string]string{}
	for _, tag := range clusters.Clusters[0].Tags {
		tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	assert.NotContains(t, tags, "environment", "the provider's default_tags have it as Environment")
	assert.NotContains(t, tags, "service", "the module's tags have it as SERVICE")
	for key, want := range map[string]string{
		"SERVICE": "app", "Environment": "everything", "upstream_module": "acme/app/aws",
		"VantaOwner": "ops@example.com", "VantaNonProd": "false", "VantaContainsUserData": "true", "VantaContainsEPHI": "false",
		"VantaDescription": "Shows what the module offers", "VantaUserDataStored": "names", "VantaNoAlert": "test",
	} {
		assert.Equal(t, want, tags[key], "tag %s of the cluster", key)
	}
}

// checkAccessLogs: the load balancer's log arrives, and the table that Athena
// queries finds its lines.
func (c *complete) checkAccessLogs(ctx context.Context, t testing.TB) {
	t.Helper()
	var table struct {
		Table struct {
			StorageDescriptor struct {
				Location  string
				Columns   []struct{ Name string }
				SerdeInfo struct{ Parameters map[string]string }
			}
		}
	}
	require.NoError(t, c.api.JSON(ctx, awsapi.Glue, "AWSGlue.GetTable", map[string]any{"DatabaseName": c.GlueDatabase, "Name": c.GlueTable}, &table))
	descriptor := table.Table.StorageDescriptor
	line, err := regexp.Compile("^" + descriptor.SerdeInfo.Parameters["input.regex"] + "$")
	require.NoError(t, err)
	require.Equal(t, len(descriptor.Columns), line.NumSubexp(), "columns of the table, and groups of its pattern")
	prefix, ok := strings.CutPrefix(descriptor.Location, "s3://"+c.AccessLogBucket+"/")
	require.True(t, ok, "the table's location %s in the bucket of the access logs, %s", descriptor.Location, c.AccessLogBucket)

	column := func(fields []string, name string) string {
		for i := range descriptor.Columns {
			if descriptor.Columns[i].Name == name {
				return fields[i+1]
			}
		}
		return ""
	}
	requested := ""
	c.eventually(ctx, t, "a request for secrets.txt in the access logs", func() bool {
		for _, text := range c.accessLog(ctx, t, prefix) {
			fields := line.FindStringSubmatch(text)
			require.NotNil(t, fields, "the table's pattern does not match the line %s", text)
			if strings.HasSuffix(column(fields, "request_url"), "/secrets.txt") {
				requested = fmt.Sprint(column(fields, "elb_status_code"), " ", column(fields, "request_verb"), " ", column(fields, "domain_name"))
			}
		}
		return requested != ""
	})
	assert.Equal(t, "200 GET "+c.DNSHostnames[0], requested, "status, verb and host name of the request for secrets.txt")
}

// accessLog are the lines of all access logs below a prefix.
func (c *complete) accessLog(ctx context.Context, t testing.TB, prefix string) []string {
	t.Helper()
	var listed struct {
		Keys []string `xml:"Contents>Key"`
	}
	require.NoError(t, c.api.Get(ctx, awsapi.S3, "/"+c.AccessLogBucket+"?list-type=2&prefix="+prefix, &listed))
	var lines []string
	for _, key := range listed.Keys {
		if !strings.HasSuffix(key, ".log.gz") {
			continue
		}
		content, err := c.api.GetRaw(ctx, awsapi.S3, "/"+c.AccessLogBucket+"/"+key)
		require.NoError(t, err)
		reader, err := gzip.NewReader(bytes.NewReader(content))
		require.NoError(t, err, key)
		text, err := io.ReadAll(reader)
		require.NoError(t, err, key)
		lines = append(lines, strings.Split(strings.TrimSpace(string(text)), "\n")...)
	}
	return lines
}

// checkAlarm: a target that nothing listens behind raises the alarm, which tells
// both topics; the alarm is over when the target is gone.
func (c *complete) checkAlarm(ctx context.Context, t testing.TB) {
	t.Helper()
	alarm := c.ServiceName + "-unhealthy-hosts"
	target := []elbtypes.TargetDescription{{Id: &c.seen.Tasks[0].InstanceID, Port: aws.Int32(deadPort)}}
	_, err := c.v.ELB().RegisterTargets(ctx, &elasticloadbalancingv2.RegisterTargetsInput{TargetGroupArn: &c.TargetGroupARN, Targets: target})
	require.NoError(t, err)
	defer func() {
		_, err := c.v.ELB().DeregisterTargets(context.WithoutCancel(ctx), &elasticloadbalancingv2.DeregisterTargetsInput{TargetGroupArn: &c.TargetGroupARN, Targets: target})
		assert.NoError(t, err, "taking the dead target away")
		c.eventually(ctx, t, "alarm "+alarm+" is over", func() bool { return c.alarm(ctx, t, alarm).State == "OK" })
	}()
	c.eventually(ctx, t, "alarm "+alarm, func() bool { return c.alarm(ctx, t, alarm).State == "ALARM" })
	actions := c.alarm(ctx, t, alarm).Actions
	require.Len(t, actions, 2, "topics of alarm %s", alarm)
	assert.Contains(t, actions, c.OnCallTopicARN)
	for _, topic := range actions {
		c.eventually(ctx, t, "alarm "+alarm+" has told "+topic, func() bool { return c.told(ctx, t, alarm, topic) })
	}
	c.checkSubscribed(ctx, t, actions)
}

// checkUtilization: what the tasks use arrives, and the alarm on it has judged.
func (c *complete) checkUtilization(ctx context.Context, t testing.TB) {
	t.Helper()
	for _, metric := range []string{"CPUUtilization", "MemoryUtilization"} {
		c.eventually(ctx, t, metric+" of the service", func() bool {
			now := time.Now().UTC()
			var statistics struct {
				Averages []float64 `xml:"GetMetricStatisticsResult>Datapoints>member>Average"`
			}
			require.NoError(t, c.api.Query(ctx, awsapi.CloudWatch, "GetMetricStatistics", map[string]string{
				"Namespace": "AWS/ECS", "MetricName": metric, "Period": "60", "Statistics.member.1": "Average",
				"Dimensions.member.1.Name": "ClusterName", "Dimensions.member.1.Value": c.ClusterName,
				"Dimensions.member.2.Name": "ServiceName", "Dimensions.member.2.Value": c.ServiceName,
				"StartTime": now.Add(-30 * time.Minute).Format(time.RFC3339), "EndTime": now.Add(time.Minute).Format(time.RFC3339),
			}, &statistics))
			return len(statistics.Averages) > 0
		})
	}
	alarm := c.ServiceName + "-cpu"
	c.eventually(ctx, t, "alarm "+alarm+" is OK", func() bool { return c.alarm(ctx, t, alarm).State == "OK" })
}

// deadPort is a port among those of tasks on which nothing listens: Docker gives
// them out from the lowest on.
const deadPort = 60998

type alarmState struct {
	State   string   `xml:"StateValue"`
	Actions []string `xml:"AlarmActions>member"`
}

func (c *complete) alarm(ctx context.Context, t testing.TB, name string) alarmState {
	t.Helper()
	var described struct {
		Alarms []alarmState `xml:"DescribeAlarmsResult>MetricAlarms>member"`
	}
	require.NoError(t, c.api.Query(ctx, awsapi.CloudWatch, "DescribeAlarms", map[string]string{"AlarmNames.member.1": name}, &described))
	require.Len(t, described.Alarms, 1, "alarm %s", name)
	return described.Alarms[0]
}

// told says whether an alarm's history has that it told a topic.
func (c *complete) told(ctx context.Context, t testing.TB, alarm, topic string) bool {
	t.Helper()
	var history struct {
		Summaries []string `xml:"DescribeAlarmHistoryResult>AlarmHistoryItems>member>HistorySummary"`
	}
	require.NoError(t, c.api.Query(ctx, awsapi.CloudWatch, "DescribeAlarmHistory", map[string]string{"AlarmName": alarm, "HistoryItemType": "Action"}, &history))
	for _, summary := range history.Summaries {
		if strings.HasPrefix(summary, "Successfully executed action") && strings.Contains(summary, topic) {
			return true
		}
	}
	return false
}

// checkSubscribed: alarm_emails are asked to confirm a subscription of one of
// the topics.
func (c *complete) checkSubscribed(ctx context.Context, t testing.TB, topics []string) {
	t.Helper()
	var endpoints []string
	for _, topic := range topics {
		var listed struct {
			Endpoints []string `xml:"ListSubscriptionsByTopicResult>Subscriptions>member>Endpoint"`
		}
		require.NoError(t, c.api.Query(ctx, awsapi.SNS, "ListSubscriptionsByTopic", map[string]string{"TopicArn": topic}, &listed))
		endpoints = append(endpoints, listed.Endpoints...)
	}
	assert.Equal(t, []string{"alarms@example.com"}, endpoints, "subscribers of the topics of the alarms")
}
