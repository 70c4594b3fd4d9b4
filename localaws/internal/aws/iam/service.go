// Package iam is AWS Identity and Access Management: roles, policies and
// instance profiles, and the evaluation of what a role may do.
package iam

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
)

// Service is IAM. All methods are called with the account's lock held.
type Service struct {
	account *core.Account
	managed map[string]*managedPolicy // AWS's own policies by ARN
	state   state
}

// state is what a snapshot holds; AWS's own policies are rebuilt.
type state struct {
	Roles    map[string]*role          // by name
	Policies map[string]*managedPolicy // the account's own, by ARN
	Profiles map[string]*profile       // by name
}

// Profile is an instance profile as an EC2 instance sees it.
type Profile struct {
	Name, ARN string
	ID        string
	// RoleARN is "" when the profile has no role.
	RoleARN string
}

type role struct {
	ID, Name, Path, Description string
	TrustPolicy                 string // the assume role policy document
	MaxSessionDuration          int    // seconds
	PermissionsBoundary         string // a policy's ARN
	Created                     time.Time
	Tags                        core.Tags
	Inline                      map[string]string // documents by name
	Attached                    []string          // policies' ARNs, in the order of attaching
}

// managedPolicy is a policy that has an ARN: a customer's, or AWS's own.
type managedPolicy struct {
	ID, Name, Path, ARN, Description string
	Created, Updated                 time.Time
	Default                          string // the default version's id, such as "v1"
	Next                             int    // the number of the next version
	Versions                         map[string]*policyVersion
	Tags                             core.Tags
}

type policyVersion struct {
	ID, Document string
	Created      time.Time
}

type profile struct {
	ID, Name, Path, Role string // Role is a role's name, or ""
	Created              time.Time
	Tags                 core.Tags
}

// New returns an IAM that has AWS's managed policies and nothing else.
func New(a *core.Account) *Service {
	return &Service{account: a, managed: managedPolicies(a), state: emptyState()}
}

func emptyState() state {
	return state{Roles: map[string]*role{}, Policies: map[string]*managedPolicy{}, Profiles: map[string]*profile{}}
}

// Name is the service's key in the snapshot.
func (s *Service) Name() string { return "iam" }

// Snapshot returns all the state there is.
func (s *Service) Snapshot() any { return s.state }

// Restore replaces the state by what Snapshot returned.
func (s *Service) Restore(raw json.RawMessage) error {
	restored := emptyState()
	if err := json.Unmarshal(raw, &restored); err != nil {
		return fmt.Errorf("reading the state of iam: %w", err)
	}
	s.state = restored
	return nil
}

// Resources counts what users made, by kind: not the roles that services make
// for themselves.
func (s *Service) Resources() map[string]int {
	counts := map[string]int{"policies": len(s.state.Policies), "instance profiles": len(s.state.Profiles)}
	for _, r := range s.state.Roles {
		if !strings.HasPrefix(r.Path, servicePath) {
			counts["roles"]++
		}
	}
	return counts
}
