// Package localcloud gives a test a localaws of its own, in a process of its
// own.
package localcloud

import (
	"context"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/client"
	"github.com/infrahouse/terraform-aws-ecs/localaws/client/stack"
)

// Start runs a localaws until the test has ended.
func Start(t testing.TB) *stack.Cloud {
	t.Helper()
	command := client.Command{Executable: filepath.Join(root(t), ".bin", "localaws"), Dir: filepath.Join(t.TempDir(), "localaws")}
	require.NoError(t, command.Build(t.Context(), filepath.Join(root(t), "localaws")))
	_, err := command.Run(t.Context(), "start")
	require.NoError(t, err, "starting localaws")
	ctx := context.WithoutCancel(t.Context()) // the test's own is done before the clean-up runs
	t.Cleanup(func() {
		if _, err := command.Run(ctx, "stop"); err != nil {
			t.Errorf("stopping localaws: %v", err)
		}
	})
	running, err := client.Open(t.Context(), command.Dir)
	require.NoError(t, err)
	return stack.Connect(t, running.Endpoint)
}

// root is the repository's root, found from this file.
func root(t testing.TB) string {
	t.Helper()
	_, file, _, ok := runtime.Caller(0)
	require.True(t, ok, "where this file is")
	return filepath.Join(filepath.Dir(file), "..", "..")
}
