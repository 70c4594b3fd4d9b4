// Package glue is the Data Catalog of AWS Glue: databases and tables. Nothing
// runs on them.
//
// API: https://docs.aws.amazon.com/glue/latest/webapi/.
package glue

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// Service is the Data Catalog. Its methods are called with the account's lock
// held.
type Service struct {
	account *core.Account
	state   state
}

// state is what outlives the process.
type state struct {
	Databases map[string]*database // by name
}

type database struct {
	Input   databaseInput
	Created time.Time
	Tables  map[string]*table // by name
	Tags    core.Tags
}

type table struct {
	Input   tableInput
	Created time.Time
	Updated time.Time
	Version int
	Indexes []partitionIndex
}

// New returns an empty catalog.
func New(a *core.Account) *Service {
	return &Service{account: a, state: state{Databases: map[string]*database{}}}
}

// Wire is the service's entry in the server.
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name: "glue", Protocol: wire.JSON11, TargetPrefix: "AWSGlue",
		Operations: []wire.Operation{
			wire.Op("CreateDatabase", s.createDatabase),
			wire.ReadOp("GetDatabase", s.getDatabase),
			wire.ReadOp("GetDatabases", s.getDatabases),
			wire.Op("UpdateDatabase", s.updateDatabase),
			wire.Op("DeleteDatabase", s.deleteDatabase),
			wire.Op("CreateTable", s.createTable),
			wire.ReadOp("GetTable", s.getTable),
			wire.ReadOp("GetTables", s.getTables),
			wire.Op("UpdateTable", s.updateTable),
			wire.Op("DeleteTable", s.deleteTable),
			wire.ReadOp("GetPartitionIndexes", s.getPartitionIndexes),
			wire.ReadOp("GetTags", s.getTags),
			wire.Op("TagResource", s.tagResource),
			wire.Op("UntagResource", s.untagResource),
		},
	}
}

// Name is the service's key in the snapshot.
func (s *Service) Name() string { return "glue" }

// Snapshot returns all state.
func (s *Service) Snapshot() any { return s.state }

// Restore replaces the state.
func (s *Service) Restore(raw json.RawMessage) error {
	restored := state{Databases: map[string]*database{}}
	if err := json.Unmarshal(raw, &restored); err != nil {
		return fmt.Errorf("restoring glue: %w", err)
	}
	s.state = restored
	return nil
}

// Resources is the number of resources by kind, for the status page.
func (s *Service) Resources() map[string]int {
	tables := 0
	for _, d := range s.state.Databases {
		tables += len(d.Tables)
	}
	return map[string]int{"databases": len(s.state.Databases), "tables": tables}
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

// database finds one by its name, whose case doesn't count.
func (s *Service) database(catalogID, name string) (*database, error) {
	if err := s.catalog(catalogID); err != nil {
		return nil, err
	}
	d, ok := s.state.Databases[strings.ToLower(name)]
	if !ok {
		return nil, notFound("Database", name)
	}
	return d, nil
}

type tagsInput struct {
	ResourceArn  string
	TagsToAdd    map[string]string
	TagsToRemove []string
}

type tagsOutput struct{ Tags map[string]string }

func (s *Service) tagged(arn string) (core.Tags, error) {
	_, name, found := strings.Cut(arn, ":database/")
	if !found {
		return nil, notFound("Resource", arn)
	}
	d, err := s.database("", name)
	if err != nil {
		return nil, err
	}
	return d.Tags, nil
}

func (s *Service) getTags(_ context.Context, in *tagsInput) (*tagsOutput, error) {
	tags, err := s.tagged(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	return &tagsOutput{tags}, nil
}

func (s *Service) tagResource(_ context.Context, in *tagsInput) (*wire.Empty, error) {
	tags, err := s.tagged(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	maps.Copy(tags, in.TagsToAdd)
	return nil, nil
}

func (s *Service) untagResource(_ context.Context, in *tagsInput) (*wire.Empty, error) {
	tags, err := s.tagged(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	tags.Remove(in.TagsToRemove)
	return nil, nil
}

// sortedKeys are a map's keys behind a token, cut at a limit; next is the token
// for the rest.
func sortedKeys[T any](all map[string]T, after string, limit int32) (keys []string, next string) {
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if key <= after {
			continue
		}
		if limit > 0 && len(keys) == int(limit) {
			return keys, keys[len(keys)-1]
		}
		keys = append(keys, key)
	}
	return keys, ""
}
