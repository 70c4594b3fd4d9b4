package kms_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/kms"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/clock"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wiretest"
)

type fixture struct {
	*wiretest.Server
	account *core.Account
	clock   *clock.Fake
	service *kms.Service
}

type object = map[string]any

// newFixture returns a KMS that works until the test ends.
func newFixture(t *testing.T) *fixture {
	t.Helper()
	a, fake := wiretest.NewAccount()
	f := &fixture{account: a, clock: fake, service: kms.New(a)}
	f.Server = wiretest.NewServer(t, a, f.service.Wire())
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var running sync.WaitGroup
	running.Go(func() { f.service.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	return f
}

func (f *fixture) call(t *testing.T, operation string, in object, out any) *wiretest.Reply {
	t.Helper()
	return f.JSON(t, "kms", "TrentService."+operation, in, out)
}

type metadata struct {
	KeyMetadata struct {
		KeyID, Arn, KeyState, Description, KeySpec, AWSAccountID string
		Enabled                                                  bool
		CreationDate, DeletionDate                               float64
	}
}

const (
	administer = `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"kms:*","Resource":"*"}`
	letLogs    = `{"Effect":"Allow","Principal":{"Service":"logs.us-west-2.amazonaws.com"},"Action":["kms:Encrypt*","kms:Decrypt*","kms:GenerateDataKey*"],` +
		`"Resource":"*","Condition":{"ArnLike":{"kms:EncryptionContext:aws:logs:arn":"arn:aws:logs:us-west-2:123456789012:log-group:/ecs/*"}}}`
)

func policy(statements ...string) string {
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}

func (f *fixture) create(t *testing.T, in object) (id string) {
	t.Helper()
	var made metadata
	f.call(t, "CreateKey", in, &made).OK(t)
	return made.KeyMetadata.KeyID
}

func TestKeyLife(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.create(t, object{"Description": "logs", "Tags": []object{{"TagKey": "a", "TagValue": "1"}}})
	var seen metadata
	f.call(t, "DescribeKey", object{"KeyId": id}, &seen).OK(t)
	arn := "arn:aws:kms:us-west-2:123456789012:key/" + id
	assert.Equal(t, arn, seen.KeyMetadata.Arn)
	assert.Equal(t, "Enabled", seen.KeyMetadata.KeyState)
	assert.Equal(t, "123456789012", seen.KeyMetadata.AWSAccountID)
	assert.NotZero(t, seen.KeyMetadata.CreationDate)

	f.call(t, "UpdateKeyDescription", object{"KeyId": arn, "Description": "other"}, nil).OK(t)
	f.call(t, "DisableKey", object{"KeyId": id}, nil).OK(t)
	f.call(t, "DescribeKey", object{"KeyId": arn}, &seen).OK(t)
	assert.Equal(t, "other", seen.KeyMetadata.Description)
	assert.False(t, seen.KeyMetadata.Enabled)
	f.call(t, "EnableKey", object{"KeyId": id}, nil).OK(t)

	f.call(t, "ScheduleKeyDeletion", object{"KeyId": id, "PendingWindowInDays": 6}, nil).Refused(t, "ValidationException")
	f.call(t, "ScheduleKeyDeletion", object{"KeyId": id, "PendingWindowInDays": 7}, nil).OK(t)
	f.call(t, "TagResource", object{"KeyId": id, "Tags": []object{}}, nil).Refused(t, "KMSInvalidStateException")
	f.account.Do(func() { assert.Equal(t, map[string]int{"keys": 0}, f.service.Resources()) })
	reply := f.call(t, "CancelKeyDeletion", object{"KeyId": id}, nil).OK(t)
	assert.JSONEq(t, `{"KeyId":"`+arn+`"}`, string(reply.Body))
	f.call(t, "DescribeKey", object{"KeyId": id}, &seen).OK(t)
	assert.Equal(t, "Disabled", seen.KeyMetadata.KeyState)

	f.call(t, "ScheduleKeyDeletion", object{"KeyId": id, "PendingWindowInDays": 7}, nil).OK(t)
	f.call(t, "DescribeKey", object{"KeyId": id}, &seen).OK(t)
	assert.Equal(t, "PendingDeletion", seen.KeyMetadata.KeyState)
	require.Eventually(t, func() bool {
		f.clock.Advance(24 * time.Hour)
		return f.call(t, "DescribeKey", object{"KeyId": id}, nil).Status == 400
	}, 20*time.Second, time.Millisecond)
	f.call(t, "DescribeKey", object{"KeyId": id}, nil).Refused(t, "NotFoundException")
}

func TestSettings(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.create(t, object{"Policy": policy(administer), "Tags": []object{{"TagKey": "a", "TagValue": "1"}}})

	f.call(t, "TagResource", object{"KeyId": id, "Tags": []object{{"TagKey": "b", "TagValue": ""}}}, nil).OK(t)
	f.call(t, "UntagResource", object{"KeyId": id, "TagKeys": []string{"a"}}, nil).OK(t)
	assert.JSONEq(t, `{"Tags":[{"TagKey":"b","TagValue":""}],"Truncated":false}`, string(f.call(t, "ListResourceTags", object{"KeyId": id}, nil).OK(t).Body))

	var rotation struct {
		KeyRotationEnabled   bool
		RotationPeriodInDays int
	}
	f.call(t, "GetKeyRotationStatus", object{"KeyId": id}, &rotation).OK(t)
	assert.False(t, rotation.KeyRotationEnabled)
	f.call(t, "EnableKeyRotation", object{"KeyId": id, "RotationPeriodInDays": 89}, nil).Refused(t, "ValidationException")
	f.call(t, "EnableKeyRotation", object{"KeyId": id}, nil).OK(t)
	f.call(t, "GetKeyRotationStatus", object{"KeyId": id}, &rotation).OK(t)
	assert.Equal(t, 365, rotation.RotationPeriodInDays)
	f.call(t, "DisableKeyRotation", object{"KeyId": id}, nil).OK(t)

	var read struct{ Policy, PolicyName string }
	f.call(t, "PutKeyPolicy", object{"KeyId": id, "PolicyName": "default", "Policy": policy(administer, letLogs)}, nil).OK(t)
	f.call(t, "GetKeyPolicy", object{"KeyId": id, "PolicyName": "default"}, &read).OK(t)
	assert.JSONEq(t, policy(administer, letLogs), read.Policy)
	f.call(t, "GetKeyPolicy", object{"KeyId": id, "PolicyName": "other"}, nil).Refused(t, "NotFoundException")
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.call(t, "CreateKey", object{"KeySpec": "RSA_2048"}, nil).Refused(t, "ValidationException")
	f.call(t, "CreateKey", object{"Policy": "no policy"}, nil).Refused(t, "MalformedPolicyDocumentException")
	f.call(t, "CreateKey", object{"Policy": policy(letLogs)}, nil).Refused(t, "MalformedPolicyDocumentException")
	f.call(t, "CreateKey", object{"Policy": policy(letLogs), "BypassPolicyLockoutSafetyCheck": true}, nil).OK(t)
	f.call(t, "DescribeKey", object{"KeyId": "alias/none"}, nil).Refused(t, "NotFoundException")
	f.call(t, "Encrypt", object{"KeyId": "x"}, nil).Refused(t, "UnknownOperationException")
}

func TestListing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	wanted := map[string]bool{}
	for range 3 {
		wanted[f.create(t, object{})] = true
	}
	seen, marker := map[string]bool{}, ""
	for page := 1; page == 1 || marker != ""; page++ {
		var out struct {
			Keys       []struct{ KeyID string }
			NextMarker string
		}
		in := object{"Limit": 2}
		if marker != "" {
			in["Marker"] = marker
		}
		f.call(t, "ListKeys", in, &out).OK(t)
		for _, k := range out.Keys {
			seen[k.KeyID] = true
		}
		marker = out.NextMarker
	}
	assert.Equal(t, wanted, seen)
}

func TestUsable(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const arn = "arn:aws:kms:us-west-2:123456789012:key/"
	id := f.create(t, object{"Policy": policy(administer, letLogs)})
	group := func(name string) map[string]string {
		return map[string]string{"aws:logs:arn": "arn:aws:logs:us-west-2:123456789012:log-group:" + name}
	}
	usable := func(key, service, name, want string) {
		t.Helper()
		f.account.Do(func() {
			err := f.service.Usable(key, service, group(name))
			if want == "" {
				assert.NoError(t, err)
				return
			}
			assert.ErrorContains(t, err, want)
		})
	}
	usable(arn+id, "logs.us-west-2.amazonaws.com", "/ecs/web", "")
	usable(arn+id, "logs.us-west-2.amazonaws.com", "/lambda/web", "does not let logs.us-west-2.amazonaws.com call kms:Encrypt")
	usable(arn+id, "sns.amazonaws.com", "/ecs/web", "does not let sns.amazonaws.com call")
	usable(arn+"none", "logs.us-west-2.amazonaws.com", "/ecs/web", "does not exist")
	f.call(t, "DisableKey", object{"KeyId": id}, nil).OK(t)
	usable(arn+id, "logs.us-west-2.amazonaws.com", "/ecs/web", "is Disabled")
}

func TestStateOutlivesTheProcess(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.create(t, object{"Tags": []object{{"TagKey": "a", "TagValue": "1"}}})
	next := newFixture(t)
	wiretest.Revive(t, f.account, next.account)
	for _, operation := range []string{"DescribeKey", "GetKeyPolicy", "ListResourceTags"} {
		before := f.call(t, operation, object{"KeyId": id}, nil).OK(t)
		assert.Equal(t, string(before.Body), string(next.call(t, operation, object{"KeyId": id}, nil).OK(t).Body))
	}
}
