package targethealth

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

const (
	healthyState   = string(elbtypes.TargetHealthStateEnumHealthy)
	unhealthyState = string(elbtypes.TargetHealthStateEnumUnhealthy)
)

// Snapshot is what AWS said of the service at one moment.
type Snapshot struct {
	Service            ecstypes.Service
	Definition         ecstypes.TaskDefinition
	ContainerInstances int32 // registered with the cluster
	Tasks              []Task
	Targets            map[string][]Target // by the group's key; draining ones are not registered any more
	Before             map[string][]Target // of groups that are empty now: what they had when they were last seen with targets
	Stopped            []ecstypes.Task     // that stopped, newest first
}

// Task is a running task with the ports that it bound.
type Task struct {
	ARN        string
	InstanceID string
	Started    time.Time
	Ports      []Binding
	RuntimeIDs map[string]string // Docker's ids of the containers, by name
}

// Binding is a container port with the port of the instance that leads to it.
type Binding struct{ ContainerPort, HostPort int32 }

// Target is a registered target of a group.
type Target struct {
	Key           string // of the group
	Listener      string // protocol:port
	InstanceID    string
	HostPort      int32
	ContainerPort int32 // to which a running task bound it; 0 if none did
	State         string
	Reason        string
	Description   string
	TaskStarted   time.Time
	HealthyAfter  time.Duration // from the task's start to the first look that saw it healthy
	AtMost        bool          // it was healthy at the very first look
}

func (t Target) id() string { return t.InstanceID + ":" + strconv.Itoa(int(t.HostPort)) }

// look asks AWS for all of it.
func (w *Watcher) look(ctx context.Context) (Snapshot, error) {
	var s Snapshot
	services, err := w.ECS.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: &w.Cluster, Services: []string{w.Service}})
	if err != nil {
		return s, fmt.Errorf("describing the service: %w", err)
	}
	if len(services.Services) == 0 {
		return s, fmt.Errorf("cluster %s has no service %s", w.Cluster, w.Service)
	}
	s.Service = services.Services[0]
	definition, err := w.ECS.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: s.Service.TaskDefinition})
	if err != nil {
		return s, fmt.Errorf("describing the task definition: %w", err)
	}
	s.Definition = *definition.TaskDefinition
	clusters, err := w.ECS.DescribeClusters(ctx, &ecs.DescribeClustersInput{Clusters: []string{w.Cluster}})
	if err != nil {
		return s, fmt.Errorf("describing the cluster: %w", err)
	}
	if len(clusters.Clusters) > 0 {
		s.ContainerInstances = clusters.Clusters[0].RegisteredContainerInstancesCount
	}
	if err := w.lookAtTasks(ctx, &s); err != nil {
		return s, err
	}
	return s, w.lookAtTargets(ctx, &s)
}

func (w *Watcher) lookAtTasks(ctx context.Context, s *Snapshot) error {
	running, err := w.tasks(ctx, ecstypes.DesiredStatusRunning)
	if err != nil {
		return err
	}
	if s.Stopped, err = w.tasks(ctx, ecstypes.DesiredStatusStopped); err != nil {
		return err
	}
	sort.Slice(s.Stopped, func(i, j int) bool {
		return aws.ToTime(s.Stopped[i].StoppedAt).After(aws.ToTime(s.Stopped[j].StoppedAt))
	})
	hosts := map[string]string{}
	for _, task := range running {
		if arn := aws.ToString(task.ContainerInstanceArn); arn != "" {
			hosts[arn] = ""
		}
	}
	if err := w.instances(ctx, hosts); err != nil {
		return err
	}
	for _, task := range running {
		if aws.ToString(task.LastStatus) != "RUNNING" {
			continue
		}
		t := Task{ARN: aws.ToString(task.TaskArn), InstanceID: hosts[aws.ToString(task.ContainerInstanceArn)], Started: aws.ToTime(task.StartedAt)}
		t.RuntimeIDs = runtimeIDs(task)
		for _, container := range task.Containers {
			for _, binding := range container.NetworkBindings {
				t.Ports = append(t.Ports, Binding{aws.ToInt32(binding.ContainerPort), aws.ToInt32(binding.HostPort)})
			}
		}
		s.Tasks = append(s.Tasks, t)
	}
	return nil
}

