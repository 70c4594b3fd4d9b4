// Package glob matches texts against patterns with wildcards. AWS documents
// several languages for them; each has one function here that reads it, and
// Match is the same for all.
package glob

import (
	"slices"
	"strings"
)

// Pattern is a pattern that has been read: characters and wildcards.
type Pattern []rune

// Wildcards in a Pattern.
const (
	AnyText      rune = -1 - iota // any characters, also none
	AnyCharacter                  // one character
)

// Literal is a pattern that only the same text matches.
func Literal(text string) Pattern { return Pattern(text) }

// Wildcards reads a pattern in which * is any text and ? one character, and
// nothing takes their meaning away: policies and the conditions of listener
// rules,
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html.
func Wildcards(text string) Pattern {
	p := Pattern(text)
	for i, r := range p {
		p[i] = wildcard(r)
	}
	return p
}

// Filter reads a pattern in which a backslash makes the next character, such as
// * and ?, stand for itself: the values of EC2's filters,
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html.
func Filter(text string) Pattern {
	var p Pattern
	escaped := false
	for _, r := range text {
		switch {
		case escaped:
			p, escaped = append(p, r), false
		case r == '\\':
			escaped = true
		default:
			p = append(p, wildcard(r))
		}
	}
	if escaped {
		p = append(p, '\\')
	}
	return p
}

func wildcard(r rune) rune {
	switch r {
	case '*':
		return AnyText
	case '?':
		return AnyCharacter
	}
	return r
}

// Match reports whether the pattern covers all of the text. On a mismatch the
// last AnyText takes one character more, so that the time grows with the
// product of the lengths at most.
func (p Pattern) Match(text string) bool {
	runes := []rune(text)
	at, t := 0, 0
	star, taken := -1, 0
	for t < len(runes) {
		switch {
		case at < len(p) && p[at] == AnyText:
			star, taken = at, t
			at++
		case at < len(p) && (p[at] == AnyCharacter || p[at] == runes[t]):
			at++
			t++
		case star >= 0:
			taken++
			at, t = star+1, taken
		default:
			return false
		}
	}
	return !slices.ContainsFunc(p[at:], func(r rune) bool { return r != AnyText })
}

// FoldCase returns the pattern in lower case, to match texts in lower case.
func (p Pattern) FoldCase() Pattern {
	folded := make(Pattern, 0, len(p))
	for _, r := range p {
		if r < 0 {
			folded = append(folded, r)
			continue
		}
		folded = append(folded, []rune(strings.ToLower(string(r)))...)
	}
	return folded
}
