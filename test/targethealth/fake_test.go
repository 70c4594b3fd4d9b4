package targethealth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// world plays ECS, ELB and CloudWatch Logs for a service with two tasks and
// two target groups. Tests change it before, or at each look.
type world struct {
	mu        sync.Mutex
	looks     int
	each      func(w *world, look int) // before a look is answered
	instances int32
	service   *ecstypes.Service
	running   []ecstypes.Task
	stopped   []ecstypes.Task
	health    map[string][]elbtypes.TargetHealthDescription
	prefix    string // of log streams
	logs      []string
	logError  error
}

const (
	primaryARN = "arn:aws:elasticloadbalancing:us-west-2:123456789012:targetgroup/web/1"
	extraARN   = "arn:aws:elasticloadbalancing:us-west-2:123456789012:targetgroup/extra/2"
)

var groups = []Group{
	{Key: "primary", ARN: primaryARN, Listener: "HTTPS:443", ContainerPort: 80},
	{Key: "otlp_grpc", ARN: extraARN, Listener: "HTTPS:8081", ContainerPort: 8081},
}

// newWorld is one in which all is well.
func newWorld() *world {
	w := &world{instances: 2, health: map[string][]elbtypes.TargetHealthDescription{}}
	w.service = &ecstypes.Service{
		ServiceName: aws.String("web"), Status: aws.String("ACTIVE"), DesiredCount: 2, TaskDefinition: aws.String("web:1"),
		LoadBalancers: []ecstypes.LoadBalancer{
			{TargetGroupArn: aws.String(primaryARN), ContainerPort: aws.Int32(80)},
			{TargetGroupArn: aws.String(extraARN), ContainerPort: aws.Int32(8081)},
		},
		Deployments: []ecstypes.Deployment{{Id: aws.String("ecs-svc/1"), Status: aws.String("PRIMARY"), RolloutState: ecstypes.DeploymentRolloutStateCompleted}},
	}
	for i := range int32(2) {
		w.running = append(w.running, ecstypes.Task{
			TaskArn: aws.String(fmt.Sprintf("arn:aws:ecs:us-west-2:123456789012:task/web/t%d", i)), LastStatus: aws.String("RUNNING"),
			ContainerInstanceArn: aws.String(fmt.Sprintf("ci-%d", i)), StartedAt: aws.Time(time.Now()),
			Containers: []ecstypes.Container{{Name: aws.String("web"), RuntimeId: aws.String(fmt.Sprintf("docker-t%d", i)), NetworkBindings: []ecstypes.NetworkBinding{
				{ContainerPort: aws.Int32(80), HostPort: aws.Int32(32768 + i)},
				{ContainerPort: aws.Int32(8081), HostPort: aws.Int32(32868 + i)},
			}}},
		})
	}
	w.set(primaryARN, 32768, elbtypes.TargetHealthStateEnumHealthy, "", "")
	w.set(extraARN, 32868, elbtypes.TargetHealthStateEnumHealthy, "", "")
	return w
}

// set gives both targets of a group a state.
func (w *world) set(arn string, firstPort int32, state elbtypes.TargetHealthStateEnum, reason elbtypes.TargetHealthReasonEnum, description string) {
	w.health[arn] = nil
	for i := range int32(2) {
		w.health[arn] = append(w.health[arn], elbtypes.TargetHealthDescription{
			Target:       &elbtypes.TargetDescription{Id: aws.String(fmt.Sprintf("i-%d", i)), Port: aws.Int32(firstPort + i)},
			TargetHealth: &elbtypes.TargetHealth{State: state, Reason: reason, Description: aws.String(description)},
		})
	}
}

// watcher waits for what gets better, however busy the machine is.
func (w *world) watcher() *Watcher {
	return &Watcher{
		ECS: w, ELB: w, Logs: w, Cluster: "web", Service: "web", Groups: groups,
		Patience: Patience{Poll: time.Millisecond, Total: time.Minute, NoInstances: time.Minute, Unhealthy: time.Minute, Stopped: 3},
	}
}

// impatient is a watcher for what does not get better.
func (w *world) impatient() *Watcher {
	watcher := w.watcher()
	watcher.Patience.NoInstances, watcher.Patience.Unhealthy = 10*time.Millisecond, 10*time.Millisecond
	return watcher
}

