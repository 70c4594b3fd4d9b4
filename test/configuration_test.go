package test

import (
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/test/suite"
)

// TestConfiguration checks every Terraform file without a cloud: its format,
// its validity, and what the module's own unit tests (tests/*.tftest.hcl) say,
// but those of TestRefusals.
func TestConfiguration(t *testing.T) {
	t.Parallel()
	configurations, err := run.OpenConfigurations()
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, configurations.Close()) })
	dirs, err := configurations.Directories()
	require.NoError(t, err)
	require.Contains(t, dirs, ".", "the module itself")

	t.Run("fmt", func(t *testing.T) {
		t.Parallel()
		files, err := configurations.Format()
		require.NoError(t, err)
		assert.Empty(t, files, "`terraform fmt -recursive` changes these files: run `make fmt`")
	})
	t.Run("order", func(t *testing.T) {
		t.Parallel()
		needs, err := configurations.Dependencies(".")
		require.NoError(t, err)
		for _, fault := range outOfOrder(needs) {
			assert.Fail(t, "the order may come about by luck only", "%s", fault)
		}
		explicit, err := dependsOn(filepath.Join("..", "main.tf"), ecsService)
		require.NoError(t, err)
		assert.ElementsMatch(t, explicitOrders(), explicit, "depends_on of %s, and the reasons in order_test.go", ecsService)
	})
	t.Run("plans", func(t *testing.T) {
		t.Parallel()
		checkPlans(t, configurations)
	})
	t.Run("line_length", linesFit)
	t.Run("fixtures_differ", fixturesDiffer)
	for _, dir := range dirs {
		files, err := configurations.TestFiles(dir)
		require.NoError(t, err)
		testFiles(t, configurations, dir, slices.DeleteFunc(files, func(file string) bool { return ofRefusals(file) || file == planFile }))
	}
	for _, dir := range dirs {
		t.Run("validate/"+dir, func(t *testing.T) {
			t.Parallel()
			assert.NoError(t, configurations.Validate(dir))
		})
	}
}

// TestRefusals checks that wrong values of inputs are refused in the plan
// (refusals_*.tftest.hcl in the tests folders of the module and its modules).
func TestRefusals(t *testing.T) {
	t.Parallel()
	configurations, err := run.OpenConfigurations()
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, configurations.Close()) })
	dirs, err := configurations.Directories()
	require.NoError(t, err)
	found := 0
	for _, dir := range dirs {
		files, err := configurations.TestFiles(dir)
		require.NoError(t, err)
		files = slices.DeleteFunc(files, func(file string) bool { return !ofRefusals(file) })
		found += len(files)
		testFiles(t, configurations, dir, files)
	}
	require.NotZero(t, found)
}

func ofRefusals(file string) bool { return strings.HasPrefix(path.Base(file), "refusals_") }

// testFiles runs test files of a directory, each as a subtest.
func testFiles(t *testing.T, configurations *suite.Configurations, dir string, files []string) {
	t.Helper()
	for _, file := range files {
		t.Run(path.Join(dir, file), func(t *testing.T) {
			t.Parallel()
			assert.NoError(t, configurations.Test(dir, file))
		})
	}
}
