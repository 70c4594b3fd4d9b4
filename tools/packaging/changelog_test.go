package packaging_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/tools/packaging"
)

const changelog = `# Changelog

## [Unreleased]

### Added
- Something to come.

## [1.1.0] - 2026-02-24

### Added
- A feature.

### Fixed
- A fault ([#1]).

## [1.0.1] - 2026-02-01

## [1.0.0] - 2026-01-01
- The first.

[1.1.0]: https://example.com/1.1.0
`

func TestNewestRelease(t *testing.T) {
	t.Parallel()
	version, err := packaging.NewestRelease(changelog)
	require.NoError(t, err)
	assert.Equal(t, "1.1.0", version)

	_, err = packaging.NewestRelease("# Changelog\n\n## [Unreleased]\n")
	assert.ErrorContains(t, err, "the changelog has no release")
	_, err = packaging.NewestRelease("## [1.0] - 2026-01-01\n")
	assert.ErrorContains(t, err, `version "1.0" is not a semantic version`)
}

func TestReleaseNotes(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, version, want, problem string
	}{
		{name: "in the middle", version: "1.1.0", want: "### Added\n- A feature.\n\n### Fixed\n- A fault ([#1]).\n"},
		{name: "the last, before the links", version: "1.0.0", want: "- The first.\n"},
		{name: "an empty section", version: "1.0.1", problem: "section of 1.0.1 is empty"},
		{name: "no section", version: "2.0.0", problem: "has no section for 2.0.0"},
		{name: "the beginning of another version", version: "1.1", problem: "has no section for 1.1"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			notes, err := packaging.ReleaseNotes(changelog, c.version)
			if c.problem != "" {
				assert.ErrorContains(t, err, c.problem)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, c.want, notes)
		})
	}
}
