package suite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/infrahouse/terraform-aws-ecs/localaws/client"
)

// PrintEnvironment writes what a shell evaluates so that the AWS CLI and curl
// reach a kept deployment.
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
	c := &local{settings: settings, dir: w.LocalawsDir()}
	_, err = client.Open(ctx, c.dir)
	if errors.Is(err, client.ErrNotRunning) {
		return fmt.Errorf("no localaws runs in %s: run `make test-keep` first", short(w.Dir))
	}
	if err != nil {
		return fmt.Errorf("localaws: %w", err)
	}
	if err := c.build(ctx, root); err != nil {
		return err
	}
	said, err := c.command(ctx, "env")
	if err != nil {
		return fmt.Errorf("localaws's environment: %w", err)
	}
	_, err = fmt.Fprintln(out, said)
	return err
}
