package iam

import (
	"strings"
	"time"
)

// lookups find roles and instance profiles for other services.
type lookups struct{ *records }

// InstanceProfile returns the instance profile with that name or ARN.
func (s *lookups) InstanceProfile(nameOrARN string) (Profile, bool) {
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
func (s *lookups) RoleARN(nameOrARN string) (string, bool) {
	r, ok := s.role(nameOrARN)
	if !ok {
		return "", false
	}
	return s.roleARN(r), true
}

func lastPart(nameOrARN string) string { return nameOrARN[strings.LastIndex(nameOrARN, "/")+1:] }

// RoleID returns the unique id of the role with that name or ARN.
func (s *lookups) RoleID(nameOrARN string) (string, bool) {
	r, ok := s.role(nameOrARN)
	if !ok {
		return "", false
	}
	return r.ID, true
}

// MaxSession returns how long a session of a role may be.
func (s *lookups) MaxSession(nameOrARN string) (time.Duration, bool) {
	r, ok := s.role(nameOrARN)
	if !ok {
		return 0, false
	}
	return time.Duration(r.MaxSessionDuration) * time.Second, true
}
