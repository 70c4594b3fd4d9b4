package cloud

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/infrahouse/terraform-aws-ecs/localaws/client"
)

// Localaws is the localaws command, for the directory of one localaws.
type Localaws struct {
	client.Command
	source string
}

// NewLocalaws returns the command that is built from the repository at root.
func NewLocalaws(root, dir string) Localaws {
	return Localaws{
		Command: client.Command{Executable: filepath.Join(root, ".bin", "localaws"), Dir: dir},
		source:  filepath.Join(root, "localaws"),
	}
}

// Build compiles the command.
func (l Localaws) Build(ctx context.Context) error { return l.Command.Build(ctx, l.source) }

// Start starts localaws in the background, and returns what it says of itself.
func (l Localaws) Start(ctx context.Context, region string) (string, error) {
	said, err := l.Run(ctx, "start", "--region", region)
	if err != nil {
		return "", fmt.Errorf("localaws does not start: %w", err)
	}
	return said, nil
}

// Stop stops localaws, with all that it holds.
func (l Localaws) Stop(ctx context.Context) error {
	if _, err := l.Run(ctx, "stop"); err != nil {
		return fmt.Errorf("stopping localaws: %w", err)
	}
	return nil
}

// IsRunning reports whether localaws answers.
func (l Localaws) IsRunning(ctx context.Context) (bool, error) {
	_, err := client.Open(ctx, l.Dir)
	if errors.Is(err, client.ErrNotRunning) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("localaws in %s: %w", l.Dir, err)
	}
	return true, nil
}

// Status is what a running localaws says of itself.
func (l Localaws) Status(ctx context.Context) (client.Status, error) {
	running, err := client.Open(ctx, l.Dir)
	if err != nil {
		return client.Status{}, fmt.Errorf("asking localaws: %w", err)
	}
	status, err := running.Status(ctx)
	if err != nil {
		return client.Status{}, fmt.Errorf("asking localaws: %w", err)
	}
	return status, nil
}
