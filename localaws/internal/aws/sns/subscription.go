package sns

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/paging"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/store"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// protocols are how a subscriber can be reached. The others of SNS need
// services or hosts that localaws does not have.
var protocols = map[string]*regexp.Regexp{
	"email":      regexp.MustCompile(`^[^@\s]+@[^@\s]+$`),
	"email-json": regexp.MustCompile(`^[^@\s]+@[^@\s]+$`),
	"sms":        regexp.MustCompile(`^\+?[0-9]{6,15}$`),
}

type subscription struct {
	ARN           string // begins with the topic's
	TopicARN      string
	Protocol      string
	Endpoint      string
	Token         string // confirms it; "" when it is confirmed
	Authenticated bool   // whether the confirmation was
}

// subscriptions are those of all topics.
type subscriptions struct {
	account *core.Account
	topics  topics
	records *store.Collection[*subscription] // by ARN
	outbox  *ring[Delivery]
}

func (s subscriptions) operations() []wire.Operation {
	return []wire.Operation{
		wire.Op("Subscribe", s.subscribe),
		wire.Op("ConfirmSubscription", s.confirmSubscription),
		wire.Op("Unsubscribe", s.unsubscribe),
		wire.ReadOp("GetSubscriptionAttributes", s.getSubscriptionAttributes),
		wire.Op("SetSubscriptionAttributes", s.setSubscriptionAttributes),
		wire.ReadOp("ListSubscriptionsByTopic", s.listSubscriptionsByTopic),
	}
}

// of yields the subscriptions of a topic.
func (s subscriptions) of(topicARN string) iter.Seq2[string, *subscription] {
	return s.records.Prefix(topicARN + ":")
}

type subscribeInput struct {
	TopicArn              string
	Protocol              string
	Endpoint              string
	Attributes            map[string]string
	ReturnSubscriptionArn bool
}

type subscriptionOutput struct{ SubscriptionArn string }

// subscribe makes a subscription. One to an e-mail address is pending until the
// token that the mail brings is given to ConfirmSubscription.
func (s subscriptions) subscribe(_ context.Context, in *subscribeInput) (*subscriptionOutput, error) {
	t, err := s.topics.find(in.TopicArn)
	if err != nil {
		return nil, err
	}
	form, known := protocols[in.Protocol]
	if !known {
		return nil, invalid("Protocol: localaws delivers to %v, not to %q", slices.Sorted(maps.Keys(protocols)), in.Protocol)
	}
	if !form.MatchString(in.Endpoint) {
		return nil, invalid("Endpoint: %q is not an address for %s", in.Endpoint, in.Protocol)
	}
	sub := s.existing(in)
	if sub == nil {
		sub = &subscription{
			ARN: t.ARN + ":" + ids.UUID(), TopicARN: t.ARN, Protocol: in.Protocol, Endpoint: in.Endpoint,
		}
		for name, value := range in.Attributes {
			if err := sub.setAttribute(name, value); err != nil {
				return nil, err
			}
		}
		s.records.Put(sub.ARN, sub)
		if in.Protocol != "sms" {
			sub.Token = ids.Hex(64)
			s.deliver(Delivery{Protocol: sub.Protocol, Endpoint: sub.Endpoint, Token: sub.Token, Message: Message{
				ID: ids.UUID(), TopicARN: t.ARN, Subject: "AWS Notification - Subscription Confirmation", Time: s.account.Clock.Now(),
				Message: "You have chosen to subscribe to the topic " + t.ARN + ". Confirm with the token " + sub.Token + ".",
			}})
		}
	}
	if sub.Token != "" && !in.ReturnSubscriptionArn {
		return &subscriptionOutput{"pending confirmation"}, nil
	}
	return &subscriptionOutput{sub.ARN}, nil
}

// existing finds the subscription that the same endpoint has already.
func (s subscriptions) existing(in *subscribeInput) *subscription {
	for _, sub := range s.of(in.TopicArn) {
		if sub.Protocol == in.Protocol && sub.Endpoint == in.Endpoint {
			return sub
		}
	}
	return nil
}

type confirmInput struct {
	TopicArn                  string
	Token                     string
	AuthenticateOnUnsubscribe string
}

