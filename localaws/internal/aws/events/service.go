// Package events is Amazon EventBridge: rules on the default event bus, and the
// delivery of matching events to SNS topics.
//
// API: https://docs.aws.amazon.com/eventbridge/latest/APIReference/.
package events

import (
	"cmp"
	_ "embed"
	"encoding/json"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/refusals"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/store"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// Topics publish on behalf of a service, if the topic's policy lets it.
type Topics interface {
	PublishFrom(service, sourceARN, topicARN, subject, message string) error
}

// principal is EventBridge's name in policies.
const principal = "events.amazonaws.com"

// Service is EventBridge. Its methods are called with the account's lock held.
type Service struct {
	account *core.Account
	topics  Topics
	rules   *store.Collection[*rule] // by name
}

type rule struct {
	Name         string
	EventPattern string
	State        string
	Description  string
	Targets      map[string]target // by id
	Tags         tags.Set
}

// New returns an EventBridge with nothing but the default bus.
func New(a *core.Account, topics Topics) *Service {
	return &Service{account: a, topics: topics, rules: store.NewCollection[*rule](a.Records, "events", "rules")}
}

//go:embed refusals.md
var refusalsText string

// Refusals are what AWS refuses of requests.
var Refusals = refusals.MustParse(refusalsText)

// Wire is the service's entry in the server.
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name: "events", Protocol: wire.JSON11, TargetPrefix: "AWSEvents",
		Check: Refusals.Refuse("ValidationException"),
		Operations: append(s.tags().Operations(),
			wire.Op("PutRule", s.putRule),
			wire.ReadOp("DescribeRule", s.describeRule),
			wire.Op("DeleteRule", s.deleteRule),
			wire.Op("PutTargets", s.putTargets),
			wire.Op("RemoveTargets", s.removeTargets),
			wire.ReadOp("ListTargetsByRule", s.listTargetsByRule),
		),
	}
}

// Resources is the number of resources by kind, for the status page.
func (s *Service) Resources() map[string]int { return map[string]int{"rules": s.rules.Len()} }

// event is an event as targets get it.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html
type event struct {
	Version    string   `json:"version"`
	ID         string   `json:"id"`
	DetailType string   `json:"detail-type"`
	Source     string   `json:"source"`
	Account    string   `json:"account"`
	Time       string   `json:"time"`
	Region     string   `json:"region"`
	Resources  []string `json:"resources"`
	Detail     any      `json:"detail"`
}

// Emit sends an event of a service through the default bus. The detail is
// anything that encodes as a JSON object.
func (s *Service) Emit(source, detailType string, resources []string, detail any) {
	if resources == nil {
		resources = []string{}
	}
	raw, err := json.Marshal(event{
		Version: "0", ID: ids.UUID(), DetailType: detailType, Source: source, Account: s.account.ID,
		Time: s.account.Clock.Now().UTC().Format("2006-01-02T15:04:05Z"), Region: s.account.Region, Resources: resources, Detail: detail,
	})
	var decoded map[string]any
	if err == nil {
		err = json.Unmarshal(raw, &decoded)
	}
	if err != nil {
		s.account.Log.Error("encoding an event", "source", source, "detail-type", detailType, "error", err)
		return
	}
	for _, r := range s.rules.All() {
		if r.State == stateDisabled {
			continue
		}
		wanted, err := parsePattern(r.EventPattern)
		if err != nil || !wanted.match(decoded) {
			continue // the pattern was checked when it was put
		}
		s.deliver(r, string(raw))
	}
}

// deliver sends an event to a rule's targets.
func (s *Service) deliver(r *rule, event string) {
	for _, t := range r.sortedTargets() {
		if err := s.topics.PublishFrom(principal, s.arn(r), t.Arn, "", cmp.Or(t.Input, event)); err != nil {
			s.account.Log.Warn("an event could not be delivered", "rule", r.Name, "target", t.Arn, "error", err)
		}
	}
}

func invalid(format string, args ...any) *wire.Error {
	return wire.Errorf("ValidationException", format, args...)
}
