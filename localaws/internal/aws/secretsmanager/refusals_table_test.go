package secretsmanager_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/secretsmanager"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wiretest"
)

// What refusals.md says, beyond what the other tests hold.

func TestRulesOfTheTable(t *testing.T) {
	t.Parallel()
	code := func(string) string { return "ValidationException" }
	wiretest.Refusals(t, newFixture(t).service.Wire(), secretsmanager.Refusals, code, wiretest.MayMiss)
}

// on are the operations on a secret.
func on(id string) map[string]object {
	const policy = `{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"secretsmanager:*","Resource":"*"}]}`
	all := map[string]object{
		"DescribeSecret": {}, "ListSecretVersionIds": {}, "GetResourcePolicy": {}, "DeleteResourcePolicy": {}, "GetSecretValue": {},
		"PutSecretValue": {"SecretString": "a"}, "UpdateSecret": {"Description": "d"}, "DeleteSecret": {},
		"PutResourcePolicy": {"ResourcePolicy": policy}, "TagResource": {"Tags": []object{{"Key": "b", "Value": "c"}}},
		"UntagResource": {"TagKeys": []string{"a"}}, "UpdateSecretVersionStage": {"VersionStage": "AWSCURRENT"}, "RestoreSecret": {},
	}
	for _, in := range all {
		in["SecretId"] = id
	}
	return all
}

func TestWhatIsNotThereIsRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for operation, in := range on("none") {
		assert.Equal(t, "ResourceNotFoundException", f.call(t, operation, in, nil).Code, operation)
	}
	f.call(t, "CreateSecret", object{"Name": "a b"}, nil).Refused(t, "ValidationException")
	f.call(t, "PutSecretValue", object{"SecretId": f.arn}, nil).Refused(t, "InvalidParameterException")
	f.call(t, "PutSecretValue", object{"SecretId": f.arn, "SecretString": "a", "SecretBinary": "YQ=="}, nil).Refused(t, "InvalidParameterException")
	f.call(t, "ListSecrets", object{"Filters": []object{{"Key": "owning-service", "Values": []string{"a"}}}}, nil).Refused(t, "InvalidParameterException")

	f.put(t, "one")
	f.call(t, "DeleteSecret", object{"SecretId": f.arn}, nil).OK(t)
	for operation, in := range on(f.arn) {
		switch operation {
		case "DescribeSecret", "ListSecretVersionIds", "GetResourcePolicy", "DeleteResourcePolicy", "RestoreSecret":
			continue // which AWS, or localaws, lets pass
		}
		assert.Equal(t, "InvalidRequestException", f.call(t, operation, in, nil).Code, operation)
	}
}
