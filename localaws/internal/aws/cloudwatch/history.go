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
func (s *Service) describeAlarmHistory(_ context.Context, in *describeHistoryInput) (*describeHistoryOutput, error) {
	var items []historyItem
	for _, a := range s.state.Alarms {
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
