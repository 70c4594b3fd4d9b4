package dataplane

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestForwardsWithTheLoadBalancersHeaders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var got atomic.Pointer[http.Request]
	at := w.serve("i-1", http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if r.Header.Get("User-Agent") != healthChecker {
			got.Store(r.Clone(context.WithoutCancel(r.Context())))
		}
		_, _ = io.WriteString(out, "hello")
	}))
	lb, group := w.balancer(), w.group("web")
	w.listener(lb, 8080, forwardTo(group))
	w.register(group, at)
	w.waitFor(group, at, types.TargetHealthStateEnumHealthy)

	client := w.http(w.waitListening(lb, 8080))
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://web.example.com:8080/a?b=c", nil)
	require.NoError(t, err)
	request.Header.Set("X-Forwarded-For", "203.0.113.7")
	request.Header["Bad_name"] = []string{"kept"}
	response, body := do(t, client, request)
	assert.Equal(t, 200, response.StatusCode)
	assert.Equal(t, "hello", body)

	seen := got.Load()
	assert.Equal(t, "203.0.113.7, 198.51.100.10", seen.Header.Get("X-Forwarded-For"))
	assert.Equal(t, "http", seen.Header.Get("X-Forwarded-Proto"))
	assert.Equal(t, "8080", seen.Header.Get("X-Forwarded-Port"))
	assert.Regexp(t, `^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$`, seen.Header.Get("X-Amzn-Trace-Id"))
	assert.Equal(t, "web.example.com:8080", seen.Host)
	assert.Equal(t, "/a?b=c", seen.URL.RequestURI())
	assert.Contains(t, seen.Header, "Bad_name")

	w.setBalancer(lb, "routing.http.drop_invalid_header_fields.enabled", "true", "routing.http.xff_header_processing.mode", "remove")
	require.Eventually(t, func() bool {
		do(t, client, request.Clone(t.Context()))
		return got.Load().Header.Get("X-Forwarded-For") == ""
	}, 5*time.Second, time.Millisecond)
	assert.NotContains(t, got.Load().Header, "Bad_name")
}

func TestOwnAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lb := w.balancer()
	w.listener(lb, 8080, []types.Action{{Type: "redirect", RedirectConfig: &types.RedirectActionConfig{
		Protocol: aws.String("HTTPS"), Port: aws.String("443"), StatusCode: "HTTP_301",
	}}})
	w.listener(lb, 8081, []types.Action{{Type: "fixed-response", FixedResponseConfig: &types.FixedResponseActionConfig{
		StatusCode: aws.String("400"), MessageBody: aws.String("unknown host"), ContentType: aws.String("text/plain"),
	}}})
	empty := w.group("empty")
	w.listener(lb, 8082, forwardTo(empty))

	response, _ := get(t, w.http(w.waitListening(lb, 8080)), "http://web.example.com/a/b?c=d")
	assert.Equal(t, 301, response.StatusCode)
	assert.Equal(t, "https://web.example.com:443/a/b?c=d", response.Header.Get("Location"))
	assert.Equal(t, "awselb/2.0", response.Header.Get("Server"))
	response, body := get(t, w.http(w.waitListening(lb, 8081)), "http://web.example.com/")
	assert.Equal(t, 400, response.StatusCode)
	assert.Equal(t, "unknown host", body)
	response, body = get(t, w.http(w.waitListening(lb, 8082)), "http://web.example.com/")
	assert.Equal(t, 503, response.StatusCode)
	assert.Contains(t, body, "503 Service Temporarily Unavailable")
}

func TestStatusesForTargetsThatFail(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) { w.plane.patience = 300 * time.Millisecond })
	hung := make(chan struct{})
	slow := w.serve("i-1", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hung }))
	t.Cleanup(func() { close(hung) }) // before the server closes
	closing := w.listen("i-1")
	go func() {
		for {
			c, err := closing.Accept()
			if err != nil {
				return
			}
			_ = c.Close()
		}
	}()
	refusing := w.listen("i-1")
	require.NoError(t, refusing.Close())
	reachable := w.serve("i-2", says("unreachable"))

	lb := w.balancer()
	for name, test := range map[string]struct {
		port int32
		at   string
		want int
	}{
		"too slow": {8080, slow.String(), http.StatusGatewayTimeout},
		"closes":   {8081, closing.Addr().String(), http.StatusBadGateway},
		"refuses":  {8082, refusing.Addr().String(), http.StatusBadGateway},
		"blocked":  {8083, reachable.String(), http.StatusGatewayTimeout},
	} {
		group := w.group(strings.ReplaceAll(name, " ", "-"))
		w.listener(lb, test.port, forwardTo(group))
		w.register(group, mustAddr(t, test.at))
		w.block("eni-i-2", true)
		client := w.http(w.waitListening(lb, int(test.port)))
		status := 0
		require.Eventually(t, func() bool { // until the target has come into use
			response, _ := get(t, client, "http://web.example.com/")
			status = response.StatusCode
			return status != http.StatusServiceUnavailable
		}, waitLong, poll, name)
		assert.Equal(t, test.want, status, name)
	}
}

