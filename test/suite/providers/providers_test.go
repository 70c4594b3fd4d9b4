package providers

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const host = "registry.terraform.io"

var (
	aws5 = Case{Name: AWS5, Constraint: "~> 5.100"}
	aws6 = Case{Name: AWS6, Constraint: "~> 6.22.0"}
)

// write makes a file with its directories.
func write(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}

// unpacked makes an unpacked provider in a mirror.
func unpacked(t *testing.T, mirror, version, platform string) {
	t.Helper()
	write(t, filepath.Join(mirror, host, "hashicorp/aws", version, platform, "terraform-provider-aws_v"+version+"_x5"), "")
}

// finder looks into one prefix only and asks no registry.
func finder(prefix string) *Finder {
	return &Finder{Host: host, Prefixes: []string{prefix}, OS: "linux", Arch: "amd64", Client: &http.Client{}}
}

func TestCases(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ cloud, aws6, want string }{
		"localaws pins a release":  {"local", "", "~> 6.22.0"},
		"AWS takes the newest":     {"aws", "", "~> 6.0"},
		"the variable has its way": {"local", "6.30.1", "6.30.1"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cases := Cases(test.cloud, test.aws6)
			assert.Equal(t, []string{AWS5, AWS6, AWS6Latest}, []string{cases[0].Name, cases[1].Name, cases[2].Name})
			assert.Equal(t, test.want, cases[1].Constraint)
			assert.True(t, cases[2].OnRequest)
			assert.NoError(t, cases[1].Check())
		})
	}
	assert.Equal(t, AWS6, ByPreference(Cases("local", ""))[0].Name)
	assert.ErrorContains(t, Case{Name: AWS6, Constraint: "six"}.Check(), `"six" is not a version constraint`)
}

func TestFindInMirrors(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		lay  func(t *testing.T, prefix string)
		want Source // Path from the prefix
	}{
		"unpacked": {
			func(t *testing.T, p string) { unpacked(t, p+"/plugins", "5.100.0", "linux_amd64") },
			Source{Kind: Mirror, Path: "plugins", Version: "5.100.0"},
		},
		"packed": {
			func(t *testing.T, p string) {
				write(t, filepath.Join(p, "m", host, "hashicorp/aws/terraform-provider-aws_5.101.0_linux_amd64.zip"), "")
			},
			Source{Kind: Mirror, Path: "m", Version: "5.101.0", Packed: true},
		},
		"the newest of two mirrors": {
			func(t *testing.T, p string) {
				unpacked(t, p+"/a", "5.100.0", "linux_amd64")
				unpacked(t, p+"/b", "5.102.0", "linux_amd64")
			},
			Source{Kind: Mirror, Path: "b", Version: "5.102.0"},
		},
		"deep, below a hidden folder": {
			func(t *testing.T, p string) { unpacked(t, p+"/.terraform.d/x/plugins", "5.100.0", "linux_amd64") },
			Source{Kind: Mirror, Path: ".terraform.d/x/plugins", Version: "5.100.0"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			prefix := t.TempDir()
			test.lay(t, prefix)
			sources, err := finder(prefix).Find(t.Context(), aws5)
			require.NoError(t, err)
			test.want.Path = filepath.Join(prefix, test.want.Path)
			assert.Equal(t, test.want, sources[0])
		})
	}
}

func TestFindsNothing(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		lay  func(t *testing.T, prefix string)
		want string
	}{
		"empty":                    {func(*testing.T, string) {}, "no mirror was found"},
		"other versions":           {func(t *testing.T, p string) { unpacked(t, p, "5.100.0", "linux_amd64") }, "has only [5.100.0]"},
		"another platform":         {func(t *testing.T, p string) { unpacked(t, p, "6.22.0", "darwin_arm64") }, "no mirror was found"},
		"a prerelease":             {func(t *testing.T, p string) { unpacked(t, p, "6.22.0-beta1", "linux_amd64") }, "has only"},
		"below the search's depth": {func(t *testing.T, p string) { unpacked(t, p+"/1/2/3/4/5/6", "6.22.0", "linux_amd64") }, "no mirror"},
		"a folder without plugin": {func(t *testing.T, p string) {
			require.NoError(t, os.MkdirAll(filepath.Join(p, host, "hashicorp/aws/6.22.0/linux_amd64"), 0o755))
		}, "no mirror was found"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			prefix := t.TempDir()
			test.lay(t, prefix)
			_, err := finder(prefix).Find(t.Context(), aws6)
			assert.ErrorContains(t, err, "hashicorp/aws ~> 6.22.0 is not available anywhere")
			assert.ErrorContains(t, err, test.want)
		})
	}
}

