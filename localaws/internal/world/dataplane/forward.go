package dataplane

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httputil"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/elbv2"
)

// Why a request to a target was given up.
var (
	errIdle      = errors.New("nothing moved within the idle timeout")
	errDrained   = errors.New("the target's deregistration delay is over")
	errNoAnswer  = errors.New("the target does not answer")
	errShortHost = errors.New("the target is nowhere")
)

type exchangeKey struct{}

// forward sends the request to a target of one of the rule's groups.
func (w *webServer) forward(ctx context.Context, out http.ResponseWriter, x *exchange) {
	x.roster = x.stickyGroup()
	if x.roster == nil {
		x.roster = x.rule.pick()
	}
	if x.roster == nil {
		x.refuse(out, http.StatusServiceUnavailable, "")
		return
	}
	if incompatible(x.request, x.roster.group) {
		x.refuse(out, statusIncompatible, "")
		return
	}
	x.lease = x.roster.choose(x.client.node.AvailabilityZone, x.stickyTarget())
	if x.lease == nil {
		x.refuse(out, http.StatusServiceUnavailable, "")
		return
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer x.lease.whenOver(func() { cancel(errDrained) })()
	x.idle = startIdle(x.site.patience, cancel)
	ctx = context.WithValue(ctx, exchangeKey{}, x)
	x.sentAt = time.Now()
	w.proxy.ServeHTTP(out, x.request.WithContext(ctx))
}

// incompatible reports whether the group can't serve the client's protocol.
func incompatible(r *http.Request, group elbv2.TargetGroup) bool {
	isGRPC := strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc")
	switch group.ProtocolVersion {
	case "GRPC":
		return r.ProtoMajor < 2 || r.Method != http.MethodPost
	case "HTTP2":
		return r.ProtoMajor < 2
	}
	return isGRPC && r.ProtoMajor == 2
}

// viaLease sends a request to the endpoint that was chosen for it, over the
// connections of its group.
type viaLease struct{}

func (viaLease) RoundTrip(r *http.Request) (*http.Response, error) {
	x, _ := r.Context().Value(exchangeKey{}).(*exchange)
	return x.roster.pool.transport.RoundTrip(r)
}

// rewrite makes the request that the target gets.
func rewrite(p *httputil.ProxyRequest) {
	x, _ := p.In.Context().Value(exchangeKey{}).(*exchange)
	p.Out.URL.Scheme = strings.ToLower(x.roster.group.Protocol)
	p.Out.URL.Host = x.lease.host.address.String()
	x.forwardedHeaders(p.In, p.Out)
}

// passBack makes the answer that the client gets.
func passBack(response *http.Response) error {
	x, _ := response.Request.Context().Value(exchangeKey{}).(*exchange)
	x.mu.Lock()
	x.targetStatus, x.answeredAt = response.StatusCode, time.Now()
	x.mu.Unlock()
	x.idle.moved()
	x.setStickiness(response)
	x.listenerHeaders(response.Header)
	response.Body = moving(response.Body, x.idle)
	return nil
}

// proxyFailed answers for a target that did not.
func proxyFailed(w http.ResponseWriter, r *http.Request, err error) {
	x, _ := r.Context().Value(exchangeKey{}).(*exchange)
	cause := context.Cause(r.Context())
	var timeout net.Error
	switch {
	case errors.Is(cause, errIdle), errors.Is(err, errNoAnswer), errors.As(err, &timeout) && timeout.Timeout():
		x.refuse(w, http.StatusGatewayTimeout, "")
	case errors.Is(cause, errDrained):
		x.refuse(w, http.StatusBadGateway, "")
	case x.request.Context().Err() != nil: // the client left, and gets nothing
		x.mu.Lock()
		x.status = statusClientLeft
		x.mu.Unlock()
	default:
		x.refuse(w, http.StatusBadGateway, "")
	}
}
