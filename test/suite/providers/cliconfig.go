package providers

import (
	"fmt"
	"os"
	"regexp"
	"strings"
)

// cacheSetting matches in a configuration that has a plugin cache of its own.
var cacheSetting = regexp.MustCompile(`(?m)^\s*plugin_cache_dir\b`)

// WriteConfig writes a Terraform CLI configuration file that takes the
// provider from the source and nothing else, after what the user's own file
// says (credentials, a plugin cache). Downloaded and unpacked providers are
// kept in cacheDir.
func (f *Finder) WriteConfig(path string, source Source, cacheDir string) error {
	var text strings.Builder
	text.WriteString("# Written by the tests.\n")
	if user, err := os.ReadFile(f.UserConfig); err == nil {
		text.Write(user)
		text.WriteString("\n")
	}
	own := cacheSetting.MatchString(text.String())
	if needsCache := source.Kind == Registry || source.Packed; needsCache && !own && os.Getenv("TF_PLUGIN_CACHE_DIR") == "" {
		if err := os.MkdirAll(cacheDir, 0o755); err != nil {
			return fmt.Errorf("making the plugin cache: %w", err)
		}
		fmt.Fprintf(&text, "plugin_cache_dir = %q\nplugin_cache_may_break_dependency_lock_file = true\n", cacheDir)
	}
	text.WriteString("disable_checkpoint = true\n")
	switch source.Kind {
	case Configured: // the user's text says it
	case Registry:
		text.WriteString("provider_installation {\n  direct {}\n}\n")
	case Mirror:
		address := f.Host + "/" + Namespace + "/" + Type
		fmt.Fprintf(&text, "provider_installation {\n  filesystem_mirror {\n    path    = %q\n    include = [%q]\n  }\n  direct {\n    exclude = [%q]\n  }\n}\n",
			source.Path, address, address)
	}
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		return fmt.Errorf("writing Terraform's CLI configuration: %w", err)
	}
	return nil
}
