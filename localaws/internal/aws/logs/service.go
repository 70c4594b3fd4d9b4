// Package logs is Amazon CloudWatch Logs: groups, streams and their events.
//
// API: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/.
// Times on the wire are milliseconds since 1970.
package logs

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// maxEvents is how many events a stream keeps: the oldest go first.
const maxEvents = 5000

// Service is CloudWatch Logs. Its methods are called with the account's lock
// held.
type Service struct {
	account *core.Account
	keys    Keys // nil: none is looked at
	state   state
}

// state is what outlives the process.
type state struct {
	Groups map[string]*group
}

type group struct {
	Name      string
	Class     string
	KMSKeyID  string
	Retention int32 // days; 0 means for ever
	Protected bool  // against deletion
	Created   int64
	Streams   map[string]*stream
	Tags      core.Tags
}

type stream struct {
	Name    string
	Created int64
	Events  []event // by timestamp
	// Dropped is how many events before the first one are gone: positions in
	// tokens count from the stream's beginning.
	Dropped       int
	LastIngestion int64
}

type event struct {
	Timestamp int64
	Ingestion int64
	Message   string
}

// Event is a line of a log.
type Event struct {
	Time    time.Time
	Message string
}

// Keys are KMS keys. Usable says why a service can't encrypt by one.
type Keys interface {
	Usable(keyARN, service string, encryptionContext map[string]string) error
}

// Option changes a new Service.
type Option func(*Service)

// WithKeys has log groups encrypted by keys that are there. Without it no key is
// looked at.
func WithKeys(keys Keys) Option { return func(s *Service) { s.keys = keys } }

// New returns a CloudWatch Logs without groups.
func New(a *core.Account, options ...Option) *Service {
	s := &Service{account: a, state: state{Groups: map[string]*group{}}}
	for _, option := range options {
		option(s)
	}
	return s
}

// Wire is the service's entry in the server.
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name: "logs", Protocol: wire.JSON11, TargetPrefix: "Logs_20140328", LowerCamel: true,
		Operations: []wire.Operation{
			wire.Op("CreateLogGroup", s.createLogGroup),
			wire.Op("DeleteLogGroup", s.deleteLogGroup),
			wire.ReadOp("DescribeLogGroups", s.describeLogGroups),
			wire.Op("PutRetentionPolicy", s.putRetentionPolicy),
			wire.Op("DeleteRetentionPolicy", s.deleteRetentionPolicy),
			wire.Op("AssociateKmsKey", s.associateKMSKey),
			wire.Op("DisassociateKmsKey", s.disassociateKMSKey),
			wire.Op("PutLogGroupDeletionProtection", s.putDeletionProtection),
			wire.Op("CreateLogStream", s.createLogStream),
			wire.Op("DeleteLogStream", s.deleteLogStream),
			wire.ReadOp("DescribeLogStreams", s.describeLogStreams),
			wire.Op("PutLogEvents", s.putLogEvents),
			wire.ReadOp("GetLogEvents", s.getLogEvents),
			wire.ReadOp("FilterLogEvents", s.filterLogEvents),
			wire.Op("TagResource", s.tagResource),
			wire.Op("UntagResource", s.untagResource),
			wire.ReadOp("ListTagsForResource", s.listTagsForResource),
			wire.Op("TagLogGroup", s.tagLogGroup),
			wire.Op("UntagLogGroup", s.untagLogGroup),
			wire.ReadOp("ListTagsLogGroup", s.listTagsLogGroup),
		},
	}
}

// Name is the service's key in the snapshot.
func (s *Service) Name() string { return "logs" }

// snapshotEvents is how many events of a stream outlive the process: the
// snapshot is written after every change, and has to stay small.
const snapshotEvents = 200

