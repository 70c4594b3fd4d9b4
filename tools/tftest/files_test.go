package tftest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const mixed = `mock_provider "aws" {}

variables {
  size = 1
}

run "refused_by_a_variable" {
  command = plan

  expect_failures = [
    var.size,
    var.count_of_things,
  ]
}

run "refused_by_a_precondition" {
  command = plan

  expect_failures = [terraform_data.validations, aws_lb.this["a"]]
}

run "accepted" {
  command = plan
}
`

func TestOnInputsChangesRunsOfVariablesOnly(t *testing.T) {
	t.Parallel()
	out, err := OnInputs("mixed.tftest.hcl", []byte(mixed))
	require.NoError(t, err)
	_, afterFirst := cut(t, string(out), "run \"refused_by_a_variable\"")
	first, rest := cut(t, afterFirst, "run \"refused_by_a_precondition\"")
	assert.Contains(t, first, `source = "./inputs"`)
	assert.NotContains(t, rest, "./inputs")
	assert.Contains(t, string(out), "mock_provider", "the other runs need it")
}

func TestOnInputsNeedsNoProviderForVariablesAlone(t *testing.T) {
	t.Parallel()
	of, _ := cut(t, mixed, "run \"refused_by_a_precondition\"")
	out, err := OnInputs("variables.tftest.hcl", []byte(of))
	require.NoError(t, err)
	assert.Contains(t, string(out), `source = "./inputs"`)
	assert.NotContains(t, string(out), "mock_provider")
	assert.Contains(t, string(out), "size = 1")
}

func TestUnexpecting(t *testing.T) {
	t.Parallel()
	files, expectations, err := Unexpecting("mixed.tftest.hcl", []byte(mixed))
	require.NoError(t, err)
	assert.Equal(t, []Expectation{
		{Run: "refused_by_a_variable", Objects: []string{"var.size", "var.count_of_things"}},
		{Run: "refused_by_a_precondition", Objects: []string{"terraform_data.validations", `aws_lb.this["a"]`}},
	}, expectations)
	require.Len(t, files, 2)
	precondition := string(files["refused_by_a_precondition"])
	assert.Contains(t, precondition, "mock_provider")
	assert.Contains(t, precondition, "size = 1")
	for _, gone := range []string{"expect_failures", "refused_by_a_variable", "accepted"} {
		assert.NotContains(t, precondition, gone)
	}
	assert.Contains(t, string(files["refused_by_a_variable"]), `source = "./inputs"`)
}

func TestTestFileThatIsNoHCL(t *testing.T) {
	t.Parallel()
	_, err := OnInputs("tests/a.tftest.hcl", []byte("run {{"))
	assert.ErrorContains(t, err, "reading the test file: tests/a.tftest.hcl:1")
}

// cut cuts a text that must hold the separator.
func cut(t *testing.T, text, separator string) (before, after string) {
	t.Helper()
	before, after, ok := strings.Cut(text, separator)
	require.True(t, ok, "%q is not in %s", separator, text)
	return before, after
}
