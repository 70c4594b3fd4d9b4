package terraform

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/providers"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/workdir"
)

// Init runs terraform init with the first source of the provider that works.
func (d *Directory) Init(ctx context.Context, o Observer) error {
	o.Detail("init")
	sources, err := d.setup.Tools.Sources(ctx, d.Case)
	if err != nil {
		return err
	}
	var failures []error
	for _, source := range sources {
		err := d.setup.Tools.WithPluginCache(ctx, func() error { return d.initFrom(ctx, source) })
		if err == nil {
			return d.noteVersion(source)
		}
		if ctx.Err() != nil {
			return err
		}
		failures = append(failures, fmt.Errorf("%s: %w", source, err))
	}
	return errors.Join(failures...)
}

func (d *Directory) initFrom(ctx context.Context, source providers.Source) error {
	if err := d.setup.Tools.WriteConfig(d.CLIConfigPath(), source); err != nil {
		return err
	}
	// The constraint may be another one than last time.
	if err := os.Remove(filepath.Join(d.WorkDir(), workdir.LockFile)); err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("removing the lock file: %w", err)
	}
	return d.Run(ctx, nil, "init", "-input=false", "-no-color")
}

// writeConfig makes sure that the CLI configuration of an initialized
// directory is there.
func (d *Directory) writeConfig() error {
	if _, err := os.Stat(d.CLIConfigPath()); err == nil {
		return nil
	}
	return d.setup.Tools.WriteConfig(d.CLIConfigPath(), providers.Source{Kind: providers.Registry})
}

var lockedVersion = regexp.MustCompile(`(?s)provider "[^"]*/hashicorp/aws" \{\s*version\s*=\s*"([^"]+)"`)

// noteVersion remembers which release was installed.
func (d *Directory) noteVersion(source providers.Source) error {
	lock, err := os.ReadFile(filepath.Join(d.WorkDir(), workdir.LockFile))
	if err != nil {
		return fmt.Errorf("reading which provider was installed: %w", err)
	}
	d.Record.Provider = source.Version
	if match := lockedVersion.FindSubmatch(lock); match != nil {
		d.Record.Provider = string(match[1])
	}
	d.Record.Source = source.String()
	return d.Save()
}
