package dataplane

import (
	"context"
	"io"
	"net/http"
	"sync"
	"time"
)

// exchange is one request and its answer on their way through.
type exchange struct {
	plane   *Plane
	site    *site
	client  client
	rule    *rule
	request *http.Request // as it came
	trace   string
	began   time.Time
	actions string

	roster *roster // the target group, once one is chosen
	lease  *lease  // the target
	idle   *idleTimer

	// What the log says; guarded by mu, as bodies are copied elsewhere.
	mu           sync.Mutex
	received     int64
	sent         int64
	status       int // the load balancer's own or the target's; 460 when the client left
	targetStatus int
	sentAt       time.Time // to the target
	answeredAt   time.Time // by the target
	redirectURL  string
	reason       string
}

// idleTimer cancels a request on which nothing has moved for a while.
type idleTimer struct {
	timer *time.Timer
	after time.Duration
}

func startIdle(after time.Duration, cancel context.CancelCauseFunc) *idleTimer {
	return &idleTimer{after: after, timer: time.AfterFunc(after, func() { cancel(errIdle) })}
}

func (t *idleTimer) moved() {
	if t != nil {
		t.timer.Reset(t.after)
	}
}

func (t *idleTimer) stop() {
	if t != nil {
		t.timer.Stop()
	}
}

// countingBody counts what comes from the client.
type countingBody struct {
	io.ReadCloser
	x *exchange
}

func (b *countingBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.x.mu.Lock()
	b.x.received += int64(n)
	b.x.mu.Unlock()
	if n > 0 {
		b.x.idle.moved()
	}
	return n, err
}

// countingWriter counts what goes to the client.
type countingWriter struct {
	http.ResponseWriter
	x *exchange
}

func (w *countingWriter) WriteHeader(status int) {
	if status >= http.StatusOK || status == http.StatusSwitchingProtocols {
		w.x.mu.Lock()
		w.x.status = status
		w.x.mu.Unlock()
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *countingWriter) Write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p)
	w.x.mu.Lock()
	w.x.sent += int64(n)
	w.x.mu.Unlock()
	return n, err
}

// Unwrap lets http.ResponseController find Flush and Hijack.
func (w *countingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// movingBody tells the idle timer of what comes from the target. An upgraded
// connection can be written to, and must stay so.
type movingBody struct {
	io.ReadCloser
	idle *idleTimer
}

func (b *movingBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.idle.moved()
	return n, err
}

type movingConn struct {
	movingBody
	io.Writer
}

func (c *movingConn) Write(p []byte) (int, error) {
	c.idle.moved()
	return c.Writer.Write(p)
}

func moving(body io.ReadCloser, idle *idleTimer) io.ReadCloser {
	if upgraded, ok := body.(io.ReadWriteCloser); ok {
		return &movingConn{movingBody{body, idle}, upgraded}
	}
	return &movingBody{body, idle}
}

// finish tells the metrics and the access log.
func (x *exchange) finish() {
	x.idle.stop()
	if x.lease != nil {
		x.lease.release()
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.plane.meter.request(x)
	if x.plane.logs != nil && on(x.site.balancer.Attribute("access_logs.s3.enabled")) {
		x.plane.meter.log(x.site.balancer, x.logLine())
	}
}
