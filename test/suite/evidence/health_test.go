package evidence

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/report"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/workdir"
	"github.com/infrahouse/terraform-aws-ecs/test/targethealth"
)

// deployed is a deployment that has been deployed.
func deployed(t *testing.T, j *Journal) *Deployment {
	t.Helper()
	d := j.Add(&workdir.Deployment{Dir: t.TempDir()})
	d.AddStage(report.Stage{Name: "deploy", Began: time.Now()})
	return d
}

func TestHealthIsReported(t *testing.T) {
	t.Parallel()
	j := New(func(string) {})
	d := deployed(t, j)
	began := time.Now()
	d.NoteHealth("validate",
		[]targethealth.Group{{Key: "primary", Listener: "HTTPS:443"}, {Key: "extra", Listener: "HTTPS:8081", ContainerPort: 8081}, {Key: "gone", Listener: "HTTPS:8082"}},
		targethealth.Snapshot{
			Targets: map[string][]targethealth.Target{"primary": {{InstanceID: "i-1", HostPort: 32768, ContainerPort: 80, State: "unhealthy", Reason: "Target.Timeout", Description: "Request timed out"}}},
			Before:  map[string][]targethealth.Target{"gone": {{InstanceID: "i-2", HostPort: 32769, ContainerPort: 8082, State: "unhealthy", Reason: "Target.FailedHealthChecks"}}},
			Service: ecstypes.Service{Events: []ecstypes.ServiceEvent{{CreatedAt: aws.Time(began), Message: aws.String("has started 1 tasks")}}},
		},
		targethealth.Timeline{Began: began, Ended: began.Add(time.Second), Changes: []targethealth.Change{{At: began, Key: "primary", Target: "i-1:32768", State: "unhealthy"}}},
	)
	deployment := j.Complete(report.Run{}).Deployments[0]
	assert.Equal(t, []report.Target{
		{Group: "primary", Listener: "HTTPS:443", Target: "i-1:32768", ContainerPort: 80, State: "unhealthy", Reason: "Target.Timeout Request timed out", HealthyAfter: "-"},
		{Group: "extra", Listener: "HTTPS:8081", Target: "-", ContainerPort: 8081, State: "empty", Reason: "no target is registered", HealthyAfter: "-"},
		{Group: "gone", Listener: "HTTPS:8082", Target: "i-2:32769", ContainerPort: 8082, State: "empty, was unhealthy", Reason: "Target.FailedHealthChecks", HealthyAfter: "-"},
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
	elb := elasticloadbalancingv2.NewFromConfig(aws.Config{
		Region: "us-west-2", BaseEndpoint: aws.String(server.URL), Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
	})
	j := New(func(string) {})
	d := deployed(t, j)
	line, stop := d.RecordHealth(t.Context(), elb, 0, "apply")
	line("module.pod.aws_lb.this: Creation complete after 2s [id=arn:aws:elasticloadbalancing:us-west-2:123456789012:loadbalancer/app/web/1]")
	line(`aws_lb_target_group.extra["web"]: Creation complete after 1s [id=` + arn + `]`)
	for range 2 { // the first look is taken up before the second one
		assert.Equal(t, arn, <-asked)
	}
	stop()
	watches := j.Complete(report.Run{}).Deployments[0].Watches
	require.Len(t, watches, 1)
	assert.Equal(t, "apply", watches[0].Stage)
	require.Len(t, watches[0].Changes, 1)
	change := watches[0].Changes[0]
	assert.Equal(t, []string{"web-extra", "i-1:32768", "initial", "Elb.InitialHealthChecking"}, []string{change.Group, change.Target, change.State, change.Reason})

	d.NoteHealth("validate", []targethealth.Group{{Key: "extra", ARN: arn}}, targethealth.Snapshot{}, targethealth.Timeline{})
	assert.Equal(t, "extra", j.Complete(report.Run{}).Deployments[0].Watches[0].Changes[0].Group, "once the validation has named it")
}
