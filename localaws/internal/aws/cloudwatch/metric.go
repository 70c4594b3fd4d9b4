package cloudwatch

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/paging"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// metricOperations are those on metrics and their statistics.
type metricOperations struct{ *records }

func (s *metricOperations) operations() []wire.Operation {
	return []wire.Operation{
		wire.Op("PutMetricData", s.putMetricData),
		wire.ReadOp("GetMetricStatistics", s.getMetricStatistics),
		wire.ReadOp("GetMetricData", s.getMetricData),
		wire.ReadOp("ListMetrics", s.listMetrics),
	}
}

const (
	// maxSamples is how many samples of a metric are kept: the oldest go
	// first.
	maxSamples = 5000
	// maxAge is how far in the past PutMetricData takes a sample.
	maxAge = 14 * 24 * time.Hour
)

// dimension is a name and a value.
type dimension struct {
	Name  string
	Value string
}

// metric is a series of samples by time.
type metric struct {
	Namespace  string
	Name       string
	Dimensions []dimension // sorted by name
	samples    []sample
}

// sample is one value, or a set of them that was put as statistics.
type sample struct {
	time                 time.Time
	count, sum, low, top float64
	unit                 string
}

// metricKey names a metric: namespace, name and dimensions in the order of
// their names.
func metricKey(namespace, name string, dimensions []dimension) string {
	var b strings.Builder
	b.WriteString(namespace + "\x00" + name)
	for _, d := range sortedDimensions(dimensions) {
		b.WriteString("\x00" + d.Name + "=" + d.Value)
	}
	return b.String()
}

func sortedDimensions(list []dimension) []dimension {
	sorted := slices.Clone(list)
	slices.SortFunc(sorted, func(a, b dimension) int { return cmp.Compare(a.Name, b.Name) })
	return sorted
}

func dimensionList(byName map[string]string) []dimension {
	list := make([]dimension, 0, len(byName))
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		list = append(list, dimension{name, byName[name]})
	}
	return list
}

// Put adds a value of now, which changes no record.
func (s *metricOperations) Put(namespace, name string, dimensions map[string]string, value float64, unit string) {
	s.add(namespace, name, dimensionList(dimensions), sample{
		time: s.account.Clock.Now(), count: 1, sum: value, low: value, top: value, unit: unit,
	})
}

func (s *metricOperations) add(namespace, name string, dimensions []dimension, one sample) {
	if one.unit == "" {
		one.unit = "None"
	}
	key := metricKey(namespace, name, dimensions)
	m := s.metrics[key]
	if m == nil {
		m = &metric{Namespace: namespace, Name: name, Dimensions: sortedDimensions(dimensions)}
		s.metrics[key] = m
	}
	at, _ := slices.BinarySearchFunc(m.samples, one.time, func(have sample, t time.Time) int {
		if have.time.After(t) {
			return 1
		}
		return -1 // those of the same time stay before the new one
	})
	m.samples = slices.Insert(m.samples, at, one)
	if extra := len(m.samples) - maxSamples; extra > 0 {
		m.samples = slices.Clone(m.samples[extra:])
	}
}

// Statistic is a statistic (Average, Sum, Minimum, Maximum, SampleCount, p99) of
// what a metric got since a time; ok is false when that is nothing.
func (s *metricOperations) Statistic(namespace, name string, dimensions map[string]string, stat string, since time.Time) (value float64, ok bool) {
	m := s.metrics[metricKey(namespace, name, dimensionList(dimensions))]
	if m == nil {
		return 0, false
	}
	return statistic(m.between(since, s.account.Clock.Now().Add(time.Nanosecond), ""), stat)
}

// between are the samples from a time on and before another, of a unit if one
// is given.
func (m *metric) between(from, to time.Time, unit string) []sample {
	byTime := func(have sample, t time.Time) int { return have.time.Compare(t) }
	first, _ := slices.BinarySearchFunc(m.samples, from, byTime)
	last, _ := slices.BinarySearchFunc(m.samples, to, byTime)
	found := m.samples[first:max(first, last)]
	if unit == "" {
		return found
	}
	return slices.DeleteFunc(slices.Clone(found), func(one sample) bool { return one.unit != unit })
}

// putMetricDataInput leaves EntityMetricData out: localaws has no entities.
type putMetricDataInput struct {
	Namespace  string
	MetricData []datum
}

type datum struct {
	MetricName        string
	Dimensions        []dimension
	Timestamp         time.Time
	Value             *float64
	StatisticValues   *statisticSet
	Values            []float64
	Counts            []float64
	Unit              string
	StorageResolution int32
}

