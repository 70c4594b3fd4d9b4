// Package athena is Amazon Athena as far as workgroups and named queries go.
// Queries can't be run.
//
// API: https://docs.aws.amazon.com/athena/latest/APIReference/.
package athena

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// primary is the workgroup that every account has.
const primary = "primary"

// Service is Athena. Its methods are called with the account's lock held.
type Service struct {
	account *core.Account
	state   state
}

// state is what outlives the process.
type state struct {
	WorkGroups map[string]*workGroup
	Queries    map[string]*namedQuery
}

type workGroup struct {
	Name          string
	State         string
	Description   string
	Configuration configuration
	Created       time.Time
	Tags          core.Tags
}

// namedQuery is a saved query in the API's form.
type namedQuery struct {
	Name         string
	Description  string
	Database     string
	QueryString  string
	NamedQueryId string
	WorkGroup    string
}

// New returns an Athena with the primary workgroup.
func New(a *core.Account) *Service {
	s := &Service{account: a}
	s.init()
	return s
}

func (s *Service) init() {
	if s.state.WorkGroups == nil {
		s.state.WorkGroups = map[string]*workGroup{}
	}
	if s.state.Queries == nil {
		s.state.Queries = map[string]*namedQuery{}
	}
	if s.state.WorkGroups[primary] == nil {
		s.state.WorkGroups[primary] = &workGroup{
			Name: primary, State: stateEnabled, Created: s.account.Clock.Now(), Tags: core.Tags{},
			Configuration: configuration{}.withDefaults(),
		}
	}
}

// Wire is the service's entry in the server.
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name: "athena", Protocol: wire.JSON11, TargetPrefix: "AmazonAthena",
		Operations: []wire.Operation{
			wire.Op("CreateWorkGroup", s.createWorkGroup),
			wire.ReadOp("GetWorkGroup", s.getWorkGroup),
			wire.ReadOp("ListWorkGroups", s.listWorkGroups),
			wire.Op("UpdateWorkGroup", s.updateWorkGroup),
			wire.Op("DeleteWorkGroup", s.deleteWorkGroup),
			wire.Op("CreateNamedQuery", s.createNamedQuery),
			wire.ReadOp("GetNamedQuery", s.getNamedQuery),
			wire.ReadOp("ListNamedQueries", s.listNamedQueries),
			wire.Op("DeleteNamedQuery", s.deleteNamedQuery),
			wire.Op("TagResource", s.tagResource),
			wire.Op("UntagResource", s.untagResource),
			wire.ReadOp("ListTagsForResource", s.listTags),
		},
	}
}

// Name is the service's key in the snapshot.
func (s *Service) Name() string { return "athena" }

// Snapshot returns all state.
func (s *Service) Snapshot() any { return s.state }

// Restore replaces the state.
func (s *Service) Restore(raw json.RawMessage) error {
	var restored state
	if err := json.Unmarshal(raw, &restored); err != nil {
		return fmt.Errorf("restoring athena: %w", err)
	}
	s.state = restored
	s.init()
	return nil
}

// Resources is the number of resources by kind, for the status page. The
// primary workgroup doesn't count.
func (s *Service) Resources() map[string]int {
	return map[string]int{"workgroups": len(s.state.WorkGroups) - 1, "named queries": len(s.state.Queries)}
}

func invalid(format string, args ...any) *wire.Error {
	return wire.Errorf("InvalidRequestException", format, args...)
}

type createNamedQueryInput struct {
	Name               string
	Description        string
	Database           string
	QueryString        string
	ClientRequestToken string
	WorkGroup          string
}

type namedQueryIDOutput struct{ NamedQueryId string }

