package glue

import (
	"context"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

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
	Name                          string
	Description                   string
	LocationUri                   string
	Parameters                    map[string]string
	CreateTime                    time.Time
	CreateTableDefaultPermissions []permission
	CatalogId                     string
}

func (s *Service) view(d *database) databaseOutput {
	return databaseOutput{
		Name: d.Input.Name, Description: d.Input.Description, LocationUri: d.Input.LocationUri, Parameters: d.Input.Parameters,
		CreateTime: d.Created, CreateTableDefaultPermissions: d.Input.CreateTableDefaultPermissions, CatalogId: s.account.ID,
	}
}

type createDatabaseInput struct {
	CatalogId     string
	DatabaseInput databaseInput
	Tags          map[string]string
}

func (s *Service) createDatabase(_ context.Context, in *createDatabaseInput) (*wire.Empty, error) {
	if err := s.catalog(in.CatalogId); err != nil {
		return nil, err
	}
	name := strings.ToLower(in.DatabaseInput.Name)
	if name == "" || len(name) > 255 {
		return nil, invalid("The database's name must have 1 to 255 characters: %q", in.DatabaseInput.Name)
	}
	if s.state.Databases[name] != nil {
		return nil, exists("Database", name)
	}
	d := &database{Input: in.DatabaseInput, Created: s.account.Clock.Now(), Tables: map[string]*table{}, Tags: core.Tags{}}
	for key, value := range in.Tags {
		d.Tags[key] = value
	}
	d.setInput(in.DatabaseInput)
	s.state.Databases[name] = d
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

type pageInput struct {
	CatalogId    string
	DatabaseName string
	NextToken    string
	MaxResults   int32
}

type getDatabasesOutput struct {
	DatabaseList []databaseOutput
	NextToken    string
}

func (s *Service) getDatabases(_ context.Context, in *pageInput) (*getDatabasesOutput, error) {
	if err := s.catalog(in.CatalogId); err != nil {
		return nil, err
	}
	names, next := sortedKeys(s.state.Databases, in.NextToken, in.MaxResults)
	out := &getDatabasesOutput{DatabaseList: []databaseOutput{}, NextToken: next}
	for _, name := range names {
		out.DatabaseList = append(out.DatabaseList, s.view(s.state.Databases[name]))
	}
	return out, nil
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
	d.setInput(in.DatabaseInput)
	return nil, nil
}

// deleteDatabase deletes the tables with it.
func (s *Service) deleteDatabase(_ context.Context, in *databaseNameInput) (*wire.Empty, error) {
	d, err := s.database(in.CatalogId, in.Name)
	if err != nil {
		return nil, err
	}
	delete(s.state.Databases, d.Input.Name)
	return nil, nil
}

// TaggedResources lists what can have tags, for the Tagging API.
func (s *Service) TaggedResources() []core.TaggedResource {
	var all []core.TaggedResource
	for name, d := range s.state.Databases {
		all = append(all, core.TaggedResource{ARN: s.account.ARN("glue", "database/"+name), Tags: d.Tags})
	}
	return all
}
