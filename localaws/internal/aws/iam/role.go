package iam

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// Quotas of IAM that a configuration can hit.
const (
	maxTrustPolicy    = 2048
	maxInlinePolicies = 10240 // of all of a role's
	maxAttached       = 10
)

type roleItem struct {
	Path                string
	RoleName            string
	RoleID              string `out:"RoleId"`
	ARN                 string `out:"Arn"`
	CreateDate          time.Time
	TrustPolicy         string `out:"AssumeRolePolicyDocument"` // URL-encoded
	Description         string
	MaxSessionDuration  int
	PermissionsBoundary *boundaryItem
	Tags                []tags.Tag
	RoleLastUsed        wire.Empty
}

type boundaryItem struct {
	Type string `out:"PermissionsBoundaryType"`
	ARN  string `out:"PermissionsBoundaryArn"`
}

type roleOutput struct{ Role roleItem }

func (s *Service) roleItem(r *role) roleItem {
	item := roleItem{
		Path: r.Path, RoleName: r.Name, RoleID: r.ID, ARN: s.roleARN(r), CreateDate: r.Created, TrustPolicy: encoded(r.TrustPolicy),
		Description: r.Description, MaxSessionDuration: r.MaxSessionDuration, Tags: r.Tags.List(),
	}
	if r.PermissionsBoundary != "" {
		item.PermissionsBoundary = &boundaryItem{"Policy", r.PermissionsBoundary}
	}
	return item
}

// encoded writes a document as IAM answers it: URL-encoded, with %20 for a
// space.
func encoded(document string) string {
	return strings.ReplaceAll(url.QueryEscape(document), "+", "%20")
}

type createRoleInput struct {
	RoleName                 string
	Path                     string
	AssumeRolePolicyDocument string
	Description              string
	MaxSessionDuration       *int
	PermissionsBoundary      string
	Tags                     []tags.Tag
}

func (s *Service) createRole(_ context.Context, in *createRoleInput) (*roleOutput, error) {
	if err := checkName("roleName", in.RoleName, 64); err != nil {
		return nil, err
	}
	path, err := checkPath(in.Path)
	if err != nil {
		return nil, err
	}
	for name := range s.roles.All() {
		if strings.EqualFold(name, in.RoleName) {
			return nil, exists("Role with name %s already exists.", in.RoleName)
		}
	}
	if err := s.checkTrust(in.AssumeRolePolicyDocument); err != nil {
		return nil, err
	}
	duration := 3600
	if in.MaxSessionDuration != nil {
		duration = *in.MaxSessionDuration
	}
	if err := checkDuration(duration); err != nil {
		return nil, err
	}
	if err := s.checkBoundary(in.PermissionsBoundary); err != nil {
		return nil, err
	}
	all, err := tagRules.New(in.Tags)
	if err != nil {
		return nil, err
	}
	r := &role{
		ID: newID("AROA"), Name: in.RoleName, Path: path, Description: in.Description, TrustPolicy: in.AssumeRolePolicyDocument,
		MaxSessionDuration: duration, PermissionsBoundary: in.PermissionsBoundary, Created: s.now(),
		Tags: all, Inline: map[string]string{},
	}
	s.roles.Put(r.Name, r)
	return &roleOutput{s.roleItem(r)}, nil
}

// checkDuration checks a session's longest duration: 1 to 12 hours.
func checkDuration(seconds int) error {
	if seconds < 3600 || seconds > 43200 {
		return wire.Errorf("ValidationError", "The value %d at 'maxSessionDuration' must be between 3600 and 43200 seconds", seconds)
	}
	return nil
}

func (s *Service) checkBoundary(arn string) error {
	if arn == "" {
		return nil
	}
	if _, ok := s.policy(arn); !ok {
		return wire.NotFoundf("NoSuchEntity", "Scope ARN: %s does not exist or is not attachable.", arn)
	}
	return nil
}

// named finds a role by its name, as operations take it.
func (s *Service) named(name string) (*role, error) {
	r, ok := s.roles.Get(name)
	if !ok {
		return nil, roleNotFound(name)
	}
	return r, nil
}

type roleNameInput struct{ RoleName string }

func (s *Service) getRole(_ context.Context, in *roleNameInput) (*roleOutput, error) {
	r, err := s.named(in.RoleName)
	if err != nil {
		return nil, err
	}
	return &roleOutput{s.roleItem(r)}, nil
}

type listRolesInput struct {
	pageInput
	PathPrefix string
}

type listRolesOutput struct {
	pageOutput
	Roles []roleItem
}

