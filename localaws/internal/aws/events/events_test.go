package events_test

import (
	"encoding/json"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/events"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/sns"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wiretest"
)

const (
	topicARN = "arn:aws:sns:us-west-2:123456789012:failures"
	ruleARN  = "arn:aws:events:us-west-2:123456789012:rule/deployments"
	pattern  = `{"source":["aws.ecs"],"detail-type":["ECS Deployment State Change"],"detail":{"eventName":["SERVICE_DEPLOYMENT_FAILED"]}}`
)

type fixture struct {
	*wiretest.Server
	account *core.Account
	service *events.Service
	topics  *sns.Service
}

type object = map[string]any

// newFixture returns an EventBridge with the rule "deployments", and a topic
// into which EventBridge may publish.
func newFixture(t *testing.T) *fixture {
	t.Helper()
	a, _ := wiretest.NewAccount()
	f := &fixture{account: a, topics: sns.New(a)}
	f.service = events.New(a, f.topics)
	f.Server = wiretest.NewServer(t, a, f.service.Wire(), f.topics.Wire())
	f.Query(t, "sns", "CreateTopic", url.Values{"Name": {"failures"}}, nil).OK(t)
	f.policy(t, "events.amazonaws.com")
	f.call(t, "PutRule", object{"Name": "deployments", "EventPattern": pattern, "Tags": []tags.Tag{{Key: "a", Value: "1"}}}, nil).OK(t)
	return f
}

// policy lets a service publish to the topic on behalf of the rule.
func (f *fixture) policy(t *testing.T, service string) {
	t.Helper()
	policy := `{"Statement":[{"Effect":"Allow","Principal":{"Service":"` + service + `"},"Action":"sns:Publish","Resource":"` + topicARN +
		`","Condition":{"ArnEquals":{"aws:SourceArn":"` + ruleARN + `"}}}]}`
	f.Query(t, "sns", "SetTopicAttributes", url.Values{"TopicArn": {topicARN}, "AttributeName": {"Policy"}, "AttributeValue": {policy}}, nil).OK(t)
}

func (f *fixture) call(t *testing.T, operation string, in object, out any) *wiretest.Reply {
	t.Helper()
	return f.JSON(t, "events", "AWSEvents."+operation, in, out)
}

func (f *fixture) target(t *testing.T, more object) {
	t.Helper()
	in := object{"Id": "sns", "Arn": topicARN}
	for k, v := range more {
		in[k] = v
	}
	f.call(t, "PutTargets", object{"Rule": "deployments", "Targets": []object{in}}, nil).OK(t)
}

// fail emits what ECS does when a deployment failed, and returns what the topic
// received.
func (f *fixture) fail() (messages []string) {
	f.account.Do(func() {
		f.service.Emit("aws.ecs", "ECS Deployment State Change", []string{"arn:service"},
			object{"eventName": "SERVICE_DEPLOYMENT_FAILED", "reason": `no "luck"`, "count": 3})
		for _, m := range f.topics.Messages(topicARN) {
			messages = append(messages, m.Message)
		}
	})
	return messages
}

func TestMatchingEventsReachTheTopic(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.target(t, nil)
	f.account.Do(func() { f.service.Emit("aws.ecs", "ECS Task State Change", nil, object{}) })
	got := f.fail()
	require.Len(t, got, 1)
	var event object
	require.NoError(t, json.Unmarshal([]byte(got[0]), &event))
	delete(event, "id")
	assert.Equal(t, object{
		"version": "0", "detail-type": "ECS Deployment State Change", "source": "aws.ecs", "account": "123456789012",
		"time": "2026-01-31T12:00:00Z", "region": "us-west-2", "resources": []any{"arn:service"},
		"detail": object{"eventName": "SERVICE_DEPLOYMENT_FAILED", "reason": `no "luck"`, "count": 3.0},
	}, event)

	rule := object{"Name": "deployments", "EventPattern": pattern, "State": "DISABLED"}
	f.call(t, "PutRule", rule, nil).OK(t)
	assert.Len(t, f.fail(), 1)
	delete(rule, "State")
	f.call(t, "PutRule", rule, nil).OK(t)
	assert.Len(t, f.fail(), 2)
}

func TestTheTopicsPolicyHasToAllowIt(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.target(t, nil)
	f.policy(t, "lambda.amazonaws.com")
	assert.Empty(t, f.fail())
	f.Query(t, "sns", "SetTopicAttributes", url.Values{"TopicArn": {topicARN}, "AttributeName": {"Policy"}, "AttributeValue": {""}}, nil).OK(t)
	assert.Empty(t, f.fail(), "the default policy is for the account's identities, not for EventBridge")
}

