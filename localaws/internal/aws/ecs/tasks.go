package ecs

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ecs/schedule"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// taskAPI is the API of tasks.
type taskAPI struct {
	life
	views views
}

func (s taskAPI) operations() []wire.Operation {
	return []wire.Operation{
		wire.Op("RunTask", s.runTask),
		wire.Op("StartTask", s.startTask),
		wire.Op("StopTask", s.stopTask),
		wire.ReadOp("ListTasks", s.listTasks),
		wire.ReadOp("DescribeTasks", s.describeTasks),
		wire.Op("UpdateTaskProtection", s.updateTaskProtection),
		wire.ReadOp("GetTaskProtection", s.getTaskProtection),
		wire.Op("ExecuteCommand", s.executeCommand),
	}
}

type runTaskInput struct {
	Cluster                  string
	TaskDefinition           string
	Count                    *int32
	CapacityProviderStrategy []types.CapacityProviderStrategyItem
	LaunchType               types.LaunchType
	ClientToken              string
	EnableECSManagedTags     bool
	EnableExecuteCommand     bool
	Group                    string
	StartedBy                string
	ReferenceId              string
	Overrides                *types.TaskOverride
	PlacementConstraints     []types.PlacementConstraint
	PlacementStrategy        []types.PlacementStrategy
	PlatformVersion          string
	PropagateTags            types.PropagateTags
	Tags                     []types.Tag
}

type tasksOutput struct {
	Tasks    []types.Task
	Failures []types.Failure
}

func (s taskAPI) runTask(_ context.Context, in *runTaskInput) (*tasksOutput, error) {
	c, err := s.cluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	d, err := s.usable(in.TaskDefinition)
	if err != nil {
		return nil, err
	}
	strategy, err := s.checkRun(c, d, in)
	if err != nil {
		return nil, err
	}
	out := &tasksOutput{Tasks: []types.Task{}, Failures: []types.Failure{}}
	if again, err := s.started(c, d, in); err != nil || len(again) > 0 {
		for _, t := range again {
			out.Tasks = append(out.Tasks, *s.views.task(t, true))
		}
		return out, err
	}
	have := map[string]int{}
	placer := facts{s.region}.placer(c.Name)
	for range cmp.Or(aws.ToInt32(in.Count), 1) {
		t := s.newTask(c.Name, d)
		t.StartedBy, t.Overrides, t.ExecuteCommand = in.StartedBy, in.Overrides, in.EnableExecuteCommand
		t.Token = in.ClientToken
		t.Group = cmp.Or(in.Group, t.Group)
		t.Constraints, t.Placement = in.PlacementConstraints, in.PlacementStrategy
		t.Tags = runTags(in.Tags, in.PropagateTags, in.EnableECSManagedTags, c, d)
		t.LaunchType = types.LaunchTypeEc2
		if len(strategy) > 0 {
			t.LaunchType, t.Provider = "", schedule.Item(strategyItems(strategy), have)
			have[t.Provider]++
		}
		instance, why := placer.Place(facts{s.region}.work(nil, t))
		if instance == "" && !s.scaled(t.Provider) {
			out.Failures = append(out.Failures, s.placementFailure(c, why))
			continue
		}
		s.create(t, instance)
		out.Tasks = append(out.Tasks, *s.views.task(t, true))
	}
	return out, nil
}

// started are the tasks that a RunTask with the same token has started, which a
// second one does not start again,
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/ECS_Idempotency.html.
func (s taskAPI) started(c *cluster, d *taskDefinition, in *runTaskInput) ([]*task, error) {
	if in.ClientToken == "" {
		return nil, nil
	}
	again := s.tasksWhere(func(t *task) bool { return t.Cluster == c.Name && t.Token == in.ClientToken })
	for _, t := range again {
		if t.Definition != key(&d.Definition) || t.StartedBy != in.StartedBy || in.Group != "" && t.Group != in.Group {
			return nil, tokenTaken(in.ClientToken)
		}
	}
	return again, nil
}

// checkRun checks a RunTask, and returns the strategy that holds.
func (s taskAPI) checkRun(c *cluster, d *taskDefinition, in *runTaskInput) ([]types.CapacityProviderStrategyItem, error) {
	if n := cmp.Or(aws.ToInt32(in.Count), 1); n < 1 || n > 10 {
		return nil, invalid("Count %d must be between 1 and 10.", n)
	}
	if in.LaunchType != "" && (in.LaunchType != types.LaunchTypeEc2 || len(in.CapacityProviderStrategy) > 0) {
		return nil, invalid("Launch type %s: localaws runs tasks on EC2 instances, and a launch type can't be combined with a capacity provider strategy.", in.LaunchType)
	}
	if err := checkGroup(in.Group); err != nil {
		return nil, err
	}
	for _, p := range in.PlacementConstraints {
		if err := checkConstraint(string(p.Type), aws.ToString(p.Expression)); err != nil {
			return nil, err
		}
	}
	for i := range in.PlacementStrategy {
		if err := checkPlacement(&in.PlacementStrategy[i]); err != nil {
			return nil, err
		}
	}
	if why := s.roleTrouble(d, in.Overrides); why != "" {
		return nil, clientError("%s", why)
	}
	strategy := in.CapacityProviderStrategy
	if len(strategy) == 0 && in.LaunchType == "" {
		strategy = c.Strategy
	}
	return strategy, checkItems(c.Providers, strategy)
}