// registryServer answers by the provider registry protocol with versions for
// linux_amd64. Archives are served with the status.
func registryServer(t *testing.T, archive int, versions ...string) string {
	t.Helper()
	mux := http.NewServeMux()
	answer := func(path string, value any) {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(value) })
	}
	answer("/.well-known/terraform.json", map[string]string{"providers.v1": "/v1/providers/"})
	type platform map[string]string
	var listed []map[string]any
	for _, version := range versions {
		listed = append(listed, map[string]any{"version": version, "platforms": []platform{{"os": "linux", "arch": "amd64"}}})
		answer("/v1/providers/hashicorp/aws/"+version+"/download/linux/amd64", map[string]string{"download_url": "/archive.zip"})
	}
	answer("/v1/providers/hashicorp/aws/versions", map[string]any{"versions": listed})
	mux.HandleFunc("/archive.zip", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(archive) })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func TestFindPrefersTheRegistry(t *testing.T) {
	t.Parallel()
	prefix := t.TempDir()
	unpacked(t, prefix, "6.22.0", "linux_amd64")
	f := finder(prefix)
	f.RegistryURL = registryServer(t, http.StatusOK, "6.21.0", "6.22.1", "6.23.0")
	sources, err := f.Find(t.Context(), aws6)
	require.NoError(t, err)
	assert.Equal(t, []Source{{Kind: Registry, Version: "6.22.1"}, {Kind: Mirror, Path: prefix, Version: "6.22.0"}}, sources)
}

func TestFindWithoutARegistryThatHelps(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		registry func(t *testing.T) string
		want     string
	}{
		"unreachable":             {func(*testing.T) string { return "http://127.0.0.1:1" }, "does not answer"},
		"without the version":     {func(t *testing.T) string { return registryServer(t, http.StatusOK, "6.30.0") }, "has no such version"},
		"archive can't be loaded": {func(t *testing.T) string { return registryServer(t, http.StatusForbidden, "6.22.0") }, "can't be downloaded"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			prefix := t.TempDir()
			f := finder(prefix)
			f.RegistryURL = test.registry(t)
			_, err := f.Find(t.Context(), aws6)
			assert.ErrorContains(t, err, test.want)

			f = finder(prefix)
			f.RegistryURL = test.registry(t)
			unpacked(t, prefix, "6.22.0", "linux_amd64")
			sources, err := f.Find(t.Context(), aws6)
			require.NoError(t, err)
			assert.Equal(t, Mirror, sources[0].Kind)
		})
	}
}

func TestOnlyMirror(t *testing.T) {
	t.Parallel()
	mirror, elsewhere := t.TempDir(), t.TempDir()
	unpacked(t, mirror, "5.100.0", "linux_amd64")
	unpacked(t, elsewhere, "6.22.0", "linux_amd64")
	f := finder(elsewhere)
	f.OnlyMirror = mirror
	sources, err := f.Find(t.Context(), aws5)
	require.NoError(t, err)
	assert.Equal(t, []Source{{Kind: Mirror, Path: mirror, Version: "5.100.0"}}, sources)
	_, err = f.Find(t.Context(), aws6)
	assert.ErrorContains(t, err, "TEST_PROVIDER_MIRROR="+mirror+" has only [5.100.0]")
}

func TestUserConfiguration(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	var notes []string
	note := func(text string) { notes = append(notes, text) }
	env := func(value string) func(string) string {
		return func(name string) string {
			return map[string]string{"TF_CLI_CONFIG_FILE": value}[name]
		}
	}
	assert.Empty(t, userConfig(home, env(""), note), "there is none")
	assert.Empty(t, userConfig(home, env(home+"/missing"), note), "a missing one is passed over")
	assert.Equal(t, []string{"TF_CLI_CONFIG_FILE=" + home + "/missing names a file that does not exist: passed over"}, notes)

	file := filepath.Join(home, ".terraformrc")
	write(t, file, "provider_installation {\n  direct {}\n}\n")
	assert.Equal(t, file, userConfig(home, env(""), note))
	f := finder(home)
	f.UserConfig = file
	sources, err := f.Find(t.Context(), aws6)
	require.NoError(t, err)
	assert.Equal(t, []Source{{Kind: Configured, Path: file}}, sources)
}

