package sns_test

import (
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/sns"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wiretest"
)

const arn = "arn:aws:sns:us-west-2:123456789012:alarms"

type fixture struct {
	*wiretest.Server
	account *core.Account
	service *sns.Service
}

// newFixture returns an SNS with the topic "alarms".
func newFixture(t *testing.T) *fixture {
	t.Helper()
	a, _ := wiretest.NewAccount()
	f := &fixture{account: a, service: sns.New(a)}
	f.Server = wiretest.NewServer(t, a, f.service.Wire())
	f.call(t, "CreateTopic", nil, "Name=alarms", "Tags.member.1.Key=a", "Tags.member.1.Value=1").OK(t)
	return f
}

// call calls an operation with parameters written "Name=value".
func (f *fixture) call(t *testing.T, action string, out any, parameters ...string) *wiretest.Reply {
	t.Helper()
	form := url.Values{}
	for _, p := range parameters {
		name, value, _ := strings.Cut(p, "=")
		form.Set(name, value)
	}
	return f.Query(t, "sns", action, form, out)
}

// attributes calls an operation that answers with attributes.
func (f *fixture) attributes(t *testing.T, action, parameter string) map[string]string {
	t.Helper()
	var out struct {
		Entries []struct {
			Key   string `xml:"key"`
			Value string `xml:"value"`
		} `xml:"Attributes>entry"`
	}
	f.call(t, action, &out, parameter).OK(t)
	byName := map[string]string{}
	for _, e := range out.Entries {
		byName[e.Key] = e.Value
	}
	return byName
}

func (f *fixture) publish(t *testing.T, message string) {
	t.Helper()
	f.account.Do(func() { require.NoError(t, f.service.Publish(arn, "s", message)) })
}

func (f *fixture) outbox() (list []sns.Delivery) {
	f.account.Do(func() { list = f.service.Outbox() })
	return list
}

func TestTopics(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.call(t, "CreateTopic", nil, "Name=alarms").OK(t)
	f.call(t, "CreateTopic", nil, "Name=alarms", "Tags.member.1.Key=b", "Tags.member.1.Value=2").Refused(t, "InvalidParameter")
	f.call(t, "CreateTopic", nil, "Name=a b").Refused(t, "InvalidParameter")
	f.call(t, "CreateTopic", nil, "Name=a.fifo", "Attributes.entry.1.key=FifoTopic", "Attributes.entry.1.value=true").Refused(t, "InvalidParameter")
	f.call(t, "SetTopicAttributes", nil, "TopicArn="+arn, "AttributeName=DisplayName", "AttributeValue=Alarms").OK(t)
	f.call(t, "SetTopicAttributes", nil, "TopicArn="+arn, "AttributeName=Colour", "AttributeValue=red").Refused(t, "InvalidParameter")
	f.call(t, "SetTopicAttributes", nil, "TopicArn="+arn, "AttributeName=Policy", "AttributeValue={").Refused(t, "InvalidParameter")
	got := f.attributes(t, "GetTopicAttributes", "TopicArn="+arn)
	assert.Equal(t, "Alarms", got["DisplayName"])
	assert.Equal(t, "0", got["SubscriptionsConfirmed"])
	assert.Contains(t, got["Policy"], "AWS:SourceOwner")
	var tagged struct {
		Keys []string `xml:"Tags>member>Key"`
	}
	f.call(t, "ListTagsForResource", &tagged, "ResourceArn="+arn).OK(t)
	assert.Equal(t, []string{"a"}, tagged.Keys)
	f.call(t, "DeleteTopic", nil, "TopicArn="+arn).OK(t)
	f.call(t, "DeleteTopic", nil, "TopicArn="+arn).OK(t)
	gone := f.call(t, "GetTopicAttributes", nil, "TopicArn="+arn).Refused(t, "NotFound")
	assert.Equal(t, 404, gone.Status)
}

func TestSubscriptionsHaveToBeConfirmed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	subscribe := []string{"TopicArn=" + arn, "Protocol=email", "Endpoint=ops@example.com"}
	var out struct{ SubscriptionArn string }
	f.call(t, "Subscribe", &out, subscribe...).OK(t)
	assert.Equal(t, "pending confirmation", out.SubscriptionArn)
	f.call(t, "Subscribe", &out, append(subscribe, "ReturnSubscriptionArn=true")...).OK(t)
	subscription := out.SubscriptionArn
	assert.Equal(t, "true", f.attributes(t, "GetSubscriptionAttributes", "SubscriptionArn="+subscription)["PendingConfirmation"])
	var list struct {
		ARNs []string `xml:"Subscriptions>member>SubscriptionArn"`
	}
	f.call(t, "ListSubscriptionsByTopic", &list, "TopicArn="+arn).OK(t)
	assert.Equal(t, []string{"PendingConfirmation"}, list.ARNs)

	f.publish(t, "lost")
	require.Len(t, f.outbox(), 1, "nothing but the request to confirm")
	f.call(t, "ConfirmSubscription", nil, "TopicArn="+arn, "Token=wrong").Refused(t, "InvalidParameter")
	f.call(t, "ConfirmSubscription", nil, "TopicArn="+arn, "Token="+f.outbox()[0].Token).OK(t)
	f.publish(t, "hello")
	require.Len(t, f.outbox(), 2)
	assert.Equal(t, "hello", f.outbox()[1].Message.Message)
	assert.Equal(t, "ops@example.com", f.outbox()[1].Endpoint)
	assert.Equal(t, "1", f.attributes(t, "GetTopicAttributes", "TopicArn="+arn)["SubscriptionsConfirmed"])

	f.call(t, "Unsubscribe", nil, "SubscriptionArn="+subscription).OK(t)
	f.call(t, "GetSubscriptionAttributes", nil, "SubscriptionArn="+subscription).Refused(t, "NotFound")
	assert.Equal(t, "1", f.attributes(t, "GetTopicAttributes", "TopicArn="+arn)["SubscriptionsDeleted"])
}

func TestSubscriptionsThatAreRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, test := range [][]string{
		{"Protocol=https", "Endpoint=https://example.com"}, {"Protocol=email", "Endpoint=nobody"},
		{"Protocol=email", "Endpoint=a@b", "Attributes.entry.1.key=Colour", "Attributes.entry.1.value=red"},
		{"Protocol=email", "Endpoint=a@b", "Attributes.entry.1.key=RawMessageDelivery", "Attributes.entry.1.value=true"},
	} {
		f.call(t, "Subscribe", nil, append(test, "TopicArn="+arn)...).Refused(t, "InvalidParameter")
	}
}

func TestServicesNeedTheTopicsPolicy(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.account.Do(func() {
		require.NoError(t, f.service.Publish(arn, "s", "from an alarm of the account"))
		require.ErrorContains(t, f.service.PublishFrom("events.amazonaws.com", "arn:rule", arn, "", "m"), "AuthorizationError")
		require.ErrorContains(t, f.service.Publish(arn+"-2", "s", "m"), "NotFound")
		assert.Len(t, f.service.Messages(arn), 1)
	})
	policy := `{"Statement":[{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"sns:Publish","Resource":"` + arn + `"}]}`
	f.call(t, "SetTopicAttributes", nil, "TopicArn="+arn, "AttributeName=Policy", "AttributeValue="+policy).OK(t)
	f.account.Do(func() {
		require.NoError(t, f.service.PublishFrom("events.amazonaws.com", "arn:rule", arn, "", "m"))
		require.ErrorContains(t, f.service.Publish(arn, "s", "m"), "AuthorizationError")
	})
}

func TestStateOutlivesTheProcess(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.publish(t, "m")
	account, _ := wiretest.NewAccount()
	next := sns.New(account)
	wiretest.Revive(t, f.account, account)
	account.View(func() {
		assert.Equal(t, map[string]int{"topics": 1, "subscriptions": 0}, next.Resources())
		assert.Len(t, next.Messages(arn), 1)
	})
}

func TestTheOldestMessagesAreForgotten(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for i := range 201 {
		f.publish(t, strconv.Itoa(i))
	}
	f.account.View(func() {
		kept := f.service.Messages(arn)
		require.Len(t, kept, 200)
		assert.Equal(t, "1", kept[0].Message)
		assert.Equal(t, "200", kept[199].Message)
	})
}

func TestATopicTakesItsSubscriptionsAlong(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.call(t, "CreateTopic", nil, "Name=alarms-2").OK(t)
	for _, topic := range []string{arn, arn, arn + "-2"} {
		f.call(t, "Subscribe", nil, "TopicArn="+topic, "Protocol=sms", "Endpoint=+15550100").OK(t)
	}
	f.call(t, "DeleteTopic", nil, "TopicArn="+arn).OK(t)
	f.account.View(func() {
		assert.Equal(t, map[string]int{"topics": 1, "subscriptions": 1}, f.service.Resources())
	})
}

func TestRefusedTagsLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.call(t, "CreateTopic", nil, "Name=new", "Tags.member.1.Key=aws:x", "Tags.member.1.Value=1").Refused(t, "InvalidParameter")
	f.call(t, "TagResource", nil, "ResourceArn="+arn, "Tags.member.1.Key=b", "Tags.member.1.Value=1", "Tags.member.2.Key=aws:x", "Tags.member.2.Value=1").
		Refused(t, "InvalidParameter")
	f.account.View(func() {
		assert.Equal(t, []tags.Tagged{{ARN: arn, Tags: tags.Set{"a": "1"}}}, f.service.TaggedResources())
	})
	f.call(t, "TagResource", nil, "ResourceArn="+arn+"-2", "Tags.member.1.Key=b", "Tags.member.1.Value=1").Refused(t, "ResourceNotFound")
	f.call(t, "UntagResource", nil, "ResourceArn="+arn, "TagKeys.member.1=a").OK(t)
	f.call(t, "ListSubscriptionsByTopic", nil, "TopicArn="+arn, "NextToken=made-up").Refused(t, "InvalidParameter")
}