// checkGroup refuses names of groups that ECS itself makes.
func checkGroup(group string) error {
	if strings.HasPrefix(group, "service:") || strings.HasPrefix(group, "family:") {
		return invalid("Group %q must not begin with service: or family:.", group)
	}
	return nil
}

func (s taskAPI) placementFailure(c *cluster, why schedule.Misfit) types.Failure {
	if why.Instance == "" {
		return types.Failure{Reason: aws.String("No Container Instances were found in your cluster.")}
	}
	return types.Failure{
		Arn:    aws.String(s.arn("container-instance/" + c.Name + "/" + why.Instance)),
		Reason: aws.String(why.Reason),
	}
}

func runTags(given []types.Tag, propagate types.PropagateTags, managed bool, c *cluster, d *taskDefinition) core.Tags {
	tags := core.Tags{}
	if propagate == types.PropagateTagsTaskDefinition {
		maps.Copy(tags, d.Tags)
	}
	maps.Copy(tags, tagMap(given))
	if managed {
		tags["aws:ecs:clusterName"] = c.Name
	}
	return tags
}

type startTaskInput struct {
	Cluster              string
	TaskDefinition       string
	ContainerInstances   []string
	EnableECSManagedTags bool
	EnableExecuteCommand bool
	Group                string
	StartedBy            string
	ReferenceId          string
	Overrides            *types.TaskOverride
	PropagateTags        types.PropagateTags
	Tags                 []types.Tag
}

func (s taskAPI) startTask(_ context.Context, in *startTaskInput) (*tasksOutput, error) {
	c, err := s.cluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	d, err := s.usable(in.TaskDefinition)
	if err != nil {
		return nil, err
	}
	if len(in.ContainerInstances) == 0 || len(in.ContainerInstances) > 10 {
		return nil, invalid("Container instances: 1 to 10, %d were given.", len(in.ContainerInstances))
	}
	if err := checkGroup(in.Group); err != nil {
		return nil, err
	}
	if why := s.roleTrouble(d, in.Overrides); why != "" {
		return nil, clientError("%s", why)
	}
	out := &tasksOutput{Tasks: []types.Task{}, Failures: []types.Failure{}}
	placer := facts{s.region}.placer(c.Name)
	for _, name := range in.ContainerInstances {
		i := s.instance(c, name)
		if i == nil {
			out.Failures = append(out.Failures, missing(name))
			continue
		}
		t := s.newTask(c.Name, d)
		t.StartedBy, t.Overrides, t.ExecuteCommand = in.StartedBy, in.Overrides, in.EnableExecuteCommand
		t.Group, t.LaunchType = cmp.Or(in.Group, t.Group), types.LaunchTypeEc2
		t.Tags = runTags(in.Tags, in.PropagateTags, in.EnableECSManagedTags, c, d)
		if why, ok := placer.PlaceOn(i.ID, facts{s.region}.work(nil, t)); !ok {
			out.Failures = append(out.Failures, types.Failure{Arn: &i.ARN, Reason: &why.Reason})
			continue
		}
		s.create(t, i.ID)
		out.Tasks = append(out.Tasks, *s.views.task(t, true))
	}
	return out, nil
}

type stopTaskInput struct {
	Cluster string
	Task    string
	Reason  string
}

type stopTaskOutput struct{ Task *types.Task }

func (s taskAPI) stopTask(_ context.Context, in *stopTaskInput) (*stopTaskOutput, error) {
	c, err := s.cluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	t := s.task(c, in.Task)
	if t == nil {
		return nil, taskNotFound()
	}
	s.stop(t, types.TaskStopCodeUserInitiated, cmp.Or(in.Reason, "Task stopped by user"))
	return &stopTaskOutput{s.views.task(t, true)}, nil
}

type listTasksInput struct {
	Cluster           string
	ContainerInstance string
	DesiredStatus     types.DesiredStatus
	Family            string
	LaunchType        types.LaunchType
	ServiceName       string
	StartedBy         string
	MaxResults        *int32
	NextToken         string
}

type listTasksOutput struct {
	TaskArns  []string
	NextToken string
}

