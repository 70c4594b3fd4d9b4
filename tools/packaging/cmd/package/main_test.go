package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// repository writes a small one.
func repository(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"main.tf": "locals {}\n", "README.md": "# x\n", "LICENSE": "x\n",
		"CHANGELOG.md": "## [Unreleased]\n\n## [1.4.0] - 2026-01-01\n- New.\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	return dir
}

func TestPackage(t *testing.T) {
	t.Parallel()
	root, out := repository(t), t.TempDir()
	notes := filepath.Join(out, "notes.md")
	var stdout, stderr bytes.Buffer
	require.NoError(t, run([]string{"-root", root, "-out", out, "-notes", notes, "-list"}, &stdout, &stderr))

	path := filepath.Join(out, "terraform-aws-ecs-1.4.0.tar.gz")
	assert.FileExists(t, path)
	assert.Regexp(t, `^CHANGELOG.md\nLICENSE\nREADME.md\nmain.tf\n\S+1\.4\.0\.tar\.gz  4 files, \d+ bytes, sha256 [0-9a-f]{64}\n$`, stdout.String())
	said, err := os.ReadFile(notes)
	require.NoError(t, err)
	assert.Equal(t, "- New.\n", string(said))
}

// An archive of unreleased changes must not pass for the release.
func TestPackageOfUnreleasedChanges(t *testing.T) {
	t.Parallel()
	root := repository(t)
	for changelog, want := range map[string]string{
		"## [1.4.0] - 2026-01-01\n- New.\n":                                "",
		"## [Unreleased]\n\n## [1.4.0] - 2026-01-01\n- New.\n":             "",
		"## [Unreleased]\n\n- Newer.\n\n## [1.4.0] - 2026-01-01\n- New.\n": "note: CHANGELOG.md has unreleased changes, so this is not release 1.4.0",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(root, "CHANGELOG.md"), []byte(changelog), 0o600))
		var stderr bytes.Buffer
		require.NoError(t, run([]string{"-root", root, "-out", t.TempDir()}, &bytes.Buffer{}, &stderr))
		if want == "" {
			assert.Empty(t, stderr.String(), changelog)
		} else {
			assert.Contains(t, stderr.String(), want, changelog)
		}
		stderr.Reset()
		require.NoError(t, run([]string{"-root", root, "-out", t.TempDir(), "-version", "1.5.0-rc.1"}, &bytes.Buffer{}, &stderr))
		assert.Empty(t, stderr.String(), "a version that was asked for")
	}
}

func TestPackageRefuses(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		args []string
		want string
	}{
		{"a release that the changelog does not know", []string{"-version", "9.0.0", "-notes", "unwritten.md"}, "the changelog has no section for 9.0.0"},
		{"a stray argument", []string{"1.0.0"}, `unexpected argument "1.0.0"`},
		{"no repository", []string{"-root", "nowhere"}, "reading the changelog"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			out := t.TempDir()
			args := append([]string{"-root", repository(t), "-out", out}, c.args...)
			assert.ErrorContains(t, run(args, &bytes.Buffer{}, &bytes.Buffer{}), c.want)
			entries, err := os.ReadDir(out)
			require.NoError(t, err)
			assert.Empty(t, entries)
		})
	}
}

func TestHelpIsNoError(t *testing.T) {
	t.Parallel()
	var stderr bytes.Buffer
	require.NoError(t, run([]string{"-help"}, &bytes.Buffer{}, &stderr))
	assert.Contains(t, stderr.String(), "-version")
}
