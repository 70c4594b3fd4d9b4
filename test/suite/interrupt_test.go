package suite

import (
	"bytes"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEndingKeepsOrDestroys(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		ending ending
		want   string // why it keeps; "": it destroys
	}{
		"all went well":                          {ending{deployed: 3}, ""},
		"interrupted":                            {ending{tests: ErrInterrupted, deployed: 3}, ""},
		"interrupted before anything was made":   {ending{tests: ErrInterrupted}, ""},
		"interrupted twice":                      {ending{tests: ErrInterrupted, teardown: errInterruptedTwice, deployed: 3}, "interrupted twice"},
		"interrupted twice, so a destroy failed": {ending{tests: ErrInterrupted, teardown: errInterruptedTwice, failed: true, deployed: 3}, "interrupted twice"},
		"asked to keep":                          {ending{asked: true, deployed: 3}, "SKIP_teardown is set"},
		"asked to keep, interrupted":             {ending{tests: ErrInterrupted, asked: true, deployed: 3}, "interrupted, and SKIP_teardown is set"},
		"asked to keep, but nothing is there":    {ending{asked: true}, ""},
		"the timeout is near":                    {ending{tests: errTime, teardown: errTime, deployed: 3}, errTime.Error()},
		"a destroy failed":                       {ending{failed: true, deployed: 3}, "a destroy failed"},
		"a destroy failed, interrupted":          {ending{tests: ErrInterrupted, failed: true, deployed: 3}, "a destroy failed"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, test.ending.keep())
		})
	}
}

// said waits until a deployment's Terraform has said something.
func said(t *testing.T, d *Deployment, text string) {
	t.Helper()
	require.Eventually(t, func() bool {
		log, err := os.ReadFile(d.LogPath())
		return err == nil && bytes.Contains(log, []byte(text))
	}, 20*time.Second, 5*time.Millisecond)
}

// interruptApply interrupts a run in the middle of an apply.
func interruptApply(t *testing.T, variables map[string]string, interrupts int) (*Suite, *Deployment, *bytes.Buffer) {
	t.Helper()
	s, out := newSuite(t, variables)
	s.Mutate = func(_ *Deployment, files map[string][]byte) { files["test_data/network/slow"] = nil }
	d := network(t, s)
	done := make(chan error, 1)
	go func() { done <- d.applyStage(s.ctx, StageDeploy, nil) }()
	said(t, d, "Creating...")
	for _, interrupt := range s.runInterrupts()[:interrupts] {
		interrupt()
	}
	require.ErrorIs(t, <-done, ErrInterrupted)
	n, err := resourcesInState(d.Dir)
	require.NoError(t, err)
	assert.Equal(t, 1, n, "resources in the state: Terraform had the time to save it")
	return s, d, out
}

func TestFirstInterruptDestroys(t *testing.T) {
	t.Parallel()
	s, _, out := interruptApply(t, nil, 1)
	assert.Equal(t, exitInterrupted, s.finish(1))
	assert.NoDirExists(t, s.workspace.Dir)
	assert.True(t, s.cloud.(*nowhere).closed)
	assert.Contains(t, out.String(), "then all is destroyed; interrupt again to keep it")
	assert.Contains(t, out.String(), "nothing is left")
}

func TestFirstInterruptKeepsWhatShouldBeKept(t *testing.T) {
	t.Parallel()
	s, d, out := interruptApply(t, map[string]string{"SKIP_teardown": "1"}, 1)
	assert.Equal(t, exitInterrupted, s.finish(1))
	assert.DirExists(t, d.Dir)
	assert.Contains(t, out.String(), "interrupted, and SKIP_teardown is set: what was made is kept with its state in "+s.workspace.Dir+"; the same command goes on with it, `make test-clean` destroys it")
}

func TestSecondInterruptKeeps(t *testing.T) {
	t.Parallel()
	s, d, out := interruptApply(t, nil, 2)
	assert.Equal(t, exitInterrupted, s.finish(1))
	assert.DirExists(t, d.Dir)
	assert.False(t, s.cloud.(*nowhere).closed)
	assert.NotContains(t, calls(t, d), "destroy")
	assert.Contains(t, out.String(), "interrupted twice: what was made is kept")
}

// A second interrupt while the first one's teardown is under way.
func TestSecondInterruptEndsTheTeardown(t *testing.T) {
	t.Parallel()
	s, out := newSuite(t, nil)
	s.Mutate = func(_ *Deployment, files map[string][]byte) { files["test_data/network/slow-destroy"] = nil }
	d := network(t, s)
	require.NoError(t, d.applyStage(s.ctx, StageDeploy, nil))
	interrupts := s.runInterrupts()
	interrupts[0]()
	code := make(chan int, 1)
	go func() { code <- s.finish(1) }()
	said(t, d, "Destroying...")
	interrupts[1]()
	assert.Equal(t, exitInterrupted, <-code)
	n, err := resourcesInState(d.Dir)
	require.NoError(t, err)
	assert.Equal(t, 1, n, "resources in the state")
	assert.Contains(t, out.String(), "interrupted twice: what was made is kept")
}

// A teardown that is under way goes on at the first interrupt.
func TestFirstInterruptLeavesATeardownAlone(t *testing.T) {
	t.Parallel()
	s, _ := newSuite(t, nil)
	s.Mutate = func(_ *Deployment, files map[string][]byte) { files["test_data/network/slow-destroy"] = nil }
	d := network(t, s)
	require.NoError(t, d.applyStage(s.ctx, StageDeploy, nil))
	done := make(chan struct{})
	go func() { defer close(done); d.Teardown(t) }()
	said(t, d, "Destroying...")
	s.runInterrupts()[0]()
	lay(t, d.WorkDir(), map[string]string{"end": ""})
	<-done
	n, err := resourcesInState(d.Dir)
	require.NoError(t, err)
	assert.Zero(t, n, "resources in the state")
}

func TestTheTimeoutsNearnessKeeps(t *testing.T) {
	t.Parallel()
	s, out := newSuite(t, nil)
	d := network(t, s)
	require.NoError(t, d.applyStage(s.ctx, StageDeploy, nil))
	s.watch(40*time.Millisecond, s.runInterrupts())
	<-s.teardownCtx.Done()
	assert.Equal(t, exitFailed, s.finish(exitFailed))
	close(s.finished)
	s.watching.Wait()
	assert.DirExists(t, d.Dir)
	assert.Contains(t, out.String(), "the time of go test -timeout is nearly over: what was made is kept")
}
