package iam

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

type profileItem struct {
	Path                string
	InstanceProfileName string
	InstanceProfileID   string `out:"InstanceProfileId"`
	ARN                 string `out:"Arn"`
	CreateDate          time.Time
	Roles               []roleItem
	Tags                []core.Tag
}

type profileOutput struct{ InstanceProfile profileItem }

func (s *Service) profileItem(p *profile) profileItem {
	item := profileItem{
		Path: p.Path, InstanceProfileName: p.Name, InstanceProfileID: p.ID, ARN: s.profileARN(p), CreateDate: p.Created,
		Roles: []roleItem{}, Tags: p.Tags.List(),
	}
	if r, ok := s.state.Roles[p.Role]; ok {
		item.Roles = append(item.Roles, s.roleItem(r))
	}
	return item
}

func (s *Service) profile(name string) (*profile, error) {
	p, ok := s.state.Profiles[name]
	if !ok {
		return nil, profileNotFound(name)
	}
	return p, nil
}

type createProfileInput struct {
	InstanceProfileName, Path string
	Tags                      []core.Tag
}

func (s *Service) createInstanceProfile(_ context.Context, in *createProfileInput) (*profileOutput, error) {
	if err := checkName("instanceProfileName", in.InstanceProfileName, 128); err != nil {
		return nil, err
	}
	path, err := checkPath(in.Path)
	if err != nil {
		return nil, err
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	for name := range s.state.Profiles {
		if strings.EqualFold(name, in.InstanceProfileName) {
			return nil, exists("Instance Profile %s already exists.", in.InstanceProfileName)
		}
	}
	p := &profile{ID: newID("AIPA"), Name: in.InstanceProfileName, Path: path, Created: s.now(), Tags: core.NewTags(in.Tags)}
	s.state.Profiles[p.Name] = p
	return &profileOutput{s.profileItem(p)}, nil
}

type profileNameInput struct{ InstanceProfileName string }

func (s *Service) getInstanceProfile(_ context.Context, in *profileNameInput) (*profileOutput, error) {
	p, err := s.profile(in.InstanceProfileName)
	if err != nil {
		return nil, err
	}
	return &profileOutput{s.profileItem(p)}, nil
}

func (s *Service) deleteInstanceProfile(_ context.Context, in *profileNameInput) (*wire.Empty, error) {
	p, err := s.profile(in.InstanceProfileName)
	if err != nil {
		return nil, err
	}
	if p.Role != "" {
		return nil, inUse("must remove roles from instance profile first.")
	}
	delete(s.state.Profiles, p.Name)
	return nil, nil
}

type profileRoleInput struct{ InstanceProfileName, RoleName string }

func (s *Service) addRoleToInstanceProfile(_ context.Context, in *profileRoleInput) (*wire.Empty, error) {
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
	p.Role = r.Name
	return nil, nil
}

func (s *Service) removeRoleFromInstanceProfile(_ context.Context, in *profileRoleInput) (*wire.Empty, error) {
	p, err := s.profile(in.InstanceProfileName)
	if err != nil {
		return nil, err
	}
	if p.Role != in.RoleName || in.RoleName == "" {
		return nil, wire.NotFoundf("NoSuchEntity", "Role %s in Instance Profile %s cannot be found.", in.RoleName, p.Name)
	}
	p.Role = ""
	return nil, nil
}

type listProfilesInput struct {
	paging
	PathPrefix string
}

type listProfilesOutput struct {
	page
	InstanceProfiles []profileItem
}

func (s *Service) listInstanceProfiles(_ context.Context, in *listProfilesInput) (*listProfilesOutput, error) {
	all := slices.DeleteFunc(slices.Collect(maps.Values(s.state.Profiles)), func(p *profile) bool { return !strings.HasPrefix(p.Path, in.PathPrefix) })
	return s.profilePage(all, in.paging)
}

func (s *Service) profilePage(all []*profile, asked paging) (*listProfilesOutput, error) {
	found, p, err := paginate(all, func(p *profile) string { return p.Name }, asked)
	return &listProfilesOutput{p, each(found, s.profileItem)}, err
}

type listForRoleInput struct {
	paging
	RoleName string
}

func (s *Service) listInstanceProfilesForRole(_ context.Context, in *listForRoleInput) (*listProfilesOutput, error) {
	if _, err := s.named(in.RoleName); err != nil {
		return nil, err
	}
	return s.profilePage(s.profilesOf(in.RoleName), in.paging)
}

type profileTagsInput struct {
	InstanceProfileName string
	Tags                []core.Tag
	TagKeys             []string
}

func (s *Service) tagInstanceProfile(_ context.Context, in *profileTagsInput) (*wire.Empty, error) {
	p, err := s.profile(in.InstanceProfileName)
	if err != nil {
		return nil, err
	}
	return nil, putTags(p.Tags, in.Tags)
}

func (s *Service) untagInstanceProfile(_ context.Context, in *profileTagsInput) (*wire.Empty, error) {
	p, err := s.profile(in.InstanceProfileName)
	if err != nil {
		return nil, err
	}
	p.Tags.Remove(in.TagKeys)
	return nil, nil
}

type listProfileTagsInput struct {
	paging
	InstanceProfileName string
}

func (s *Service) listInstanceProfileTags(_ context.Context, in *listProfileTagsInput) (*tagsOutput, error) {
	p, err := s.profile(in.InstanceProfileName)
	if err != nil {
		return nil, err
	}
	return &tagsOutput{Tags: p.Tags.List()}, nil
}

// TaggedResources lists what can have tags, for the Tagging API.
func (s *Service) TaggedResources() []core.TaggedResource {
	var all []core.TaggedResource
	for _, p := range s.state.Profiles {
		all = append(all, core.TaggedResource{ARN: s.profileARN(p), Tags: p.Tags})
	}
	for _, p := range s.state.Policies {
		all = append(all, core.TaggedResource{ARN: p.ARN, Tags: p.Tags})
	}
	return all
}
