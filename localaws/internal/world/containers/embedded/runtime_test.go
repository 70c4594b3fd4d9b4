package embedded_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/clock"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/containertest"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/kernel"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/loopback"
)

const deadline = 20 * time.Second

func newNetwork(t *testing.T) *loopback.Network {
	t.Helper()
	network, err := loopback.Claim(t.Context(), 0)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, network.Close()) })
	return network
}

func TestContract(t *testing.T) {
	t.Parallel()
	network := newNetwork(t)
	noCPUTime := ""
	if runtime.GOOS != "linux" {
		noCPUTime = runtime.GOOS + " does not tell the processor time of a thread"
	}
	containertest.Run(t, containertest.Subject{
		NoCPUTime: noCPUTime,
		Runtime:   embedded.New(clock.New(1), network, kernel.NewBudget()), Network: network,
		Shell: "debian:12", Missing: "acme/nothing:1",
		Web:        "httpd:2.4",
		WebCommand: []string{"sh", "-c", "printf served > htdocs/index.html && exec httpd-foreground"},
	})
}

// lab starts containers with a published port for each container port.
type lab struct {
	runtime *embedded.Runtime
	network *loopback.Network
}

func newLab(t *testing.T) *lab {
	t.Helper()
	network := newNetwork(t)
	return &lab{embedded.New(clock.New(0), network, kernel.NewBudget()), network}
}

type running struct {
	containers.Container
	ports  map[uint16]netip.AddrPort
	stdout *containertest.Buffer
	stderr *containertest.Buffer
	lab    *lab
}

func (l *lab) start(t *testing.T, spec containers.Spec, ports ...uint16) *running {
	t.Helper()
	address, err := l.network.Allocate()
	require.NoError(t, err)
	r := &running{ports: map[uint16]netip.AddrPort{}, stdout: &containertest.Buffer{}, stderr: &containertest.Buffer{}, lab: l}
	for i, port := range ports {
		r.ports[port] = netip.AddrPortFrom(address, uint16(32768+i))
		spec.Ports = append(spec.Ports, containers.Port{Container: port, Protocol: "tcp", Host: r.ports[port]})
	}
	spec.ID, spec.Directory, spec.Stdout, spec.Stderr = ids.Hex(12), t.TempDir(), r.stdout, r.stderr
	r.Container, err = l.runtime.Start(t.Context(), spec)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, r.Stop(context.Background(), 0)) })
	return r
}

// get requests a path of a container port; status 0 means no answer.
func (r *running) get(t *testing.T, port uint16, path string) (int, string) {
	t.Helper()
	client := &http.Client{
		Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return r.lab.network.Dial(ctx, netip.Addr{}, r.ports[port])
		}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://site.test"+path, nil)
	require.NoError(t, err)
	response, err := client.Do(request)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(body)
}

func (r *running) eventually(t *testing.T, port uint16, path string, status int, body string) {
	t.Helper()
	var gotStatus int
	var gotBody string
	if !assert.Eventually(t, func() bool {
		gotStatus, gotBody = r.get(t, port, path)
		return gotStatus == status && strings.Contains(gotBody, body)
	}, deadline, 5*time.Millisecond) {
		require.Failf(t, "not served", "port %d%s: got %d %q, want %d %q\nstdout: %s\nstderr: %s",
			port, path, gotStatus, gotBody, status, body, r.stdout, r.stderr)
	}
}

