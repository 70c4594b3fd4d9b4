package events

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// pattern says which events match: all its members have to.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern.html
type pattern map[string]member

// member is what is asked of one member of an event: nested members, or one of
// several values.
type member struct {
	nested pattern
	values []any
}

// parsePattern reads a pattern. The error says what is wrong with it.
func parsePattern(text string) (pattern, error) {
	var raw map[string]any
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		return nil, fmt.Errorf("it is not a JSON object: %w", err)
	}
	if len(raw) == 0 {
		return nil, errors.New("it is empty")
	}
	return parseMembers(raw, "")
}

func parseMembers(raw map[string]any, path string) (pattern, error) {
	p := pattern{}
	for name, value := range raw {
		at := strings.TrimPrefix(path+"."+name, ".")
		var m member
		switch content := value.(type) {
		case map[string]any:
			nested, err := parseMembers(content, at)
			if err != nil {
				return nil, err
			}
			m.nested = nested
		case []any:
			m.values = content
		default:
			return nil, fmt.Errorf("%s must be an object or an array", at)
		}
		if len(m.nested)+len(m.values) == 0 {
			return nil, fmt.Errorf("%s is empty", at)
		}
		if slices.ContainsFunc(m.values, isNested) {
			return nil, fmt.Errorf("%s: localaws compares values; it does not know operators such as prefix", at)
		}
		p[name] = m
	}
	return p, nil
}

func isNested(value any) bool {
	switch value.(type) {
	case map[string]any, []any:
		return true
	}
	return false
}

// match reports whether an event, as encoding/json decodes it, matches. Of an array
// one element has to.
func (p pattern) match(event map[string]any) bool {
	for name, m := range p {
		value, present := event[name]
		if m.nested != nil {
			object, _ := value.(map[string]any)
			if !m.nested.match(object) {
				return false
			}
			continue
		}
		have, isList := value.([]any)
		if !isList && present {
			have = []any{value}
		}
		fits := func(one any) bool { return !isNested(one) && slices.Contains(m.values, one) }
		if !slices.ContainsFunc(have, fits) {
			return false
		}
	}
	return true
}
