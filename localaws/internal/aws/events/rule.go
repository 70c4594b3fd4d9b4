package events

import (
	"context"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/paging"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

const (
	stateEnabled  = "ENABLED"
	stateDisabled = "DISABLED"
	defaultBus    = "default"
)

// bus refuses every event bus but the default one.
func (s *Service) bus(name string) error {
	if name == "" || name == defaultBus || name == s.account.ARN("events", "event-bus/"+defaultBus) {
		return nil
	}
	return wire.Errorf("ResourceNotFoundException", "Event bus %s does not exist.", name)
}

// rule returns a rule, to be read only.
func (s *Service) rule(name, busName string) (*rule, error) {
	if err := s.bus(busName); err != nil {
		return nil, err
	}
	r, ok := s.rules.Get(name)
	if !ok {
		return nil, wire.Errorf("ResourceNotFoundException", "Rule %s does not exist on EventBus default.", name)
	}
	return r, nil
}

// change returns a rule that is about to be changed.
func (s *Service) change(name, busName string) (*rule, error) {
	r, err := s.rule(name, busName)
	if err == nil {
		s.rules.Put(name, r)
	}
	return r, err
}

func (s *Service) arn(r *rule) string { return s.account.ARN("events", "rule/"+r.Name) }

// pages are those of EventBridge's lists.
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListRules.html
var pages = paging.Limits{
	Default: 100, Max: 100,
	Size: func(size int) error {
		return invalid("1 validation error detected: Value '%d' at 'limit' failed to satisfy constraint: Member must have value between 1 and 100", size)
	},
	Token: func(string) error { return invalid("Invalid nextToken.") },
}

type putRuleInput struct {
	Name         string
	EventPattern string
	State        string
	Description  string
	Tags         []tags.Tag
	EventBusName string
}

type putRuleOutput struct{ RuleArn string }

func (s *Service) putRule(_ context.Context, in *putRuleInput) (*putRuleOutput, error) {
	if err := s.bus(in.EventBusName); err != nil {
		return nil, err
	}
	if in.EventPattern == "" {
		return nil, invalid("Parameter(s) EventPattern or ScheduleExpression must be specified.")
	}
	if _, err := parsePattern(in.EventPattern); err != nil {
		return nil, wire.Errorf("InvalidEventPatternException", "Event pattern is not valid. Reason: %v", err)
	}
	if in.State == "" {
		in.State = stateEnabled
	}
	if in.State != stateEnabled && in.State != stateDisabled {
		return nil, invalid("localaws knows the states %s and %s, not %s", stateEnabled, stateDisabled, in.State)
	}
	all, err := tagRules.New(in.Tags)
	if err != nil {
		return nil, err
	}
	r, exists := s.rules.Change(in.Name)
	if !exists {
		r = &rule{Name: in.Name, Targets: map[string]target{}, Tags: all}
		s.rules.Put(r.Name, r)
	}
	r.EventPattern, r.State, r.Description = in.EventPattern, in.State, in.Description
	return &putRuleOutput{s.arn(r)}, nil
}

type ruleInput struct {
	Name         string
	EventBusName string
	Force        bool
}

type ruleDetail struct {
	Name         string
	Arn          string
	EventPattern string
	State        string
	Description  string
	EventBusName string
	CreatedBy    string
}

func (s *Service) detail(r *rule) ruleDetail {
	return ruleDetail{
		Name: r.Name, Arn: s.arn(r), EventPattern: r.EventPattern, State: r.State, Description: r.Description,
		EventBusName: defaultBus,
	}
}

func (s *Service) describeRule(_ context.Context, in *ruleInput) (*ruleDetail, error) {
	r, err := s.rule(in.Name, in.EventBusName)
	if err != nil {
		return nil, err
	}
	detail := s.detail(r)
	detail.CreatedBy = s.account.ID
	return &detail, nil
}

// deleteRule: a rule that is not there is not an error.
func (s *Service) deleteRule(_ context.Context, in *ruleInput) (*wire.Empty, error) {
	if err := s.bus(in.EventBusName); err != nil {
		return nil, err
	}
	if r, ok := s.rules.Get(in.Name); ok && len(r.Targets) > 0 {
		return nil, invalid("Rule can't be deleted since it has targets.")
	}
	s.rules.Delete(in.Name)
	return nil, nil
}

// tagRules are those of https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TagResource.html.
var tagRules = tags.Rules{Refuse: func(f tags.Fault) error {
	if f.Problem == tags.TooMany {
		return wire.Errorf("LimitExceededException", "%s", f)
	}
	return invalid("%s", f)
}}

func (s *Service) tags() tags.Resources {
	return tags.Resources{Rules: tagRules, Find: func(arn string) (tags.Resource, error) {
		_, name, isRule := strings.Cut(arn, ":rule/")
		if !isRule {
			return tags.Resource{}, invalid("%q is not the ARN of a rule", arn)
		}
		r, err := s.rule(strings.TrimPrefix(name, defaultBus+"/"), "")
		if err != nil {
			return tags.Resource{}, err
		}
		found, _ := tags.In(s.rules, r.Name, func(r *rule) *tags.Set { return &r.Tags })
		return found, nil
	}}
}

// TaggedResources lists what can have tags, for the Tagging API.
func (s *Service) TaggedResources() []tags.Tagged {
	var all []tags.Tagged
	for _, r := range s.rules.All() {
		all = append(all, tags.Tagged{ARN: s.arn(r), Tags: r.Tags})
	}
	return all
}