// The command of the fixture test_data/httpd_extra_tg: three ports, each with a
// body of its own.
func TestHTTPDOnThreePorts(t *testing.T) {
	t.Parallel()
	var steps []string
	for port, name := range map[int]string{80: "primary", 8081: "extra", 8082: "admin_api"} {
		listen := fmt.Sprintf("'Listen %d' ", port)
		if port == 80 {
			listen = ""
		}
		steps = append(steps,
			"mkdir -p /usr/local/apache2/htdocs/"+name,
			fmt.Sprintf("printf '%%s' 'the %s site' > /usr/local/apache2/htdocs/%s/index.html", name, name),
			fmt.Sprintf(`printf '%%s\n' %s'<VirtualHost *:%d>' 'DocumentRoot "/usr/local/apache2/htdocs/%s"' '</VirtualHost>' >> /usr/local/apache2/conf/httpd.conf`, listen, port, name),
		)
	}
	r := newLab(t).start(t, containers.Spec{
		Image:   "public.ecr.aws/docker/library/httpd:2.4",
		Command: []string{"sh", "-c", strings.Join(append(steps, "exec httpd-foreground"), " && ")},
	}, 80, 8081, 8082)
	r.eventually(t, 80, "/", 200, "the primary site")
	r.eventually(t, 8081, "/", 200, "the extra site")
	r.eventually(t, 8082, "/index.html", 200, "the admin_api site")

	code, output, err := r.Exec(t.Context(), []string{"/bin/sh", "-c", "test -s /usr/local/apache2/logs/httpd.pid"})
	require.NoError(t, err)
	assert.Zero(t, code, string(output))
	code, output, err = r.Exec(t.Context(), []string{"/bin/sh", "-c", "curl -f http://localhost/ || exit 1"})
	require.NoError(t, err)
	assert.Equal(t, 1, code, "the image has no curl")
	assert.Equal(t, "/bin/sh: 1: curl: not found\n", string(output))

	assert.Contains(t, r.stdout.String(), `"GET /index.html HTTP/1.1" 200`)
	assert.Contains(t, r.stderr.String(), "AH00094: Command line: 'httpd -DFOREGROUND'")
	require.NoError(t, r.Stop(t.Context(), deadline))
	assert.Equal(t, 0, r.ExitCode(), "a graceful stop")
}

func TestCommandThatForgetsListen(t *testing.T) {
	t.Parallel()
	r := newLab(t).start(t, containers.Spec{Image: "httpd"}, 80, 8081)
	r.eventually(t, 80, "/", 200, "<html><body><h1>It works!</h1></body></html>")
	status, problem := r.get(t, 8081, "/")
	assert.Zero(t, status)
	assert.Regexp(t, "reset|EOF", problem)
}

func TestBrokenConfigurationEndsTheContainer(t *testing.T) {
	t.Parallel()
	r := newLab(t).start(t, containers.Spec{
		Image:   "httpd",
		Command: []string{"sh", "-c", "echo 'Lisen 8081' >> conf/httpd.conf && exec httpd-foreground"},
	})
	<-r.Done()
	assert.Equal(t, 1, r.ExitCode())
	assert.Contains(t, r.stderr.String(), "of /usr/local/apache2/conf/httpd.conf:\nInvalid command 'Lisen', perhaps misspelled or defined by a module not included in the server configuration")
}

func TestPull(t *testing.T) {
	t.Parallel()
	runtime := newLab(t).runtime
	for _, image := range []string{
		"httpd", "httpd:2.4", "httpd:2.4.65-alpine", "docker.io/library/httpd", "library/httpd:latest",
		"public.ecr.aws/docker/library/httpd:2", "alpine:3.22", "busybox", "debian:bookworm-slim",
		"httpd@sha256:" + strings.Repeat("a", 64),
	} {
		assert.NoError(t, runtime.Pull(t.Context(), image), image)
	}
	for image, text := range map[string]string{
		"acme/app:1": "pull access denied for acme/app, repository does not exist or may require 'docker login'",
		"httpd:9.9":  "manifest for httpd:9.9 not found: manifest unknown",
	} {
		err := runtime.Pull(t.Context(), image)
		require.ErrorIs(t, err, containers.ErrCannotPull, image)
		assert.ErrorContains(t, err, text)
	}
}

