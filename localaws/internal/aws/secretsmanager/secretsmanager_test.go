package secretsmanager_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/secretsmanager"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/clock"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wiretest"
)

type fixture struct {
	*wiretest.Server
	account *core.Account
	clock   *clock.Fake
	service *secretsmanager.Service
	arn     string
}

type object = map[string]any

// newFixture returns a Secrets Manager with the secret "db/password".
func newFixture(t *testing.T) *fixture {
	t.Helper()
	a, fake := wiretest.NewAccount()
	f := &fixture{account: a, clock: fake, service: secretsmanager.New(a)}
	f.Server = wiretest.NewServer(t, a, f.service.Wire())
	var out struct{ ARN string }
	f.call(t, "CreateSecret", object{"Name": "db/password", "Tags": []core.Tag{{Key: "a", Value: "1"}}}, &out).OK(t)
	f.arn = out.ARN
	return f
}

func (f *fixture) call(t *testing.T, operation string, in object, out any) *wiretest.Reply {
	t.Helper()
	return f.JSON(t, "secretsmanager", "secretsmanager."+operation, in, out)
}

func (f *fixture) put(t *testing.T, value string) (version string) {
	t.Helper()
	f.clock.Advance(time.Second)
	var out struct{ VersionID string }
	f.call(t, "PutSecretValue", object{"SecretId": f.arn, "SecretString": value}, &out).OK(t)
	return out.VersionID
}

func (f *fixture) value(name, stage, version string) (value string) {
	f.account.Do(func() { value, _ = f.service.SecretValue(name, stage, version) })
	return value
}

func TestListsNameStagesDifferently(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	version := f.put(t, "one")
	var list struct{ SecretList []object }
	f.call(t, "ListSecrets", object{}, &list).OK(t)
	require.Len(t, list.SecretList, 1)
	assert.Equal(t, object{version: []any{"AWSCURRENT"}}, list.SecretList[0]["SecretVersionsToStages"])
	assert.NotContains(t, list.SecretList[0], "VersionIdsToStages")
	var described object
	f.call(t, "DescribeSecret", object{"SecretId": f.arn}, &described).OK(t)
	assert.Equal(t, object{version: []any{"AWSCURRENT"}}, described["VersionIdsToStages"])
	assert.NotContains(t, described, "SecretVersionsToStages")
}

func TestVersionsAndStages(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.call(t, "GetSecretValue", object{"SecretId": f.arn}, nil).Refused(t, "ResourceNotFoundException")
	first := f.put(t, "one")
	second := f.put(t, "two")
	for _, name := range []string{"db/password", f.arn, f.arn[:len(f.arn)-7]} {
		assert.Equal(t, "two", f.value(name, "", ""), name)
	}
	assert.Equal(t, "one", f.value(f.arn, "AWSPREVIOUS", ""))
	assert.Equal(t, "one", f.value(f.arn, "", first))
	third := f.put(t, "three")
	assert.Equal(t, "two", f.value(f.arn, "AWSPREVIOUS", ""))

	f.call(t, "UpdateSecretVersionStage", object{"SecretId": f.arn, "VersionStage": "AWSCURRENT", "MoveToVersionId": second}, nil).Refused(t, "InvalidParameterException")
	f.call(t, "UpdateSecretVersionStage", object{"SecretId": f.arn, "VersionStage": "AWSCURRENT", "RemoveFromVersionId": third, "MoveToVersionId": second}, nil).OK(t)
	assert.Equal(t, "two", f.value(f.arn, "", ""))
	assert.Equal(t, "three", f.value(f.arn, "AWSPREVIOUS", ""))

	var out struct {
		Versions []struct {
			VersionID     string
			VersionStages []string
		}
	}
	f.call(t, "ListSecretVersionIds", object{"SecretId": f.arn, "IncludeDeprecated": true}, &out).OK(t)
	require.Len(t, out.Versions, 3)
	assert.Equal(t, []string{"AWSPREVIOUS"}, out.Versions[0].VersionStages)
	assert.Empty(t, out.Versions[2].VersionStages)
}

