package iam

import "context"

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
	given := Context{}
	for _, entry := range in.ContextEntries {
		if len(entry.ContextKeyValues) > 0 {
			given[entry.ContextKeyName] = entry.ContextKeyValues[0]
		}
	}
	if len(in.ResourceARNs) == 0 {
		in.ResourceARNs = []string{"*"}
	}
	decisions := map[string]string{effectAllow: "allowed", effectDeny: "explicitDeny", "": "implicitDeny"}
	out := &simulateOutput{EvaluationResults: []evaluation{}}
	for _, action := range in.ActionNames {
		for _, resource := range in.ResourceARNs {
			decision := s.decide(s.documentsOf(r), action, resource, s.context(r, given))
			out.EvaluationResults = append(out.EvaluationResults, evaluation{action, resource, decisions[decision]})
		}
	}
	return out, nil
}
