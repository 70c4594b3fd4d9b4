package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/infrahouse/terraform-aws-ecs/localaws/client"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/server"
)

// curlDirectory is the CURL_HOME that env writes.
const curlDirectory = "curl"

// status shows what the running localaws holds.
func (c *command) status(ctx context.Context, args []string, stdout io.Writer) error {
	asJSON := c.flags.Bool("json", false, "print JSON")
	if err := c.parse(args); err != nil {
		return err
	}
	client, err := client.Open(ctx, c.dir)
	if err != nil {
		return err
	}
	status, err := client.Status(ctx)
	if err != nil {
		return err
	}
	if *asJSON {
		encoder := json.NewEncoder(stdout)
		encoder.SetIndent("", "  ")
		return encoder.Encode(status)
	}
	return printStatus(stdout, client, status)
}

func printStatus(stdout io.Writer, client *client.Client, status client.Status) error {
	fmt.Fprintf(stdout, "%s  region %s  pid %d  up since %s  %d MiB  %s containers  speed %g\n",
		client.Endpoint.Endpoint, client.Region, client.PID, client.StartedAt.Format("15:04:05"),
		status.MemoryMiB, client.Runtime, client.Speed)
	table := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	for _, service := range slices.Sorted(maps.Keys(status.Services)) {
		for _, kind := range slices.Sorted(maps.Keys(status.Services[service])) {
			if count := status.Services[service][kind]; count > 0 {
				fmt.Fprintf(table, "%s\t%s\t%d\n", service, kind, count)
			}
		}
	}
	for _, target := range status.Targets {
		fmt.Fprintf(table, "target\t%s\t%s\t%s\t%s\n", target.TargetGroup, target.Target, target.State, target.Reason)
	}
	for _, instance := range status.Instances {
		fmt.Fprintf(table, "instance\t%s\t%s\t%s\n", instance.ID, instance.State, last(instance.BootLog))
	}
	for _, trouble := range status.Troubles {
		fmt.Fprintf(table, "TROUBLE\t%s\n", trouble)
	}
	for _, operation := range slices.Sorted(maps.Keys(status.Unknown)) {
		fmt.Fprintf(table, "UNKNOWN\t%s\tasked %d times\n", operation, status.Unknown[operation])
	}
	if status.Resources() == 0 {
		fmt.Fprintln(table, "no resources")
	}
	return table.Flush()
}

func last(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return lines[len(lines)-1]
}

// env prints what a shell needs, and writes what curl needs.
func (c *command) env(ctx context.Context, args []string, stdout io.Writer) error {
	if err := c.parse(args); err != nil {
		return err
	}
	client, err := client.Open(ctx, c.dir)
	if err != nil {
		return err
	}
	home := filepath.Join(c.dir, curlDirectory)
	if err := writeCurlConfig(ctx, client, home); err != nil {
		return err
	}
	fmt.Fprintln(stdout, "unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_SESSION_TOKEN AWS_CA_BUNDLE")
	for _, v := range [][2]string{
		{"AWS_ENDPOINT_URL", client.Endpoint.Endpoint},
		{"AWS_REGION", client.Region},
		{"AWS_DEFAULT_REGION", client.Region},
		{"AWS_ACCESS_KEY_ID", client.AccessKeyID},
		{"AWS_SECRET_ACCESS_KEY", client.SecretAccessKey},
		{"AWS_CONFIG_FILE", os.DevNull},
		{"AWS_SHARED_CREDENTIALS_FILE", os.DevNull},
		{"AWS_EC2_METADATA_DISABLED", "true"},
		{"AWS_PAGER", ""},
		{"CURL_HOME", home},
	} {
		fmt.Fprintf(stdout, "export %s=%s\n", v[0], quote(v[1]))
	}
	// Before 2.13, as in Debian 12, the AWS CLI does not know AWS_ENDPOINT_URL:
	// without the option it would call AWS itself.
	fmt.Fprintln(stdout, `aws() { command aws --endpoint-url "$AWS_ENDPOINT_URL" "$@"; }`)
	return nil
}

// quote makes one word of a value for a POSIX shell.
func quote(value string) string {
	return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
}

// writeCurlConfig makes curl trust the embedded certificate authority and find
// every host name that leads to a load balancer.
func writeCurlConfig(ctx context.Context, client *client.Client, home string) error {
	hosts, err := client.Hosts(ctx)
	if err != nil {
		return err
	}
	var config bytes.Buffer
	fmt.Fprintf(&config, "cacert = %q\n", client.CAFile)
	for _, host := range hosts {
		fmt.Fprintf(&config, "connect-to = \"%s:%d:%s\"\n", host.Name, host.Port, host.Address)
	}
	if err := os.MkdirAll(home, 0o700); err != nil {
		return fmt.Errorf("making curl's directory: %w", err)
	}
	if err := os.WriteFile(filepath.Join(home, ".curlrc"), config.Bytes(), 0o600); err != nil {
		return fmt.Errorf("writing curl's configuration: %w", err)
	}
	return nil
}

// stop ends the running localaws, and removes its state.
func (c *command) stop(ctx context.Context, args []string, stdout io.Writer) error {
	keep := c.flags.Bool("keep", false, "keep the state: the next start goes on from it")
	if err := c.parse(args); err != nil {
		return err
	}
	client, err := client.Open(ctx, c.dir)
	if err == nil {
		if err := client.Stop(ctx); err != nil {
			return err
		}
		fmt.Fprintf(stdout, "localaws ended (pid %d)\n", client.PID)
	} else {
		fmt.Fprintf(stdout, "no localaws is running in %s\n", c.dir)
	}
	if *keep {
		fmt.Fprintf(stdout, "its state stays in %s\n", c.dir)
		return nil
	}
	release, err := lock(c.dir) // no other process may be starting here
	if err != nil {
		return err
	}
	defer release()
	if err := server.RemoveState(c.dir, logFile, lockFile, curlDirectory); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "its state in %s is removed\n", c.dir)
	return nil
}

// lastLine is the last line of a file that is not empty; what is wrong when a
// server did not start.
func lastLine(path string) string {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
	return strings.TrimPrefix(last(lines), "localaws: ")
}
