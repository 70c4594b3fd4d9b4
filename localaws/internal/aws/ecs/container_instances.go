package ecs

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ecs/schedule"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// instanceAPI is the API of container instances and their attributes.
type instanceAPI struct {
	life
	views views
}

func (s instanceAPI) operations() []wire.Operation {
	return []wire.Operation{
		wire.ReadOp("ListContainerInstances", s.listContainerInstances),
		wire.ReadOp("DescribeContainerInstances", s.describeContainerInstances),
		wire.Op("UpdateContainerInstancesState", s.updateContainerInstancesState),
		wire.Op("DeregisterContainerInstance", s.deregisterContainerInstance),
		wire.Op("PutAttributes", s.putAttributes),
		wire.Op("DeleteAttributes", s.deleteAttributes),
		wire.ReadOp("ListAttributes", s.listAttributes),
	}
}

type listInstancesInput struct {
	Cluster    string
	Filter     string
	Status     types.ContainerInstanceStatus
	MaxResults *int32
	NextToken  string
}

type listInstancesOutput struct {
	ContainerInstanceArns []string
	NextToken             string
}

func (s instanceAPI) listContainerInstances(_ context.Context, in *listInstancesInput) (*listInstancesOutput, error) {
	c, err := s.cluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	matches := func(*schedule.Instance) bool { return true }
	if in.Filter != "" {
		if matches, err = parseExpression(in.Filter); err != nil {
			return nil, err
		}
	}
	arns := []string{}
	for _, i := range s.instances(c.Name) {
		described := facts{s.region}.instance(i)
		if (in.Status == "" || string(in.Status) == i.Status) && matches(&described) {
			arns = append(arns, i.ARN)
		}
	}
	arns, next, err := page(arns, in.MaxResults, in.NextToken)
	return &listInstancesOutput{arns, next}, err
}

type describeInstancesInput struct {
	Cluster            string
	ContainerInstances []string
	Include            []types.ContainerInstanceField
}

type instancesOutput struct {
	ContainerInstances []types.ContainerInstance
	Failures           []types.Failure
}

func (s instanceAPI) describeContainerInstances(_ context.Context, in *describeInstancesInput) (*instancesOutput, error) {
	tags := slices.Contains(in.Include, types.ContainerInstanceFieldTags)
	return s.eachInstance(in.Cluster, in.ContainerInstances, func(i *containerInstance) types.ContainerInstance {
		return s.views.instance(i, tags)
	})
}

func (s instanceAPI) eachInstance(clusterName string, names []string, f func(*containerInstance) types.ContainerInstance) (*instancesOutput, error) {
	c, err := s.cluster(clusterName)
	if err != nil {
		return nil, err
	}
	if len(names) == 0 || len(names) > 100 {
		return nil, invalid("Container instances cannot be empty, and at most 100: %d were given.", len(names))
	}
	out := &instancesOutput{ContainerInstances: []types.ContainerInstance{}, Failures: []types.Failure{}}
	for _, name := range names {
		if i := s.instance(c, name); i != nil {
			out.ContainerInstances = append(out.ContainerInstances, f(i))
			continue
		}
		out.Failures = append(out.Failures, missing(s.arn("container-instance/"+c.Name+"/"+lastPart(name))))
	}
	return out, nil
}

type updateInstancesInput struct {
	Cluster            string
	ContainerInstances []string
	Status             types.ContainerInstanceStatus
}

func (s instanceAPI) updateContainerInstancesState(_ context.Context, in *updateInstancesInput) (*instancesOutput, error) {
	if in.Status != types.ContainerInstanceStatusActive && in.Status != types.ContainerInstanceStatusDraining {
		return nil, invalid("Container instance status should be one of [ACTIVE, DRAINING], not %q.", in.Status)
	}
	return s.eachInstance(in.Cluster, in.ContainerInstances, func(i *containerInstance) types.ContainerInstance {
		s.setInstanceStatus(i, string(in.Status))
		return s.views.instance(i, true)
	})
}

