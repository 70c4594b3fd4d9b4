package targethealth

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWaitUntilAllAreHealthy(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.set(extraARN, 32868, elbtypes.TargetHealthStateEnumInitial, elbtypes.TargetHealthReasonEnumInitialHealthChecking, "Initial health checks in progress")
	w.each = func(w *world, look int) {
		if look == 5 {
			w.set(extraARN, 32868, elbtypes.TargetHealthStateEnumHealthy, "", "")
		}
	}
	var said []string
	watcher := w.watcher()
	watcher.Progress = func(text string) { said = append(said, text) }
	snapshot, err := watcher.Wait(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 5, w.looks)
	assert.Equal(t, "1 of 2 target groups healthy, 2 of 2 tasks", said[0])
	assert.Equal(t, "2 of 2 target groups healthy, 2 of 2 tasks", said[len(said)-1])

	require.Len(t, snapshot.Targets["otlp_grpc"], 2)
	target := snapshot.Targets["otlp_grpc"][1]
	assert.Equal(t, []any{"i-1", int32(32869), int32(8081)}, []any{target.InstanceID, target.HostPort, target.ContainerPort})
	assert.False(t, target.AtMost, "it was seen getting healthy")
	assert.True(t, snapshot.Targets["primary"][0].AtMost, "it was healthy at the first look")
}

// What is not all healthy must not pass.
func TestWaitDoesNotPass(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(w *world)
		want   string
	}{
		"an empty group": {func(w *world) { w.health[extraARN] = nil }, `target group "otlp_grpc" is empty`},
		"one target of two unhealthy": {func(w *world) {
			w.health[extraARN][1].TargetHealth.State = elbtypes.TargetHealthStateEnumUnhealthy
		}, `target group "otlp_grpc" has 1 of 2 targets healthy`},
		"fewer targets than tasks": {func(w *world) { w.health[extraARN] = w.health[extraARN][:1] }, `has 1 targets for 2 tasks`},
		"only draining targets": {func(w *world) {
			w.set(extraARN, 32868, elbtypes.TargetHealthStateEnumDraining, elbtypes.TargetHealthReasonEnumDeregistrationInProgress, "")
		}, "is empty"},
		"unused targets": {func(w *world) {
			w.set(extraARN, 32868, elbtypes.TargetHealthStateEnumUnused, elbtypes.TargetHealthReasonEnumNotInUse, "")
		}, "0 of 2 targets healthy"},
		"a task still pending": {func(w *world) { w.running[1].LastStatus = aws.String("PENDING") }, "1 of 2 tasks run"},
		"no task wanted": {func(w *world) {
			w.service.DesiredCount, w.running, w.health = 0, nil, nil
		}, "desired count 0"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			test.change(w)
			watcher := w.watcher()
			watcher.Patience.Total = 20 * time.Millisecond
			_, err := watcher.Wait(t.Context())
			assert.ErrorContains(t, err, test.want)
			assert.False(t, IsHopeless(err))
		})
	}
}

