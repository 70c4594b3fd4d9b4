// Package athena is Amazon Athena as far as workgroups go. Queries can't be run.
//
// API: https://docs.aws.amazon.com/athena/latest/APIReference/.
package athena

import (
	_ "embed"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/refusals"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/store"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// primary is the workgroup that every account has.
const primary = "primary"

// Service is Athena. Its methods are called with the account's lock held.
type Service struct {
	account *core.Account
	groups  *store.Collection[*workGroup] // by name
}

// New returns an Athena with the primary workgroup.
func New(a *core.Account) *Service {
	s := &Service{
		account: a,
		groups:  store.NewCollection[*workGroup](a.Records, "athena", "workgroups"),
	}
	s.groups.Put(primary, &workGroup{
		Name: primary, State: stateEnabled, Created: a.Clock.Now(), Tags: tags.Set{}, Configuration: configuration{}.withDefaults(),
	})
	return s
}

//go:embed refusals.md
var refusalsText string

// Refusals are what AWS refuses of requests.
var Refusals = refusals.MustParse(refusalsText)

// Wire is the service's entry in the server.
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name: "athena", Protocol: wire.JSON11, TargetPrefix: "AmazonAthena",
		Check: Refusals.Refuse("InvalidRequestException"),
		Operations: append(s.tags().Operations(),
			wire.Op("CreateWorkGroup", s.createWorkGroup),
			wire.ReadOp("GetWorkGroup", s.getWorkGroup),
			wire.Op("UpdateWorkGroup", s.updateWorkGroup),
			wire.Op("DeleteWorkGroup", s.deleteWorkGroup),
		),
	}
}

// Resources is the number of resources by kind, for the status page. The
// primary workgroup doesn't count.
func (s *Service) Resources() map[string]int {
	return map[string]int{"workgroups": s.groups.Len() - 1}
}

func invalid(format string, args ...any) *wire.Error {
	return wire.Errorf("InvalidRequestException", format, args...)
}

// tagRules are those of https://docs.aws.amazon.com/athena/latest/APIReference/API_TagResource.html.
var tagRules = tags.Rules{Refuse: func(f tags.Fault) error { return invalid("%s", f) }}

func (s *Service) tags() tags.Resources {
	return tags.Resources{Rules: tagRules, Find: func(arn string) (tags.Resource, error) {
		_, name, _ := strings.Cut(arn, ":workgroup/")
		found, ok := tags.In(s.groups, name, func(g *workGroup) *tags.Set { return &g.Tags })
		if !ok {
			return found, wire.Errorf("ResourceNotFoundException", "The resource %s does not exist", arn)
		}
		return found, nil
	}}
}

// TaggedResources lists what can have tags, for the Tagging API.
func (s *Service) TaggedResources() []tags.Tagged {
	var all []tags.Tagged
	for name, g := range s.groups.All() {
		all = append(all, tags.Tagged{ARN: s.account.ARN("athena", "workgroup/"+name), Tags: g.Tags})
	}
	return all
}