type statisticSet struct{ SampleCount, Sum, Minimum, Maximum float64 }

func (s *metricOperations) putMetricData(_ context.Context, in *putMetricDataInput) (*struct{}, error) {
	if in.Namespace == "" {
		return nil, missing("Namespace")
	}
	if strings.HasPrefix(in.Namespace, "AWS/") {
		return nil, invalidValue("The value AWS/ for parameter Namespace is invalid: namespaces that begin with AWS/ are for AWS services (%s)", in.Namespace)
	}
	for i := range in.MetricData {
		if err := s.check(&in.MetricData[i]); err != nil {
			return nil, err
		}
	}
	for _, d := range in.MetricData {
		for _, one := range d.samples() {
			s.add(in.Namespace, d.MetricName, d.Dimensions, one)
		}
	}
	return nil, nil
}

func (s *metricOperations) check(d *datum) error {
	now := s.account.Clock.Now()
	if d.Timestamp.IsZero() {
		d.Timestamp = now
	}
	given := 0
	for _, is := range []bool{d.Value != nil, d.StatisticValues != nil, d.Values != nil} {
		if is {
			given++
		}
	}
	switch {
	case d.MetricName == "":
		return missing("MetricData.member.MetricName")
	case given != 1:
		return invalidValue("The metric %s needs exactly one of Value, Values and StatisticValues", d.MetricName)
	case len(d.Counts) > 0 && len(d.Counts) != len(d.Values):
		return invalidValue("The metric %s has %d Values but %d Counts", d.MetricName, len(d.Values), len(d.Counts))
	case d.Timestamp.Before(now.Add(-maxAge)) || d.Timestamp.After(now.Add(2*time.Hour)):
		return invalidValue("The timestamp %s of the metric %s is more than two weeks old, or more than two hours ahead", d.Timestamp, d.MetricName)
	}
	return nil
}

func (d *datum) samples() []sample {
	at := d.Timestamp
	if d.StatisticValues != nil {
		v := d.StatisticValues
		return []sample{{at, v.SampleCount, v.Sum, v.Minimum, v.Maximum, d.Unit}}
	}
	if d.Value != nil {
		return []sample{{at, 1, *d.Value, *d.Value, *d.Value, d.Unit}}
	}
	list := make([]sample, 0, len(d.Values))
	for i, v := range d.Values {
		count := 1.0
		if len(d.Counts) > 0 {
			count = d.Counts[i]
		}
		list = append(list, sample{at, count, v * count, v, v, d.Unit})
	}
	return list
}

type listMetricsInput struct {
	Namespace      string
	MetricName     string
	Dimensions     []dimension
	RecentlyActive string
	NextToken      string
}

type listMetricsOutput struct {
	Metrics   []metricIdentity
	NextToken string
}

type metricIdentity struct {
	Namespace  string
	MetricName string
	Dimensions []dimension
}

// metricPages are https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_ListMetrics.html.
var metricPages = paging.Limits{Default: 500, Token: invalidToken}

func (s *metricOperations) listMetrics(_ context.Context, in *listMetricsInput) (*listMetricsOutput, error) {
	var found []string
	for key, m := range s.metrics {
		if in.wants(m) && (in.RecentlyActive != "PT3H" || s.account.Clock.Now().Sub(m.samples[len(m.samples)-1].time) <= 3*time.Hour) {
			found = append(found, key)
		}
	}
	page, next, err := paging.Cut(metricPages, found, func(key string) string { return key }, nil, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &listMetricsOutput{Metrics: []metricIdentity{}, NextToken: next}
	for _, key := range page {
		m := s.metrics[key]
		out.Metrics = append(out.Metrics, metricIdentity{m.Namespace, m.Name, m.Dimensions})
	}
	return out, nil
}

func (in *listMetricsInput) wants(m *metric) bool {
	return (in.Namespace == "" || m.Namespace == in.Namespace) && (in.MetricName == "" || m.Name == in.MetricName) && m.has(in.Dimensions)
}

// has reports whether the metric has all the dimensions; one without a value asks
// for the name only.
func (m *metric) has(wanted []dimension) bool {
	for _, want := range wanted {
		if !slices.ContainsFunc(m.Dimensions, func(d dimension) bool {
			return d.Name == want.Name && (want.Value == "" || d.Value == want.Value)
		}) {
			return false
		}
	}
	return true
}
