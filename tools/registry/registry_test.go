package registry_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/tools/packaging"
	"github.com/infrahouse/terraform-aws-ecs/tools/registry"
)

// start serves releases until the test ends.
func start(t *testing.T, releases ...*packaging.Archive) *registry.Server {
	t.Helper()
	server, err := registry.Start(t.Context(), t.TempDir(), registry.Handler(registry.ECS(), releases))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, server.Close()) })
	return server
}

// client trusts the server's authority and no other.
func client(t *testing.T, server *registry.Server) *http.Client {
	t.Helper()
	certificate, err := os.ReadFile(filepath.Join(server.Trust, "ca.pem"))
	require.NoError(t, err)
	pool := x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(certificate))
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

type answer struct {
	status int
	header http.Header
	body   string
}

func get(t *testing.T, client *http.Client, url string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	response, err := client.Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return answer{response.StatusCode, response.Header, string(body)}
}

func release(version string) *packaging.Archive {
	return &packaging.Archive{Version: version, Name: "x-" + version + ".tar.gz", Content: []byte("archive of " + version)}
}

// A client walks from the host's name to the archive.
func TestProtocol(t *testing.T) {
	t.Parallel()
	server := start(t, release("1.0.0"), release("1.1.0"))
	client := client(t, server)
	base := "https://" + server.Host

	found := get(t, client, base+"/.well-known/terraform.json")
	assert.Equal(t, "application/json", found.header.Get("Content-Type"))
	var services map[string]string
	require.NoError(t, json.Unmarshal([]byte(found.body), &services))
	root := base + services["modules.v1"] + "infrahouse/ecs/aws/"

	listed := get(t, client, root+"versions")
	assert.JSONEq(t, `{"modules": [{"source": "infrahouse/ecs/aws", "versions": [{"version": "1.0.0"}, {"version": "1.1.0"}]}]}`, listed.body)

	located := get(t, client, root+"1.1.0/download")
	assert.Equal(t, http.StatusNoContent, located.status)
	assert.Empty(t, located.body)

	archive := get(t, client, located.header.Get("X-Terraform-Get"))
	assert.Equal(t, http.StatusOK, archive.status)
	assert.Equal(t, "archive of 1.1.0", archive.body)
}

func TestNotFound(t *testing.T) {
	t.Parallel()
	server := start(t, release("1.0.0"))
	client := client(t, server)
	for name, path := range map[string]string{
		"another module":  "/v1/modules/infrahouse/other/aws/versions",
		"another version": "/v1/modules/infrahouse/ecs/aws/2.0.0/download",
		"another archive": "/archives/x-2.0.0.tar.gz",
		"another service": "/v1/providers/hashicorp/aws/versions",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := get(t, client, "https://"+server.Host+path)
			assert.Equal(t, http.StatusNotFound, got.status)
			assert.Contains(t, got.body, `"errors"`)
		})
	}
}

func TestEnvironKeepsWhatIsTrustedAlready(t *testing.T) {
	t.Parallel()
	server := start(t)
	environ := func(before string) []string {
		return server.Environ(func(name string) string {
			assert.Equal(t, "SSL_CERT_DIR", name)
			return before
		})
	}
	list := string(filepath.ListSeparator)
	assert.Equal(t, []string{"SSL_CERT_DIR=" + server.Trust + list + "/mine"}, environ("/mine"))
	assert.Equal(t, []string{"SSL_CERT_DIR=" + server.Trust + list + "/etc/ssl/certs" + list + "/etc/pki/tls/certs"}, environ(""))
}
