package suite

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/sweep"
)

func TestASweepLeavesRunsAloneThatSomebodyMayBeAt(t *testing.T) {
	t.Parallel()
	s, out := newSuite(t, nil)
	d := network(t, s)
	require.NoError(t, d.applyStage(t.Context(), StageDeploy, nil))
	mine := s.workspace.Run.ID
	found := func() []sweep.Resource {
		return []sweep.Resource{
			{Key: "old", Run: "111111", Started: time.Now().Add(-4 * time.Hour)},
			{Key: "young", Run: "222222", Started: time.Now().Add(-2 * time.Hour)},
			{Key: "no start", Run: "333333"},
			{Key: "with a state", Run: mine, Started: time.Now().Add(-4 * time.Hour)},
		}
	}
	keys := func(named ...string) (keys []string) {
		t.Helper()
		abandoned, err := s.abandoned(found(), named)
		require.NoError(t, err)
		for _, r := range abandoned {
			keys = append(keys, r.Key)
		}
		return keys
	}
	assert.Equal(t, []string{"old"}, keys())
	said := out.String()
	assert.Contains(t, said, "run 222222 is left alone: it began 2h0m0s ago and may still be on; SWEEP_RUN=222222 to remove it all the same")
	assert.Contains(t, said, "run 333333 is left alone: nothing says when it began")
	assert.Contains(t, said, "run "+mine+" is left alone: its state is in ")
	assert.Equal(t, []string{"young", "with a state"}, keys("222222", mine), "those that are named, and no others")
}

func TestASweepRemovesOnlyWhenToldSo(t *testing.T) {
	t.Parallel()
	s, out := newSuite(t, nil)
	asked := ""
	answer := func(yes bool) func(string) bool {
		return func(question string) bool { asked = question; return yes }
	}
	assert.True(t, s.mayRemove(SweepOptions{Yes: true}, 3))
	assert.Empty(t, asked, "nobody is asked who has said yes")
	assert.True(t, s.mayRemove(SweepOptions{Ask: answer(true)}, 3))
	assert.Equal(t, "Remove these 3 resources? Only yes removes them: ", asked)
	assert.False(t, s.mayRemove(SweepOptions{Ask: answer(false)}, 3))
	assert.Contains(t, out.String(), "nothing is removed\n")
	assert.False(t, s.mayRemove(SweepOptions{}, 3))
	assert.Contains(t, out.String(), "nothing is removed: there is no terminal to ask on, SWEEP_YES=1 removes without asking")
}

func TestSweepTable(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	assert.Equal(t, "TYPE    RESOURCE  RUN     AGE\nsubnet  subnet-1  1a2b3c  unknown\nvpc     vpc-1     1a2b3c  26h5m\n", sweepTable([]sweep.Resource{
		{Type: "aws_subnet", Key: "subnet-1", Run: "1a2b3c"},
		{Type: "aws_vpc", Key: "vpc-1", Run: "1a2b3c", Started: now.Add(-26*time.Hour - 5*time.Minute)},
	}, now))
}

func TestASweepStartsNoLocalaws(t *testing.T) {
	t.Parallel()
	s, _ := newSuite(t, nil)
	require.NoError(t, os.RemoveAll(s.workspace.LocalawsDir()))
	assert.ErrorContains(t, s.sweep(SweepOptions{Yes: true}), "no localaws runs in ")
}

func TestTagsSayWhoseAllIs(t *testing.T) {
	t.Parallel()
	s, _ := newSuite(t, nil)
	tags := s.common(nil)["tags"].(map[string]string)
	assert.Equal(t, s.workspace.Run.ID, tags[TagRun])
	assert.Equal(t, "test", tags[TagSpace])
	started, err := time.Parse(time.RFC3339, tags[TagStarted])
	require.NoError(t, err)
	assert.WithinDuration(t, time.Now(), started, time.Hour)
}