func TestRulesAndTargets(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.target(t, nil)
	var detail struct{ Arn, EventPattern, State, EventBusName string }
	f.call(t, "DescribeRule", object{"Name": "deployments"}, &detail).OK(t)
	assert.Equal(t, ruleARN, detail.Arn)
	assert.Equal(t, pattern, detail.EventPattern)
	assert.Equal(t, "ENABLED", detail.State)
	var listed struct {
		Targets []struct {
			ID string `json:"Id"`
		}
	}
	f.call(t, "ListTargetsByRule", object{"Rule": "deployments", "EventBusName": "default", "Limit": 100}, &listed).OK(t)
	require.Len(t, listed.Targets, 1)
	assert.Equal(t, "sns", listed.Targets[0].ID)

	f.call(t, "DeleteRule", object{"Name": "deployments"}, nil).Refused(t, "ValidationException")
	f.call(t, "RemoveTargets", object{"Rule": "deployments", "Ids": []string{"sns"}}, nil).OK(t)
	f.call(t, "DeleteRule", object{"Name": "deployments"}, nil).OK(t)
	f.call(t, "DescribeRule", object{"Name": "deployments"}, nil).Refused(t, "ResourceNotFoundException")
}

func TestWhatIsRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	target := func(more object) object {
		in := object{"Id": "x", "Arn": topicARN}
		for k, v := range more {
			in[k] = v
		}
		return object{"Rule": "deployments", "Targets": []object{in}}
	}
	tests := []struct {
		name, operation string
		in              object
		code            string
	}{
		{"bad pattern", "PutRule", object{"Name": "x", "EventPattern": "{"}, "InvalidEventPatternException"},
		{"no pattern", "PutRule", object{"Name": "x"}, "ValidationException"},
		{"bad name", "PutRule", object{"Name": "a b", "EventPattern": pattern}, "ValidationException"},
		{"a schedule", "PutRule", object{"Name": "x", "ScheduleExpression": "rate(1 minute)"}, "UnsupportedParameter"},
		{"another bus", "PutRule", object{"Name": "x", "EventPattern": pattern, "EventBusName": "mine"}, "ResourceNotFoundException"},
		{"a target that is not a topic", "PutTargets", target(object{"Arn": "arn:aws:lambda:us-west-2:123456789012:function:f"}), "ValidationException"},
		{"an input path", "PutTargets", target(object{"InputPath": "$"}), "UnsupportedParameter"},
		{"an input that is no JSON", "PutTargets", target(object{"Input": "{"}), "ValidationException"},
		{"no such rule", "PutTargets", object{"Rule": "none", "Targets": []object{{"Id": "x", "Arn": topicARN}}}, "ResourceNotFoundException"},
		{"no page", "ListTargetsByRule", object{"Rule": "deployments", "Limit": 0}, "ValidationException"},
		{"no token", "ListTargetsByRule", object{"Rule": "deployments", "NextToken": "x"}, "ValidationException"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f.call(t, test.operation, test.in, nil).Refused(t, test.code)
		})
	}
}

func TestRefusedTargetsLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.target(t, nil)
	f.call(t, "PutTargets", object{"Rule": "deployments", "Targets": []object{
		{"Id": "good", "Arn": topicARN}, {"Id": "bad", "Arn": topicARN, "Input": "{"},
	}}, nil).Refused(t, "ValidationException")
	assert.Len(t, f.fail(), 1, "there is one target still")
}

func TestTags(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.call(t, "TagResource", object{"ResourceARN": ruleARN, "Tags": []tags.Tag{{Key: "b", Value: "2"}}}, nil).OK(t)
	f.call(t, "UntagResource", object{"ResourceARN": ruleARN, "TagKeys": []string{"a"}}, nil).OK(t)
	var out struct{ Tags []tags.Tag }
	f.call(t, "ListTagsForResource", object{"ResourceARN": ruleARN}, &out).OK(t)
	assert.Equal(t, []tags.Tag{{Key: "b", Value: "2"}}, out.Tags)
}

func TestStateOutlivesTheProcess(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.target(t, object{"Input": `"x"`})
	old := f.account
	f.account, _ = wiretest.NewAccount()
	before := f.service.Resources()
	f.topics = sns.New(f.account)
	f.service = events.New(f.account, f.topics)
	wiretest.Revive(t, old, f.account)
	assert.Equal(t, before, f.service.Resources())
	assert.Equal(t, []string{`"x"`}, f.fail())
}
