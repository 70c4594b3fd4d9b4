package cloud

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/infrahouse/terraform-aws-ecs/localaws/client"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/settings"
	"github.com/infrahouse/terraform-aws-ecs/test/targethealth"
)

// local is the embedded AWS, a process of its own that outlives a run when
// its deployments are kept.
type local struct {
	localaws Localaws
	built    bool // by this process
	admin    *client.Client
	roots    *x509.CertPool
}

// realAccess reports whether SDKs and Terraform would find real credentials or
// other endpoints by a variable.
func realAccess(name string) bool {
	switch name {
	case "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME", "AWS_WEB_IDENTITY_TOKEN_FILE",
		"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_CREDENTIAL_EXPIRATION",
		"AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN",
		"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_CA_BUNDLE", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT",
		"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_S3_US_EAST_1_REGIONAL_ENDPOINT", "AWS_STS_REGIONAL_ENDPOINTS":
		return true
	}
	return strings.HasPrefix(name, "AWS_ENDPOINT_URL")
}

// forgetRealAccess clears the process's environment of them, so that nothing
// that a local run starts or links can touch AWS by mistake.
func forgetRealAccess() error {
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); realAccess(name) {
			if err := os.Unsetenv(name); err != nil {
				return fmt.Errorf("clearing %s: %w", name, err)
			}
		}
	}
	for name, value := range map[string]string{
		"AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_CONFIG_FILE": os.DevNull, "AWS_EC2_METADATA_DISABLED": "true",
	} {
		if err := os.Setenv(name, value); err != nil {
			return fmt.Errorf("setting %s: %w", name, err)
		}
	}
	return nil
}

// openLocal starts localaws, or takes up one that runs for the directory.
func openLocal(ctx context.Context, s settings.Settings, root, dir string, note func(string)) (*local, error) {
	if err := forgetRealAccess(); err != nil {
		return nil, err
	}
	l, built := NewLocalaws(root, dir), false
	running, err := client.Open(ctx, dir)
	if errors.Is(err, client.ErrNotRunning) {
		if err := l.Build(ctx); err != nil {
			return nil, err
		}
		built = true
		said, err := l.Start(ctx, s.Region)
		if err != nil {
			return nil, err
		}
		note(said)
		running, err = client.Open(ctx, dir)
		if err != nil {
			return nil, fmt.Errorf("localaws in %s: %w", dir, err)
		}
	} else if err != nil {
		return nil, fmt.Errorf("localaws in %s: %w", dir, err)
	}
	certificate, err := os.ReadFile(running.CAFile)
	if err != nil {
		return nil, fmt.Errorf("localaws's certificate authority: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(certificate) {
		return nil, fmt.Errorf("localaws's certificate authority: %s holds no certificate", running.CAFile)
	}
	return &local{localaws: l, built: built, admin: running, roots: roots}, nil
}

// Environment points Terraform at localaws. The proxy is for one name only
// that no resolver knows: the provider puts the account in front of the
// endpoint's host for S3 Control. Go asks no proxy for loopback addresses, and
// registries are https.
func (c *local) Environment() []string {
	return []string{
		"AWS_ENDPOINT_URL=" + c.admin.Endpoint.Endpoint,
		"AWS_REGION=" + c.admin.Region,
		"AWS_DEFAULT_REGION=" + c.admin.Region,
		"AWS_ACCESS_KEY_ID=" + c.admin.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY=" + c.admin.SecretAccessKey,
		"HTTP_PROXY=" + c.admin.Endpoint.Endpoint,
		"http_proxy=" + c.admin.Endpoint.Endpoint,
	}
}

func (c *local) Config() aws.Config {
	return aws.Config{
		Region:       c.admin.Region,
		BaseEndpoint: aws.String(c.admin.Endpoint.Endpoint),
		Credentials:  credentials.NewStaticCredentialsProvider(c.admin.AccessKeyID, c.admin.SecretAccessKey, ""),
	}
}

// Client resolves names by localaws's DNS and trusts its certificate
// authority, and no other.
func (c *local) Client() *http.Client {
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	return &http.Client{
		Timeout:       20 * time.Second, // localaws shares its processors with much else
		CheckRedirect: noRedirect,
		Transport: &http.Transport{
			DisableKeepAlives: true,
			// As Go's own transport does: an ALB passes HTTP/2 to a target group
			// of that version, and answers HTTP/1.1 with status 464.
			ForceAttemptHTTP2: true,
			TLSClientConfig:   &tls.Config{RootCAs: c.roots, MinVersion: tls.VersionTLS12},
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				route, err := c.resolve(ctx, network, address)
				if err != nil {
					return nil, err
				}
				return dialer.DialContext(ctx, network, route.Address)
			},
		},
	}
}

func (c *local) resolve(ctx context.Context, network, address string) (client.Route, error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return client.Route{}, fmt.Errorf("address %q: %w", address, err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return client.Route{}, fmt.Errorf("address %q: %w", address, err)
	}
	route, err := c.admin.Resolve(ctx, network, host, port)
	if err != nil {
		return client.Route{}, fmt.Errorf("localaws does not know %s: %w", address, err)
	}
	return route, nil
}

func (c *local) ParentZone() string { return c.admin.ZoneName }

func (c *local) CurlOptions(ctx context.Context, host string, port int) (options []string, remark string, err error) {
	route, err := c.resolve(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		return nil, "", err
	}
	address, atPort, err := net.SplitHostPort(route.Address)
	if err != nil {
		return nil, "", fmt.Errorf("localaws resolves %s to %q: %w", host, route.Address, err)
	}
	options = []string{"--cacert", c.admin.CAFile}
	if route.Because == "" {
		return append(options, "--resolve", fmt.Sprintf("%s:%d:%s", host, port, address)), "", nil
	}
	remark = fmt.Sprintf("port %d is not available on this machine (%s): %s stands in for it", port, route.Because, route.Address)
	return append(options, "--connect-to", fmt.Sprintf("%s:%d:%s:%s", host, port, address, atPort)), remark, nil
}

func (c *local) Patience() targethealth.Patience {
	return targethealth.Patience{
		Poll:        200 * time.Millisecond,
		Total:       100 * time.Second,
		NoInstances: 45 * time.Second,
		Unhealthy:   30 * time.Second,
		Stopped:     3,
	}
}

// Leftovers asks localaws itself what it holds.
func (c *local) Leftovers(ctx context.Context) ([]string, error) {
	status, err := c.admin.Status(ctx)
	if err != nil {
		return nil, fmt.Errorf("asking localaws what is left: %w", err)
	}
	var left []string
	for service, kinds := range status.Services {
		for kind, count := range kinds {
			if count > 0 && !history(service, kind) {
				left = append(left, fmt.Sprintf("%s: %d %s", service, count, kind))
			}
		}
	}
	sort.Strings(left)
	return left, nil
}

// history reports whether AWS keeps resources of a kind after their deletion, for
// a while or for ever: they block nothing and cost nothing.
func history(service, kind string) bool {
	switch service {
	case "ecs":
		return strings.HasPrefix(kind, "inactive") || strings.HasPrefix(kind, "stopped")
	case "ec2":
		return strings.HasPrefix(kind, "terminated")
	}
	return false
}

// Close stops localaws. It may have run before this process began, so that the
// command has to be built.
func (c *local) Close(ctx context.Context) error {
	if !c.built {
		if err := c.localaws.Build(ctx); err != nil {
			return err
		}
	}
	return c.localaws.Stop(ctx)
}
