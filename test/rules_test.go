package test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// notByMocks are conditions that no test of tests/ can break, why, and which test
// shows them.
var notByMocks = map[string]string{
	"!(local.is_alb && coalesce(data.aws_route53_zone.this.private_zone, false))":            "private_zone is an argument too, and mocks set only what is none: TestPrivateZone shows it",
	"!var.wait_for_steady_state || self.task_definition == aws_ecs_task_definition.this.arn": "a mocked service runs what it is given: TestLifecycle shows it",
}

// TestRulesAreDefended shows that each rule of the module has a test that fails
// when the rule is taken away.
func TestRulesAreDefended(t *testing.T) {
	t.Parallel()
	if os.Getenv("TEST_RULES") == "" {
		t.Skip("TEST_RULES is not set: running each refusal by itself takes minutes; `make test-rules` does")
	}
	rules, undefended, err := run.Undefended()
	require.NoError(t, err)
	require.NotEmpty(t, rules)
	explained := 0
	for _, rule := range undefended {
		if reason, ok := notByMocks[rule.Condition]; ok {
			t.Logf("%s has no test in tests/: %s", rule, reason)
			explained++
			continue
		}
		assert.Fail(t, "no test would fail without this rule", "%s", rule)
	}
	assert.Len(t, notByMocks, explained, "what is explained and can be tested after all, or is gone")
	t.Logf("%d of %d rules are defended", len(rules)-len(undefended), len(rules))
}
