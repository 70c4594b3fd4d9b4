package glob_test

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/glob"
)

func TestLanguages(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		read          func(string) glob.Pattern
		pattern, text string
		want          bool
	}{
		{glob.Literal, "a*", "a*", true},
		{glob.Literal, "a*", "ab", false},
		{glob.Wildcards, "", "", true},
		{glob.Wildcards, "", "a", false},
		{glob.Wildcards, "*", "", true},
		{glob.Wildcards, "**", "abc", true},
		{glob.Wildcards, "a*c", "abbc", true},
		{glob.Wildcards, "a*c", "abcd", false},
		{glob.Wildcards, "*ab*", "aab", true},
		{glob.Wildcards, "a?c", "aüc", true},
		{glob.Wildcards, "a?c", "ac", false},
		{glob.Wildcards, "?", "", false},
		{glob.Wildcards, "a*b*c", "aXbYbZc", true},
		{glob.Wildcards, "a*b", "aXc", false},
		{glob.Wildcards, "abc", "ab", false},
		{glob.Filter, "al2023-*", "al2023-ami", true},
		{glob.Wildcards, `a\*`, `a\b`, true},
		{glob.Wildcards, "a.c", "abc", false},
		{glob.Filter, `a\*`, "a*", true},
		{glob.Filter, `a\*`, "ab", false},
		{glob.Filter, `a\\*`, `a\b`, true},
		{glob.Filter, `a\?*`, "a?b", true},
		{glob.Filter, "a?", "ab", true},
		{glob.Filter, `a\`, `a\`, true},
	} {
		assert.Equal(t, test.want, test.read(test.pattern).Match(test.text), "%q %q", test.pattern, test.text)
	}
	assert.True(t, glob.Wildcards("ÄB*").FoldCase().Match("äbc"))
}

// A regular expression says the same, and no pattern is slow.
func FuzzMatch(f *testing.F) {
	f.Add("a*b?", "aabb")
	f.Add(`\*`, "*")
	f.Add(strings.Repeat("*a", 50)+"b", strings.Repeat("a", 1000))
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if !utf8.ValidString(pattern) || !utf8.ValidString(text) {
			return
		}
		expression := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern))
		assert.Equal(t, regexp.MustCompile("(?s)^"+expression+"$").MatchString(text), glob.Wildcards(pattern).Match(text))
		assert.Equal(t, pattern == text, glob.Literal(pattern).Match(text))
		glob.Filter(pattern).Match(text)
	})
}
