package test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/test/targethealth"
)

// A stream of requests has several in flight, and begins new ones at a steady
// pace.
const (
	streamWorkers = 4
	streamPace    = 100 * time.Millisecond // of each worker
	streamTimeout = 30 * time.Second       // of a request: a busy machine is no failure
	streamKeeps   = 10                     // failures that are told in full
)

// stream sends requests to a URL all the time, and counts.
type stream struct {
	client  *http.Client
	url     string
	body    string
	stop    context.CancelFunc
	workers sync.WaitGroup
	ending  sync.Once

	mu       sync.Mutex
	sent     int
	failed   int
	step     string
	failures []string
}

// startStream sends requests to the group's URL until finish is called. Every
// answer but the group's body with status 200 is a failure.
func startStream(ctx context.Context, like *http.Client, group targethealth.Group) *stream {
	client := *like
	client.Timeout = streamTimeout
	s := &stream{client: &client, url: group.URL, body: group.Body}
	sending, stop := context.WithCancel(ctx)
	s.stop = stop
	for range streamWorkers {
		s.workers.Go(func() {
			pace := time.NewTicker(streamPace)
			defer pace.Stop()
			for {
				select {
				case <-sending.Done():
					return
				case <-pace.C:
					// A request that has begun is let end, and counts.
					s.send(ctx)
				}
			}
		})
	}
	return s
}

func (s *stream) send(ctx context.Context) {
	status, body, err := targethealth.Get(ctx, s.client, s.url)
	switch {
	case err != nil:
	case status != http.StatusOK:
		err = fmt.Errorf("status %d: %s", status, strings.TrimSpace(body))
	case strings.TrimSpace(body) != s.body:
		err = fmt.Errorf("another body: %q", body)
	}
	if errors.Is(err, context.Canceled) {
		return // the run is interrupted
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent++
	if err == nil {
		return
	}
	s.failed++
	if len(s.failures) < streamKeeps {
		s.failures = append(s.failures, fmt.Sprintf("%s, while the test does %q: %v", time.Now().Format("15:04:05.000"), s.step, err))
	}
}

// during names what the test does from now on, for the failures, and returns
// how many requests were sent and how many failed so far.
func (s *stream) during(step string) (sent, failed int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.step = step
	return s.sent, s.failed
}

// finish ends the stream and waits for its requests. It fails the test when one
// of them failed. Only the first call does anything.
func (s *stream) finish(t *testing.T) {
	t.Helper()
	s.ending.Do(func() {
		s.stop()
		s.workers.Wait()
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.failed > 0 {
			t.Errorf("%d of %d requests to %s failed, first:\n%s", s.failed, s.sent, s.url, strings.Join(s.failures, "\n"))
		}
	})
}
