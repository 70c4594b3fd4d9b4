package suite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/test/localaws/admin"
)

// PrintEnvironment writes export lines for a shell with which the AWS CLI and
// curl reach a kept deployment.
func PrintEnvironment(ctx context.Context, settings Settings, out io.Writer) error {
	root, err := Root()
	if err != nil {
		return err
	}
	if settings.Cloud == AWS {
		_, err := fmt.Fprintf(out, "export AWS_REGION=%s AWS_DEFAULT_REGION=%s\n", settings.Region, settings.Region)
		return err
	}
	w := Workspace{Dir: filepath.Join(root, ".work", settings.Cloud+"-"+settings.Space)}
	client, err := admin.Open(ctx, w.LocalawsDir())
	if errors.Is(err, admin.ErrNotRunning) {
		return fmt.Errorf("no localaws runs in %s: run `make test-keep` first", short(w.Dir))
	}
	if err != nil {
		return fmt.Errorf("localaws: %w", err)
	}
	home, err := writeCurlConfig(ctx, w, client)
	if err != nil {
		return err
	}
	c := &local{settings: settings, admin: client}
	for _, variable := range c.Environment() {
		name, value, _ := strings.Cut(variable, "=")
		if !strings.EqualFold(name, "http_proxy") {
			_, _ = fmt.Fprintf(out, "export %s=%s\n", name, quote(value))
		}
	}
	_, _ = fmt.Fprintf(out, "export AWS_EC2_METADATA_DISABLED=true AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null\n")
	_, _ = fmt.Fprintf(out, "unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_SESSION_TOKEN AWS_CA_BUNDLE\n")
	_, err = fmt.Fprintf(out, "export CURL_HOME=%s\n", quote(home))
	return err
}

// writeCurlConfig makes a directory for CURL_HOME, where curl finds the
// certificate authority and the addresses of every listener.
func writeCurlConfig(ctx context.Context, w Workspace, client *admin.Client) (string, error) {
	hosts, err := client.Hosts(ctx)
	if err != nil {
		return "", fmt.Errorf("asking localaws for its listeners: %w", err)
	}
	var text strings.Builder
	fmt.Fprintf(&text, "cacert = %q\n", client.CAFile)
	for _, host := range hosts {
		fmt.Fprintf(&text, "connect-to = \"%s:%d:%s\"\n", host.Name, host.Port, host.Address)
	}
	home := w.path("curl")
	if err := os.MkdirAll(home, 0o755); err != nil {
		return "", fmt.Errorf("writing curl's configuration: %w", err)
	}
	// Debian's curl reads .curlrc, newer ones also curlrc.
	if err := os.WriteFile(filepath.Join(home, ".curlrc"), []byte(text.String()), 0o644); err != nil {
		return "", fmt.Errorf("writing curl's configuration: %w", err)
	}
	return home, nil
}

// quote makes a value safe in a shell.
func quote(value string) string { return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'" }
