package test

import (
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/test/suite"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/providers"
)

// TestDestroyInAnyOrder destroys a service ten times. How many resources
// Terraform destroys at a time decides their order, as far as they do not
// depend on one another: in each of them nothing fails, and nothing is left.
// It runs alone, one case after the other, since it counts what is there.
func TestDestroyInAnyOrder(t *testing.T) { //nolint:paralleltest // see above
	if os.Getenv("TEST_DESTROY_ORDERS") == "" {
		t.Skip("TEST_DESTROY_ORDERS is not set: ten deployments one after the other take a quarter of an hour; `make test-destroy` runs them")
	}
	var alone sync.Mutex
	run.EachProvider(t, func(t *testing.T, provider providers.Case) {
		alone.Lock()
		defer alone.Unlock()
		_, err := run.Prepare()
		require.NoError(t, err)
		prepared, err := run.Leftovers()
		require.NoError(t, err)
		for _, parallelism := range []int{1, 2, 3, 4, 5, 7, 10, 15, 20, 30} {
			destroyOnce(t, provider, parallelism)
			left, err := run.Leftovers()
			require.NoError(t, err)
			assert.Equal(t, prepared, left, "what is there after a destroy with -parallelism=%d, and what was there before the deployment", parallelism)
		}
	})
}

// destroyOnce deploys a service and destroys it.
func destroyOnce(t *testing.T, provider providers.Case, parallelism int) {
	t.Helper()
	d := run.Deployment(t, "httpd_extra_tg", provider)
	defer d.Teardown(t) // what is left when the destroy fails
	d.Deploy(t, func(shared suite.Prepared) map[string]any {
		return serviceVariables(shared, d.ServiceName(fmt.Sprintf("gone-%d", parallelism)))
	})
	d.Parallelism = parallelism
	d.Teardown(t)
}
