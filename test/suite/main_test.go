package suite

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/progress"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/report"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/run"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/stages"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/suitetest"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/workdir"
)

// resources counts what the state of a deployment has.
func resources(t *testing.T, d *stages.Deployment) int {
	t.Helper()
	n, err := workdir.Resources(d.Dir)
	require.NoError(t, err)
	return n
}

// written reads a report of a run.
func written(t *testing.T, r *run.Run, what, extension string) string {
	t.Helper()
	text, err := os.ReadFile(r.Reports().Path(what, extension))
	require.NoError(t, err)
	return string(text)
}

func TestARunDestroysAllAndLooksWhatIsLeft(t *testing.T) {
	t.Parallel()
	r, out := suitetest.NewRun(t, nil)
	suitetest.Deploy(t, suitetest.Network(t, r))
	assert.Equal(t, 0, finish(r, 0))
	assert.Contains(t, out.String(), "nothing is left")
	assert.Contains(t, out.String(), "ran with Terraform 1.11.4; aws-5: hashicorp/aws 5.100.0 from mirror "+r.Settings.Mirror)
	assert.NoDirExists(t, r.Workdir.Path)
	assert.True(t, r.Cloud.(*suitetest.Nowhere).Closed)
	assert.Contains(t, written(t, r, "junit", ".xml"), `<testcase name="deploy"`)
}

func TestARunFailsWhenSomethingIsLeft(t *testing.T) {
	t.Parallel()
	r, out := suitetest.NewRun(t, nil)
	r.Cloud = &suitetest.Nowhere{Left: []string{"ec2: 1 vpc"}}
	suitetest.Deploy(t, suitetest.Network(t, r))
	assert.Equal(t, 1, finish(r, 0))
	assert.Contains(t, out.String(), "everything was destroyed, yet this is left: ec2: 1 vpc")
	assert.Contains(t, written(t, r, "report", ".html"), "yet this is left: ec2: 1 vpc")
	assert.False(t, r.Cloud.(*suitetest.Nowhere).Closed)
}

// What failed is in the first line wherever a run is looked at: the target group, the
// target, the reason, and the codes.
func TestTheCauseOfAFailureLeadsEveryReport(t *testing.T) {
	t.Parallel()
	const headline = `"otlp_grpc_api" i-0123456789abcdef0:32768: Target.ResponseCodeMismatch [404]`
	r, out := suitetest.NewRun(t, nil)
	d := suitetest.Network(t, r)
	require.Error(t, d.Stage(stages.Validate, func(*progress.Task) (string, error) {
		return "", errors.New(headline + ": the health check's path answers another code; 3 tasks stopped\n\nKEY")
	}))
	assert.Equal(t, 1, finish(r, 1))
	assert.Regexp(t, "(?m)^validate .*"+regexp.QuoteMeta(headline)+".*FAILED$", out.String())
	quoted := strings.ReplaceAll(headline, `"`, "&#34;")
	assert.Contains(t, written(t, r, "report", ".html"), `<span class="failed">`+quoted)
	assert.Contains(t, written(t, r, "junit", ".xml"), `<failure message="`+quoted)
	assert.Contains(t, written(t, r, "summary", ".md"), "validate: "+quoted)
}

func TestARunFailsWhenNothingWasTested(t *testing.T) {
	t.Parallel()
	r, out := suitetest.NewRun(t, nil)
	r.Journal.CountCase(errors.New("aws-6: is not available anywhere"))
	assert.Equal(t, 1, finish(r, 0))
	assert.Contains(t, out.String(), "SKIPPED aws-6: is not available anywhere")
	assert.Contains(t, out.String(), "nothing was tested")
}

