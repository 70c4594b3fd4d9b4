package glue_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/glue"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wiretest"
)

// What refusals.md says, beyond what the other tests hold.

func TestRulesOfTheTable(t *testing.T) {
	t.Parallel()
	code := func(string) string { return "InvalidInputException" }
	wiretest.Refusals(t, newFixture(t).service.Wire(), glue.Refusals, code, wiretest.MayMiss)
}

const none = "arn:aws:glue:us-west-2:123456789012:database/none"

func TestWhatIsNotThereIsRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for operation, in := range map[string]object{
		"GetDatabase": {"Name": "none"}, "DeleteDatabase": {"Name": "none"}, "UpdateDatabase": {"Name": "none", "DatabaseInput": object{"Name": "none"}},
		"GetTable": {"DatabaseName": "logs", "Name": "none"}, "DeleteTable": {"DatabaseName": "logs", "Name": "none"},
		"CreateTable":         {"DatabaseName": "none", "TableInput": object{"Name": "a"}},
		"UpdateTable":         {"DatabaseName": "logs", "TableInput": object{"Name": "none"}},
		"GetPartitionIndexes": {"DatabaseName": "logs", "TableName": "none"},
		"GetTags":             {"ResourceArn": none}, "TagResource": {"ResourceArn": none, "TagsToAdd": object{"a": "b"}},
		"UntagResource": {"ResourceArn": none, "TagsToRemove": []string{"a"}},
	} {
		assert.Equal(t, "EntityNotFoundException", f.call(t, operation, in, nil).Code, operation)
	}
}

func TestTagsThatAreRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	many := object{}
	for i := range 51 {
		many[fmt.Sprint("key", i)] = "v"
	}
	arn := strings.Replace(none, "none", "logs", 1)
	for name, tags := range map[string]object{
		"too many": many, "long key": {strings.Repeat("k", 129): "v"}, "no key": {"": "v"}, "long value": {"k": strings.Repeat("v", 257)}, "reserved": {"aws:k": "v"},
	} {
		assert.Equal(t, "InvalidInputException", f.call(t, "TagResource", object{"ResourceArn": arn, "TagsToAdd": tags}, nil).Code, name)
		created := f.call(t, "CreateDatabase", object{"DatabaseInput": object{"Name": "new"}, "Tags": tags}, nil)
		assert.Equal(t, "InvalidInputException", created.Code, name)
	}
}
