package suite

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/progress"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/report"
	"github.com/infrahouse/terraform-aws-ecs/test/targethealth"
)

// written reads a report of a run.
func written(t *testing.T, s *Suite, what, extension string) string {
	t.Helper()
	text, err := os.ReadFile(s.reportPath(what, extension))
	require.NoError(t, err)
	return string(text)
}

func TestARunHasItsReports(t *testing.T) {
	t.Parallel()
	summary := filepath.Join(t.TempDir(), "summary")
	require.NoError(t, os.WriteFile(summary, []byte("of an earlier step\n"), 0o600))
	s, out := newSuite(t, map[string]string{"GITHUB_STEP_SUMMARY": summary})
	d := network(t, s)
	require.NoError(t, d.applyStage(t.Context(), StageDeploy, nil))
	require.Equal(t, 0, s.finish(0))

	assert.Contains(t, written(t, s, "junit", ".xml"), `tests="2" failures="0"`, "deploy and teardown, of one deployment")
	assert.Contains(t, written(t, s, "report", ".html"), "1 destroyed")
	markdown := written(t, s, "summary", ".md")
	assert.Contains(t, markdown, "| TestX | aws-5 | deploy |")
	assert.Contains(t, markdown, "Integration tests on localaws: passed")
	appended, err := os.ReadFile(summary)
	require.NoError(t, err)
	assert.Equal(t, "of an earlier step\n"+markdown, string(appended))
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	assert.Equal(t, "report: "+s.reportPath("report", ".html"), lines[len(lines)-1])
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
			s, _ := newSuite(t, nil)
			require.NoError(t, network(t, s).applyStage(t.Context(), StageDeploy, nil))
			for _, interrupt := range s.runInterrupts()[:test.interrupts] {
				interrupt()
			}
			s.finish(test.code)
			assert.Contains(t, written(t, s, "summary", ".md"), "Integration tests on localaws: "+string(test.want))
			assert.Equal(t, test.interrupts == 2, strings.Contains(written(t, s, "report", ".html"), `id="kept"`))
		})
	}
}

// A kept deployment that is validated again has stages that did nothing.
func TestReportsOfAKeptRun(t *testing.T) {
	t.Parallel()
	s, _ := newSuite(t, map[string]string{"SKIP_teardown": "1"})
	require.NoError(t, network(t, s).applyStage(t.Context(), StageDeploy, nil))
	again := network(t, s)
	require.NoError(t, again.applyStage(t.Context(), StageDeploy, nil))
	require.NoError(t, again.teardown(t.Context()))
	run := s.reportRun(0, s.kept("SKIP_teardown is set"))
	require.Len(t, run.Deployments, 1)
	var says []string
	for _, stage := range run.Deployments[0].Stages {
		says = append(says, strings.TrimSpace(stage.Result()+" "+headlineOf(strings.Split(stage.Says(), " (log")[0])))
	}
	assert.Equal(t, []string{"passed 1 resources", "passed kept, nothing has changed", "skipped SKIP_teardown"}, says)
	assert.Equal(t, &report.Changes{Added: 1}, run.Deployments[0].Stages[0].Changes)
	assert.Nil(t, run.Deployments[0].Stages[1].Changes, "no Terraform ran")
	require.NoError(t, s.writeReports(run))
}

