package iam

import (
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/store"
)

// records are all that IAM keeps, and the lookups that more than one kind of
// resource needs.
type records struct {
	account *core.Account
	managed map[string]*managedPolicy // AWS's own policies by ARN; not kept

	roles    *store.Collection[*role]          // by name
	policies *store.Collection[*managedPolicy] // the account's own, by ARN
	profiles *store.Collection[*profile]       // by name
}

func newRecords(a *core.Account) *records {
	return &records{
		account: a, managed: managedPolicies(a),
		roles:    store.NewCollection[*role](a.Records, "iam", "roles"),
		policies: store.NewCollection[*managedPolicy](a.Records, "iam", "policies"),
		profiles: store.NewCollection[*profile](a.Records, "iam", "profiles"),
	}
}

// role finds a role by name or ARN.
func (s *records) role(nameOrARN string) (*role, bool) {
	r, ok := s.roles.Get(lastPart(nameOrARN))
	if !ok || (strings.Contains(nameOrARN, ":") && s.roleARN(r) != nameOrARN) {
		return nil, false
	}
	return r, true
}

func (s *records) roleARN(r *role) string {
	return s.account.GlobalARN("iam", "role"+r.Path+r.Name)
}

func (s *records) profileARN(p *profile) string {
	return s.account.GlobalARN("iam", "instance-profile"+p.Path+p.Name)
}

// now is IAM's clock, which knows seconds only.
func (s *records) now() time.Time { return s.account.Clock.Now().UTC().Truncate(time.Second) }

// policy finds a managed policy, AWS's or the account's own.
func (s *records) policy(arn string) (*managedPolicy, bool) {
	if p, ok := s.managed[arn]; ok {
		return p, true
	}
	p, ok := s.policies.Get(arn)
	return p, ok
}

func (s *records) roleItem(r *role) roleItem {
	item := roleItem{
		Path: r.Path, RoleName: r.Name, RoleID: r.ID, ARN: s.roleARN(r), CreateDate: r.Created, TrustPolicy: encoded(r.TrustPolicy),
		Description: r.Description, MaxSessionDuration: r.MaxSessionDuration, Tags: r.Tags.List(),
	}
	if r.PermissionsBoundary != "" {
		item.PermissionsBoundary = &boundaryItem{"Policy", r.PermissionsBoundary}
	}
	return item
}

// named finds a role by its name, as operations take it.
func (s *records) named(name string) (*role, error) {
	r, ok := s.roles.Get(name)
	if !ok {
		return nil, roleNotFound(name)
	}
	return r, nil
}

func (s *records) profilesOf(roleName string) []*profile {
	var found []*profile
	for _, p := range s.profiles.All() {
		if p.Role == roleName {
			found = append(found, p)
		}
	}
	return found
}
