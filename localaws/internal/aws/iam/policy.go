package iam

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// policyOperations are those on managed policies.
type policyOperations struct{ *records }

func (s *policyOperations) operations() []wire.Operation {
	return []wire.Operation{
		wire.Op("CreatePolicy", s.createPolicy),
		wire.Op("DeletePolicy", s.deletePolicy),
		wire.ReadOp("GetPolicy", s.getPolicy),
		wire.ReadOp("ListPolicies", s.listPolicies),
		wire.Op("CreatePolicyVersion", s.createPolicyVersion),
		wire.Op("DeletePolicyVersion", s.deletePolicyVersion),
		wire.ReadOp("GetPolicyVersion", s.getPolicyVersion),
		wire.ReadOp("ListPolicyVersions", s.listPolicyVersions),
		wire.Op("TagPolicy", s.tagPolicy),
		wire.Op("UntagPolicy", s.untagPolicy),
	}
}

const (
	maxManagedPolicy  = 6144
	maxPolicyVersions = 5
)

type policyItem struct {
	PolicyName                    string
	PolicyID                      string `out:"PolicyId"`
	ARN                           string `out:"Arn"`
	Path                          string
	DefaultVersionID              string `out:"DefaultVersionId"`
	AttachmentCount               int
	PermissionsBoundaryUsageCount int
	IsAttachable                  bool
	Description                   string
	CreateDate                    time.Time
	UpdateDate                    time.Time
	Tags                          []tags.Tag
}

type policyOutput struct{ Policy policyItem }

// own finds a policy that the account may change.
func (s *policyOperations) own(arn string) (*managedPolicy, error) {
	if _, aws := s.managed[arn]; aws {
		return nil, &wire.Error{Code: "AccessDenied", Message: "Policy " + arn + " is managed by AWS and can't be changed", Status: 403}
	}
	p, ok := s.policies.Get(arn)
	if !ok {
		return nil, policyNotFound(arn)
	}
	return p, nil
}

func (s *policyOperations) policyItem(p *managedPolicy) policyItem {
	return policyItem{
		PolicyName: p.Name, PolicyID: p.ID, ARN: p.ARN, Path: p.Path, DefaultVersionID: p.Default,
		AttachmentCount: len(s.attachedTo(p.ARN)), PermissionsBoundaryUsageCount: s.boundaryUses(p.ARN), IsAttachable: true,
		Description: p.Description, CreateDate: p.Created, UpdateDate: p.Updated, Tags: p.Tags.List(),
	}
}

func (s *policyOperations) attachedTo(arn string) []*role {
	var found []*role
	for _, r := range s.roles.All() {
		if slices.Contains(r.Attached, arn) {
			found = append(found, r)
		}
	}
	return found
}

func (s *policyOperations) boundaryUses(arn string) int {
	n := 0
	for _, r := range s.roles.All() {
		if r.PermissionsBoundary == arn {
			n++
		}
	}
	return n
}

type createPolicyInput struct {
	PolicyName, Path, PolicyDocument, Description string
	Tags                                          []tags.Tag
}

func (s *policyOperations) createPolicy(_ context.Context, in *createPolicyInput) (*policyOutput, error) {
	path := cmp.Or(in.Path, "/")
	if err := checkManaged(in.PolicyDocument); err != nil {
		return nil, err
	}
	all, err := tagRules.New(in.Tags)
	if err != nil {
		return nil, err
	}
	for _, other := range s.policies.All() {
		if strings.EqualFold(other.Name, in.PolicyName) {
			return nil, exists("A policy called %s already exists. Duplicate names are not allowed.", in.PolicyName)
		}
	}
	now := s.now()
	p := &managedPolicy{
		ID: newID("ANPA"), Name: in.PolicyName, Path: path, ARN: s.account.GlobalARN("iam", "policy"+path+in.PolicyName),
		Description: in.Description, Created: now, Updated: now, Default: "v1", Next: 2, Tags: all,
		Versions: map[string]*policyVersion{"v1": {ID: "v1", Document: in.PolicyDocument, Created: now}},
	}
	s.policies.Put(p.ARN, p)
	return &policyOutput{s.policyItem(p)}, nil
}

func checkManaged(document string) error {
	if policySize(document) > maxManagedPolicy {
		return limit("Cannot exceed quota for PolicySize: %d", maxManagedPolicy)
	}
	return checkPermissions(document)
}

type policyARNInput struct{ PolicyARN string }

func (s *policyOperations) getPolicy(_ context.Context, in *policyARNInput) (*policyOutput, error) {
	p, ok := s.policy(in.PolicyARN)
	if !ok {
		return nil, policyNotFound(in.PolicyARN)
	}
	return &policyOutput{s.policyItem(p)}, nil
}

type listPoliciesInput struct {
	pageInput
	Scope      string
	PathPrefix string
}

type listPoliciesOutput struct {
	pageOutput
	Policies []policyItem
}

