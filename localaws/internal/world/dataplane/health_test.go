package dataplane

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/elbv2"
)

// accepting starts a TCP server on i-1 that does this with each connection.
func (w *world) accepting(with func(net.Conn)) netip.AddrPort {
	w.t.Helper()
	listener := w.listen("i-1")
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go with(c)
		}
	}()
	return mustAddr(w.t, listener.Addr().String())
}

func TestHealthOfTargets(t *testing.T) {
	t.Parallel()
	answer := func(status int) func(*world) netip.AddrPort {
		return func(w *world) netip.AddrPort {
			return w.serve("i-1", http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) { out.WriteHeader(status) }))
		}
	}
	silent := func(w *world) netip.AddrPort {
		ended := make(chan struct{})
		w.t.Cleanup(func() { close(ended) })
		return w.accepting(func(c net.Conn) {
			<-ended
			_ = c.Close()
		})
	}
	closing := func(w *world) netip.AddrPort { return w.accepting(func(c net.Conn) { _ = c.Close() }) }
	refusing := func(w *world) netip.AddrPort {
		listener := w.listen("i-1")
		require.NoError(w.t, listener.Close())
		return mustAddr(w.t, listener.Addr().String())
	}
	grpc := func(status string) func(*world) netip.AddrPort {
		return func(w *world) netip.AddrPort {
			return w.serve("i-1", http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
				out.Header().Set("Content-Type", "application/grpc")
				out.Header().Set(http.TrailerPrefix+"Grpc-Status", status)
				out.WriteHeader(http.StatusOK)
			}), unencrypted)
		}
	}
	asGRPC := func(in *elb.CreateTargetGroupInput) { in.ProtocolVersion = aws.String("GRPC") }
	asTCP := func(in *elb.CreateTargetGroupInput) { in.Protocol = "TCP" }
	matching := func(codes string) func(*elb.CreateTargetGroupInput) {
		return func(in *elb.CreateTargetGroupInput) { in.Matcher = &types.Matcher{HttpCode: &codes} }
	}
	healthy := types.TargetHealth{State: "healthy"}
	unhealthy := func(reason, description string) types.TargetHealth {
		return types.TargetHealth{State: "unhealthy", Reason: types.TargetHealthReasonEnum(reason), Description: &description}
	}
	cases := map[string]struct {
		group  func(*elb.CreateTargetGroupInput)
		target func(*world) netip.AddrPort
		want   types.TargetHealth
	}{
		"HTTP 200":            {nil, answer(200), healthy},
		"HTTP 204 in a range": {matching("200-299"), answer(204), healthy},
		"HTTP 404":            {nil, answer(404), unhealthy("Target.ResponseCodeMismatch", "Health checks failed with these codes: [404]")},
		"redirect is an answer": {nil, answer(302), unhealthy("Target.ResponseCodeMismatch",
			"Health checks failed with these codes: [302]")},
		"silent":  {nil, silent, unhealthy("Target.Timeout", "Request timed out")},
		"closes":  {nil, closing, unhealthy("Target.FailedHealthChecks", "Health checks failed")},
		"refuses": {nil, refusing, unhealthy("Target.FailedHealthChecks", "Health checks failed")},
		"no HTTP at all": {nil, func(w *world) netip.AddrPort {
			return w.accepting(func(c net.Conn) { _, _ = c.Write([]byte("hello\n")); _ = c.Close() })
		}, unhealthy("Target.FailedHealthChecks", "Health checks failed")},
		"gRPC 12":         {asGRPC, grpc("12"), healthy},
		"gRPC 0":          {asGRPC, grpc("0"), unhealthy("Target.ResponseCodeMismatch", "Health checks failed with these codes: [0]")},
		"gRPC of HTTP/1":  {asGRPC, answer(200), unhealthy("Target.FailedHealthChecks", "Health checks failed")},
		"TCP":             {asTCP, silent, healthy},
		"TCP, closes":     {asTCP, closing, unhealthy("Target.FailedHealthChecks", "Health checks failed")},
		"TCP, refuses":    {asTCP, refusing, unhealthy("Target.FailedHealthChecks", "Health checks failed")},
		"path of its own": {func(in *elb.CreateTargetGroupInput) { in.HealthCheckPath = aws.String("/health?x=1") }, onlyPath("/health?x=1"), healthy},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(w *world) { w.plane.prober.(*socketProber).patience = 300 * time.Millisecond })
			group := w.group("checked", func(in *elb.CreateTargetGroupInput) {
				if test.group != nil {
					test.group(in)
				}
			})
			w.use(group)
			at := test.target(w)
			w.register(group, at)
			var last types.TargetHealth
			require.Eventually(t, func() bool { // a busy machine may time out before it fails
				last = w.health(group, at)
				return assert.ObjectsAreEqual(test.want, last)
			}, 2*waitLong, poll, "want %s %s, got %s %s", test.want.State, test.want.Reason, &last.State, &last.Reason)
		})
	}
}