func TestRulesDecide(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lb := w.balancer()
	fixed := func(text string) []types.Action {
		return []types.Action{{Type: "fixed-response", FixedResponseConfig: &types.FixedResponseActionConfig{
			StatusCode: aws.String("200"), MessageBody: &text,
		}}}
	}
	listener := w.listener(lb, 8080, fixed("default"))
	rules := []types.RuleCondition{
		{Field: aws.String("host-header"), Values: []string{"*.Example.com"}},
		{Field: aws.String("path-pattern"), Values: []string{"/img/*.png"}},
		{Field: aws.String("http-header"), HttpHeaderConfig: &types.HttpHeaderConditionConfig{HttpHeaderName: aws.String("X-Kind"), Values: []string{"a?c"}}},
		{Field: aws.String("http-request-method"), HttpRequestMethodConfig: &types.HttpRequestMethodConditionConfig{Values: []string{"DELETE"}}},
		{Field: aws.String("query-string"), QueryStringConfig: &types.QueryStringConditionConfig{Values: []types.QueryStringKeyValuePair{{Key: aws.String("v"), Value: aws.String("2*")}}}},
		{Field: aws.String("path-pattern"), RegexValues: []string{`^/id/\d+$`}},
	}
	for i, condition := range rules {
		_, err := w.elb.CreateRule(t.Context(), &elb.CreateRuleInput{
			ListenerArn: listener.ListenerArn, Priority: aws.Int32(int32(i + 1)), Conditions: []types.RuleCondition{condition}, Actions: fixed(fmt.Sprint("rule ", i+1)),
		})
		require.NoError(t, err)
	}
	client := w.http(w.waitListening(lb, 8080))
	for name, test := range map[string]struct {
		method, url, header, want string
	}{
		"host":           {"GET", "http://a.example.com/", "", "rule 1"},
		"host with port": {"GET", "http://A.EXAMPLE.com:8080/", "", "rule 1"},
		"path":           {"GET", "http://other/img/a/b.png", "", "rule 2"},
		"path, case":     {"GET", "http://other/IMG/b.png", "", "default"},
		"header":         {"GET", "http://other/", "ABC", "rule 3"},
		"header, longer": {"GET", "http://other/", "ABBC", "default"},
		"method":         {"DELETE", "http://other/", "", "rule 4"},
		"query":          {"GET", "http://other/?v=23", "", "rule 5"},
		"regex":          {"GET", "http://other/id/42", "", "rule 6"},
		"nothing":        {"GET", "http://other/", "", "default"},
	} {
		request, err := http.NewRequestWithContext(t.Context(), test.method, test.url, nil)
		require.NoError(t, err)
		if test.header != "" {
			request.Header.Set("X-Kind", test.header)
		}
		_, body := do(t, client, request)
		assert.Equal(t, test.want, body, name)
	}
}

func TestSourceAddressIsTheOneInTheNetwork(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lb := w.balancer()
	listener := w.listener(lb, 8080, []types.Action{{Type: "fixed-response", FixedResponseConfig: &types.FixedResponseActionConfig{StatusCode: aws.String("404")}}})
	_, err := w.elb.CreateRule(t.Context(), &elb.CreateRuleInput{
		ListenerArn: listener.ListenerArn, Priority: aws.Int32(1),
		Conditions: []types.RuleCondition{{Field: aws.String("source-ip"), SourceIpConfig: &types.SourceIpConditionConfig{Values: []string{"10.0.0.0/24"}}}},
		Actions:    []types.Action{{Type: "fixed-response", FixedResponseConfig: &types.FixedResponseActionConfig{StatusCode: aws.String("200")}}},
	})
	require.NoError(t, err)
	address := w.waitListening(lb, 8080)
	response, _ := get(t, w.http(address), "http://x/")
	assert.Equal(t, 404, response.StatusCode, "from the internet")
	inside := &http.Client{Transport: &http.Transport{DialContext: w.dialFrom("i-1", address), DisableKeepAlives: true}}
	response, _ = get(t, inside, "http://x/")
	assert.Equal(t, 200, response.StatusCode, "from the instance 10.0.0.7")
}

func TestServerCertificateIsChosenByName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lb := w.balancer()
	listener := w.listener(lb, 8443, []types.Action{{Type: "fixed-response", FixedResponseConfig: &types.FixedResponseActionConfig{StatusCode: aws.String("200")}}}, asHTTPS)
	client := w.http(w.waitListening(lb, 8443))
	response, _ := get(t, client, "https://web.example.com/")
	assert.Equal(t, 2, response.ProtoMajor, "HTTP/2 to the client")
	assert.Equal(t, "web.example.com", response.TLS.PeerCertificates[0].DNSNames[0])
	_, err := client.Get("https://other.example.com/") //nolint:noctx,bodyclose // it fails
	require.Error(t, err, "the default certificate does not fit that name")

	_, err = w.elb.AddListenerCertificates(t.Context(), &elb.AddListenerCertificatesInput{
		ListenerArn: listener.ListenerArn, Certificates: []types.Certificate{{CertificateArn: aws.String("arn:other.example.com")}},
	})
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		response, err := client.Get("https://other.example.com/") //nolint:noctx // the client has a timeout
		if err != nil {
			return false
		}
		defer response.Body.Close()
		return response.TLS.PeerCertificates[0].DNSNames[0] == "other.example.com"
	}, 5*time.Second, 5*time.Millisecond)

	w.setBalancer(lb, "routing.http2.enabled", "false")
	require.Eventually(t, func() bool {
		response, _ := get(t, w.http(w.address(lb, 8443)), "https://web.example.com/")
		return response.ProtoMajor == 1
	}, 5*time.Second, 5*time.Millisecond)
}

