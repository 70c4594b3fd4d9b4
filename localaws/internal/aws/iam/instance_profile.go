package iam

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// profileOperations are those on instance profiles.
type profileOperations struct{ *records }

func (s *profileOperations) operations() []wire.Operation {
	return []wire.Operation{
		wire.Op("CreateInstanceProfile", s.createInstanceProfile),
		wire.Op("DeleteInstanceProfile", s.deleteInstanceProfile),
		wire.ReadOp("GetInstanceProfile", s.getInstanceProfile),
		wire.ReadOp("ListInstanceProfilesForRole", s.listInstanceProfilesForRole),
		wire.Op("AddRoleToInstanceProfile", s.addRoleToInstanceProfile),
		wire.Op("RemoveRoleFromInstanceProfile", s.removeRoleFromInstanceProfile),
		wire.Op("TagInstanceProfile", s.tagInstanceProfile),
		wire.Op("UntagInstanceProfile", s.untagInstanceProfile),
	}
}

type profileItem struct {
	Path                string
	InstanceProfileName string
	InstanceProfileID   string `out:"InstanceProfileId"`
	ARN                 string `out:"Arn"`
	CreateDate          time.Time
	Roles               []roleItem
	Tags                []tags.Tag
}

type profileOutput struct{ InstanceProfile profileItem }

func (s *profileOperations) profileItem(p *profile) profileItem {
	item := profileItem{
		Path: p.Path, InstanceProfileName: p.Name, InstanceProfileID: p.ID, ARN: s.profileARN(p), CreateDate: p.Created,
		Roles: []roleItem{}, Tags: p.Tags.List(),
	}
	if r, ok := s.roles.Get(p.Role); ok {
		item.Roles = append(item.Roles, s.roleItem(r))
	}
	return item
}

func (s *profileOperations) profile(name string) (*profile, error) {
	p, ok := s.profiles.Get(name)
	if !ok {
		return nil, profileNotFound(name)
	}
	return p, nil
}

type createProfileInput struct {
	InstanceProfileName, Path string
	Tags                      []tags.Tag
}

func (s *profileOperations) createInstanceProfile(_ context.Context, in *createProfileInput) (*profileOutput, error) {
	path := cmp.Or(in.Path, "/")
	all, err := tagRules.New(in.Tags)
	if err != nil {
		return nil, err
	}
	for name := range s.profiles.All() {
		if strings.EqualFold(name, in.InstanceProfileName) {
			return nil, exists("Instance Profile %s already exists.", in.InstanceProfileName)
		}
	}
	p := &profile{ID: newID("AIPA"), Name: in.InstanceProfileName, Path: path, Created: s.now(), Tags: all}
	s.profiles.Put(p.Name, p)
	return &profileOutput{s.profileItem(p)}, nil
}

type profileNameInput struct{ InstanceProfileName string }

func (s *profileOperations) getInstanceProfile(_ context.Context, in *profileNameInput) (*profileOutput, error) {
	p, err := s.profile(in.InstanceProfileName)
	if err != nil {
		return nil, err
	}
	return &profileOutput{s.profileItem(p)}, nil
}

func (s *profileOperations) deleteInstanceProfile(_ context.Context, in *profileNameInput) (*wire.Empty, error) {
	p, err := s.profile(in.InstanceProfileName)
	if err != nil {
		return nil, err
	}
	if p.Role != "" {
		return nil, inUse("must remove roles from instance profile first.")
	}
	s.profiles.Delete(p.Name)
	return nil, nil
}

type profileRoleInput struct{ InstanceProfileName, RoleName string }

func (s *profileOperations) addRoleToInstanceProfile(_ context.Context, in *profileRoleInput) (*wire.Empty, error) {
	p, err := s.profile(in.InstanceProfileName)
	if err != nil {
		return nil, err
	}
	r, err := s.named(in.RoleName)
	if err != nil {
		return nil, err
	}
	if p.Role != "" {
		return nil, limit("Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1")
	}
	s.profiles.Put(p.Name, p)
	p.Role = r.Name
	return nil, nil
}

func (s *profileOperations) removeRoleFromInstanceProfile(_ context.Context, in *profileRoleInput) (*wire.Empty, error) {
	p, err := s.profile(in.InstanceProfileName)
	if err != nil {
		return nil, err
	}
	if p.Role != in.RoleName || in.RoleName == "" {
		return nil, wire.NotFoundf("NoSuchEntity", "Role %s in Instance Profile %s cannot be found.", in.RoleName, p.Name)
	}
	s.profiles.Put(p.Name, p)
	p.Role = ""
	return nil, nil
}

type listProfilesOutput struct {
	pageOutput
	InstanceProfiles []profileItem
}

type listForRoleInput struct {
	pageInput
	RoleName string
}

func (s *profileOperations) listInstanceProfilesForRole(_ context.Context, in *listForRoleInput) (*listProfilesOutput, error) {
	if _, err := s.named(in.RoleName); err != nil {
		return nil, err
	}
	found, page, err := cut(s.profilesOf(in.RoleName), func(p *profile) string { return p.Name }, in.pageInput)
	return &listProfilesOutput{page, each(found, s.profileItem)}, err
}
