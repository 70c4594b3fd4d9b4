package refusals

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Rule is what a member must be. Bounds are nil where there is none.
type Rule struct {
	Required bool
	// Low and High bound the number, or how many characters or items there
	// are, as Unit says.
	Low, High *int
	Unit      Unit
	// Set are the values that there are, nil for any.
	Set []string
	// Pattern is what all of the value must match, and Expression the same as
	// AWS writes it.
	Pattern    *regexp.Regexp
	Expression string
}

// Unit is what a rule's bounds count.
type Unit string

// The units.
const (
	Number     Unit = ""
	Characters Unit = "characters"
	Items      Unit = "items"
)

var bounds = regexp.MustCompile(`^(-?\d*) ?to ?(\d*)(?: (characters|items))?$`)

// ParseRule reads a rule as it stands in a table.
func ParseRule(text string) (Rule, error) {
	var rule Rule
	for text != "" {
		text = strings.TrimSpace(text)
		if expression, ok := strings.CutPrefix(text, "matches "); ok {
			pattern, err := regexp.Compile(`^(?:` + inGo(expression) + `)$`)
			if err != nil {
				return rule, fmt.Errorf("%q: %w", text, err)
			}
			rule.Pattern, rule.Expression = pattern, expression
			break // an expression may hold semicolons
		}
		part, rest, _ := strings.Cut(text, ";")
		text = rest
		if set, ok := strings.CutPrefix(part, "one of "); ok {
			rule.Set = list(set)
			continue
		}
		if part == "required" {
			rule.Required = true
			continue
		}
		match := bounds.FindStringSubmatch(part)
		if match == nil {
			return rule, fmt.Errorf("the table can't enforce the rule %q", part)
		}
		rule.Low, rule.High, rule.Unit = bound(match[1]), bound(match[2]), Unit(match[3])
	}
	return rule, nil
}

// inGo writes an expression of AWS, which is one of Java, as Go has it. What Go
// can't express, as a look ahead, needs code of the service.
func inGo(expression string) string {
	return codePoint.ReplaceAllString(wideRange.Replace(expression), `\x{$1}`)
}

var (
	codePoint = regexp.MustCompile(`\\u([0-9A-Fa-f]{4})`)
	// wideRange are what Java has above four hexadecimal digits, and the name
	// of a class that Go lacks.
	wideRange = strings.NewReplacer(
		`\uD800\uDC00-\uDBFF\uDFFF`, `\x{10000}-\x{10FFFF}`,
		`\u10000-\u10FFFF`, `\x{10000}-\x{10FFFF}`,
		`\p{Print}`, `[\x20-\x7e]`,
	)
)

func bound(text string) *int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return nil // no such bound
	}
	return &n
}