// Snapshot returns all state but a stream's older events.
func (s *Service) Snapshot() any {
	trimmed := state{Groups: make(map[string]*group, len(s.state.Groups))}
	for name, g := range s.state.Groups {
		copied := *g
		copied.Streams = make(map[string]*stream, len(g.Streams))
		for streamName, st := range g.Streams {
			newest := *st
			if extra := len(st.Events) - snapshotEvents; extra > 0 {
				newest.Events = st.Events[extra:]
				newest.Dropped += extra
			}
			copied.Streams[streamName] = &newest
		}
		trimmed.Groups[name] = &copied
	}
	return trimmed
}

// Restore replaces the state.
func (s *Service) Restore(raw json.RawMessage) error {
	restored := state{Groups: map[string]*group{}}
	if err := json.Unmarshal(raw, &restored); err != nil {
		return fmt.Errorf("restoring logs: %w", err)
	}
	s.state = restored
	return nil
}

// Resources is the number of resources by kind, for the status page.
func (s *Service) Resources() map[string]int {
	return map[string]int{"log groups": len(s.state.Groups)}
}

// CreateGroup makes a group; one that is there already is no error.
func (s *Service) CreateGroup(name string) error {
	if _, exists := s.state.Groups[name]; exists {
		return nil
	}
	_, err := s.createLogGroup(context.Background(), &createLogGroupInput{LogGroupName: name})
	return err
}

// CreateStream makes a stream; one that is there already is no error.
func (s *Service) CreateStream(groupName, streamName string) error {
	g, err := s.group(groupName, "")
	if err != nil {
		return err
	}
	if g.Streams[streamName] == nil {
		g.Streams[streamName] = &stream{Name: streamName, Created: s.now()}
	}
	return nil
}

// Put appends events to a stream; both group and stream have to exist.
func (s *Service) Put(groupName, streamName string, events []Event) error {
	_, st, err := s.stream(groupName, "", streamName)
	if err != nil {
		return err
	}
	list := make([]event, 0, len(events))
	for _, e := range events {
		list = append(list, event{Timestamp: e.Time.UnixMilli(), Message: e.Message})
	}
	st.put(list, s.now())
	return nil
}

func (s *Service) now() int64 { return s.account.Clock.Now().UnixMilli() }

func (st *stream) put(events []event, now int64) {
	for _, e := range events {
		e.Ingestion = now
		st.Events = append(st.Events, e)
	}
	slices.SortStableFunc(st.Events, func(a, b event) int { return int(min(max(a.Timestamp-b.Timestamp, -1), 1)) })
	if extra := len(st.Events) - maxEvents; extra > 0 {
		st.Events = slices.Clone(st.Events[extra:])
		st.Dropped += extra
	}
	st.LastIngestion = now
}

func notFound(kind, name string) *wire.Error {
	return wire.Errorf("ResourceNotFoundException", "The specified log %s does not exist: %s", kind, name)
}

// group finds a group by its name or by an identifier, which is a name or an
// ARN.
func (s *Service) group(name, identifier string) (*group, error) {
	if name == "" {
		name = groupOfARN(identifier)
	}
	g, ok := s.state.Groups[name]
	if !ok {
		return nil, notFound("group", name)
	}
	return g, nil
}

// groupOfARN is the group's name in an ARN, with or without ":*" at its end.
func groupOfARN(arn string) string {
	if _, name, found := strings.Cut(arn, ":log-group:"); found {
		name, _, _ = strings.Cut(name, ":")
		return name
	}
	return arn
}

func (s *Service) stream(groupName, identifier, streamName string) (*group, *stream, error) {
	g, err := s.group(groupName, identifier)
	if err != nil {
		return nil, nil, err
	}
	st, ok := g.Streams[streamName]
	if !ok {
		return nil, nil, notFound("stream", streamName)
	}
	return g, st, nil
}

var (
	groupName  = regexp.MustCompile(`^[.\-_/#A-Za-z0-9]{1,512}$`)
	streamName = regexp.MustCompile(`^[^:*]{1,512}$`)
)

func invalid(format string, args ...any) *wire.Error {
	return wire.Errorf("InvalidParameterException", format, args...)
}
