package providers

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// searchDepth bounds the search below each prefix, in directories, down to the
// one named after the registry's host; searchLimit bounds the directories read.
const (
	searchDepth = 5
	searchLimit = 20000
)

// packedName is a provider's archive in a packed mirror.
var packedName = regexp.MustCompile(`^terraform-provider-` + Type + `_(.+)_([a-z0-9]+_[a-z0-9]+)\.zip$`)

// mirrorVersions returns the versions of the provider for a platform
// ("linux_amd64") in a directory with the layout of a filesystem mirror:
// HOST/NAMESPACE/TYPE/VERSION/OS_ARCH/ unpacked, or zip archives in
// HOST/NAMESPACE/TYPE/.
// https://developer.hashicorp.com/terraform/cli/config/config-file#filesystem_mirror
func mirrorVersions(root, host, platform string) (unpacked, packed []string) {
	base := filepath.Join(root, host, Namespace, Type)
	entries, err := os.ReadDir(base)
	if err != nil {
		return nil, nil
	}
	for _, entry := range entries {
		name := entry.Name()
		if match := packedName.FindStringSubmatch(name); match != nil && match[2] == platform {
			packed = append(packed, match[1])
			continue
		}
		plugins, _ := filepath.Glob(filepath.Join(base, name, platform, "terraform-provider-"+Type+"*"))
		if len(plugins) > 0 {
			unpacked = append(unpacked, name)
		}
	}
	return unpacked, packed
}

// inMirror returns the mirror as a source of the case, if it has a version
// that fits.
func inMirror(root, host, platform string, c Case) (Source, bool) {
	unpacked, packed := mirrorVersions(root, host, platform)
	best := newest(c.Constraint, slices.Concat(unpacked, packed))
	if best == "" {
		return Source{}, false
	}
	return Source{Kind: Mirror, Path: root, Version: best, Packed: !slices.Contains(unpacked, best)}, true
}

// ImpliedMirrors are the directories that Terraform itself looks into.
// https://developer.hashicorp.com/terraform/cli/config/config-file#implied-local-mirror-directories
func ImpliedMirrors(home string, getenv func(string) string) []string {
	dirs := []string{}
	if home != "" {
		data := getenv("XDG_DATA_HOME")
		if data == "" {
			data = filepath.Join(home, ".local/share")
		}
		dirs = append(dirs,
			filepath.Join(home, ".terraform.d/plugins"),
			filepath.Join(data, "terraform/plugins"),
			filepath.Join(home, "Library/Application Support/io.terraform/plugins"),
		)
	}
	shared := getenv("XDG_DATA_DIRS")
	if shared == "" {
		shared = "/usr/local/share:/usr/share"
	}
	for _, dir := range filepath.SplitList(shared) {
		dirs = append(dirs, filepath.Join(dir, "terraform/plugins"))
	}
	dirs = append(dirs, "/Library/Application Support/io.terraform/plugins")
	if cache := getenv("TF_PLUGIN_CACHE_DIR"); cache != "" {
		dirs = append(dirs, cache)
	}
	return dirs
}

// UsualPrefixes are where machine images put mirrors.
func UsualPrefixes(home string) []string {
	prefixes := []string{"/opt", "/usr/local", "/usr/share", "/usr/lib", "/var/lib"}
	if home != "" {
		prefixes = append(prefixes, home)
	}
	return prefixes
}

// searchMirrors walks the prefixes, to a bounded depth, for directories with
// the layout of a mirror. Unreadable ones are passed over.
func searchMirrors(ctx context.Context, prefixes []string, host string) []string {
	var found []string
	read := 0
	for _, prefix := range prefixes {
		_ = filepath.WalkDir(prefix, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.IsDir() {
				return nil //nolint:nilerr // what can't be read has no mirror for us
			}
			if read++; read > searchLimit || ctx.Err() != nil {
				return filepath.SkipAll
			}
			if entry.Name() == host {
				if _, err := os.Stat(filepath.Join(path, Namespace, Type)); err == nil {
					found = append(found, filepath.Dir(path))
				}
				return filepath.SkipDir
			}
			if path != prefix && (pointless[entry.Name()] || depth(prefix, path) >= searchDepth) {
				return filepath.SkipDir
			}
			return nil
		})
	}
	return found
}

// pointless directories are large and hold no mirror.
var pointless = map[string]bool{
	".git": true, "node_modules": true, "mod": true, "site-packages": true, "dist-packages": true,
	"doc": true, "man": true, "locale": true, "icons": true, "zoneinfo": true, "dpkg": true, "docker": true,
	"go-build": true, "rustup": true, ".rustup": true, ".cargo": true, ".npm": true, "python3": true,
}

func depth(prefix, path string) int {
	relative, err := filepath.Rel(prefix, path)
	if err != nil || relative == "." {
		return 0
	}
	return strings.Count(relative, string(filepath.Separator)) + 1
}
