// Package localawstest gives tests a localaws inside their own process, and a
// service on it in the time of a few API calls, without Terraform.
package localawstest

import (
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/test/localaws"
)

// Cloud is a running localaws with clients for it.
type Cloud struct {
	Server *localaws.Server
	Config aws.Config
	ECS    *ecs.Client
	ELB    *elasticloadbalancingv2.Client
}

// Start runs a localaws until the test has ended.
func Start(t testing.TB, options localaws.Options) *Cloud {
	t.Helper()
	if options.Directory == "" {
		options.Directory = t.TempDir()
	}
	// Not the test's own context: that is done before the clean-up runs.
	server, err := localaws.Start(context.WithoutCancel(t.Context()), options)
	require.NoError(t, err, "starting localaws")
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Errorf("stopping localaws: %v", err)
		}
	})
	e := server.Endpoint()
	config := aws.Config{
		Region:       e.Region,
		BaseEndpoint: aws.String(e.Endpoint),
		Credentials:  credentials.NewStaticCredentialsProvider(e.AccessKeyID, e.SecretAccessKey, ""),
		HTTPClient:   &http.Client{Transport: &http.Transport{}},
	}
	return &Cloud{
		Server: server, Config: config,
		ECS: ecs.NewFromConfig(config),
		ELB: elasticloadbalancingv2.NewFromConfig(config),
	}
}

// Query calls an operation of a service that speaks AWS Query or EC2 Query,
// and reads the answer into a struct with xml tags, unless that is nil.
func (c *Cloud) Query(t testing.TB, service, action string, parameters map[string]string, into any) {
	t.Helper()
	form := url.Values{"Action": {action}}
	for name, value := range parameters {
		form.Set(name, value)
	}
	e := c.Server.Endpoint()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, e.Endpoint, strings.NewReader(form.Encode()))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Authorization", fmt.Sprintf("AWS4-HMAC-SHA256 Credential=%s/20260101/%s/%s/aws4_request, SignedHeaders=host, Signature=0",
		e.AccessKeyID, e.Region, service))
	response, err := c.Config.HTTPClient.Do(request)
	require.NoError(t, err, "%s %s", service, action)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err, "%s %s", service, action)
	require.Equal(t, http.StatusOK, response.StatusCode, "%s %s: %s", service, action, body)
	if into != nil {
		require.NoError(t, xml.Unmarshal(body, into), "%s %s: %s", service, action, body)
	}
}

// HTTPClient makes requests to load balancers by their names, and trusts the
// embedded certificate authority. A request has the timeout to be answered.
func (c *Cloud) HTTPClient(timeout time.Duration) *http.Client {
	return &http.Client{
		Timeout: timeout,
		Transport: &http.Transport{
			DialContext:       c.Dial,
			TLSClientConfig:   c.Server.ClientTLS(),
			DisableKeepAlives: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Dial connects to host:port, the host found as the embedded DNS has it.
func (c *Cloud) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	resolved, err := c.Server.Resolve(address)
	if err != nil {
		return nil, err
	}
	var dialer net.Dialer
	return dialer.DialContext(ctx, network, resolved)
}
