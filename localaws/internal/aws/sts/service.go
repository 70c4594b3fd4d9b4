// Package sts is the AWS Security Token Service: who is calling, and
// credentials for acting as a role.
package sts

import (
	"context"
	_ "embed"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/refusals"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/store"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// Roles knows who may act as which role; iam.Service does.
type Roles interface {
	RoleARN(nameOrARN string) (string, bool)
	RoleID(nameOrARN string) (string, bool)
	MaxSession(nameOrARN string) (time.Duration, bool)
	TrustsPrincipal(roleARN, principalARN string) bool
}

// userName is who all credentials belong to that this service did not give out.
const userName = "localaws"

// Service is STS. All methods are called with the account's lock held.
type Service struct {
	account  *core.Account
	roles    Roles
	sessions *store.Collection[session] // by access key id
}

// session is an assumed role.
type session struct {
	RoleARN, RoleID, Name string
	Expires               time.Time
}

// New returns an STS without sessions.
func New(a *core.Account, roles Roles) *Service {
	return &Service{account: a, roles: roles, sessions: store.NewCollection[session](a.Records, "sts", "sessions")}
}

//go:embed refusals.md
var refusalsText string

// Refusals are what AWS refuses of requests.
var Refusals = refusals.MustParse(refusalsText)

// Wire is STS's entry on the wire, with all operations that it has.
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name:      "sts",
		AnyRegion: true,
		Protocol:  wire.Query,
		Namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
		Check:     Refusals.Refuse("ValidationError"),
		Operations: []wire.Operation{
			wire.ReadOp("GetCallerIdentity", s.getCallerIdentity),
			wire.Op("AssumeRole", s.assumeRole),
		},
	}
}

type callerIdentity struct {
	Account string
	ARN     string `out:"Arn"`
	UserID  string `out:"UserId"`
}

func (s *Service) getCallerIdentity(ctx context.Context, _ *wire.Empty) (*callerIdentity, error) {
	return s.caller(wire.AccessKeyID(ctx))
}

// caller is who an access key belongs to: a role's session, or the one user
// that this account has.
func (s *Service) caller(accessKeyID string) (*callerIdentity, error) {
	if session, ok := s.sessions.Get(accessKeyID); ok {
		if s.account.Clock.Now().After(session.Expires) {
			return nil, expired()
		}
		return &callerIdentity{s.account.ID, s.sessionARN(session), session.RoleID + ":" + session.Name}, nil
	}
	if strings.HasPrefix(accessKeyID, sessionKeyPrefix) {
		return nil, &wire.Error{Code: "InvalidClientTokenId", Message: "The security token included in the request is invalid.", Status: 403}
	}
	return &callerIdentity{s.account.ID, s.account.GlobalARN("iam", "user/"+userName), "AIDALOCALAWSLOCALAWS1"}, nil
}

func expired() error {
	return &wire.Error{Code: "ExpiredToken", Message: "The security token included in the request is expired", Status: 403}
}

func (s *Service) sessionARN(session session) string {
	role := session.RoleARN[strings.LastIndex(session.RoleARN, "/")+1:]
	return s.account.GlobalARN("sts", "assumed-role/"+role+"/"+session.Name)
}
