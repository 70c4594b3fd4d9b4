package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// repository writes a module with an example, and returns its path.
func repository(t *testing.T, main string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"main.tf": main, "README.md": "#\n", "LICENSE": "x\n", "CHANGELOG.md": "#\n",
		"examples/README.md": "#\n", "examples/minimal/main.tf": "module \"x\" {\n  source = \"../../\"\n}\n",
	} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	return dir
}

// scanner writes a program that stands in for tfsec: it answers with what the
// shell commands print, in the scanned copy.
func scanner(t *testing.T, commands string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tfsec")
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+commands), 0o700)) //nolint:gosec // a program
	return path
}

const checked = `locals {
  a = 1
}

check "x" {
  assert {
    condition     = local.a == 1
    error_message = "a check in { braces } and ü"
  }
}

locals {
  b = 2
}
`

func TestWithoutChecksKeepsLineNumbers(t *testing.T) {
	t.Parallel()
	blanked, err := withoutChecks("main.tf", []byte(checked))
	require.NoError(t, err)
	assert.Equal(t, "locals {\n  a = 1\n}\n\n\n\n\n\n\n\n\nlocals {\n  b = 2\n}\n", string(trimLines(blanked)))
	assert.Len(t, blanked, len(checked))

	_, err = withoutChecks("main.tf", []byte("check {"))
	assert.ErrorContains(t, err, "main.tf:1")
}

func trimLines(text []byte) []byte {
	lines := bytes.Split(text, []byte("\n"))
	for i := range lines {
		lines[i] = bytes.TrimRight(lines[i], " ")
	}
	return bytes.Join(lines, []byte("\n"))
}

func TestScanScansTheModuleAndItsExamples(t *testing.T) {
	t.Parallel()
	scanned := filepath.Join(t.TempDir(), "scanned")
	program := scanner(t, `grep -q '^check' main.tf && exit 9
echo "$1" >> '`+scanned+`'
echo '{"results": null}'
`)
	var stdout bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-root", repository(t, checked), "-tfsec", program}, &stdout, &stdout))
	assert.Equal(t, "no finding of severity high or critical in the module and 1 examples\n", stdout.String())
	modules, err := os.ReadFile(scanned)
	require.NoError(t, err)
	assert.Equal(t, ".\nexamples/minimal\n", string(modules))
}

func TestScanFailsAtAFinding(t *testing.T) {
	t.Parallel()
	program := scanner(t, `echo '{"results": [{"long_id": "aws-x-y", "severity": "HIGH", "description": "d", "location": {"filename": "'$PWD'/main.tf", "start_line": 2}}]}'
exit 1
`)
	var stdout bytes.Buffer
	err := run(t.Context(), []string{"-root", repository(t, checked), "-tfsec", program}, &stdout, &stdout)
	assert.ErrorContains(t, err, "1 findings of severity high or critical", "the same finding of module and example counts once")
	assert.Equal(t, "main.tf:2: high: d (aws-x-y)\n", stdout.String())
}

func TestScanTellsWhatWentWrong(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, program, want string }{
		{"the scanner fails", scanner(t, "echo 'Error: scan failed: no such block' >&2\nexit 1\n"), "scanning .: scan failed: no such block"},
		{"no scanner", filepath.Join(t.TempDir(), "missing"), "running the scanner"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var stdout bytes.Buffer
			err := run(t.Context(), []string{"-root", repository(t, checked), "-tfsec", c.program}, &stdout, &stdout)
			assert.ErrorContains(t, err, c.want)
		})
	}
}
