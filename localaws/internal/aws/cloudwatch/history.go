package cloudwatch

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/paging"
)

type describeHistoryInput struct {
	AlarmName       string
	AlarmTypes      []string
	HistoryItemType string
	StartDate       time.Time
	EndDate         time.Time
	MaxRecords      *int
	NextToken       string
}

type describeHistoryOutput struct {
	AlarmHistoryItems []historyItem
	NextToken         string
}

// describeAlarmHistory lists what happened, the newest first.
func (s *alarmOperations) describeAlarmHistory(_ context.Context, in *describeHistoryInput) (*describeHistoryOutput, error) {
	var items []datedItem
	for name, a := range s.alarms.All() {
		if in.AlarmName != "" && a.AlarmName != in.AlarmName {
			continue
		}
		for i, item := range a.History {
			if (in.HistoryItemType == "" || item.HistoryItemType == in.HistoryItemType) && !item.Timestamp.Before(in.StartDate) &&
				(in.EndDate.IsZero() || !item.Timestamp.After(in.EndDate)) {
				items = append(items, datedItem{item, fmt.Sprintf("%019d %s %03d", math.MaxInt64-item.Timestamp.UnixNano(), name, i)})
			}
		}
	}
	page, next, err := paging.Cut(historyPages, items, func(d datedItem) string { return d.order }, in.MaxRecords, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &describeHistoryOutput{AlarmHistoryItems: []historyItem{}, NextToken: next}
	for _, d := range page {
		out.AlarmHistoryItems = append(out.AlarmHistoryItems, d.historyItem)
	}
	return out, nil
}

// datedItem is an item with what it is sorted by.
type datedItem struct {
	historyItem
	order string
}

// historyPages are https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarmHistory.html.
var historyPages = paging.Limits{Default: 100, Max: 100, Token: invalidToken}

// maxHistory is how many items of an alarm's history are kept.
const maxHistory = 100

// historyItem is something that happened to an alarm.
type historyItem struct {
	AlarmName       string
	AlarmType       string
	Timestamp       time.Time
	HistoryItemType string
	HistorySummary  string
}

func (a *alarm) record(at time.Time, kind, summary string) {
	a.History = append(a.History, historyItem{a.AlarmName, "MetricAlarm", at, kind, summary})
	if extra := len(a.History) - maxHistory; extra > 0 {
		a.History = append([]historyItem(nil), a.History[extra:]...)
	}
}
