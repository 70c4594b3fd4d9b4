package kms_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/kms"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wiretest"
)

// What refusals.md says, beyond what the other tests hold.

func TestRulesOfTheTable(t *testing.T) {
	t.Parallel()
	code := func(string) string { return "ValidationException" }
	wiretest.Refusals(t, newFixture(t).service.Wire(), kms.Refusals, code, wiretest.MayMiss)
}

// on are the operations on a key.
func on(id string) map[string]object {
	all := map[string]object{
		"DescribeKey": {}, "GetKeyPolicy": {}, "GetKeyRotationStatus": {}, "ListResourceTags": {}, "DisableKey": {}, "EnableKey": {},
		"DisableKeyRotation": {}, "EnableKeyRotation": {}, "ScheduleKeyDeletion": {}, "PutKeyPolicy": {"Policy": policy(administer)},
		"TagResource": {"Tags": []object{{"TagKey": "a", "TagValue": "b"}}}, "UntagResource": {"TagKeys": []string{"a"}},
		"UpdateKeyDescription": {"Description": "d"}, "CancelKeyDeletion": {},
	}
	for _, in := range all {
		in["KeyId"] = id
	}
	return all
}

func TestWhatIsNotThereIsRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for operation, in := range on("none") {
		assert.Equal(t, "NotFoundException", f.call(t, operation, in, nil).Code, operation)
	}
	id := f.create(t, object{})
	f.call(t, "CancelKeyDeletion", object{"KeyId": id}, nil).Refused(t, "KMSInvalidStateException")
	f.call(t, "PutKeyPolicy", object{"KeyId": id, "Policy": policy(letLogs)}, nil).Refused(t, "MalformedPolicyDocumentException")
	f.call(t, "ScheduleKeyDeletion", object{"KeyId": id}, nil).OK(t)
	for operation, in := range on(id) {
		want := "KMSInvalidStateException"
		switch operation {
		case "DescribeKey", "GetKeyPolicy", "GetKeyRotationStatus", "ListResourceTags":
			want = ""
		case "CancelKeyDeletion":
			continue // which would give it back
		}
		assert.Equal(t, want, f.call(t, operation, in, nil).Code, operation)
	}
}

func TestTagsThatAreRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.create(t, object{})
	var many []object
	for i := range 51 {
		many = append(many, object{"TagKey": fmt.Sprint("key", i), "TagValue": "v"})
	}
	for name, tags := range map[string][]object{
		"too many": many, "reserved": {{"TagKey": "aws:a", "TagValue": "b"}}, "twice": {{"TagKey": "a", "TagValue": "b"}, {"TagKey": "a", "TagValue": "c"}},
	} {
		assert.Equal(t, "TagException", f.call(t, "CreateKey", object{"Tags": tags}, nil).Code, name)
		assert.Equal(t, "TagException", f.call(t, "TagResource", object{"KeyId": id, "Tags": tags}, nil).Code, name)
	}
	f.call(t, "TagResource", object{"KeyId": id, "Tags": many[:50]}, nil).OK(t)
	f.call(t, "TagResource", object{"KeyId": id, "Tags": many[50:]}, nil).Refused(t, "TagException")
	f.call(t, "ScheduleKeyDeletion", object{"KeyId": id, "PendingWindowInDays": 6}, nil).Refused(t, "ValidationException")
}
