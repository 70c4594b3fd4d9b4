package logs

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// eventOperations are those on the events of streams.
type eventOperations struct{ *records }

func (s *eventOperations) operations() []wire.Operation {
	return []wire.Operation{
		wire.Op("PutLogEvents", s.putLogEvents),
		wire.ReadOp("GetLogEvents", s.getLogEvents),
		wire.ReadOp("FilterLogEvents", s.filterLogEvents),
	}
}

// sequenceToken is what every answer says: CloudWatch Logs takes any token
// nowadays.
const sequenceToken = "49039859611171018956120200000000000000000000000000000002"

const (
	maxBatch    = 10000
	maxPast     = 14 * 24 * time.Hour
	maxFuture   = 2 * time.Hour
	maxPageSize = 10000
)

type putLogEventsInput struct {
	LogGroupName  string
	LogStreamName string
	LogEvents     []struct {
		Timestamp int64
		Message   string
	}
	SequenceToken string
}

type putLogEventsOutput struct {
	NextSequenceToken     string
	RejectedLogEventsInfo *rejected
}

type rejected struct {
	TooNewLogEventStartIndex *int32
	TooOldLogEventEndIndex   *int32
}

func (s *eventOperations) putLogEvents(_ context.Context, in *putLogEventsInput) (*putLogEventsOutput, error) {
	st, err := s.stream(in.LogGroupName, "", in.LogStreamName)
	if err != nil {
		return nil, err
	}
	if len(in.LogEvents) == 0 || len(in.LogEvents) > maxBatch {
		return nil, invalid("A batch holds 1 to %d log events, not %d.", maxBatch, len(in.LogEvents))
	}
	now := s.now()
	var refused rejected
	var good []event
	for i, e := range in.LogEvents {
		if i > 0 && e.Timestamp < in.LogEvents[i-1].Timestamp {
			return nil, invalid("Log events in a single PutLogEvents request must be in chronological order.")
		}
		index := int32(i) //nolint:gosec // at most maxBatch
		switch {
		case e.Timestamp < now-maxPast.Milliseconds():
			end := index + 1
			refused.TooOldLogEventEndIndex = &end
		case e.Timestamp > now+maxFuture.Milliseconds():
			if refused.TooNewLogEventStartIndex == nil {
				refused.TooNewLogEventStartIndex = &index
			}
		default:
			good = append(good, event{Timestamp: e.Timestamp, Ingestion: now, Message: e.Message})
		}
	}
	s.streams.append(st, good)
	out := &putLogEventsOutput{NextSequenceToken: sequenceToken}
	if refused != (rejected{}) {
		out.RejectedLogEventsInfo = &refused
	}
	return out, nil
}

type getLogEventsInput struct {
	LogGroupName       string
	LogGroupIdentifier string
	LogStreamName      string
	StartTime          *int64
	EndTime            *int64
	NextToken          string
	Limit              int32
	StartFromHead      bool
}

type getLogEventsOutput struct {
	Events            []outputEvent
	NextForwardToken  string
	NextBackwardToken string
}

type outputEvent struct {
	Timestamp     int64
	Message       string
	IngestionTime int64
}

// getLogEvents returns a page of a stream. Tokens hold a position in the
// stream: f/N means the events from N on, b/N those before N. At either end
// the token that was given comes back.
func (s *eventOperations) getLogEvents(_ context.Context, in *getLogEventsInput) (*getLogEventsOutput, error) {
	g, err := s.group(in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	st, err := s.stream(g.Name, "", in.LogStreamName)
	if err != nil {
		return nil, err
	}
	events := s.streams.events(st)
	from, to := s.window(g, events, in.StartTime, in.EndTime)
	limit := orLimit(in.Limit, maxPageSize)
	first, last := max(from, to-limit), to
	if in.StartFromHead {
		first, last = from, min(from+limit, to)
	}
	if in.NextToken != "" {
		direction, position, err := readToken(in.NextToken)
		if err != nil {
			return nil, err
		}
		position = min(max(position-st.Dropped, from), to)
		first, last = position, min(position+limit, to)
		if direction == "b" {
			first, last = max(from, position-limit), position
		}
	}
	out := &getLogEventsOutput{
		Events:            []outputEvent{},
		NextForwardToken:  fmt.Sprintf("f/%d/s", last+st.Dropped),
		NextBackwardToken: fmt.Sprintf("b/%d/s", first+st.Dropped),
	}
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

func readToken(token string) (direction string, position int, err error) {
	parts := strings.Split(token, "/")
	if len(parts) == 3 && (parts[0] == "f" || parts[0] == "b") {
		if position, err = strconv.Atoi(parts[1]); err == nil && position >= 0 {
			return parts[0], position, nil
		}
	}
	return "", 0, invalidToken(token)
}

type filterLogEventsInput struct {
	LogGroupName        string
	LogGroupIdentifier  string
	LogStreamNames      []string
	LogStreamNamePrefix string
	StartTime           *int64
	EndTime             *int64
	FilterPattern       string
	NextToken           string
	Limit               int32
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

func (s *eventOperations) filterLogEvents(_ context.Context, in *filterLogEventsInput) (*filterLogEventsOutput, error) {
	g, err := s.group(in.LogGroupName, in.LogGroupIdentifier)
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
				found = append(found, filteredEvent{st.Name, e.Timestamp, e.Message, e.Ingestion, fmt.Sprintf("%s-%d", st.Name, st.Dropped+from+i)})
			}
		}
	}
	slices.SortStableFunc(found, func(a, b filteredEvent) int { return cmp.Compare(a.Timestamp, b.Timestamp) })
	return pageOf(found, in)
}

func pageOf(found []filteredEvent, in *filterLogEventsInput) (*filterLogEventsOutput, error) {
	skip := 0
	if in.NextToken != "" {
		var err error
		if skip, err = strconv.Atoi(in.NextToken); err != nil || skip < 0 {
			return nil, invalidToken(in.NextToken)
		}
	}
	limit := orLimit(in.Limit, maxPageSize)
	first := min(skip, len(found))
	last := min(first+limit, len(found))
	out := &filterLogEventsOutput{Events: append([]filteredEvent{}, found[first:last]...), SearchedLogStreams: []struct{}{}}
	if last < len(found) {
		out.NextToken = strconv.Itoa(last)
	}
	return out, nil
}

// Put appends events to a stream; both group and stream have to exist.
func (s *eventOperations) Put(groupName, streamName string, events []Event) error {
	st, err := s.stream(groupName, "", streamName)
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
