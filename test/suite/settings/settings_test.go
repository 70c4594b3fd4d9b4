package settings

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// environment plays os.Getenv.
func environment(variables map[string]string) func(string) string {
	return func(name string) string { return variables[name] }
}

func TestRead(t *testing.T) {
	t.Parallel()
	s, err := Read(environment(nil))
	require.NoError(t, err)
	assert.Equal(t, []string{Local, "us-west-2", "test"}, []string{s.Cloud, s.Region, s.Space})
	assert.False(t, s.Skips("teardown"))

	s, err = Read(environment(map[string]string{
		"TEST_REGION": "eu-west-1", "REQUIRE_PROVIDERS": "aws-6, aws-5", "TEST_PROVIDERS": "newest", "SKIP_teardown": "1",
	}))
	require.NoError(t, err)
	assert.Equal(t, "eu-west-1", s.Region)
	assert.Equal(t, []string{"aws-6", "aws-5"}, s.RequireProviders)
	assert.True(t, s.NewestOnly)
	assert.True(t, s.Skips("teardown"))
	assert.False(t, s.Skips("deploy"))
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		variables map[string]string
		want      string
	}{
		"another cloud":     {map[string]string{"TEST_CLOUD": "azure"}, "TEST_CLOUD=azure is not a known cloud: set local (the embedded AWS, the default) or aws"},
		"AWS, no account":   {map[string]string{"TEST_CLOUD": "aws", "TEST_ZONE_NAME": "a.example"}, "TEST_ACCOUNT is not set"},
		"no account's id":   {map[string]string{"TEST_CLOUD": "aws", "TEST_ACCOUNT": "prod"}, "TEST_ACCOUNT=prod is not an account"},
		"AWS without zone":  {map[string]string{"TEST_CLOUD": "aws", "TEST_ACCOUNT": "123456789012"}, "TEST_ZONE_NAME is not set"},
		"no role":           {map[string]string{"TEST_CLOUD": "aws", "TEST_ACCOUNT": "123456789012", "TEST_ZONE_NAME": "a.example", "TEST_ROLE": "tests"}, "TEST_ROLE=tests is not a role"},
		"Terratest's role":  {map[string]string{"TERRATEST_IAM_ROLE": "arn:x"}, "TERRATEST_IAM_ROLE=arn:x would bypass the chosen cloud"},
		"no constraint":     {map[string]string{"TEST_AWS6_VERSION": "six"}, `"six" is not a version constraint`},
		"no case":           {map[string]string{"REQUIRE_PROVIDERS": "aws-7"}, `there is no case "aws-7"; the cases are aws-5, aws-6, aws-6-latest`},
		"no mirror":         {map[string]string{"TEST_PROVIDER_MIRROR": "/nowhere"}, "TEST_PROVIDER_MIRROR=/nowhere is not a directory"},
		"no mode":           {map[string]string{"TEST_PROVIDERS": "oldest"}, "TEST_PROVIDERS=oldest is unknown: set all or newest"},
		"no name for space": {map[string]string{"TEST_SPACE": "../up"}, "TEST_SPACE=../up must be"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Read(environment(test.variables))
			require.ErrorContains(t, err, test.want)
			assert.NotContains(t, err.Error(), "\n", "one line")
		})
	}
}
