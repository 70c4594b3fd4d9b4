package providers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"sync"
	"time"
)

// Finder looks for providers. Make one with New; its fields may be changed
// before the first use.
type Finder struct {
	Host         string       // of the registry: registry.terraform.io, for OpenTofu registry.opentofu.org
	RegistryURL  string       // "" asks no registry
	Client       *http.Client // for the registry
	OnlyMirror   string       // TEST_PROVIDER_MIRROR: look nowhere else
	UserConfig   string       // the user's CLI configuration file; "" if there is none
	Implied      []string     // directories that Terraform looks into by itself
	Prefixes     []string     // searched for mirrors
	OS, Arch     string
	searchMirror sync.Once
	mirrors      []string
}

// New returns a finder for this machine. onlyMirror is TEST_PROVIDER_MIRROR,
// note is told what is passed over.
func New(host, onlyMirror string, note func(string)) *Finder {
	home, err := os.UserHomeDir()
	if err != nil {
		home = ""
	}
	return &Finder{
		Host:        host,
		RegistryURL: "https://" + host,
		Client:      &http.Client{},
		OnlyMirror:  onlyMirror,
		UserConfig:  userConfig(home, os.Getenv, note),
		Implied:     ImpliedMirrors(home, os.Getenv),
		Prefixes:    UsualPrefixes(home),
		OS:          runtime.GOOS,
		Arch:        runtime.GOARCH,
	}
}

// userConfig returns the CLI configuration file that Terraform would read. A
// file that TF_CLI_CONFIG_FILE names but that is missing is passed over, as
// Terraform does.
func userConfig(home string, getenv func(string) string, note func(string)) string {
	if named := getenv("TF_CLI_CONFIG_FILE"); named != "" {
		if _, err := os.Stat(named); err == nil {
			return named
		}
		note("TF_CLI_CONFIG_FILE=" + named + " names a file that does not exist: passed over")
		return ""
	}
	if home == "" {
		return ""
	}
	usual := filepath.Join(home, ".terraformrc")
	if _, err := os.Stat(usual); err == nil {
		return usual
	}
	return ""
}

// installs matches in a configuration that says itself where providers come from.
var installs = regexp.MustCompile(`(?m)^\s*provider_installation\b`)

// Find returns the places where the case's provider can be had, best first:
// the user's own provider_installation, else the registry, else mirrors, of
// which the newest version comes first. Without any, the error says why not,
// place by place.
func (f *Finder) Find(ctx context.Context, c Case) ([]Source, error) {
	if f.OnlyMirror != "" {
		if source, ok := inMirror(f.OnlyMirror, f.Host, f.platform(), c); ok {
			return []Source{source}, nil
		}
		return nil, errors.New(Reasons(c, []string{"TEST_PROVIDER_MIRROR=" + f.OnlyMirror + " has " + f.versionsIn(f.OnlyMirror)}))
	}
	if text, err := os.ReadFile(f.UserConfig); err == nil && installs.Match(text) {
		source, err := f.configured(ctx, c, text)
		if err != nil {
			return nil, err
		}
		return []Source{source}, nil
	}

	var sources []Source
	var reasons []string
	if f.RegistryURL != "" {
		version, err := registry{f.RegistryURL, f.Client}.newest(ctx, c, f.OS, f.Arch)
		if err == nil {
			sources = append(sources, Source{Kind: Registry, Version: version})
		} else {
			reasons = append(reasons, plain(err))
		}
	}
	sources = append(sources, f.inMirrors(ctx, c)...)
	if len(sources) == 0 {
		reasons = append(reasons, f.mirrorReason())
		return nil, errors.New(Reasons(c, reasons))
	}
	return sources, nil
}

func (f *Finder) inMirrors(ctx context.Context, c Case) []Source {
	f.searchMirror.Do(func() {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		for _, dir := range slices.Concat(f.Implied, searchMirrors(ctx, f.Prefixes, f.Host)) {
			if !slices.Contains(f.mirrors, dir) {
				f.mirrors = append(f.mirrors, dir)
			}
		}
	})
	var sources []Source
	for _, dir := range f.mirrors {
		if source, ok := inMirror(dir, f.Host, f.platform(), c); ok {
			sources = append(sources, source)
		}
	}
	slices.SortStableFunc(sources, func(a, b Source) int {
		switch best := newest(">= 0", []string{a.Version, b.Version}); {
		case a.Version == b.Version:
			return 0
		case best == a.Version:
			return -1
		default:
			return 1
		}
	})
	return sources
}

func (f *Finder) mirrorReason() string {
	for _, dir := range f.mirrors {
		if unpacked, packed := mirrorVersions(dir, f.Host, f.platform()); len(unpacked)+len(packed) > 0 {
			return "mirror " + dir + " has " + f.versionsIn(dir)
		}
	}
	return "no mirror was found on this machine (name one by TEST_PROVIDER_MIRROR)"
}

func (f *Finder) versionsIn(dir string) string {
	unpacked, packed := mirrorVersions(dir, f.Host, f.platform())
	versions := slices.Concat(unpacked, packed)
	if len(versions) == 0 {
		return fmt.Sprintf("no %s/%s/%s for %s", f.Host, Namespace, Type, f.platform())
	}
	return fmt.Sprintf("only %v", versions)
}

func (f *Finder) platform() string { return f.OS + "_" + f.Arch }

// plain shortens the texts of the network's errors to what is of use in a line.
func plain(err error) string {
	var lookup *net.DNSError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("the registry does not answer within %v", probeTimeout)
	case errors.As(err, &lookup):
		return "the registry is unreachable (" + lookup.Name + ": " + lookup.Err + ")"
	default:
		return err.Error()
	}
}
