package test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/infrahouse/terraform-aws-ecs/test/suite"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/providers"
)

// TestPrivateZone: a zone that is private is refused in the plan. It is the one
// rule that no mock can show, see TestRulesAreDefended.
func TestPrivateZone(t *testing.T) {
	t.Parallel()
	run.EachProvider(t, func(t *testing.T, provider providers.Case) {
		d := run.Deployment(t, "private_zone", provider)
		defer d.Teardown(t)

		variables := func(withService bool) func(suite.Prepared) map[string]any {
			return func(shared suite.Prepared) map[string]any {
				return map[string]any{
					"service_name":       d.ServiceName("private"),
					"with_service":       withService,
					"subnet_public_ids":  shared.SubnetPublicIDs,
					"subnet_private_ids": shared.SubnetPrivateIDs,
				}
			}
		}
		d.Deploy(t, variables(false))
		said := d.PlanFails(t, variables(true))
		assert.Regexp(t, `zone_id must be a public zone.*\s+Z\w+ is private`, said)
	})
}
