package sts_test

import (
	"testing"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/sts"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wiretest"
)

func TestRulesOfTheTable(t *testing.T) {
	t.Parallel()
	code := func(string) string { return "ValidationError" }
	wiretest.Refusals(t, newWorld(t).sts.Wire(), sts.Refusals, code, wiretest.MayMiss)
}
