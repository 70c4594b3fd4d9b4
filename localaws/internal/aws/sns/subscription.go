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

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/eventpattern"
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

// subscriptionAttributes are those that can be set.
var subscriptionAttributes = []string{"DeliveryPolicy", "FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy"}

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
func (s *Service) subscribe(_ context.Context, in *subscribeInput) (*subscriptionOutput, error) {
	t, err := s.topic(in.TopicArn)
	if err != nil {
		return nil, err
	}
	form, known := protocols[in.Protocol]
	if !known {
		return nil, invalid("Protocol: localaws delivers to %v, not to %q", slices.Sorted(maps.Keys(protocols)), in.Protocol)
	}
	if !form.MatchString(in.Endpoint) {
		return nil, invalid("Endpoint: %q is no address for %s", in.Endpoint, in.Protocol)
	}
	sub := s.existing(in)
	if sub == nil {
		sub = &subscription{
			ARN: t.ARN + ":" + ids.UUID(), TopicARN: t.ARN, Protocol: in.Protocol, Endpoint: in.Endpoint,
			Attributes: map[string]string{},
		}
		for name, value := range in.Attributes {
			if err := sub.setAttribute(name, value); err != nil {
				return nil, err
			}
		}
		s.state.Subscriptions[sub.ARN] = sub
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
func (s *Service) existing(in *subscribeInput) *subscription {
	for _, sub := range s.state.Subscriptions {
		if sub.TopicARN == in.TopicArn && sub.Protocol == in.Protocol && sub.Endpoint == in.Endpoint {
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

func (s *Service) confirmSubscription(_ context.Context, in *confirmInput) (*subscriptionOutput, error) {
	if _, err := s.topic(in.TopicArn); err != nil {
		return nil, err
	}
	for _, sub := range s.state.Subscriptions {
		if sub.TopicARN == in.TopicArn && sub.Token != "" && sub.Token == in.Token {
			sub.Token = ""
			sub.Authenticated = in.AuthenticateOnUnsubscribe == "true"
			return &subscriptionOutput{sub.ARN}, nil
		}
	}
	return nil, invalid("Token")
}

type subscriptionInput struct{ SubscriptionArn string }

func (s *Service) unsubscribe(_ context.Context, in *subscriptionInput) (*wire.Empty, error) {
	sub, ok := s.state.Subscriptions[in.SubscriptionArn]
	if !ok {
		if !strings.HasPrefix(in.SubscriptionArn, "arn:") {
			return nil, invalid("SubscriptionArn Reason: %q is not an ARN", in.SubscriptionArn)
		}
		return nil, nil
	}
	delete(s.state.Subscriptions, sub.ARN)
	if t, ok := s.state.Topics[sub.TopicARN]; ok {
		t.Deleted++
	}
	return nil, nil
}

func (s *Service) getSubscriptionAttributes(_ context.Context, in *subscriptionInput) (*attributesOutput, error) {
	sub, err := s.subscription(in.SubscriptionArn)
	if err != nil {
		return nil, err
	}
	attributes := map[string]string{
		"SubscriptionArn": sub.ARN, "TopicArn": sub.TopicARN, "Protocol": sub.Protocol, "Endpoint": sub.Endpoint,
		"Owner": s.account.ID, "ConfirmationWasAuthenticated": strconv.FormatBool(sub.Authenticated),
		"PendingConfirmation": strconv.FormatBool(sub.Token != ""), "RawMessageDelivery": "false",
		"SubscriptionPrincipal": s.account.GlobalARN("iam", "root"),
	}
	maps.Copy(attributes, sub.Attributes)
	return &attributesOutput{attributes}, nil
}

type setSubscriptionAttributesInput struct {
	SubscriptionArn string
	AttributeName   string
	AttributeValue  string
}

func (s *Service) setSubscriptionAttributes(_ context.Context, in *setSubscriptionAttributesInput) (*wire.Empty, error) {
	sub, err := s.subscription(in.SubscriptionArn)
	if err != nil {
		return nil, err
	}
	return nil, sub.setAttribute(in.AttributeName, in.AttributeValue)
}

func (sub *subscription) setAttribute(name, value string) error {
	if !slices.Contains(subscriptionAttributes, name) {
		return invalid("AttributeName: localaws does not know %s", name)
	}
	if value == "" {
		delete(sub.Attributes, name)
		return nil
	}
	switch name {
	case "FilterPolicy":
		if _, err := eventpattern.Parse(value); err != nil && value != "{}" {
			return invalid("FilterPolicy: %v", err)
		}
		if sub.Attributes["FilterPolicyScope"] == "" {
			sub.Attributes["FilterPolicyScope"] = "MessageAttributes"
		}
	case "FilterPolicyScope":
		if value != "MessageAttributes" && value != "MessageBody" {
			return invalid("FilterPolicyScope: it must be MessageAttributes or MessageBody, not %s", value)
		}
	case "RawMessageDelivery":
		if value != "false" {
			return invalid("Attributes Reason: Delivery protocol [%s] does not support raw message delivery.", sub.Protocol)
		}
	default:
		if !json.Valid([]byte(value)) {
			return invalid("%s: it is not JSON", name)
		}
	}
	sub.Attributes[name] = value
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

func (s *Service) listSubscriptionsByTopic(ctx context.Context, in *listSubscriptionsInput) (*listSubscriptionsOutput, error) {
	if _, err := s.topic(in.TopicArn); err != nil {
		return nil, err
	}
	return s.listSubscriptions(ctx, in)
}

func (s *Service) listSubscriptions(_ context.Context, in *listSubscriptionsInput) (*listSubscriptionsOutput, error) {
	out := &listSubscriptionsOutput{Subscriptions: []subscriptionXML{}}
	last := ""
	for _, arn := range slices.Sorted(maps.Keys(s.state.Subscriptions)) {
		sub := s.state.Subscriptions[arn]
		if arn <= in.NextToken || (in.TopicArn != "" && sub.TopicARN != in.TopicArn) {
			continue
		}
		if len(out.Subscriptions) == pageSize {
			out.NextToken = last
			break
		}
		last = arn
		shown := arn
		if sub.Token != "" {
			shown = "PendingConfirmation"
		}
		out.Subscriptions = append(out.Subscriptions, subscriptionXML{shown, s.account.ID, sub.Protocol, sub.Endpoint, sub.TopicARN})
	}
	return out, nil
}

// wants tells whether a message passes the subscription's filter.
func (sub *subscription) wants(message string, attributes map[string]any) bool {
	text := sub.Attributes["FilterPolicy"]
	if text == "" || text == "{}" {
		return true
	}
	pattern, err := eventpattern.Parse(text)
	if err != nil {
		return false // it was checked when it was set
	}
	if sub.Attributes["FilterPolicyScope"] != "MessageBody" {
		return pattern.Match(attributes)
	}
	var body map[string]any
	return json.Unmarshal([]byte(message), &body) == nil && pattern.Match(body)
}

func (s *Service) deliver(d Delivery) {
	s.state.Outbox = append(s.state.Outbox, d)
	if extra := len(s.state.Outbox) - maxOutbox; extra > 0 {
		s.state.Outbox = slices.Clone(s.state.Outbox[extra:])
	}
	s.account.Log.Info("sns delivered", "protocol", d.Protocol, "endpoint", d.Endpoint, "subject", fmt.Sprintf("%q", d.Subject))
}