func TestARunThatLeavesOutEveryCaseFails(t *testing.T) {
	t.Parallel()
	r, out := suitetest.NewRun(t, nil)
	r.Journal.AskForCases()
	assert.Equal(t, run.ExitFailed, finish(r, 0))
	assert.Contains(t, out.String(), "nothing was tested: -run ")

	r, out = suitetest.NewRun(t, nil)
	r.Journal.AskForCases()
	r.Journal.CountCase(nil)
	assert.Zero(t, finish(r, 0))
	assert.NotContains(t, out.String(), "nothing was tested")
}

func TestFirstInterruptDestroys(t *testing.T) {
	t.Parallel()
	r, d, out := suitetest.Interrupted(t, nil, 1)
	assert.Equal(t, 1, resources(t, d), "resources in the state: Terraform had the time to save it")
	assert.Equal(t, run.ExitInterrupted, finish(r, 1))
	assert.NoDirExists(t, r.Workdir.Path)
	assert.True(t, r.Cloud.(*suitetest.Nowhere).Closed)
	assert.Contains(t, out.String(), "then all is destroyed; interrupt again to keep it")
	assert.Contains(t, out.String(), "nothing is left")
}

func TestFirstInterruptKeepsWhatShouldBeKept(t *testing.T) {
	t.Parallel()
	r, d, out := suitetest.Interrupted(t, map[string]string{"SKIP_teardown": "1"}, 1)
	assert.Equal(t, run.ExitInterrupted, finish(r, 1))
	assert.DirExists(t, d.Dir)
	assert.Contains(t, out.String(), "interrupted, and SKIP_teardown is set: what was made is kept with its state in "+r.Workdir.Path+"; the same command goes on with it, `make test-clean` destroys it")
}

func TestSecondInterruptKeeps(t *testing.T) {
	t.Parallel()
	r, d, out := suitetest.Interrupted(t, nil, 2)
	assert.Equal(t, run.ExitInterrupted, finish(r, 1))
	assert.DirExists(t, d.Dir)
	assert.Equal(t, 1, resources(t, d), "resources in the state")
	assert.False(t, r.Cloud.(*suitetest.Nowhere).Closed)
	assert.NotContains(t, suitetest.Calls(t, d), "destroy")
	assert.Contains(t, out.String(), "interrupted twice: what was made is kept")
}

// A second interrupt while the first one's teardown is under way.
func TestSecondInterruptEndsTheTeardown(t *testing.T) {
	t.Parallel()
	r, out := suitetest.NewRun(t, nil)
	d := suitetest.Network(t, r, map[string]string{"slow-destroy": ""})
	suitetest.Deploy(t, d)
	interrupts := r.Interrupts.OfRun(false)
	interrupts[0]()
	code := make(chan int, 1)
	go func() { code <- finish(r, 1) }()
	suitetest.WaitFor(t, d, "Destroying...")
	interrupts[1]()
	assert.Equal(t, run.ExitInterrupted, <-code)
	assert.Equal(t, 1, resources(t, d), "resources in the state")
	assert.Contains(t, out.String(), "interrupted twice: what was made is kept")
}

// A teardown that is under way goes on at the first interrupt.
func TestFirstInterruptLeavesATeardownAlone(t *testing.T) {
	t.Parallel()
	r, _ := suitetest.NewRun(t, nil)
	d := suitetest.Network(t, r, map[string]string{"slow-destroy": ""})
	suitetest.Deploy(t, d)
	done := make(chan struct{})
	go func() { defer close(done); (&Deployment{Deployment: d, run: r}).Teardown(t) }()
	suitetest.WaitFor(t, d, "Destroying...")
	r.Interrupts.OfRun(false)[0]()
	suitetest.Lay(t, d.WorkDir(), map[string]string{"end": ""})
	<-done
	assert.Zero(t, resources(t, d), "resources in the state")
}

func TestTheTimeoutsNearnessKeeps(t *testing.T) {
	t.Parallel()
	r, out := suitetest.NewRun(t, nil)
	d := suitetest.Network(t, r)
	suitetest.Deploy(t, d)
	r.Interrupts.Watch(40*time.Millisecond, r.Interrupts.OfRun(false))
	<-r.Interrupts.Teardown.Done()
	assert.Equal(t, run.ExitFailed, finish(r, run.ExitFailed))
	r.Interrupts.Close()
	assert.DirExists(t, d.Dir)
	assert.Contains(t, out.String(), "the time of go test -timeout is nearly over: what was made is kept")
}

