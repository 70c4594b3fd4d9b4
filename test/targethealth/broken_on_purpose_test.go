package targethealth_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/client/stack"
	"github.com/infrahouse/terraform-aws-ecs/test/localcloud"
	"github.com/infrahouse/terraform-aws-ecs/test/targethealth"
)

// A service with each of the mistakes that people make: the watch must fail,
// and say what is wrong.

// watch watches the service of a stack.
func watch(s *stack.Stack) *targethealth.Watcher {
	w := &targethealth.Watcher{
		ECS: s.Cloud.ECS, ELB: s.Cloud.ELB, Client: s.Cloud.HTTPClient(2 * time.Second),
		Logs:    targethealth.LogReader{Config: s.Cloud.Config, Client: s.Cloud.HTTPClient(5 * time.Second)},
		Cluster: s.Plan.Name, Service: s.Plan.Name,
		Patience: targethealth.Patience{
			Poll: 50 * time.Millisecond, Total: 90 * time.Second,
			NoInstances: 5 * time.Second, Unhealthy: 5 * time.Second, Stopped: 4,
		},
	}
	for _, port := range s.Plan.Ports {
		w.Groups = append(w.Groups, targethealth.Group{
			Key: fmt.Sprint("port", port), ARN: s.TargetGroups[port], ListenerARN: s.Listeners[port],
			Listener: fmt.Sprint("HTTP:", port), ContainerPort: port,
			URL: fmt.Sprintf("http://%s:%d/", aws.ToString(s.LoadBalancer.DNSName), port), Body: fmt.Sprintf("port %d\n", port),
		})
	}
	return w
}

func TestNothingBroken(t *testing.T) {
	t.Parallel()
	s := stack.New(t, localcloud.Start(t), stack.Plan{Ports: []int32{80, 8081}})
	w := watch(s)
	snapshot, err := w.Wait(t.Context())
	require.NoError(t, err, w.Explain(t.Context(), snapshot))
	for _, group := range w.Groups {
		status, body, err := targethealth.Get(t.Context(), w.Client, group.URL)
		require.NoError(t, err)
		assert.Equal(t, 200, status)
		assert.Equal(t, group.Body, body)
	}
}

func TestBrokenOnPurpose(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		plan stack.Plan
		want []string // in the error
	}{
		"the container does not listen on the extra port": {
			stack.Plan{Ports: []int32{80, 8081}, Listens: []int32{80}},
			[]string{`"port8081"`, "Target.FailedHealthChecks", "does the container listen there?"},
		},
		"the health check's path answers 404": {
			stack.Plan{Ports: []int32{80, 8081}, HealthPath: "/health"},
			[]string{`" i-`, ": Target.ResponseCodeMismatch [404]: the health check's path answers another code"},
		},
		"the user data names another cluster": {
			stack.Plan{UserDataCluster: "another"},
			[]string{"cluster web has no container instances", "does the instances' user data name this cluster"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := watch(stack.New(t, localcloud.Start(t), c.plan))
			snapshot, err := w.Wait(t.Context())
			require.Error(t, err)
			assert.True(t, targethealth.IsHopeless(err), "it is noticed that waiting is of no use: %v", err)
			for _, want := range c.want {
				assert.Contains(t, err.Error(), want, w.Explain(t.Context(), snapshot))
			}
		})
	}
}

func TestAListenerWithoutItsIngressRule(t *testing.T) {
	t.Parallel()
	s := stack.New(t, localcloud.Start(t),
		stack.Plan{Ports: []int32{80, 8081}, NoIngress: []int32{8081}})
	w := watch(s)
	snapshot, err := w.Wait(t.Context())
	require.NoError(t, err, "the load balancer itself reaches the targets\n%s", w.Explain(t.Context(), snapshot))

	_, _, err = targethealth.Get(t.Context(), w.Client, w.Groups[1].URL)
	require.Error(t, err)
	assert.Contains(t, err.Error(), "timed out")
	assert.Contains(t, err.Error(), "does the load balancer's security group let you in")

	_, body, err := targethealth.Get(t.Context(), w.Client, w.Groups[0].URL)
	require.NoError(t, err, "the other listener answers")
	assert.Equal(t, w.Groups[0].Body, body)
}

func TestATargetGroupThatNoListenerUses(t *testing.T) {
	t.Parallel()
	s := stack.New(t, localcloud.Start(t),
		stack.Plan{Ports: []int32{80, 8081}, NoListener: []int32{8081}, NoService: true})
	_, err := s.Cloud.ECS.CreateService(t.Context(), s.ServiceInput())
	var refused *ecstypes.InvalidParameterException
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, "The target group with targetGroupArn "+s.TargetGroups[8081]+" does not have an associated load balancer.",
		refused.ErrorMessage())
}