func TestWaitStopsWhenItIsHopeless(t *testing.T) {
	t.Parallel()
	unhealthy := func(reason elbtypes.TargetHealthReasonEnum, description string) func(*world) {
		return func(w *world) {
			w.set(extraARN, 32868, elbtypes.TargetHealthStateEnumUnhealthy, reason, description)
		}
	}
	tests := map[string]struct {
		change func(w *world)
		want   []string
	}{
		"nothing listens": {
			unhealthy(elbtypes.TargetHealthReasonEnumFailedHealthChecks, "Health checks failed"),
			[]string{`"otlp_grpc" i-0:32868: Target.FailedHealthChecks: the connection to container port 8081 is refused or cut: does the container listen there?; target group "otlp_grpc" has had no healthy target for 0 s`},
		},
		"wrong path": {
			unhealthy(elbtypes.TargetHealthReasonEnumResponseCodeMismatch, "Health checks failed with these codes: [404]"),
			[]string{`"otlp_grpc" i-0:32868: Target.ResponseCodeMismatch [404]: the health check's path`},
		},
		"dropped packets": {
			unhealthy(elbtypes.TargetHealthReasonEnumTimeout, "Request timed out"),
			[]string{"Target.Timeout", "security groups"},
		},
		"no container instances": {
			func(w *world) { w.instances, w.running, w.health = 0, nil, nil },
			[]string{"cluster web has no container instances", "user data"},
		},
		"the deployment failed": {
			func(w *world) {
				w.service.Deployments[0].RolloutState = ecstypes.DeploymentRolloutStateFailed
				w.service.Deployments[0].RolloutStateReason = aws.String("ECS deployment circuit breaker: tasks failed to start.")
				w.running = nil
				stopTasks(w, 3)
				for i := range w.stopped { // before anyone looked
					w.stopped[i].StoppedAt, w.stopped[i].StartedBy = aws.Time(time.Now().Add(-time.Minute)), w.service.Deployments[0].Id
				}
			},
			[]string{
				"3 tasks stopped, the last one with: Task failed to start; container web: exit code 1 CannotPullContainerError: not found; " +
					"deployment ecs-svc/1 failed: ECS deployment circuit breaker: tasks failed to start.",
			},
		},
		"a group that the service does not know": {
			func(w *world) { w.service.LoadBalancers = w.service.LoadBalancers[:1]; w.health[extraARN] = nil },
			[]string{`does not register with target group "otlp_grpc"`},
		},
		"the service is gone": {
			func(w *world) { w.service.Status = aws.String("INACTIVE"); w.running = nil },
			[]string{"service web is INACTIVE"},
		},
		"tasks stop by themselves": {
			func(w *world) { w.running = nil; stopTasks(w, 3) },
			[]string{"3 tasks stopped", "CannotPullContainerError"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			test.change(w)
			_, err := w.impatient().Wait(t.Context())
			require.Error(t, err)
			assert.True(t, IsHopeless(err), "%v", err)
			for _, part := range test.want {
				assert.ErrorContains(t, err, part)
			}
		})
	}
}

// stopTasks adds tasks that stopped after the watch began.
func stopTasks(w *world, n int) {
	for i := range n {
		w.stopped = append(w.stopped, ecstypes.Task{
			TaskArn: aws.String(fmt.Sprintf("arn:aws:ecs:us-west-2:123456789012:task/web/stopped%d", i)), StoppedAt: aws.Time(time.Now().Add(time.Minute)),
			StopCode: ecstypes.TaskStopCodeTaskFailedToStart, StoppedReason: aws.String("Task failed to start"),
			Containers: []ecstypes.Container{{Name: aws.String("web"), ExitCode: aws.Int32(1), Reason: aws.String("CannotPullContainerError: not found")}},
		})
	}
}

func TestWaitForgivesOldStoppedTasks(t *testing.T) {
	t.Parallel()
	w := newWorld()
	stopTasks(w, 5)
	for i := range w.stopped {
		w.stopped[i].StoppedAt = aws.Time(time.Now().Add(-time.Minute))
	}
	_, err := w.watcher().Wait(t.Context())
	assert.NoError(t, err)
}

func TestWaitEndsWhenInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	interrupted := errors.New("interrupted")
	w := newWorld()
	w.health[extraARN] = nil
	w.each = func(_ *world, look int) {
		if look == 3 {
			cancel(interrupted)
		}
	}
	_, err := w.watcher().Wait(ctx)
	assert.ErrorIs(t, err, interrupted)
}

func TestExplain(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.set(extraARN, 32868, elbtypes.TargetHealthStateEnumUnhealthy, elbtypes.TargetHealthReasonEnumFailedHealthChecks, "Health checks failed")
	w.service.Events = []ecstypes.ServiceEvent{{CreatedAt: aws.Time(time.Now()), Message: aws.String("(service web) has started 2 tasks")}}
	stopTasks(w, 1)
	w.stopped[0].Containers[0].RuntimeId = aws.String("docker-0")
	w.logs = []string{"AH00558: httpd: Could not determine the server's name"}
	watcher := w.impatient()
	watcher.Groups = append([]Group{}, groups...)
	watcher.Groups[0].URL, watcher.Groups[1].URL = "https://web.example.com/", "https://web.example.com:8081/"
	watcher.Client = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		if r.URL.Port() == "8081" {
			return nil, errDropped
		}
		return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader("hello"))}, nil
	})}
	snapshot, err := watcher.Wait(t.Context())
	require.Error(t, err)
	text := watcher.Explain(t.Context(), snapshot)
	for _, part := range []string{
		"service web: ACTIVE, 2 of 2 tasks run, 2 container instances in cluster web",
		"has started 2 tasks",
		"stopped0: Task failed to start; container web: exit code 1 CannotPullContainerError",
		"log of container web, task stopped0", "AH00558",
		"otlp_grpc: i-0:32868 unhealthy: Target.FailedHealthChecks",
		`primary: GET https://web.example.com/ answers 200 "hello"`,
		"otlp_grpc: timed out: nothing answers on this listener", "security group",
	} {
		assert.Contains(t, text, part)
	}
}

