package policy

import (
	"slices"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/glob"
)

// arnParts is how many parts an ARN has; the last may hold colons itself.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
const arnParts = 6

// Covers reports whether a name in Resource, with wildcards, means the resource
// with that ARN.
func Covers(name, arn string) bool { return covers(glob.Wildcards(name), arn) }

// covers compares part by part. The * at the end of a part may reach over
// colons, and in the last of six parts any may,
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html.
func covers(pattern glob.Pattern, arn string) bool {
	patterns, parts := split(pattern), strings.Split(arn, ":")
	return partsCover(patterns, parts, len(patterns) == arnParts)
}

func partsCover(patterns []glob.Pattern, parts []string, whole bool) bool {
	if len(patterns) == 0 || len(parts) == 0 {
		return len(patterns) == len(parts)
	}
	first, rest := patterns[0], patterns[1:]
	most := 1
	if len(rest) == 0 && whole || len(first) > 0 && first[len(first)-1] == glob.AnyText {
		most = len(parts)
	}
	for n := 1; n <= most; n++ {
		if first.Match(strings.Join(parts[:n], ":")) && partsCover(rest, parts[n:], whole) {
			return true
		}
	}
	return false
}

// arnLike compares the six parts of ARNs, as the condition operators for ARNs
// do: a wildcard does not reach over a colon but in the last part. What has
// fewer parts is no ARN.
func arnLike(pattern glob.Pattern, arn string) bool {
	patterns, parts := split(pattern), strings.SplitN(arn, ":", arnParts)
	if len(patterns) != arnParts || len(parts) != arnParts {
		return slices.Equal(pattern, glob.Pattern{glob.AnyText})
	}
	for i := range patterns {
		if !patterns[i].Match(parts[i]) {
			return false
		}
	}
	return true
}

// split cuts a pattern into the parts of an ARN.
func split(pattern glob.Pattern) []glob.Pattern {
	var parts []glob.Pattern
	for len(parts) < arnParts-1 {
		colon := slices.Index(pattern, ':')
		if colon < 0 {
			break
		}
		parts, pattern = append(parts, pattern[:colon]), pattern[colon+1:]
	}
	return append(parts, pattern)
}
