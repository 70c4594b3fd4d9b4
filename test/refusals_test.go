package test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestRefusals shows that each rule of the module has a test that fails when
// the rule is taken away.
func TestRefusals(t *testing.T) {
	t.Parallel()
	if os.Getenv("TEST_REFUSALS") == "" {
		t.Skip("TEST_REFUSALS is not set: running each refusal by itself takes minutes; `make test-refusals` does")
	}
	rules, undefended, err := run.Undefended()
	require.NoError(t, err)
	require.NotEmpty(t, rules)
	for _, rule := range undefended {
		assert.Fail(t, "no test would fail without this rule", "%s", rule)
	}
	t.Logf("%d of %d rules are defended", len(rules)-len(undefended), len(rules))
}
