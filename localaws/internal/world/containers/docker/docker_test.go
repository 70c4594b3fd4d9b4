package docker_test

import (
	"archive/tar"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/containertest"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/docker"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/loopback"
)

const testImage = "localaws-containertest:1"

// TestContract runs where a Docker daemon answers and there is a static busybox
// to make an image of; both are in Debian: docker.io and busybox-static.
func TestContract(t *testing.T) {
	t.Parallel()
	runtime, err := docker.New(t.Context())
	if err != nil {
		t.Skipf("skipped: %s", err)
	}
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		t.Skipf("skipped: no busybox to make an image of: %s", err)
	}
	if os.Getenv("DOCKER_HOST") != "" {
		t.Skip("skipped: DOCKER_HOST is set, and the test image is made by the default socket only")
	}
	importImage(t, busybox)
	network, err := loopback.Claim(t.Context(), 0)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, network.Close()) })
	containertest.Run(t, containertest.Subject{
		Runtime: runtime, Network: network, Shell: testImage, Missing: "localaws.invalid/nothing:1", Web: testImage,
		WebCommand: []string{"sh", "-c", "mkdir -p /www && printf served > /www/index.html && exec httpd -f -p 80 -h /www"},
	})
}

// importImage makes an image with busybox and its names, as docker import does.
func importImage(t *testing.T, busybox string) {
	t.Helper()
	content, err := os.ReadFile(busybox)
	require.NoError(t, err)
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	require.NoError(t, w.WriteHeader(&tar.Header{Name: "bin/busybox", Mode: 0o755, Size: int64(len(content))}))
	_, err = w.Write(content)
	require.NoError(t, err)
	for _, name := range strings.Fields("sh cat echo sleep mkdir httpd true false pwd test") {
		require.NoError(t, w.WriteHeader(&tar.Header{Name: "bin/" + name, Linkname: "busybox", Typeflag: tar.TypeSymlink, Mode: 0o777}))
	}
	require.NoError(t, w.WriteHeader(&tar.Header{Name: "tmp/", Typeflag: tar.TypeDir, Mode: 0o777}))
	require.NoError(t, w.Close())
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", "/var/run/docker.sock")
	}}}
	name, tag, _ := strings.Cut(testImage, ":")
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
		"http://docker/images/create?fromSrc=-&repo="+name+"&tag="+tag, &archive)
	require.NoError(t, err)
	response, err := client.Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode, string(answer))
}

// A daemon of our own says what the real one says, so that the reading of it is
// tested where there is none.
func TestUsage(t *testing.T) {
	const started = `{"Id": "c1"}`
	for name, test := range map[string]struct {
		stats  string
		memory float64
	}{
		"control groups of version 2": {`{"read": "2026-01-02T03:04:05Z", "cpu_stats": {"cpu_usage": {"total_usage": 1500000000}},
			"memory_stats": {"usage": 41943040, "stats": {"inactive_file": 10485760}}}`, 30},
		"control groups of version 1": {`{"read": "2026-01-02T03:04:05Z", "cpu_stats": {"cpu_usage": {"total_usage": 1500000000}},
			"memory_stats": {"usage": 41943040, "stats": {"total_inactive_file": 20971520, "inactive_file": 1}}}`, 20},
	} {
		t.Run(name, func(t *testing.T) {
			ended := make(chan struct{})
			daemon := http.NewServeMux()
			answer := func(pattern, body string) {
				daemon.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) })
			}
			answer("GET /_ping", "OK")
			answer("GET /containers/json", "[]")
			answer("POST /containers/create", started)
			answer("GET /containers/c1/json", `{"Config": {}}`)
			answer("POST /containers/c1/start", "")
			answer("GET /containers/c1/logs", "")
			answer("POST /containers/c1/stop", "")
			answer("DELETE /containers/c1", "")
			daemon.HandleFunc("POST /containers/c1/wait", func(w http.ResponseWriter, r *http.Request) {
				select {
				case <-ended:
				case <-r.Context().Done():
				}
				_, _ = io.WriteString(w, `{"StatusCode": 0}`)
			})
			daemon.HandleFunc("GET /containers/c1/stats", func(w http.ResponseWriter, r *http.Request) {
				assert.Equal(t, "false", r.URL.Query().Get("stream"))
				_, _ = io.WriteString(w, test.stats)
			})
			server := httptest.NewServer(daemon)
			t.Cleanup(server.Close)
			t.Setenv("DOCKER_HOST", "tcp://"+server.Listener.Addr().String())
			runtime, err := docker.New(t.Context())
			require.NoError(t, err)
			c, err := runtime.Start(t.Context(), containers.Spec{ID: "one", Image: "httpd", Directory: t.TempDir(), Stdout: io.Discard, Stderr: io.Discard})
			require.NoError(t, err)

			usage, err := c.Usage(t.Context())
			require.NoError(t, err)
			assert.Equal(t, containers.Usage{
				CPU: 1500 * time.Millisecond, At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), MemoryMiB: test.memory,
			}, usage)
			close(ended)
			<-c.Done()
		})
	}
}
