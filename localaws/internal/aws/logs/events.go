package logs

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/paging"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// eventOperations are those on the events of streams.
type eventOperations struct{ *records }

func (s *eventOperations) operations() []wire.Operation {
	return []wire.Operation{
		wire.ReadOp("GetLogEvents", s.getLogEvents),
		wire.ReadOp("FilterLogEvents", s.filterLogEvents),
	}
}

// eventPages are those of both lists of events.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
var eventPages = paging.Limits{Default: 10000, Max: 10000, Token: invalidToken}

type getLogEventsInput struct {
	LogGroupName  string
	LogStreamName string
	StartTime     *int64
	EndTime       *int64
	Limit         *int
	StartFromHead bool
}

type getLogEventsOutput struct{ Events []outputEvent }

type outputEvent struct {
	Timestamp     int64
	Message       string
	IngestionTime int64
}

// getLogEvents returns one page of a stream, its head or its tail. There are no
// tokens: a stream keeps fewer events than a page has.
func (s *eventOperations) getLogEvents(_ context.Context, in *getLogEventsInput) (*getLogEventsOutput, error) {
	g, err := s.group(in.LogGroupName, "")
	if err != nil {
		return nil, err
	}
	st, err := s.stream(g.Name, in.LogStreamName)
	if err != nil {
		return nil, err
	}
	events := s.streams.events(st)
	from, to := s.window(g, events, in.StartTime, in.EndTime)
	limit, err := eventPages.PageSize(in.Limit)
	if err != nil {
		return nil, err
	}
	first, last := max(from, to-limit), to
	if in.StartFromHead {
		first, last = from, min(from+limit, to)
	}
	out := &getLogEventsOutput{Events: []outputEvent{}}
	for _, e := range events[first:last] {
		out.Events = append(out.Events, outputEvent{e.Timestamp, e.Message, e.Ingestion})
	}
	return out, nil
}

// window is the part of events, which are sorted, that lies within the times and the
// group's retention.
func (s *eventOperations) window(g *group, events []event, start, end *int64) (from, to int) {
	oldest, newest := int64(0), int64(math.MaxInt64)
	if g.Retention > 0 {
		oldest = s.account.Clock.Now().AddDate(0, 0, -int(g.Retention)).UnixMilli()
	}
	if start != nil {
		oldest = max(oldest, *start)
	}
	if end != nil {
		newest = *end
	}
	byTime := func(e event, t int64) int { return cmp.Compare(e.Timestamp, t) }
	from, _ = slices.BinarySearchFunc(events, oldest, byTime)
	to, _ = slices.BinarySearchFunc(events, newest, byTime)
	return from, max(from, to)
}

type filterLogEventsInput struct {
	LogGroupName        string
	LogStreamNames      []string
	LogStreamNamePrefix string
	StartTime           *int64
	EndTime             *int64
	FilterPattern       string
	NextToken           string
	Limit               *int
	Interleaved         bool
}

type filterLogEventsOutput struct {
	Events             []filteredEvent
	SearchedLogStreams []struct{}
	NextToken          string
}

type filteredEvent struct {
	LogStreamName string
	Timestamp     int64
	Message       string
	IngestionTime int64
	EventId       string
}

// order sorts by time, then by stream and position.
func (e filteredEvent) order() string { return fmt.Sprintf("%015d %s", e.Timestamp, e.EventId) }

func (s *eventOperations) filterLogEvents(_ context.Context, in *filterLogEventsInput) (*filterLogEventsOutput, error) {
	g, err := s.group(in.LogGroupName, "")
	if err != nil {
		return nil, err
	}
	if len(in.LogStreamNames) > 0 && in.LogStreamNamePrefix != "" {
		return nil, invalid("logStreamNames and logStreamNamePrefix can't be given together.")
	}
	matches, err := parsePattern(in.FilterPattern)
	if err != nil {
		return nil, err
	}
	if in.EndTime != nil { // unlike with GetLogEvents, an event of that very time counts
		behind := *in.EndTime + 1
		in.EndTime = &behind
	}
	var found []filteredEvent
	for _, st := range s.streams.records.Prefix(streamID(g.Name, in.LogStreamNamePrefix)) {
		if len(in.LogStreamNames) > 0 && !slices.Contains(in.LogStreamNames, st.Name) {
			continue
		}
		events := s.streams.events(st)
		from, to := s.window(g, events, in.StartTime, in.EndTime)
		for i, e := range events[from:to] {
			if matches(e.Message) {
				found = append(found, filteredEvent{st.Name, e.Timestamp, e.Message, e.Ingestion, fmt.Sprintf("%s-%09d", st.Name, st.Dropped+from+i)})
			}
		}
	}
	page, next, err := paging.Cut(eventPages, found, filteredEvent.order, in.Limit, in.NextToken)
	return &filterLogEventsOutput{Events: page, SearchedLogStreams: []struct{}{}, NextToken: next}, err
}

// CreateStream makes a stream; one that is there already is not an error.
func (s *eventOperations) CreateStream(groupName, streamName string) error {
	if _, err := s.group(groupName, ""); err != nil {
		return err
	}
	s.streams.create(groupName, streamName, s.now())
	return nil
}

// Put appends events to a stream; both group and stream have to exist.
func (s *eventOperations) Put(groupName, streamName string, events []Event) error {
	st, err := s.stream(groupName, streamName)
	if err != nil {
		return err
	}
	now := s.now()
	list := make([]event, 0, len(events))
	for _, e := range events {
		list = append(list, event{Timestamp: e.Time.UnixMilli(), Ingestion: now, Message: e.Message})
	}
	s.streams.append(st, list)
	return nil
}
