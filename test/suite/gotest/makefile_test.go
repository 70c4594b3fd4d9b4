package gotest

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/workdir"
)

// A pattern of -run may hold the $ with which make begins a reference.
func TestMakeHandsOnTheFilterAsItIsWritten(t *testing.T) {
	t.Parallel()
	root, err := workdir.Root()
	require.NoError(t, err)
	for name, test := range map[string]struct{ filter, want string }{
		"end of a name":         {"^TestHTTPD$", "-run '^TestHTTPD$'"},
		"end of a name, a case": {"^TestHTTPD$/aws-5", "-run '^TestHTTPD$/aws-5'"},
		"two names":             {"^(TestHTTPD|TestComplete)$", "-run '^(TestHTTPD|TestComplete)$'"},
	} {
		for _, target := range []string{"test-keep", "integration"} {
			t.Run(name+", "+target, func(t *testing.T) {
				t.Parallel()
				dry := []string{"-n", "--no-print-directory", "-f", filepath.Join(root, "Makefile"), "-C", root, target}
				byEnvironment := exec.CommandContext(t.Context(), "make", dry...)
				byEnvironment.Env = append(byEnvironment.Environ(), "TEST_FILTER="+test.filter, "MAKEFLAGS=")
				said, err := byEnvironment.CombinedOutput()
				require.NoError(t, err, "%s", said)
				assert.Contains(t, string(said), test.want, "TEST_FILTER from the environment")

				byArgument := exec.CommandContext(t.Context(), "make", append(dry, "TEST_FILTER="+test.filter)...)
				byArgument.Env = append(byArgument.Environ(), "MAKEFLAGS=")
				said, err = byArgument.CombinedOutput()
				require.NoError(t, err, "%s", said)
				assert.Contains(t, string(said), test.want, "TEST_FILTER from the command line")
			})
		}
	}
}