func TestExplainFindsTheLogStream(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ prefix, runtimeID, want string }{
		"Docker's id without a prefix":           {"", "docker-0", "  web docker-0\n"},
		"by the task with a prefix":              {"ecs", "docker-0", "  web ecs/web/stopped0\n"},
		"none of a container that did not start": {"", "", "  none: it has not run\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			stopTasks(w, 1)
			w.prefix = test.prefix
			if test.runtimeID != "" {
				w.stopped[0].Containers[0].RuntimeId = &test.runtimeID
			}
			watcher := w.watcher()
			snapshot, err := watcher.Wait(t.Context())
			require.NoError(t, err)
			assert.Contains(t, watcher.Explain(t.Context(), snapshot), "log of container web, task stopped0:\n"+test.want)
		})
	}
}

func TestExplainSaysWhatCannotBeAsked(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.logError = errors.New("ResourceNotFoundException")
	watcher := w.watcher()
	snapshot, err := watcher.Wait(t.Context())
	require.NoError(t, err)
	assert.Contains(t, watcher.Explain(t.Context(), snapshot), "can't be read: ResourceNotFoundException")
}

// checkFailed is ECS's event about a target of the extra group.
func checkFailed(at time.Time, port int, why string) ecstypes.ServiceEvent {
	return ecstypes.ServiceEvent{CreatedAt: &at, Message: aws.String(fmt.Sprintf(
		"(service web) (task 0f1e) (instance i-0) (port %d) is unhealthy in (target-group extra) due to (reason %s)", port, why))}
}

// A deployment that failed, its tasks gone: the cause is the check that failed
// first, which a service event tells, also of before the watch began. It leads the
// headline, and the table shows what the group was.
func TestTheCauseIsTheFirstCheckThatFailed(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.running, w.health = nil, nil
	began := time.Now().Add(-time.Minute)
	w.service.Deployments[0].CreatedAt = aws.Time(began)
	w.service.Deployments[0].RolloutState = ecstypes.DeploymentRolloutStateFailed
	w.service.Deployments[0].RolloutStateReason = aws.String("ECS deployment circuit breaker: tasks failed to start.")
	w.service.Events = []ecstypes.ServiceEvent{ // the newest first
		{CreatedAt: aws.Time(began.Add(30 * time.Second)), Message: aws.String("(service web) (deployment ecs-svc/1) deployment failed: tasks failed to start.")},
		checkFailed(began.Add(20*time.Second), 32870, "Request timed out"),
		checkFailed(began.Add(10*time.Second), 32868, "Health checks failed with these codes: [404]"),
		checkFailed(began.Add(-time.Second), 32800, "Health checks failed"), // of the deployment before
	}
	watcher := w.watcher()
	snapshot, err := watcher.Wait(t.Context())
	assert.EqualError(t, err, `"otlp_grpc" i-0:32868: Target.ResponseCodeMismatch [404]: the health check's path answers another code than its matcher wants; `+
		"deployment ecs-svc/1 failed: ECS deployment circuit breaker: tasks failed to start.")
	assert.Equal(t, []Row{
		{"primary", "HTTPS:443", "-", 80, "empty", "no target is registered", "-"},
		{"otlp_grpc", "HTTPS:8081", "i-0:32870", 8081, "empty, was unhealthy", "Target.Timeout Request timed out", "-"},
	}, Rows(groups, snapshot))
	assert.Contains(t, watcher.Explain(t.Context(), snapshot), "otlp_grpc: i-0:32870 before unhealthy: Target.Timeout: packets are dropped")
}

