// Package tfcli finds Terraform, runs it so that an interrupt never costs it
// its state, and reads its progress. It is what the suite uses where Terratest
// v1.0.1 can't be used; all else of Terraform goes through Terratest:
//
//   - Terratest starts Terraform in its own process group and kills it when the
//     context ends. A Ctrl-C would reach Terraform twice, and a killed apply
//     loses its state; here it is interrupted once and may save it.
//   - Terratest's retry loop panics on a context that is done already.
//   - The loop writes a line for each command to standard output, by a global
//     logger, in the middle of the stages' moving lines; output and show use it.
//   - Terratest reads Terraform's output by a pipe, which ends Terraform as soon
//     as this process is killed; here Terraform writes its log itself, and holds a
//     lock by which the next run finds it.
package tfcli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/hashicorp/go-version"
)

// What is installed when there is no Terraform on PATH.
const (
	installVersion = "1.11.4"
	installer      = "github.com/hashicorp/hc-install/cmd/hc-install@v0.9.2"
)

// Where the installer downloads from, and how long that may take to answer: the
// installer itself would try for minutes.
const (
	releases       = "https://releases.hashicorp.com/terraform/index.json"
	releaseTimeout = 5 * time.Second
)

// minimum is the oldest Terraform that the module's configuration is for.
const minimum = "1.5"

// Terraform is an executable of Terraform or OpenTofu.
type Terraform struct {
	Path    string
	Version string
	Tofu    bool
}

// RegistryHost is the host of the provider registry that it uses.
func (tf Terraform) RegistryHost() string {
	if tf.Tofu {
		return "registry.opentofu.org"
	}
	return "registry.terraform.io"
}

// String names it with its version.
func (tf Terraform) String() string {
	if tf.Tofu {
		return "OpenTofu " + tf.Version
	}
	return "Terraform " + tf.Version
}

// Find returns the Terraform to use: the one named (TEST_TERRAFORM), else the
// one on PATH, else the one in binDir, where it is installed if need be.
func Find(ctx context.Context, named, binDir string) (Terraform, error) {
	if named != "" {
		path, err := exec.LookPath(named)
		if err != nil {
			return Terraform{}, fmt.Errorf("TEST_TERRAFORM=%s is not an executable: name Terraform or OpenTofu, or unset it", named)
		}
		return probe(ctx, path)
	}
	if path, err := exec.LookPath("terraform"); err == nil {
		if tf, err := probe(ctx, path); err == nil {
			return tf, nil
		}
	}
	path := filepath.Join(binDir, "terraform")
	if _, err := os.Stat(path); err == nil {
		return probe(ctx, path)
	}
	if err := install(ctx, binDir); err != nil {
		return Terraform{}, fmt.Errorf("no Terraform %s or newer on PATH, and %s can't be installed into %s: %w: install Terraform, or name one with TEST_TERRAFORM", minimum, installVersion, binDir, err)
	}
	return probe(ctx, path)
}

// probe asks an executable for its version.
func probe(ctx context.Context, path string) (Terraform, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "version", "-json")
	// A user's broken CLI configuration only matters later.
	cmd.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+os.DevNull, "CHECKPOINT_DISABLE=1")
	out, err := cmd.Output()
	if err != nil {
		return Terraform{}, fmt.Errorf("%s version: %w", path, err)
	}
	var said struct {
		Version string `json:"terraform_version"`
	}
	if err := json.Unmarshal(out, &said); err != nil || said.Version == "" {
		return Terraform{}, fmt.Errorf("%s does not say its version: is it Terraform?", path)
	}
	tf := Terraform{Path: path, Version: said.Version, Tofu: strings.HasPrefix(filepath.Base(path), "tofu")}
	is, err := version.NewVersion(said.Version)
	if err != nil {
		return Terraform{}, fmt.Errorf("%s has version %q: %w", path, said.Version, err)
	}
	if is.LessThan(version.Must(version.NewVersion(minimum))) {
		return Terraform{}, fmt.Errorf("%s is Terraform %s: %s or newer is needed", path, said.Version, minimum)
	}
	return tf, nil
}

// install downloads Terraform by HashiCorp's own installer, which verifies
// its signature. It comes to its place whole, whatever interrupts this and
// whoever else installs it at the same time.
func install(ctx context.Context, binDir string) error {
	if err := reachable(ctx); err != nil {
		return err
	}
	if err := os.MkdirAll(binDir, 0o755); err != nil {
		return fmt.Errorf("making its directory: %w", err)
	}
	dir, err := os.MkdirTemp(binDir, "installing-terraform-")
	if err != nil {
		return fmt.Errorf("making its directory: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "run", installer, "install", "-version", installVersion, "-path", dir, "terraform")
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
	cmd.Dir = binDir
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		return errors.New(lastLine(said.String(), err))
	}
	if err := os.Rename(filepath.Join(dir, "terraform"), filepath.Join(binDir, "terraform")); err != nil {
		return fmt.Errorf("putting it into its place: %w", err)
	}
	return nil
}

// reachable asks the place of the downloads for a sign of life.
func reachable(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, releaseTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, releases, nil)
	if err != nil {
		return fmt.Errorf("address of the releases: %w", err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("its releases are unreachable: %w", err)
	}
	_ = response.Body.Close()
	return nil
}

// lastLine returns what a failed command said at its end.
func lastLine(said string, err error) string {
	lines := strings.Split(strings.TrimSpace(said), "\n")
	for i := len(lines) - 1; i >= 0; i-- {
		line := strings.TrimSpace(lines[i])
		if line != "" && !strings.HasPrefix(line, "exit status") {
			return line
		}
	}
	return err.Error()
}