// Signals reach the process with number 1, as in Docker: a shell that ends with
// exec, or whose last command is the server, is replaced by it.
func TestStopSignals(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	for name, test := range map[string]struct {
		script string
		want   int
	}{
		"exec":                            {"exec httpd-foreground", 0},
		"last command":                    {"true && httpd-foreground", 0},
		"a shell that waits for it":       {"httpd-foreground; true", 137},
		"in the background, then waiting": {"httpd-foreground & wait", 137},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := l.start(t, containers.Spec{Image: "httpd", Command: []string{"sh", "-c", test.script}}, 80)
			r.eventually(t, 80, "/", 200, "It works!")
			require.NoError(t, r.Stop(t.Context(), 300*time.Millisecond))
			assert.Equal(t, test.want, r.ExitCode(), r.stderr.String())
		})
	}
}

// HTTP/2 in clear text needs its module and a configuration that allows it; each
// address has its own.
func TestHTTPDSpeaksHTTP2(t *testing.T) {
	t.Parallel()
	const load = "LoadModule http2_module modules/mod_http2.so"
	for name, test := range map[string]struct {
		lines []string
		both  bool // HTTP/2 beside HTTP/1.1
	}{
		"as it is":               {nil, false},
		"allowed":                {[]string{load, "Protocols h2c http/1.1"}, true},
		"without its module":     {[]string{"Protocols h2c http/1.1"}, false},
		"not allowed":            {[]string{load, "Protocols http/1.1"}, false},
		"by upgrade only":        {[]string{load, "Protocols h2c http/1.1", "H2Direct off"}, false},
		"of this address":        {[]string{load, "<VirtualHost *:80>", "Protocols h2c http/1.1", "</VirtualHost>"}, true},
		"of another address":     {[]string{load, "<VirtualHost *:81>", "Protocols h2c http/1.1", "</VirtualHost>"}, false},
		"not of this address":    {[]string{load, "Protocols h2c http/1.1", "<VirtualHost *:80>", "Protocols http/1.1", "</VirtualHost>"}, false},
		"not of another address": {[]string{load, "Protocols h2c http/1.1", "<VirtualHost *:81>", "Protocols http/1.1", "</VirtualHost>"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newLab(t).start(t, containers.Spec{
				Image:   "httpd:2.4",
				Command: []string{"sh", "-c", fmt.Sprintf("printf '%%s\\n' '%s' >> conf/httpd.conf && exec httpd-foreground", strings.Join(test.lines, "' '"))},
			}, 80)
			r.eventually(t, 80, "/", http.StatusOK, "")
			proto, err := r.proto(t, 80)
			if !test.both {
				assert.Error(t, err, "HTTP/2 is not spoken")
				return
			}
			require.NoError(t, err)
			assert.Equal(t, "HTTP/2.0", proto)
		})
	}
}

// proto begins a connection with HTTP/2 and returns the protocol of the answer.
func (r *running) proto(t *testing.T, port uint16) (string, error) {
	t.Helper()
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: protocols, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return r.lab.network.Dial(ctx, netip.Addr{}, r.ports[port])
	}}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://site.test/", nil)
	require.NoError(t, err)
	response, err := (&http.Client{Transport: transport, Timeout: deadline}).Do(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	_, err = io.Copy(io.Discard, response.Body)
	require.NoError(t, err)
	return response.Proto, nil
}

// Health checks are run from outside: however often they run, they are not load.
// Requests are.
func TestUsageCountsRequestsButNotExec(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skipf("skipped: %s does not tell the processor time of a thread", runtime.GOOS)
	}
	r := newLab(t).start(t, containers.Spec{Image: "httpd:2.4"}, 80)
	r.eventually(t, 80, "/", http.StatusOK, "It works!")
	used := func() time.Duration {
		usage, err := r.Usage(t.Context())
		require.NoError(t, err)
		return usage.CPU
	}
	resting := used()
	code, _, err := r.Exec(t.Context(), []string{"sh", "-c", "i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done"})
	require.NoError(t, err)
	require.Zero(t, code)
	// The command takes tens of milliseconds, what is left of the request micros.
	assert.Less(t, used()-resting, 5*time.Millisecond, "processor time of a command from outside")
	resting = used()
	r.eventually(t, 80, "/", http.StatusOK, "It works!")
	assert.Eventually(t, func() bool { return used() > resting }, deadline, 5*time.Millisecond, "processor time after a request")
}