func TestProtocolsToTargets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	proto := http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) { _, _ = fmt.Fprint(out, r.Proto, " ", r.TLS != nil) })
	withTLS := func(s *httptest.Server) {
		certificate, _ := w.certs.Certificate("arn:never-verified")
		s.TLS = tlsConfig(*certificate)
		s.EnableHTTP2 = true
	}
	clear := func(s *httptest.Server) {
		s.Config.Protocols = &http.Protocols{}
		s.Config.Protocols.SetUnencryptedHTTP2(true)
	}
	plain := func(*httptest.Server) {}
	lb := w.balancer()
	port := int32(8443)
	for _, test := range []struct {
		protocol, version string
		server            func(*httptest.Server)
		want              string
	}{
		{"HTTP", "HTTP1", plain, "HTTP/1.1 false"},
		{"HTTPS", "HTTP1", withTLS, "HTTP/1.1 true"},
		{"HTTP", "HTTP2", clear, "HTTP/2.0 false"},
		{"HTTPS", "HTTP2", withTLS, "HTTP/2.0 true"},
	} {
		at := w.serve("i-1", proto, test.server)
		group := w.group(test.protocol+"-"+test.version, func(in *elb.CreateTargetGroupInput) {
			in.Protocol, in.ProtocolVersion = types.ProtocolEnum(test.protocol), &test.version
			in.HealthCheckProtocol = types.ProtocolEnum(test.protocol)
		})
		w.listener(lb, port, forwardTo(group), asHTTPS)
		w.register(group, at)
		w.waitFor(group, at, types.TargetHealthStateEnumHealthy)
		_, body := get(t, w.http(w.waitListening(lb, int(port))), "https://web.example.com/")
		assert.Equal(t, test.want, body, test.protocol+" "+test.version)
		port++
	}
}

func TestStickinessKeepsATargetAndAlgorithmsSpread(t *testing.T) {
	t.Parallel()
	for _, algorithm := range []string{"round_robin", "least_outstanding_requests", "weighted_random"} {
		t.Run(algorithm, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			lb, group := w.balancer(), w.group("web")
			w.set(group, "load_balancing.algorithm.type", algorithm)
			w.listener(lb, 8080, forwardTo(group))
			first, second := w.serve("i-1", says("first")), w.serve("i-2", says("second"))
			w.register(group, first)
			w.register(group, second)
			w.waitFor(group, first, types.TargetHealthStateEnumHealthy)
			w.waitFor(group, second, types.TargetHealthStateEnumHealthy)
			client := w.http(w.waitListening(lb, 8080))
			seen := map[string]int{}
			for range 40 {
				_, body := get(t, client, "http://x/")
				seen[body]++
			}
			switch algorithm {
			case "round_robin":
				assert.Equal(t, map[string]int{"first": 20, "second": 20}, seen)
			case "weighted_random":
				assert.Len(t, seen, 2)
			}

			w.set(group, "stickiness.enabled", "true")
			var cookies []*http.Cookie
			require.Eventually(t, func() bool {
				response, _ := get(t, client, "http://x/")
				cookies = response.Cookies()
				return len(cookies) == 2
			}, 5*time.Second, time.Millisecond)
			assert.Equal(t, "AWSALB", cookies[0].Name)
			assert.Equal(t, "AWSALBCORS", cookies[1].Name)
			for _, cookie := range cookies {
				assert.Len(t, bodies(t, client, 20, cookie), 1, cookie.Name)
			}
			if algorithm == "round_robin" {
				assert.Len(t, bodies(t, client, 20), 2, "who keeps no cookies is free")
			}
		})
	}
}

func TestFailOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lb, group := w.balancer(), w.group("web")
	w.listener(lb, 8080, forwardTo(group))
	at := w.serve("i-1", http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if r.Header.Get("User-Agent") == healthChecker {
			out.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = io.WriteString(out, "served though unhealthy")
	}))
	w.register(group, at)
	health := w.waitFor(group, at, types.TargetHealthStateEnumUnhealthy)
	assert.Equal(t, "Health checks failed with these codes: [404]", *health.Description)
	_, body := get(t, w.http(w.waitListening(lb, 8080)), "http://x/")
	assert.Equal(t, "served though unhealthy", body)
}
