// Package configurations checks the repository's Terraform files without a
// cloud: their format, their validity, their unit tests (terraform test), and
// that each rule has a test that fails without it.
package configurations

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/providers"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/tfcli"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/tffiles"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/toolchain"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/waits"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/workdir"
)

// Setup is what checks need of a run.
type Setup struct {
	Root  string // the repository's
	Tools *toolchain.Toolchain
	Kill  <-chan struct{} // when closed, Terraform is killed
}

// Configurations is a copy of all of the repository's Terraform files, in
// which they can be checked without writing into the repository.
type Configurations struct {
	Setup
	ctx   context.Context // of all checks
	dir   string
	env   []string
	slots chan struct{} // how many checks run at a time
	mu    sync.Mutex    // guards inits
	inits map[string]func() error
	first sync.Once // installs the provider, before others find it in the cache
	err   error
	// provider serves all commands after the first.
	provider *tfcli.Provider
}

// withConfigurations are the folders of the repository that hold Terraform
// files, beside its root.
var withConfigurations = []string{"modules", "examples", "test_data", "tests"}

// Open copies the configurations, for the newest provider that can be had. The
// tests are there as tftest.OnInputs makes them. The checks end when ctx does.
func Open(ctx context.Context, s Setup) (*Configurations, error) {
	return open(ctx, s, "configurations", runOnInputs)
}

// open copies the configurations into a folder of .work, changed on the way.
func open(ctx context.Context, s Setup, name string, change func(files map[string][]byte) error) (*Configurations, error) {
	if err := s.Tools.Open(ctx); err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	if err := tffiles.AddModule(s.Root, files); err != nil {
		return nil, err
	}
	for _, folder := range withConfigurations {
		if err := tffiles.AddFolder(s.Root, folder, files); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("reading %s: %w", folder, err)
		}
	}
	addInputs(files)
	if err := change(files); err != nil {
		return nil, err
	}
	c := &Configurations{
		Setup: s, ctx: ctx, dir: filepath.Join(s.Root, ".work", name),
		slots: make(chan struct{}, 2), inits: map[string]func() error{},
	}
	if err := tffiles.Sync(filepath.Join(c.dir, "tree"), files); err != nil {
		return nil, err
	}
	return c, c.chooseProvider()
}

// chooseProvider configures Terraform to take the newest provider that can be
// had.
func (c *Configurations) chooseProvider() error {
	if err := c.Tools.CheckRequired(c.ctx); err != nil {
		return err
	}
	wanted, err := c.Tools.Newest(c.ctx)
	if err != nil {
		return err
	}
	sources, err := c.Tools.Sources(c.ctx, wanted)
	if err != nil {
		return err
	}
	config := filepath.Join(c.dir, "terraform.rc")
	if err := c.Tools.WriteConfig(config, sources[0]); err != nil {
		return err
	}
	c.env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+config, "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1",
		// No command here should look for an account.
		"AWS_EC2_METADATA_DISABLED=true", "AWS_REGION=us-west-2")
	return c.pin(wanted)
}

// pin writes the case's constraint into every directory of the copy, so that
// one release of the provider does for all.
func (c *Configurations) pin(wanted providers.Case) error {
	dirs, err := c.Directories()
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		aliases, err := providerAliases(filepath.Join(c.dir, "tree", dir))
		if err != nil {
			return err
		}
		list := ""
		blocks := ""
		for _, alias := range aliases {
			blocks += fmt.Sprintf("provider \"aws\" {\n  alias = %q\n}\n", strings.TrimPrefix(alias, "aws."))
		}
		if len(aliases) > 0 {
			list = fmt.Sprintf("      configuration_aliases = [%s]\n", strings.Join(aliases, ", "))
		}
		pinned := fmt.Sprintf("terraform {\n  required_providers {\n    aws = {\n      source = \"hashicorp/aws\"\n      version = %q\n%s    }\n  }\n}\n", wanted.Constraint, list)
		// A module's own configurations come from its caller; alone, it has none.
		for name, text := range map[string]string{tffiles.PinFile: pinned, "suite_aliases.tf": blocks} {
			if err := os.WriteFile(filepath.Join(c.dir, "tree", dir, name), []byte(text), 0o644); err != nil {
				return fmt.Errorf("pinning the provider: %w", err)
			}
		}
	}
	return nil
}

var configurationAliases = regexp.MustCompile(`configuration_aliases\s*=\s*\[([^\]]*)\]`)

// providerAliases lists the provider configurations that a module takes from
// its caller.
func providerAliases(dir string) ([]string, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.tf"))
	if err != nil {
		return nil, fmt.Errorf("looking for %s's provider aliases: %w", dir, err)
	}
	var aliases []string
	for _, path := range paths {
		if strings.HasPrefix(filepath.Base(path), "suite_") {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("looking for %s's provider aliases: %w", dir, err)
		}
		for _, match := range configurationAliases.FindAllSubmatch(text, -1) {
			aliases = append(aliases, strings.FieldsFunc(string(match[1]), func(r rune) bool { return strings.ContainsRune(", \n\t", r) })...)
		}
	}
	slices.Sort(aliases)
	return slices.Compact(aliases), nil
}

