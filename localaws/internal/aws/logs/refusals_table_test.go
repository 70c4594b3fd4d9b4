package logs_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/logs"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wiretest"
)

// What refusals.md says, beyond what the other tests hold.

func TestRulesOfTheTable(t *testing.T) {
	t.Parallel()
	code := func(string) string { return "InvalidParameterException" }
	wiretest.Refusals(t, newFixture(t).service.Wire(), logs.Refusals, code, wiretest.MayMiss)
}

func TestWhatIsNotThereIsRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	none := func(more object) object {
		more["logGroupName"] = "/ecs/none"
		return more
	}
	arn := func(more object) object {
		more["resourceArn"] = "arn:aws:logs:us-west-2:123456789012:log-group:/ecs/none"
		return more
	}
	for operation, in := range map[string]object{
		"DeleteLogGroup": none(object{}), "PutRetentionPolicy": none(object{"retentionInDays": 7}), "DeleteRetentionPolicy": none(object{}),
		"AssociateKmsKey": none(object{"kmsKeyId": "arn:key"}), "DisassociateKmsKey": none(object{}),
		"FilterLogEvents": none(object{}), "GetLogEvents": none(object{"logStreamName": "one"}),
		"ListTagsForResource": arn(object{}), "TagResource": arn(object{"tags": object{"a": "b"}}), "UntagResource": arn(object{"tagKeys": []string{"a"}}),
	} {
		assert.Equal(t, "ResourceNotFoundException", f.call(t, operation, in, nil).Code, operation)
	}
}

func TestTagsThatAreRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const arn = "arn:aws:logs:us-west-2:123456789012:log-group:/ecs/web"
	many := object{}
	for i := range 51 {
		many[fmt.Sprint("key", i)] = "v"
	}
	f.call(t, "TagResource", object{"resourceArn": arn, "tags": many}, nil).Refused(t, "TooManyTagsException")
	for name, tags := range map[string]object{
		"long key": {strings.Repeat("k", 129): "v"}, "no key": {"": "v"}, "long value": {"k": strings.Repeat("v", 257)}, "reserved": {"aws:k": "v"},
	} {
		assert.Equal(t, "InvalidParameterException", f.call(t, "TagResource", object{"resourceArn": arn, "tags": tags}, nil).Code, name)
		assert.Equal(t, "InvalidParameterException", f.call(t, "CreateLogGroup", object{"logGroupName": "new", "tags": tags}, nil).Code, name)
	}
	both := object{"logGroupName": "/ecs/web", "logStreamNames": []string{"one"}, "logStreamNamePrefix": "o"}
	f.call(t, "FilterLogEvents", both, nil).Refused(t, "InvalidParameterException")
	f.call(t, "FilterLogEvents", object{"logGroupName": "/ecs/web", "nextToken": "x"}, nil).Refused(t, "InvalidParameterException")
}
