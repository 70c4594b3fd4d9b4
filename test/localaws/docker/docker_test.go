package docker_test

import (
	"archive/tar"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/test/localaws/container/containertest"
	"github.com/infrahouse/terraform-aws-ecs/test/localaws/docker"
	"github.com/infrahouse/terraform-aws-ecs/test/localaws/loopback"
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
		t.Skipf("skipped: there is no busybox to make an image of: %s", err)
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
