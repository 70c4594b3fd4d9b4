// Package sns is Amazon Simple Notification Service: topics, subscriptions and
// what was published. Nothing leaves the process: what a subscriber would have
// received stands in the outbox.
//
// API: https://docs.aws.amazon.com/sns/latest/api/.
package sns

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// maxOutbox is how many messages and deliveries are kept: the oldest go first.
const maxOutbox = 200

// Service is SNS. Its methods are called with the account's lock held.
type Service struct {
	account *core.Account
	state   state
}

// state is what outlives the process.
type state struct {
	Topics        map[string]*topic        // by ARN
	Subscriptions map[string]*subscription // by ARN
	Published     []Message
	Outbox        []Delivery
}

type topic struct {
	ARN        string
	Attributes map[string]string
	Tags       core.Tags
	Deleted    int // subscriptions that were
}

type subscription struct {
	ARN           string
	TopicARN      string
	Protocol      string
	Endpoint      string
	Token         string // confirms it; "" when it is confirmed
	Authenticated bool   // the confirmation was
	Attributes    map[string]string
}

// Message is what was published to a topic.
type Message struct {
	ID       string
	TopicARN string
	Subject  string
	Message  string
	Time     time.Time
}

// Delivery is what a subscriber received: a message, or the request to confirm
// the subscription with the token in it.
type Delivery struct {
	Protocol string
	Endpoint string
	Token    string
	Message
}

// New returns an SNS without topics.
func New(a *core.Account) *Service {
	s := &Service{account: a}
	s.state.init()
	return s
}

func (st *state) init() {
	if st.Topics == nil {
		st.Topics = map[string]*topic{}
	}
	if st.Subscriptions == nil {
		st.Subscriptions = map[string]*subscription{}
	}
}

// Wire is the service's entry in the server.
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name: "sns", Protocol: wire.Query, Namespace: "http://sns.amazonaws.com/doc/2010-03-31/",
		Operations: []wire.Operation{
			wire.Op("CreateTopic", s.createTopic),
			wire.Op("DeleteTopic", s.deleteTopic),
			wire.ReadOp("GetTopicAttributes", s.getTopicAttributes),
			wire.Op("SetTopicAttributes", s.setTopicAttributes),
			wire.ReadOp("ListTopics", s.listTopics),
			wire.Op("Subscribe", s.subscribe),
			wire.Op("ConfirmSubscription", s.confirmSubscription),
			wire.Op("Unsubscribe", s.unsubscribe),
			wire.ReadOp("GetSubscriptionAttributes", s.getSubscriptionAttributes),
			wire.Op("SetSubscriptionAttributes", s.setSubscriptionAttributes),
			wire.ReadOp("ListSubscriptions", s.listSubscriptions),
			wire.ReadOp("ListSubscriptionsByTopic", s.listSubscriptionsByTopic),
			wire.Op("Publish", s.publish),
			wire.Op("TagResource", s.tagResource),
			wire.Op("UntagResource", s.untagResource),
			wire.ReadOp("ListTagsForResource", s.listTagsForResource),
		},
	}
}

// Name is the service's key in the snapshot.
func (s *Service) Name() string { return "sns" }

// Snapshot returns all state.
func (s *Service) Snapshot() any { return s.state }

// Restore replaces the state.
func (s *Service) Restore(raw json.RawMessage) error {
	var restored state
	if err := json.Unmarshal(raw, &restored); err != nil {
		return fmt.Errorf("restoring sns: %w", err)
	}
	restored.init()
	s.state = restored
	return nil
}

// Resources is the number of resources by kind, for the status page.
func (s *Service) Resources() map[string]int {
	return map[string]int{"topics": len(s.state.Topics), "subscriptions": len(s.state.Subscriptions)}
}

// Messages are those published to a topic, the oldest first.
func (s *Service) Messages(topicARN string) []Message {
	var list []Message
	for _, m := range s.state.Published {
		if m.TopicARN == topicARN {
			list = append(list, m)
		}
	}
	return list
}

// Outbox is what subscribers received, the oldest first.
func (s *Service) Outbox() []Delivery { return append([]Delivery(nil), s.state.Outbox...) }

func (s *Service) topic(arn string) (*topic, error) {
	t, ok := s.state.Topics[arn]
	if !ok {
		return nil, wire.NotFoundf("NotFound", "Topic does not exist: %s", arn)
	}
	return t, nil
}

func (s *Service) subscription(arn string) (*subscription, error) {
	sub, ok := s.state.Subscriptions[arn]
	if !ok {
		return nil, wire.NotFoundf("NotFound", "Subscription does not exist: %s", arn)
	}
	return sub, nil
}

func invalid(format string, args ...any) *wire.Error {
	return wire.Errorf("InvalidParameter", "Invalid parameter: "+format, args...)
}
