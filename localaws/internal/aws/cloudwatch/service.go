// Package cloudwatch is Amazon CloudWatch: metrics, alarms that are really
// evaluated, and dashboards.
//
// API: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/. It
// speaks Query, Smithy RPC v2 CBOR and JSON 1.0: SDKs choose different ones.
//
// Metrics, alarms and dashboards each have a type with their operations; all of
// them share the records.
package cloudwatch

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/refusals"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// Notifier publishes an alarm's notification to an SNS topic.
type Notifier interface {
	Publish(topicARN, subject, message string) error
}

// Service is CloudWatch. Its methods are called with the account's lock held,
// except Run.
type Service struct {
	*records
	*metricOperations
	evaluator  *evaluator
	operations []wire.Operation
}

// New returns a CloudWatch without metrics.
func New(a *core.Account, notify Notifier) *Service {
	r := newRecords(a, notify)
	metrics := &metricOperations{r}
	s := &Service{records: r, metricOperations: metrics, evaluator: &evaluator{r, metrics}}
	s.operations = slices.Concat(
		s.tags().Operations(), metrics.operations(),
		(&alarmOperations{r, metrics, s.evaluator}).operations(), (&dashboardOperations{r}).operations(),
	)
	return s
}

//go:embed refusals.md
var refusalsText string

// Refusals are what AWS refuses of requests.
var Refusals = refusals.MustParse(refusalsText)

// checkByTable refuses with the code that the operation has for its members.
func checkByTable(operation string, parameters map[string]any) error {
	faults := Refusals.Check(operation, parameters)
	switch {
	case len(faults) == 0:
		return nil
	case operation == "PutMetricData" || operation == "GetMetricStatistics":
		return invalidValue("%s", refusals.Message(faults))
	}
	return validationError("%s", refusals.Message(faults))
}

// Wire is the service's entry in the server.
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name: "monitoring", Protocol: wire.Query, Namespace: "http://monitoring.amazonaws.com/doc/2010-08-01/",
		RPCName:    "GraniteServiceVersion20100801",
		Check:      checkByTable,
		Operations: s.operations,
	}
}

// Resources is the number of resources by kind, for the status page.
func (s *Service) Resources() map[string]int {
	return map[string]int{"alarms": s.alarms.Len(), "dashboards": s.dashboards.Len()}
}

func invalidValue(format string, args ...any) *wire.Error {
	return &wire.Error{
		Code: "InvalidParameterValue", Shape: "InvalidParameterValueException", Message: fmt.Sprintf(format, args...),
	}
}

func missing(parameter string) *wire.Error {
	return &wire.Error{
		Code: "MissingParameter", Shape: "MissingRequiredParameterException",
		Message: "The parameter " + parameter + " is required.",
	}
}

func notFound(what, name string) *wire.Error {
	return &wire.Error{
		Code: "ResourceNotFound", Shape: "ResourceNotFoundException", Status: 404,
		Message: fmt.Sprintf("%s %s does not exist", what, name),
	}
}

func validationError(format string, args ...any) *wire.Error {
	return wire.Errorf("ValidationError", format, args...)
}

func invalidToken(token string) error {
	return wire.Errorf("InvalidNextToken", "The next token specified is invalid: %s", strconv.Quote(token))
}
