package run_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/run"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/suitetest"
)

func TestTagsSayWhoseAllIs(t *testing.T) {
	t.Parallel()
	r, _ := suitetest.NewRun(t, nil)
	tags := r.Variables(nil)["tags"].(map[string]string)
	assert.Equal(t, r.Workdir.Run.ID, tags[run.TagRun])
	assert.Equal(t, "test", tags[run.TagSpace])
	started, err := time.Parse(time.RFC3339, tags[run.TagStarted])
	require.NoError(t, err)
	assert.WithinDuration(t, time.Now(), started, time.Hour)
}
