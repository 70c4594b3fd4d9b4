package cloud

import (
	"context"
	"fmt"
	"io"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/settings"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/workdir"
)

// PrintEnvironment writes what a shell evaluates so that the AWS CLI and curl
// reach a kept deployment.
func PrintEnvironment(ctx context.Context, s settings.Settings, out io.Writer) error {
	if s.Cloud == settings.AWS {
		_, err := fmt.Fprintf(out, "export AWS_REGION=%s AWS_DEFAULT_REGION=%s\n", s.Region, s.Region)
		return err
	}
	root, err := workdir.Root()
	if err != nil {
		return err
	}
	dir := workdir.At(root, s.Cloud, s.Space)
	l := NewLocalaws(root, dir.LocalawsDir())
	running, err := l.IsRunning(ctx)
	if err != nil {
		return err
	}
	if !running {
		return fmt.Errorf("no localaws runs in %s: run `make test-keep` first", workdir.Short(dir.Path))
	}
	if err := l.Build(ctx); err != nil {
		return err
	}
	said, err := l.Run(ctx, "env")
	if err != nil {
		return fmt.Errorf("localaws's environment: %w", err)
	}
	_, err = fmt.Fprintln(out, said)
	return err
}
