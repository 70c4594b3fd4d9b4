// Package iam is AWS Identity and Access Management: roles, policies and
// instance profiles, and the evaluation of what a role may do.
package iam

import (
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/store"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
)

// Service is IAM. All methods are called with the account's lock held.
type Service struct {
	account *core.Account
	managed map[string]*managedPolicy // AWS's own policies by ARN; not kept

	roles    *store.Collection[*role]          // by name
	policies *store.Collection[*managedPolicy] // the account's own, by ARN
	profiles *store.Collection[*profile]       // by name
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
	Tags                        tags.Set
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
	Tags                             tags.Set
}

type policyVersion struct {
	ID, Document string
	Created      time.Time
}

type profile struct {
	ID, Name, Path, Role string // Role is a role's name, or ""
	Created              time.Time
	Tags                 tags.Set
}

// New returns an IAM that has AWS's managed policies and nothing else.
func New(a *core.Account) *Service {
	return &Service{
		account: a, managed: managedPolicies(a),
		roles:    store.NewCollection[*role](a.Records, "iam", "roles"),
		policies: store.NewCollection[*managedPolicy](a.Records, "iam", "policies"),
		profiles: store.NewCollection[*profile](a.Records, "iam", "profiles"),
	}
}

// Resources counts what users made, by kind.
func (s *Service) Resources() map[string]int {
	return map[string]int{"roles": s.roles.Len(), "policies": s.policies.Len(), "instance profiles": s.profiles.Len()}
}
