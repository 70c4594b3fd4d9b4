package packaging_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/tools/packaging"
)

// repository is a small one with all that belongs to an archive, and some that
// does not. changed replaces files; an empty text removes one.
func repository(changed map[string]string) fstest.MapFS {
	tree := fstest.MapFS{}
	files := map[string]string{
		"main.tf":                          "module \"inner\" {\n  source = \"./modules/inner\"\n}\n",
		"modules/inner/main.tf":            "module \"deep\" {\n  source = \"../deep\"\n}\n",
		"modules/deep/main.tf":             "locals {\n  text = \"deep\"\n}\n",
		"modules/deep/README.md":           "# Deep\n",
		"examples/minimal/main.tf":         "module \"ecs\" {\n  source = \"../../\"\n}\n",
		"README.md":                        "# Module\n",
		"LICENSE":                          "Apache\n",
		"CHANGELOG.md":                     "# Changelog\n",
		"CONTRIBUTING.md":                  "# Contributing\n",
		"go.mod":                           "module x\n",
		".tflint.hcl":                      "config {}\n",
		".github/workflows/ci.yml":         "on: push\n",
		"examples/minimal/.terraform/a.tf": "locals {}\n",
		"examples/minimal/x.tfstate":       "{}\n",
		"test/suite/suite.go":              "package suite\n",
		"test_data/httpd/main.tf":          "locals {}\n",
		"modules/deep/deep.tftest.hcl":     "run \"x\" {}\n",
	}
	for name, text := range changed {
		files[name] = text
	}
	for name, text := range files {
		if text != "" {
			tree[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o600, ModTime: time.Unix(1700000000, 0)}
		}
	}
	return tree
}

func TestPackTakesWhatBelongsToTheModule(t *testing.T) {
	t.Parallel()
	archive, err := packaging.Pack(repository(nil), "1.2.3")
	require.NoError(t, err)

	want := []string{
		"CHANGELOG.md", "LICENSE", "README.md", "examples/minimal/main.tf", "main.tf",
		"modules/deep/README.md", "modules/deep/main.tf", "modules/inner/main.tf",
	}
	assert.Equal(t, want, archive.Files)
	assert.Equal(t, "terraform-aws-ecs-1.2.3.tar.gz", archive.Name)

	content := unpack(t, archive.Content)
	assert.Len(t, content, len(want))
	assert.Equal(t, "# Deep\n", content["modules/deep/README.md"])
}

func TestPackRefuses(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name    string
		changed map[string]string
		want    string
	}{
		{"a module that is left out", map[string]string{"modules/deep/main.tf": ""},
			`modules/inner/main.tf:2: source "../deep" is modules/deep, of which the archive has no configuration`},
		{"a module that is not there", map[string]string{"main.tf": "module \"x\" {\n  source = \"./modules/typo\"\n}\n"},
			`main.tf:2: source "./modules/typo" is modules/typo, of which the archive has no configuration`},
		{"a module outside of the archive", map[string]string{"main.tf": "module \"x\" {\n  source = \"./test_data/httpd\"\n}\n"},
			`main.tf:2: source "./test_data/httpd" is test_data/httpd, of which the archive has no configuration`},
		{"a module above the root", map[string]string{"main.tf": "module \"x\" {\n  source = \"../elsewhere\"\n}\n"},
			`main.tf:2: source "../elsewhere" is ../elsewhere, of which`},
		{"a module of a registry", map[string]string{"main.tf": "module \"x\" {\n  source = \"a/b/aws\"\n}\n"},
			`main.tf:2: source "a/b/aws" is not in the archive`},
		{"a source that is not a string", map[string]string{"main.tf": "module \"x\" {\n  source = var.x\n}\n"},
			`main.tf:2: the module's source is not a plain string`},
		{"a template that no pattern names", map[string]string{
			"modules/deep/main.tf": "locals {\n  t = templatefile(\"${path.module}/a.tftpl\", {})\n}\n", "modules/deep/a.tftpl": "x"},
			`modules/deep/main.tf:2: templatefile reads modules/deep/a.tftpl, which is not in the archive`},
		{"a file in a nested expression", map[string]string{
			"main.tf": "resource \"a\" \"b\" {\n  c {\n    d = [for x in [1] : jsonencode(file(\"${path.module}/lambda/x.py\"))]\n  }\n}\n"},
			`main.tf:3: file reads lambda/x.py, which is not in the archive`},
		{"a file of a name known only at plan time", map[string]string{
			"main.tf": "locals {\n  t = file(\"${path.module}/${var.name}\")\n}\n"},
			`main.tf:2: the file that file reads is unknown before a plan`},
		{"no license", map[string]string{"LICENSE": ""}, `LICENSE belongs to the module, but does not exist`},
		{"no readme", map[string]string{"README.md": ""}, `README.md belongs to the module, but does not exist`},
		{"no root module", map[string]string{"main.tf": ""}, `no *.tf in the root`},
		{"a configuration that can't be parsed", map[string]string{"main.tf": "module {{\n"}, `main.tf:1`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := packaging.Pack(repository(c.changed), "1.2.3")
			assert.ErrorContains(t, err, c.want)
		})
	}
}

