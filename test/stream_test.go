package test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/test/targethealth"
)

// A stream of requests has several in flight, and begins new ones at a steady
// pace.
const (
	streamWorkers = 4
	streamPace    = 100 * time.Millisecond // of each worker
	streamTimeout = 30 * time.Second       // of a request: a busy machine is not a failure
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
	client.Timeout, client.Transport = streamTimeout, streamTransport(like.Transport)
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

// streamTransport opens a connection for each request, as an NLB keeps one with its task
// until that stops. It speaks HTTP/1.1: Go's HTTP/2 server ends a connection whose first
// frame comes after two seconds, which happens on a busy machine.
func streamTransport(like http.RoundTripper) http.RoundTripper {
	if like == nil {
		like = http.DefaultTransport
	}
	transport, ok := like.(*http.Transport)
	if !ok {
		return like
	}
	transport = transport.Clone()
	transport.DisableKeepAlives, transport.ForceAttemptHTTP2 = true, false
	transport.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
	if transport.TLSClientConfig != nil {
		transport.TLSClientConfig.NextProtos = []string{"http/1.1"} // one that has been used has h2
	}
	return transport
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

// failer is what of a test finish needs.
type failer interface {
	Helper()
	Errorf(format string, values ...any)
}

// finish ends the stream and waits for its requests. It fails the test when one
// of them failed. Only the first call does anything.
func (s *stream) finish(t failer) {
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

// failures collects what a stream says of its requests.
type failures []string

func (f *failures) Helper() {}
func (f *failures) Errorf(format string, values ...any) {
	*f = append(*f, fmt.Sprintf(format, values...))
}

// TestStream shows that no kind of failure goes unnoticed.
func TestStream(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"as it should be": {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "the site\n") }, ""},
		"a status": {func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "no target", http.StatusServiceUnavailable)
		}, "status 503: no target"},
		"another body": {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "another site") }, `another body: "another site"`},
		"no answer":    {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(test.answer)
			defer server.Close()
			s := startStream(t.Context(), server.Client(), targethealth.Group{URL: server.URL, Body: "the site"})
			s.during("something")
			require.Eventually(t, func() bool { sent, _ := s.during("something"); return sent >= streamWorkers }, streamTimeout, 5*time.Millisecond)
			var said failures
			s.finish(&said)
			s.finish(&said)
			sent, failed := s.during("nothing")
			if test.want == "" {
				assert.Empty(t, said)
				assert.Zero(t, failed)
				return
			}
			assert.Equal(t, sent, failed)
			require.Len(t, said, 1)
			assert.Contains(t, said[0], fmt.Sprintf("%d of %d requests to %s failed", failed, sent, server.URL))
			assert.Contains(t, said[0], `while the test does "something": `)
			assert.Contains(t, said[0], test.want)
		})
	}
}
