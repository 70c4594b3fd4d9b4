package events_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/events"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wiretest"
)

// What refusals.md says, beyond what the other tests hold.

func TestRulesOfTheTable(t *testing.T) {
	t.Parallel()
	code := func(string) string { return "ValidationException" }
	wiretest.Refusals(t, newFixture(t).service.Wire(), events.Refusals, code, wiretest.MayMiss)
}

func TestWhatIsNotThereIsRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const arn = "arn:aws:events:us-west-2:123456789012:rule/"
	targets := func(n int) (list []object) {
		for i := range n {
			list = append(list, object{"Id": fmt.Sprint("t", i), "Arn": topicARN})
		}
		return list
	}
	tags := func(n int) (list []object) {
		for i := range n {
			list = append(list, object{"Key": fmt.Sprint("key", i), "Value": "v"})
		}
		return list
	}
	for operation, in := range map[string]object{
		"DescribeRule": {"Name": "none"}, "ListTargetsByRule": {"Rule": "none"}, "PutTargets": {"Rule": "none", "Targets": targets(1)},
		"RemoveTargets": {"Rule": "none", "Ids": []string{"a"}}, "DeleteRule": {"Name": "deployments", "EventBusName": "none"},
		"PutRule":             {"Name": "a", "EventPattern": pattern, "EventBusName": "none"},
		"ListTagsForResource": {"ResourceARN": arn + "none"}, "TagResource": {"ResourceARN": arn + "none", "Tags": tags(1)},
		"UntagResource": {"ResourceARN": arn + "none", "TagKeys": []string{"a"}},
	} {
		assert.Equal(t, "ResourceNotFoundException", f.call(t, operation, in, nil).Code, operation)
	}
	f.call(t, "PutTargets", object{"Rule": "deployments", "Targets": targets(6)}, nil).Refused(t, "ValidationException")
	f.call(t, "PutRule", object{"Name": "a", "EventPattern": pattern, "Tags": tags(51)}, nil).Refused(t, "LimitExceededException")
	reserved := []object{{"Key": "aws:a", "Value": "v"}}
	f.call(t, "TagResource", object{"ResourceARN": arn + "deployments", "Tags": reserved}, nil).Refused(t, "ValidationException")
}
