package configurations_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/configurations"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/suitetest"
)

// withoutAWS6 opens configurations where aws-6 can't be had.
func withoutAWS6(t *testing.T, variables map[string]string) (said string, err error) {
	t.Helper()
	environment := map[string]string{"TEST_PROVIDER_MIRROR": suitetest.Mirror(t, "5.100.0")}
	for name, value := range variables {
		environment[name] = value
	}
	r, out := suitetest.NewRun(t, environment)
	_, err = configurations.Open(t.Context(), configurations.Setup{Root: r.Root, Tools: r.Tools, Kill: r.Interrupts.Kill})
	return out.String(), err
}

func TestConfigurationsSayThatTheyFallBack(t *testing.T) {
	t.Parallel()
	said, err := withoutAWS6(t, nil)
	require.NoError(t, err)
	assert.Contains(t, said, "FALL-BACK to aws-5: aws-6: ")
}

func TestConfigurationsObeyRequireProviders(t *testing.T) {
	t.Parallel()
	_, err := withoutAWS6(t, map[string]string{"REQUIRE_PROVIDERS": "aws-6"})
	assert.ErrorContains(t, err, "REQUIRE_PROVIDERS=aws-6: aws-6: ")
}