// A user's configuration that can't supply a case is not a source: another case
// runs, instead of one whose init fails.
func TestUserConfigurationWithoutTheCase(t *testing.T) {
	t.Parallel()
	mirror := t.TempDir()
	unpacked(t, mirror, "5.100.0", "linux_amd64")
	online, offline := registryServer(t, http.StatusOK, "5.100.0", "6.22.0"), "http://127.0.0.1:1"
	const has5, none = "has only [5.100.0]", "names no place for it"
	const aMirror = "provider_installation {\n  filesystem_mirror {\n    path = \"MIRROR\"\n"
	for name, test := range map[string]struct {
		registry, text string
		want5, want6   string // why not; "": it is a source
	}{
		"a mirror":                     {online, aMirror + "  }\n}\n", "", has5},
		"a mirror, on one line":        {online, "provider_installation { filesystem_mirror { path = \"MIRROR\" } }\n", "", has5},
		"a mirror, direct for others":  {online, aMirror + "    include = [\"registry.terraform.io/*/*\"]\n  }\n  direct {\n    exclude = [\"registry.terraform.io/*/*\"]\n  }\n}\n", "", has5},
		"a mirror of others":           {online, aMirror + "    include = [\"example.com/*/*\"]\n  }\n  direct {\n    exclude = [\"hashicorp/aws\"]\n  }\n}\n", none, none},
		"a mirror, or direct":          {online, aMirror + "  }\n  direct {}\n}\n", "", ""},
		"a mirror, or direct, offline": {offline, aMirror + "  }\n  direct {}\n}\n", "", has5},
		"direct, offline":              {offline, "provider_installation {\n  direct {}\n}\n", "the registry", "the registry"},
		"a network mirror":             {offline, "provider_installation {\n  network_mirror {\n    url = \"https://example.com/\"\n  }\n}\n", "", ""},
		"dev_overrides":                {offline, "provider_installation {\n  dev_overrides {\n    \"hashicorp/aws\" = \"/x\"\n  }\n}\n", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := finder(t.TempDir())
			f.RegistryURL, f.UserConfig = test.registry, filepath.Join(t.TempDir(), "terraform.rc")
			write(t, f.UserConfig, strings.ReplaceAll(test.text, "MIRROR", mirror))
			for c, want := range map[Case]string{aws5: test.want5, aws6: test.want6} {
				sources, err := f.Find(t.Context(), c)
				if want != "" {
					assert.ErrorContains(t, err, want, c.Name)
					continue
				}
				require.NoError(t, err, c.Name)
				assert.Equal(t, []Source{{Kind: Configured, Path: f.UserConfig}}, sources, c.Name)
			}
		})
	}
}

func TestWriteConfig(t *testing.T) {
	t.Parallel()
	user := filepath.Join(t.TempDir(), "user.rc")
	write(t, user, "credentials \"example.com\" {\n  token = \"x\"\n}\n")
	tests := map[string]struct {
		user   string
		source Source
		has    []string
		lacks  []string
	}{
		"registry": {"", Source{Kind: Registry}, []string{"plugin_cache_dir", "direct {}"}, []string{"filesystem_mirror"}},
		"unpacked mirror": {"", Source{Kind: Mirror, Path: "/m"}, []string{
			`path    = "/m"`, `include = ["registry.terraform.io/hashicorp/aws"]`, `exclude = ["registry.terraform.io/hashicorp/aws"]`,
		}, []string{"plugin_cache_dir"}},
		"packed mirror":      {"", Source{Kind: Mirror, Path: "/m", Packed: true}, []string{"plugin_cache_dir", `path    = "/m"`}, nil},
		"the user's is kept": {user, Source{Kind: Registry}, []string{`credentials "example.com"`, "direct {}"}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			f := finder(dir)
			f.UserConfig = test.user
			path := filepath.Join(dir, "terraform.rc")
			require.NoError(t, f.WriteConfig(path, test.source, filepath.Join(dir, "cache")))
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			for _, part := range test.has {
				assert.Contains(t, string(text), part)
			}
			for _, part := range test.lacks {
				assert.NotContains(t, string(text), part)
			}
		})
	}
}

func TestImpliedMirrors(t *testing.T) {
	t.Parallel()
	dirs := ImpliedMirrors("/home/u", func(name string) string {
		return map[string]string{"TF_PLUGIN_CACHE_DIR": "/cache", "XDG_DATA_DIRS": "/x:/y"}[name]
	})
	for _, want := range []string{"/home/u/.terraform.d/plugins", "/home/u/.local/share/terraform/plugins", "/x/terraform/plugins", "/y/terraform/plugins", "/cache"} {
		assert.Contains(t, dirs, want)
	}
}
