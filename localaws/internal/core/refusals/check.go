package refusals

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// Fault is a member that breaks a rule.
type Fault struct {
	// Member is its place as AWS names it: tags.1.member.key.
	Member string
	Value  string
	Absent bool
	// Demand is the rule that it breaks: "not be null".
	Demand string
}

// String says it in the words of AWS's common frame for services.
func (f Fault) String() string {
	value := "'" + f.Value + "'"
	if f.Absent {
		value = "null"
	}
	return fmt.Sprintf("Value %s at '%s' failed to satisfy constraint: Member must %s", value, f.Member, f.Demand)
}

// Message tells of all faults, as AWS does.
func Message(faults []Fault) string {
	sentences := make([]string, 0, len(faults))
	for _, f := range faults {
		sentences = append(sentences, f.String())
	}
	noun := "errors"
	if len(faults) == 1 {
		noun = "error"
	}
	return fmt.Sprintf("%d validation %s detected: %s", len(faults), noun, strings.Join(sentences, "; "))
}

// Refuse is a service's Check that refuses with that code, in AWS's common words.
func (t *Table) Refuse(code string) func(operation string, parameters map[string]any) error {
	return func(operation string, parameters map[string]any) error {
		if faults := t.Check(operation, parameters); len(faults) > 0 {
			return wire.Errorf(code, "%s", Message(faults))
		}
		return nil
	}
}

// Check returns what is wrong with the parameters of a request, by the rules
// that the table itself enforces.
func (t *Table) Check(operation string, parameters map[string]any) []Fault {
	var faults []Fault
	for _, l := range t.limits[operation] {
		faults = append(faults, l.check(parameters, l.path, "")...)
	}
	return faults
}

// check follows the path into the value, which stands at that place.
func (l limit) check(value any, path []string, place string) []Fault {
	if len(path) == 0 {
		return l.judge(value, place)
	}
	name, rest := path[0], path[1:]
	if name == "[]" {
		var faults []Fault
		items, _ := wire.Items(value)
		for i, item := range items {
			faults = append(faults, l.check(item, rest, fmt.Sprintf("%s.%d.member", place, i+1))...)
		}
		return faults
	}
	member := strings.ToLower(name[:1]) + name[1:]
	if place != "" {
		member = place + "." + member
	}
	next, ok := wire.Member(value, name)
	switch {
	case ok:
		return l.check(next, rest, member)
	case len(rest) == 0 && l.Required:
		return []Fault{{Member: member, Absent: true, Demand: "not be null"}}
	}
	return nil
}

// judge holds a value to the rule. What has the wrong type was refused before.
func (l limit) judge(value any, place string) []Fault {
	if l.Unit == Items {
		items, _ := wire.Items(value)
		return l.measure(len(items), fmt.Sprint(items), place)
	}
	text := fmt.Sprint(value)
	fault := func(demand string, args ...any) []Fault {
		return []Fault{{Member: place, Value: text, Demand: fmt.Sprintf(demand, args...)}}
	}
	var faults []Fault
	if l.Unit == Characters {
		faults = l.measure(utf8.RuneCountInString(text), text, place)
	} else if number, err := strconv.ParseFloat(text, 64); err == nil {
		switch {
		case l.Low != nil && number < float64(*l.Low):
			faults = fault("have value greater than or equal to %d", *l.Low)
		case l.High != nil && number > float64(*l.High):
			faults = fault("have value less than or equal to %d", *l.High)
		}
	}
	if l.Pattern != nil && !l.Pattern.MatchString(text) {
		faults = append(faults, fault("satisfy regular expression pattern: %s", l.Expression)...)
	}
	if l.Set != nil && !slices.Contains(l.Set, text) {
		faults = append(faults, fault("satisfy enum value set: [%s]", strings.Join(l.Set, ", "))...)
	}
	return faults
}

// measure holds how long something is to the bounds.
func (l limit) measure(length int, value, place string) []Fault {
	switch {
	case l.Low != nil && length < *l.Low:
		return []Fault{{Member: place, Value: value, Demand: fmt.Sprintf("have length greater than or equal to %d", *l.Low)}}
	case l.High != nil && length > *l.High:
		return []Fault{{Member: place, Value: value, Demand: fmt.Sprintf("have length less than or equal to %d", *l.High)}}
	}
	return nil
}
