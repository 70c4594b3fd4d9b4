package docker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
)

// defaultSocket is where the daemon listens if DOCKER_HOST does not say.
const defaultSocket = "unix:///var/run/docker.sock"

// client speaks the Docker Engine API, https://docs.docker.com/reference/api/engine/.
type client struct {
	host    string // as DOCKER_HOST
	base    string
	version string // of the API, as the daemon's ping says
	http    *http.Client
}

// newClient returns a client of the daemon at host: unix:///path or tcp://host:port.
func newClient(host string) (*client, error) {
	if host == "" {
		host = defaultSocket
	}
	parsed, err := url.Parse(host)
	if err != nil {
		return nil, fmt.Errorf("DOCKER_HOST %q is not an address of a Docker daemon: %w", host, err)
	}
	switch parsed.Scheme {
	case "unix":
		dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", parsed.Path)
		}
		return &client{host: host, base: "http://docker", http: &http.Client{Transport: &http.Transport{DialContext: dial}}}, nil
	case "tcp", "http":
		return &client{host: host, base: "http://" + parsed.Host, http: &http.Client{Transport: &http.Transport{}}}, nil
	}
	return nil, fmt.Errorf("DOCKER_HOST %q is not supported: use unix:///path or tcp://host:port", host)
}

// negotiate asks the daemon for the version of the API that it has.
func (c *client) negotiate(ctx context.Context) error {
	response, err := c.request(ctx, http.MethodGet, "/_ping", nil, nil)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if version := response.Header.Get("Api-Version"); version != "" {
		c.version = "/v" + version
	}
	return nil
}

func hostFromEnvironment() string { return os.Getenv("DOCKER_HOST") }

// apiError is an error that the daemon answered.
type apiError struct {
	status  int
	message string
}

func (e *apiError) Error() string { return "Error response from daemon: " + e.message }

func isNotFound(err error) bool {
	var failed *apiError
	return errors.As(err, &failed) && failed.status == http.StatusNotFound
}

// request sends a request and returns the answer if it is a success; the caller
// closes its body.
func (c *client) request(ctx context.Context, method, path string, query url.Values, body any) (*http.Response, error) {
	var content io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("encoding a request to Docker: %w", err)
		}
		content = bytes.NewReader(encoded)
	}
	address := c.base + c.version + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, method, address, content)
	if err != nil {
		return nil, fmt.Errorf("making a request to Docker: %w", err)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, fmt.Errorf("asking the Docker daemon at %s: %w", c.host, err)
	}
	if response.StatusCode >= http.StatusBadRequest {
		defer func() { _ = response.Body.Close() }()
		return nil, &apiError{response.StatusCode, message(response.Body)}
	}
	return response, nil
}

func message(r io.Reader) string {
	content, err := io.ReadAll(io.LimitReader(r, 1<<16))
	if err != nil {
		return err.Error()
	}
	var decoded struct{ Message string }
	if json.Unmarshal(content, &decoded) == nil && decoded.Message != "" {
		return decoded.Message
	}
	return strings.TrimSpace(string(content))
}

// call sends a request and decodes the answer into out, unless that is nil.
func (c *client) call(ctx context.Context, method, path string, query url.Values, body, out any) error {
	response, err := c.request(ctx, method, path, query, body)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if out == nil {
		_, err = io.Copy(io.Discard, response.Body)
	} else {
		err = json.NewDecoder(response.Body).Decode(out)
	}
	if err != nil {
		return fmt.Errorf("reading Docker's answer to %s %s: %w", method, path, err)
	}
	return nil
}
