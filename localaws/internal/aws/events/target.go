package events

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// target is where a rule sends its events, in the API's own form. At most one
// of Input, InputPath and InputTransformer is given.
type target struct {
	Id               string
	Arn              string
	RoleArn          string
	Input            string
	InputPath        string
	InputTransformer *transformer
	DeadLetterConfig *struct{ Arn string }
	RetryPolicy      *struct {
		MaximumRetryAttempts     *int32
		MaximumEventAgeInSeconds *int32
	}
}

type transformer struct {
	InputPathsMap map[string]string
	InputTemplate string
}

func (r *rule) sortedTargets() []target {
	return slices.SortedFunc(maps.Values(r.Targets), func(a, b target) int { return cmp.Compare(a.Id, b.Id) })
}

type putTargetsInput struct {
	Rule         string
	EventBusName string
	Targets      []target
}

type targetsOutput struct {
	FailedEntryCount int32
	FailedEntries    []struct{ TargetId, ErrorCode, ErrorMessage string }
}

// maxTargets is EventBridge's quota for a rule.
const maxTargets = 5

func (s *Service) putTargets(_ context.Context, in *putTargetsInput) (*targetsOutput, error) {
	r, err := s.rule(in.Rule, in.EventBusName)
	if err != nil {
		return nil, err
	}
	after := maps.Clone(r.Targets)
	for _, t := range in.Targets {
		if err := t.check(); err != nil {
			return nil, err
		}
		after[t.Id] = t
	}
	if len(after) > maxTargets {
		return nil, invalid("The rule %s would have %d targets; it may have %d", r.Name, len(after), maxTargets)
	}
	r.Targets = after
	return &targetsOutput{}, nil
}

func (t *target) check() error {
	if !ruleName.MatchString(t.Id) {
		return invalid("The target's Id %q must be made of 1 to 64 letters, digits, dots, hyphens and underscores", t.Id)
	}
	if parts := strings.Split(t.Arn, ":"); len(parts) != 6 || parts[2] != "sns" {
		return invalid("localaws delivers events to SNS topics only; the target %s is %q", t.Id, t.Arn)
	}
	given := 0
	for _, is := range []bool{t.Input != "", t.InputPath != "", t.InputTransformer != nil} {
		if is {
			given++
		}
	}
	if given > 1 {
		return invalid("Only one of Input, InputPath, or InputTransformer must be provided for target %s.", t.Id)
	}
	if t.Input != "" && !json.Valid([]byte(t.Input)) {
		return invalid("The Input of the target %s is not JSON", t.Id)
	}
	if t.InputTransformer == nil {
		return nil
	}
	for name, path := range t.InputTransformer.InputPathsMap {
		if path != "$" && !strings.HasPrefix(path, "$.") {
			return invalid("The path %q of %s in the target %s must begin with $.", path, name, t.Id)
		}
	}
	return nil
}

type removeTargetsInput struct {
	Rule         string
	EventBusName string
	Ids          []string
	Force        bool
}

func (s *Service) removeTargets(_ context.Context, in *removeTargetsInput) (*targetsOutput, error) {
	r, err := s.rule(in.Rule, in.EventBusName)
	if err != nil {
		return nil, err
	}
	for _, id := range in.Ids {
		delete(r.Targets, id)
	}
	return &targetsOutput{}, nil
}

type listTargetsInput struct {
	Rule         string
	EventBusName string
	NextToken    string
	Limit        int32
}

type listTargetsOutput struct{ Targets []target }

// listTargetsByRule answers with one page: a rule has five targets at most.
func (s *Service) listTargetsByRule(_ context.Context, in *listTargetsInput) (*listTargetsOutput, error) {
	r, err := s.rule(in.Rule, in.EventBusName)
	if err != nil {
		return nil, err
	}
	return &listTargetsOutput{append([]target{}, r.sortedTargets()...)}, nil
}

// input is what the target gets for an event.
func (t *target) input(raw string, decoded map[string]any, ruleARN, name string) (string, error) {
	switch {
	case t.Input != "":
		return t.Input, nil
	case t.InputPath != "":
		value, _ := at(decoded, t.InputPath)
		text, err := json.Marshal(value)
		return string(text), err
	case t.InputTransformer != nil:
		values := map[string]any{
			"aws.events.rule-arn": ruleARN, "aws.events.rule-name": name,
			"aws.events.event.ingestion-time": decoded["time"], "aws.events.event.json": decoded, "aws.events.event": decoded,
		}
		for variable, path := range t.InputTransformer.InputPathsMap {
			values[variable], _ = at(decoded, path)
		}
		return fill(t.InputTransformer.InputTemplate, values)
	}
	return raw, nil
}

// at reads a path such as $.detail.items[0].
func at(value any, path string) (found any, ok bool) {
	rest := strings.TrimPrefix(strings.TrimPrefix(path, "$"), ".")
	for rest != "" {
		var part string
		part, rest, _ = strings.Cut(rest, ".")
		name, index, indexed := strings.Cut(part, "[")
		object, isObject := value.(map[string]any)
		if !isObject {
			return nil, false
		}
		if value, ok = object[name]; !ok {
			return nil, false
		}
		if indexed {
			var n int
			list, isList := value.([]any)
			if _, err := fmt.Sscanf(index, "%d]", &n); err != nil || !isList || n < 0 || n >= len(list) {
				return nil, false
			}
			value = list[n]
		}
	}
	return value, true
}

// fill replaces the variables in a template, <name>. Within quotation marks a
// string stands as it is, elsewhere as JSON.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
func fill(template string, values map[string]any) (string, error) {
	var b strings.Builder
	quoted := false
	for i := 0; i < len(template); i++ {
		c := template[i]
		if c == '\\' && i+1 < len(template) {
			b.WriteString(template[i : i+2])
			i++
			continue
		}
		if c == '"' {
			quoted = !quoted
		}
		end := strings.IndexByte(template[i:], '>')
		if c != '<' || end < 0 {
			b.WriteByte(c)
			continue
		}
		value, known := values[template[i+1:i+end]]
		if !known {
			b.WriteByte(c)
			continue
		}
		text, err := inTemplate(value, quoted)
		if err != nil {
			return "", err
		}
		b.WriteString(text)
		i += end
	}
	return b.String(), nil
}

func inTemplate(value any, quoted bool) (string, error) {
	text, isText := value.(string)
	if !isText || !quoted {
		encoded, err := json.Marshal(value)
		if err != nil || !quoted {
			return string(encoded), err
		}
		text = string(encoded)
	}
	escaped, err := json.Marshal(text)
	if err != nil {
		return "", err
	}
	return string(escaped[1 : len(escaped)-1]), nil
}
