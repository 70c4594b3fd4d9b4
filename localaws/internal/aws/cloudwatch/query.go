package cloudwatch

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// windows are consecutive stretches of time, the last of which ends at end.
type windows struct {
	end   time.Time
	width time.Duration
	count int
}

func (w windows) start(i int) time.Time {
	return w.end.Add(-time.Duration(w.count-i) * w.width)
}

// points is a statistic of a metric for each window; nil where there is no data.
func (w windows) points(m *metric, stat, unit string) []*float64 {
	points := make([]*float64, w.count)
	if m == nil {
		return points
	}
	for i := range points {
		if value, ok := statistic(m.between(w.start(i), w.start(i+1), unit), stat); ok {
			points[i] = &value
		}
	}
	return points
}

// series evaluates queries: those on metrics first, then expressions, which
// may refer to one another.
func (s *metricOperations) series(queries []metricQuery, w windows) (map[string][]*float64, error) {
	all := map[string][]*float64{}
	var expressions []metricQuery
	for _, q := range queries {
		if q.MetricStat == nil {
			expressions = append(expressions, q)
			continue
		}
		id := q.MetricStat.Metric
		all[q.Id] = w.points(s.metrics[metricKey(id.Namespace, id.MetricName, id.Dimensions)], q.MetricStat.Stat, q.MetricStat.Unit)
	}
	for len(expressions) > 0 {
		before := len(expressions)
		var waiting []metricQuery
		for _, q := range expressions {
			parsed, err := parseExpression(q.Expression)
			if err != nil {
				return nil, fmt.Errorf("the expression %s: %w", q.Id, err)
			}
			ready := !slices.ContainsFunc(parsed.ids, func(id string) bool { _, ok := all[id]; return !ok })
			if !ready {
				waiting = append(waiting, q)
				continue
			}
			all[q.Id] = parsed.evaluate(environment{series: all, count: w.count})
		}
		if expressions = waiting; len(expressions) == before {
			return nil, fmt.Errorf("the expression %s refers to itself, or to what is not there", expressions[0].Id)
		}
	}
	return all, nil
}

type getMetricDataInput struct {
	MetricDataQueries []metricQuery
	StartTime         time.Time
	EndTime           time.Time
	NextToken         string
	ScanBy            string
	MaxDatapoints     *int32
	LabelOptions      *struct{ Timezone string }
}

type getMetricDataOutput struct {
	MetricDataResults []metricDataResult
	Messages          []struct{}
	NextToken         string
}

type metricDataResult struct {
	Id         string
	Label      string
	Timestamps []time.Time
	Values     []float64
	StatusCode string
}

// maxWindows bounds what one request has to compute.
const maxWindows = 100800

func (s *metricOperations) getMetricData(_ context.Context, in *getMetricDataInput) (*getMetricDataOutput, error) {
	if len(in.MetricDataQueries) == 0 {
		return nil, missing("MetricDataQueries")
	}
	if !in.StartTime.Before(in.EndTime) {
		return nil, validationError("The parameter StartTime must be less than the parameter EndTime.")
	}
	if err := s.checkQueries(in.MetricDataQueries, false); err != nil {
		return nil, err
	}
	period := queriesPeriod(in.MetricDataQueries)
	start, end := in.StartTime.Truncate(period), in.EndTime.Truncate(period)
	if end.Before(in.EndTime) {
		end = end.Add(period)
	}
	count := int(end.Sub(start) / period)
	if count > maxWindows {
		return nil, validationError("The query asks for %d datapoints of each metric; %d are allowed", count, maxWindows)
	}
	w := windows{end: end, width: period, count: count}
	all, err := s.series(in.MetricDataQueries, w)
	if err != nil {
		return nil, validationError("%v", err)
	}
	out := &getMetricDataOutput{MetricDataResults: []metricDataResult{}}
	for _, q := range in.MetricDataQueries {
		if q.returns() {
			out.MetricDataResults = append(out.MetricDataResults, q.result(all[q.Id], w, in.ScanBy == "TimestampAscending"))
		}
	}
	return out, nil
}

func (q metricQuery) result(points []*float64, w windows, ascending bool) metricDataResult {
	r := metricDataResult{Id: q.Id, Label: q.Label, StatusCode: "Complete", Timestamps: []time.Time{}, Values: []float64{}}
	if r.Label == "" {
		r.Label = q.Id
		if q.MetricStat != nil {
			r.Label = q.MetricStat.Metric.MetricName
		}
	}
	for i, value := range points {
		if value != nil {
			r.Timestamps = append(r.Timestamps, w.start(i))
			r.Values = append(r.Values, *value)
		}
	}
	if !ascending {
		slices.Reverse(r.Timestamps)
		slices.Reverse(r.Values)
	}
	return r
}