func (s taskAPI) listTasks(_ context.Context, in *listTasksInput) (*listTasksOutput, error) {
	c, err := s.cluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	if in.ContainerInstance != "" && s.instance(c, in.ContainerInstance) == nil {
		return nil, instanceNotFound()
	}
	if in.ServiceName != "" {
		if _, err := s.service(in.Cluster, in.ServiceName); err != nil {
			return nil, err
		}
	}
	wanted := string(cmp.Or(in.DesiredStatus, types.DesiredStatusRunning))
	tasks := s.tasksWhere(func(t *task) bool { return t.Cluster == c.Name && t.DesiredStatus == wanted && in.matches(t) })
	arns := make([]string, 0, len(tasks))
	for _, t := range tasks {
		arns = append(arns, t.ARN)
	}
	arns, next, err := page(arns, in.MaxResults, in.NextToken)
	return &listTasksOutput{arns, next}, err
}

func (in *listTasksInput) matches(t *task) bool {
	family, _, _ := strings.Cut(t.Definition, ":")
	return (in.ContainerInstance == "" || lastPart(in.ContainerInstance) == lastPart(t.Instance)) &&
		(in.Family == "" || in.Family == family) &&
		(in.LaunchType == "" || in.LaunchType == t.LaunchType) &&
		(in.ServiceName == "" || lastPart(in.ServiceName) == lastPart(t.Service)) &&
		(in.StartedBy == "" || in.StartedBy == t.StartedBy)
}

type describeTasksInput struct {
	Cluster string
	Tasks   []string
	Include []types.TaskField
}

func (s taskAPI) describeTasks(_ context.Context, in *describeTasksInput) (*tasksOutput, error) {
	c, err := s.cluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	if len(in.Tasks) == 0 || len(in.Tasks) > 100 {
		return nil, invalid("Tasks cannot be empty, and at most 100: %d were given.", len(in.Tasks))
	}
	out := &tasksOutput{Tasks: []types.Task{}, Failures: []types.Failure{}}
	for _, name := range in.Tasks {
		t := s.task(c, name)
		if t == nil {
			out.Failures = append(out.Failures, missing(s.arn("task/"+c.Name+"/"+lastPart(name))))
			continue
		}
		out.Tasks = append(out.Tasks, *s.views.task(t, slices.Contains(in.Include, types.TaskFieldTags)))
	}
	return out, nil
}

type taskProtectionInput struct {
	Cluster           string
	Tasks             []string
	ProtectionEnabled bool
	ExpiresInMinutes  *int32
}

type taskProtectionOutput struct {
	ProtectedTasks []types.ProtectedTask
	Failures       []types.Failure
}

// defaultProtection is how long a protection lasts, in minutes, when the
// request does not say.
const defaultProtection = 120

func (s taskAPI) updateTaskProtection(_ context.Context, in *taskProtectionInput) (*taskProtectionOutput, error) {
	return s.protection(in, func(t *task) {
		s.change(t).ProtectedUntil = time.Time{}
		if in.ProtectionEnabled {
			minutes := defaultProtection
			if in.ExpiresInMinutes != nil {
				minutes = int(*in.ExpiresInMinutes)
			}
			t.ProtectedUntil = s.acct.Clock.In(time.Duration(minutes) * time.Minute)
		}
	})
}

type getProtectionInput struct {
	Cluster string
	Tasks   []string
}

func (s taskAPI) getTaskProtection(_ context.Context, in *getProtectionInput) (*taskProtectionOutput, error) {
	return s.protection(&taskProtectionInput{Cluster: in.Cluster, Tasks: in.Tasks}, func(*task) {})
}

func (s taskAPI) protection(in *taskProtectionInput, change func(*task)) (*taskProtectionOutput, error) {
	c, err := s.cluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	out := &taskProtectionOutput{ProtectedTasks: []types.ProtectedTask{}, Failures: []types.Failure{}}
	for _, name := range in.Tasks {
		t := s.task(c, name)
		switch {
		case t == nil:
			out.Failures = append(out.Failures, missing(name))
			continue
		case t.Service == "":
			out.Failures = append(out.Failures, types.Failure{Arn: &t.ARN, Reason: aws.String("TASK_NOT_VALID")})
			continue
		}
		change(t)
		p := types.ProtectedTask{TaskArn: &t.ARN, ProtectionEnabled: t.ProtectedUntil.After(s.acct.Clock.Now())}
		if p.ProtectionEnabled {
			p.ExpirationDate = &t.ProtectedUntil
		}
		out.ProtectedTasks = append(out.ProtectedTasks, p)
	}
	return out, nil
}

// executeCommandInput is ExecuteCommand's, which is refused.
type executeCommandInput struct {
	Cluster, Task, Container, Command string
	Interactive                       bool
}

func (s taskAPI) executeCommand(_ context.Context, in *executeCommandInput) (*wire.Empty, error) {
	return nil, wire.Errorf("TargetNotConnectedException",
		"localaws does not support ECS Exec: the execute command agent isn't running in task %s.", in.Task)
}
