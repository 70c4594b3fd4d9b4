package glue

import (
	"context"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

type database struct {
	Input   databaseInput // its name in lower case
	Created time.Time
	Tags    tags.Set
}

// databaseInput is a database in the API's form.
type databaseInput struct {
	Name                          string
	Description                   string
	LocationUri                   string
	Parameters                    map[string]string
	CreateTableDefaultPermissions []permission
}

type permission struct {
	Principal   *struct{ DataLakePrincipalIdentifier string }
	Permissions []string
}

type databaseOutput struct {
	databaseInput
	CreateTime time.Time
	CatalogId  string
}

func (s *Service) view(d *database) databaseOutput {
	return databaseOutput{d.Input, d.Created, s.account.ID}
}

// database finds a database by its name, whose case doesn't count.
func (s *Service) database(catalogID, name string) (*database, error) {
	if err := s.catalog(catalogID); err != nil {
		return nil, err
	}
	d, ok := s.databases.Get(strings.ToLower(name))
	if !ok {
		return nil, notFound("Database", name)
	}
	return d, nil
}

type createDatabaseInput struct {
	CatalogId     string
	DatabaseInput databaseInput
	Tags          tags.Set
}

func (s *Service) createDatabase(_ context.Context, in *createDatabaseInput) (*wire.Empty, error) {
	if err := s.catalog(in.CatalogId); err != nil {
		return nil, err
	}
	name, err := catalogName("database", in.DatabaseInput.Name)
	if err != nil {
		return nil, err
	}
	if s.databases.Has(name) {
		return nil, exists("Database", name)
	}
	all, err := tagRules.New(in.Tags.List())
	if err != nil {
		return nil, err
	}
	d := &database{Created: s.account.Clock.Now(), Tags: all}
	d.setInput(in.DatabaseInput)
	s.databases.Put(name, d)
	return nil, nil
}

// setInput takes a configuration over. Without permissions, everyone whom IAM
// allows may use the tables.
func (d *database) setInput(in databaseInput) {
	in.Name = strings.ToLower(in.Name)
	if in.CreateTableDefaultPermissions == nil {
		everyone := permission{Permissions: []string{"ALL"}}
		everyone.Principal = &struct{ DataLakePrincipalIdentifier string }{"IAM_ALLOWED_PRINCIPALS"}
		in.CreateTableDefaultPermissions = []permission{everyone}
	}
	d.Input = in
}

type databaseNameInput struct {
	CatalogId string
	Name      string
}

type getDatabaseOutput struct{ Database databaseOutput }

func (s *Service) getDatabase(_ context.Context, in *databaseNameInput) (*getDatabaseOutput, error) {
	d, err := s.database(in.CatalogId, in.Name)
	if err != nil {
		return nil, err
	}
	return &getDatabaseOutput{s.view(d)}, nil
}

type updateDatabaseInput struct {
	CatalogId     string
	Name          string
	DatabaseInput databaseInput
}

func (s *Service) updateDatabase(_ context.Context, in *updateDatabaseInput) (*wire.Empty, error) {
	d, err := s.database(in.CatalogId, in.Name)
	if err != nil {
		return nil, err
	}
	if !strings.EqualFold(in.DatabaseInput.Name, d.Input.Name) {
		return nil, invalid("localaws can't rename the database %s", d.Input.Name)
	}
	s.databases.Put(d.Input.Name, d)
	d.setInput(in.DatabaseInput)
	return nil, nil
}

// deleteDatabase deletes the tables with it.
func (s *Service) deleteDatabase(_ context.Context, in *databaseNameInput) (*wire.Empty, error) {
	d, err := s.database(in.CatalogId, in.Name)
	if err != nil {
		return nil, err
	}
	for id := range s.tables.Prefix(tableID(d.Input.Name, "")) {
		s.tables.Delete(id)
	}
	s.databases.Delete(d.Input.Name)
	return nil, nil
}
