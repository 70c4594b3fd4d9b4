package localcloud_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What runs on localaws runs on AWS too: it knows localaws by its client only.
func TestOnlyTheClientOfLocalawsIsImported(t *testing.T) {
	t.Parallel()
	command := exec.CommandContext(t.Context(), "go", "list", "-deps", "-test", "./...")
	command.Dir = "../.."
	out, err := command.Output()
	require.NoError(t, err)
	for line := range strings.Lines(string(out)) {
		if path, ok := strings.CutPrefix(strings.TrimSpace(line), "github.com/infrahouse/terraform-aws-ecs/localaws/"); ok {
			assert.True(t, path == "client" || strings.HasPrefix(path, "client/"), "localaws/%s is imported", path)
		}
	}
}
