package dataplane

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/elbv2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/clock"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/loopback"
)

// healthChecker is the User-Agent of health checks.
const healthChecker = "ELB-HealthChecker/2.0"

// closeWait is how long a TCP check watches a connection that was accepted: a
// forwarder in front of a container accepts for it, and closes at once when
// nothing listens behind it.
const closeWait = 100 * time.Millisecond

// maxCheckBody bounds what is read of a checked target's answer.
const maxCheckBody = 1 << 20

// socketProber makes health checks over real sockets.
type socketProber struct {
	clock   clock.Clock
	network *loopback.Network
	// patience is the shortest real time that a target has to answer, so
	// that a busy machine fails no healthy target.
	patience time.Duration
}

// Probe makes one check.
func (s *socketProber) Probe(ctx context.Context, check Check) elbv2.Health {
	timeout := max(s.patience, s.clock.Real(time.Duration(check.Timeout)*time.Second))
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if check.Protocol == "TCP" {
		return s.connect(ctx, check)
	}
	code, err := s.request(ctx, check)
	switch {
	case err != nil:
		return failure(err)
	case !check.Matches(code):
		return elbv2.CodeMismatch(code)
	}
	return elbv2.Passed()
}

// failure tells a target that is silent from one that can't be talked to.
func failure(err error) elbv2.Health {
	var timeout net.Error
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) ||
		(errors.As(err, &timeout) && timeout.Timeout()) {
		return elbv2.TimedOut()
	}
	return elbv2.Failed()
}

// connect passes when the target accepts a connection and does not close it.
func (s *socketProber) connect(ctx context.Context, check Check) elbv2.Health {
	conn, err := s.network.Dial(ctx, check.Source, check.Target)
	if err != nil {
		return failure(err)
	}
	defer func() { _ = conn.Close() }() // nothing was sent
	if err := conn.SetReadDeadline(time.Now().Add(closeWait)); err != nil {
		return elbv2.InternalError()
	}
	if _, err := conn.Read(make([]byte, 1)); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return elbv2.Failed()
	}
	return elbv2.Passed()
}

var errNoGRPCStatus = errors.New("the answer has no grpc-status")

// request sends a request as the load balancer sends them to this group, and
// returns the status: HTTP's, or gRPC's.
func (s *socketProber) request(ctx context.Context, check Check) (code int, err error) {
	transport := s.transport(check)
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet,
		strings.ToLower(check.Protocol)+"://"+check.Target.String()+check.Path, http.NoBody)
	if err != nil {
		return 0, err
	}
	if check.Version == "GRPC" {
		request.Method = http.MethodPost
		// An empty message: not compressed, no bytes.
		request.Body = io.NopCloser(strings.NewReader("\x00\x00\x00\x00\x00"))
		request.Header.Set("Content-Type", "application/grpc")
		request.Header.Set("Te", "trailers")
	}
	request.Host = check.Host
	request.Header.Set("User-Agent", healthChecker)
	response, err := transport.RoundTrip(request)
	if err != nil {
		return 0, err
	}
	defer func() { _ = response.Body.Close() }() // it was read
	// All of it: a trailer comes after the body, and a body that ends early is
	// a malformed answer.
	_, err = io.Copy(io.Discard, io.LimitReader(response.Body, maxCheckBody))
	if err != nil {
		return 0, err
	}
	if check.Version == "GRPC" {
		return grpcStatus(response)
	}
	return response.StatusCode, nil
}

func grpcStatus(response *http.Response) (int, error) {
	text := response.Trailer.Get("Grpc-Status")
	if text == "" { // an answer without messages has it in its header
		text = response.Header.Get("Grpc-Status")
	}
	code, err := strconv.Atoi(text)
	if err != nil {
		return 0, errNoGRPCStatus
	}
	return code, nil
}

// transport makes one connection, for one check.
func (s *socketProber) transport(check Check) *http.Transport {
	protocols := &http.Protocols{}
	switch {
	case check.Version != "HTTP2" && check.Version != "GRPC":
		protocols.SetHTTP1(true)
	case check.Protocol == "HTTPS":
		protocols.SetHTTP2(true)
	default:
		protocols.SetUnencryptedHTTP2(true)
	}
	return &http.Transport{
		Protocols:         protocols,
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true},
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return s.network.Dial(ctx, check.Source, check.Target)
		},
	}
}
