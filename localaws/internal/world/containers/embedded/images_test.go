package embedded_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers"
)

const tempoConfig = `
server:
  http_listen_port: 3200
distributor:
  receivers:
    otlp:
      protocols:
        grpc:
          endpoint: 0.0.0.0:4317
`

func startTempo(t *testing.T, config string) *running {
	t.Helper()
	directory := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(directory, "tempo.yaml"), []byte(config), 0o600))
	return newLab(t).start(t, containers.Spec{
		Image: "grafana/tempo:2.6.1", Command: []string{"-config.file=/etc/tempo/tempo.yaml"},
		Mounts: []containers.Mount{{Source: directory, Target: "/etc/tempo", ReadOnly: true}},
	}, 3200, 4317, 9095)
}

// call makes a gRPC call with a message and returns the status and the answer.
func (r *running) call(t *testing.T, port uint16, method string, message []byte) (status string, answer []byte) {
	t.Helper()
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: protocols, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return r.lab.network.Dial(ctx, netip.Addr{}, r.ports[port])
	}}
	defer transport.CloseIdleConnections()
	frame := append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message))), message...)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://tempo.test"+method, bytes.NewReader(frame))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/grpc")
	request.Header.Set("TE", "trailers")
	response, err := (&http.Client{Transport: transport}).Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	answer, err = io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode)
	if status = response.Header.Get("Grpc-Status"); status == "" {
		require.Empty(t, response.Header.Get("Content-Length"), "curl does not wait for trailers behind a body of known length")
		status = response.Trailer.Get("Grpc-Status")
	}
	return status, answer
}

// field encodes a field of bytes.
func field(number byte, value []byte) []byte {
	return append([]byte{number<<3 | 2, byte(len(value))}, value...)
}

func TestTempo(t *testing.T) {
	t.Parallel()
	r := startTempo(t, tempoConfig)
	r.eventually(t, 3200, "/ready", http.StatusOK, "ready")
	r.eventually(t, 3200, "/api/echo", http.StatusOK, "echo")
	r.eventually(t, 3200, "/status/version", http.StatusOK, "tempo, version 2.6.1")

	const export = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
	trace := bytes.Repeat([]byte{0xab}, 16)
	message := field(1, field(2, field(2, field(1, trace))))
	for name, test := range map[string]struct {
		port    uint16
		method  string
		message []byte
		status  string
	}{
		"a trace":                         {4317, export, message, "0"},
		"an empty request":                {4317, export, nil, "0"},
		"a message that is not protobuf":  {4317, export, []byte{0xff}, "13"},
		"a trace id that is too short":    {4317, export, field(1, field(2, field(2, field(1, []byte{1})))), "3"},
		"the load balancer's own check":   {4317, "/AWS.ALB/healthcheck", nil, "12"},
		"a method that is not there":      {4317, "/opentelemetry.proto.collector.trace.v1.TraceService/Other", nil, "12"},
		"health is not of the receiver's": {4317, "/grpc.health.v1.Health/Check", nil, "12"},
		"health on the internal port":     {9095, "/grpc.health.v1.Health/Check", nil, "0"},
	} {
		status, answer := r.call(t, test.port, test.method, test.message)
		assert.Equal(t, test.status, status, name)
		if test.status == "0" && test.port == 4317 {
			assert.Equal(t, make([]byte, 5), answer, "%s: an empty message", name)
		}
	}
	r.eventually(t, 3200, "/api/traces/abababababababababababababababab", http.StatusOK, "abab")
	r.eventually(t, 3200, "/api/traces/00000000000000000000000000000001", http.StatusNotFound, "not found")
	code, output, err := r.Exec(t.Context(), []string{"/tempo", "-health"})
	require.NoError(t, err)
	assert.Zero(t, code, string(output))
	require.NoError(t, r.Stop(t.Context(), deadline))
	assert.Zero(t, r.ExitCode())
}

// Without a receiver in its configuration Tempo listens for its own machine only.
func TestTempoWithoutReceivers(t *testing.T) {
	t.Parallel()
	r := startTempo(t, "server: {http_listen_port: 3200}\n")
	r.eventually(t, 3200, "/api/echo", http.StatusOK, "echo")
	status, problem := r.get(t, 4317, "/")
	assert.Zero(t, status)
	assert.Regexp(t, "reset|EOF", problem)
}

func TestTempoRefusesItsConfiguration(t *testing.T) {
	t.Parallel()
	r := startTempo(t, "servr: {}\n")
	<-r.Done()
	assert.Equal(t, 1, r.ExitCode())
	assert.Contains(t, r.stderr.String(), "field servr not found")
}

