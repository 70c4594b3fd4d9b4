package iam

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// rolePolicyOperations are those on the policies of a role: its inline ones,
// and those attached to it.
type rolePolicyOperations struct{ *records }

func (s *rolePolicyOperations) operations() []wire.Operation {
	return []wire.Operation{
		wire.Op("PutRolePolicy", s.putRolePolicy),
		wire.ReadOp("GetRolePolicy", s.getRolePolicy),
		wire.Op("DeleteRolePolicy", s.deleteRolePolicy),
		wire.ReadOp("ListRolePolicies", s.listRolePolicies),
		wire.Op("AttachRolePolicy", s.attachRolePolicy),
		wire.Op("DetachRolePolicy", s.detachRolePolicy),
		wire.ReadOp("ListAttachedRolePolicies", s.listAttachedRolePolicies),
	}
}

type rolePolicyInput struct{ RoleName, PolicyName, PolicyDocument string }

func (s *rolePolicyOperations) putRolePolicy(_ context.Context, in *rolePolicyInput) (*wire.Empty, error) {
	r, err := s.named(in.RoleName)
	if err != nil {
		return nil, err
	}
	if err := checkPermissions(in.PolicyDocument); err != nil {
		return nil, err
	}
	size := policySize(in.PolicyDocument)
	for name, document := range r.Inline {
		if name != in.PolicyName {
			size += policySize(document)
		}
	}
	if size > maxInlinePolicies {
		return nil, limit("Maximum policy size of %d bytes exceeded for role %s", maxInlinePolicies, r.Name)
	}
	s.roles.Put(r.Name, r)
	r.Inline[in.PolicyName] = in.PolicyDocument
	return nil, nil
}

// policySize is what quotas count: all but white space.
func policySize(document string) int {
	n := 0
	for _, c := range document {
		if !strings.ContainsRune(" \t\r\n", c) {
			n++
		}
	}
	return n
}

type rolePolicyOutput struct{ RoleName, PolicyName, PolicyDocument string }

func (s *rolePolicyOperations) getRolePolicy(_ context.Context, in *rolePolicyInput) (*rolePolicyOutput, error) {
	r, err := s.named(in.RoleName)
	if err != nil {
		return nil, err
	}
	document, ok := r.Inline[in.PolicyName]
	if !ok {
		return nil, wire.NotFoundf("NoSuchEntity", "The role policy with name %s cannot be found.", in.PolicyName)
	}
	return &rolePolicyOutput{r.Name, in.PolicyName, encoded(document)}, nil
}

func (s *rolePolicyOperations) deleteRolePolicy(_ context.Context, in *rolePolicyInput) (*wire.Empty, error) {
	r, err := s.named(in.RoleName)
	if err != nil {
		return nil, err
	}
	if _, ok := r.Inline[in.PolicyName]; !ok {
		return nil, wire.NotFoundf("NoSuchEntity", "The role policy with name %s cannot be found.", in.PolicyName)
	}
	s.roles.Put(r.Name, r)
	delete(r.Inline, in.PolicyName)
	return nil, nil
}

type listRolePoliciesInput struct {
	pageInput
	RoleName   string
	PathPrefix string
}

type listRolePoliciesOutput struct {
	pageOutput
	PolicyNames []string
}

func (s *rolePolicyOperations) listRolePolicies(_ context.Context, in *listRolePoliciesInput) (*listRolePoliciesOutput, error) {
	r, err := s.named(in.RoleName)
	if err != nil {
		return nil, err
	}
	names, p, err := cut(slices.Collect(maps.Keys(r.Inline)), func(name string) string { return name }, in.pageInput)
	return &listRolePoliciesOutput{p, each(names, func(name string) string { return name })}, err
}

type attachInput struct {
	RoleName  string
	PolicyARN string
}

func (s *rolePolicyOperations) attachRolePolicy(_ context.Context, in *attachInput) (*wire.Empty, error) {
	r, err := s.named(in.RoleName)
	if err != nil {
		return nil, err
	}
	if _, ok := s.policy(in.PolicyARN); !ok {
		return nil, notAPolicy(in.PolicyARN, "Policy %s does not exist or is not attachable.")
	}
	if slices.Contains(r.Attached, in.PolicyARN) {
		return nil, nil
	}
	if len(r.Attached) >= maxAttached {
		return nil, limit("Cannot exceed quota for PoliciesPerRole: %d", maxAttached)
	}
	s.roles.Put(r.Name, r)
	r.Attached = append(r.Attached, in.PolicyARN)
	return nil, nil
}

func (s *rolePolicyOperations) detachRolePolicy(_ context.Context, in *attachInput) (*wire.Empty, error) {
	r, err := s.named(in.RoleName)
	if err != nil {
		return nil, err
	}
	i := slices.Index(r.Attached, in.PolicyARN)
	if i < 0 {
		return nil, policyNotFound(in.PolicyARN)
	}
	s.roles.Put(r.Name, r)
	r.Attached = slices.Delete(r.Attached, i, i+1)
	return nil, nil
}

type attachedPolicy struct {
	PolicyName string
	PolicyARN  string `out:"PolicyArn"`
}

type listAttachedOutput struct {
	pageOutput
	AttachedPolicies []attachedPolicy
}

func (s *rolePolicyOperations) listAttachedRolePolicies(_ context.Context, in *listRolePoliciesInput) (*listAttachedOutput, error) {
	r, err := s.named(in.RoleName)
	if err != nil {
		return nil, err
	}
	var all []attachedPolicy
	for _, arn := range r.Attached {
		if p, ok := s.policy(arn); ok && strings.HasPrefix(p.Path, in.PathPrefix) {
			all = append(all, attachedPolicy{p.Name, p.ARN})
		}
	}
	found, p, err := cut(all, func(a attachedPolicy) string { return a.PolicyName + a.PolicyARN }, in.pageInput)
	return &listAttachedOutput{p, each(found, func(a attachedPolicy) attachedPolicy { return a })}, err
}
