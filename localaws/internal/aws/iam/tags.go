package iam

import (
	"context"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// tagRules are those of https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html.
var tagRules = tags.Rules{FoldCase: true, Refuse: func(f tags.Fault) error {
	switch f.Problem {
	case tags.TooMany:
		return limit("Cannot exceed quota for TagsPerResource: %d", f.Limit)
	case tags.Duplicate:
		return wire.Errorf("InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
	case tags.Reserved:
		return wire.Errorf("InvalidInput", "%s", f)
	}
	return wire.Errorf("ValidationError", "%s", f)
}}

func (s *roleOperations) roleTags() tags.Resources {
	return tags.Resources{Rules: tagRules, Find: func(name string) (tags.Resource, error) {
		found, ok := tags.In(s.roles, name, func(r *role) *tags.Set { return &r.Tags })
		if !ok {
			return found, roleNotFound(name)
		}
		return found, nil
	}}
}

func (s *policyOperations) policyTags() tags.Resources {
	return tags.Resources{Rules: tagRules, Find: func(arn string) (tags.Resource, error) {
		if _, err := s.own(arn); err != nil {
			return tags.Resource{}, err
		}
		found, _ := tags.In(s.policies, arn, func(p *managedPolicy) *tags.Set { return &p.Tags })
		return found, nil
	}}
}

func (s *profileOperations) profileTags() tags.Resources {
	return tags.Resources{Rules: tagRules, Find: func(name string) (tags.Resource, error) {
		found, ok := tags.In(s.profiles, name, func(p *profile) *tags.Set { return &p.Tags })
		if !ok {
			return found, profileNotFound(name)
		}
		return found, nil
	}}
}

type tagRoleInput struct {
	RoleName string
	Tags     []tags.Tag
}

func (s *roleOperations) tagRole(_ context.Context, in *tagRoleInput) (*wire.Empty, error) {
	return nil, s.roleTags().Add(in.Tags, in.RoleName)
}

type untagRoleInput struct {
	RoleName string
	TagKeys  []string
}

func (s *roleOperations) untagRole(_ context.Context, in *untagRoleInput) (*wire.Empty, error) {
	return nil, s.roleTags().Remove(in.TagKeys, in.RoleName)
}

type listRoleTagsInput struct {
	pageInput
	RoleName string
}

type listRoleTagsOutput struct {
	pageOutput
	Tags []tags.Tag
}

func (s *roleOperations) listRoleTags(_ context.Context, in *listRoleTagsInput) (*listRoleTagsOutput, error) {
	list, err := s.roleTags().List(in.RoleName)
	if err != nil {
		return nil, err
	}
	list, page, err := cut(list, func(t tags.Tag) string { return t.Key }, in.pageInput)
	return &listRoleTagsOutput{page, list}, err
}

type tagPolicyInput struct {
	PolicyARN string
	Tags      []tags.Tag
}

func (s *policyOperations) tagPolicy(_ context.Context, in *tagPolicyInput) (*wire.Empty, error) {
	return nil, s.policyTags().Add(in.Tags, in.PolicyARN)
}

type untagPolicyInput struct {
	PolicyARN string
	TagKeys   []string
}

func (s *policyOperations) untagPolicy(_ context.Context, in *untagPolicyInput) (*wire.Empty, error) {
	return nil, s.policyTags().Remove(in.TagKeys, in.PolicyARN)
}

type tagProfileInput struct {
	InstanceProfileName string
	Tags                []tags.Tag
}

func (s *profileOperations) tagInstanceProfile(_ context.Context, in *tagProfileInput) (*wire.Empty, error) {
	return nil, s.profileTags().Add(in.Tags, in.InstanceProfileName)
}

type untagProfileInput struct {
	InstanceProfileName string
	TagKeys             []string
}

func (s *profileOperations) untagInstanceProfile(_ context.Context, in *untagProfileInput) (*wire.Empty, error) {
	return nil, s.profileTags().Remove(in.TagKeys, in.InstanceProfileName)
}

// TaggedResources lists what can have tags, for the Tagging API.
func (s *profileOperations) TaggedResources() []tags.Tagged {
	var all []tags.Tagged
	for _, p := range s.profiles.All() {
		all = append(all, tags.Tagged{ARN: s.profileARN(p), Tags: p.Tags})
	}
	for arn, p := range s.policies.All() {
		all = append(all, tags.Tagged{ARN: arn, Tags: p.Tags})
	}
	return all
}
