// Package cloudwatch is Amazon CloudWatch: metrics, alarms that are really
// evaluated, and dashboards.
//
// API: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/. It
// speaks Query and Smithy RPC v2 CBOR, as SDKs changed from one to the other at
// the end of 2025.
package cloudwatch

import (
	"fmt"
	"strconv"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/store"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// Notifier publishes an alarm's notification to an SNS topic.
type Notifier interface {
	Publish(topicARN, subject, message string) error
}

// Service is CloudWatch. Its methods are called with the account's lock held,
// except Run.
type Service struct {
	account    *core.Account
	notify     Notifier
	alarms     *store.Collection[*alarm]     // by name
	dashboards *store.Collection[*dashboard] // by name
	// metrics end with the process: samples come many a second, and are new
	// again soon after a restart. What adds to them does nothing behind that
	// could fail, so that there is nothing to put back.
	metrics map[string]*metric
}

// New returns a CloudWatch without metrics.
func New(a *core.Account, notify Notifier) *Service {
	return &Service{
		account: a, notify: notify, metrics: map[string]*metric{},
		alarms:     store.NewCollection[*alarm](a.Records, "cloudwatch", "alarms"),
		dashboards: store.NewCollection[*dashboard](a.Records, "cloudwatch", "dashboards"),
	}
}

// Wire is the service's entry in the server.
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name: "monitoring", Protocol: wire.Query, Namespace: "http://monitoring.amazonaws.com/doc/2010-08-01/",
		CBORName: "GraniteServiceVersion20100801",
		Operations: append(s.tags().Operations(),
			wire.Op("PutMetricData", s.putMetricData),
			wire.ReadOp("GetMetricStatistics", s.getMetricStatistics),
			wire.ReadOp("GetMetricData", s.getMetricData),
			wire.ReadOp("ListMetrics", s.listMetrics),
			wire.Op("PutMetricAlarm", s.putMetricAlarm),
			wire.ReadOp("DescribeAlarms", s.describeAlarms),
			wire.ReadOp("DescribeAlarmHistory", s.describeAlarmHistory),
			wire.Op("DeleteAlarms", s.deleteAlarms),
			wire.Op("SetAlarmState", s.setAlarmState),
			wire.Op("PutDashboard", s.putDashboard),
			wire.ReadOp("GetDashboard", s.getDashboard),
			wire.ReadOp("ListDashboards", s.listDashboards),
			wire.Op("DeleteDashboards", s.deleteDashboards),
		),
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