func TestARunHasItsReports(t *testing.T) {
	t.Parallel()
	summary := filepath.Join(t.TempDir(), "summary")
	require.NoError(t, os.WriteFile(summary, []byte("of an earlier step\n"), 0o600))
	r, out := suitetest.NewRun(t, map[string]string{"GITHUB_STEP_SUMMARY": summary})
	suitetest.Deploy(t, suitetest.Network(t, r))
	require.Equal(t, 0, finish(r, 0))

	assert.Contains(t, written(t, r, "junit", ".xml"), `tests="2" failures="0"`, "deploy and teardown, of one deployment")
	assert.Contains(t, written(t, r, "report", ".html"), "1 destroyed")
	markdown := written(t, r, "summary", ".md")
	assert.Contains(t, markdown, "| TestX | aws-5 | deploy |")
	assert.Contains(t, markdown, "Integration tests on localaws: passed")
	appended, err := os.ReadFile(summary)
	require.NoError(t, err)
	assert.Equal(t, "of an earlier step\n"+markdown, string(appended))
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	assert.Equal(t, "report: "+r.Reports().Path("report", ".html"), lines[len(lines)-1])
}

func TestReportsTellHowARunEnded(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		code       int
		interrupts int
		want       report.Verdict
	}{
		"passed": {0, 0, report.Passed}, "failed": {1, 0, report.Failed},
		"interrupted": {1, 1, report.Interrupted}, "interrupted twice": {1, 2, report.Interrupted},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _ := suitetest.NewRun(t, nil)
			suitetest.Deploy(t, suitetest.Network(t, r))
			for _, interrupt := range r.Interrupts.OfRun(false)[:test.interrupts] {
				interrupt()
			}
			finish(r, test.code)
			assert.Contains(t, written(t, r, "summary", ".md"), "Integration tests on localaws: "+string(test.want))
			assert.Equal(t, test.interrupts == 2, strings.Contains(written(t, r, "report", ".html"), `id="kept"`))
		})
	}
}

// A kept deployment that is validated again has stages that did nothing.
func TestReportsOfAKeptRun(t *testing.T) {
	t.Parallel()
	r, _ := suitetest.NewRun(t, map[string]string{"SKIP_teardown": "1"})
	suitetest.Deploy(t, suitetest.Network(t, r))
	again := suitetest.Network(t, r)
	suitetest.Deploy(t, again)
	require.NoError(t, again.TeardownStage(t.Context()))
	told := reportOf(r, 0, r.Kept("SKIP_teardown is set"))
	require.Len(t, told.Deployments, 1)
	var says []string
	for _, stage := range told.Deployments[0].Stages {
		headline, _, _ := strings.Cut(stage.Says(), " (log")
		says = append(says, strings.TrimSpace(stage.Result()+" "+headline))
	}
	assert.Equal(t, []string{"passed 1 resources", "passed kept, nothing has changed", "skipped SKIP_teardown"}, says)
	assert.Equal(t, &report.Changes{Added: 1}, told.Deployments[0].Stages[0].Changes)
	assert.Nil(t, told.Deployments[0].Stages[1].Changes, "no Terraform ran")
	require.NoError(t, r.Reports().WriteReports(told))
}

func TestHostPort(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]int{"https://a.example.com/": 443, "http://a.example.com": 80, "https://a.example.com:8081/x": 8081} {
		host, port, err := hostPort(address)
		require.NoError(t, err)
		assert.Equal(t, "a.example.com", host)
		assert.Equal(t, want, port, address)
	}
	_, _, err := hostPort("ftp://a.example.com")
	assert.Error(t, err)
}
