package tfcli

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// says makes an executable in a folder that answers `version -json`.
func says(t *testing.T, path, version string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	executable(t, path, "#!/bin/sh\necho '{\"terraform_version\": \""+version+"\"}'\n")
}

// It sets PATH, and so can't run in parallel.
func TestFind(t *testing.T) {
	onPath, bin := t.TempDir(), t.TempDir()
	t.Setenv("PATH", onPath)

	_, err := Find(t.Context(), "", bin)
	require.ErrorContains(t, err, "no Terraform 1.5 or newer on PATH, and 1.11.4 can't be installed into "+bin)
	assert.ErrorContains(t, err, "install Terraform, or name one with TEST_TERRAFORM")
	assert.NotContains(t, err.Error(), "\n", "one line")

	says(t, filepath.Join(bin, "terraform"), "1.11.4")
	tf, err := Find(t.Context(), "", bin)
	require.NoError(t, err)
	assert.Equal(t, Terraform{Path: filepath.Join(bin, "terraform"), Version: "1.11.4"}, tf, "the one that was installed before")

	says(t, filepath.Join(onPath, "terraform"), "1.2.0")
	tf, err = Find(t.Context(), "", bin)
	require.NoError(t, err)
	assert.Equal(t, "1.11.4", tf.Version, "the one on PATH is too old")

	says(t, filepath.Join(onPath, "terraform"), "1.9.8")
	tf, err = Find(t.Context(), "", bin)
	require.NoError(t, err)
	assert.Equal(t, "1.9.8", tf.Version, "PATH comes first")
	assert.Equal(t, "registry.terraform.io", tf.RegistryHost())
}

func TestFindNamed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, err := Find(t.Context(), filepath.Join(dir, "tofu"), dir)
	require.ErrorContains(t, err, "is not an executable: name Terraform or OpenTofu, or unset it")

	says(t, filepath.Join(dir, "tofu"), "1.9.0")
	tf, err := Find(t.Context(), filepath.Join(dir, "tofu"), dir)
	require.NoError(t, err)
	assert.Equal(t, "OpenTofu 1.9.0", tf.String())
	assert.Equal(t, "registry.opentofu.org", tf.RegistryHost())

	says(t, filepath.Join(dir, "old"), "1.2.0")
	_, err = Find(t.Context(), filepath.Join(dir, "old"), dir)
	assert.ErrorContains(t, err, "is Terraform 1.2.0: 1.5 or newer is needed")
}