func TestAnEmptyTargetGroupIsAFailure(t *testing.T) {
	t.Parallel()
	s := stack.New(t, localcloud.Start(t), stack.Plan{NoService: true})
	input := s.ServiceInput()
	input.DesiredCount = aws.Int32(0)
	_, err := s.Cloud.ECS.CreateService(t.Context(), input)
	require.NoError(t, err)
	w := watch(s)
	w.Patience.Total = time.Second
	_, err = w.Wait(t.Context())
	require.Error(t, err)
	assert.Contains(t, err.Error(), "the service wants no tasks")
}

// What was healthy and then broken by an update is noticed too, while the old
// tasks go on serving: AWS keeps them until the new ones are healthy.
func TestAnUpdateThatDoesNotListen(t *testing.T) {
	t.Parallel()
	s := stack.New(t, localcloud.Start(t), stack.Plan{Ports: []int32{80, 8081}})
	w := watch(s)
	snapshot, err := w.Wait(t.Context())
	require.NoError(t, err, w.Explain(t.Context(), snapshot))

	s.RegisterTask(t, []int32{80})
	_, err = s.Cloud.ECS.UpdateService(t.Context(), &ecs.UpdateServiceInput{
		Cluster: &s.Plan.Name, Service: &s.Plan.Name, TaskDefinition: &s.TaskFamily,
	})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return saidUnhealthy(t.Context(), t, s, 8081) }, 60*time.Second, 20*time.Millisecond,
		"the new task's target is unhealthy")
	_, body, err := targethealth.Get(t.Context(), w.Client, w.Groups[1].URL)
	require.NoError(t, err)
	assert.Equal(t, w.Groups[1].Body, body, "the old task still serves")
}

// ECS brings back what worked, all of it healthy: that is not what was applied.
func TestAnUpdateThatIsRolledBack(t *testing.T) {
	t.Parallel()
	s := stack.New(t, localcloud.Start(t), stack.Plan{Ports: []int32{80, 8081}})
	w := watch(s)
	w.Applied = &targethealth.Applied{}
	for _, lb := range s.ServiceInput().LoadBalancers {
		w.Applied.Registrations = append(w.Applied.Registrations, targethealth.Registration{
			TargetGroup: aws.ToString(lb.TargetGroupArn), Container: aws.ToString(lb.ContainerName), ContainerPort: aws.ToInt32(lb.ContainerPort),
		})
	}
	apply := func() {
		updated, err := s.Cloud.ECS.UpdateService(t.Context(), &ecs.UpdateServiceInput{
			Cluster: &s.Plan.Name, Service: &s.Plan.Name, TaskDefinition: &s.TaskFamily, HealthCheckGracePeriodSeconds: aws.Int32(0),
			DeploymentConfiguration: &ecstypes.DeploymentConfiguration{DeploymentCircuitBreaker: &ecstypes.DeploymentCircuitBreaker{Enable: true, Rollback: true}},
		})
		require.NoError(t, err)
		w.Applied.TaskDefinition = aws.ToString(updated.Service.TaskDefinition)
	}
	apply()
	snapshot, err := w.Wait(t.Context())
	require.NoError(t, err, w.Explain(t.Context(), snapshot))

	s.RegisterTask(t, []int32{80})
	apply()
	require.Eventually(t, func() bool {
		described, err := s.Cloud.ECS.DescribeServices(t.Context(), &ecs.DescribeServicesInput{Cluster: &s.Plan.Name, Services: []string{s.Plan.Name}})
		if err != nil || len(described.Services) != 1 {
			return false
		}
		deployments := described.Services[0].Deployments
		return len(deployments) == 1 && deployments[0].RolloutState == ecstypes.DeploymentRolloutStateCompleted &&
			aws.ToString(deployments[0].TaskDefinition) != w.Applied.TaskDefinition
	}, 120*time.Second, 50*time.Millisecond, "the service is rolled back, and steady again")

	snapshot, err = w.Wait(t.Context())
	require.Error(t, err)
	assert.Regexp(t, `^rolled back, since "port8081" i-[0-9a-f]+:\d+: Target.FailedHealthChecks: .*; it runs web:1, web:2 was applied$`, err.Error(), w.Explain(t.Context(), snapshot))
}

// saidUnhealthy looks for the service's event: the target itself is there only
// for the moment in which ECS has not stopped its task yet.
func saidUnhealthy(ctx context.Context, t *testing.T, s *stack.Stack, port int32) bool {
	t.Helper()
	described, err := s.Cloud.ECS.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: &s.Plan.Name, Services: []string{s.Plan.Name}})
	return err == nil && len(described.Services) == 1 && slices.ContainsFunc(described.Services[0].Events, func(event ecstypes.ServiceEvent) bool {
		return strings.Contains(aws.ToString(event.Message), fmt.Sprintf("is unhealthy in (target-group %s-%d)", s.Plan.Name, port))
	})
}