func TestHealthIsReported(t *testing.T) {
	t.Parallel()
	s, _ := newSuite(t, nil)
	d := network(t, s)
	require.NoError(t, d.applyStage(t.Context(), StageDeploy, nil))
	began := time.Now()
	d.noteHealth(
		[]targethealth.Group{{Key: "primary", Listener: "HTTPS:443"}, {Key: "extra", Listener: "HTTPS:8081", ContainerPort: 8081}},
		targethealth.Snapshot{
			Targets: map[string][]targethealth.Target{"primary": {{InstanceID: "i-1", HostPort: 32768, ContainerPort: 80, State: "unhealthy", Reason: "Target.Timeout", Description: "Request timed out"}}},
			Service: ecstypes.Service{Events: []ecstypes.ServiceEvent{{CreatedAt: aws.Time(began), Message: aws.String("has started 1 tasks")}}},
		},
		targethealth.Timeline{Began: began, Ended: began.Add(time.Second), Changes: []targethealth.Change{{At: began, Key: "primary", Target: "i-1:32768", State: "unhealthy"}}},
	)
	deployment := s.reportRun(1, "").Deployments[0]
	assert.Equal(t, []report.Target{
		{Group: "primary", Listener: "HTTPS:443", Target: "i-1:32768", ContainerPort: 80, State: "unhealthy", Reason: "Target.Timeout Request timed out", HealthyAfter: "-"},
		{Group: "extra", Listener: "HTTPS:8081", Target: "-", ContainerPort: 8081, State: "empty", Reason: "no target is registered", HealthyAfter: "-"},
	}, deployment.Targets)
	assert.Equal(t, []report.Event{{At: began, Message: "has started 1 tasks"}}, deployment.Events)
	require.Len(t, deployment.Watches, 1)
	assert.Equal(t, []report.Change{{At: began, Group: "primary", Target: "i-1:32768", State: "unhealthy"}}, deployment.Watches[0].Changes)
}

const initialTarget = `<DescribeTargetHealthResponse xmlns="http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"><DescribeTargetHealthResult>
<TargetHealthDescriptions><member><Target><Id>i-1</Id><Port>32768</Port></Target><TargetHealth><State>initial</State><Reason>Elb.InitialHealthChecking</Reason></TargetHealth></member></TargetHealthDescriptions>
</DescribeTargetHealthResult></DescribeTargetHealthResponse>`

// While an apply waits for the service, the health of the target groups that it
// made is written down.
func TestHealthIsRecordedDuringAnApply(t *testing.T) {
	t.Parallel()
	const arn = "arn:aws:elasticloadbalancing:us-west-2:123456789012:targetgroup/web-extra/0123456789abcdef"
	asked := make(chan string, 100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.FormValue("TargetGroupArn")
		_, _ = io.WriteString(w, initialTarget)
	}))
	defer server.Close()
	s, _ := newSuite(t, nil)
	s.cloud = &nowhere{config: aws.Config{
		Region: "us-west-2", BaseEndpoint: aws.String(server.URL), Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
	}}
	d := network(t, s)
	line, stop := d.recordHealth(t.Context(), "apply")
	line("module.pod.aws_lb.this: Creation complete after 2s [id=arn:aws:elasticloadbalancing:us-west-2:123456789012:loadbalancer/app/web/1]")
	line(`aws_lb_target_group.extra["web"]: Creation complete after 1s [id=` + arn + `]`)
	for range 2 { // the first look is taken up before the second one
		assert.Equal(t, arn, <-asked)
	}
	stop()
	d.seen.stages = []report.Stage{{Name: StageDeploy}}
	watches := s.reportRun(0, "").Deployments[0].Watches
	require.Len(t, watches, 1)
	assert.Equal(t, "apply", watches[0].Stage)
	require.Len(t, watches[0].Changes, 1)
	change := watches[0].Changes[0]
	assert.Equal(t, []string{"web-extra", "i-1:32768", "initial", "Elb.InitialHealthChecking"}, []string{change.Group, change.Target, change.State, change.Reason})

	d.noteHealth([]targethealth.Group{{Key: "extra", ARN: arn}}, targethealth.Snapshot{}, targethealth.Timeline{})
	assert.Equal(t, "extra", s.reportRun(0, "").Deployments[0].Watches[0].Changes[0].Group, "once the validation has named it")
}

// What explains a failed validation is in the reports, not only in the test's
// output.
func TestReportsExplainAFailedValidation(t *testing.T) {
	t.Parallel()
	s, _ := newSuite(t, nil)
	d := network(t, s)
	err := d.stage(StageValidate, func(*progress.Task) (string, error) {
		v := &Validation{d: d, explanation: "target group \"extra\" is empty\n\nservice events:\n  none"}
		return "", v.failure(t.Context())
	})
	require.ErrorIs(t, err, errFailed, "the test has said it")
	s.finish(1)
	for what, extension := range map[string]string{"junit": ".xml", "summary": ".md", "report": ".html"} {
		assert.Contains(t, written(t, s, what, extension), "service events:", what)
	}
}
