package suite

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/providers"
)

func TestAPatternThatFitsNoTestIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	lay(t, dir, map[string]string{
		"main_test.go":  "package test\n\nfunc TestMain(m *testing.M) {}\n",
		"httpd_test.go": "package test\n\nfunc TestHTTPD(t *testing.T) {}\n\nfunc helper(t *testing.T) {}\n",
	})
	for name, test := range map[string]struct{ pattern, want string }{
		"none":                          {"", ""},
		"none, to compile only":         {"^$", ""},
		"a name":                        {"^TestHTTPD$", ""},
		"a case":                        {"TestHTTPD/aws-5", ""},
		"any test, a case":              {"./aws-5", ""},
		"alternatives":                  {"TestNone|TestHTTPD", ""},
		"alternatives with cases":       {"TestNone/aws-5|TestHTTPD/aws-6", ""},
		"what is no pattern":            {"Test(", ""},
		"another name":                  {"TestHTTPS", `TEST_FILTER, or -run: no test fits "TestHTTPS", there are TestHTTPD`},
		"another name, a case":          {"TestHTTPS/aws-5", `no test fits "TestHTTPS/aws-5"`},
		"an expression of another tool": {"test_httpd and aws-6", `no test fits "test_httpd and aws-6"`},
		"TestMain, which is none":       {"TestMain", `no test fits "TestMain"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := checkPattern(test.pattern, dir)
			if test.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, test.want)
		})
	}
	require.NoError(t, checkPattern("TestHTTPS", t.TempDir()), "in a folder without tests")
}

func TestARunThatLeavesOutEveryCaseFails(t *testing.T) {
	t.Parallel()
	s, out := newSuite(t, nil)
	s.askForCases()
	assert.Equal(t, exitFailed, s.finish(0))
	assert.Contains(t, out.String(), "nothing was tested: -run ")

	s, out = newSuite(t, nil)
	s.askForCases()
	s.countCase(providers.Case{Name: "aws-5"}, nil)
	assert.Zero(t, s.finish(0))
	assert.NotContains(t, out.String(), "nothing was tested")
}