func TestClientRequestTokensAreIdempotent(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	in := object{"SecretId": f.arn, "SecretString": "one", "ClientRequestToken": "0123456789abcdef0123456789abcdef"}
	f.call(t, "PutSecretValue", in, nil).OK(t)
	f.call(t, "PutSecretValue", in, nil).OK(t)
	in["SecretString"] = "two"
	f.call(t, "PutSecretValue", in, nil).Refused(t, "ResourceExistsException")
}

func TestDeletion(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.put(t, "one")
	f.call(t, "DeleteSecret", object{"SecretId": f.arn, "RecoveryWindowInDays": 1}, nil).Refused(t, "InvalidParameterException")
	f.call(t, "DeleteSecret", object{"SecretId": f.arn, "RecoveryWindowInDays": 7}, nil).OK(t)
	f.call(t, "GetSecretValue", object{"SecretId": f.arn}, nil).Refused(t, "InvalidRequestException")
	assert.Empty(t, f.value(f.arn, "", ""))
	var out struct{ DeletedDate float64 }
	f.call(t, "DescribeSecret", object{"SecretId": f.arn}, &out).OK(t)
	assert.NotZero(t, out.DeletedDate)
	f.call(t, "CreateSecret", object{"Name": "db/password"}, nil).Refused(t, "InvalidRequestException")
	f.call(t, "RestoreSecret", object{"SecretId": f.arn}, nil).OK(t)
	assert.Equal(t, "one", f.value(f.arn, "", ""))

	f.call(t, "DeleteSecret", object{"SecretId": f.arn}, nil).OK(t)
	f.clock.Advance(31 * 24 * time.Hour)
	f.call(t, "DescribeSecret", object{"SecretId": f.arn}, nil).Refused(t, "ResourceNotFoundException")
	f.call(t, "CreateSecret", object{"Name": "db/password"}, nil).OK(t)
	f.call(t, "DeleteSecret", object{"SecretId": "db/password", "ForceDeleteWithoutRecovery": true}, nil).OK(t)
	f.call(t, "DescribeSecret", object{"SecretId": "db/password"}, nil).Refused(t, "ResourceNotFoundException")
}

func TestSecretsAreListedUpdatedAndTagged(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.call(t, "CreateSecret", object{"Name": "api/key", "SecretString": "k"}, nil).OK(t)
	f.call(t, "CreateSecret", object{"Name": "api/key"}, nil).Refused(t, "ResourceExistsException")
	f.call(t, "UpdateSecret", object{"SecretId": "api/key", "Description": "d"}, nil).OK(t)
	f.call(t, "TagResource", object{"SecretId": f.arn, "Tags": []core.Tag{{Key: "b", Value: "2"}}}, nil).OK(t)
	f.call(t, "UntagResource", object{"SecretId": f.arn, "TagKeys": []string{"a"}}, nil).OK(t)
	for _, statement := range []string{
		"", `{"Effect":"Allow","Principal":"*","Action":"secretsmanager:*","Resource":"*","Condition":{"Odd":{"a":"b"}}}`,
		`{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}`,
		`{"Effect":"Allow","Principal":"*","Action":"secretsmanager:*","Resource":"` + f.arn + `x"}`,
	} {
		f.call(t, "PutResourcePolicy", object{"SecretId": f.arn, "ResourcePolicy": `{"Statement":[` + statement + `]}`}, nil).Refused(t, "MalformedPolicyDocumentException")
	}
	var out struct {
		SecretList []struct {
			Name, Description string
			Tags              []core.Tag
		}
	}
	f.call(t, "ListSecrets", object{}, &out).OK(t)
	require.Len(t, out.SecretList, 2)
	assert.Equal(t, "d", out.SecretList[0].Description)
	assert.Equal(t, []core.Tag{{Key: "b", Value: "2"}}, out.SecretList[1].Tags)
	f.call(t, "ListSecrets", object{"Filters": []object{{"Key": "name", "Values": []string{"api"}}}}, &out).OK(t)
	require.Len(t, out.SecretList, 1)
}

func TestStateOutlivesTheProcess(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.put(t, "one")
	next := newFixture(t)
	wiretest.Revive(t, f.account, next.account)
	assert.Equal(t, "one", next.value(f.arn, "", ""))
}
