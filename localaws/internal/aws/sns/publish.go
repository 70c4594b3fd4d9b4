package sns

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/policy"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

type messageAttribute struct {
	DataType    string
	StringValue string
	BinaryValue []byte
}

type publishInput struct {
	TopicArn          string
	TargetArn         string
	PhoneNumber       string
	Message           string
	Subject           string
	MessageStructure  string
	MessageAttributes map[string]messageAttribute
}

type publishOutput struct{ MessageId string }

func (s *Service) publish(_ context.Context, in *publishInput) (*publishOutput, error) {
	if in.PhoneNumber != "" {
		return nil, invalid("PhoneNumber: localaws publishes to topics only")
	}
	if in.TopicArn == "" {
		in.TopicArn = in.TargetArn
	}
	t, err := s.topics.find(in.TopicArn)
	if err != nil {
		return nil, err
	}
	if in.Message == "" {
		return nil, invalid("Empty message")
	}
	if len(in.Subject) > 100 {
		return nil, invalid("Subject: it is longer than 100 characters")
	}
	if in.MessageStructure == "json" {
		var byProtocol map[string]string
		if err := json.Unmarshal([]byte(in.Message), &byProtocol); err != nil || byProtocol["default"] == "" {
			return nil, invalid("Message Structure - No default entry in JSON message body")
		}
	}
	return &publishOutput{s.send(t, in)}, nil
}

// Publish sends a message as a CloudWatch alarm of the account would: the
// topic's policy has to let it.
func (s *Service) Publish(topicARN, subject, message string) error {
	return s.publishFrom(topicARN, subject, message, "cloudwatch.amazonaws.com", "aws:SourceOwner", s.account.ID)
}

// PublishFrom sends a message for a service, such as events.amazonaws.com, on
// behalf of a resource, such as a rule: the topic's policy has to let it, and
// the default policy does not.
func (s *Service) PublishFrom(service, sourceARN, topicARN, subject, message string) error {
	return s.publishFrom(topicARN, subject, message, service, "aws:SourceArn", sourceARN)
}

// publishFrom sends a message for a service, whose request has a condition key.
func (s *Service) publishFrom(topicARN, subject, message, service, key, value string) error {
	t, err := s.topics.find(topicARN)
	if err != nil {
		return err
	}
	d, err := policy.Parse(s.topics.policyOf(t))
	if err != nil {
		return err
	}
	keys := policy.NewContext(map[string]string{"aws:SourceAccount": s.account.ID, key: value})
	who := policy.Principals{policy.Service: {service}}
	if d.Decide(policy.Request{Principals: who, Action: "sns:Publish", Resource: t.ARN, Context: keys}) != policy.Allowed {
		return wire.Errorf("AuthorizationError", "The policy of the topic %s does not let %s publish", t.ARN, service)
	}
	if len(subject) > 100 {
		subject = subject[:100]
	}
	s.send(t, &publishInput{Subject: subject, Message: message})
	return nil
}

// send keeps a message, and delivers it to every subscriber that is confirmed
// and wants it.
func (s *Service) send(t *topic, in *publishInput) (id string) {
	m := Message{ID: ids.UUID(), TopicARN: t.ARN, Subject: in.Subject, Message: in.Message, Time: s.account.Clock.Now()}
	s.published.add(m)
	attributes := in.filterable()
	for _, sub := range s.subscriptions.of(t.ARN) {
		if sub.Token != "" || !sub.wants(in.Message, attributes) {
			continue
		}
		d := Delivery{Protocol: sub.Protocol, Endpoint: sub.Endpoint, Message: m}
		if in.MessageStructure == "json" {
			d.Message.Message = forProtocol(in.Message, sub.Protocol)
		}
		s.subscriptions.deliver(d)
	}
	return m.ID
}

// forProtocol picks the text for a protocol out of a message in JSON.
func forProtocol(message, protocol string) string {
	var byProtocol map[string]string
	if json.Unmarshal([]byte(message), &byProtocol) != nil {
		return message // it was checked before
	}
	if text := byProtocol[protocol]; text != "" {
		return text
	}
	return byProtocol["default"]
}

// filterable are the message's attributes as filter policies see them.
func (in *publishInput) filterable() map[string]any {
	attributes := map[string]any{}
	for name, a := range in.MessageAttributes {
		switch a.DataType {
		case "Number":
			if n, err := strconv.ParseFloat(a.StringValue, 64); err == nil {
				attributes[name] = n
			}
		case "String.Array":
			var list []any
			if json.Unmarshal([]byte(a.StringValue), &list) == nil {
				attributes[name] = list
			}
		default:
			attributes[name] = a.StringValue
		}
	}
	return attributes
}
