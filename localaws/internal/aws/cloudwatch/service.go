// Package cloudwatch is Amazon CloudWatch: metrics, alarms that are really
// evaluated, and dashboards.
//
// API: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/. It
// speaks Query and Smithy RPC v2 CBOR, as SDKs changed from one to the other at
// the end of 2025.
package cloudwatch

import (
	"encoding/json"
	"fmt"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// Notifier publishes an alarm's notification to an SNS topic.
type Notifier interface {
	Publish(topicARN, subject, message string) error
}

// Service is CloudWatch. Its methods are called with the account's lock held,
// except Run.
type Service struct {
	account *core.Account
	notify  Notifier
	state   state
	// metrics are not part of the snapshot, which is written after every
	// change: samples come many a second, and are new again soon after a
	// restart.
	metrics map[string]*metric
}

// state is what outlives the process.
type state struct {
	Alarms     map[string]*alarm     // by name
	Dashboards map[string]*dashboard // by name
}

// New returns a CloudWatch without metrics.
func New(a *core.Account, notify Notifier) *Service {
	s := &Service{account: a, notify: notify, metrics: map[string]*metric{}}
	s.state.init()
	return s
}

func (st *state) init() {
	if st.Alarms == nil {
		st.Alarms = map[string]*alarm{}
	}
	if st.Dashboards == nil {
		st.Dashboards = map[string]*dashboard{}
	}
}

// Wire is the service's entry in the server.
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name: "monitoring", Protocol: wire.Query, Namespace: "http://monitoring.amazonaws.com/doc/2010-08-01/",
		CBORName: "GraniteServiceVersion20100801",
		Operations: []wire.Operation{
			wire.Op("PutMetricData", s.putMetricData),
			wire.ReadOp("GetMetricStatistics", s.getMetricStatistics),
			wire.ReadOp("GetMetricData", s.getMetricData),
			wire.ReadOp("ListMetrics", s.listMetrics),
			wire.Op("PutMetricAlarm", s.putMetricAlarm),
			wire.ReadOp("DescribeAlarms", s.describeAlarms),
			wire.ReadOp("DescribeAlarmHistory", s.describeAlarmHistory),
			wire.Op("DeleteAlarms", s.deleteAlarms),
			wire.Op("SetAlarmState", s.setAlarmState),
			wire.Op("EnableAlarmActions", s.enableAlarmActions),
			wire.Op("DisableAlarmActions", s.disableAlarmActions),
			wire.Op("PutDashboard", s.putDashboard),
			wire.ReadOp("GetDashboard", s.getDashboard),
			wire.ReadOp("ListDashboards", s.listDashboards),
			wire.Op("DeleteDashboards", s.deleteDashboards),
			wire.Op("TagResource", s.tagResource),
			wire.Op("UntagResource", s.untagResource),
			wire.ReadOp("ListTagsForResource", s.listTagsForResource),
		},
	}
}

// Name is the service's key in the snapshot.
func (s *Service) Name() string { return "cloudwatch" }

// Snapshot returns alarms and dashboards.
func (s *Service) Snapshot() any { return s.state }

// Restore replaces the state.
func (s *Service) Restore(raw json.RawMessage) error {
	var restored state
	if err := json.Unmarshal(raw, &restored); err != nil {
		return fmt.Errorf("restoring cloudwatch: %w", err)
	}
	restored.init()
	s.state = restored
	return nil
}

// Resources is the number of resources by kind, for the status page.
func (s *Service) Resources() map[string]int {
	return map[string]int{"alarms": len(s.state.Alarms), "dashboards": len(s.state.Dashboards)}
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
