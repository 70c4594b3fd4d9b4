package test

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/test/suite"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/providers"
	"github.com/infrahouse/terraform-aws-ecs/test/targethealth"
)

// exportTraces is the method by which programs hand their traces to Tempo.
const exportTraces = "opentelemetry.proto.collector.trace.v1.TraceService/Export"

// TestTempoGRPC applies Grafana Tempo: it takes traces over gRPC on an extra
// target group, and gives them out over HTTP on the primary one.
func TestTempoGRPC(t *testing.T) {
	t.Parallel()
	run.EachProvider(t, func(t *testing.T, provider providers.Case) {
		d := run.Deployment(t, "tempo_grpc", provider)
		defer d.Teardown(t)

		d.Deploy(t, func(shared suite.Prepared) map[string]any {
			return serviceVariables(shared, d.ServiceName("tempo"))
		})
		d.Validate(t, func(ctx context.Context, t testing.TB, v *suite.Validation) {
			var outputs serviceOutputs
			require.NoError(t, d.Outputs(&outputs))
			http3200 := outputs.primaryGroup(3200, "/ready", "ready")
			extra := outputs.extraGroups()
			require.Len(t, extra, 1, "the fixture has one extra target group")
			otlp := extra[0]
			require.Equal(t, "HTTPS:4317", otlp.Listener)

			checkGroups(ctx, t, v, outputs, []targethealth.Group{http3200, otlp})
			checkProtocolVersion(ctx, t, v.ELB(), otlp, "GRPC")
			checkAnswer(ctx, t, v.Client(), http3200)
			checkRedirect(ctx, t, v.Client(), outputs.DNSHostnames[0])
			checkTraces(ctx, t, v.Client(), outputs, otlp)
		})
		d.Idempotence(t)
	})
}

// checkProtocolVersion: the load balancer speaks this to the group's targets.
func checkProtocolVersion(ctx context.Context, t testing.TB, elb *elasticloadbalancingv2.Client, group targethealth.Group, version string) {
	t.Helper()
	described, err := elb.DescribeTargetGroups(ctx, &elasticloadbalancingv2.DescribeTargetGroupsInput{TargetGroupArns: []string{group.ARN}})
	require.NoError(t, err)
	require.Len(t, described.TargetGroups, 1)
	found := described.TargetGroups[0]
	assert.Equal(t, elbtypes.ProtocolEnumHttp, found.Protocol, "protocol of target group %q", group.Key)
	require.NotNil(t, found.ProtocolVersion)
	assert.Equal(t, version, *found.ProtocolVersion, "protocol version of target group %q", group.Key)
}

// checkTraces: a trace that is handed over by gRPC through the extra listener,
// its certificate verified, is found by HTTP through the primary one.
func checkTraces(ctx context.Context, t testing.TB, client *http.Client, outputs serviceOutputs, otlp targethealth.Group) {
	t.Helper()
	calls := newGRPCClient(t, client)
	answer, err := calls.call(ctx, otlp.URL+exportTraces, nil)
	require.NoError(t, err, "an export of no traces")
	assert.Equal(t, "0", answer.Status, "an export of no traces: %s", answer.Message)

	answer, err = calls.call(ctx, otlp.URL+"nothing.Like/This", nil)
	require.NoError(t, err, "a method that Tempo does not have")
	assert.Equal(t, "12", answer.Status, "status UNIMPLEMENTED of a method that Tempo does not have")

	id := make([]byte, 16)
	_, _ = rand.Read(id) // never fails: crypto/rand
	url := "https://" + outputs.DNSHostnames[0] + "/api/traces/" + hex.EncodeToString(id)
	status, _, err := targethealth.Get(ctx, client, url)
	require.NoError(t, err)
	require.Equal(t, http.StatusNotFound, status, "GET %s before the export", url)

	answer, err = calls.call(ctx, otlp.URL+exportTraces, oneSpan(id, time.Now()))
	require.NoError(t, err, "an export of a trace")
	assert.Equal(t, "0", answer.Status, "an export of a trace: %s", answer.Message)
	require.Eventually(t, func() bool {
		status, _, err := targethealth.Get(ctx, client, url)
		return err == nil && status == http.StatusOK
	}, 30*time.Second, 50*time.Millisecond, "GET %s after the export", url)
}

// oneSpan is an ExportTraceServiceRequest with one span that ends now.
// https://github.com/open-telemetry/opentelemetry-proto
func oneSpan(traceID []byte, now time.Time) []byte {
	at := uint64(now.UnixNano()) //nolint:gosec // not before 1970
	span := protobufBytes(nil, 1, traceID)
	span = protobufBytes(span, 2, traceID[:8])
	span = protobufBytes(span, 5, []byte("a test's own"))
	span = protobufFixed64(span, 7, at-uint64(time.Millisecond))
	span = protobufFixed64(span, 8, at)
	scope := protobufBytes(nil, 2, span)
	resource := protobufBytes(nil, 2, scope)
	return protobufBytes(nil, 1, resource)
}

// protobufBytes appends a field of bytes, text or a message.
func protobufBytes(message []byte, field uint64, value []byte) []byte {
	message = binary.AppendUvarint(message, field<<3|2)
	message = binary.AppendUvarint(message, uint64(len(value)))
	return append(message, value...)
}

func protobufFixed64(message []byte, field, value uint64) []byte {
	message = binary.AppendUvarint(message, field<<3|1)
	return binary.LittleEndian.AppendUint64(message, value)
}