// use puts a group behind a load balancer of its kind, on port 8443.
func (w *world) use(group types.TargetGroup) types.LoadBalancer {
	w.t.Helper()
	if group.Protocol == "TCP" {
		lb := w.balancer(asNetwork)
		w.listener(lb, 8443, forwardTo(group), func(in *elb.CreateListenerInput) { in.Protocol = "TCP" })
		return lb
	}
	lb := w.balancer()
	w.listener(lb, 8443, forwardTo(group), asHTTPS)
	return lb
}

func unencrypted(s *httptest.Server) {
	s.Config.Protocols = &http.Protocols{}
	s.Config.Protocols.SetUnencryptedHTTP2(true)
}

func onlyPath(path string) func(*world) netip.AddrPort {
	return func(w *world) netip.AddrPort {
		return w.serve("i-1", http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
			if r.URL.RequestURI() != path || r.UserAgent() != healthChecker || !strings.HasPrefix(r.Host, "10.0.0.7:") {
				out.WriteHeader(http.StatusNotFound)
			}
		}))
	}
}

func TestBlockedTargetTimesOutAndRecovers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	group := w.group("web")
	w.use(group)
	at := w.serve("i-1", says("hello"))
	w.block("eni-i-1", true)
	w.register(group, at)
	health := w.waitFor(group, at, types.TargetHealthStateEnumUnhealthy)
	assert.Equal(t, types.TargetHealthReasonEnumTimeout, health.Reason)
	w.block("eni-i-1", false)
	w.waitFor(group, at, types.TargetHealthStateEnumHealthy)
}

func TestHealthCheckOnAPortOfItsOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	health := w.serve("i-1", says("ok"))
	traffic := w.accepting(func(c net.Conn) { _ = c.Close() })
	group := w.group("web", func(in *elb.CreateTargetGroupInput) {
		in.HealthCheckPort = aws.String(strings.TrimPrefix(health.String(), health.Addr().String()+":"))
	})
	w.use(group)
	w.register(group, traffic)
	w.waitFor(group, traffic, types.TargetHealthStateEnumHealthy)
}

func TestChangedHealthCheckTakesEffect(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	group := w.group("web")
	w.use(group)
	at := w.serve("i-1", http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/ready" {
			out.WriteHeader(http.StatusNotFound)
		}
	}))
	w.register(group, at)
	w.waitFor(group, at, types.TargetHealthStateEnumUnhealthy)
	_, err := w.elb.ModifyTargetGroup(t.Context(), &elb.ModifyTargetGroupInput{TargetGroupArn: group.TargetGroupArn, HealthCheckPath: aws.String("/ready")})
	require.NoError(t, err)
	w.waitFor(group, at, types.TargetHealthStateEnumHealthy)
}

// TestThresholds drives a checker by hand: what each result makes of the
// health before it.
func TestThresholds(t *testing.T) {
	t.Parallel()
	initial := elbv2.Health{State: elbv2.Initial, Reason: elbv2.ReasonInitialChecking}
	pass, fail, timeout := elbv2.Passed(), elbv2.Failed(), elbv2.TimedOut()
	cases := map[string]struct {
		start   elbv2.Health
		results []elbv2.Health
		want    []elbv2.Health
	}{
		"the first pass makes a new target healthy":   {initial, []elbv2.Health{pass}, []elbv2.Health{pass}},
		"a new target is initial until the threshold": {initial, []elbv2.Health{fail, fail, fail}, []elbv2.Health{initial, initial, fail}},
		"a healthy target survives fewer failures":    {pass, []elbv2.Health{fail, fail, pass, fail, fail}, []elbv2.Health{pass, pass, pass, pass, pass}},
		"a healthy target fails":                      {pass, []elbv2.Health{fail, fail, timeout}, []elbv2.Health{pass, pass, timeout}},
		"an unhealthy target recovers after two":      {fail, []elbv2.Health{pass, pass}, []elbv2.Health{fail, pass}},
		"passes must be in a row":                     {fail, []elbv2.Health{pass, fail, pass, pass}, []elbv2.Health{fail, fail, fail, pass}},
		"the reason follows":                          {fail, []elbv2.Health{timeout}, []elbv2.Health{timeout}},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := &checker{check: Check{HealthCheck: elbv2.HealthCheck{HealthyThreshold: 2, UnhealthyThreshold: 3}}}
			now := test.start
			for i, result := range test.results {
				now = c.next(now, result)
				assert.Equal(t, test.want[i], now, "after result %d", i+1)
			}
		})
	}
}

func TestChecksEndWithTheUseOfTheGroup(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	group, other := w.group("web"), w.group("other")
	lb := w.balancer()
	listener := w.listener(lb, 8080, forwardTo(group))
	var checks atomic.Int64
	at := w.serve("i-1", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { checks.Add(1) }))
	w.register(group, at)
	w.waitFor(group, at, types.TargetHealthStateEnumHealthy)
	w.modify(listener, forwardTo(other))
	health := w.waitFor(group, at, types.TargetHealthStateEnumUnused)
	assert.Equal(t, types.TargetHealthReasonEnumNotInUse, health.Reason)
	require.Eventually(t, func() bool { // two intervals without a check
		before := checks.Load()
		require.NoError(t, w.account.Clock.Sleep(t.Context(), 10*time.Second))
		return checks.Load() == before
	}, 10*time.Second, time.Millisecond)
}
