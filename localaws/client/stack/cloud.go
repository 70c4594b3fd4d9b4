package stack

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/client"
)

// Cloud is a running localaws with clients for it.
type Cloud struct {
	*client.Client
	Config aws.Config
	ECS    *ecs.Client
	ELB    *elasticloadbalancingv2.Client

	roots *x509.CertPool
}

// Connect makes clients for the localaws of an endpoint.
func Connect(t testing.TB, e client.Endpoint) *Cloud {
	t.Helper()
	config := aws.Config{
		Region:       e.Region,
		BaseEndpoint: aws.String(e.Endpoint),
		Credentials:  credentials.NewStaticCredentialsProvider(e.AccessKeyID, e.SecretAccessKey, ""),
		HTTPClient:   &http.Client{Transport: &http.Transport{}},
	}
	certificates, err := os.ReadFile(e.CAFile)
	require.NoError(t, err, "reading localaws's certificate authority")
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(certificates), "%s holds no certificate", e.CAFile)
	return &Cloud{
		Client: client.At(e), Config: config,
		ECS: ecs.NewFromConfig(config),
		ELB: elasticloadbalancingv2.NewFromConfig(config),

		roots: roots,
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
	e := c.Endpoint
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
			TLSClientConfig:   &tls.Config{RootCAs: c.roots, MinVersion: tls.VersionTLS12},
			DisableKeepAlives: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Dial connects to host:port, the host found as the embedded DNS has it.
func (c *Cloud) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("address %q: %w", address, err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return nil, fmt.Errorf("address %q: %w", address, err)
	}
	route, err := c.Resolve(ctx, network, host, port)
	if err != nil {
		return nil, err
	}
	var dialer net.Dialer
	return dialer.DialContext(ctx, network, route.Address)
}
