// Package logs is Amazon CloudWatch Logs: groups, streams and their events.
//
// API: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/.
// Times on the wire are milliseconds since 1970.
package logs

import (
	"context"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/store"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// Service is CloudWatch Logs. Its methods are called with the account's lock
// held.
type Service struct {
	account *core.Account
	keys    Keys                      // nil: none is looked at
	groups  *store.Collection[*group] // by name
	streams streams
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
	s := &Service{
		account: a,
		groups:  store.NewCollection[*group](a.Records, "logs", "groups"),
		streams: newStreams(a.Records),
	}
	for _, option := range options {
		option(s)
	}
	return s
}

// Wire is the service's entry in the server.
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name: "logs", Protocol: wire.JSON11, TargetPrefix: "Logs_20140328", LowerCamel: true,
		Operations: append(s.tags().MapOperations(),
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
		),
	}
}

// Resources is the number of resources by kind, for the status page.
func (s *Service) Resources() map[string]int {
	return map[string]int{"log groups": s.groups.Len()}
}

// CreateGroup makes a group; one that is there already is not an error.
func (s *Service) CreateGroup(name string) error {
	if s.groups.Has(name) {
		return nil
	}
	_, err := s.createLogGroup(context.Background(), &createLogGroupInput{LogGroupName: name})
	return err
}

// CreateStream makes a stream; one that is there already is not an error.
func (s *Service) CreateStream(groupName, streamName string) error {
	if _, err := s.group(groupName, ""); err != nil {
		return err
	}
	s.streams.create(groupName, streamName, s.now())
	return nil
}

// Put appends events to a stream; both group and stream have to exist.
func (s *Service) Put(groupName, streamName string, events []Event) error {
	st, err := s.stream(groupName, "", streamName)
	if err != nil {
		return err
	}
	now := s.now()
	list := make([]event, 0, len(events))
	for _, e := range events {
		list = append(list, event{Timestamp: e.Time.UnixMilli(), Ingestion: now, Message: e.Message})
	}
	s.streams.append(st, list)
	return nil
}

func (s *Service) now() int64 { return s.account.Clock.Now().UnixMilli() }

func notFound(kind, name string) *wire.Error {
	return wire.Errorf("ResourceNotFoundException", "The specified log %s does not exist: %s", kind, name)
}

// group finds a group by its name or by an identifier, which is a name or an
// ARN. It is for reading only.
func (s *Service) group(name, identifier string) (*group, error) {
	if name == "" {
		name = groupOfARN(identifier)
	}
	g, ok := s.groups.Get(name)
	if !ok {
		return nil, notFound("group", name)
	}
	return g, nil
}

// change finds a group as group does, to be changed.
func (s *Service) change(name, identifier string) (*group, error) {
	g, err := s.group(name, identifier)
	if err == nil {
		s.groups.Put(g.Name, g)
	}
	return g, err
}

// stream finds a stream; it is for reading only.
func (s *Service) stream(groupName, identifier, streamName string) (*stream, error) {
	g, err := s.group(groupName, identifier)
	if err != nil {
		return nil, err
	}
	st, ok := s.streams.get(g.Name, streamName)
	if !ok {
		return nil, notFound("stream", streamName)
	}
	return st, nil
}

// groupOfARN is the group's name in an ARN, with or without ":*" at its end.
func groupOfARN(arn string) string {
	if _, name, found := strings.Cut(arn, ":log-group:"); found {
		name, _, _ = strings.Cut(name, ":")
		return name
	}
	return arn
}

func invalid(format string, args ...any) *wire.Error {
	return wire.Errorf("InvalidParameterException", format, args...)
}
