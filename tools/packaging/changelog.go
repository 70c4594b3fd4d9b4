package packaging

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// A heading of a release, as https://keepachangelog.com/en/1.1.0/ has it:
// "## [1.2.3] - 2026-02-24".
var releaseHeading = regexp.MustCompile(`^## \[(\d[^\]]*)\]`)

// linkReference ends the last section: "[1.2.3]: https://...".
var linkReference = regexp.MustCompile(`^\[[^\]]+\]: `)

// semantic is a version by https://semver.org without build metadata, which
// the registry protocol has no use for.
var semantic = regexp.MustCompile(`^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$`)

// CheckVersion refuses what a registry would not serve as a version.
func CheckVersion(version string) error {
	if !semantic.MatchString(version) {
		return fmt.Errorf("version %q is not a semantic version: give MAJOR.MINOR.PATCH, such as 1.2.3", version)
	}
	return nil
}

// NewestRelease is the version of the changelog's first release.
func NewestRelease(changelog string) (string, error) {
	for line := range strings.Lines(changelog) {
		if heading := releaseHeading.FindStringSubmatch(line); heading != nil {
			return heading[1], CheckVersion(heading[1])
		}
	}
	return "", errors.New(`the changelog has no release: add a heading such as "## [1.2.3] - 2026-02-24"`)
}

// HasUnreleased reports whether the changelog has changes that are in no release.
func HasUnreleased(changelog string) bool {
	_, after, found := strings.Cut(changelog, "## [Unreleased]")
	unreleased, _, _ := strings.Cut(after, "\n## ")
	return found && strings.TrimSpace(unreleased) != ""
}

// ReleaseNotes returns what the changelog says of a version, without the
// heading. A version without a section, or with an empty one, is an error.
func ReleaseNotes(changelog, version string) (string, error) {
	var notes strings.Builder
	found := false
	for line := range strings.Lines(changelog) {
		if found && (strings.HasPrefix(line, "## ") || linkReference.MatchString(line)) {
			break
		}
		if found {
			notes.WriteString(line)
			continue
		}
		heading := releaseHeading.FindStringSubmatch(line)
		found = heading != nil && heading[1] == version
	}
	text := strings.TrimSpace(notes.String())
	switch {
	case !found:
		return "", fmt.Errorf(`the changelog has no section for %s: add a heading "## [%s] - DATE"`, version, version)
	case text == "":
		return "", fmt.Errorf("the changelog's section of %s is empty: say what changed", version)
	}
	return text + "\n", nil
}
