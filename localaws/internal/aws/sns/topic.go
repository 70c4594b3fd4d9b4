package sns

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/policy"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/store"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

type topic struct {
	ARN        string
	Attributes map[string]string
	Tags       tags.Set
	Deleted    int // how many of its subscriptions were
}

// topics are all topics of the account.
type topics struct {
	account *core.Account
	records *store.Collection[*topic] // by ARN
}

func (s topics) operations() []wire.Operation {
	return []wire.Operation{
		wire.Op("CreateTopic", s.createTopic),
		wire.Op("SetTopicAttributes", s.setTopicAttributes),
		wire.Op("TagResource", s.tagResource),
		wire.Op("UntagResource", s.untagResource),
		wire.ReadOp("ListTagsForResource", s.listTagsForResource),
	}
}

// find returns a topic, to be read only.
func (s topics) find(arn string) (*topic, error) {
	t, ok := s.records.Get(arn)
	if !ok {
		return nil, noTopic(arn)
	}
	return t, nil
}

func noTopic(arn string) error {
	return wire.NotFoundf("NotFound", "Topic does not exist: %s", arn)
}

var topicName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`)

// topicAttributes are those that can be set. The feedback attributes of each
// protocol come on top.
// https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html
var topicAttributes = []string{
	"DisplayName", "KmsMasterKeyId", "Policy",
}

var feedbackAttribute = regexp.MustCompile(`^(HTTP|Firehose|Lambda|Application|SQS)(SuccessFeedbackRoleArn|SuccessFeedbackSampleRate|FailureFeedbackRoleArn)$`)

const defaultDeliveryPolicy = `{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":20,"maxDelayTarget":20,"numRetries":3,` +
	`"numMaxDelayRetries":0,"numNoDelayRetries":0,"numMinDelayRetries":0,"backoffFunction":"linear"},` +
	`"disableSubscriptionOverrides":false,"defaultRequestPolicy":{"headerContentType":"text/plain; charset=UTF-8"}}}`

// defaultPolicy lets the account's own identities use the topic; services such
// as EventBridge are not among them.
func (s topics) defaultPolicy(arn string) string {
	return fmt.Sprintf(`{"Version":"2008-10-17","Id":"__default_policy_ID","Statement":[{"Sid":"__default_statement_ID","Effect":"Allow",`+
		`"Principal":{"AWS":"*"},"Action":["SNS:GetTopicAttributes","SNS:SetTopicAttributes","SNS:AddPermission","SNS:RemovePermission",`+
		`"SNS:DeleteTopic","SNS:Subscribe","SNS:ListSubscriptionsByTopic","SNS:Publish"],"Resource":"%s",`+
		`"Condition":{"StringEquals":{"AWS:SourceOwner":"%s"}}}]}`, arn, s.account.ID)
}

type createTopicInput struct {
	Name       string
	Attributes map[string]string
	Tags       []tags.Tag
}

type topicARNOutput struct{ TopicArn string }

func (s topics) createTopic(_ context.Context, in *createTopicInput) (*topicARNOutput, error) {
	if in.Attributes["FifoTopic"] == "true" || strings.HasSuffix(in.Name, ".fifo") {
		return nil, invalid("localaws has no FIFO topics: %s", in.Name)
	}
	delete(in.Attributes, "FifoTopic")
	if !topicName.MatchString(in.Name) {
		return nil, invalid("Topic Name: %q must be made of up to 256 letters, digits, hyphens and underscores", in.Name)
	}
	arn := s.account.ARN("sns", in.Name)
	all, err := tagRules.New(in.Tags)
	if err != nil {
		return nil, err
	}
	t := &topic{ARN: arn, Attributes: map[string]string{}, Tags: all}
	for name, value := range in.Attributes {
		if err := s.setAttribute(t, name, value); err != nil {
			return nil, err
		}
	}
	if old, exists := s.records.Get(arn); exists {
		if !maps.Equal(old.Tags, t.Tags) && len(in.Tags) > 0 {
			return nil, invalid("Tags Reason: Topic already exists with different tags")
		}
		for name, value := range t.Attributes {
			if old.Attributes[name] != value {
				return nil, invalid("Attributes Reason: Topic already exists with different attributes")
			}
		}
		return &topicARNOutput{arn}, nil
	}
	s.records.Put(arn, t)
	return &topicARNOutput{arn}, nil
}

type topicInput struct{ TopicArn string }

// deleteTopic deletes the topic and its subscriptions; a topic that does not
// exist is not an error.
func (s *Service) deleteTopic(_ context.Context, in *topicInput) (*wire.Empty, error) {
	s.topics.records.Delete(in.TopicArn)
	for arn := range s.subscriptions.of(in.TopicArn) {
		s.subscriptions.records.Delete(arn)
	}
	return nil, nil
}

type attributesOutput struct{ Attributes map[string]string }

func (s *Service) getTopicAttributes(_ context.Context, in *topicInput) (*attributesOutput, error) {
	t, err := s.topics.find(in.TopicArn)
	if err != nil {
		return nil, err
	}
	pending, confirmed := 0, 0
	for _, sub := range s.subscriptions.of(t.ARN) {
		if sub.Token != "" {
			pending++
		} else {
			confirmed++
		}
	}
	attributes := map[string]string{
		"TopicArn": t.ARN, "Owner": s.account.ID, "Policy": s.topics.policyOf(t), "DisplayName": "",
		"EffectiveDeliveryPolicy": defaultDeliveryPolicy,
		"SubscriptionsPending":    strconv.Itoa(pending), "SubscriptionsConfirmed": strconv.Itoa(confirmed),
		"SubscriptionsDeleted": strconv.Itoa(t.Deleted),
	}
	maps.Copy(attributes, t.Attributes)
	return &attributesOutput{attributes}, nil
}

func (s topics) policyOf(t *topic) string {
	if given := t.Attributes["Policy"]; given != "" {
		return given
	}
	return s.defaultPolicy(t.ARN)
}

type setTopicAttributesInput struct {
	TopicArn       string
	AttributeName  string
	AttributeValue string
}

func (s topics) setTopicAttributes(_ context.Context, in *setTopicAttributesInput) (*wire.Empty, error) {
	t, ok := s.records.Change(in.TopicArn)
	if !ok {
		return nil, noTopic(in.TopicArn)
	}
	return nil, s.setAttribute(t, in.AttributeName, in.AttributeValue)
}

// setAttribute sets an attribute; an empty value takes it away.
func (s topics) setAttribute(t *topic, name, value string) error {
	if !slices.Contains(topicAttributes, name) && !feedbackAttribute.MatchString(name) {
		return invalid("AttributeName: localaws does not know %s", name)
	}
	if value == "" {
		delete(t.Attributes, name)
		return nil
	}
	switch name {
	case "Policy":
		d, err := policy.Parse(value)
		if err == nil {
			err = d.CheckResource("sns", func(resource string) bool { return policy.Covers(resource, t.ARN) })
		}
		if err != nil {
			return invalid("Policy Error: %v", err)
		}
	case "DisplayName":
		if len(value) > 100 {
			return invalid("DisplayName: it is longer than 100 characters")
		}
	}
	t.Attributes[name] = value
	return nil
}

// tagRules are those of https://docs.aws.amazon.com/sns/latest/api/API_TagResource.html.
var tagRules = tags.Rules{Refuse: func(f tags.Fault) error {
	if f.Problem == tags.TooMany {
		return wire.Errorf("TagLimitExceeded", "Can't add more than %d tags to a topic.", f.Limit)
	}
	return invalid("Tags Reason: %s", f)
}}

func (s topics) tags() tags.Resources {
	return tags.Resources{Rules: tagRules, Find: func(arn string) (tags.Resource, error) {
		found, ok := tags.In(s.records, arn, func(t *topic) *tags.Set { return &t.Tags })
		if !ok {
			return found, wire.NotFoundf("ResourceNotFound", "Resource does not exist: %s", arn)
		}
		return found, nil
	}}
}

type tagsInput struct {
	ResourceArn string
	Tags        []tags.Tag
	TagKeys     []string
}

type tagsOutput struct{ Tags []tags.Tag }

func (s topics) tagResource(_ context.Context, in *tagsInput) (*wire.Empty, error) {
	return nil, s.tags().Add(in.Tags, in.ResourceArn)
}

func (s topics) untagResource(_ context.Context, in *tagsInput) (*wire.Empty, error) {
	return nil, s.tags().Remove(in.TagKeys, in.ResourceArn)
}

func (s topics) listTagsForResource(_ context.Context, in *tagsInput) (*tagsOutput, error) {
	list, err := s.tags().List(in.ResourceArn)
	return &tagsOutput{list}, err
}
