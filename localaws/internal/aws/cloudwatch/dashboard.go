package cloudwatch

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// dashboardOperations are those on dashboards.
type dashboardOperations struct{ *records }

func (s *dashboardOperations) operations() []wire.Operation {
	return []wire.Operation{
		wire.Op("PutDashboard", s.putDashboard),
		wire.ReadOp("GetDashboard", s.getDashboard),
		wire.Op("DeleteDashboards", s.deleteDashboards),
	}
}

type dashboard struct {
	Name         string
	Body         string
	LastModified time.Time
	Tags         tags.Set
}

var dashboardName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,255}$`)

func (s *dashboardOperations) dashboardARN(name string) string {
	return s.account.GlobalARN("cloudwatch", "dashboard/"+name)
}

type putDashboardInput struct {
	DashboardName string
	DashboardBody string
	Tags          []tags.Tag
}

type putDashboardOutput struct {
	DashboardValidationMessages []struct{ DataPath, Message string }
}

func (s *dashboardOperations) putDashboard(_ context.Context, in *putDashboardInput) (*putDashboardOutput, error) {
	if !dashboardName.MatchString(in.DashboardName) {
		return nil, invalidDashboard("The value %q for field DashboardName contains invalid characters. It can only contain alphanumerics, dash (-) and underscore (_).", in.DashboardName)
	}
	if err := checkDashboard(in.DashboardBody); err != nil {
		return nil, err
	}
	d, exists := s.dashboards.Change(in.DashboardName)
	if !exists {
		set, err := tagRules.New(in.Tags)
		if err != nil {
			return nil, err
		}
		d = &dashboard{Name: in.DashboardName, Tags: set}
		s.dashboards.Put(d.Name, d)
	}
	d.Body, d.LastModified = in.DashboardBody, s.account.Clock.Now()
	return &putDashboardOutput{}, nil
}

func invalidDashboard(format string, args ...any) *wire.Error {
	return &wire.Error{
		Code: "InvalidParameterInput", Shape: "DashboardInvalidInputError", Message: fmt.Sprintf(format, args...),
	}
}

// widgetTypes are what can stand on a dashboard.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
var widgetTypes = []string{"metric", "text", "log", "alarm", "explorer", "custom"}

type widget struct {
	Type       string         `json:"type"`
	X          *float64       `json:"x"`
	Y          *float64       `json:"y"`
	Width      *float64       `json:"width"`
	Height     *float64       `json:"height"`
	Properties map[string]any `json:"properties"`
}

// checkDashboard refuses a body that CloudWatch would not draw.
func checkDashboard(body string) error {
	var in struct {
		Widgets *[]widget `json:"widgets"`
	}
	if err := json.Unmarshal([]byte(body), &in); err != nil {
		return invalidDashboard("The dashboard body is invalid, it is not JSON of the right form: %v", err)
	}
	if in.Widgets == nil {
		return invalidDashboard("The dashboard body is invalid, there are 1 validation errors: should have required property 'widgets'")
	}
	for i, w := range *in.Widgets {
		if problem := w.problem(); problem != "" {
			return invalidDashboard("The dashboard body is invalid, there are 1 validation errors: /widgets/%d: %s", i, problem)
		}
	}
	return nil
}

func (w *widget) problem() string {
	within := func(n *float64, low, high float64) bool {
		return n == nil || *n >= low && *n <= high && *n == float64(int64(*n))
	}
	switch {
	case !slices.Contains(widgetTypes, w.Type):
		return fmt.Sprintf("type is %q; it should be one of %v", w.Type, widgetTypes)
	case !within(w.X, 0, 23) || !within(w.Y, 0, 1e6):
		return "x should be a whole number from 0 to 23, and y one from 0"
	case !within(w.Width, 1, 24) || !within(w.Height, 1, 1000):
		return "width should be a whole number from 1 to 24, and height one from 1 to 1000"
	case w.Properties == nil:
		return "should have required property 'properties'"
	}
	switch w.Type {
	case "text":
		if _, ok := w.Properties["markdown"].(string); !ok {
			return "properties should have required property 'markdown'"
		}
	case "metric":
		if _, ok := w.Properties["region"].(string); !ok {
			return "properties should have required property 'region'"
		}
		metrics, isList := w.Properties["metrics"].([]any)
		if w.Properties["metrics"] != nil && !isList {
			return "properties/metrics should be an array"
		}
		if len(metrics) == 0 && w.Properties["annotations"] == nil {
			return "properties should have 'metrics' or 'annotations'"
		}
	case "alarm":
		if alarms, ok := w.Properties["alarms"].([]any); !ok || len(alarms) == 0 {
			return "properties should have required property 'alarms'"
		}
	}
	return ""
}

type dashboardInput struct{ DashboardName string }

type getDashboardOutput struct{ DashboardArn, DashboardBody, DashboardName string }

func dashboardNotFound(name string) *wire.Error {
	refusal := notFound("Dashboard", name)
	refusal.Shape = "DashboardNotFoundError"
	return refusal
}

func (s *dashboardOperations) getDashboard(_ context.Context, in *dashboardInput) (*getDashboardOutput, error) {
	d, ok := s.dashboards.Get(in.DashboardName)
	if !ok {
		return nil, dashboardNotFound(in.DashboardName)
	}
	return &getDashboardOutput{s.dashboardARN(d.Name), d.Body, d.Name}, nil
}

type deleteDashboardsInput struct{ DashboardNames []string }

func (s *dashboardOperations) deleteDashboards(_ context.Context, in *deleteDashboardsInput) (*struct{}, error) {
	for _, name := range in.DashboardNames {
		if !s.dashboards.Has(name) {
			return nil, dashboardNotFound(name)
		}
	}
	for _, name := range in.DashboardNames {
		s.dashboards.Delete(name)
	}
	return nil, nil
}
