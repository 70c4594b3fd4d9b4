package cleanup

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/suitetest"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/sweep"
)

func TestASweepLeavesRunsAloneThatMayBeUnderWay(t *testing.T) {
	t.Parallel()
	r, out := suitetest.NewRun(t, nil)
	suitetest.Deploy(t, suitetest.Network(t, r))
	mine := r.Workdir.Run.ID
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
		abandoned, err := sweeper{r, SweepOptions{Runs: named}}.abandoned(found())
		require.NoError(t, err)
		for _, resource := range abandoned {
			keys = append(keys, resource.Key)
		}
		return keys
	}
	assert.Equal(t, []string{"old"}, keys())
	said := out.String()
	assert.Contains(t, said, "run 222222 is left alone: it began 2h0m0s ago and may still be on; SWEEP_RUN=222222 to remove it anyway")
	assert.Contains(t, said, "run 333333 is left alone: nothing says when it began")
	assert.Contains(t, said, "run "+mine+" is left alone: its state is in ")
	assert.Equal(t, []string{"young", "with a state"}, keys("222222", mine), "those that are named, and no others")
}

func TestASweepRemovesOnlyWhenToldSo(t *testing.T) {
	t.Parallel()
	r, out := suitetest.NewRun(t, nil)
	asked := ""
	answer := func(yes bool) func(string) bool {
		return func(question string) bool { asked = question; return yes }
	}
	assert.True(t, sweeper{r, SweepOptions{Yes: true}}.mayRemove(3))
	assert.Empty(t, asked, "a user who has said yes is not asked")
	assert.True(t, sweeper{r, SweepOptions{Ask: answer(true)}}.mayRemove(3))
	assert.Equal(t, "Remove these 3 resources? Only yes removes them: ", asked)
	assert.False(t, sweeper{r, SweepOptions{Ask: answer(false)}}.mayRemove(3))
	assert.Contains(t, out.String(), "nothing is removed\n")
	assert.False(t, sweeper{r, SweepOptions{}}.mayRemove(3))
	assert.Contains(t, out.String(), "nothing is removed: there is no terminal to ask on; SWEEP_YES=1 removes without asking")
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
	r, _ := suitetest.NewRun(t, nil)
	require.NoError(t, os.RemoveAll(r.Workdir.LocalawsDir()))
	assert.ErrorContains(t, sweeper{r, SweepOptions{Yes: true}}.sweep(), "no localaws runs in ")
}
