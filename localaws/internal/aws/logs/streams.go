package logs

import (
	"cmp"
	"fmt"
	"iter"
	"slices"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/store"
)

const (
	// maxEvents is how many events a stream keeps, and maxBytes how large they
	// may be together: of more, the oldest chunk goes.
	maxEvents = 5000
	maxBytes  = 2 << 20
	// chunkSize is how many events a chunk has, and chunkBytes how large it gets
	// before another one is begun. A new event costs that its chunk is written
	// again.
	chunkSize  = 100
	chunkBytes = 128 << 10
	// eventOverhead is what CloudWatch Logs adds to an event's size.
	eventOverhead = 26
)

// stream is a log stream. Its events are in chunks, which are records of their
// own, numbered in the order in which they came.
type stream struct {
	Group   string
	Name    string
	Created int64
	// FirstChunk and EndChunk are the number of the first chunk, and of the next
	// one to be made.
	FirstChunk, EndChunk int
	// Dropped is how many events before the first one are gone: positions in
	// tokens count from the stream's beginning.
	Dropped int
	Events  int
	Bytes   int64
	// First and Last are the times of the oldest and of the newest event.
	First, Last   int64
	LastIngestion int64
}

type chunk struct{ Events []event }

type event struct {
	Timestamp int64
	Ingestion int64
	Message   string
}

func (c *chunk) size() int64 {
	sum := int64(0)
	for _, e := range c.Events {
		sum += e.size()
	}
	return sum
}

func (e event) size() int64 { return int64(len(e.Message)) + eventOverhead }

// streams are the streams of all groups. Neither groups nor streams have a colon
// in their names, so that one parts them in ids.
type streams struct {
	records *store.Collection[*stream] // by group:stream
	chunks  *store.Collection[*chunk]  // by group:stream:number
}

func newStreams(s *store.Store) streams {
	return streams{store.NewCollection[*stream](s, "logs", "streams"), store.NewCollection[*chunk](s, "logs", "events")}
}

func streamID(group, name string) string { return group + ":" + name }

func (st *stream) chunkID(number int) string {
	return fmt.Sprintf("%s:%s:%d", st.Group, st.Name, number)
}

func (s streams) get(group, name string) (*stream, bool) { return s.records.Get(streamID(group, name)) }

// of yields a group's streams by name.
func (s streams) of(group string) iter.Seq2[string, *stream] { return s.records.Prefix(group + ":") }

func (s streams) create(group, name string, now int64) {
	if id := streamID(group, name); !s.records.Has(id) {
		s.records.Put(id, &stream{Group: group, Name: name, Created: now})
	}
}

func (s streams) delete(st *stream) {
	for number := st.FirstChunk; number < st.EndChunk; number++ {
		s.chunks.Delete(st.chunkID(number))
	}
	s.records.Delete(streamID(st.Group, st.Name))
}

// deleteAll deletes a group's streams.
func (s streams) deleteAll(group string) {
	for _, st := range s.of(group) {
		s.delete(st)
	}
}

// append adds events behind those that a stream has.
func (s streams) append(st *stream, events []event) {
	if len(events) == 0 {
		return
	}
	s.records.Put(streamID(st.Group, st.Name), st)
	for _, e := range events {
		if st.Events == 0 {
			st.First, st.Last = e.Timestamp, e.Timestamp
		}
		st.First, st.Last = min(st.First, e.Timestamp), max(st.Last, e.Timestamp)
		st.LastIngestion = e.Ingestion
		st.Events++
		st.Bytes += e.size()
		c := s.open(st)
		c.Events = append(c.Events, e)
	}
	for st.Events-chunkSize >= maxEvents || st.Bytes > maxBytes && st.EndChunk-st.FirstChunk > 1 {
		s.drop(st)
	}
}

// open returns the chunk that takes the next event, to be changed.
func (s streams) open(st *stream) *chunk {
	if st.EndChunk > st.FirstChunk {
		if c, _ := s.chunks.Get(st.chunkID(st.EndChunk - 1)); len(c.Events) < chunkSize && c.size() < chunkBytes {
			s.chunks.Put(st.chunkID(st.EndChunk-1), c)
			return c
		}
	}
	c := &chunk{}
	s.chunks.Put(st.chunkID(st.EndChunk), c)
	st.EndChunk++
	return c
}

// drop deletes the oldest chunk of a stream that is about to be changed.
func (s streams) drop(st *stream) {
	c, _ := s.chunks.Get(st.chunkID(st.FirstChunk))
	for _, e := range c.Events {
		st.Bytes -= e.size()
	}
	st.Events -= len(c.Events)
	st.Dropped += len(c.Events)
	s.chunks.Delete(st.chunkID(st.FirstChunk))
	st.FirstChunk++
	if all := s.events(st); len(all) > 0 {
		st.First = all[0].Timestamp
	}
}

// events are a stream's events by their times.
func (s streams) events(st *stream) []event {
	all := make([]event, 0, st.Events)
	for number := st.FirstChunk; number < st.EndChunk; number++ {
		c, _ := s.chunks.Get(st.chunkID(number))
		all = append(all, c.Events...)
	}
	slices.SortStableFunc(all, func(a, b event) int { return cmp.Compare(a.Timestamp, b.Timestamp) })
	return all
}
