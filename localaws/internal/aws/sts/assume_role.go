package sts

import (
	"context"
	"regexp"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// sessionKeyPrefix begins the access key ids of temporary credentials.
const sessionKeyPrefix = "ASIA"

// How long a session may be, in seconds.
const (
	defaultSession = 3600
	minSession     = 900
)

// chainedSession is the longest session of a role that another role assumed.
const chainedSession = time.Hour

type assumeRoleInput struct {
	RoleARN           string
	RoleSessionName   string
	DurationSeconds   *int
	ExternalID        string
	SourceIdentity    string
	Tags              []core.Tag
	TransitiveTagKeys []string
}

type assumeRoleOutput struct {
	Credentials     credentials
	AssumedRoleUser assumedRoleUser
	SourceIdentity  string
}

type credentials struct {
	AccessKeyID     string `out:"AccessKeyId"`
	SecretAccessKey string
	SessionToken    string
	Expiration      time.Time
}

type assumedRoleUser struct {
	AssumedRoleID string `out:"AssumedRoleId"`
	ARN           string `out:"Arn"`
}

var sessionName = regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)

// assumeRole gives credentials for a role whose trust policy lets the caller
// act as it.
func (s *Service) assumeRole(ctx context.Context, in *assumeRoleInput) (*assumeRoleOutput, error) {
	caller, err := s.caller(wire.AccessKeyID(ctx))
	if err != nil {
		return nil, err
	}
	principal, longest := caller.ARN, 12*time.Hour
	if session, isRole := s.sessions.Get(wire.AccessKeyID(ctx)); isRole {
		principal, longest = session.RoleARN, chainedSession
	}
	if !s.roles.TrustsPrincipal(in.RoleARN, principal) {
		return nil, denied("User: %s is not authorized to perform: sts:AssumeRole on resource: %s", caller.ARN, in.RoleARN)
	}
	made, err := s.begin(in.RoleARN, in.RoleSessionName, in.DurationSeconds, longest)
	if err != nil {
		return nil, err
	}
	made.SourceIdentity = in.SourceIdentity
	return made, nil
}

func denied(format string, args ...any) error {
	refusal := wire.Errorf("AccessDenied", format, args...)
	refusal.Status = 403
	return refusal
}

// begin makes a session of a role.
func (s *Service) begin(roleARN, name string, seconds *int, longest time.Duration) (*assumeRoleOutput, error) {
	if !sessionName.MatchString(name) {
		return nil, wire.Errorf("ValidationError", "The value %q at 'roleSessionName' must have 2 to 64 letters, digits or characters of +=,.@_-", name)
	}
	duration := defaultSession * time.Second
	if seconds != nil {
		duration = time.Duration(*seconds) * time.Second
	}
	if roleMax, ok := s.roles.MaxSession(roleARN); ok && roleMax < longest {
		longest = roleMax
	}
	if duration < minSession*time.Second || duration > longest {
		return nil, wire.Errorf("ValidationError", "The requested DurationSeconds of %.0f is not between %d and the %.0f set for this role.",
			duration.Seconds(), minSession, longest.Seconds())
	}
	arn, _ := s.roles.RoleARN(roleARN)
	id, _ := s.roles.RoleID(roleARN)
	s.dropExpired()
	// Sessions last as long on the wall as they say, whatever the clock's
	// speed: clients renew them by their own clocks.
	made := session{RoleARN: arn, RoleID: id, Name: name, Expires: s.account.Clock.Now().Add(duration)}
	key := sessionKeyPrefix + strings.ToUpper(ids.Hex(16))
	s.sessions.Put(key, made)
	return &assumeRoleOutput{
		Credentials: credentials{
			AccessKeyID: key, SecretAccessKey: ids.Hex(40), SessionToken: ids.Hex(128), Expiration: made.Expires.UTC(),
		},
		AssumedRoleUser: assumedRoleUser{id + ":" + name, s.sessionARN(made)},
	}, nil
}

// dropExpired forgets sessions that have been over for a day.
func (s *Service) dropExpired() {
	for key, session := range s.sessions.All() {
		if s.account.Clock.Now().Sub(session.Expires) > 24*time.Hour {
			s.sessions.Delete(key)
		}
	}
}
