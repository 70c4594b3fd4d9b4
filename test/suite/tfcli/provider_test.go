package tfcli_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/tfcli"
)

// plugin writes an executable that says something and then stays, or ends.
func plugin(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "terraform-provider-aws")
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o700))
	return path
}

func TestProviderIsAttachedTo(t *testing.T) {
	t.Parallel()
	alive := filepath.Join(t.TempDir(), "pid")
	provider, err := tfcli.StartProvider(t.Context(), plugin(t, `
echo "$$" > `+alive+`
echo "Provider started. To attach Terraform CLI, set the variable with the following:"
echo "	TF_REATTACH_PROVIDERS='{\"registry.terraform.io/hashicorp/aws\":{\"Pid\":1}}'"
exec sleep 600
`), os.Environ())
	require.NoError(t, err)
	assert.Equal(t, `TF_REATTACH_PROVIDERS={"registry.opentofu.org/hashicorp/aws":{"Pid":1}}`, provider.Environment("registry.opentofu.org"))
	text, err := os.ReadFile(alive)
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(pid, 0), "the plugin runs")
	require.NoError(t, provider.Close())
	assert.ErrorIs(t, syscall.Kill(pid, 0), syscall.ESRCH, "the plugin has ended")
}

func TestProviderThatDoesNotStart(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]string{
		"ends":         "exit 1\n",
		"says nothing": "echo hello\nexit 0\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := tfcli.StartProvider(t.Context(), plugin(t, script), os.Environ())
			assert.ErrorContains(t, err, "it ended without saying how to attach to it")
		})
	}
}
