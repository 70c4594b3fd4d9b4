// Package logs is Amazon CloudWatch Logs: groups, streams and their events.
//
// API: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/.
// Times on the wire are milliseconds since 1970.
package logs

import (
	_ "embed"
	"slices"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/refusals"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// Service is CloudWatch Logs. Its methods are called with the account's lock
// held.
type Service struct {
	*records
	*groupOperations
	*eventOperations
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
	r := newRecords(a)
	s := &Service{r, &groupOperations{r}, &eventOperations{r}}
	for _, option := range options {
		option(s)
	}
	return s
}

//go:embed refusals.md
var refusalsText string

// Refusals are what AWS refuses of requests.
var Refusals = refusals.MustParse(refusalsText)

// Wire is the service's entry in the server.
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name: "logs", Protocol: wire.JSON11, TargetPrefix: "Logs_20140328", LowerCamel: true,
		Check: Refusals.Refuse("InvalidParameterException"),
		Operations: slices.Concat(
			s.tags().MapOperations(), s.groupOperations.operations(), s.eventOperations.operations(),
		),
	}
}

// Resources is the number of resources by kind, for the status page.
func (s *Service) Resources() map[string]int {
	return map[string]int{"log groups": s.groups.Len()}
}

func notFound(kind, name string) *wire.Error {
	return wire.Errorf("ResourceNotFoundException", "The specified log %s does not exist: %s", kind, name)
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
