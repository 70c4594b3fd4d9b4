package cloudwatch

import (
	"context"
	"slices"
	"strconv"
	"time"
)

type describeHistoryInput struct {
	AlarmName       string
	AlarmTypes      []string
	HistoryItemType string
	StartDate       time.Time
	EndDate         time.Time
	MaxRecords      *int32
	NextToken       string
	ScanBy          string
}

type describeHistoryOutput struct {
	AlarmHistoryItems []historyItem
	NextToken         string
}

// describeAlarmHistory lists what happened, the newest first; the token is the
// number of items to skip.
func (s *alarmOperations) describeAlarmHistory(_ context.Context, in *describeHistoryInput) (*describeHistoryOutput, error) {
	var items []historyItem
	for _, a := range s.alarms.All() {
		if in.AlarmName != "" && a.AlarmName != in.AlarmName {
			continue
		}
		for _, item := range a.History {
			if (in.HistoryItemType == "" || item.HistoryItemType == in.HistoryItemType) && !item.Timestamp.Before(in.StartDate) &&
				(in.EndDate.IsZero() || !item.Timestamp.After(in.EndDate)) {
				items = append(items, item)
			}
		}
	}
	slices.SortStableFunc(items, func(a, b historyItem) int {
		if in.ScanBy == "TimestampAscending" {
			return a.Timestamp.Compare(b.Timestamp)
		}
		return b.Timestamp.Compare(a.Timestamp)
	})
	skip, limit := 0, 100
	if in.NextToken != "" {
		var err error
		if skip, err = strconv.Atoi(in.NextToken); err != nil || skip < 0 {
			return nil, invalidToken(in.NextToken)
		}
	}
	if in.MaxRecords != nil && *in.MaxRecords > 0 {
		limit = min(limit, int(*in.MaxRecords))
	}
	first := min(skip, len(items))
	last := min(first+limit, len(items))
	out := &describeHistoryOutput{AlarmHistoryItems: append([]historyItem{}, items[first:last]...)}
	if last < len(items) {
		out.NextToken = strconv.Itoa(last)
	}
	return out, nil
}

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
