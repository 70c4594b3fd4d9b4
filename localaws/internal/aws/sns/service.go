// Package sns is Amazon Simple Notification Service: topics, subscriptions and
// what was published. Nothing leaves the process: what a subscriber would have
// received stands in the outbox.
//
// API: https://docs.aws.amazon.com/sns/latest/api/.
package sns

import (
	_ "embed"
	"slices"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/paging"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/refusals"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/store"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// Service is SNS. Its methods are called with the account's lock held.
type Service struct {
	account       *core.Account
	topics        topics
	subscriptions subscriptions
	published     *ring[Message]
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
	t := topics{a, store.NewCollection[*topic](a.Records, "sns", "topics")}
	return &Service{
		account: a, topics: t, published: newRing[Message](a.Records, "published"),
		subscriptions: subscriptions{
			account: a, topics: t, records: store.NewCollection[*subscription](a.Records, "sns", "subscriptions"),
			outbox: newRing[Delivery](a.Records, "outbox"),
		},
	}
}

//go:embed refusals.md
var refusalsText string

// Refusals are what AWS refuses of requests.
var Refusals = refusals.MustParse(refusalsText)

// Wire is the service's entry in the server.
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name: "sns", Protocol: wire.Query, Namespace: "http://sns.amazonaws.com/doc/2010-03-31/",
		Check: Refusals.Refuse("ValidationError"),
		Operations: slices.Concat(s.topics.operations(), s.subscriptions.operations(), []wire.Operation{
			wire.Op("DeleteTopic", s.deleteTopic),
			wire.ReadOp("GetTopicAttributes", s.getTopicAttributes),
		}),
	}
}

// Resources is the number of resources by kind, for the status page.
func (s *Service) Resources() map[string]int {
	return map[string]int{"topics": s.topics.records.Len(), "subscriptions": s.subscriptions.records.Len()}
}

// Messages are those published to a topic, the oldest first.
func (s *Service) Messages(topicARN string) []Message {
	var list []Message
	for _, m := range s.published.entries.All() {
		if m.TopicARN == topicARN {
			list = append(list, m)
		}
	}
	return list
}

// Outbox is what subscribers received, the oldest first.
func (s *Service) Outbox() []Delivery {
	var list []Delivery
	for _, d := range s.subscriptions.outbox.entries.All() {
		list = append(list, d)
	}
	return list
}

// TaggedResources lists what can have tags, for the Tagging API.
func (s *Service) TaggedResources() []tags.Tagged {
	var all []tags.Tagged
	for arn, t := range s.topics.records.All() {
		all = append(all, tags.Tagged{ARN: arn, Tags: t.Tags})
	}
	return all
}

// pages are those of SNS's lists.
// https://docs.aws.amazon.com/sns/latest/api/API_ListTopics.html
var pages = paging.Limits{
	Default: 100, Max: 100,
	Token: func(token string) error {
		return invalid("NextToken Reason: %q is not the token of an earlier answer", token)
	},
}

func invalid(format string, args ...any) *wire.Error {
	return wire.Errorf("InvalidParameter", "Invalid parameter: "+format, args...)
}
