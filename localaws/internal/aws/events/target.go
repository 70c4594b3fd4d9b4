package events

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/paging"
)

// target is where a rule sends its events, in the API's own form.
type target struct {
	Id    string
	Arn   string
	Input string // JSON that is sent instead of the event
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
	r, err := s.change(in.Rule, in.EventBusName)
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
	if parts := strings.Split(t.Arn, ":"); len(parts) != 6 || parts[2] != "sns" {
		return invalid("localaws delivers events to SNS topics only; the target %s is %q", t.Id, t.Arn)
	}
	if t.Input != "" && !json.Valid([]byte(t.Input)) {
		return invalid("The Input of the target %s is not JSON", t.Id)
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
	r, err := s.change(in.Rule, in.EventBusName)
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
	Limit        *int
}

type listTargetsOutput struct {
	Targets   []target
	NextToken string
}

func (s *Service) listTargetsByRule(_ context.Context, in *listTargetsInput) (*listTargetsOutput, error) {
	r, err := s.rule(in.Rule, in.EventBusName)
	if err != nil {
		return nil, err
	}
	page, next, err := paging.Cut(pages, r.sortedTargets(), func(t target) string { return t.Id }, in.Limit, in.NextToken)
	return &listTargetsOutput{page, next}, err
}
