package suite

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// withoutAWS6 chooses the configurations' provider where aws-6 can't be had.
func withoutAWS6(t *testing.T, variables map[string]string) (said string, err error) {
	t.Helper()
	s, out := newSuite(t, variables)
	s.found["aws-6"] = foundSources{err: errors.New("aws-6: can be had from nowhere")}
	c := &Configurations{suite: s, dir: t.TempDir()}
	require.NoError(t, os.Mkdir(filepath.Join(c.dir, "tree"), 0o755))
	err = c.chooseProvider()
	return out.String(), err
}

func TestConfigurationsSayThatTheyFallBack(t *testing.T) {
	t.Parallel()
	said, err := withoutAWS6(t, nil)
	require.NoError(t, err)
	assert.Contains(t, said, "FALL-BACK to aws-5: aws-6: can be had from nowhere")
}

func TestConfigurationsObeyRequireProviders(t *testing.T) {
	t.Parallel()
	_, err := withoutAWS6(t, map[string]string{"REQUIRE_PROVIDERS": "aws-6"})
	assert.ErrorContains(t, err, "REQUIRE_PROVIDERS=aws-6: aws-6: can be had from nowhere")
}
