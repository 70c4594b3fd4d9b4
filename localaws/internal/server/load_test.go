package server_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/client/stack"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/server"
	"github.com/infrahouse/terraform-aws-ecs/localaws/localawstest"
)

// busy keeps a processor at work for about a third of the time.
const busy = "while :; do i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; sleep 10; done"

// A container that computes has CPU utilization, as the kernel counts it: that
// raises an alarm, and target tracking adds a task.
func TestLoadScalesTheServiceAndRaisesAnAlarm(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skipf("skipped: %s does not tell the processor time of a thread", runtime.GOOS)
	}
	c := localawstest.Start(t, server.Options{})
	s := stack.New(t, c.Cloud, stack.Plan{NoService: true})
	_, err := c.ECS.RegisterTaskDefinition(t.Context(), &ecs.RegisterTaskDefinitionInput{
		Family: aws.String("busy"), NetworkMode: ecstypes.NetworkModeBridge,
		ContainerDefinitions: []ecstypes.ContainerDefinition{{
			Name: aws.String("busy"), Image: aws.String("debian"), Cpu: 32, Memory: aws.Int32(64), Command: []string{"sh", "-c", busy},
		}},
	})
	require.NoError(t, err)
	_, err = c.ECS.CreateService(t.Context(), &ecs.CreateServiceInput{
		Cluster: &s.Plan.Name, ServiceName: aws.String("busy"), TaskDefinition: aws.String("busy"), DesiredCount: aws.Int32(1),
	})
	require.NoError(t, err)

	c.Query(t, "monitoring", "PutMetricAlarm", map[string]string{
		"AlarmName": "cpu", "Namespace": "AWS/ECS", "MetricName": "CPUUtilization", "Statistic": "Average", "Period": "60",
		"EvaluationPeriods": "1", "Threshold": "90", "ComparisonOperator": "GreaterThanThreshold",
		"Dimensions.member.1.Name": "ClusterName", "Dimensions.member.1.Value": s.Plan.Name,
		"Dimensions.member.2.Name": "ServiceName", "Dimensions.member.2.Value": "busy",
	}, nil)
	target := map[string]any{
		"ServiceNamespace": "ecs", "ResourceId": "service/" + s.Plan.Name + "/busy", "ScalableDimension": "ecs:service:DesiredCount",
	}
	callJSON(t, c, "application-autoscaling", "AnyScaleFrontendService.RegisterScalableTarget", with(target, map[string]any{
		"MinCapacity": 1, "MaxCapacity": 2,
	}))
	callJSON(t, c, "application-autoscaling", "AnyScaleFrontendService.PutScalingPolicy", with(target, map[string]any{
		"PolicyName": "cpu", "PolicyType": "TargetTrackingScaling",
		"TargetTrackingScalingPolicyConfiguration": map[string]any{
			"TargetValue": 60, "PredefinedMetricSpecification": map[string]any{"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
		},
	}))

	require.Eventually(t, func() bool {
		described, err := c.ECS.DescribeServices(t.Context(), &ecs.DescribeServicesInput{Cluster: &s.Plan.Name, Services: []string{"busy"}})
		require.NoError(t, err)
		return described.Services[0].DesiredCount == 2
	}, patience, 50*time.Millisecond, "the service has not grown")
	require.Eventually(t, func() bool {
		var alarms struct {
			States []string `xml:"DescribeAlarmsResult>MetricAlarms>member>StateValue"`
		}
		c.Query(t, "monitoring", "DescribeAlarms", map[string]string{"AlarmNames.member.1": "cpu"}, &alarms) // the policy has its own
		return len(alarms.States) == 1 && alarms.States[0] == "ALARM"
	}, patience, 50*time.Millisecond, "the alarm is not raised")
}

func with(base, more map[string]any) map[string]any {
	all := map[string]any{}
	for _, part := range []map[string]any{base, more} {
		for name, value := range part {
			all[name] = value
		}
	}
	return all
}

// callJSON calls an operation of a service that speaks AWS JSON.
func callJSON(t *testing.T, c *localawstest.Cloud, service, target string, in any) {
	t.Helper()
	body, err := json.Marshal(in)
	require.NoError(t, err)
	e := c.Server.Endpoint()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, e.Endpoint, bytes.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	request.Header.Set("X-Amz-Target", target)
	request.Header.Set("Authorization", fmt.Sprintf("AWS4-HMAC-SHA256 Credential=%s/20260101/%s/%s/aws4_request, SignedHeaders=host, Signature=0",
		e.AccessKeyID, e.Region, service))
	response, err := c.Config.HTTPClient.Do(request)
	require.NoError(t, err, target)
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	require.NoError(t, err, target)
	require.Equal(t, http.StatusOK, response.StatusCode, "%s: %s", target, answer)
}
