package dataplane

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMetrics(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lb, group := w.balancer(), w.group("web")
	w.listener(lb, 8080, forwardTo(group))
	at := w.serve("i-1", http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/missing" {
			out.WriteHeader(http.StatusNotFound)
		}
	}))
	w.register(group, at)
	w.waitFor(group, at, types.TargetHealthStateEnumHealthy)
	client := w.http(w.waitListening(lb, 8080))
	get(t, client, "http://x/missing")
	both := []string{"LoadBalancer:app/web/", "TargetGroup:targetgroup/web/"}
	has := func(metric string, value float64, parts ...string) {
		t.Helper()
		require.Eventually(t, func() bool { return w.metrics.has("AWS/ApplicationELB "+metric+" ", value, parts...) }, 10*time.Second, time.Millisecond, metric)
	}
	has("HealthyHostCount", 1, both...)
	has("UnHealthyHostCount", 0, both...)
	has("RequestCount", 1, "LoadBalancer:app/web/")
	has("RequestCount", 1, both...)
	has("RequestCountPerTarget", 1, "map[TargetGroup:targetgroup/web/")
	has("HTTPCode_Target_4XX_Count", 1, both...)

	w.deregister(group, at)
	require.Eventually(t, func() bool {
		response, _ := get(t, client, "http://x/")
		return response.StatusCode == http.StatusServiceUnavailable
	}, 10*time.Second, time.Millisecond)
	has("HTTPCode_ELB_503_Count", 1, "LoadBalancer:app/web/")
}

func TestAccessLogs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lb, group := w.balancer(), w.group("web")
	w.setBalancer(lb, "access_logs.s3.enabled", "true", "access_logs.s3.bucket", "my-logs", "access_logs.s3.prefix", "alb")
	w.listener(lb, 8443, forwardTo(group), asHTTPS)
	at := w.serve("i-1", says("hello"))
	w.register(group, at)
	w.waitFor(group, at, types.TargetHealthStateEnumHealthy)
	get(t, w.http(w.waitListening(lb, 8443)), "https://web.example.com/a?b=c")

	var key, line string
	require.Eventually(t, func() bool {
		w.logs.mu.Lock()
		defer w.logs.mu.Unlock()
		for name, body := range w.logs.objects {
			if strings.HasSuffix(name, ".log.gz") {
				key, line = name, unzip(t, body)
			}
		}
		return strings.Contains(line, "GET")
	}, 10*time.Second, 5*time.Millisecond)
	assert.Regexp(t, `^my-logs/alb/AWSLogs/123456789012/elasticloadbalancing/us-west-2/\d{4}/\d\d/\d\d/`+
		`123456789012_elasticloadbalancing_us-west-2_app\.web\.[0-9a-f]{16}_\d{8}T\d{4}Z_[0-9.]+_[0-9a-f]{8}\.log\.gz$`, key)
	fields := regexp.MustCompile(`"[^"]*"|\S+`).FindAllString(strings.TrimSpace(line), -1)
	require.Len(t, fields, 30)
	assert.Equal(t, "h2", fields[0])
	assert.Regexp(t, `^app/web/`, fields[2])
	assert.Regexp(t, `^198\.51\.100\.10:\d+$`, fields[3])
	assert.Regexp(t, `^10\.0\.0\.7:\d+$`, fields[4])
	assert.Equal(t, []string{"200", "200"}, fields[8:10])
	assert.Equal(t, "5", fields[11], "bytes sent")
	assert.Equal(t, `"GET https://web.example.com:8443/a?b=c HTTP/2.0"`, fields[12])
	assert.Equal(t, "TLSv1.2", fields[15])
	assert.Equal(t, *group.TargetGroupArn, fields[16])
	assert.Equal(t, `"web.example.com"`, fields[18])
	assert.Equal(t, `"arn:web.example.com"`, fields[19])
	assert.Equal(t, `"forward"`, fields[22])
}

func TestClientThatLeavesIsLoggedWithItsStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lb, group := w.balancer(), w.group("web")
	w.setBalancer(lb, "access_logs.s3.enabled", "true", "access_logs.s3.bucket", "my-logs")
	w.listener(lb, 8080, forwardTo(group))
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	at := w.serve("i-1", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.UserAgent() != healthChecker {
			leave()
			<-r.Context().Done()
		}
	}))
	w.register(group, at)
	w.waitFor(group, at, types.TargetHealthStateEnumHealthy)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://web.example.com/", http.NoBody)
	require.NoError(t, err)
	response, err := w.http(w.waitListening(lb, 8080)).Do(request)
	if err == nil {
		_ = response.Body.Close()
	}
	require.ErrorIs(t, err, context.Canceled)
	require.Eventually(t, func() bool {
		w.logs.mu.Lock()
		defer w.logs.mu.Unlock()
		for name, body := range w.logs.objects {
			if strings.HasSuffix(name, ".log.gz") && strings.Contains(unzip(t, body), " 460 - ") {
				return true
			}
		}
		return false
	}, 10*time.Second, 5*time.Millisecond)
}

func TestAccessLogsOfTLSStreams(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lb, group := w.flows("TCP", "TLS")
	w.setBalancer(lb, "access_logs.s3.enabled", "true", "access_logs.s3.bucket", "my-logs")
	at := w.accepting(echoLines)
	w.register(group, at)
	w.waitFor(group, at, types.TargetHealthStateEnumHealthy)
	dialer := tls.Dialer{Config: &tls.Config{RootCAs: w.certs.roots, ServerName: "web.example.com"}}
	c, err := dialer.DialContext(t.Context(), "tcp", w.waitListening(lb, 5000))
	require.NoError(t, err)
	_, err = io.WriteString(c, "hello\n")
	require.NoError(t, err)
	_, err = io.ReadFull(c, make([]byte, len("echo hello\n")))
	require.NoError(t, err)
	require.NoError(t, c.Close())

	line := regexp.MustCompile(`(?m)^tls 2\.0 \S+ net/web/[0-9a-f]{16} [0-9a-f]{16} 198\.51\.100\.10:\d+ 10\.0\.0\.7:\d+ \d+ \d+ 6 \d+ - arn:web\.example\.com - `)
	require.Eventually(t, func() bool {
		w.logs.mu.Lock()
		defer w.logs.mu.Unlock()
		for name, body := range w.logs.objects {
			if strings.HasSuffix(name, ".log.gz") && line.MatchString(unzip(t, body)) {
				return true
			}
		}
		return false
	}, 10*time.Second, 5*time.Millisecond)
}

func unzip(t *testing.T, body []byte) string {
	t.Helper()
	reader, err := gzip.NewReader(bytes.NewReader(body))
	require.NoError(t, err)
	text, err := io.ReadAll(reader)
	require.NoError(t, err)
	return string(text)
}
