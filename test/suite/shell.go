package suite

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// address finds URLs in a script.
var address = regexp.MustCompile(`https?://[^\s'"]+`)

// Shell runs a script as a user of the cloud in use would: the AWS CLI calls that
// cloud, and curl reaches the listeners that the script names and trusts their
// certificates. It returns all that the script printed.
func (v *Validation) Shell(ctx context.Context, t testing.TB, script string) (string, error) {
	t.Helper()
	cfg := v.Config()
	credentials, err := cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return "", fmt.Errorf("credentials for the AWS CLI: %w", err)
	}
	home := t.TempDir()
	if err := v.writeCurlConfig(ctx, filepath.Join(home, ".curlrc"), script); err != nil {
		return "", err
	}
	command := exec.CommandContext(ctx, "sh", "-euc", script)
	command.Dir = home
	command.Env = append(os.Environ(),
		"CURL_HOME="+home, "AWS_PAGER=", "AWS_REGION="+cfg.Region, "AWS_DEFAULT_REGION="+cfg.Region,
		"AWS_ACCESS_KEY_ID="+credentials.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+credentials.SecretAccessKey)
	if credentials.SessionToken != "" {
		command.Env = append(command.Env, "AWS_SESSION_TOKEN="+credentials.SessionToken)
	}
	if cfg.BaseEndpoint != nil {
		command.Env = append(command.Env, "AWS_ENDPOINT_URL="+aws.ToString(cfg.BaseEndpoint))
	}
	out, err := command.CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("%w: %s", err, strings.TrimSpace(string(out)))
	}
	return string(out), nil
}

// writeCurlConfig writes the options of curl with which it reaches what a script names.
func (v *Validation) writeCurlConfig(ctx context.Context, path, script string) error {
	var config strings.Builder
	for _, address := range address.FindAllString(script, -1) {
		host, port, err := hostPort(address)
		if err != nil {
			return err
		}
		options, _, err := v.deployment.run.Cloud.CurlOptions(ctx, host, port)
		if err != nil {
			return err
		}
		for i := 0; i+1 < len(options); i += 2 {
			fmt.Fprintf(&config, "%s = %q\n", strings.TrimPrefix(options[i], "--"), options[i+1])
		}
	}
	if err := os.WriteFile(path, []byte(config.String()), 0o600); err != nil {
		return fmt.Errorf("writing curl's configuration: %w", err)
	}
	return nil
}
