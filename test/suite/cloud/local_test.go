package cloud

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/client"
)

func TestCurlOptionsOfLocalaws(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		route   client.Route
		options []string
		remark  string
	}{
		"the true port": {
			client.Route{Address: "127.1.0.18:8081"},
			[]string{"--cacert", "ca.pem", "--resolve", "web.example.com:8081:127.1.0.18"}, "",
		},
		"a stand-in": {
			client.Route{Address: "127.0.0.1:41234", Because: "listen tcp4 127.1.0.18:8081: bind: address already in use"},
			[]string{"--cacert", "ca.pem", "--connect-to", "web.example.com:8081:127.0.0.1:41234"},
			"port 8081 is not available on this machine (listen tcp4 127.1.0.18:8081: bind: address already in use): 127.0.0.1:41234 stands in for it",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				assert.Equal(t, "host=web.example.com&network=tcp&port=8081", r.URL.RawQuery)
				assert.NoError(t, json.NewEncoder(w).Encode(test.route))
			}))
			defer server.Close()
			cloud := &local{admin: client.At(client.Endpoint{Endpoint: server.URL, CAFile: "ca.pem"})}
			options, remark, err := cloud.CurlOptions(t.Context(), "web.example.com", 8081)
			require.NoError(t, err)
			assert.Equal(t, test.options, options)
			assert.Equal(t, test.remark, remark)
		})
	}
}

func TestRealAccess(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"AWS_PROFILE", "AWS_ENDPOINT_URL_ECS", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN", "AWS_ROLE_ARN", "AWS_CA_BUNDLE"} {
		assert.True(t, realAccess(name), name)
	}
	for _, name := range []string{"AWS_PAGER", "PATH", "TEST_REGION"} {
		assert.False(t, realAccess(name), name)
	}
}
