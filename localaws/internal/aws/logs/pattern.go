package logs

import (
	"slices"
	"strings"
)

// parsePattern reads a filter pattern of terms, all of which have to be in the
// message. A term in quotation marks may hold blanks.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
func parsePattern(pattern string) (matches func(message string) bool, err error) {
	pattern = strings.TrimSpace(pattern)
	var terms []string
	for pattern != "" {
		if strings.ContainsAny(pattern[:1], "{[%?-") {
			return nil, invalid("localaws filters by terms that a message has; the pattern goes on with %q", pattern)
		}
		var term string
		if term, pattern, err = nextTerm(pattern); err != nil {
			return nil, err
		}
		terms = append(terms, term)
	}
	return func(message string) bool {
		return !slices.ContainsFunc(terms, func(term string) bool { return !strings.Contains(message, term) })
	}, nil
}

// nextTerm cuts the first term off.
func nextTerm(pattern string) (term, rest string, err error) {
	if quoted, found := strings.CutPrefix(pattern, `"`); found {
		term, rest, found = strings.Cut(quoted, `"`)
		if !found {
			return "", "", invalid("Invalid filter pattern: a quotation mark is not closed")
		}
	} else {
		term, rest, _ = strings.Cut(pattern, " ")
	}
	if term == "" {
		return "", "", invalid("Invalid filter pattern: a term is empty")
	}
	return term, strings.TrimLeft(rest, " "), nil
}
