package tfcli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// providerStart bounds the start of a provider.
const providerStart = time.Minute

// Provider is a provider plugin that runs by itself and serves any number of
// Terraform's commands, each of which would start one or several of its own:
// https://developer.hashicorp.com/terraform/plugin/debugging#running-terraform-with-a-provider-in-debug-mode
type Provider struct {
	attach string
	stdin  io.Closer
	ended  chan error
}

// providerScript runs the plugin until it ends, or until the script's own input
// does, as it also does when this process is killed.
const providerScript = `
exec 3<&0
"$0" -debug </dev/null 3<&- &
plugin=$!
{ cat <&3; kill -9 "$plugin"; } >/dev/null 2>&1 &
wait "$plugin"
exit 0
`

// attaching begins the line in which a plugin says how to be found.
const attaching = "TF_REATTACH_PROVIDERS='"

// StartProvider starts a plugin from its executable. It runs until Close; the
// context bounds its start.
func StartProvider(ctx context.Context, executable string, env []string) (*Provider, error) {
	cmd := exec.Command("/bin/sh", "-c", providerScript, executable) //nolint:noctx // it outlives the start, and ends by Close
	cmd.Env = env
	// A Ctrl-C is for Terraform's commands to end by, while the plugin is there.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", executable, err)
	}
	output, said := io.Pipe()
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", executable, err)
	}
	p := &Provider{stdin: stdin, ended: make(chan error, 1)}
	go func() {
		err := cmd.Wait()
		_ = said.Close() // never fails
		p.ended <- err
	}()
	if p.attach, err = attachment(ctx, output); err != nil {
		return nil, errors.Join(fmt.Errorf("starting %s: %w", executable, err), p.Close())
	}
	return p, nil
}

// attachment reads how the plugin can be found, and goes on reading what it
// says until it ends.
func attachment(ctx context.Context, output io.Reader) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, providerStart)
	defer cancel()
	found := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(output)
		for lines.Scan() {
			if _, rest, ok := strings.Cut(lines.Text(), attaching); ok {
				found <- strings.TrimSuffix(strings.TrimSpace(rest), "'")
				break
			}
		}
		close(found)
		_, _ = io.Copy(io.Discard, output) // until the plugin's end
	}()
	select {
	case attach, ok := <-found:
		if !ok {
			return "", errors.New("it ended without saying how to attach to it")
		}
		return attach, nil
	case <-ctx.Done():
		return "", fmt.Errorf("it does not say how to attach to it: %w", context.Cause(ctx))
	}
}

// Environment makes Terraform, or OpenTofu with its own registry, use the plugin
// instead of one that it starts itself.
func (p *Provider) Environment(registry string) string {
	return "TF_REATTACH_PROVIDERS=" + strings.ReplaceAll(p.attach, "registry.terraform.io/", registry+"/")
}

// Close ends the plugin and waits for its end.
func (p *Provider) Close() error {
	err := p.stdin.Close()
	if ended := <-p.ended; ended != nil {
		err = errors.Join(err, ended)
	}
	if err != nil {
		return fmt.Errorf("ending the provider: %w", err)
	}
	return nil
}
