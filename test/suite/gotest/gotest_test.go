package gotest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAPatternThatFitsNoTestIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"main_test.go":  "package test\n\nfunc TestMain(m *testing.M) {}\n",
		"httpd_test.go": "package test\n\nfunc TestHTTPD(t *testing.T) {}\n\nfunc helper(t *testing.T) {}\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	for name, test := range map[string]struct{ pattern, want string }{
		"none":                          {"", ""},
		"none, to compile only":         {"^$", ""},
		"a name":                        {"^TestHTTPD$", ""},
		"a case":                        {"TestHTTPD/aws-5", ""},
		"any test, a case":              {"./aws-5", ""},
		"alternatives":                  {"TestNone|TestHTTPD", ""},
		"alternatives with cases":       {"TestNone/aws-5|TestHTTPD/aws-6", ""},
		"an invalid pattern":            {"Test(", ""},
		"another name":                  {"TestHTTPS", `TEST_FILTER, or -run: no test matches "TestHTTPS"; the tests are TestHTTPD`},
		"another name, a case":          {"TestHTTPS/aws-5", `no test matches "TestHTTPS/aws-5"`},
		"an expression of another tool": {"test_httpd and aws-6", `no test matches "test_httpd and aws-6"`},
		"TestMain, which is none":       {"TestMain", `no test matches "TestMain"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := CheckPattern(test.pattern, dir)
			if test.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, test.want)
		})
	}
	require.NoError(t, CheckPattern("TestHTTPS", t.TempDir()), "in a folder without tests")
}
