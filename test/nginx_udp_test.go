package test

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/test/suite"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/providers"
	"github.com/infrahouse/terraform-aws-ecs/test/targethealth"
)

// TestUDP applies a service whose extra target groups have fixed host ports: one
// answers datagrams, and is checked on the TCP port of the other.
func TestUDP(t *testing.T) {
	t.Parallel()
	run.EachProvider(t, func(t *testing.T, provider providers.Case) {
		d := run.Deployment(t, "nginx_udp", provider)
		defer d.Teardown(t)

		d.Deploy(t, func(shared suite.Prepared) map[string]any {
			return serviceVariables(shared, d.ServiceName("udp"))
		})
		d.Validate(t, func(ctx context.Context, t testing.TB, v *suite.Validation) {
			var outputs serviceOutputs
			require.NoError(t, d.Outputs(&outputs))
			listeners := listenersOf(ctx, t, v.ELB(), outputs.LoadBalancerARN)

			groups := append([]targethealth.Group{{
				Key:           primary,
				ARN:           outputs.TargetGroupARN,
				ListenerARN:   aws.ToString(listeners["TCP:80"].ListenerArn),
				Listener:      "TCP:80",
				ContainerPort: 80,
				URL:           "http://" + outputs.DNSHostnames[0] + "/",
				Body:          outputs.ExpectedBodies[primary],
			}}, outputs.extraGroups()...)
			for i := range groups {
				groups[i].URL = strings.Replace(groups[i].URL, "tcp://", "http://", 1)
			}
			hostPorts := map[string]int32{"syslog": 514, "checked": 8081}
			seen := v.WaitHealthy(ctx, t, outputs.ClusterName, outputs.ServiceName, groups)
			for _, group := range groups {
				checkServiceRegisters(t, seen, group)
				checkHostPort(t, seen, group, hostPorts[group.Key])
				checkListenerForwards(ctx, t, v.ELB(), group)
				checkTargetsAreTasks(t, seen, group)
				if strings.HasPrefix(group.Listener, "UDP:") {
					checkDatagram(ctx, t, v.Client(), group)
				} else {
					checkAnswer(ctx, t, v.Client(), group)
				}
			}
		})
		d.Idempotence(t)
	})
}

// checkDatagram: a datagram to the listener gets the answer that only this
// container port gives. Datagrams get lost, so there are several.
func checkDatagram(ctx context.Context, t testing.TB, client *http.Client, group targethealth.Group) {
	t.Helper()
	address, err := url.Parse(group.URL)
	require.NoError(t, err)
	dial := (&net.Dialer{}).DialContext
	if transport, ok := client.Transport.(*http.Transport); ok && transport.DialContext != nil {
		dial = transport.DialContext
	}
	conn, err := dial(ctx, "udp4", address.Host)
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()

	answer := make([]byte, 1024)
	for range 5 {
		_, err = conn.Write([]byte("<13>a line of a log"))
		require.NoError(t, err)
		require.NoError(t, conn.SetReadDeadline(time.Now().Add(5*time.Second)))
		var n int
		if n, err = conn.Read(answer); err == nil {
			assert.Equal(t, group.Body, string(answer[:n]), "answer to a datagram to %s (%s)", address.Host, group.Key)
			return
		}
	}
	assert.NoError(t, err, "no answer to five datagrams to %s (%s)", address.Host, group.Key)
}
