// Package eventpattern matches events against the patterns of EventBridge
// rules and SNS subscription filters.
//
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
package eventpattern

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/glob"
)

// Pattern says which events match: all its members have to.
type Pattern struct {
	members map[string]member
	either  []*Pattern // $or
}

// member is what is asked of one member of an event: nested members, or one of
// several tests.
type member struct {
	nested *Pattern
	tests  []test
}

// test reports whether a value fits; present is false when the event lacks it.
type test func(value any, present bool) bool

// Parse reads a pattern. The error says what is wrong with it.
func Parse(text string) (*Pattern, error) {
	var raw map[string]any
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		return nil, fmt.Errorf("it is not a JSON object: %w", err)
	}
	if len(raw) == 0 {
		return nil, errors.New("it is empty")
	}
	return parse(raw, "")
}

func parse(raw map[string]any, path string) (*Pattern, error) {
	p := &Pattern{members: map[string]member{}}
	for name, value := range raw {
		at := strings.TrimPrefix(path+"."+name, ".")
		switch content := value.(type) {
		case map[string]any:
			if len(content) == 0 {
				return nil, fmt.Errorf("%s is empty", at)
			}
			nested, err := parse(content, at)
			if err != nil {
				return nil, err
			}
			p.members[name] = member{nested: nested}
		case []any:
			if err := p.parseList(name, at, content); err != nil {
				return nil, err
			}
		default:
			return nil, fmt.Errorf("%s must be an object or an array", at)
		}
	}
	return p, nil
}

func (p *Pattern) parseList(name, at string, list []any) error {
	if len(list) == 0 {
		return fmt.Errorf("%s has no values", at)
	}
	if name == "$or" {
		for _, item := range list {
			object, ok := item.(map[string]any)
			if !ok {
				return fmt.Errorf("%s holds something that is not an object", at)
			}
			one, err := parse(object, at)
			if err != nil {
				return err
			}
			p.either = append(p.either, one)
		}
		return nil
	}
	var m member
	for _, item := range list {
		one, err := parseTest(item)
		if err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
		m.tests = append(m.tests, one)
	}
	p.members[name] = m
	return nil
}

func parseTest(item any) (test, error) {
	object, ok := item.(map[string]any)
	if !ok {
		if _, list := item.([]any); list {
			return nil, errors.New("a list of tests must not contain a list")
		}
		return exactly(item), nil
	}
	if len(object) != 1 {
		return nil, errors.New("a test has exactly one operator")
	}
	for operator, operand := range object {
		return parseOperator(operator, operand)
	}
	return nil, nil
}

func exactly(want any) test {
	return func(value any, present bool) bool { return present && value == want }
}

// onText makes a test of strings.
func onText(operand any, fits func(value, operand string) bool) (test, error) {
	want, ok := operand.(string)
	if !ok {
		return nil, fmt.Errorf("%v is not a string", operand)
	}
	return func(value any, present bool) bool {
		text, isText := value.(string)
		return present && isText && fits(text, want)
	}, nil
}

func parseOperator(operator string, operand any) (test, error) {
	switch operator {
	case "prefix":
		return onText(operand, strings.HasPrefix)
	case "suffix":
		return onText(operand, strings.HasSuffix)
	case "equals-ignore-case":
		return onText(operand, strings.EqualFold)
	case "wildcard":
		return onText(operand, func(value, pattern string) bool {
			return glob.Event(pattern).Match(value)
		})
	case "cidr":
		return parseCIDR(operand)
	case "exists":
		want, ok := operand.(bool)
		if !ok {
			return nil, fmt.Errorf("exists takes true or false, not %v", operand)
		}
		return func(_ any, present bool) bool { return present == want }, nil
	case "anything-but":
		return parseAnythingBut(operand)
	case "numeric":
		return parseNumeric(operand)
	}
	return nil, fmt.Errorf("the operator %q is unknown", operator)
}

func parseCIDR(operand any) (test, error) {
	prefix, err := netip.ParsePrefix(fmt.Sprint(operand))
	if err != nil {
		return nil, err
	}
	return func(value any, present bool) bool {
		text, _ := value.(string)
		address, err := netip.ParseAddr(text)
		return present && err == nil && prefix.Contains(address)
	}, nil
}

func parseAnythingBut(operand any) (test, error) {
	list, ok := operand.([]any)
	if !ok {
		list = []any{operand}
	}
	var never []test
	for _, item := range list {
		one, err := parseTest(item)
		if err != nil {
			return nil, err
		}
		never = append(never, one)
	}
	return func(value any, present bool) bool {
		if !present {
			return false
		}
		for _, one := range never {
			if one(value, true) {
				return false
			}
		}
		return true
	}, nil
}

// parseNumeric reads pairs such as [">", 0, "<=", 5].
func parseNumeric(operand any) (test, error) {
	list, ok := operand.([]any)
	if !ok || len(list) == 0 || len(list)%2 != 0 {
		return nil, fmt.Errorf("numeric takes pairs of an operator and a number, not %v", operand)
	}
	var bounds []func(float64) bool
	for i := 0; i < len(list); i += 2 {
		limit, ok := list[i+1].(float64)
		if !ok {
			return nil, fmt.Errorf("%v is not a number", list[i+1])
		}
		bound, err := numericBound(fmt.Sprint(list[i]), limit)
		if err != nil {
			return nil, err
		}
		bounds = append(bounds, bound)
	}
	return func(value any, present bool) bool {
		number, isNumber := value.(float64)
		if !present || !isNumber {
			return false
		}
		for _, bound := range bounds {
			if !bound(number) {
				return false
			}
		}
		return true
	}, nil
}

func numericBound(operator string, limit float64) (func(float64) bool, error) {
	switch operator {
	case "=":
		return func(n float64) bool { return n == limit }, nil
	case "<":
		return func(n float64) bool { return n < limit }, nil
	case "<=":
		return func(n float64) bool { return n <= limit }, nil
	case ">":
		return func(n float64) bool { return n > limit }, nil
	case ">=":
		return func(n float64) bool { return n >= limit }, nil
	}
	return nil, fmt.Errorf("the numeric operator %q is unknown", operator)
}

// Match reports whether an event, as encoding/json decodes it, matches.
func (p *Pattern) Match(event map[string]any) bool {
	for name, m := range p.members {
		value, present := event[name]
		if m.nested != nil {
			object, _ := value.(map[string]any)
			if !m.nested.Match(object) {
				return false
			}
			continue
		}
		if !m.match(value, present) {
			return false
		}
	}
	if p.either == nil {
		return true
	}
	for _, one := range p.either {
		if one.Match(event) {
			return true
		}
	}
	return false
}

// match tests a value or, when it is an array, its elements: one has to fit.
func (m member) match(value any, present bool) bool {
	values := []any{value}
	if list, isList := value.([]any); isList {
		values = list
		present = len(list) > 0
		if !present {
			values = []any{nil}
		}
	}
	for _, one := range m.tests {
		for _, v := range values {
			if one(v, present) {
				return true
			}
		}
	}
	return false
}
