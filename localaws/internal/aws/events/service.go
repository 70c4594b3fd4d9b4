// Package events is Amazon EventBridge: rules on the default event bus, and the
// delivery of matching events to SNS topics.
//
// API: https://docs.aws.amazon.com/eventbridge/latest/APIReference/.
package events

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/eventpattern"
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
	state   state
}

// state is what outlives the process.
type state struct {
	Rules map[string]*rule // by name
}

type rule struct {
	Name         string
	EventPattern string
	State        string
	Description  string
	RoleARN      string
	Targets      map[string]target // by id
	Tags         core.Tags
}

// New returns an EventBridge with nothing but the default bus.
func New(a *core.Account, topics Topics) *Service {
	return &Service{account: a, topics: topics, state: state{Rules: map[string]*rule{}}}
}

// Wire is the service's entry in the server.
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name: "events", Protocol: wire.JSON11, TargetPrefix: "AWSEvents",
		Operations: []wire.Operation{
			wire.Op("PutRule", s.putRule),
			wire.ReadOp("DescribeRule", s.describeRule),
			wire.ReadOp("ListRules", s.listRules),
			wire.Op("DeleteRule", s.deleteRule),
			wire.Op("EnableRule", s.enableRule),
			wire.Op("DisableRule", s.disableRule),
			wire.Op("PutTargets", s.putTargets),
			wire.Op("RemoveTargets", s.removeTargets),
			wire.ReadOp("ListTargetsByRule", s.listTargetsByRule),
			wire.Op("PutEvents", s.putEvents),
			wire.ReadOp("TestEventPattern", s.testEventPattern),
			wire.Op("TagResource", s.tagResource),
			wire.Op("UntagResource", s.untagResource),
			wire.ReadOp("ListTagsForResource", s.listTagsForResource),
		},
	}
}

// Name is the service's key in the snapshot.
func (s *Service) Name() string { return "events" }

// Snapshot returns all state.
func (s *Service) Snapshot() any { return s.state }

// Restore replaces the state.
func (s *Service) Restore(raw json.RawMessage) error {
	restored := state{Rules: map[string]*rule{}}
	if err := json.Unmarshal(raw, &restored); err != nil {
		return fmt.Errorf("restoring events: %w", err)
	}
	s.state = restored
	return nil
}

// Resources is the number of resources by kind, for the status page.
func (s *Service) Resources() map[string]int { return map[string]int{"rules": len(s.state.Rules)} }

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
	s.emit(source, detailType, resources, detail, s.account.Clock.Now())
}

func (s *Service) emit(source, detailType string, resources []string, detail any, at time.Time) (id string) {
	if resources == nil {
		resources = []string{}
	}
	e := event{
		Version: "0", ID: ids.UUID(), DetailType: detailType, Source: source, Account: s.account.ID,
		Time: at.UTC().Format("2006-01-02T15:04:05Z"), Region: s.account.Region, Resources: resources, Detail: detail,
	}
	raw, err := json.Marshal(e)
	var decoded map[string]any
	if err == nil {
		err = json.Unmarshal(raw, &decoded)
	}
	if err != nil {
		s.account.Log.Error("encoding an event", "source", source, "detail-type", detailType, "error", err)
		return e.ID
	}
	for _, r := range s.sorted() {
		if r.State == stateDisabled {
			continue
		}
		pattern, err := eventpattern.Parse(r.EventPattern)
		if err != nil || !pattern.Match(decoded) {
			continue // the pattern was checked when it was put
		}
		s.deliver(r, string(raw), decoded)
	}
	return e.ID
}

// deliver sends an event to a rule's targets.
func (s *Service) deliver(r *rule, raw string, decoded map[string]any) {
	for _, t := range r.sortedTargets() {
		input, err := t.input(raw, decoded, s.arn(r), r.Name)
		if err == nil {
			err = s.topics.PublishFrom(principal, s.arn(r), t.Arn, "", input)
		}
		if err != nil {
			s.account.Log.Warn("an event could not be delivered", "rule", r.Name, "target", t.Arn, "error", err)
		}
	}
}

type putEventsInput struct {
	Entries []struct {
		Time         time.Time
		Source       string
		Resources    []string
		DetailType   string
		Detail       string
		EventBusName string
	}
}

type putEventsOutput struct {
	FailedEntryCount int32
	Entries          []putEventsEntry
}

type putEventsEntry struct {
	EventId      string
	ErrorCode    string
	ErrorMessage string
}

func (s *Service) putEvents(_ context.Context, in *putEventsInput) (*putEventsOutput, error) {
	if len(in.Entries) == 0 || len(in.Entries) > 10 {
		return nil, invalid("PutEvents takes 1 to 10 entries, not %d", len(in.Entries))
	}
	out := &putEventsOutput{}
	for _, e := range in.Entries {
		var detail map[string]any
		var answer putEventsEntry
		switch {
		case e.Source == "" || e.DetailType == "":
			answer = putEventsEntry{ErrorCode: "InvalidArgument", ErrorMessage: "Parameters Source and DetailType are required."}
		case len(e.Source) >= 4 && e.Source[:4] == "aws.":
			answer = putEventsEntry{ErrorCode: "NotAuthorizedForSourceException", ErrorMessage: "Not authorized for the source."}
		case json.Unmarshal([]byte(e.Detail), &detail) != nil:
			answer = putEventsEntry{ErrorCode: "MalformedDetail", ErrorMessage: "Detail is malformed."}
		case s.bus(e.EventBusName) != nil:
			answer = putEventsEntry{ErrorCode: "InvalidArgument", ErrorMessage: "Event bus " + e.EventBusName + " does not exist."}
		default:
			at := e.Time
			if at.IsZero() {
				at = s.account.Clock.Now()
			}
			answer.EventId = s.emit(e.Source, e.DetailType, e.Resources, detail, at)
		}
		if answer.ErrorCode != "" {
			out.FailedEntryCount++
		}
		out.Entries = append(out.Entries, answer)
	}
	return out, nil
}

type testPatternInput struct {
	EventPattern string
	Event        string
}

type testPatternOutput struct{ Result bool }

func (s *Service) testEventPattern(_ context.Context, in *testPatternInput) (*testPatternOutput, error) {
	pattern, err := parsePattern(in.EventPattern)
	if err != nil {
		return nil, err
	}
	var decoded map[string]any
	if err := json.Unmarshal([]byte(in.Event), &decoded); err != nil {
		return nil, invalid("Parameter Event is not valid: %v", err)
	}
	return &testPatternOutput{pattern.Match(decoded)}, nil
}

func invalid(format string, args ...any) *wire.Error {
	return wire.Errorf("ValidationException", format, args...)
}
