package iam

import (
	"strings"
	"time"
)

// InstanceProfile returns the instance profile with that name or ARN.
func (s *Service) InstanceProfile(nameOrARN string) (Profile, bool) {
	p, ok := s.profiles.Get(lastPart(nameOrARN))
	if !ok || (strings.Contains(nameOrARN, ":") && s.profileARN(p) != nameOrARN) {
		return Profile{}, false
	}
	view := Profile{Name: p.Name, ARN: s.profileARN(p), ID: p.ID}
	if r, ok := s.roles.Get(p.Role); ok {
		view.RoleARN = s.roleARN(r)
	}
	return view, true
}

// RoleARN returns the ARN of the role with that name or ARN.
func (s *Service) RoleARN(nameOrARN string) (string, bool) {
	r, ok := s.role(nameOrARN)
	if !ok {
		return "", false
	}
	return s.roleARN(r), true
}

// role finds a role by name or ARN.
func (s *Service) role(nameOrARN string) (*role, bool) {
	r, ok := s.roles.Get(lastPart(nameOrARN))
	if !ok || (strings.Contains(nameOrARN, ":") && s.roleARN(r) != nameOrARN) {
		return nil, false
	}
	return r, true
}

func lastPart(nameOrARN string) string { return nameOrARN[strings.LastIndex(nameOrARN, "/")+1:] }

func (s *Service) roleARN(r *role) string {
	return s.account.GlobalARN("iam", "role"+r.Path+r.Name)
}

func (s *Service) profileARN(p *profile) string {
	return s.account.GlobalARN("iam", "instance-profile"+p.Path+p.Name)
}

// RoleID returns the unique id of the role with that name or ARN.
func (s *Service) RoleID(nameOrARN string) (string, bool) {
	r, ok := s.role(nameOrARN)
	if !ok {
		return "", false
	}
	return r.ID, true
}

// MaxSession returns how long a session of a role may be.
func (s *Service) MaxSession(nameOrARN string) (time.Duration, bool) {
	r, ok := s.role(nameOrARN)
	if !ok {
		return 0, false
	}
	return time.Duration(r.MaxSessionDuration) * time.Second, true
}
