// Package test holds the module's integration tests. They apply fixtures of
// test_data and look at the result from outside, on localaws or on AWS.
package test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/test/suite"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/providers"
	"github.com/infrahouse/terraform-aws-ecs/test/targethealth"
)

// TestExtraTargetGroups applies a service with extra target groups and checks
// that each has healthy targets, and serves on its own listener what only its
// own container port serves. An entry that is added to the fixture, with its site,
// is tested like the others.
func TestExtraTargetGroups(t *testing.T) {
	t.Parallel()
	run.EachProvider(t, func(t *testing.T, provider providers.Case) {
		d := run.Deployment(t, "httpd_extra_tg", provider)
		defer d.Teardown(t)

		d.Deploy(t, func(shared suite.Prepared) map[string]any {
			return serviceVariables(shared, d.ServiceName("extra"))
		})
		d.Validate(t, func(ctx context.Context, t testing.TB, v *suite.Validation) {
			var outputs serviceOutputs
			require.NoError(t, d.Outputs(&outputs))
			require.Empty(t, siteFaults(outputs), "sites of the fixture")

			groups := append([]targethealth.Group{outputs.primaryGroup(80, "/", outputs.ExpectedBodies[primary])}, outputs.extraGroups()...)
			checkGroups(ctx, t, v, outputs, groups)
			for _, group := range groups {
				checkAnswer(ctx, t, v.Client(), group)
			}
		})
		d.Idempotence(t)
	})
}

// serviceVariables are the variables that every fixture with a service has.
func serviceVariables(shared suite.Prepared, name string) map[string]any {
	return map[string]any{
		"service_name":       name,
		"zone_id":            shared.ZoneID,
		"subnet_public_ids":  shared.SubnetPublicIDs,
		"subnet_private_ids": shared.SubnetPrivateIDs,
	}
}
