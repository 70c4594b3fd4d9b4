package tagging_test

import (
	"testing"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/tagging"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wiretest"
)

func TestRulesOfTheTable(t *testing.T) {
	t.Parallel()
	a, _ := wiretest.NewAccount()
	wiretest.Refusals(t, tagging.New(a).Wire(), tagging.Refusals, func(string) string { return "InvalidParameterException" })
}