// Directories lists the directories with a configuration, from the
// repository's root, "." first.
func (c *Configurations) Directories() ([]string, error) {
	patterns := []string{".", "modules/*", "examples/*", "test_data/*"}
	var dirs []string
	for _, pattern := range patterns {
		paths, err := filepath.Glob(filepath.Join(c.dir, "tree", pattern, "*.tf"))
		if err != nil {
			return nil, fmt.Errorf("listing configurations: %w", err)
		}
		for _, path := range paths {
			dir, err := filepath.Rel(filepath.Join(c.dir, "tree"), filepath.Dir(path))
			if err != nil {
				return nil, fmt.Errorf("listing configurations: %w", err)
			}
			if !slices.Contains(dirs, dir) {
				dirs = append(dirs, dir)
			}
		}
	}
	return dirs, nil
}

// Format returns the files that `terraform fmt` would change.
func (c *Configurations) Format() ([]string, error) {
	out, err := c.Tools.Terraform.Output(c.ctx, tfcli.Command{
		Args: []string{"fmt", "-list=true", "-write=false", "-recursive", "."}, Dir: c.Root, Env: os.Environ(),
	})
	if err != nil {
		return nil, fmt.Errorf("checking the format: %w", err)
	}
	var files []string
	for _, file := range strings.Fields(string(out)) {
		if !strings.HasPrefix(file, ".work") {
			files = append(files, file)
		}
	}
	return files, nil
}

// Validate runs `terraform validate` on a directory.
func (c *Configurations) Validate(dir string) error {
	if err := c.init(dir); err != nil {
		return err
	}
	return c.terraform(dir, nil, "validate", "-no-color")
}

// Dependencies is what each resource of a directory depends on, as `terraform
// graph` has it.
func (c *Configurations) Dependencies(dir string) (map[string][]string, error) {
	if err := c.init(dir); err != nil {
		return nil, err
	}
	graph, err := c.Tools.Terraform.Output(c.ctx, tfcli.Command{Args: []string{"graph"}, Dir: filepath.Join(c.dir, "tree", dir), Env: c.env})
	if err != nil {
		return nil, fmt.Errorf("graph of %s: %w", dir, err)
	}
	return waits.Dependencies(string(graph)), nil
}

// init initializes a directory, once.
func (c *Configurations) init(dir string) error {
	initialize := func() error { return c.terraform(dir, nil, "init", "-backend=false", "-input=false", "-no-color") }
	ran := false
	c.first.Do(func() {
		if c.err = initialize(); c.err == nil {
			c.err = c.startProvider(dir)
		}
		ran = true
	})
	if c.err != nil {
		return c.err
	}
	c.mu.Lock()
	once, ok := c.inits[dir]
	if !ok {
		once = sync.OnceValue(initialize)
		if ran {
			once = func() error { return nil }
		}
		c.inits[dir] = once
	}
	c.mu.Unlock()
	return once()
}

// startProvider starts the provider that was installed for a directory, for all
// further commands: else each would start it several times, at a second of a
// core each.
func (c *Configurations) startProvider(dir string) error {
	found, err := filepath.Glob(filepath.Join(c.dir, "tree", dir, ".terraform", "providers", "*", "hashicorp", "aws", "*", "*", "terraform-provider-aws*"))
	if err != nil || len(found) != 1 {
		return fmt.Errorf("looking for the installed provider of %s: found %d executables: %w", dir, len(found), err)
	}
	if c.provider, err = tfcli.StartProvider(c.ctx, found[0], c.env); err != nil {
		return err
	}
	c.env = append(c.env, c.provider.Environment(c.Tools.Terraform.RegistryHost()))
	return nil
}

// Close ends what the checks have started; call it after the last.
func (c *Configurations) Close() error {
	if c.provider == nil {
		return nil
	}
	return c.provider.Close()
}

// terraform runs Terraform in the copy, at most as often at a time as there are
// slots.
// Line is told each line, if it is not nil.
func (c *Configurations) terraform(dir string, line func(string), args ...string) error {
	c.slots <- struct{}{}
	defer func() { <-c.slots }()
	said := c.log(dir, args)
	if err := os.MkdirAll(filepath.Dir(said), 0o755); err != nil {
		return fmt.Errorf("making a folder for Terraform's log: %w", err)
	}
	log, err := os.OpenFile(said, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("opening Terraform's log: %w", err)
	}
	defer func() { _ = log.Close() }()
	err = c.Tools.Terraform.Run(c.ctx, tfcli.Command{
		Args: args, Dir: filepath.Join(c.dir, "tree", dir), Env: c.env, Log: log, Line: line, Kill: c.Kill,
	})
	if err != nil {
		return fmt.Errorf("%s: %w (Terraform's full output: %s)", dir, err, workdir.Short(said))
	}
	return nil
}

// log is the file of what a command in a directory says: commands that run at
// the same time have each their own.
func (c *Configurations) log(dir string, args []string) string {
	name := args[0]
	if dir != "." {
		name += "." + strings.ReplaceAll(filepath.ToSlash(dir), "/", ".")
	}
	if file, ok := strings.CutPrefix(args[len(args)-1], filterTest); ok {
		name += "." + strings.TrimSuffix(path.Base(filepath.ToSlash(file)), ".tftest.hcl")
	}
	return filepath.Join(c.dir, "logs", name+".log")
}
