// Package packaging makes the archive in which a registry serves the module:
// what a caller's Terraform needs, and nothing else.
package packaging

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Contents lists what belongs to the module, as patterns of paths from the
// repository's root: "*" stands for any part of a name, "**" for any number of
// directories. A path without either must exist.
//
// What no pattern names stays out: the Go code, tests, fixtures, dotfiles, and
// what Terraform leaves behind. A file that the configuration refers to and
// that is not here is an error (see Module.Check).
func Contents() []string {
	return []string{
		"*.tf",
		"move-in/*.tf",
		"modules/**/*.tf",
		"modules/**/*.md",
		"examples/**/*.tf",
		"examples/**/*.md",
		"examples/**/*.tfvars.example",
		"README.md",
		"LICENSE",
		"CHANGELOG.md",
		"UPGRADING*.md", // 8.4.0 has none
	}
}

// Module is a set of files that belong together: the module as its callers
// get it.
type Module struct {
	tree  fs.FS
	Paths []string // sorted, with slashes, from the root
}

// Collect finds the files of the tree that the patterns name.
func Collect(tree fs.FS, patterns []string) (*Module, error) {
	module := &Module{tree: tree}
	used := map[string]bool{}
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("collecting the module's files: %w", err)
		}
		if hidden(name) {
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if entry.IsDir() {
			return nil
		}
		pattern, ok := matching(patterns, name)
		if !ok {
			return nil
		}
		if !entry.Type().IsRegular() {
			return fmt.Errorf("%s is %s: the archive takes only regular files: replace it with a copy", name, kind(entry))
		}
		used[pattern] = true
		module.Paths = append(module.Paths, name)
		return nil
	})
	if err != nil {
		return nil, err
	}
	var problems []error
	for _, pattern := range patterns {
		if !used[pattern] && !strings.Contains(pattern, "*") {
			problems = append(problems, fmt.Errorf("%s belongs to the module, but does not exist", pattern))
		}
	}
	slices.Sort(module.Paths)
	return module, errors.Join(problems...)
}

// hidden reports whether a name is a dotfile or dot directory, but for the root itself.
func hidden(name string) bool {
	return name != "." && strings.HasPrefix(path.Base(name), ".")
}

func kind(entry fs.DirEntry) string {
	if entry.Type()&fs.ModeSymlink != 0 {
		return "a symbolic link"
	}
	return "no regular file"
}

// matching returns the first pattern that names the path.
func matching(patterns []string, name string) (string, bool) {
	for _, pattern := range patterns {
		if match(strings.Split(pattern, "/"), strings.Split(name, "/")) {
			return pattern, true
		}
	}
	return "", false
}

// match compares segment by segment.
func match(pattern, name []string) bool {
	if len(pattern) == 0 {
		return len(name) == 0
	}
	if pattern[0] == "**" {
		for skipped := range len(name) + 1 {
			if match(pattern[1:], name[skipped:]) {
				return true
			}
		}
		return false
	}
	if len(name) == 0 {
		return false
	}
	same, err := path.Match(pattern[0], name[0])
	return err == nil && same && match(pattern[1:], name[1:])
}

// Has reports whether a file is in the module.
func (m *Module) Has(name string) bool {
	_, found := slices.BinarySearch(m.Paths, name)
	return found
}

// HasConfiguration reports whether a directory of the module has Terraform files.
func (m *Module) HasConfiguration(dir string) bool {
	return slices.ContainsFunc(m.Paths, func(name string) bool {
		return path.Dir(name) == dir && path.Ext(name) == ".tf"
	})
}
