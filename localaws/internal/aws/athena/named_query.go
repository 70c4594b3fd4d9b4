package athena

import (
	"cmp"
	"context"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/paging"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// namedQuery is a saved query in the API's form.
type namedQuery struct {
	savedQuery
	NamedQueryId string
}

// savedQuery is what a client gives of a named query.
type savedQuery struct {
	Name        string
	Description string
	Database    string
	QueryString string
	WorkGroup   string
}

type createNamedQueryInput struct {
	savedQuery
	ClientRequestToken string
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
	q := &namedQuery{in.savedQuery, ids.UUID()}
	s.queries.Put(q.NamedQueryId, q)
	return &namedQueryIDOutput{q.NamedQueryId}, nil
}

func (s *Service) query(id string) (*namedQuery, error) {
	q, ok := s.queries.Get(id)
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
	s.queries.Delete(q.NamedQueryId)
	return nil, nil
}

type listNamedQueriesInput struct {
	pageInput
	WorkGroup string
}

type listNamedQueriesOutput struct {
	NamedQueryIds []string
	NextToken     string
}

func (s *Service) listNamedQueries(_ context.Context, in *listNamedQueriesInput) (*listNamedQueriesOutput, error) {
	g, err := s.workGroup(cmp.Or(in.WorkGroup, primary))
	if err != nil {
		return nil, err
	}
	var all []string
	for id, q := range s.queries.All() {
		if q.WorkGroup == g.Name {
			all = append(all, id)
		}
	}
	page, next, err := paging.Cut(pages, all, func(id string) string { return id }, in.MaxResults, in.NextToken)
	return &listNamedQueriesOutput{page, next}, err
}
