package targethealth

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// applied is what the service of a new world runs.
func applied() *Applied {
	return &Applied{TaskDefinition: "web:1", Registrations: []Registration{{primaryARN, "", 80}, {extraARN, "", 8081}}}
}

// All targets are healthy in these worlds, but not those of what was applied.
func TestWhatRunsIsWhatWasApplied(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(w *world, applied *Applied)
		want   string
	}{
		"as it was applied": {func(*world, *Applied) {}, ""},
		"another task definition": {
			func(_ *world, applied *Applied) {
				applied.TaskDefinition = "arn:aws:ecs:us-west-2:123456789012:task-definition/web:2"
			},
			"service web is not as it was applied: it runs web:1, web:2 was applied",
		},
		"another container port": {
			func(w *world, _ *Applied) { w.service.LoadBalancers[1].ContainerPort = aws.Int32(80) },
			`it lacks target group "otlp_grpc" on port 8081 of container , which was applied; it has target group "otlp_grpc" on port 80`,
		},
		"a target group more": {
			func(_ *world, applied *Applied) { applied.Registrations = applied.Registrations[:1] },
			`it has target group "otlp_grpc" on port 8081 of container , which was not applied`,
		},
		"a target group less": {
			func(_ *world, applied *Applied) {
				applied.Registrations = append(applied.Registrations, Registration{"arn:third", "web", 8082})
			},
			`it lacks target group "arn:third" on port 8082 of container web, which was applied`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			watcher := w.impatient()
			watcher.Applied = applied()
			c.change(w, watcher.Applied)
			_, err := watcher.Wait(t.Context())
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			assert.True(t, IsHopeless(err), "%v", err)
			assert.ErrorContains(t, err, c.want)
		})
	}
}

// A service that was rolled back is healthy, and not what was applied. The failed
// deployment is gone, and began before the watch.
func TestARollbackIsNoSuccess(t *testing.T) {
	t.Parallel()
	w := newWorld()
	began := time.Now().Add(-time.Minute)
	event := func(seconds int, message string) ecstypes.ServiceEvent {
		return ecstypes.ServiceEvent{CreatedAt: aws.Time(began.Add(time.Duration(seconds) * time.Second)), Message: &message}
	}
	w.service.Events = []ecstypes.ServiceEvent{ // the newest first
		event(20, "(service web) has reached a steady state."),
		event(20, "(service web) (deployment ecs-svc/1) deployment completed."),
		event(16, "(service web) rolling back to deployment ecs-svc/1."),
		event(16, "(service web) (deployment ecs-svc/2) deployment failed: tasks failed to start."),
		checkFailed(began.Add(15*time.Second), 32870, "Request timed out"),
		checkFailed(began.Add(10*time.Second), 32868, "Health checks failed"),
		event(5, "(service web) has reached a steady state."),
		checkFailed(began, 32800, "Health checks failed with these codes: [500]"), // of another deployment
	}
	watcher := w.watcher()
	watcher.Applied = applied()
	watcher.Applied.TaskDefinition = "web:2"
	_, err := watcher.Wait(t.Context())
	assert.EqualError(t, err, `rolled back, since "otlp_grpc" i-0:32868: Target.FailedHealthChecks: the connection to container port 8081 is refused or cut: `+
		"does the container listen there?; deployment ecs-svc/2 failed: tasks failed to start.; it runs web:1, web:2 was applied")
	assert.True(t, IsHopeless(err))

	w.service.Events = []ecstypes.ServiceEvent{w.service.Events[3]}
	stopTasks(w, 1)
	w.stopped[0].StartedBy = aws.String("ecs-svc/2")
	_, err = watcher.Wait(t.Context())
	assert.ErrorContains(t, err, "rolled back, since 1 tasks stopped, the last one with: Task failed to start; container web: exit code 1 CannotPullContainerError: not found; deployment ecs-svc/2")

	watcher.Applied.TaskDefinition = "web:1" // a later apply that worked
	_, err = watcher.Wait(t.Context())
	assert.NoError(t, err)
}

// A deployment that an earlier apply left failing does not fail the apply that fixes it.
func TestAnotherApplyMendsWhatFailed(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.service.Deployments[0].RolloutState = ecstypes.DeploymentRolloutStateInProgress
	w.service.Deployments = append(w.service.Deployments, ecstypes.Deployment{
		Id: aws.String("ecs-svc/0"), Status: aws.String("ACTIVE"), RolloutState: ecstypes.DeploymentRolloutStateFailed,
		RolloutStateReason: aws.String("ECS deployment circuit breaker: tasks failed to start."),
	})
	stopTasks(w, 3)
	for i := range w.stopped {
		w.stopped[i].StartedBy, w.stopped[i].StoppedAt = aws.String("ecs-svc/0"), aws.Time(time.Now().Add(time.Minute))
	}
	w.each = func(w *world, look int) {
		if look == 4 {
			w.service.Deployments = w.service.Deployments[:1]
			w.service.Deployments[0].RolloutState = ecstypes.DeploymentRolloutStateCompleted
		}
	}
	watcher := w.watcher()
	_, err := watcher.Wait(t.Context())
	require.ErrorContains(t, err, "deployment ecs-svc/0 failed", "without what was applied, the two can't be told apart")
	watcher.Applied = applied()
	_, err = watcher.Wait(t.Context())
	require.NoError(t, err)
}

// While a rollout goes on, the old tasks may be all that is healthy.
func TestWaitForTheRollout(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.service.Deployments[0].RolloutState = ecstypes.DeploymentRolloutStateInProgress
	w.each = func(w *world, look int) {
		if look == 4 {
			w.service.Deployments[0].RolloutState = ecstypes.DeploymentRolloutStateCompleted
		}
	}
	_, err := w.watcher().Wait(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 4, w.looks)
}
