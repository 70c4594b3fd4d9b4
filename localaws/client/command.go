package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// Command runs the localaws executable for one directory.
type Command struct {
	Executable string
	Dir        string // of the state, the log and the certificates
}

// Build compiles the executable from the module's source folder, which takes
// long only the first time. With GOCOVERDIR set it counts what it executes, and
// writes that there when it ends; see https://go.dev/doc/build-cover.
//
// Several processes may build at once: one writes the executable, and the others
// find it up to date, so that none takes it away from under one that starts.
func (c Command) Build(ctx context.Context, source string) error {
	release, err := lock(c.Executable + ".lock")
	if err != nil {
		return err
	}
	defer release()
	// Without the checkout's path in it, what one clone compiled serves the next.
	args := []string{"build", "-trimpath", "-o", c.Executable}
	if os.Getenv("GOCOVERDIR") != "" {
		args = append(args, "-cover", "-coverpkg=./...")
	}
	cmd := exec.CommandContext(ctx, "go", append(args, "./cmd/localaws")...)
	cmd.Dir = source
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building localaws: %w\n%s", err, out)
	}
	return nil
}

// lock waits for the lock file at path.
func lock(path string) (release func(), err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("making the executable's directory: %w", err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("opening the build's lock: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("locking the build: %w", err)
	}
	return func() { _ = file.Close() }, nil
}

// Run runs a subcommand, such as start or stop, and returns what it printed.
// What the executable says on standard error is the error.
func (c Command) Run(ctx context.Context, subcommand string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, c.Executable, append([]string{subcommand, "--dir", c.Dir}, args...)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		if said := strings.TrimSpace(stderr.String()); said != "" {
			return "", errors.New(said)
		}
		return "", fmt.Errorf("localaws %s: %w", subcommand, err)
	}
	return strings.TrimSpace(stdout.String()), nil
}