func TestPackAllows(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name    string
		changed map[string]string
	}{
		{"an example that calls a registry's module", map[string]string{"examples/minimal/main.tf": "module \"x\" {\n  source = \"a/b/aws\"\n}\n"}},
		{"a file that the caller names", map[string]string{"main.tf": "locals {\n  t = file(var.name)\n}\n"}},
		{"a file that is in the archive", map[string]string{"main.tf": "locals {\n  t = file(\"${path.module}/README.md\")\n}\n"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := packaging.Pack(repository(c.changed), "1.2.3")
			assert.NoError(t, err)
		})
	}
}

func TestPackRefusesSymbolicLinks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, repository(map[string]string{"README.md": ""})))
	require.NoError(t, os.Symlink("LICENSE", filepath.Join(dir, "README.md")))
	_, err := packaging.Pack(os.DirFS(dir), "1.2.3")
	assert.ErrorContains(t, err, "README.md is a symbolic link")
}

func TestPackRefusesVersions(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"", "1.2", "v1.2.3", "1.02.3", "1.2.3+build", "../1.2.3", "Unreleased"} {
		t.Run("version "+version, func(t *testing.T) {
			t.Parallel()
			_, err := packaging.Pack(repository(nil), version)
			assert.ErrorContains(t, err, "not a semantic version")
		})
	}
	_, err := packaging.Pack(repository(nil), "1.2.3-rc.1")
	assert.NoError(t, err)
}

func TestPackMakesTheSameBytesOfTheSameTree(t *testing.T) {
	t.Parallel()
	first, err := packaging.Pack(repository(nil), "1.2.3")
	require.NoError(t, err)

	// Elsewhere, later, with other modes: what a fresh clone has.
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, repository(nil)))
	require.NoError(t, os.Chmod(filepath.Join(dir, "main.tf"), 0o755))
	second, err := packaging.Pack(os.DirFS(dir), "1.2.3")
	require.NoError(t, err)
	assert.Equal(t, first.SHA256(), second.SHA256())

	changed, err := packaging.Pack(repository(map[string]string{"LICENSE": "other\n"}), "1.2.3")
	require.NoError(t, err)
	assert.NotEqual(t, first.SHA256(), changed.SHA256())
}

func TestSaveReplacesAnArchive(t *testing.T) {
	t.Parallel()
	archive, err := packaging.Pack(repository(nil), "1.2.3")
	require.NoError(t, err)
	dir := filepath.Join(t.TempDir(), "deep", "er")
	for range 2 {
		path, err := archive.Save(dir)
		require.NoError(t, err)
		saved, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, archive.Content, saved)
	}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, entries, 1, "nothing half-written stays")
}

// The archive of this very repository is complete, and each of its Terraform
// files is needed: it is the configuration that callers get.
func TestPackThisRepository(t *testing.T) {
	t.Parallel()
	root := os.DirFS("../..")
	archive, err := packaging.Pack(root, "1.2.3")
	require.NoError(t, err)

	tracked, err := fs.Glob(root, "*.tf")
	require.NoError(t, err)
	modules, err := fs.Glob(root, "modules/*/*.tf")
	require.NoError(t, err)
	assert.Subset(t, archive.Files, append(tracked, modules...))
	for _, name := range archive.Files {
		assert.NotRegexp(t, `(^|/)\.|\.go$|^test|\.tfstate|\.tftest\.hcl$`, name)
	}
}

// unpack reads an archive back, and checks that nothing in it depends on the
// machine.
func unpack(t *testing.T, content []byte) map[string]string {
	t.Helper()
	compressed, err := gzip.NewReader(bytes.NewReader(content))
	require.NoError(t, err)
	archive := tar.NewReader(compressed)
	files := map[string]string{}
	for {
		header, err := archive.Next()
		if err == io.EOF { //nolint:errorlint // tar returns it bare
			return files
		}
		require.NoError(t, err)
		assert.Equal(t, int64(0o644), header.Mode, header.Name)
		assert.Zero(t, header.Uid+header.Gid, header.Name)
		assert.Empty(t, header.Uname+header.Gname, header.Name)
		assert.Equal(t, int64(0), header.ModTime.Unix(), header.Name)
		text, err := io.ReadAll(archive)
		require.NoError(t, err)
		files[header.Name] = string(text)
	}
}
