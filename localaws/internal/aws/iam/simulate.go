package iam

import (
	"context"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/policy"
)

type simulateInput struct {
	PolicySourceARN string
	ActionNames     []string
	ResourceARNs    []string `in:"ResourceArns"`
	ContextEntries  []contextEntry
}

type contextEntry struct {
	ContextKeyName   string
	ContextKeyType   string
	ContextKeyValues []string
}

type simulateOutput struct {
	page
	EvaluationResults []evaluation
}

type evaluation struct {
	EvalActionName, EvalResourceName, EvalDecision string
}

// simulatePrincipalPolicy says what a role may do, for people who wonder.
func (s *Service) simulatePrincipalPolicy(_ context.Context, in *simulateInput) (*simulateOutput, error) {
	r, ok := s.role(in.PolicySourceARN)
	if !ok {
		return nil, roleNotFound(in.PolicySourceARN)
	}
	given := s.context(r, nil)
	for _, entry := range in.ContextEntries {
		given.Set(entry.ContextKeyName, entry.ContextKeyValues...)
	}
	if len(in.ResourceARNs) == 0 {
		in.ResourceARNs = []string{"*"}
	}
	decisions := map[policy.Decision]string{policy.Allowed: "allowed", policy.Denied: "explicitDeny", policy.Unmentioned: "implicitDeny"}
	documents := s.documentsOf(r)
	out := &simulateOutput{EvaluationResults: []evaluation{}}
	for _, action := range in.ActionNames {
		for _, resource := range in.ResourceARNs {
			decision := policy.Decide(documents, policy.Request{Action: action, Resource: resource, Context: given})
			out.EvaluationResults = append(out.EvaluationResults, evaluation{action, resource, decisions[decision]})
		}
	}
	return out, nil
}