type deregisterInstanceInput struct {
	Cluster           string
	ContainerInstance string
	Force             bool
}

type instanceOutput struct{ ContainerInstance *types.ContainerInstance }

func (s instanceAPI) deregisterContainerInstance(_ context.Context, in *deregisterInstanceInput) (*instanceOutput, error) {
	c, err := s.cluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	i := s.instance(c, in.ContainerInstance)
	if i == nil {
		return nil, instanceNotFound()
	}
	if len(s.tasksOn(i)) > 0 && !in.Force {
		return nil, invalid("Found running tasks on the instance.")
	}
	s.state.Instances.Change(i.ARN)
	i.Status = inactive
	v := s.views.instance(i, true)
	s.loseInstance(i)
	return &instanceOutput{&v}, nil
}

type attributesInput struct {
	Cluster    string
	Attributes []types.Attribute
}

type attributesOutput struct {
	Attributes []types.Attribute
	NextToken  string
}

func (s instanceAPI) putAttributes(_ context.Context, in *attributesInput) (*attributesOutput, error) {
	return s.eachAttribute(in, func(i *containerInstance, a types.Attribute) {
		i.Attributes[aws.ToString(a.Name)] = aws.ToString(a.Value)
	})
}

func (s instanceAPI) deleteAttributes(_ context.Context, in *attributesInput) (*attributesOutput, error) {
	return s.eachAttribute(in, func(i *containerInstance, a types.Attribute) {
		delete(i.Attributes, aws.ToString(a.Name))
	})
}

func (s instanceAPI) eachAttribute(in *attributesInput, change func(*containerInstance, types.Attribute)) (*attributesOutput, error) {
	c, err := s.cluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	for _, a := range in.Attributes {
		name := aws.ToString(a.Name)
		if name == "" || agentsAttribute(name) {
			return nil, invalid("Attribute name %q: it must not be empty or begin with ecs. or com.amazonaws.", name)
		}
		if s.instance(c, aws.ToString(a.TargetId)) == nil {
			return nil, targetNotFound(aws.ToString(a.TargetId))
		}
	}
	for _, a := range in.Attributes {
		i := s.instance(c, aws.ToString(a.TargetId))
		s.state.Instances.Change(i.ARN)
		change(i, a)
		i.Version++
		if customAttributes(i) > maxAttributes {
			return nil, tooManyAttributes(i.ARN)
		}
	}
	return &attributesOutput{Attributes: list(in.Attributes)}, nil
}

// maxAttributes is how many attributes of one's own a container instance has,
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PutAttributes.html.
const maxAttributes = 10

func customAttributes(i *containerInstance) (count int) {
	for name := range i.Attributes {
		if !agentsAttribute(name) {
			count++
		}
	}
	return count
}

// agentsAttribute tells attributes that only the agent sets.
func agentsAttribute(name string) bool {
	return strings.HasPrefix(name, "ecs.") || strings.HasPrefix(name, "com.amazonaws.")
}

type listAttributesInput struct {
	Cluster        string
	TargetType     types.TargetType
	AttributeName  string
	AttributeValue string
	MaxResults     *int32
	NextToken      string
}

func (s instanceAPI) listAttributes(_ context.Context, in *listAttributesInput) (*attributesOutput, error) {
	c, err := s.cluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	if in.TargetType != types.TargetTypeContainerInstance {
		return nil, invalid("Target type %q: container-instance.", in.TargetType)
	}
	out := &attributesOutput{Attributes: []types.Attribute{}}
	for _, i := range s.instances(c.Name) {
		for _, name := range slices.Sorted(maps.Keys(i.Attributes)) {
			value := i.Attributes[name]
			if (in.AttributeName == "" || in.AttributeName == name) && (in.AttributeValue == "" || in.AttributeValue == value) {
				out.Attributes = append(out.Attributes, types.Attribute{Name: &name, Value: text(value), TargetId: &i.ARN, TargetType: types.TargetTypeContainerInstance})
			}
		}
	}
	return out, nil
}
