// Package wiretest drives services through wire.Server with the bytes that
// clients send, for tests.
package wiretest

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/clock"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// Region is the region that requests are signed for.
const Region = "us-west-2"

// Start is where the clock of NewAccount stands.
var Start = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

// NewAccount returns an account whose clock stands still until the test
// advances it. Its store verifies that services mark the records they change.
func NewAccount() (*core.Account, *clock.Fake) {
	fake := clock.NewFake(Start)
	a := core.New(Region, fake, slog.New(slog.DiscardHandler))
	a.Records.Verify()
	return a, fake
}

// Server is a running server.
type Server struct {
	*wire.Server
	URL string
}

// NewServer serves the services until the test ends.
func NewServer(tb testing.TB, a *core.Account, services ...wire.Service) *Server {
	tb.Helper()
	server := wire.NewServer(a, a.Region, a.Log)
	for _, service := range services {
		server.Register(service)
	}
	listener := httptest.NewServer(server)
	tb.Cleanup(listener.Close)
	return &Server{Server: server, URL: listener.URL}
}

// Reply is what the server answered.
type Reply struct {
	Status int
	Header http.Header
	Body   []byte
	// Code and Message are those of a refusal, whatever its envelope.
	Code, Message string
}

// Request sends a request with a signature for that service.
func (s *Server) Request(tb testing.TB, service, method, path string, header http.Header, body []byte) *Reply {
	tb.Helper()
	request, err := http.NewRequestWithContext(tb.Context(), method, s.URL+path, bytes.NewReader(body))
	require.NoError(tb, err)
	for name, values := range header {
		request.Header[name] = values
	}
	if host := header.Get("Host"); host != "" {
		request.Host = host
	}
	request.Header.Set("Authorization", fmt.Sprintf(
		"AWS4-HMAC-SHA256 Credential=test/20260131/%s/%s/aws4_request, SignedHeaders=host, Signature=0", Region, service))
	return s.do(tb, request)
}

func (s *Server) do(tb testing.TB, request *http.Request) *Reply {
	tb.Helper()
	response, err := http.DefaultTransport.RoundTrip(request) // follows no redirects
	require.NoError(tb, err)
	defer func() { require.NoError(tb, response.Body.Close()) }()
	body, err := io.ReadAll(response.Body)
	require.NoError(tb, err)
	reply := &Reply{Status: response.StatusCode, Header: response.Header, Body: body}
	if reply.Status >= http.StatusBadRequest {
		reply.readRefusal()
	}
	return reply
}

func (r *Reply) readRefusal() {
	if strings.Contains(r.Header.Get("Content-Type"), "json") {
		var refusal struct {
			Type    string `json:"__type"`
			Message string `json:"message"`
		}
		_ = json.Unmarshal(r.Body, &refusal) // what can't be read has no code
		r.Code, r.Message = refusal.Type, refusal.Message
		if r.Code == "" {
			r.Code = r.Header.Get("X-Amzn-Errortype")
		}
		return
	}
	decoder := xml.NewDecoder(bytes.NewReader(r.Body))
	for {
		token, err := decoder.Token()
		if err != nil {
			return
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		switch start.Name.Local {
		case "Code":
			_ = decoder.DecodeElement(&r.Code, &start)
		case "Message":
			_ = decoder.DecodeElement(&r.Message, &start)
		}
	}
}

// JSON calls an operation of a JSON service. in is anything that encodes as a
// JSON object; out, when not nil, receives the answer.
func (s *Server) JSON(tb testing.TB, service, target string, in, out any) *Reply {
	tb.Helper()
	body, err := json.Marshal(in)
	require.NoError(tb, err)
	reply := s.Request(tb, service, http.MethodPost, "/", http.Header{
		"X-Amz-Target": {target}, "Content-Type": {"application/x-amz-json-1.1"},
	}, body)
	if out != nil && reply.Status == http.StatusOK {
		require.NoError(tb, json.Unmarshal(reply.Body, out), "reading %s", reply.Body)
	}
	return reply
}

// Query calls an operation of a Query service; out, when not nil, receives the
// operation's result element.
func (s *Server) Query(tb testing.TB, service, action string, in url.Values, out any) *Reply {
	tb.Helper()
	form := url.Values{"Action": {action}, "Version": {"2010-03-31"}}
	for name, values := range in {
		form[name] = values
	}
	reply := s.Request(tb, service, http.MethodPost, "/", http.Header{
		"Content-Type": {"application/x-www-form-urlencoded"},
	}, []byte(form.Encode()))
	if out != nil && reply.Status == http.StatusOK {
		var envelope struct {
			Parts []struct { // the result, and the response's metadata
				Content string `xml:",innerxml"`
			} `xml:",any"`
		}
		require.NoError(tb, xml.Unmarshal(reply.Body, &envelope), "reading %s", reply.Body)
		require.NotEmpty(tb, envelope.Parts)
		require.NoError(tb, xml.Unmarshal([]byte("<Result>"+envelope.Parts[0].Content+"</Result>"), out))
	}
	return reply
}

// XML calls an operation of a REST service; out, when not nil, receives the
// answer.
func (s *Server) XML(tb testing.TB, service, method, path, body string, out any) *Reply {
	tb.Helper()
	reply := s.Request(tb, service, method, path, nil, []byte(body))
	if out != nil && reply.Status < http.StatusMultipleChoices {
		require.NoError(tb, xml.Unmarshal(reply.Body, out), "reading %s", reply.Body)
	}
	return reply
}

// OK fails the test unless the reply is a good one.
func (r *Reply) OK(tb testing.TB) *Reply {
	tb.Helper()
	require.Less(tb, r.Status, 300, "refused: %s: %s\n%s", r.Code, r.Message, r.Body)
	return r
}

// Refused fails the test unless the reply has that code.
func (r *Reply) Refused(tb testing.TB, code string) *Reply {
	tb.Helper()
	require.Equal(tb, code, r.Code, "status %d, message %q", r.Status, r.Message)
	return r
}

// Revive gives the services of a new account the records of another's, as a
// restart does.
func Revive(tb testing.TB, from, to *core.Account) {
	tb.Helper()
	from.View(func() {
		to.View(func() { require.NoError(tb, from.Records.Copy(to.Records)) })
	})
	to.Changed()
}
