package test

import (
	"context"
	"maps"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/test/suite"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/providers"
	"github.com/infrahouse/terraform-aws-ecs/test/targethealth"
)

// TestHTTPD applies a service of a caller who knows nothing of extra target
// groups: there is the primary one, and nothing else.
func TestHTTPD(t *testing.T) {
	t.Parallel()
	run.EachProvider(t, func(t *testing.T, provider providers.Case) {
		d := run.Deployment(t, "httpd", provider)
		defer d.Teardown(t)

		d.Deploy(t, func(shared suite.Prepared) map[string]any {
			return serviceVariables(shared, d.ServiceName("httpd"))
		})
		d.Validate(t, func(ctx context.Context, t testing.TB, v *suite.Validation) {
			var outputs serviceOutputs
			require.NoError(t, d.Outputs(&outputs))
			assert.Empty(t, outputs.ExtraTargetGroups, "output extra_target_groups")

			group := outputs.primaryGroup(80, "/", outputs.ExpectedBodies[primary])
			seen := checkGroups(ctx, t, v, outputs, []targethealth.Group{group})
			checkAnswer(ctx, t, v.Client(), group)
			checkRedirect(ctx, t, v.Client(), outputs.DNSHostnames[0])

			listeners := listenersOf(ctx, t, v.ELB(), outputs.LoadBalancerARN)
			assert.ElementsMatch(t, []string{"HTTP:80", "HTTPS:443"}, slices.Collect(maps.Keys(listeners)), "listeners of the load balancer")
			assert.Len(t, seen.Service.LoadBalancers, 1, "target groups of the service")
			checkMappedPorts(t, seen, 80)
		})
		d.Idempotence(t)
	})
}

// checkMappedPorts: the task definition maps these container ports and no
// others, each once.
func checkMappedPorts(t testing.TB, seen targethealth.Snapshot, ports ...int32) {
	t.Helper()
	var mapped []int32
	for _, container := range seen.Definition.ContainerDefinitions {
		for _, mapping := range container.PortMappings {
			mapped = append(mapped, aws.ToInt32(mapping.ContainerPort))
		}
	}
	assert.ElementsMatch(t, ports, mapped, "container ports that the task definition maps")
}
