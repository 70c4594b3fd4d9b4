package events

import (
	"cmp"
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/eventpattern"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

const (
	stateEnabled  = "ENABLED"
	stateDisabled = "DISABLED"
	defaultBus    = "default"
)

var ruleName = regexp.MustCompile(`^[.\-_A-Za-z0-9]{1,64}$`)

// bus refuses every event bus but the default one.
func (s *Service) bus(name string) error {
	if name == "" || name == defaultBus || name == s.account.ARN("events", "event-bus/"+defaultBus) {
		return nil
	}
	return wire.Errorf("ResourceNotFoundException", "Event bus %s does not exist.", name)
}

func (s *Service) rule(name, busName string) (*rule, error) {
	if err := s.bus(busName); err != nil {
		return nil, err
	}
	r, ok := s.state.Rules[name]
	if !ok {
		return nil, wire.Errorf("ResourceNotFoundException", "Rule %s does not exist on EventBus default.", name)
	}
	return r, nil
}

func (s *Service) arn(r *rule) string { return s.account.ARN("events", "rule/"+r.Name) }

func (s *Service) sorted() []*rule {
	return slices.SortedFunc(maps.Values(s.state.Rules), func(a, b *rule) int { return cmp.Compare(a.Name, b.Name) })
}

func parsePattern(text string) (*eventpattern.Pattern, error) {
	pattern, err := eventpattern.Parse(text)
	if err != nil {
		return nil, wire.Errorf("InvalidEventPatternException", "Event pattern is not valid. Reason: %v", err)
	}
	return pattern, nil
}

type putRuleInput struct {
	Name         string
	EventPattern string
	State        string
	Description  string
	RoleArn      string
	Tags         []core.Tag
	EventBusName string
}

type putRuleOutput struct{ RuleArn string }

func (s *Service) putRule(_ context.Context, in *putRuleInput) (*putRuleOutput, error) {
	if err := s.bus(in.EventBusName); err != nil {
		return nil, err
	}
	if !ruleName.MatchString(in.Name) {
		return nil, invalid("1 validation error detected: Value '%s' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]+ and have 1 to 64 characters", in.Name)
	}
	if in.EventPattern == "" {
		return nil, invalid("Parameter(s) EventPattern or ScheduleExpression must be specified.")
	}
	if _, err := parsePattern(in.EventPattern); err != nil {
		return nil, err
	}
	if in.State == "" {
		in.State = stateEnabled
	}
	if in.State != stateEnabled && in.State != stateDisabled {
		return nil, invalid("localaws knows the states %s and %s, not %s", stateEnabled, stateDisabled, in.State)
	}
	r, exists := s.state.Rules[in.Name]
	if !exists {
		r = &rule{Name: in.Name, Targets: map[string]target{}, Tags: core.NewTags(in.Tags)}
		s.state.Rules[r.Name] = r
	}
	r.EventPattern, r.State, r.Description, r.RoleARN = in.EventPattern, in.State, in.Description, in.RoleArn
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
	RoleArn      string
	EventBusName string
	CreatedBy    string
}

func (s *Service) detail(r *rule) ruleDetail {
	return ruleDetail{
		Name: r.Name, Arn: s.arn(r), EventPattern: r.EventPattern, State: r.State, Description: r.Description,
		RoleArn: r.RoleARN, EventBusName: defaultBus,
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

type listRulesInput struct {
	NamePrefix   string
	EventBusName string
	NextToken    string
	Limit        int32
}

type listRulesOutput struct {
	Rules     []ruleDetail
	NextToken string
}

func (s *Service) listRules(_ context.Context, in *listRulesInput) (*listRulesOutput, error) {
	if err := s.bus(in.EventBusName); err != nil {
		return nil, err
	}
	limit := pageSize(in.Limit)
	out := &listRulesOutput{Rules: []ruleDetail{}}
	for _, r := range s.sorted() {
		if !strings.HasPrefix(r.Name, in.NamePrefix) || r.Name <= in.NextToken {
			continue
		}
		if len(out.Rules) == limit {
			out.NextToken = out.Rules[limit-1].Name
			break
		}
		out.Rules = append(out.Rules, s.detail(r))
	}
	return out, nil
}

func pageSize(limit int32) int {
	if limit <= 0 || limit > 100 {
		return 100
	}
	return int(limit)
}

// deleteRule: a rule that is not there is no error.
func (s *Service) deleteRule(_ context.Context, in *ruleInput) (*wire.Empty, error) {
	if err := s.bus(in.EventBusName); err != nil {
		return nil, err
	}
	if r, ok := s.state.Rules[in.Name]; ok && len(r.Targets) > 0 {
		return nil, invalid("Rule can't be deleted since it has targets.")
	}
	delete(s.state.Rules, in.Name)
	return nil, nil
}

func (s *Service) enableRule(_ context.Context, in *ruleInput) (*wire.Empty, error) {
	return nil, s.setState(in, stateEnabled)
}

func (s *Service) disableRule(_ context.Context, in *ruleInput) (*wire.Empty, error) {
	return nil, s.setState(in, stateDisabled)
}

func (s *Service) setState(in *ruleInput, to string) error {
	r, err := s.rule(in.Name, in.EventBusName)
	if err != nil {
		return err
	}
	r.State = to
	return nil
}

type tagsInput struct {
	ResourceARN string
	Tags        []core.Tag
	TagKeys     []string
}

type tagsOutput struct{ Tags []core.Tag }

func (s *Service) tagged(arn string) (*rule, error) {
	_, name, found := strings.Cut(arn, ":rule/")
	if !found {
		return nil, invalid("%q is not the ARN of a rule", arn)
	}
	return s.rule(strings.TrimPrefix(name, defaultBus+"/"), "")
}

func (s *Service) tagResource(_ context.Context, in *tagsInput) (*wire.Empty, error) {
	r, err := s.tagged(in.ResourceARN)
	if err != nil {
		return nil, err
	}
	r.Tags.Put(in.Tags)
	return nil, nil
}

func (s *Service) untagResource(_ context.Context, in *tagsInput) (*wire.Empty, error) {
	r, err := s.tagged(in.ResourceARN)
	if err != nil {
		return nil, err
	}
	r.Tags.Remove(in.TagKeys)
	return nil, nil
}

func (s *Service) listTagsForResource(_ context.Context, in *tagsInput) (*tagsOutput, error) {
	r, err := s.tagged(in.ResourceARN)
	if err != nil {
		return nil, err
	}
	return &tagsOutput{r.Tags.List()}, nil
}

// TaggedResources lists what can have tags, for the Tagging API.
func (s *Service) TaggedResources() []core.TaggedResource {
	var all []core.TaggedResource
	for _, r := range s.state.Rules {
		all = append(all, core.TaggedResource{ARN: s.arn(r), Tags: r.Tags})
	}
	return all
}
