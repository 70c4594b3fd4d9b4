package glue_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/glue"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wiretest"
)

type fixture struct {
	*wiretest.Server
	account *core.Account
	service *glue.Service
}

type object = map[string]any

// newFixture returns a catalog with the database "logs".
func newFixture(t *testing.T) *fixture {
	t.Helper()
	a, _ := wiretest.NewAccount()
	f := &fixture{account: a, service: glue.New(a)}
	f.Server = wiretest.NewServer(t, a, f.service.Wire())
	f.call(t, "CreateDatabase", object{"DatabaseInput": object{"Name": "Logs"}, "Tags": object{"a": "1"}}, nil).OK(t)
	return f
}

func (f *fixture) call(t *testing.T, operation string, in object, out any) *wiretest.Reply {
	t.Helper()
	return f.JSON(t, "glue", "AWSGlue."+operation, in, out)
}

func TestDatabases(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.call(t, "CreateDatabase", object{"DatabaseInput": object{"Name": "logs"}}, nil).Refused(t, "AlreadyExistsException")
	f.call(t, "UpdateDatabase", object{"Name": "logs", "DatabaseInput": object{"Name": "logs", "Description": "d"}}, nil).OK(t)
	var out struct {
		Database struct {
			Name, Description, CatalogID  string
			CreateTableDefaultPermissions []struct{ Permissions []string }
		}
	}
	f.call(t, "GetDatabase", object{"CatalogId": "123456789012", "Name": "LOGS"}, &out).OK(t)
	assert.Equal(t, "logs", out.Database.Name)
	assert.Equal(t, "d", out.Database.Description)
	assert.Equal(t, "123456789012", out.Database.CatalogID)
	require.Len(t, out.Database.CreateTableDefaultPermissions, 1)
	f.call(t, "GetDatabase", object{"CatalogId": "1", "Name": "logs"}, nil).Refused(t, "EntityNotFoundException")

	const arn = "arn:aws:glue:us-west-2:123456789012:database/logs"
	f.call(t, "TagResource", object{"ResourceArn": arn, "TagsToAdd": object{"b": "2"}}, nil).OK(t)
	f.call(t, "UntagResource", object{"ResourceArn": arn, "TagsToRemove": []string{"a"}}, nil).OK(t)
	var tags struct{ Tags map[string]string }
	f.call(t, "GetTags", object{"ResourceArn": arn}, &tags).OK(t)
	assert.Equal(t, map[string]string{"b": "2"}, tags.Tags)

	f.call(t, "DeleteDatabase", object{"Name": "logs"}, nil).OK(t)
	f.call(t, "GetDatabase", object{"Name": "logs"}, nil).Refused(t, "EntityNotFoundException")
}

func TestTables(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	input := object{
		"Name": "alb", "TableType": "EXTERNAL_TABLE", "Parameters": object{"EXTERNAL": "TRUE"},
		"PartitionKeys": []object{{"Name": "day", "Type": "string"}},
		"StorageDescriptor": object{
			"Location": "s3://logs/", "Columns": []object{{"Name": "type", "Type": "string"}},
			"SerdeInfo": object{"SerializationLibrary": "org.apache.hadoop.hive.serde2.RegexSerDe", "Parameters": object{"input.regex": "(.*)"}},
		},
	}
	f.call(t, "CreateTable", object{"DatabaseName": "none", "TableInput": input}, nil).Refused(t, "EntityNotFoundException")
	f.call(t, "CreateTable", object{"DatabaseName": "logs", "TableInput": input, "PartitionIndexes": []object{{"IndexName": "i"}}}, nil).Refused(t, "UnsupportedParameter")
	f.call(t, "CreateTable", object{"DatabaseName": "logs", "TableInput": input, "PartitionIndexes": []object{}}, nil).OK(t) // as the provider calls it
	f.call(t, "CreateTable", object{"DatabaseName": "logs", "TableInput": input}, nil).Refused(t, "AlreadyExistsException")
	var out struct {
		Table struct {
			Name, DatabaseName, TableType, VersionID string
			StorageDescriptor                        struct {
				Columns   []struct{ Name string }
				SerdeInfo struct{ Parameters map[string]string }
			}
		}
	}
	name := object{"DatabaseName": "logs", "Name": "alb"}
	f.call(t, "GetTable", name, &out).OK(t)
	assert.Equal(t, "logs", out.Table.DatabaseName)
	assert.Equal(t, "0", out.Table.VersionID)
	assert.Equal(t, map[string]string{"input.regex": "(.*)"}, out.Table.StorageDescriptor.SerdeInfo.Parameters)
	input["Description"] = "d"
	f.call(t, "UpdateTable", object{"DatabaseName": "logs", "TableInput": input}, nil).OK(t)
	f.call(t, "GetTable", name, &out).OK(t)
	assert.Equal(t, "1", out.Table.VersionID)
	indexes := f.call(t, "GetPartitionIndexes", object{"DatabaseName": "logs", "TableName": "alb"}, nil).OK(t)
	assert.JSONEq(t, `{"PartitionIndexDescriptorList":[]}`, string(indexes.Body))
	f.call(t, "DeleteTable", name, nil).OK(t)
	f.call(t, "GetTable", name, nil).Refused(t, "EntityNotFoundException")
}

func TestStateOutlivesTheProcess(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.call(t, "CreateTable", object{"DatabaseName": "logs", "TableInput": object{"Name": "a"}}, nil).OK(t)
	account, _ := wiretest.NewAccount()
	next := glue.New(account)
	wiretest.Revive(t, f.account, account)
	account.View(func() {
		assert.Equal(t, map[string]int{"databases": 1, "tables": 1}, next.Resources())
		assert.Equal(t, f.service.TaggedResources(), next.TaggedResources())
	})
}

func TestADatabaseTakesItsTablesAlong(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.call(t, "CreateDatabase", object{"DatabaseInput": object{"Name": "logs2"}}, nil).OK(t)
	for _, database := range []string{"LOGS", "logs2"} {
		f.call(t, "CreateTable", object{"DatabaseName": database, "TableInput": object{"Name": "A"}}, nil).OK(t)
	}
	f.call(t, "CreateTable", object{"DatabaseName": "logs", "TableInput": object{"Name": "a\nb"}}, nil).Refused(t, "InvalidInputException")
	f.call(t, "CreateTable", object{"DatabaseName": "logs", "TableInput": object{"Name": "a\x00b"}}, nil).Refused(t, "InvalidInputException")
	f.call(t, "DeleteDatabase", object{"Name": "logs"}, nil).OK(t)
	f.account.View(func() { assert.Equal(t, map[string]int{"databases": 1, "tables": 1}, f.service.Resources()) })
	f.call(t, "GetTable", object{"DatabaseName": "logs2", "Name": "a"}, nil).OK(t)
	f.call(t, "CreateDatabase", object{"DatabaseInput": object{"Name": "logs"}}, nil).OK(t)
	f.call(t, "GetTable", object{"DatabaseName": "logs", "Name": "a"}, nil).Refused(t, "EntityNotFoundException")
}
