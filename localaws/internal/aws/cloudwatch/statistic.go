package cloudwatch

import (
	"cmp"
	"context"
	"math"
	"regexp"
	"slices"
	"strconv"
	"time"
)

var (
	statistics = []string{"SampleCount", "Average", "Sum", "Minimum", "Maximum"}
	percentile = regexp.MustCompile(`^p(\d{1,2}(\.\d{1,10})?|100)$`)
)

// checkStatistic refuses a statistic that can't be computed.
func checkStatistic(stat string) error {
	if !slices.Contains(statistics, stat) && !percentile.MatchString(stat) {
		return validationError("localaws computes %v and percentiles such as p99, not %q", statistics, stat)
	}
	return nil
}

// statistic is one of statistics, or a percentile; ok is false without samples.
func statistic(samples []sample, stat string) (value float64, ok bool) {
	if len(samples) == 0 {
		return 0, false
	}
	var count, sum float64
	low, top := math.Inf(1), math.Inf(-1)
	for _, one := range samples {
		count += one.count
		sum += one.sum
		low, top = min(low, one.low), max(top, one.top)
	}
	switch stat {
	case "SampleCount":
		return count, true
	case "Sum":
		return sum, true
	case "Minimum":
		return low, true
	case "Maximum":
		return top, true
	case "Average":
		return sum / count, count > 0
	}
	return percentileOf(samples, count, stat)
}

// percentileOf is the smallest value that the given share of all values doesn't
// exceed.
func percentileOf(samples []sample, count float64, stat string) (float64, bool) {
	share, err := strconv.ParseFloat(stat[1:], 64)
	if err != nil || count == 0 {
		return 0, false
	}
	sorted := slices.Clone(samples)
	mean := func(one sample) float64 { return one.sum / one.count }
	slices.SortFunc(sorted, func(a, b sample) int { return cmp.Compare(mean(a), mean(b)) })
	seen := 0.0
	for _, one := range sorted {
		if seen += one.count; seen >= count*share/100 {
			return mean(one), true
		}
	}
	return mean(sorted[len(sorted)-1]), true
}

type getMetricStatisticsInput struct {
	Namespace          string
	MetricName         string
	Dimensions         []dimension
	StartTime          time.Time
	EndTime            time.Time
	Period             int32
	Statistics         []string
	ExtendedStatistics []string
	Unit               string
}

type getMetricStatisticsOutput struct {
	Label      string
	Datapoints []datapoint
}

type datapoint struct {
	Timestamp          time.Time
	SampleCount        *float64
	Average            *float64
	Sum                *float64
	Minimum            *float64
	Maximum            *float64
	Unit               string
	ExtendedStatistics map[string]float64
}

func (s *metricOperations) getMetricStatistics(_ context.Context, in *getMetricStatisticsInput) (*getMetricStatisticsOutput, error) {
	period, err := in.check()
	if err != nil {
		return nil, err
	}
	out := &getMetricStatisticsOutput{Label: in.MetricName, Datapoints: []datapoint{}}
	m := s.metrics[metricKey(in.Namespace, in.MetricName, in.Dimensions)]
	if m == nil {
		return out, nil
	}
	for from := in.StartTime.Truncate(period); from.Before(in.EndTime); from = from.Add(period) {
		samples := m.between(from, from.Add(period), in.Unit)
		if len(samples) == 0 {
			continue
		}
		point := datapoint{Timestamp: from, Unit: samples[0].unit}
		for _, stat := range in.Statistics {
			value, _ := statistic(samples, stat)
			*point.member(stat) = &value
		}
		for _, stat := range in.ExtendedStatistics {
			if point.ExtendedStatistics == nil {
				point.ExtendedStatistics = map[string]float64{}
			}
			point.ExtendedStatistics[stat], _ = statistic(samples, stat)
		}
		out.Datapoints = append(out.Datapoints, point)
	}
	return out, nil
}

func (p *datapoint) member(stat string) **float64 {
	switch stat {
	case "SampleCount":
		return &p.SampleCount
	case "Average":
		return &p.Average
	case "Sum":
		return &p.Sum
	case "Minimum":
		return &p.Minimum
	}
	return &p.Maximum
}

// maxDatapoints is how many one request may ask for.
const maxDatapoints = 1440

func (in *getMetricStatisticsInput) check() (time.Duration, error) {
	switch {
	case in.Namespace == "":
		return 0, missing("Namespace")
	case in.MetricName == "":
		return 0, missing("MetricName")
	case in.StartTime.IsZero() || in.EndTime.IsZero():
		return 0, missing("StartTime and EndTime")
	case len(in.Statistics) == 0 && len(in.ExtendedStatistics) == 0:
		return 0, invalidValue("At least one of the parameters Statistics and ExtendedStatistics must be specified.")
	case !in.StartTime.Before(in.EndTime):
		return 0, invalidValue("The parameter StartTime must be less than the parameter EndTime.")
	}
	for _, stat := range append(slices.Clone(in.Statistics), in.ExtendedStatistics...) {
		if err := checkStatistic(stat); err != nil {
			return 0, err
		}
	}
	if err := checkPeriod(in.Period); err != nil {
		return 0, err
	}
	period := time.Duration(in.Period) * time.Second
	if in.EndTime.Sub(in.StartTime)/period > maxDatapoints {
		return 0, invalidValue("You have requested up to %d datapoints, which exceeds the limit of %d.", in.EndTime.Sub(in.StartTime)/period, maxDatapoints)
	}
	return period, nil
}

// checkPeriod: 1, 5, 10, 20, 30, or a multiple of 60 seconds.
func checkPeriod(seconds int32) error {
	if slices.Contains([]int32{1, 5, 10, 20, 30}, seconds) || seconds > 0 && seconds%60 == 0 {
		return nil
	}
	return invalidValue("The period is %d seconds; it must be 10, 20, 30 or a multiple of 60", seconds)
}
