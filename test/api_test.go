package test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/stretchr/testify/require"
)

// api calls services of which a test needs an operation or two: their packages
// of the SDK cost minutes to compile.
type api struct {
	config aws.Config
	client *http.Client
}

func newAPI(config aws.Config) api {
	return api{config, &http.Client{Timeout: 30 * time.Second}}
}

// endpoint is where a service is, and the region that requests are signed for.
func (a api) endpoint(service string) (address, region string) {
	address, region = "https://"+service+"."+a.config.Region+".amazonaws.com", a.config.Region
	if service == "iam" || service == "route53" {
		address, region = "https://"+service+".amazonaws.com", "us-east-1"
	}
	if a.config.BaseEndpoint != nil {
		address = strings.TrimSuffix(*a.config.BaseEndpoint, "/")
	}
	return address, region
}

// send signs and sends a request, and returns the body of its answer.
func (a api) send(ctx context.Context, service, method, path string, header http.Header, body []byte) ([]byte, error) {
	endpoint, region := a.endpoint(service)
	request, err := http.NewRequestWithContext(ctx, method, endpoint+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("request to %s: %w", service, err)
	}
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:])
	request.Header = header
	request.Header.Set("X-Amz-Content-Sha256", hash)
	credentials, err := a.config.Credentials.Retrieve(ctx)
	if err != nil {
		return nil, fmt.Errorf("credentials: %w", err)
	}
	if err := v4.NewSigner().SignHTTP(ctx, credentials, request, hash, service, region, time.Now()); err != nil {
		return nil, fmt.Errorf("signing a request to %s: %w", service, err)
	}
	response, err := a.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("asking %s: %w", service, err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("reading the answer of %s: %w", service, err)
	}
	if response.StatusCode/100 != 2 {
		return nil, fmt.Errorf("%s %s %s: %s: %s", service, method, path, response.Status, answer)
	}
	return answer, nil
}

// rest gets what is at a path, and reads its XML.
func (a api) rest(ctx context.Context, t *testing.T, service, path string, into any) {
	t.Helper()
	answer, err := a.send(ctx, service, http.MethodGet, path, http.Header{}, nil)
	require.NoError(t, err)
	require.NoError(t, xml.Unmarshal(answer, into), "%s %s: %s", service, path, answer)
}

// query calls an operation of a service that speaks AWS or EC2 Query.
func (a api) query(ctx context.Context, t *testing.T, service, version, action string, parameters map[string]string, into any) {
	t.Helper()
	form := url.Values{"Action": {action}, "Version": {version}}
	for name, value := range parameters {
		form.Set(name, value)
	}
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	answer, err := a.send(ctx, service, http.MethodPost, "/", header, []byte(form.Encode()))
	require.NoError(t, err, action)
	require.NoError(t, xml.Unmarshal(answer, into), "%s: %s", action, answer)
}

// json calls an operation of a service that speaks AWS JSON 1.1; target is the
// service's prefix and the operation's name.
func (a api) json(ctx context.Context, t *testing.T, service, target string, in, into any) {
	t.Helper()
	body, err := json.Marshal(in)
	require.NoError(t, err)
	header := http.Header{"Content-Type": {"application/x-amz-json-1.1"}, "X-Amz-Target": {target}}
	answer, err := a.send(ctx, service, http.MethodPost, "/", header, body)
	require.NoError(t, err, target)
	require.NoError(t, json.Unmarshal(answer, into), "%s: %s", target, answer)
}
