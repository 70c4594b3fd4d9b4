package logs

import (
	"cmp"
	"context"
	"regexp"
	"slices"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// streamOperations are those on log streams.
type streamOperations struct{ *records }

func (s *streamOperations) operations() []wire.Operation {
	return []wire.Operation{
		wire.Op("CreateLogStream", s.createLogStream),
		wire.Op("DeleteLogStream", s.deleteLogStream),
		wire.ReadOp("DescribeLogStreams", s.describeLogStreams),
	}
}

var streamName = regexp.MustCompile(`^[^:*]{1,512}$`)

type streamInput struct {
	LogGroupName  string
	LogStreamName string
}

func (s *streamOperations) createLogStream(_ context.Context, in *streamInput) (*wire.Empty, error) {
	if _, err := s.group(in.LogGroupName, ""); err != nil {
		return nil, err
	}
	if !streamName.MatchString(in.LogStreamName) {
		return nil, invalid("1 validation error detected: Value '%s' at 'logStreamName' failed to satisfy constraint: Member must satisfy regular expression pattern: [^:*]* and have 1 to 512 characters", in.LogStreamName)
	}
	if _, exists := s.streams.get(in.LogGroupName, in.LogStreamName); exists {
		return nil, wire.Errorf("ResourceAlreadyExistsException", "The specified log stream already exists: %s", in.LogStreamName)
	}
	return nil, s.CreateStream(in.LogGroupName, in.LogStreamName)
}

func (s *streamOperations) deleteLogStream(_ context.Context, in *streamInput) (*wire.Empty, error) {
	st, err := s.stream(in.LogGroupName, "", in.LogStreamName)
	if err != nil {
		return nil, err
	}
	s.streams.delete(st)
	return nil, nil
}

type describeLogStreamsInput struct {
	LogGroupName        string
	LogGroupIdentifier  string
	LogStreamNamePrefix string
	OrderBy             string
	Descending          bool
	Limit               int32
	NextToken           string
}

type describeLogStreamsOutput struct {
	LogStreams []streamDetail
	NextToken  string
}

type streamDetail struct {
	LogStreamName       string
	CreationTime        int64
	FirstEventTimestamp *int64
	LastEventTimestamp  *int64
	LastIngestionTime   *int64
	UploadSequenceToken string
	Arn                 string
	StoredBytes         int64
}

func (s *streamOperations) describeLogStreams(_ context.Context, in *describeLogStreamsInput) (*describeLogStreamsOutput, error) {
	g, err := s.group(in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	if in.OrderBy == "LastEventTime" && in.LogStreamNamePrefix != "" {
		return nil, invalid("Cannot order by LastEventTime with a logStreamNamePrefix.")
	}
	var streams []*stream
	for _, st := range s.streams.records.Prefix(streamID(g.Name, in.LogStreamNamePrefix)) {
		streams = append(streams, st)
	}
	slices.SortFunc(streams, func(a, b *stream) int {
		order := cmp.Compare(a.Name, b.Name)
		if in.OrderBy == "LastEventTime" {
			order = cmp.Or(cmp.Compare(a.Last, b.Last), order)
		}
		if in.Descending {
			return -order
		}
		return order
	})
	limit := orLimit(in.Limit, 50)
	out := &describeLogStreamsOutput{LogStreams: []streamDetail{}}
	skipping := in.NextToken != ""
	for _, st := range streams {
		if skipping {
			skipping = st.Name != in.NextToken
			continue
		}
		if len(out.LogStreams) == limit {
			out.NextToken = out.LogStreams[limit-1].LogStreamName
			break
		}
		out.LogStreams = append(out.LogStreams, st.detail(s.arn(g)))
	}
	return out, nil
}

func (st *stream) detail(groupARN string) streamDetail {
	d := streamDetail{
		LogStreamName: st.Name, CreationTime: st.Created, Arn: groupARN + ":log-stream:" + st.Name,
		UploadSequenceToken: sequenceToken,
	}
	if st.Events > 0 {
		d.FirstEventTimestamp, d.LastEventTimestamp, d.LastIngestionTime = &st.First, &st.Last, &st.LastIngestion
	}
	return d
}

// CreateStream makes a stream; one that is there already is not an error.
func (s *streamOperations) CreateStream(groupName, streamName string) error {
	if _, err := s.group(groupName, ""); err != nil {
		return err
	}
	s.streams.create(groupName, streamName, s.now())
	return nil
}
