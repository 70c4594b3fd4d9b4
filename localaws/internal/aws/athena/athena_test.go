package athena_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/athena"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wiretest"
)

type fixture struct {
	*wiretest.Server
	account *core.Account
	service *athena.Service
}

type object = map[string]any

// newFixture returns an Athena with the workgroup "logs".
func newFixture(t *testing.T) *fixture {
	t.Helper()
	a, _ := wiretest.NewAccount()
	f := &fixture{account: a, service: athena.New(a)}
	f.Server = wiretest.NewServer(t, a, f.service.Wire())
	f.call(t, "CreateWorkGroup", object{
		"Name": "logs", "Tags": []tags.Tag{{Key: "a", Value: "1"}},
		"Configuration": object{"ResultConfiguration": object{"OutputLocation": "s3://results/", "EncryptionConfiguration": object{"EncryptionOption": "SSE_S3"}}},
	}, nil).OK(t)
	return f
}

func (f *fixture) call(t *testing.T, operation string, in object, out any) *wiretest.Reply {
	t.Helper()
	return f.JSON(t, "athena", "AmazonAthena."+operation, in, out)
}

func TestWorkGroups(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	type detail struct {
		WorkGroup struct {
			Name, State, Description string
			Configuration            struct {
				EnforceWorkGroupConfiguration bool
				BytesScannedCutoffPerQuery    *int64
				EngineVersion                 struct{ SelectedEngineVersion, EffectiveEngineVersion string }
				ResultConfiguration           struct {
					OutputLocation          string
					EncryptionConfiguration *object
				}
			}
		}
	}
	get := func() (out detail) {
		f.call(t, "GetWorkGroup", object{"WorkGroup": "logs"}, &out).OK(t)
		return out
	}
	before := get().WorkGroup
	assert.Equal(t, "ENABLED", before.State)
	assert.True(t, before.Configuration.EnforceWorkGroupConfiguration)
	assert.Equal(t, "AUTO", before.Configuration.EngineVersion.SelectedEngineVersion)
	assert.Equal(t, "Athena engine version 3", before.Configuration.EngineVersion.EffectiveEngineVersion)

	f.call(t, "UpdateWorkGroup", object{"WorkGroup": "logs", "Description": "d", "State": "DISABLED", "ConfigurationUpdates": object{
		"BytesScannedCutoffPerQuery": 20000000,
		"ResultConfigurationUpdates": object{"RemoveEncryptionConfiguration": true},
	}}, nil).OK(t)
	after := get().WorkGroup
	assert.Equal(t, "DISABLED", after.State)
	assert.Equal(t, int64(20000000), *after.Configuration.BytesScannedCutoffPerQuery)
	assert.Equal(t, "s3://results/", after.Configuration.ResultConfiguration.OutputLocation)
	assert.Nil(t, after.Configuration.ResultConfiguration.EncryptionConfiguration)

	f.call(t, "DeleteWorkGroup", object{"WorkGroup": "primary"}, nil).Refused(t, "InvalidRequestException")
	f.call(t, "DeleteWorkGroup", object{"WorkGroup": "logs"}, nil).OK(t)
	gone := f.call(t, "GetWorkGroup", object{"WorkGroup": "logs"}, nil).Refused(t, "InvalidRequestException")
	assert.Contains(t, gone.Message, "is not found")
}

func TestWorkGroupsThatAreRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for name, in := range map[string]object{
		"taken":      {"Name": "logs"},
		"bad name":   {"Name": "a b"},
		"no S3 path": {"Name": "x", "Configuration": object{"ResultConfiguration": object{"OutputLocation": "/tmp"}}},
		"low cutoff": {"Name": "x", "Configuration": object{"BytesScannedCutoffPerQuery": 1}},
		"odd engine": {"Name": "x", "Configuration": object{"EngineVersion": object{"SelectedEngineVersion": "PySpark"}}},
	} {
		assert.Equal(t, "InvalidRequestException", f.call(t, "CreateWorkGroup", in, nil).Code, name)
	}
}

func TestTags(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const arn = "arn:aws:athena:us-west-2:123456789012:workgroup/logs"
	f.call(t, "TagResource", object{"ResourceARN": arn, "Tags": []tags.Tag{{Key: "b", Value: "2"}}}, nil).OK(t)
	f.call(t, "UntagResource", object{"ResourceARN": arn, "TagKeys": []string{"a"}}, nil).OK(t)
	var out struct{ Tags []tags.Tag }
	f.call(t, "ListTagsForResource", object{"ResourceARN": arn}, &out).OK(t)
	assert.Equal(t, []tags.Tag{{Key: "b", Value: "2"}}, out.Tags)
}

func TestStateOutlivesTheProcess(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	account, _ := wiretest.NewAccount()
	next := athena.New(account)
	wiretest.Revive(t, f.account, account)
	account.View(func() {
		assert.Equal(t, map[string]int{"workgroups": 1}, next.Resources())
		assert.Equal(t, f.service.TaggedResources(), next.TaggedResources())
	})
}

func TestRefusedUpdatesLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	before := f.call(t, "GetWorkGroup", object{"WorkGroup": "logs"}, nil).OK(t)
	f.call(t, "UpdateWorkGroup", object{"WorkGroup": "logs", "Description": "d", "ConfigurationUpdates": object{
		"EnforceWorkGroupConfiguration": false,
		"ResultConfigurationUpdates":    object{"OutputLocation": "/tmp", "RemoveEncryptionConfiguration": true},
	}}, nil).Refused(t, "InvalidRequestException")
	after := f.call(t, "GetWorkGroup", object{"WorkGroup": "logs"}, nil).OK(t)
	assert.JSONEq(t, string(before.Body), string(after.Body))
}
