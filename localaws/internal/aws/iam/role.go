package iam

import (
	"cmp"
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// roleOperations are those on roles.
type roleOperations struct {
	*records
	*trust
}

func (s *roleOperations) operations() []wire.Operation {
	return []wire.Operation{
		wire.Op("CreateRole", s.createRole),
		wire.Op("DeleteRole", s.deleteRole),
		wire.ReadOp("GetRole", s.getRole),
		wire.ReadOp("ListRoles", s.listRoles),
		wire.Op("UpdateRole", s.updateRole),
		wire.Op("UpdateRoleDescription", s.updateRoleDescription),
		wire.Op("UpdateAssumeRolePolicy", s.updateAssumeRolePolicy),
		wire.Op("PutRolePermissionsBoundary", s.putBoundary),
		wire.Op("DeleteRolePermissionsBoundary", s.deleteBoundary),
		wire.Op("TagRole", s.tagRole),
		wire.Op("UntagRole", s.untagRole),
		wire.ReadOp("ListRoleTags", s.listRoleTags),
	}
}

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

func (s *roleOperations) createRole(_ context.Context, in *createRoleInput) (*roleOutput, error) {
	path := cmp.Or(in.Path, "/")
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

func (s *roleOperations) checkBoundary(arn string) error {
	if arn == "" {
		return nil
	}
	if _, ok := s.policy(arn); !ok {
		return notAPolicy(arn, "Scope ARN: %s does not exist or is not attachable.")
	}
	return nil
}

type roleNameInput struct{ RoleName string }

func (s *roleOperations) getRole(_ context.Context, in *roleNameInput) (*roleOutput, error) {
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

func (s *roleOperations) listRoles(_ context.Context, in *listRolesInput) (*listRolesOutput, error) {
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

func (s *roleOperations) updateRole(_ context.Context, in *updateRoleInput) (*wire.Empty, error) {
	r, err := s.named(in.RoleName)
	if err != nil {
		return nil, err
	}
	s.roles.Put(r.Name, r)
	if in.MaxSessionDuration != nil {
		r.MaxSessionDuration = *in.MaxSessionDuration
	}
	if in.Description != nil {
		r.Description = *in.Description
	}
	return nil, nil
}

type updateDescriptionInput struct{ RoleName, Description string }

// updateRoleDescription is what the provider calls for a description, although AWS
// has UpdateRole for it now.
func (s *roleOperations) updateRoleDescription(_ context.Context, in *updateDescriptionInput) (*roleOutput, error) {
	r, err := s.named(in.RoleName)
	if err != nil {
		return nil, err
	}
	s.roles.Put(r.Name, r)
	r.Description = in.Description
	return &roleOutput{s.roleItem(r)}, nil
}

type updateTrustInput struct{ RoleName, PolicyDocument string }

func (s *roleOperations) updateAssumeRolePolicy(_ context.Context, in *updateTrustInput) (*wire.Empty, error) {
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

func (s *roleOperations) putBoundary(_ context.Context, in *boundaryInput) (*wire.Empty, error) {
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

func (s *roleOperations) deleteBoundary(_ context.Context, in *roleNameInput) (*wire.Empty, error) {
	r, err := s.named(in.RoleName)
	if err != nil {
		return nil, err
	}
	s.roles.Put(r.Name, r)
	r.PermissionsBoundary = ""
	return nil, nil
}

func (s *roleOperations) deleteRole(_ context.Context, in *roleNameInput) (*wire.Empty, error) {
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
