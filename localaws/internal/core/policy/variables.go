package policy

import (
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/glob"
)

// Context are the condition keys of a request, in lower case, and their values:
// most keys have one.
type Context map[string][]string

// NewContext makes a context of keys that have one value each.
func NewContext(values map[string]string) Context {
	c := Context{}
	for key, value := range values {
		c.Set(key, value)
	}
	return c
}

// Set gives a key its values. Case doesn't count in keys.
func (c Context) Set(key string, values ...string) { c[strings.ToLower(key)] = values }

func (c Context) get(key string) (values []string, ok bool) {
	values, ok = c[strings.ToLower(key)]
	return values, ok && len(values) > 0
}

// read makes a pattern of a text of the policy: with wildcards, or of a text
// that is to be equal. ok is false when it has a variable without a value, so
// that nothing fits.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
func (e evaluation) read(text string, wildcards bool) (pattern glob.Pattern, ok bool) {
	plain := glob.Literal
	if wildcards {
		plain = glob.Wildcards
	}
	if !e.variables {
		return plain(text), true
	}
	for {
		before, rest, found := strings.Cut(text, "${")
		name, after, closed := strings.Cut(rest, "}")
		if !found || !closed {
			return append(pattern, plain(text)...), true
		}
		value, ok := e.variable(name)
		if !ok {
			return nil, false
		}
		// What a variable stands for has no wildcards: a tag's value that is
		// a * does not open everything.
		pattern = append(append(pattern, plain(before)...), glob.Literal(value)...)
		text = after
	}
}

// variable returns what ${name} stands for: a key's value, the default after a
// comma, or one of the characters that mean something in policies.
func (e evaluation) variable(name string) (value string, ok bool) {
	switch name {
	case "*", "?", "$":
		return name, true
	}
	key, fallback, hasFallback := strings.Cut(name, ",")
	if values, ok := e.Context.get(strings.TrimSpace(key)); ok && len(values) == 1 {
		return values[0], true
	}
	return strings.Trim(strings.TrimSpace(fallback), "'"), hasFallback
}
