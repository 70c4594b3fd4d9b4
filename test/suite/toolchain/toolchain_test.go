package toolchain_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/providers"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/suitetest"
)

func TestNewestCaseFallsBackLoudly(t *testing.T) {
	t.Parallel()
	r, out := suitetest.NewRun(t, nil)
	c, err := r.Tools.Newest(t.Context())
	require.NoError(t, err)
	assert.Equal(t, providers.AWS6, c.Name)
	assert.NotContains(t, out.String(), "FALL-BACK")

	mirror := suitetest.Mirror(t, "5.100.0")
	r, out = suitetest.NewRun(t, map[string]string{"TEST_PROVIDER_MIRROR": mirror})
	c, err = r.Tools.Newest(t.Context())
	require.NoError(t, err)
	assert.Equal(t, providers.AWS5, c.Name)
	assert.Contains(t, out.String(), "FALL-BACK to aws-5: aws-6: ")
	assert.Contains(t, out.String(), "TEST_PROVIDER_MIRROR="+mirror+" has only [5.100.0]")
}

func TestRequiredProvidersAreRequired(t *testing.T) {
	t.Parallel()
	r, _ := suitetest.NewRun(t, map[string]string{"REQUIRE_PROVIDERS": "aws-6"})
	require.NoError(t, r.Tools.CheckRequired(t.Context()))
	r, _ = suitetest.NewRun(t, map[string]string{"REQUIRE_PROVIDERS": "aws-6", "TEST_PROVIDER_MIRROR": suitetest.Mirror(t, "5.100.0")})
	assert.ErrorContains(t, r.Tools.CheckRequired(t.Context()), "REQUIRE_PROVIDERS=aws-6: aws-6: ")
	_, err := r.Tools.Choose(t.Context())
	assert.ErrorContains(t, err, "REQUIRE_PROVIDERS=aws-6: aws-6: ")
}
