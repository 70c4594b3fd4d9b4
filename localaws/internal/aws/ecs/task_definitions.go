package ecs

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// definitionAPI is the API of task definitions.
type definitionAPI struct{ *region }

func (s definitionAPI) operations() []wire.Operation {
	return []wire.Operation{
		wire.Op("RegisterTaskDefinition", s.registerTaskDefinition),
		wire.ReadOp("DescribeTaskDefinition", s.describeTaskDefinition),
		wire.ReadOp("ListTaskDefinitions", s.listTaskDefinitions),
		wire.ReadOp("ListTaskDefinitionFamilies", s.listTaskDefinitionFamilies),
		wire.Op("DeregisterTaskDefinition", s.deregisterTaskDefinition),
		wire.Op("DeleteTaskDefinitions", s.deleteTaskDefinitions),
	}
}

type definitionOutput struct {
	TaskDefinition *types.TaskDefinition
	Tags           []types.Tag
}

func (s definitionAPI) registerTaskDefinition(ctx context.Context, in *registerDefinitionInput) (*definitionOutput, error) {
	if err := validateDefinition(in); err != nil {
		return nil, err
	}
	newest, _ := s.state.Revisions.Get(in.Family)
	number := newest + 1
	s.state.Revisions.Put(in.Family, number)
	now := s.acct.Clock.Now()
	d := types.TaskDefinition{
		Family: &in.Family, Revision: number, Status: types.TaskDefinitionStatusActive,
		TaskDefinitionArn:    aws.String(s.arn(fmt.Sprintf("task-definition/%s:%d", in.Family, number))),
		ContainerDefinitions: completed(in), Cpu: in.CPU, Memory: in.Memory,
		EnableFaultInjection: in.EnableFaultInjection, EphemeralStorage: in.EphemeralStorage,
		ExecutionRoleArn: in.ExecutionRoleArn, TaskRoleArn: in.TaskRoleArn, IpcMode: in.IpcMode, PidMode: in.PidMode,
		NetworkMode: in.NetworkMode, PlacementConstraints: list(in.PlacementConstraints),
		ProxyConfiguration: in.ProxyConfiguration, RequiresCompatibilities: in.RequiresCompatibilities,
		RuntimePlatform: in.RuntimePlatform, Volumes: list(in.Volumes),
		RegisteredAt: &now, RegisteredBy: aws.String(s.acct.GlobalARN("iam", "root")),
		Compatibilities:    []types.Compatibility{types.CompatibilityExternal, types.CompatibilityEc2},
		RequiresAttributes: requiredAttributes(in),
	}
	if d.NetworkMode == "" {
		d.NetworkMode = types.NetworkModeBridge
	}
	stored := &taskDefinition{Definition: d, Tags: tagMap(in.Tags)}
	s.state.Definitions.Put(key(&d), stored)
	out := &definitionOutput{TaskDefinition: &stored.Definition}
	if len(in.Tags) > 0 {
		out.Tags = tagList(stored.Tags)
	}
	return out, nil
}

// completed adds what ECS adds: empty lists, protocol and host port of
// mappings, essential. Environment entries without a value it drops.
func completed(in *registerDefinitionInput) []types.ContainerDefinition {
	containers := slices.Clone(in.ContainerDefinitions)
	for i := range containers {
		c := &containers[i]
		if c.Essential == nil {
			c.Essential = aws.Bool(true)
		}
		c.Environment = slices.DeleteFunc(slices.Clone(c.Environment), func(e types.KeyValuePair) bool { return e.Value == nil })
		c.Environment, c.MountPoints, c.VolumesFrom = list(c.Environment), list(c.MountPoints), list(c.VolumesFrom)
		c.SystemControls = list(c.SystemControls)
		c.PortMappings = list(slices.Clone(c.PortMappings))
		for j := range c.PortMappings {
			m := &c.PortMappings[j]
			if m.Protocol == "" {
				m.Protocol = types.TransportProtocolTcp
			}
			if m.HostPort == nil && m.ContainerPort != nil {
				m.HostPort = aws.Int32(0)
				if in.NetworkMode == types.NetworkModeHost || in.NetworkMode == types.NetworkModeAwsvpc {
					m.HostPort = m.ContainerPort
				}
			}
		}
		if h := c.HealthCheck; h != nil {
			c.HealthCheck = completedCheck(*h)
		}
	}
	return containers
}

// completedCheck adds the defaults of
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html.
func completedCheck(h types.HealthCheck) *types.HealthCheck {
	orValue := func(p **int32, value int32) {
		if *p == nil {
			*p = &value
		}
	}
	orValue(&h.Interval, 30)
	orValue(&h.Timeout, 5)
	orValue(&h.Retries, 3)
	return &h
}

// requiredAttributes are what an instance needs to run the definition, as far
// as the ECS agent announces it.
func requiredAttributes(in *registerDefinitionInput) []types.Attribute {
	names := map[string]bool{"com.amazonaws.ecs.capability.docker-remote-api.1.18": true}
	if in.TaskRoleArn != nil {
		names["com.amazonaws.ecs.capability.task-iam-role"] = true
	}
	for _, c := range in.ContainerDefinitions {
		if c.LogConfiguration != nil {
			names["com.amazonaws.ecs.capability.logging-driver."+string(c.LogConfiguration.LogDriver)] = true
			if c.LogConfiguration.LogDriver == types.LogDriverAwslogs && in.ExecutionRoleArn != nil {
				names["ecs.capability.execution-role-awslogs"] = true
			}
		}
		if c.HealthCheck != nil {
			names["ecs.capability.container-health-check"] = true
		}
		if len(c.Secrets) > 0 {
			names["ecs.capability.secrets.asm.environment-variables"] = true
		}
	}
	attributes := []types.Attribute{}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		attributes = append(attributes, types.Attribute{Name: aws.String(name)})
	}
	return attributes
}

