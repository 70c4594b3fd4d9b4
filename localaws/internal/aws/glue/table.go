package glue

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

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
	Name                          string
	DatabaseName                  string
	Description                   string
	Owner                         string
	CreateTime                    time.Time
	UpdateTime                    time.Time
	LastAccessTime                time.Time
	LastAnalyzedTime              time.Time
	Retention                     *int32
	StorageDescriptor             *storageDescriptor
	PartitionKeys                 []column
	ViewOriginalText              string
	ViewExpandedText              string
	TableType                     string
	Parameters                    map[string]string
	CreatedBy                     string
	IsRegisteredWithLakeFormation bool
	CatalogId                     string
	VersionId                     string
}

func (s *Service) tableView(databaseName string, t *table) tableOutput {
	in := t.Input
	return tableOutput{
		Name: in.Name, DatabaseName: databaseName, Description: in.Description, Owner: in.Owner, CreateTime: t.Created, UpdateTime: t.Updated,
		LastAccessTime: in.LastAccessTime, LastAnalyzedTime: in.LastAnalyzedTime, Retention: in.Retention, StorageDescriptor: in.StorageDescriptor,
		PartitionKeys: in.PartitionKeys, ViewOriginalText: in.ViewOriginalText, ViewExpandedText: in.ViewExpandedText, TableType: in.TableType,
		Parameters: in.Parameters, CreatedBy: s.account.GlobalARN("iam", "root"), CatalogId: s.account.ID, VersionId: strconv.Itoa(t.Version),
	}
}

func (s *Service) table(catalogID, databaseName, name string) (*database, *table, error) {
	d, err := s.database(catalogID, databaseName)
	if err != nil {
		return nil, nil, err
	}
	t, ok := d.Tables[strings.ToLower(name)]
	if !ok {
		return nil, nil, notFound("Table", name)
	}
	return d, t, nil
}

type createTableInput struct {
	CatalogId        string
	DatabaseName     string
	TableInput       tableInput
	PartitionIndexes []partitionIndex
}

type partitionIndex struct {
	IndexName string
	Keys      []string
}

func (s *Service) createTable(_ context.Context, in *createTableInput) (*wire.Empty, error) {
	d, err := s.database(in.CatalogId, in.DatabaseName)
	if err != nil {
		return nil, err
	}
	name := strings.ToLower(in.TableInput.Name)
	if name == "" || len(name) > 255 {
		return nil, invalid("The table's name must have 1 to 255 characters: %q", in.TableInput.Name)
	}
	if d.Tables[name] != nil {
		return nil, exists("Table", name)
	}
	now := s.account.Clock.Now()
	t := &table{Created: now, Indexes: in.PartitionIndexes}
	t.setInput(in.TableInput, now)
	for _, index := range t.Indexes {
		if _, err := t.describe(index); err != nil {
			return nil, err
		}
	}
	d.Tables[name] = t
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
	d, t, err := s.table(in.CatalogId, in.DatabaseName, in.Name)
	if err != nil {
		return nil, err
	}
	return &getTableOutput{s.tableView(d.Input.Name, t)}, nil
}

type getTablesOutput struct {
	TableList []tableOutput
	NextToken string
}

func (s *Service) getTables(_ context.Context, in *pageInput) (*getTablesOutput, error) {
	d, err := s.database(in.CatalogId, in.DatabaseName)
	if err != nil {
		return nil, err
	}
	names, next := sortedKeys(d.Tables, in.NextToken, in.MaxResults)
	out := &getTablesOutput{TableList: []tableOutput{}, NextToken: next}
	for _, name := range names {
		out.TableList = append(out.TableList, s.tableView(d.Input.Name, d.Tables[name]))
	}
	return out, nil
}

type updateTableInput struct {
	CatalogId    string
	DatabaseName string
	TableInput   tableInput
	SkipArchive  bool
}

func (s *Service) updateTable(_ context.Context, in *updateTableInput) (*wire.Empty, error) {
	_, t, err := s.table(in.CatalogId, in.DatabaseName, in.TableInput.Name)
	if err != nil {
		return nil, err
	}
	t.setInput(in.TableInput, s.account.Clock.Now())
	t.Version++
	return nil, nil
}

func (s *Service) deleteTable(_ context.Context, in *tableNameInput) (*wire.Empty, error) {
	d, t, err := s.table(in.CatalogId, in.DatabaseName, in.Name)
	if err != nil {
		return nil, err
	}
	delete(d.Tables, t.Input.Name)
	return nil, nil
}

type partitionIndexesInput struct {
	CatalogId    string
	DatabaseName string
	TableName    string
	NextToken    string
}

type partitionIndexesOutput struct {
	PartitionIndexDescriptorList []partitionIndexDetail
}

type partitionIndexDetail struct {
	IndexName   string
	Keys        []partitionKey
	IndexStatus string
}

type partitionKey struct{ Name, Type string }

func (s *Service) getPartitionIndexes(_ context.Context, in *partitionIndexesInput) (*partitionIndexesOutput, error) {
	_, t, err := s.table(in.CatalogId, in.DatabaseName, in.TableName)
	if err != nil {
		return nil, err
	}
	out := &partitionIndexesOutput{[]partitionIndexDetail{}}
	for _, index := range t.Indexes {
		detail, err := t.describe(index)
		if err != nil {
			return nil, err
		}
		out.PartitionIndexDescriptorList = append(out.PartitionIndexDescriptorList, detail)
	}
	return out, nil
}

// describe names the types of an index's keys, which have to be partition keys.
func (t *table) describe(index partitionIndex) (partitionIndexDetail, error) {
	detail := partitionIndexDetail{IndexName: index.IndexName, IndexStatus: "ACTIVE"}
	for _, name := range index.Keys {
		at := slices.IndexFunc(t.Input.PartitionKeys, func(c column) bool { return c.Name == name })
		if at < 0 {
			return detail, invalid("The key %s of the index %s is no partition key of the table %s", name, index.IndexName, t.Input.Name)
		}
		detail.Keys = append(detail.Keys, partitionKey{name, t.Input.PartitionKeys[at].Type})
	}
	return detail, nil
}
