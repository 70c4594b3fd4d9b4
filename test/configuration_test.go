package test

import (
	"path"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestConfiguration checks every Terraform file without a cloud: its format,
// its validity, and what the module's own unit tests (tests/*.tftest.hcl) say.
func TestConfiguration(t *testing.T) {
	t.Parallel()
	configurations, err := run.OpenConfigurations()
	require.NoError(t, err)
	dirs, err := configurations.Directories()
	require.NoError(t, err)
	require.Contains(t, dirs, ".", "the module itself")

	t.Run("fmt", func(t *testing.T) {
		t.Parallel()
		files, err := configurations.Format()
		require.NoError(t, err)
		assert.Empty(t, files, "`terraform fmt -recursive` changes these files: run `make fmt`")
	})
	for _, dir := range dirs {
		files, err := configurations.TestFiles(dir)
		require.NoError(t, err)
		for _, file := range files {
			t.Run(path.Join(dir, file), func(t *testing.T) {
				t.Parallel()
				assert.NoError(t, configurations.Test(dir, file))
			})
		}
	}
	for _, dir := range dirs {
		t.Run("validate/"+dir, func(t *testing.T) {
			t.Parallel()
			assert.NoError(t, configurations.Validate(dir))
		})
	}
}
