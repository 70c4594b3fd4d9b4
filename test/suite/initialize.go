package suite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sync"

	"github.com/gruntwork-io/terratest/modules/logger"
	tt "github.com/gruntwork-io/terratest/modules/testing"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/progress"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/providers"
)

// init runs terraform init with the first source of the provider that works.
func (d *Deployment) init(ctx context.Context, task *progress.Task) error {
	task.Detail("init")
	sources, err := d.suite.sources(ctx, d.Case)
	if err != nil {
		return err
	}
	var failures []error
	for _, source := range sources {
		err := d.initFrom(ctx, source)
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

// initFrom does not run beside another init, of this run or of another one in
// this clone: Terraform's plugin cache is not made for that.
func (d *Deployment) initFrom(ctx context.Context, source providers.Source) error {
	d.suite.initializing.Lock()
	defer d.suite.initializing.Unlock()
	lock, err := waitLock(ctx, d.suite.pluginCache()+".lock", nil)
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close() }()
	if err := d.suite.finder.WriteConfig(filepath.Join(d.Dir, configFile), source, d.suite.pluginCache()); err != nil {
		return fmt.Errorf("configuring Terraform: %w", err)
	}
	// The constraint may be another one than last time.
	if err := os.Remove(filepath.Join(d.WorkDir(), ".terraform.lock.hcl")); err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("removing the lock file: %w", err)
	}
	return d.terraform(ctx, nil, "init", "-input=false", "-no-color")
}

// writeConfig makes sure that the CLI configuration of an initialized
// directory is there.
func (d *Deployment) writeConfig() error {
	path := filepath.Join(d.Dir, configFile)
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	return d.suite.finder.WriteConfig(path, providers.Source{Kind: providers.Registry}, d.suite.pluginCache())
}

var lockedVersion = regexp.MustCompile(`(?s)provider "[^"]*/hashicorp/aws" \{\s*version\s*=\s*"([^"]+)"`)

// noteVersion remembers which release was installed.
func (d *Deployment) noteVersion(source providers.Source) error {
	lock, err := os.ReadFile(filepath.Join(d.WorkDir(), ".terraform.lock.hcl"))
	if err != nil {
		return fmt.Errorf("reading which provider was installed: %w", err)
	}
	d.record.Provider = source.Version
	if match := lockedVersion.FindSubmatch(lock); match != nil {
		d.record.Provider = string(match[1])
	}
	d.record.Source = source.String()
	return d.save()
}

// pluginCache is shared by all work directories, and outlives them.
func (s *Suite) pluginCache() string { return filepath.Join(s.Root, ".bin", "plugin-cache") }

// fileLogger takes Terratest's output into the deployment's log, and notes what
// a plan would change.
type fileLogger struct {
	path    string
	mu      sync.Mutex // Terratest reads both outputs at the same time
	changes []string
}

// plannedChange is a plan's headline of a resource.
var plannedChange = regexp.MustCompile(`^\s+# \S.* (?:will|must) be `)

// Logf appends a line.
func (l *fileLogger) Logf(_ tt.TestingT, format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if line := fmt.Sprintf(format, args...); plannedChange.MatchString(line) {
		l.changes = append(l.changes, line)
	}
	file, err := os.OpenFile(l.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return // the output is also in Terratest's own error
	}
	defer func() { _ = file.Close() }()
	_, _ = fmt.Fprintf(file, format+"\n", args...)
}

func (d *Deployment) logger() *logger.Logger { return logger.New(&fileLogger{path: d.LogPath()}) }