func (w *world) DescribeServices(context.Context, *ecs.DescribeServicesInput, ...func(*ecs.Options)) (*ecs.DescribeServicesOutput, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.looks++
	if w.each != nil {
		w.each(w, w.looks)
	}
	if w.service == nil {
		return &ecs.DescribeServicesOutput{}, nil
	}
	return &ecs.DescribeServicesOutput{Services: []ecstypes.Service{*w.service}}, nil
}

func (w *world) DescribeTaskDefinition(context.Context, *ecs.DescribeTaskDefinitionInput, ...func(*ecs.Options)) (*ecs.DescribeTaskDefinitionOutput, error) {
	options := map[string]string{"awslogs-group": "web"}
	if w.prefix != "" {
		options["awslogs-stream-prefix"] = w.prefix
	}
	return &ecs.DescribeTaskDefinitionOutput{TaskDefinition: &ecstypes.TaskDefinition{ContainerDefinitions: []ecstypes.ContainerDefinition{{
		Name:             aws.String("web"),
		LogConfiguration: &ecstypes.LogConfiguration{LogDriver: ecstypes.LogDriverAwslogs, Options: options},
	}}}}, nil
}

func (w *world) DescribeClusters(context.Context, *ecs.DescribeClustersInput, ...func(*ecs.Options)) (*ecs.DescribeClustersOutput, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return &ecs.DescribeClustersOutput{Clusters: []ecstypes.Cluster{{RegisteredContainerInstancesCount: w.instances}}}, nil
}

// ListTasks gives one task a page.
func (w *world) ListTasks(_ context.Context, in *ecs.ListTasksInput, _ ...func(*ecs.Options)) (*ecs.ListTasksOutput, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	tasks := w.running
	if in.DesiredStatus == ecstypes.DesiredStatusStopped {
		tasks = w.stopped
	}
	page := 0
	if in.NextToken != nil {
		_, _ = fmt.Sscan(*in.NextToken, &page)
	}
	out := &ecs.ListTasksOutput{}
	if page < len(tasks) {
		out.TaskArns = []string{*tasks[page].TaskArn}
		out.NextToken = aws.String(fmt.Sprint(page + 1))
	}
	return out, nil
}

func (w *world) DescribeTasks(_ context.Context, in *ecs.DescribeTasksInput, _ ...func(*ecs.Options)) (*ecs.DescribeTasksOutput, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := &ecs.DescribeTasksOutput{}
	for _, task := range append(append([]ecstypes.Task{}, w.running...), w.stopped...) {
		for _, arn := range in.Tasks {
			if *task.TaskArn == arn {
				out.Tasks = append(out.Tasks, task)
			}
		}
	}
	return out, nil
}

func (w *world) DescribeContainerInstances(_ context.Context, in *ecs.DescribeContainerInstancesInput, _ ...func(*ecs.Options)) (*ecs.DescribeContainerInstancesOutput, error) {
	out := &ecs.DescribeContainerInstancesOutput{}
	for _, arn := range in.ContainerInstances {
		out.ContainerInstances = append(out.ContainerInstances, ecstypes.ContainerInstance{
			ContainerInstanceArn: aws.String(arn), Ec2InstanceId: aws.String(strings.Replace(arn, "ci-", "i-", 1)),
		})
	}
	return out, nil
}

func (w *world) DescribeTargetHealth(_ context.Context, in *elasticloadbalancingv2.DescribeTargetHealthInput, _ ...func(*elasticloadbalancingv2.Options)) (*elasticloadbalancingv2.DescribeTargetHealthOutput, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return &elasticloadbalancingv2.DescribeTargetHealthOutput{TargetHealthDescriptions: w.health[*in.TargetGroupArn]}, nil
}

func (w *world) Tail(_ context.Context, group, stream string, _ int) ([]string, error) {
	if w.logError != nil {
		return nil, w.logError
	}
	return append([]string{group + " " + stream}, w.logs...), nil
}

// roundTrip answers requests without a network.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

var errDropped = &timeoutError{errors.New("i/o timeout")}

type timeoutError struct{ error }

func (*timeoutError) Timeout() bool   { return true }
func (*timeoutError) Temporary() bool { return true }
