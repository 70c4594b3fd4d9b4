package test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"testing"
)

// grpcClient makes unary gRPC calls, which are HTTP/2 requests with framed
// messages: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
type grpcClient struct{ http *http.Client }

// newGRPCClient is a client that connects and verifies as another one does, and
// speaks HTTP/2 only.
func newGRPCClient(t testing.TB, like *http.Client) grpcClient {
	t.Helper()
	transport, ok := like.Transport.(*http.Transport)
	if !ok {
		transport = http.DefaultTransport.(*http.Transport)
	}
	transport = transport.Clone()
	transport.DisableKeepAlives = false
	transport.Protocols = new(http.Protocols)
	transport.Protocols.SetHTTP2(true)
	t.Cleanup(transport.CloseIdleConnections)
	return grpcClient{&http.Client{Transport: transport, Timeout: like.Timeout}}
}

// grpcAnswer is how a call ended. Status is a code of
// https://grpc.io/docs/guides/status-codes/, "0" for success.
type grpcAnswer struct {
	Status  string
	Message string
	Body    []byte
}

// call sends one message to https://host:port/package.Service/Method. An error
// is one of the connection or the framing.
func (c grpcClient) call(ctx context.Context, url string, message []byte) (grpcAnswer, error) {
	frame := binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message))) //nolint:gosec // messages are short
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(append(frame, message...)))
	if err != nil {
		return grpcAnswer{}, fmt.Errorf("gRPC call to %s: %w", url, err)
	}
	request.Header.Set("Content-Type", "application/grpc")
	request.Header.Set("TE", "trailers")
	response, err := c.http.Do(request)
	if err != nil {
		return grpcAnswer{}, fmt.Errorf("gRPC call: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return grpcAnswer{}, fmt.Errorf("answer of the gRPC call to %s: %w", url, err)
	}
	if response.StatusCode != http.StatusOK {
		return grpcAnswer{}, fmt.Errorf("gRPC call to %s: HTTP status %d", url, response.StatusCode)
	}
	// An answer without a message has the status among its headers.
	from := response.Trailer
	if response.Header.Get("Grpc-Status") != "" {
		from = response.Header
	}
	answer := grpcAnswer{Status: from.Get("Grpc-Status"), Message: from.Get("Grpc-Message")}
	if len(body) > 0 {
		if len(body) < 5 || int(binary.BigEndian.Uint32(body[1:5])) != len(body)-5 {
			return answer, fmt.Errorf("answer of the gRPC call to %s: %d bytes are not one whole message", url, len(body))
		}
		answer.Body = body[5:]
	}
	return answer, nil
}