func (s *Service) listRoles(_ context.Context, in *listRolesInput) (*listRolesOutput, error) {
	var all []*role
	for _, r := range s.roles.All() {
		if strings.HasPrefix(r.Path, in.PathPrefix) {
			all = append(all, r)
		}
	}
	found, p, err := cut(all, func(r *role) string { return r.Name }, in.pageInput)
	return &listRolesOutput{p, each(found, func(r *role) roleItem {
		item := s.roleItem(r)
		item.Tags, item.PermissionsBoundary = nil, nil // as on AWS, only GetRole has them
		return item
	})}, err
}

type updateRoleInput struct {
	RoleName           string
	Description        *string
	MaxSessionDuration *int
}

func (s *Service) updateRole(_ context.Context, in *updateRoleInput) (*wire.Empty, error) {
	r, err := s.named(in.RoleName)
	if err != nil {
		return nil, err
	}
	s.roles.Put(r.Name, r)
	if in.MaxSessionDuration != nil {
		if err := checkDuration(*in.MaxSessionDuration); err != nil {
			return nil, err
		}
		r.MaxSessionDuration = *in.MaxSessionDuration
	}
	if in.Description != nil {
		r.Description = *in.Description
	}
	return nil, nil
}

type updateTrustInput struct{ RoleName, PolicyDocument string }

func (s *Service) updateAssumeRolePolicy(_ context.Context, in *updateTrustInput) (*wire.Empty, error) {
	r, err := s.named(in.RoleName)
	if err != nil {
		return nil, err
	}
	if err := s.checkTrust(in.PolicyDocument); err != nil {
		return nil, err
	}
	s.roles.Put(r.Name, r)
	r.TrustPolicy = in.PolicyDocument
	return nil, nil
}

type boundaryInput struct{ RoleName, PermissionsBoundary string }

func (s *Service) putBoundary(_ context.Context, in *boundaryInput) (*wire.Empty, error) {
	r, err := s.named(in.RoleName)
	if err != nil {
		return nil, err
	}
	if in.PermissionsBoundary == "" {
		return nil, invalid("permissionsBoundary", "", "be a policy's ARN")
	}
	if err := s.checkBoundary(in.PermissionsBoundary); err != nil {
		return nil, err
	}
	s.roles.Put(r.Name, r)
	r.PermissionsBoundary = in.PermissionsBoundary
	return nil, nil
}

func (s *Service) deleteBoundary(_ context.Context, in *roleNameInput) (*wire.Empty, error) {
	r, err := s.named(in.RoleName)
	if err != nil {
		return nil, err
	}
	s.roles.Put(r.Name, r)
	r.PermissionsBoundary = ""
	return nil, nil
}

func (s *Service) deleteRole(_ context.Context, in *roleNameInput) (*wire.Empty, error) {
	r, err := s.named(in.RoleName)
	if err != nil {
		return nil, err
	}
	switch {
	case len(s.profilesOf(r.Name)) > 0:
		return nil, inUse("must remove roles from instance profile first.")
	case len(r.Attached) > 0:
		return nil, inUse("must detach all policies first.")
	case len(r.Inline) > 0:
		return nil, inUse("must delete policies first.")
	}
	s.roles.Delete(r.Name)
	return nil, nil
}

func (s *Service) profilesOf(roleName string) []*profile {
	var found []*profile
	for _, p := range s.profiles.All() {
		if p.Role == roleName {
			found = append(found, p)
		}
	}
	return found
}

type rolePolicyInput struct{ RoleName, PolicyName, PolicyDocument string }

func (s *Service) putRolePolicy(_ context.Context, in *rolePolicyInput) (*wire.Empty, error) {
	r, err := s.named(in.RoleName)
	if err != nil {
		return nil, err
	}
	if err := checkName("policyName", in.PolicyName, 128); err != nil {
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

func (s *Service) getRolePolicy(_ context.Context, in *rolePolicyInput) (*rolePolicyOutput, error) {
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

func (s *Service) deleteRolePolicy(_ context.Context, in *rolePolicyInput) (*wire.Empty, error) {
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

func (s *Service) listRolePolicies(_ context.Context, in *listRolePoliciesInput) (*listRolePoliciesOutput, error) {
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

func (s *Service) attachRolePolicy(_ context.Context, in *attachInput) (*wire.Empty, error) {
	r, err := s.named(in.RoleName)
	if err != nil {
		return nil, err
	}
	if _, ok := s.policy(in.PolicyARN); !ok {
		return nil, wire.NotFoundf("NoSuchEntity", "Policy %s does not exist or is not attachable.", in.PolicyARN)
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

func (s *Service) detachRolePolicy(_ context.Context, in *attachInput) (*wire.Empty, error) {
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

func (s *Service) listAttachedRolePolicies(_ context.Context, in *listRolePoliciesInput) (*listAttachedOutput, error) {
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
