// Package glue is the Data Catalog of AWS Glue: databases and tables. Nothing
// runs on them.
//
// API: https://docs.aws.amazon.com/glue/latest/webapi/.
package glue

import (
	"context"
	_ "embed"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/refusals"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/store"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// Service is the Data Catalog. Its methods are called with the account's lock
// held.
type Service struct {
	account   *core.Account
	databases *store.Collection[*database] // by name
	tables    *store.Collection[*table]    // by tableID
}

// New returns an empty catalog.
func New(a *core.Account) *Service {
	return &Service{
		account:   a,
		databases: store.NewCollection[*database](a.Records, "glue", "databases"),
		tables:    store.NewCollection[*table](a.Records, "glue", "tables"),
	}
}

//go:embed refusals.md
var refusalsText string

// Refusals are what AWS refuses of requests.
var Refusals = refusals.MustParse(refusalsText)

// Wire is the service's entry in the server.
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name: "glue", Protocol: wire.JSON11, TargetPrefix: "AWSGlue",
		Check: Refusals.Refuse("InvalidInputException"),
		Operations: []wire.Operation{
			wire.Op("CreateDatabase", s.createDatabase),
			wire.ReadOp("GetDatabase", s.getDatabase),
			wire.Op("UpdateDatabase", s.updateDatabase),
			wire.Op("DeleteDatabase", s.deleteDatabase),
			wire.Op("CreateTable", s.createTable),
			wire.ReadOp("GetTable", s.getTable),
			wire.Op("UpdateTable", s.updateTable),
			wire.Op("DeleteTable", s.deleteTable),
			wire.ReadOp("GetPartitionIndexes", s.getPartitionIndexes),
			wire.ReadOp("GetTags", s.getTags),
			wire.Op("TagResource", s.tagResource),
			wire.Op("UntagResource", s.untagResource),
		},
	}
}

// Resources is the number of resources by kind, for the status page.
func (s *Service) Resources() map[string]int {
	return map[string]int{"databases": s.databases.Len(), "tables": s.tables.Len()}
}

func notFound(kind, name string) *wire.Error {
	return wire.Errorf("EntityNotFoundException", "%s %s not found.", kind, name)
}

func exists(kind, name string) *wire.Error {
	return wire.Errorf("AlreadyExistsException", "%s %s already exists.", kind, name)
}

func invalid(format string, args ...any) *wire.Error {
	return wire.Errorf("InvalidInputException", format, args...)
}

// catalog refuses every catalog but the account's.
func (s *Service) catalog(id string) error {
	if id != "" && id != s.account.ID {
		return notFound("Catalog", id)
	}
	return nil
}

// catalogName is the name of a database or a table as the catalog keeps it.
func catalogName(kind, name string) (string, error) {
	if name == "" || len(name) > 255 || strings.ContainsAny(name, separator+"\r\n") {
		return "", invalid("The %s's name must have 1 to 255 characters, on one line: %q", kind, name)
	}
	return strings.ToLower(name), nil
}

// tagRules are those of https://docs.aws.amazon.com/glue/latest/webapi/API_TagResource.html.
var tagRules = tags.Rules{Refuse: func(f tags.Fault) error { return invalid("%s", f) }}

func (s *Service) tags() tags.Resources {
	return tags.Resources{Rules: tagRules, Find: func(arn string) (tags.Resource, error) {
		_, name, _ := strings.Cut(arn, ":database/")
		found, ok := tags.In(s.databases, strings.ToLower(name), func(d *database) *tags.Set { return &d.Tags })
		if !ok {
			return found, notFound("Resource", arn)
		}
		return found, nil
	}}
}

type tagsInput struct {
	ResourceArn  string
	TagsToAdd    tags.Set
	TagsToRemove []string
}

type tagsOutput struct{ Tags tags.Set }

func (s *Service) getTags(_ context.Context, in *tagsInput) (*tagsOutput, error) {
	list, err := s.tags().List(in.ResourceArn)
	return &tagsOutput{tags.SetOf(list)}, err
}

func (s *Service) tagResource(_ context.Context, in *tagsInput) (*wire.Empty, error) {
	return nil, s.tags().Add(in.TagsToAdd.List(), in.ResourceArn)
}

func (s *Service) untagResource(_ context.Context, in *tagsInput) (*wire.Empty, error) {
	return nil, s.tags().Remove(in.TagsToRemove, in.ResourceArn)
}

// TaggedResources lists what can have tags, for the Tagging API.
func (s *Service) TaggedResources() []tags.Tagged {
	var all []tags.Tagged
	for name, d := range s.databases.All() {
		all = append(all, tags.Tagged{ARN: s.account.ARN("glue", "database/"+name), Tags: d.Tags})
	}
	return all
}