// What a look saw counts too: its targets are gone at the next one.
func TestTheLastStateOfAnEmptyGroupIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.set(extraARN, 32868, elbtypes.TargetHealthStateEnumUnhealthy, elbtypes.TargetHealthReasonEnumResponseCodeMismatch, "Health checks failed with these codes: [404]")
	w.each = func(w *world, look int) {
		switch look {
		case 2:
			w.set(extraARN, 32870, elbtypes.TargetHealthStateEnumInitial, elbtypes.TargetHealthReasonEnumInitialHealthChecking, "Initial health checks in progress")
		case 3:
			w.health[extraARN], w.running = nil, nil
			stopTasks(w, 3)
		}
	}
	watcher := w.watcher()
	snapshot, err := watcher.Wait(t.Context())
	assert.ErrorContains(t, err, `"otlp_grpc" i-0:32868: Target.ResponseCodeMismatch [404]: the health check's path answers another code than its matcher wants; 3 tasks stopped`)
	rows := Rows(groups, snapshot)
	require.Len(t, rows, 4)
	assert.Equal(t, Row{"otlp_grpc", "HTTPS:8081", "i-0:32870", 0, "empty, was initial", "Elb.InitialHealthChecking Initial health checks in progress", "-"}, rows[2])
}

// A check that failed before all was healthy is not the cause of what comes later.
func TestAFailureThatIsOverIsNoCause(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.set(extraARN, 32868, elbtypes.TargetHealthStateEnumUnhealthy, elbtypes.TargetHealthReasonEnumTimeout, "Request timed out")
	w.running = w.running[:1] // it goes on waiting
	w.each = func(w *world, look int) {
		switch look {
		case 2:
			w.set(extraARN, 32868, elbtypes.TargetHealthStateEnumHealthy, "", "")
		case 3:
			stopTasks(w, 3)
		}
	}
	watcher := w.watcher()
	_, err := watcher.Wait(t.Context())
	assert.ErrorContains(t, err, "3 tasks stopped")
	assert.NotContains(t, err.Error(), "Target.Timeout")
}

func TestTable(t *testing.T) {
	t.Parallel()
	snapshot := Snapshot{Targets: map[string][]Target{"primary": {
		{Key: "primary", Listener: "HTTPS:443", InstanceID: "i-0", HostPort: 32768, ContainerPort: 80, State: "healthy", TaskStarted: time.Now(), HealthyAfter: 12 * time.Second},
		{Key: "primary", Listener: "HTTPS:443", InstanceID: "i-1", HostPort: 32769, State: "unhealthy", Reason: "Target.Timeout"},
	}}}
	var out bytes.Buffer
	require.NoError(t, Table(&out, groups, snapshot))
	var rows []string
	for _, line := range strings.Split(strings.TrimSpace(out.String()), "\n") {
		rows = append(rows, strings.Join(strings.Fields(line), " "))
	}
	assert.Equal(t, []string{
		"KEY LISTENER TARGET CONTAINER PORT STATE REASON HEALTHY AFTER",
		"primary HTTPS:443 i-0:32768 -> 80 healthy - 12 s",
		"primary HTTPS:443 i-1:32769 -> none unhealthy Target.Timeout -",
		"otlp_grpc HTTPS:8081 - 8081 empty no target is registered -",
	}, rows)
}

func TestLogReader(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Header.Get("X-Amz-Target") != "Logs_20140328.GetLogEvents" || !strings.Contains(r.Header.Get("Authorization"), "/us-west-2/logs/aws4_request") {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		if strings.Contains(string(body), `"logStreamName":"missing"`) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"__type": "com.amazonaws.logs#ResourceNotFoundException", "message": "The specified log stream does not exist."}`)
			return
		}
		_, _ = io.WriteString(w, `{"events": [{"message": "one\n"}, {"message": "two"}]}`)
	}))
	defer server.Close()
	reader := LogReader{Client: server.Client(), Config: aws.Config{
		Region: "us-west-2", BaseEndpoint: aws.String(server.URL), Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	}}
	lines, err := reader.Tail(t.Context(), "web", "ecs/web/1", 5)
	require.NoError(t, err)
	assert.Equal(t, []string{"one", "two"}, lines)
	_, err = reader.Tail(t.Context(), "web", "missing", 5)
	assert.EqualError(t, err, "log stream missing: ResourceNotFoundException The specified log stream does not exist.")
}
