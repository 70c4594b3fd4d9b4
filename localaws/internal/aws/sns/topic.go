package sns

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/policy"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

var topicName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`)

// topicAttributes are those that can be set. The feedback attributes of each
// protocol come on top.
// https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html
var topicAttributes = []string{
	"DeliveryPolicy", "DisplayName", "KmsMasterKeyId", "Policy", "SignatureVersion", "TracingConfig",
}

var feedbackAttribute = regexp.MustCompile(`^(HTTP|Firehose|Lambda|Application|SQS)(SuccessFeedbackRoleArn|SuccessFeedbackSampleRate|FailureFeedbackRoleArn)$`)

const defaultDeliveryPolicy = `{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":20,"maxDelayTarget":20,"numRetries":3,` +
	`"numMaxDelayRetries":0,"numNoDelayRetries":0,"numMinDelayRetries":0,"backoffFunction":"linear"},` +
	`"disableSubscriptionOverrides":false,"defaultRequestPolicy":{"headerContentType":"text/plain; charset=UTF-8"}}}`

// defaultPolicy lets the account's own identities use the topic; services such
// as EventBridge are not among them.
func (s *Service) defaultPolicy(arn string) string {
	return fmt.Sprintf(`{"Version":"2008-10-17","Id":"__default_policy_ID","Statement":[{"Sid":"__default_statement_ID","Effect":"Allow",`+
		`"Principal":{"AWS":"*"},"Action":["SNS:GetTopicAttributes","SNS:SetTopicAttributes","SNS:AddPermission","SNS:RemovePermission",`+
		`"SNS:DeleteTopic","SNS:Subscribe","SNS:ListSubscriptionsByTopic","SNS:Publish"],"Resource":"%s",`+
		`"Condition":{"StringEquals":{"AWS:SourceOwner":"%s"}}}]}`, arn, s.account.ID)
}

type createTopicInput struct {
	Name       string
	Attributes map[string]string
	Tags       []core.Tag
}

type topicARNOutput struct{ TopicArn string }

func (s *Service) createTopic(_ context.Context, in *createTopicInput) (*topicARNOutput, error) {
	if in.Attributes["FifoTopic"] == "true" || strings.HasSuffix(in.Name, ".fifo") {
		return nil, invalid("localaws has no FIFO topics: %s", in.Name)
	}
	delete(in.Attributes, "FifoTopic")
	if !topicName.MatchString(in.Name) {
		return nil, invalid("Topic Name: %q must be made of up to 256 letters, digits, hyphens and underscores", in.Name)
	}
	arn := s.account.ARN("sns", in.Name)
	t := &topic{ARN: arn, Attributes: map[string]string{}, Tags: core.NewTags(in.Tags)}
	for name, value := range in.Attributes {
		if err := s.setAttribute(t, name, value); err != nil {
			return nil, err
		}
	}
	if old, exists := s.state.Topics[arn]; exists {
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
	s.state.Topics[arn] = t
	return &topicARNOutput{arn}, nil
}

type topicInput struct{ TopicArn string }

// deleteTopic deletes the topic and its subscriptions; a topic that is not
// there is no error.
func (s *Service) deleteTopic(_ context.Context, in *topicInput) (*wire.Empty, error) {
	delete(s.state.Topics, in.TopicArn)
	maps.DeleteFunc(s.state.Subscriptions, func(_ string, sub *subscription) bool { return sub.TopicARN == in.TopicArn })
	return nil, nil
}

type attributesOutput struct{ Attributes map[string]string }

func (s *Service) getTopicAttributes(_ context.Context, in *topicInput) (*attributesOutput, error) {
	t, err := s.topic(in.TopicArn)
	if err != nil {
		return nil, err
	}
	pending, confirmed := 0, 0
	for _, sub := range s.state.Subscriptions {
		switch {
		case sub.TopicARN != t.ARN:
		case sub.Token != "":
			pending++
		default:
			confirmed++
		}
	}
	attributes := map[string]string{
		"TopicArn": t.ARN, "Owner": s.account.ID, "Policy": s.policyOf(t), "DisplayName": "",
		"EffectiveDeliveryPolicy": defaultDeliveryPolicy,
		"SubscriptionsPending":    strconv.Itoa(pending), "SubscriptionsConfirmed": strconv.Itoa(confirmed),
		"SubscriptionsDeleted": strconv.Itoa(t.Deleted),
	}
	maps.Copy(attributes, t.Attributes)
	if given := t.Attributes["DeliveryPolicy"]; given != "" {
		attributes["EffectiveDeliveryPolicy"] = given
	}
	return &attributesOutput{attributes}, nil
}

func (s *Service) policyOf(t *topic) string {
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

func (s *Service) setTopicAttributes(_ context.Context, in *setTopicAttributesInput) (*wire.Empty, error) {
	t, err := s.topic(in.TopicArn)
	if err != nil {
		return nil, err
	}
	return nil, s.setAttribute(t, in.AttributeName, in.AttributeValue)
}

// setAttribute sets an attribute; an empty value takes it away.
func (s *Service) setAttribute(t *topic, name, value string) error {
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
	case "DeliveryPolicy":
		if !json.Valid([]byte(value)) {
			return invalid("DeliveryPolicy: it is not JSON")
		}
	case "DisplayName":
		if len(value) > 100 {
			return invalid("DisplayName: it is longer than 100 characters")
		}
	case "SignatureVersion":
		if value != "1" && value != "2" {
			return invalid("SignatureVersion: it must be 1 or 2, not %s", value)
		}
	case "TracingConfig":
		if value != "PassThrough" && value != "Active" {
			return invalid("TracingConfig: it must be PassThrough or Active, not %s", value)
		}
	}
	t.Attributes[name] = value
	return nil
}

type pageInput struct{ NextToken string }

type listTopicsOutput struct {
	Topics    []topicARNOutput
	NextToken string
}

// pageSize is that of SNS's lists.
const pageSize = 100

func (s *Service) listTopics(_ context.Context, in *pageInput) (*listTopicsOutput, error) {
	out := &listTopicsOutput{Topics: []topicARNOutput{}}
	for _, arn := range slices.Sorted(maps.Keys(s.state.Topics)) {
		if arn <= in.NextToken {
			continue
		}
		if len(out.Topics) == pageSize {
			out.NextToken = out.Topics[pageSize-1].TopicArn
			break
		}
		out.Topics = append(out.Topics, topicARNOutput{arn})
	}
	return out, nil
}

type tagsInput struct {
	ResourceArn string
	Tags        []core.Tag
	TagKeys     []string
}

type tagsOutput struct{ Tags []core.Tag }

func (s *Service) tagged(arn string) (*topic, error) {
	t, ok := s.state.Topics[arn]
	if !ok {
		return nil, wire.NotFoundf("ResourceNotFound", "Resource does not exist: %s", arn)
	}
	return t, nil
}

func (s *Service) tagResource(_ context.Context, in *tagsInput) (*wire.Empty, error) {
	t, err := s.tagged(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	t.Tags.Put(in.Tags)
	return nil, nil
}

func (s *Service) untagResource(_ context.Context, in *tagsInput) (*wire.Empty, error) {
	t, err := s.tagged(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	t.Tags.Remove(in.TagKeys)
	return nil, nil
}

func (s *Service) listTagsForResource(_ context.Context, in *tagsInput) (*tagsOutput, error) {
	t, err := s.tagged(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	return &tagsOutput{t.Tags.List()}, nil
}

// TaggedResources lists what can have tags, for the Tagging API.
func (s *Service) TaggedResources() []core.TaggedResource {
	var all []core.TaggedResource
	for _, t := range s.state.Topics {
		all = append(all, core.TaggedResource{ARN: t.ARN, Tags: t.Tags})
	}
	return all
}