type describeDefinitionInput struct {
	TaskDefinition string
	Include        []types.TaskDefinitionField
}

func (s definitionAPI) describeTaskDefinition(_ context.Context, in *describeDefinitionInput) (*definitionOutput, error) {
	d := s.definition(in.TaskDefinition)
	if d == nil {
		return nil, definitionNotFound()
	}
	out := &definitionOutput{TaskDefinition: &d.Definition}
	if slices.Contains(in.Include, types.TaskDefinitionFieldTags) {
		out.Tags = tagList(d.Tags)
	}
	return out, nil
}

type listDefinitionsInput struct {
	FamilyPrefix string
	Status       types.TaskDefinitionStatus
	Sort         types.SortOrder
	MaxResults   *int32
	NextToken    string
}

type listDefinitionsOutput struct {
	TaskDefinitionArns []string
	NextToken          string
}

func (s definitionAPI) listTaskDefinitions(_ context.Context, in *listDefinitionsInput) (*listDefinitionsOutput, error) {
	status := cmp.Or(in.Status, types.TaskDefinitionStatusActive)
	var found []*types.TaskDefinition
	for _, d := range s.state.Definitions.All() {
		if d.Definition.Status == status && (in.FamilyPrefix == "" || in.FamilyPrefix == aws.ToString(d.Definition.Family)) {
			found = append(found, &d.Definition)
		}
	}
	slices.SortFunc(found, func(a, b *types.TaskDefinition) int {
		return cmp.Or(strings.Compare(*a.Family, *b.Family), cmp.Compare(a.Revision, b.Revision))
	})
	if in.Sort == types.SortOrderDesc {
		slices.Reverse(found)
	}
	arns := make([]string, 0, len(found))
	for _, d := range found {
		arns = append(arns, *d.TaskDefinitionArn)
	}
	arns, next, err := page(arns, in.MaxResults, in.NextToken)
	return &listDefinitionsOutput{arns, next}, err
}

type listFamiliesInput struct {
	FamilyPrefix string
	Status       types.TaskDefinitionFamilyStatus
	MaxResults   *int32
	NextToken    string
}

type listFamiliesOutput struct {
	Families  []string
	NextToken string
}

func (s definitionAPI) listTaskDefinitionFamilies(_ context.Context, in *listFamiliesInput) (*listFamiliesOutput, error) {
	isActive := map[string]bool{}
	for _, d := range s.state.Definitions.All() {
		family := aws.ToString(d.Definition.Family)
		isActive[family] = isActive[family] || d.Definition.Status == types.TaskDefinitionStatusActive
	}
	var families []string
	for _, family := range slices.Sorted(maps.Keys(isActive)) {
		wanted := in.Status == "" || in.Status == types.TaskDefinitionFamilyStatusAll ||
			(in.Status == types.TaskDefinitionFamilyStatusActive) == isActive[family]
		if wanted && strings.HasPrefix(family, in.FamilyPrefix) {
			families = append(families, family)
		}
	}
	families, next, err := page(families, in.MaxResults, in.NextToken)
	return &listFamiliesOutput{families, next}, err
}

type definitionInput struct{ TaskDefinition string }

func (s definitionAPI) deregisterTaskDefinition(_ context.Context, in *definitionInput) (*definitionOutput, error) {
	d := s.revision(in.TaskDefinition)
	if d == nil {
		return nil, definitionNotFound()
	}
	if d.Definition.Status == types.TaskDefinitionStatusActive {
		s.state.Definitions.Change(key(&d.Definition))
		now := s.acct.Clock.Now()
		d.Definition.Status, d.Definition.DeregisteredAt = types.TaskDefinitionStatusInactive, &now
	}
	return &definitionOutput{TaskDefinition: &d.Definition}, nil
}

type deleteDefinitionsInput struct{ TaskDefinitions []string }

type deleteDefinitionsOutput struct {
	TaskDefinitions []types.TaskDefinition
	Failures        []types.Failure
}

// deleteTaskDefinitions deletes what has been deregistered and is not in use.
func (s definitionAPI) deleteTaskDefinitions(_ context.Context, in *deleteDefinitionsInput) (*deleteDefinitionsOutput, error) {
	out := &deleteDefinitionsOutput{TaskDefinitions: []types.TaskDefinition{}, Failures: []types.Failure{}}
	for _, name := range in.TaskDefinitions {
		d := s.revision(name)
		if d == nil {
			out.Failures = append(out.Failures, types.Failure{
				Arn: &name, Reason: aws.String("TASK_DEFINITION_NOT_FOUND"), Detail: aws.String("The specified task definition was not found. Specify a valid family and revision and try again."),
			})
			continue
		}
		if d.Definition.Status == types.TaskDefinitionStatusActive {
			return nil, invalid("The specified task definition is still in ACTIVE status. Please deregister the target and try again. (%s)", name)
		}
		s.state.Definitions.Change(key(&d.Definition))
		now := s.acct.Clock.Now()
		s.state.Deletions.Put(key(&d.Definition), now)
		d.Definition.Status, d.Definition.DeleteRequestedAt = types.TaskDefinitionStatusDeleteInProgress, &now
		out.TaskDefinitions = append(out.TaskDefinitions, d.Definition)
	}
	return out, nil
}
