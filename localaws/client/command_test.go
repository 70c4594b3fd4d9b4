package client_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/client"
)

// One that starts must not find the executable taken away by one that builds.
func TestBuildsAtOnceWriteOneExecutable(t *testing.T) {
	t.Parallel()
	command := client.Command{Executable: filepath.Join(t.TempDir(), "localaws"), Dir: t.TempDir()}
	files := make([]os.FileInfo, 3)
	var building sync.WaitGroup
	for i := range files {
		building.Go(func() {
			if assert.NoError(t, command.Build(t.Context(), "..")) {
				files[i], _ = os.Stat(command.Executable) // nil fails below
			}
		})
	}
	building.Wait()
	for _, file := range files {
		require.NotNil(t, file)
		assert.True(t, os.SameFile(files[0], file), "a later build replaced the executable")
	}
}
