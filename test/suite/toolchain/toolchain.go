// Package toolchain knows with which Terraform and which releases of the
// provider a run works, and where each can be had.
package toolchain

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/gotest"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/providers"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/settings"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/tfcli"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/workdir"
)

// Toolchain is Terraform and the provider's releases. Open it before use.
type Toolchain struct {
	Terraform tfcli.Terraform

	settings settings.Settings
	binDir   string
	note     func(text string)
	warn     func(text string)

	mu           sync.Mutex // guards the next two
	finder       *providers.Finder
	found        map[string]found
	initializing sync.Mutex // held while an init uses the plugin cache
}

type found struct {
	sources []providers.Source
	err     error
}

// New returns the toolchain of the settings, which installs Terraform below the
// repository's root if need be. note shows a line, warn one that should be seen.
func New(s settings.Settings, root string, note, warn func(text string)) *Toolchain {
	return &Toolchain{settings: s, binDir: filepath.Join(root, ".bin"), note: note, warn: warn, found: map[string]found{}}
}

// Open finds Terraform and readies the search for providers, once.
func (c *Toolchain) Open(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.finder != nil {
		return nil
	}
	tf, err := tfcli.Find(ctx, c.settings.Terraform, c.binDir)
	if err != nil {
		return err
	}
	c.Terraform = tf
	c.finder = providers.New(tf.RegistryHost(), c.settings.Mirror, c.note)
	return forgetTerraformSettings()
}

// forgetTerraformSettings clears variables that would change what Terraform
// does in the work directories. The finder has read what it needs of them.
func forgetTerraformSettings() error {
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		switch {
		case strings.HasPrefix(name, "TF_VAR_"), strings.HasPrefix(name, "TF_CLI_ARGS"),
			name == "TF_WORKSPACE", name == "TF_DATA_DIR", name == "TF_CLI_CONFIG_FILE":
			if err := os.Unsetenv(name); err != nil {
				return err
			}
		}
	}
	return nil
}

// Choose lists the provider cases that a test runs with. It starts nothing but a
// search.
func (c *Toolchain) Choose(ctx context.Context) ([]providers.Case, error) {
	if err := c.Open(ctx); err != nil {
		return nil, err
	}
	if err := c.CheckRequired(ctx); err != nil {
		return nil, err
	}
	if !c.settings.NewestOnly {
		return c.Requested(), nil
	}
	newest, err := c.Newest(ctx)
	return []providers.Case{newest}, err
}

// Requested are the cases that run by default and those that are named by -run
// or REQUIRE_PROVIDERS.
func (c *Toolchain) Requested() []providers.Case {
	pattern := gotest.Pattern()
	var cases []providers.Case
	for _, one := range c.settings.Cases() {
		if !one.OnRequest || slices.Contains(c.settings.RequireProviders, one.Name) || strings.Contains(pattern, one.Name) {
			cases = append(cases, one)
		}
	}
	return cases
}

// CheckRequired fails when a provider named by REQUIRE_PROVIDERS is missing.
func (c *Toolchain) CheckRequired(ctx context.Context) error {
	for _, one := range c.settings.Cases() {
		if !slices.Contains(c.settings.RequireProviders, one.Name) {
			continue
		}
		if _, err := c.Sources(ctx, one); err != nil {
			return fmt.Errorf("REQUIRE_PROVIDERS=%s: %w", strings.Join(c.settings.RequireProviders, ","), err)
		}
	}
	return nil
}

// Newest is aws-6, or what comes next when it can't be had: said loudly, now and
// at the end.
func (c *Toolchain) Newest(ctx context.Context) (providers.Case, error) {
	newest, reasons, err := c.firstToHave(ctx, c.Requested())
	if err == nil && len(reasons) > 0 {
		c.warn(fmt.Sprintf("FALL-BACK to %s: %s", newest.Name, strings.Join(reasons, "; ")))
	}
	return newest, err
}

// FirstToHave is the first of the cases, by preference, that can be had.
func (c *Toolchain) FirstToHave(ctx context.Context, cases []providers.Case) (providers.Case, error) {
	first, _, err := c.firstToHave(ctx, cases)
	return first, err
}

// firstToHave also returns why those before it can't be had.
func (c *Toolchain) firstToHave(ctx context.Context, cases []providers.Case) (first providers.Case, reasons []string, err error) {
	for _, one := range providers.ByPreference(cases) {
		_, err := c.Sources(ctx, one)
		if err == nil {
			return one, reasons, nil
		}
		reasons = append(reasons, err.Error())
	}
	return providers.Case{}, nil, fmt.Errorf("no provider to test with: %s", strings.Join(reasons, "; "))
}

// Case is the case of a name that can be had.
func (c *Toolchain) Case(ctx context.Context, name string) (providers.Case, bool) {
	for _, one := range c.settings.Cases() {
		if one.Name == name {
			_, err := c.Sources(ctx, one)
			return one, err == nil
		}
	}
	return providers.Case{Name: name}, false
}

// Sources are the places where a case's provider can be had. Each case is
// looked for once a run.
func (c *Toolchain) Sources(ctx context.Context, one providers.Case) ([]providers.Source, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if found, ok := c.found[one.Name]; ok {
		return found.sources, found.err
	}
	sources, err := c.finder.Find(ctx, one)
	if err != nil {
		err = fmt.Errorf("%s: %w", one.Name, err)
	}
	c.found[one.Name] = found{sources, err}
	return sources, err
}

// WriteConfig writes a CLI configuration by which Terraform takes providers from
// a source.
func (c *Toolchain) WriteConfig(path string, source providers.Source) error {
	if err := c.finder.WriteConfig(path, source, c.pluginCache()); err != nil {
		return fmt.Errorf("configuring Terraform: %w", err)
	}
	return nil
}

// WithPluginCache runs an init while no other one runs, of this run or of
// another one in this clone: Terraform's plugin cache is not made for that.
func (c *Toolchain) WithPluginCache(ctx context.Context, init func() error) error {
	c.initializing.Lock()
	defer c.initializing.Unlock()
	lock, err := workdir.WaitLock(ctx, c.pluginCache()+".lock", nil)
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close() }()
	return init()
}

// pluginCache is shared by all work directories, and outlives them.
func (c *Toolchain) pluginCache() string { return filepath.Join(c.binDir, "plugin-cache") }
