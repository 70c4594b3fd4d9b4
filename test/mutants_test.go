package test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/tools/tftest"
)

// notByPlans are arguments without which no test of tests/ fails, and why that is
// well: which integration test would fail, or what AWS's default is.
var notByPlans = map[string]string{}

// TestArgumentsAreTested shows that each argument of the module's resources has a
// test that fails when the argument is taken away. TEST_MUTANTS names the files, such
// as "extra_target_groups.tf modules/*/*.tf".
func TestArgumentsAreTested(t *testing.T) {
	t.Parallel()
	patterns := strings.Fields(os.Getenv("TEST_MUTANTS"))
	if len(patterns) == 0 {
		t.Skip("TEST_MUTANTS is not set: running the tests without each argument takes hours; `make test-mutants` does")
	}
	tested := 0
	survivors, err := run.Survivors(patterns, func(a tftest.Argument, killer string) {
		tested++
		if killer == "" {
			killer = "nothing"
		}
		t.Logf("without %s: %s fails", a, killer)
	})
	require.NoError(t, err)
	require.NotZero(t, tested, "TEST_MUTANTS=%q names no file with a resource", os.Getenv("TEST_MUTANTS"))
	for _, a := range survivors {
		if reason, ok := notByPlans[a.File+" "+a.Address]; ok {
			t.Logf("%s has no test in tests/: %s", a, reason)
			continue
		}
		assert.Fail(t, "no test would fail without this argument", "%s", a)
	}
}