func runtimeIDs(task ecstypes.Task) map[string]string {
	ids := map[string]string{}
	for _, container := range task.Containers {
		ids[aws.ToString(container.Name)] = aws.ToString(container.RuntimeId)
	}
	return ids
}

// tasks lists the service's tasks of a desired status, described.
func (w *Watcher) tasks(ctx context.Context, status ecstypes.DesiredStatus) ([]ecstypes.Task, error) {
	var tasks []ecstypes.Task
	var page *string
	for {
		listed, err := w.ECS.ListTasks(ctx, &ecs.ListTasksInput{Cluster: &w.Cluster, ServiceName: &w.Service, DesiredStatus: status, NextToken: page})
		if err != nil {
			return nil, fmt.Errorf("listing %s tasks: %w", status, err)
		}
		if len(listed.TaskArns) > 0 {
			described, err := w.ECS.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: &w.Cluster, Tasks: listed.TaskArns})
			if err != nil {
				return nil, fmt.Errorf("describing tasks: %w", err)
			}
			tasks = append(tasks, described.Tasks...)
		}
		if page = listed.NextToken; aws.ToString(page) == "" {
			return tasks, nil
		}
	}
}

// instances fills in the EC2 instance of each container instance.
func (w *Watcher) instances(ctx context.Context, hosts map[string]string) error {
	if len(hosts) == 0 {
		return nil
	}
	var arns []string
	for arn := range hosts {
		arns = append(arns, arn)
	}
	described, err := w.ECS.DescribeContainerInstances(ctx, &ecs.DescribeContainerInstancesInput{Cluster: &w.Cluster, ContainerInstances: arns})
	if err != nil {
		return fmt.Errorf("describing container instances: %w", err)
	}
	for _, instance := range described.ContainerInstances {
		hosts[aws.ToString(instance.ContainerInstanceArn)] = aws.ToString(instance.Ec2InstanceId)
	}
	return nil
}

func (w *Watcher) lookAtTargets(ctx context.Context, s *Snapshot) error {
	s.Targets = map[string][]Target{}
	for _, group := range w.Groups {
		health, err := w.ELB.DescribeTargetHealth(ctx, &elasticloadbalancingv2.DescribeTargetHealthInput{TargetGroupArn: &group.ARN})
		if err != nil {
			return fmt.Errorf("describing target health of %q: %w", group.Key, err)
		}
		for _, description := range health.TargetHealthDescriptions {
			if description.Target == nil || description.TargetHealth == nil {
				return errors.New("a target health description of " + group.Key + " lacks its target or state")
			}
			if description.TargetHealth.State == elbtypes.TargetHealthStateEnumDraining {
				continue
			}
			s.Targets[group.Key] = append(s.Targets[group.Key], newTarget(group, description, s.Tasks))
		}
		sort.Slice(s.Targets[group.Key], func(i, j int) bool {
			return s.Targets[group.Key][i].id() < s.Targets[group.Key][j].id()
		})
	}
	return nil
}

func newTarget(group Group, description elbtypes.TargetHealthDescription, tasks []Task) Target {
	target := Target{
		Key:         group.Key,
		Listener:    group.Listener,
		InstanceID:  aws.ToString(description.Target.Id),
		HostPort:    aws.ToInt32(description.Target.Port),
		State:       string(description.TargetHealth.State),
		Reason:      string(description.TargetHealth.Reason),
		Description: aws.ToString(description.TargetHealth.Description),
	}
	for _, task := range tasks {
		for _, binding := range task.Ports {
			if task.InstanceID == target.InstanceID && binding.HostPort == target.HostPort {
				target.ContainerPort, target.TaskStarted = binding.ContainerPort, task.Started
			}
		}
	}
	return target
}