func TestDaemons(t *testing.T) {
	t.Parallel()
	const vectorConfig = `{"sources": {"in": {"type": "docker_logs"}}, "sinks": {"out": {"type": "vector", "inputs": ["in"], "address": "a:1"}}}`
	vector := containers.Spec{
		Image: "timberio/vector:0.46.1-alpine", EntryPoint: []string{"/bin/sh", "-c"},
		Command: []string{`printf '%s' "$AGENT_CONFIG" > /tmp/agent.yaml && exec vector --config /tmp/agent.yaml`},
	}
	for name, test := range map[string]struct {
		spec containers.Spec
		env  map[string]string
		want string // on the output
		code int    // 0: it runs until it is stopped
	}{
		"the CloudWatch agent": {
			containers.Spec{Image: "public.ecr.aws/cloudwatch-agent/cloudwatch-agent:1.300062.0b1304"},
			map[string]string{"CW_CONFIG_CONTENT": `{"logs":{"logs_collected":{"files":{"collect_list":[{"file_path":"/var/log/a.log","log_group_name":"g"}]}}}}`},
			"watching /var/log/a.log for log group g", 0,
		},
		"the CloudWatch agent without configuration": {
			containers.Spec{Image: "public.ecr.aws/cloudwatch-agent/cloudwatch-agent"}, nil, "please provide config", 1,
		},
		"the CloudWatch agent with a broken one": {
			containers.Spec{Image: "public.ecr.aws/cloudwatch-agent/cloudwatch-agent"}, map[string]string{"CW_CONFIG_CONTENT": `{"log":{}}`}, "additional property log is not allowed", 1,
		},
		"Vector":                       {vector, map[string]string{"AGENT_CONFIG": vectorConfig}, "Vector has started", 0},
		"Vector with an unknown input": {vector, map[string]string{"AGENT_CONFIG": `{"sources": {"a": {}}, "sinks": {"out": {"inputs": ["b"]}}}`}, `Input "b" for "out"`, 78},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.spec.Env = test.env
			r := newLab(t).start(t, test.spec)
			assert.EventuallyWithT(t, func(c *assert.CollectT) {
				assert.Contains(c, r.stdout.String()+r.stderr.String(), test.want)
			}, deadline, 5e6)
			if test.code == 0 {
				require.NoError(t, r.Stop(t.Context(), deadline))
			}
			<-r.Done()
			assert.Equal(t, test.code, r.ExitCode(), r.stderr.String())
		})
	}
}

func TestNginx(t *testing.T) {
	t.Parallel()
	r := newLab(t).start(t, containers.Spec{
		Image: "nginx:1.29", Command: []string{"sh", "-c", `
			printf 'server { listen 8081; location = /health { return 200 "fine"; } location / { root /srv; try_files $uri /start.html; } }' > /etc/nginx/conf.d/extra.conf
			echo started > /srv/start.html
			exec nginx -g 'daemon off;'`},
	}, 80, 8081)
	r.eventually(t, 80, "/", http.StatusOK, "<h1>Welcome to nginx!</h1>")
	r.eventually(t, 80, "/none", http.StatusNotFound, "404 Not Found")
	r.eventually(t, 8081, "/health", http.StatusOK, "fine")
	r.eventually(t, 8081, "/any/route", http.StatusOK, "started")
	for command, want := range map[string]int{
		"curl -f http://localhost/ || exit 1": 0, "curl -fsS localhost/none": 22, "curl -f http://localhost:81/": 7,
		"curl -s -o /dev/null -w '%{http_code}' http://localhost/ | grep -q 200": 0, "wget -q -O - http://localhost/": 127,
	} {
		code, output, err := r.Exec(t.Context(), []string{"/bin/sh", "-c", command})
		require.NoError(t, err)
		assert.Equal(t, want, code, "%s: %s", command, output)
	}
	require.NoError(t, r.Stop(t.Context(), deadline))
	assert.Zero(t, r.ExitCode())
}

func TestNginxAnswersDatagrams(t *testing.T) {
	t.Parallel()
	lab := newLab(t)
	address, err := lab.network.Allocate()
	require.NoError(t, err)
	host := netip.AddrPortFrom(address, 514)
	r := lab.start(t, containers.Spec{
		Image:   "nginx:1.29",
		Command: []string{"sh", "-c", `echo 'stream { server { listen 5140 udp; return "heard"; } }' >> /etc/nginx/nginx.conf && exec nginx -g 'daemon off;'`},
		Ports:   []containers.Port{{Container: 5140, Protocol: "udp", Host: host}},
	}, 80)
	r.eventually(t, 80, "/", http.StatusOK, "Welcome")

	conn, err := net.Dial("udp4", lab.network.Resolve("udp", host).String()) //nolint:noctx // a UDP socket does not wait
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	buffer := make([]byte, 100)
	for range 2 {
		_, err = conn.Write([]byte("say"))
		require.NoError(t, err)
		require.NoError(t, conn.SetReadDeadline(time.Now().Add(deadline)))
		n, err := conn.Read(buffer)
		require.NoError(t, err)
		assert.Equal(t, "heard", string(buffer[:n]))
	}
	require.NoError(t, r.Stop(t.Context(), deadline))
	assert.Zero(t, r.ExitCode())
}

func TestNginxRefusesItsConfiguration(t *testing.T) {
	t.Parallel()
	r := newLab(t).start(t, containers.Spec{
		Image:   "nginx",
		Command: []string{"sh", "-c", `printf 'server {\n lisen 80;\n}\n' > /etc/nginx/conf.d/default.conf; exec nginx`},
	})
	<-r.Done()
	assert.Equal(t, 1, r.ExitCode())
	assert.Equal(t, "nginx: [emerg] unknown directive \"lisen\" in /etc/nginx/conf.d/default.conf:2\n", r.stderr.String())
}

func TestNginxRefusesStreams(t *testing.T) {
	t.Parallel()
	lab := newLab(t)
	for server, want := range map[string]string{
		"listen 5140; return x;":               "listen without udp in a stream is not supported by the embedded nginx",
		"listen 5140 udp; return $time_local;": "return with variables in a stream is not supported by the embedded nginx",
		"listen 5140 udp; proxy_pass there:1;": "unknown directive \"proxy_pass\"",
		"return x;":                            "no \"listen\" is defined for server",
	} {
		r := lab.start(t, containers.Spec{
			Image:   "nginx",
			Command: []string{"sh", "-c", "echo 'stream { server { " + server + " } }' > /etc/nginx/nginx.conf; exec nginx"},
		})
		<-r.Done()
		assert.Equal(t, 1, r.ExitCode(), server)
		assert.Equal(t, "nginx: [emerg] "+want+" in /etc/nginx/nginx.conf:1\n", r.stderr.String())
	}
}
