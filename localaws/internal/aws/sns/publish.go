package sns

import (
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/policy"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

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
	s.send(t, subject, message)
	return nil
}

// send keeps a message, and delivers it to every subscriber that is confirmed.
func (s *Service) send(t *topic, subject, message string) {
	m := Message{ID: ids.UUID(), TopicARN: t.ARN, Subject: subject, Message: message, Time: s.account.Clock.Now()}
	s.published.add(m)
	for _, sub := range s.subscriptions.of(t.ARN) {
		if sub.Token == "" {
			s.subscriptions.deliver(Delivery{Protocol: sub.Protocol, Endpoint: sub.Endpoint, Message: m})
		}
	}
}