func (s subscriptions) confirmSubscription(_ context.Context, in *confirmInput) (*subscriptionOutput, error) {
	if _, err := s.topics.find(in.TopicArn); err != nil {
		return nil, err
	}
	for arn, sub := range s.of(in.TopicArn) {
		if sub.Token != "" && sub.Token == in.Token {
			s.records.Put(arn, sub)
			sub.Token = ""
			sub.Authenticated = in.AuthenticateOnUnsubscribe == "true"
			return &subscriptionOutput{sub.ARN}, nil
		}
	}
	return nil, invalid("Token")
}

type subscriptionInput struct{ SubscriptionArn string }

func (s subscriptions) unsubscribe(_ context.Context, in *subscriptionInput) (*wire.Empty, error) {
	sub, ok := s.records.Get(in.SubscriptionArn)
	if !ok {
		if !strings.HasPrefix(in.SubscriptionArn, "arn:") {
			return nil, invalid("SubscriptionArn Reason: %q is not an ARN", in.SubscriptionArn)
		}
		return nil, nil
	}
	s.records.Delete(sub.ARN)
	if t, ok := s.topics.records.Change(sub.TopicARN); ok {
		t.Deleted++
	}
	return nil, nil
}

func (s subscriptions) getSubscriptionAttributes(_ context.Context, in *subscriptionInput) (*attributesOutput, error) {
	sub, ok := s.records.Get(in.SubscriptionArn)
	if !ok {
		return nil, noSubscription(in.SubscriptionArn)
	}
	return &attributesOutput{map[string]string{
		"SubscriptionArn": sub.ARN, "TopicArn": sub.TopicARN, "Protocol": sub.Protocol, "Endpoint": sub.Endpoint,
		"Owner": s.account.ID, "ConfirmationWasAuthenticated": strconv.FormatBool(sub.Authenticated),
		"PendingConfirmation": strconv.FormatBool(sub.Token != ""), "RawMessageDelivery": "false",
		"SubscriptionPrincipal": s.account.GlobalARN("iam", "root"),
	}}, nil
}

type setSubscriptionAttributesInput struct {
	SubscriptionArn string
	AttributeName   string
	AttributeValue  string
}

func (s subscriptions) setSubscriptionAttributes(_ context.Context, in *setSubscriptionAttributesInput) (*wire.Empty, error) {
	sub, ok := s.records.Change(in.SubscriptionArn)
	if !ok {
		return nil, noSubscription(in.SubscriptionArn)
	}
	return nil, sub.setAttribute(in.AttributeName, in.AttributeValue)
}

func noSubscription(arn string) error {
	return wire.NotFoundf("NotFound", "Subscription does not exist: %s", arn)
}

// setAttribute refuses what subscriptions of localaws's protocols can't have.
func (sub *subscription) setAttribute(name, value string) error {
	switch {
	case name != "RawMessageDelivery":
		return invalid("AttributeName: localaws does not know %s", name)
	case value != "" && value != "false":
		return invalid("Attributes Reason: Delivery protocol [%s] does not support raw message delivery.", sub.Protocol)
	}
	return nil
}

type listSubscriptionsInput struct {
	TopicArn  string
	NextToken string
}

type listSubscriptionsOutput struct {
	Subscriptions []subscriptionXML
	NextToken     string
}

type subscriptionXML struct {
	SubscriptionArn, Owner, Protocol, Endpoint, TopicArn string
}

func (s subscriptions) listSubscriptionsByTopic(_ context.Context, in *listSubscriptionsInput) (*listSubscriptionsOutput, error) {
	if _, err := s.topics.find(in.TopicArn); err != nil {
		return nil, err
	}
	var all []*subscription
	for _, sub := range s.of(in.TopicArn) {
		all = append(all, sub)
	}
	page, next, err := paging.Cut(pages, all, func(sub *subscription) string { return sub.ARN }, nil, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &listSubscriptionsOutput{Subscriptions: []subscriptionXML{}, NextToken: next}
	for _, sub := range page {
		shown := sub.ARN
		if sub.Token != "" {
			shown = "PendingConfirmation"
		}
		out.Subscriptions = append(out.Subscriptions, subscriptionXML{shown, s.account.ID, sub.Protocol, sub.Endpoint, sub.TopicARN})
	}
	return out, nil
}

// deliver keeps what a subscriber receives.
func (s subscriptions) deliver(d Delivery) {
	s.outbox.add(d)
	s.account.Log.Info("sns delivered", "protocol", d.Protocol, "endpoint", d.Endpoint, "subject", fmt.Sprintf("%q", d.Subject))
}
