package test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// maxTerraformLine is the longest line of a .tf file that a reader need not
// scroll for.
const maxTerraformLine = 160

// linesFit checks the length of each line of each .tf file.
func linesFit(t *testing.T) {
	t.Parallel()
	for _, path := range terraformFiles(t) {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		for i, line := range strings.Split(string(text), "\n") {
			assert.LessOrEqual(t, utf8.RuneCountInString(line), maxTerraformLine, "%s:%d has so many characters", path, i+1)
		}
	}
}

// fixturesDiffer checks that no two .tf files of test_data are identical. What all
// fixtures need, such as the provider's configuration, is in each main.tf:
// Terraform can't include a file, and symbolic links break on Windows and in
// archives.
func fixturesDiffer(t *testing.T) {
	t.Parallel()
	first := map[string]string{}
	for _, path := range terraformFiles(t) {
		if !strings.HasPrefix(path, filepath.Join("..", "test_data")) {
			continue
		}
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		if other, ok := first[string(text)]; ok {
			assert.Fail(t, "identical files", "%s and %s", other, path)
		}
		first[string(text)] = path
	}
	require.NotEmpty(t, first)
}

// terraformFiles lists the repository's .tf files.
func terraformFiles(t *testing.T) []string {
	t.Helper()
	var paths []string
	require.NoError(t, filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && strings.HasPrefix(entry.Name(), ".") && path != "..":
			return fs.SkipDir
		case filepath.Ext(path) == ".tf":
			paths = append(paths, path)
		}
		return nil
	}))
	require.NotEmpty(t, paths)
	return paths
}
