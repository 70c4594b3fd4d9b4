package ecsagent

import (
	"bytes"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/logs"
)

// flushInterval is how long, on the wall, log lines are gathered before they go
// out together, and maxPending how many bytes of them: then a container that
// writes waits, as with the awslogs driver's mode "blocking". longestEvent is where
// a line is cut, as that driver does.
const (
	flushInterval = 100 * time.Millisecond
	maxPending    = 256 << 10
	longestEvent  = 262144 - 26
)

// eventSize is what an event takes beside its text, and pieceSize how much is taken
// of a write before the next look at what is pending.
const (
	eventSize = 64
	pieceSize = 32 << 10
)

// output takes what a container writes, line by line.
type output struct {
	deliver func([]logs.Event) error
	now     func() time.Time
	starts  *regexp.Regexp // awslogs-multiline-pattern: how an event's first line begins
	failed  func(error)

	mu      sync.Mutex
	pending []logs.Event
	room    sync.Cond
	// size is what has not been delivered, pendingSize that of pending.
	size, pendingSize int
	timer             *time.Timer
	closed            bool
	streams           []*lineWriter
}

func newOutput(now func() time.Time, failed func(error)) *output {
	o := &output{now: now, failed: failed}
	o.room.L = &o.mu
	return o
}

// stream returns a writer of its own: lines of stdout and stderr don't mix.
func (o *output) stream() io.Writer {
	o.mu.Lock()
	defer o.mu.Unlock()
	w := &lineWriter{output: o}
	o.streams = append(o.streams, w)
	return w
}

// lineWriter makes events of lines.
type lineWriter struct {
	output  *output
	partial []byte
	event   []byte // lines of an event that may go on
}

func (w *lineWriter) Write(b []byte) (int, error) {
	o := w.output
	o.mu.Lock()
	defer o.mu.Unlock()
	for piece := range slices.Chunk(b, pieceSize) {
		for o.size >= maxPending && !o.closed {
			o.room.Wait()
		}
		w.take(piece)
	}
	return len(b), nil
}

// take takes a piece of the output under the output's lock.
func (w *lineWriter) take(piece []byte) {
	w.partial = append(w.partial, piece...)
	for {
		end := bytes.IndexByte(w.partial, '\n')
		if end < 0 && len(w.partial) < longestEvent {
			return
		}
		if end < 0 || end > longestEvent {
			end = longestEvent - 1
			w.line(w.partial[:end])
			w.partial = w.partial[end:]
			continue
		}
		w.line(w.partial[:end])
		w.partial = w.partial[end+1:]
	}
}

// line takes a line under the output's lock.
func (w *lineWriter) line(line []byte) {
	if w.output.starts == nil {
		w.output.add(line)
		return
	}
	if w.output.starts.Match(line) || len(w.event)+len(line) > longestEvent {
		w.flush()
	}
	if len(w.event) > 0 {
		w.event = append(w.event, '\n')
	}
	w.event = append(w.event, line...)
}

func (w *lineWriter) flush() {
	if len(w.event) > 0 {
		w.output.add(w.event)
		w.event = nil
	}
}

func (o *output) add(line []byte) {
	text := strings.TrimSuffix(strings.ToValidUTF8(string(line), "\ufffd"), "\r")
	if text == "" || o.closed {
		return
	}
	o.pending = append(o.pending, logs.Event{Time: o.now(), Message: text})
	o.pendingSize += len(text) + eventSize
	o.size += len(text) + eventSize
	if o.timer == nil {
		o.timer = time.AfterFunc(flushInterval, o.flush)
	}
}

// flush delivers what has come.
func (o *output) flush() {
	o.mu.Lock()
	events, size := o.pending, o.pendingSize
	o.pending, o.pendingSize, o.timer = nil, 0, nil
	o.mu.Unlock()
	if len(events) == 0 {
		return
	}
	if err := o.deliver(events); err != nil {
		o.failed(err)
	}
	o.mu.Lock()
	o.size -= size
	o.mu.Unlock()
	o.room.Broadcast()
}

// close delivers the rest, unfinished lines too.
func (o *output) close() {
	o.mu.Lock()
	for _, w := range o.streams {
		if len(w.partial) > 0 {
			w.line(w.partial)
			w.partial = nil
		}
		w.flush()
	}
	o.closed = true
	if o.timer != nil {
		o.timer.Stop()
	}
	o.mu.Unlock()
	o.room.Broadcast()
	o.flush()
}
