package sns_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/sns"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wiretest"
)

// What refusals.md says, beyond what the other tests hold.

func TestRulesOfTheTable(t *testing.T) {
	t.Parallel()
	code := func(string) string { return "ValidationError" }
	wiretest.Refusals(t, newFixture(t).service.Wire(), sns.Refusals, code, wiretest.MayMiss)
}

func TestWhatIsNotThereIsRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	topic, subscription := "TopicArn="+arn+"-none", "SubscriptionArn="+arn+":none"
	for operation, parameters := range map[string][]string{
		"GetTopicAttributes": {topic}, "SetTopicAttributes": {topic, "AttributeName=DisplayName", "AttributeValue=a"},
		"ListSubscriptionsByTopic": {topic}, "Subscribe": {topic, "Protocol=email", "Endpoint=a@b.test"}, "ConfirmSubscription": {topic, "Token=a"},
		"GetSubscriptionAttributes": {subscription}, "SetSubscriptionAttributes": {subscription, "AttributeName=RawMessageDelivery", "AttributeValue=false"},
	} {
		assert.Equal(t, "NotFound", f.call(t, operation, nil, parameters...).Code, operation)
	}
	resource := "ResourceArn=" + arn + "-none"
	for operation, more := range map[string][]string{
		"ListTagsForResource": {}, "TagResource": {"Tags.member.1.Key=a", "Tags.member.1.Value=b"}, "UntagResource": {"TagKeys.member.1=a"},
	} {
		assert.Equal(t, "ResourceNotFound", f.call(t, operation, nil, append(more, resource)...).Code, operation)
	}
}

func TestNamesAndAttributesThatAreRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	long := strings.Repeat("a", 257)
	f.call(t, "CreateTopic", nil, "Name="+long).Refused(t, "InvalidParameter")
	f.call(t, "CreateTopic", nil, "Name=a.b").Refused(t, "InvalidParameter")
	f.call(t, "CreateTopic", nil, "Name=new", "Attributes.entry.1.key=Colour", "Attributes.entry.1.value=red").Refused(t, "InvalidParameter")
	set := func(name, value string) *wiretest.Reply {
		return f.call(t, "SetTopicAttributes", nil, "TopicArn="+arn, "AttributeName="+name, "AttributeValue="+value)
	}
	set("DisplayName", long).Refused(t, "InvalidParameter")
	set("Policy", "{}").Refused(t, "InvalidParameter")
	for _, tag := range [][]string{{"", "v"}, {strings.Repeat("k", 129), "v"}, {"k", long}} {
		f.call(t, "TagResource", nil, "ResourceArn="+arn, "Tags.member.1.Key="+tag[0], "Tags.member.1.Value="+tag[1]).Refused(t, "InvalidParameter")
	}
	many := []string{"ResourceArn=" + arn}
	for i := range 51 {
		many = append(many, fmt.Sprintf("Tags.member.%d.Key=key%d", i+1, i), fmt.Sprintf("Tags.member.%d.Value=v", i+1))
	}
	f.call(t, "TagResource", nil, many...).Refused(t, "TagLimitExceeded")
	f.call(t, "CreateTopic", nil, append(many[1:], "Name=new")...).Refused(t, "TagLimitExceeded")

	var out struct{ SubscriptionArn string }
	f.call(t, "Subscribe", &out, "TopicArn="+arn, "Protocol=email", "Endpoint=a@b.test", "ReturnSubscriptionArn=true").OK(t)
	for name, value := range map[string]string{"Colour": "red", "RawMessageDelivery": "true"} {
		f.call(t, "SetSubscriptionAttributes", nil, "SubscriptionArn="+out.SubscriptionArn, "AttributeName="+name, "AttributeValue="+value).
			Refused(t, "InvalidParameter")
	}
}
