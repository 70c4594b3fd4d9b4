package test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/test/suite"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/providers"
	"github.com/infrahouse/terraform-aws-ecs/test/targethealth"
)

// TestNetworkLoadBalancer applies a service with an extra target group behind a
// network load balancer.
func TestNetworkLoadBalancer(t *testing.T) {
	t.Parallel()
	run.EachProvider(t, func(t *testing.T, provider providers.Case) {
		d := run.Deployment(t, "httpd_tcp", provider)
		defer d.Teardown(t)

		d.Deploy(t, func(shared suite.Prepared) map[string]any {
			return serviceVariables(shared, d.ServiceName("tcp"))
		})
		d.Validate(t, func(ctx context.Context, t testing.TB, v *suite.Validation) {
			var outputs serviceOutputs
			require.NoError(t, d.Outputs(&outputs))
			require.Len(t, outputs.ExtraTargetGroups, 1, "the fixture has one extra target group")
			require.Empty(t, siteFaults(outputs), "sites of the fixture")
			assert.Empty(t, outputs.SSLListenerARN, "output ssl_listener_arn")

			listeners := listenersOf(ctx, t, v.ELB(), outputs.LoadBalancerARN)
			require.ElementsMatch(t, []string{"TCP:80", "TCP:9081"}, slices.Collect(maps.Keys(listeners)), "listeners of the load balancer")

			groups := append([]targethealth.Group{primaryOfNLB(ctx, t, v, outputs, 80)}, outputs.extraGroups()...)
			for i := range groups {
				// What the listener passes on is HTTP.
				groups[i].URL = strings.Replace(groups[i].URL, "tcp://", "http://", 1)
			}
			checkGroups(ctx, t, v, outputs, groups)
			for _, group := range groups {
				checkAnswer(ctx, t, v.Client(), group)
			}
		})
		d.Idempotence(t)
	})
}

// primaryOfNLB is the primary target group of a service behind an NLB, whose
// listener has the port of the container.
func primaryOfNLB(ctx context.Context, t testing.TB, v *suite.Validation, o serviceOutputs, port int32) targethealth.Group {
	t.Helper()
	name := fmt.Sprintf("TCP:%d", port)
	return targethealth.Group{
		Key:           primary,
		ARN:           o.TargetGroupARN,
		ListenerARN:   aws.ToString(listenersOf(ctx, t, v.ELB(), o.LoadBalancerARN)[name].ListenerArn),
		Listener:      name,
		ContainerPort: port,
		URL:           fmt.Sprintf("tcp://%s:%d/", o.DNSHostnames[0], port),
		Body:          o.ExpectedBodies[primary],
	}
}
