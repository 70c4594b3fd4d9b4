package logs

import "strings"

// parsePattern reads a filter pattern of terms: all of them have to be in the
// message, those with a hyphen in front must not be, and of those with a
// question mark in front one has to be. A term in quotation marks may hold
// blanks.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
func parsePattern(pattern string) (matches func(message string) bool, err error) {
	pattern = strings.TrimSpace(pattern)
	if strings.HasPrefix(pattern, "{") || strings.HasPrefix(pattern, "[") || strings.HasPrefix(pattern, "%") {
		return nil, invalid("localaws filters by terms only; the pattern is %q", pattern)
	}
	var all, none, some []string
	for pattern != "" {
		list := &all
		switch pattern[0] {
		case '-':
			list, pattern = &none, pattern[1:]
		case '?':
			list, pattern = &some, pattern[1:]
		}
		var term string
		if term, pattern, err = nextTerm(pattern); err != nil {
			return nil, err
		}
		*list = append(*list, term)
	}
	return func(message string) bool {
		for _, term := range all {
			if !strings.Contains(message, term) {
				return false
			}
		}
		for _, term := range none {
			if strings.Contains(message, term) {
				return false
			}
		}
		for _, term := range some {
			if strings.Contains(message, term) {
				return true
			}
		}
		return len(some) == 0
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
