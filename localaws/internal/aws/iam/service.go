// Package iam is AWS Identity and Access Management: roles, policies and
// instance profiles, and the evaluation of what a role may do.
//
// Each kind of resource has a file and a type with its operations; all of them
// share the records.
package iam

import (
	_ "embed"
	"slices"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/refusals"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// Service is IAM. All methods are called with the account's lock held.
type Service struct {
	*records

	// What other services ask for.
	*lookups
	*authorizer
	*profileOperations

	operations []wire.Operation
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
	r := newRecords(a)
	profiles := &profileOperations{r}
	return &Service{
		records: r, lookups: &lookups{r}, authorizer: &authorizer{r}, profileOperations: profiles,
		operations: slices.Concat(
			(&roleOperations{r, &trust{r}}).operations(), (&rolePolicyOperations{r}).operations(),
			(&policyOperations{r}).operations(), profiles.operations(),
		),
	}
}

//go:embed refusals.md
var refusalsText string

// Refusals are what AWS refuses of requests.
var Refusals = refusals.MustParse(refusalsText)

func checkByTable(operation string, parameters map[string]any) error {
	if faults := Refusals.Check(operation, parameters); len(faults) > 0 {
		return refusal(faults)
	}
	return nil
}

// Wire is IAM's entry on the wire, with all operations that it has.
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name:       "iam",
		AnyRegion:  true,
		Protocol:   wire.Query,
		Namespace:  "https://iam.amazonaws.com/doc/2010-05-08/",
		Check:      checkByTable,
		Operations: s.operations,
	}
}

// Resources counts what users made, by kind.
func (s *Service) Resources() map[string]int {
	return map[string]int{"roles": s.roles.Len(), "policies": s.policies.Len(), "instance profiles": s.profiles.Len()}
}