func (s *Service) createNamedQuery(_ context.Context, in *createNamedQueryInput) (*namedQueryIDOutput, error) {
	if in.WorkGroup == "" {
		in.WorkGroup = primary
	}
	if _, err := s.workGroup(in.WorkGroup); err != nil {
		return nil, err
	}
	if in.Name == "" || in.Database == "" || in.QueryString == "" {
		return nil, invalid("A named query needs Name, Database and QueryString")
	}
	q := &namedQuery{
		Name: in.Name, Description: in.Description, Database: in.Database, QueryString: in.QueryString,
		NamedQueryId: ids.UUID(), WorkGroup: in.WorkGroup,
	}
	s.state.Queries[q.NamedQueryId] = q
	return &namedQueryIDOutput{q.NamedQueryId}, nil
}

func (s *Service) query(id string) (*namedQuery, error) {
	q, ok := s.state.Queries[id]
	if !ok {
		return nil, invalid("NamedQuery %s does not exist", id)
	}
	return q, nil
}

type namedQueryIDInput struct{ NamedQueryId string }

type getNamedQueryOutput struct{ NamedQuery namedQuery }

func (s *Service) getNamedQuery(_ context.Context, in *namedQueryIDInput) (*getNamedQueryOutput, error) {
	q, err := s.query(in.NamedQueryId)
	if err != nil {
		return nil, err
	}
	return &getNamedQueryOutput{*q}, nil
}

func (s *Service) deleteNamedQuery(_ context.Context, in *namedQueryIDInput) (*wire.Empty, error) {
	q, err := s.query(in.NamedQueryId)
	if err != nil {
		return nil, err
	}
	delete(s.state.Queries, q.NamedQueryId)
	return nil, nil
}

type listInput struct {
	WorkGroup  string
	MaxResults int32
	NextToken  string
}

type listNamedQueriesOutput struct {
	NamedQueryIds []string
	NextToken     string
}

func (s *Service) listNamedQueries(_ context.Context, in *listInput) (*listNamedQueriesOutput, error) {
	if in.WorkGroup == "" {
		in.WorkGroup = primary
	}
	if _, err := s.workGroup(in.WorkGroup); err != nil {
		return nil, err
	}
	out := &listNamedQueriesOutput{NamedQueryIds: []string{}}
	limit := pageSize(in.MaxResults)
	for _, id := range slices.Sorted(maps.Keys(s.state.Queries)) {
		if id <= in.NextToken || s.state.Queries[id].WorkGroup != in.WorkGroup {
			continue
		}
		if len(out.NamedQueryIds) == limit {
			out.NextToken = out.NamedQueryIds[limit-1]
			break
		}
		out.NamedQueryIds = append(out.NamedQueryIds, id)
	}
	return out, nil
}

func pageSize(limit int32) int {
	if limit <= 0 || limit > 50 {
		return 50
	}
	return int(limit)
}

type tagsInput struct {
	ResourceARN string
	Tags        []core.Tag
	TagKeys     []string
	MaxResults  int32
	NextToken   string
}

type tagsOutput struct{ Tags []core.Tag }

func (s *Service) tagged(arn string) (core.Tags, error) {
	_, name, _ := strings.Cut(arn, ":workgroup/")
	g, ok := s.state.WorkGroups[name]
	if !ok {
		return nil, wire.Errorf("ResourceNotFoundException", "The resource %s does not exist", arn)
	}
	return g.Tags, nil
}

func (s *Service) tagResource(_ context.Context, in *tagsInput) (*wire.Empty, error) {
	tags, err := s.tagged(in.ResourceARN)
	if err != nil {
		return nil, err
	}
	tags.Put(in.Tags)
	return nil, nil
}

func (s *Service) untagResource(_ context.Context, in *tagsInput) (*wire.Empty, error) {
	tags, err := s.tagged(in.ResourceARN)
	if err != nil {
		return nil, err
	}
	tags.Remove(in.TagKeys)
	return nil, nil
}

func (s *Service) listTags(_ context.Context, in *tagsInput) (*tagsOutput, error) {
	tags, err := s.tagged(in.ResourceARN)
	if err != nil {
		return nil, err
	}
	return &tagsOutput{tags.List()}, nil
}