func (s *policyOperations) listPolicies(_ context.Context, in *listPoliciesInput) (*listPoliciesOutput, error) {
	all, err := s.scope(in.Scope)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(p *managedPolicy) bool { return !strings.HasPrefix(p.Path, in.PathPrefix) })
	found, page, err := cut(all, func(p *managedPolicy) string { return p.ARN }, in.pageInput)
	return &listPoliciesOutput{page, each(found, s.policyItem)}, err
}

func (s *policyOperations) scope(name string) ([]*managedPolicy, error) {
	var own []*managedPolicy
	for _, p := range s.policies.All() {
		own = append(own, p)
	}
	aws := slices.Collect(maps.Values(s.managed))
	switch name {
	case "", "All":
		return append(own, aws...), nil
	case "Local":
		return own, nil
	case "AWS":
		return aws, nil
	}
	return nil, invalid("scope", name, "be All, AWS or Local")
}

func (s *policyOperations) deletePolicy(_ context.Context, in *policyARNInput) (*wire.Empty, error) {
	p, err := s.own(in.PolicyARN)
	if err != nil {
		return nil, err
	}
	switch {
	case len(s.attachedTo(p.ARN)) > 0:
		return nil, conflict("DeleteConflict", "Cannot delete a policy attached to entities.")
	case s.boundaryUses(p.ARN) > 0:
		return nil, conflict("DeleteConflict", "Cannot delete a policy that is a permissions boundary.")
	case len(p.Versions) > 1:
		return nil, conflict("DeleteConflict", "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.")
	}
	s.policies.Delete(p.ARN)
	return nil, nil
}

type versionItem struct {
	Document         string
	VersionID        string `out:"VersionId"`
	IsDefaultVersion bool
	CreateDate       time.Time
}

type versionOutput struct{ PolicyVersion versionItem }

type createVersionInput struct {
	PolicyARN      string
	PolicyDocument string
	SetAsDefault   bool
}

func (s *policyOperations) createPolicyVersion(_ context.Context, in *createVersionInput) (*versionOutput, error) {
	p, err := s.own(in.PolicyARN)
	if err != nil {
		return nil, err
	}
	if err := checkManaged(in.PolicyDocument); err != nil {
		return nil, err
	}
	if len(p.Versions) >= maxPolicyVersions {
		return nil, limit("A managed policy can have up to %d versions. Before you create a new version, you must delete an existing version.", maxPolicyVersions)
	}
	v := &policyVersion{ID: fmt.Sprintf("v%d", p.Next), Document: in.PolicyDocument, Created: s.now()}
	s.policies.Put(p.ARN, p)
	p.Next++
	p.Versions[v.ID] = v
	p.Updated = v.Created
	if in.SetAsDefault {
		p.Default = v.ID
	}
	return &versionOutput{versionItem{VersionID: v.ID, IsDefaultVersion: p.Default == v.ID, CreateDate: v.Created}}, nil
}

type policyVersionInput struct {
	PolicyARN string
	VersionID string
}

func (p *managedPolicy) version(id string) (*policyVersion, error) {
	v, ok := p.Versions[id]
	if !ok {
		return nil, wire.NotFoundf("NoSuchEntity", "Policy %s version %s does not exist or is not attachable.", p.ARN, id)
	}
	return v, nil
}

func (s *policyOperations) getPolicyVersion(_ context.Context, in *policyVersionInput) (*versionOutput, error) {
	p, ok := s.policy(in.PolicyARN)
	if !ok {
		return nil, policyNotFound(in.PolicyARN)
	}
	v, err := p.version(in.VersionID)
	if err != nil {
		return nil, err
	}
	return &versionOutput{versionItem{encoded(v.Document), v.ID, p.Default == v.ID, v.Created}}, nil
}

type listVersionsInput struct {
	pageInput
	PolicyARN string
}

type listVersionsOutput struct {
	pageOutput
	Versions []versionItem
}

func (s *policyOperations) listPolicyVersions(_ context.Context, in *listVersionsInput) (*listVersionsOutput, error) {
	p, ok := s.policy(in.PolicyARN)
	if !ok {
		return nil, policyNotFound(in.PolicyARN)
	}
	found, page, err := cut(slices.Collect(maps.Values(p.Versions)), func(v *policyVersion) string { return v.ID }, in.pageInput)
	return &listVersionsOutput{page, each(found, func(v *policyVersion) versionItem {
		return versionItem{VersionID: v.ID, IsDefaultVersion: p.Default == v.ID, CreateDate: v.Created}
	})}, err
}

func (s *policyOperations) deletePolicyVersion(_ context.Context, in *policyVersionInput) (*wire.Empty, error) {
	p, err := s.own(in.PolicyARN)
	if err != nil {
		return nil, err
	}
	v, err := p.version(in.VersionID)
	if err != nil {
		return nil, err
	}
	if p.Default == v.ID {
		return nil, conflict("DeleteConflict", "Cannot delete the default version of a policy.")
	}
	s.policies.Put(p.ARN, p)
	delete(p.Versions, v.ID)
	return nil, nil
}
