package glue

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// separator is in no name.
const separator = "\x00"

type table struct {
	Database string
	Input    tableInput // its name in lower case
	Created  time.Time
	Updated  time.Time
	Version  int
}

// tableID is the id of a table's record; without a table's name, what the ids of
// a database's tables begin with.
func tableID(database, name string) string {
	return strings.ToLower(database) + separator + strings.ToLower(name)
}

func (t *table) id() string { return tableID(t.Database, t.Input.Name) }

// tableInput is a table in the API's form.
type tableInput struct {
	Name              string
	Description       string
	Owner             string
	LastAccessTime    time.Time
	LastAnalyzedTime  time.Time
	Retention         *int32
	StorageDescriptor *storageDescriptor
	PartitionKeys     []column
	ViewOriginalText  string
	ViewExpandedText  string
	TableType         string
	Parameters        map[string]string
}

type storageDescriptor struct {
	Columns                []column
	Location               string
	AdditionalLocations    []string
	InputFormat            string
	OutputFormat           string
	Compressed             *bool
	NumberOfBuckets        *int32
	SerdeInfo              *serdeInfo
	BucketColumns          []string
	SortColumns            []sortColumn
	Parameters             map[string]string
	SkewedInfo             *skewedInfo
	StoredAsSubDirectories *bool
}

type column struct {
	Name       string
	Type       string
	Comment    string
	Parameters map[string]string
}

type serdeInfo struct {
	Name                 string
	SerializationLibrary string
	Parameters           map[string]string
}

type sortColumn struct {
	Column    string
	SortOrder int32
}

type skewedInfo struct {
	SkewedColumnNames             []string
	SkewedColumnValues            []string
	SkewedColumnValueLocationMaps map[string]string
}

type tableOutput struct {
	tableInput
	DatabaseName                  string
	CreateTime                    time.Time
	UpdateTime                    time.Time
	CreatedBy                     string
	IsRegisteredWithLakeFormation bool
	CatalogId                     string
	VersionId                     string
}

func (s *Service) tableView(t *table) tableOutput {
	return tableOutput{
		tableInput: t.Input, DatabaseName: t.Database, CreateTime: t.Created, UpdateTime: t.Updated,
		CreatedBy: s.account.GlobalARN("iam", "root"), CatalogId: s.account.ID, VersionId: strconv.Itoa(t.Version),
	}
}

// table finds a table by its name, whose case doesn't count.
func (s *Service) table(catalogID, databaseName, name string) (*table, error) {
	if _, err := s.database(catalogID, databaseName); err != nil {
		return nil, err
	}
	t, ok := s.tables.Get(tableID(databaseName, name))
	if !ok {
		return nil, notFound("Table", name)
	}
	return t, nil
}

type createTableInput struct {
	CatalogId    string
	DatabaseName string
	TableInput   tableInput
	// PartitionIndexes may be empty, as the provider sends it: an index has
	// members, and none of them is known here.
	PartitionIndexes []struct{}
}

func (s *Service) createTable(_ context.Context, in *createTableInput) (*wire.Empty, error) {
	d, err := s.database(in.CatalogId, in.DatabaseName)
	if err != nil {
		return nil, err
	}
	name, err := catalogName("table", in.TableInput.Name)
	if err != nil {
		return nil, err
	}
	now := s.account.Clock.Now()
	t := &table{Database: d.Input.Name, Created: now}
	t.setInput(in.TableInput, now)
	if s.tables.Has(t.id()) {
		return nil, exists("Table", name)
	}
	s.tables.Put(t.id(), t)
	return nil, nil
}

// setInput takes a definition over; what is left out has Glue's defaults.
func (t *table) setInput(in tableInput, now time.Time) {
	in.Name = strings.ToLower(in.Name)
	if in.Retention == nil {
		in.Retention = new(int32)
	}
	if in.PartitionKeys == nil {
		in.PartitionKeys = []column{}
	}
	if d := in.StorageDescriptor; d != nil {
		if d.Compressed == nil {
			d.Compressed = new(bool)
		}
		if d.StoredAsSubDirectories == nil {
			d.StoredAsSubDirectories = new(bool)
		}
		if d.NumberOfBuckets == nil {
			d.NumberOfBuckets = new(int32)
		}
	}
	t.Input, t.Updated = in, now
}

type tableNameInput struct {
	CatalogId    string
	DatabaseName string
	Name         string
}

type getTableOutput struct{ Table tableOutput }

func (s *Service) getTable(_ context.Context, in *tableNameInput) (*getTableOutput, error) {
	t, err := s.table(in.CatalogId, in.DatabaseName, in.Name)
	if err != nil {
		return nil, err
	}
	return &getTableOutput{s.tableView(t)}, nil
}

type updateTableInput struct {
	CatalogId    string
	DatabaseName string
	TableInput   tableInput
	SkipArchive  bool
}

func (s *Service) updateTable(_ context.Context, in *updateTableInput) (*wire.Empty, error) {
	t, err := s.table(in.CatalogId, in.DatabaseName, in.TableInput.Name)
	if err != nil {
		return nil, err
	}
	s.tables.Put(t.id(), t)
	t.setInput(in.TableInput, s.account.Clock.Now())
	t.Version++
	return nil, nil
}

func (s *Service) deleteTable(_ context.Context, in *tableNameInput) (*wire.Empty, error) {
	t, err := s.table(in.CatalogId, in.DatabaseName, in.Name)
	if err != nil {
		return nil, err
	}
	s.tables.Delete(t.id())
	return nil, nil
}

type partitionIndexesInput struct {
	CatalogId    string
	DatabaseName string
	TableName    string
	NextToken    string
}

type partitionIndexesOutput struct {
	PartitionIndexDescriptorList []struct{}
}

// getPartitionIndexes answers that a table has none: localaws makes none.
func (s *Service) getPartitionIndexes(_ context.Context, in *partitionIndexesInput) (*partitionIndexesOutput, error) {
	_, err := s.table(in.CatalogId, in.DatabaseName, in.TableName)
	return &partitionIndexesOutput{[]struct{}{}}, err
}
