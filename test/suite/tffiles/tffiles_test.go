package tffiles

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// lay writes files below a directory.
func lay(t *testing.T, root string, files map[string]string) {
	t.Helper()
	for path, text := range files {
		path = filepath.Join(root, path)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
}

var repository = map[string]string{
	"main.tf":                           `resource "x" "y" {}`,
	"terraform.tfstate":                 "{}",
	"README.md":                         "text",
	"modules/pod/main.tf":               "# pod",
	"files/boot.sh":                     "true",
	"test/main_test.go":                 "package test",
	"tools/boot.sh":                     "true",
	"localaws/boot.sh":                  "true",
	".terraform/modules/modules.json":   "{}",
	"test_data/calls/main.tf":           "module \"m\" {\n  source = \"../../\"\n}\n",
	"test_data/calls/.terraform/x":      "x",
	"test_data/calls/terraform.tfstate": "{}",
	"test_data/alone/main.tf":           "# network",
}

func TestOfFixture(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	lay(t, root, repository)
	files, err := OfFixture(root, "calls")
	require.NoError(t, err)
	assert.Equal(t, []string{"files/boot.sh", "main.tf", "modules/pod/main.tf", "test_data/calls/main.tf"}, Paths(files))
	files, err = OfFixture(root, "alone")
	require.NoError(t, err)
	assert.Equal(t, []string{"test_data/alone/main.tf"}, Paths(files))
	_, err = OfFixture(root, "missing")
	assert.ErrorContains(t, err, "fixture missing")
}

func TestHashSeesEveryChange(t *testing.T) {
	t.Parallel()
	hash := func(files map[string]string) string {
		raw := map[string][]byte{}
		for path, text := range files {
			raw[path] = []byte(text)
		}
		return Hash(raw)
	}
	seen := map[string]bool{}
	for _, files := range []map[string]string{
		{}, {"a": ""}, {"a": "x"}, {"b": "x"}, {"a": "x", "b": ""}, {"a": "", "b": "x"},
	} {
		seen[hash(files)] = true
		assert.Equal(t, hash(files), hash(files))
	}
	assert.Len(t, seen, 6)
}

func TestSyncKeepsTerraformsOwn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	lay(t, dir, map[string]string{
		"old.tf": "old", "test_data/f/main.tf": "old", "test_data/f/terraform.tfstate": "state",
		"test_data/f/terraform.tfstate.backup": "backup", "test_data/f/.terraform/x": "x", "test_data/f/.terraform.lock.hcl": "lock",
	})
	require.NoError(t, Sync(dir, map[string][]byte{"main.tf": []byte("new"), "test_data/f/main.tf": []byte("new")}))
	assert.NoFileExists(t, filepath.Join(dir, "old.tf"))
	for path, want := range map[string]string{
		"main.tf": "new", "test_data/f/main.tf": "new", "test_data/f/terraform.tfstate": "state",
		"test_data/f/terraform.tfstate.backup": "backup", "test_data/f/.terraform/x": "x", "test_data/f/.terraform.lock.hcl": "lock",
	} {
		text, err := os.ReadFile(filepath.Join(dir, path))
		require.NoError(t, err)
		assert.Equal(t, want, string(text), path)
	}
}
