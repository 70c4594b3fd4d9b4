// Package tffiles reads the repository's Terraform files, and copies them into
// work directories. Files are a map of contents by their paths from the
// repository's root.
package tffiles

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/workdir"
)

// PinFile is an override file, which narrows a configuration's own constraint
// on the provider to a case's.
const PinFile = "suite_pin_override.tf"

// usesModule matches in a fixture that calls this repository's module.
var usesModule = regexp.MustCompile(`(?m)^\s*source\s*=\s*"\.\./\.\./`)

// notModule are folders of the repository that no configuration reads.
var notModule = []string{"test", "tests", "test_data", "examples", "tools", "localaws", "docs"}

// terraformsOwn reports whether Terraform writes a file of its working directory.
func terraformsOwn(name string) bool {
	return name == ".terraform" || name == workdir.LockFile || name == ".terraform.tfstate.lock.info" || name == workdir.ErroredFile ||
		strings.HasPrefix(name, workdir.StateFile)
}

// OfFixture reads what a fixture is made of: its own files and, when it calls
// the module, the module's.
func OfFixture(root, fixture string) (map[string][]byte, error) {
	files := map[string][]byte{}
	base := filepath.Join("test_data", fixture)
	if err := AddFolder(root, base, files); err != nil {
		return nil, fmt.Errorf("fixture %s: %w", fixture, err)
	}
	calls := false
	for path, content := range files {
		calls = calls || (filepath.Ext(path) == ".tf" && usesModule.Match(content))
	}
	if !calls {
		return files, nil
	}
	return files, AddModule(root, files)
}

// AddModule adds the files of the module: those beside the root's .tf files
// that configurations read, and its folders.
func AddModule(root string, files map[string][]byte) error {
	entries, err := os.ReadDir(root)
	if err != nil {
		return fmt.Errorf("reading the module: %w", err)
	}
	for _, entry := range entries {
		name := entry.Name()
		switch {
		case strings.HasPrefix(name, ".") || terraformsOwn(name):
		case entry.IsDir():
			if slices.Contains(notModule, name) {
				continue
			}
			if err := AddFolder(root, name, files); err != nil {
				return fmt.Errorf("reading the module: %w", err)
			}
		case slices.Contains([]string{".tf", ".tftpl", ".tpl", ".json", ".yaml", ".yml", ".sh"}, filepath.Ext(name)):
			content, err := os.ReadFile(filepath.Join(root, name))
			if err != nil {
				return fmt.Errorf("reading the module: %w", err)
			}
			files[name] = content
		}
	}
	return nil
}

// AddFolder adds the files below a folder, without hidden ones and those that
// Terraform writes.
func AddFolder(root, folder string, into map[string][]byte) error {
	return filepath.WalkDir(filepath.Join(root, folder), func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if hidden := strings.HasPrefix(entry.Name(), "."); hidden || terraformsOwn(entry.Name()) {
			if entry.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		if !entry.Type().IsRegular() {
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		into[relative] = content
		return nil
	})
}

// Hash is one number for all names and contents.
func Hash(files map[string][]byte) string {
	sum := sha256.New()
	for _, path := range Paths(files) {
		content := sha256.Sum256(files[path])
		_, _ = fmt.Fprintf(sum, "%s %x\n", path, content) // a hash never fails
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// Sync makes a directory hold exactly the files, and what Terraform wrote there
// before.
func Sync(dir string, files map[string][]byte) error {
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case os.IsNotExist(err):
			return nil
		case err != nil:
			return err
		case terraformsOwn(entry.Name()):
			if entry.IsDir() {
				return filepath.SkipDir
			}
			return nil
		case entry.IsDir():
			return nil
		}
		relative, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if _, wanted := files[relative]; !wanted {
			return os.Remove(path)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("clearing %s: %w", workdir.Short(dir), err)
	}
	for path, content := range files {
		target := filepath.Join(dir, path)
		if old, err := os.ReadFile(target); err == nil && bytes.Equal(old, content) {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return fmt.Errorf("copying %s: %w", path, err)
		}
		if err := os.WriteFile(target, content, 0o644); err != nil {
			return fmt.Errorf("copying %s: %w", path, err)
		}
	}
	return nil
}

// Paths are the sorted paths of files.
func Paths(files map[string][]byte) []string { return slices.Sorted(maps.Keys(files)) }
