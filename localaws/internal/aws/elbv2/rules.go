package elbv2

import (
	"context"
	"strconv"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/paging"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// ruleOperations are those on the rules of listeners.
type ruleOperations struct {
	*records
	*actions
	*lifecycle
}

func (s *ruleOperations) operations() []wire.Operation {
	return []wire.Operation{
		wire.Op("CreateRule", s.createRule),
		wire.ReadOp("DescribeRules", s.describeRules),
		wire.Op("ModifyRule", s.modifyRule),
		wire.Op("SetRulePriorities", s.setRulePriorities),
		wire.Op("DeleteRule", s.deleteRule),
	}
}

const maxPriority = 50000

type createRuleInput struct {
	ListenerArn string
	Priority    *int32
	Conditions  []Condition
	Actions     []Action
	Tags        []tags.Tag
}

type ruleOutput struct {
	RuleArn    string
	Priority   string
	Conditions []Condition
	Actions    []Action
	IsDefault  bool
}

type rulesOutput struct {
	Rules      []ruleOutput
	NextMarker string
}

func (s *ruleOperations) createRule(_ context.Context, in *createRuleInput) (*rulesOutput, error) {
	listener, err := s.listener(in.ListenerArn)
	if err != nil {
		return nil, err
	}
	lb, _ := s.loadBalancers.Get(listener.LoadBalancerARN)
	if lb.Type == Network {
		return nil, invalid("Rules are not supported by listeners of load balancers of type 'network'")
	}
	if err := s.checkPriority(listener.ARN, "", *in.Priority); err != nil {
		return nil, err
	}
	if len(s.rulesOf(listener.ARN)) >= maxRules {
		return nil, tooMany("TooManyRules", "The maximum number of rules per load balancer has been reached: %d", maxRules)
	}
	conditions, err := checkConditions(in.Conditions)
	if err != nil {
		return nil, err
	}
	actions, err := s.checkActions(lb, listener, in.Actions)
	if err != nil {
		return nil, err
	}
	set, err := tagRules.New(in.Tags)
	if err != nil {
		return nil, err
	}
	rule := Rule{ARN: s.ruleARN(listener), ListenerARN: listener.ARN, Priority: *in.Priority, Conditions: conditions, Actions: actions}
	s.rules.Put(rule.ARN, rule)
	s.tagSets.Put(rule.ARN, set)
	s.settle()
	return &rulesOutput{Rules: []ruleOutput{describeRule(rule)}}, nil
}

// checkPriority refuses a priority that another rule of the listener has.
func (s *ruleOperations) checkPriority(listenerARN, ruleARN string, priority int32) error {
	for _, rule := range s.rulesOf(listenerARN) {
		if rule.ARN != ruleARN && rule.Priority == priority {
			return priorityInUse(priority)
		}
	}
	return nil
}

func defaultRule(l Listener) Rule {
	return Rule{ARN: l.DefaultRuleARN, ListenerARN: l.ARN, Actions: l.DefaultActions}
}

func describeRule(rule Rule) ruleOutput {
	out := ruleOutput{
		RuleArn: rule.ARN, Priority: strconv.Itoa(int(rule.Priority)),
		Conditions: rule.Conditions, Actions: rule.Actions, IsDefault: rule.Priority == 0,
	}
	if out.IsDefault {
		out.Priority, out.Conditions = "default", []Condition{}
	}
	return out
}

type describeRulesInput struct {
	ListenerArn string
	RuleArns    []string
	Marker      string
	PageSize    *int
}

func (s *ruleOperations) describeRules(_ context.Context, in *describeRulesInput) (*rulesOutput, error) {
	if (in.ListenerArn == "") == (len(in.RuleArns) == 0) {
		return nil, invalid("You must specify either a listener ARN or rule ARNs")
	}
	var found []Rule
	if in.ListenerArn != "" {
		listener, err := s.listener(in.ListenerArn)
		if err != nil {
			return nil, err
		}
		found = append(s.rulesOf(listener.ARN), defaultRule(listener))
	}
	for _, arn := range in.RuleArns {
		rule, err := s.rule(arn)
		if err != nil {
			return nil, err
		}
		found = append(found, rule)
	}
	part, next, err := paging.Cut(pages, found, byPriority, in.PageSize, in.Marker)
	if err != nil {
		return nil, err
	}
	out := &rulesOutput{Rules: []ruleOutput{}, NextMarker: next}
	for _, rule := range part {
		out.Rules = append(out.Rules, describeRule(rule))
	}
	return out, nil
}

type modifyRuleInput struct {
	RuleArn    string
	Conditions []Condition
	Actions    []Action
	// ResetTransforms removes transforms, which no rule here has.
	ResetTransforms *bool
}

func (s *ruleOperations) modifyRule(_ context.Context, in *modifyRuleInput) (*rulesOutput, error) {
	rule, err := s.rule(in.RuleArn)
	if err != nil {
		return nil, err
	}
	if rule.Priority == 0 {
		return nil, wire.Errorf("OperationNotPermitted", "Default rule '%s' cannot be modified; modify its listener", rule.ARN)
	}
	listener, _ := s.listeners.Get(rule.ListenerARN)
	if in.Conditions != nil {
		if rule.Conditions, err = checkConditions(in.Conditions); err != nil {
			return nil, err
		}
	}
	if in.Actions != nil {
		lb, _ := s.loadBalancers.Get(listener.LoadBalancerARN)
		if rule.Actions, err = s.checkActions(lb, listener, in.Actions); err != nil {
			return nil, err
		}
	}
	s.rules.Put(rule.ARN, rule)
	s.settle()
	return &rulesOutput{Rules: []ruleOutput{describeRule(rule)}}, nil
}

type ruleInput struct{ RuleArn string }

func (s *ruleOperations) deleteRule(_ context.Context, in *ruleInput) (*wire.Empty, error) {
	rule, err := s.rule(in.RuleArn)
	if err != nil {
		return nil, err
	}
	if rule.Priority == 0 {
		return nil, wire.Errorf("OperationNotPermitted", "Default rule '%s' cannot be deleted", rule.ARN)
	}
	s.rules.Delete(rule.ARN)
	s.tagSets.Delete(rule.ARN)
	s.settle()
	return nil, nil
}

type rulePriority struct {
	RuleArn  string
	Priority *int32
}

type setRulePrioritiesInput struct{ RulePriorities []rulePriority }

// setRulePriorities changes all or none; rules may swap their priorities.
func (s *ruleOperations) setRulePriorities(_ context.Context, in *setRulePrioritiesInput) (*rulesOutput, error) {
	changed := map[string]Rule{}
	for _, pair := range in.RulePriorities {
		rule, err := s.rule(pair.RuleArn)
		switch {
		case err != nil:
			return nil, err
		case rule.Priority == 0:
			return nil, wire.Errorf("OperationNotPermitted", "The priority of default rule '%s' cannot be set", rule.ARN)
		case pair.Priority == nil:
			return nil, invalid("The priority of rule '%s' must be specified", pair.RuleArn)
		}
		rule.Priority = *pair.Priority
		changed[rule.ARN] = rule
	}
	if err := s.checkPrioritiesUnique(changed); err != nil {
		return nil, err
	}
	out := &rulesOutput{Rules: []ruleOutput{}}
	for _, pair := range in.RulePriorities {
		rule := changed[pair.RuleArn]
		s.rules.Put(rule.ARN, rule)
		out.Rules = append(out.Rules, describeRule(rule))
	}
	return out, nil
}

func (s *ruleOperations) checkPrioritiesUnique(changed map[string]Rule) error {
	for _, rule := range changed {
		for _, other := range s.rulesOf(rule.ListenerARN) {
			if new, ok := changed[other.ARN]; ok {
				other = new
			}
			if other.ARN != rule.ARN && other.Priority == rule.Priority {
				return priorityInUse(rule.Priority)
			}
		}
	}
	return nil
}
