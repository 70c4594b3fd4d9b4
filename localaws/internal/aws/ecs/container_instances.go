package ecs

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// instances returns a cluster's container instances, the oldest first.
func (s *Service) instances(cluster string) []*containerInstance {
	var all []*containerInstance
	for _, i := range s.state.Instances {
		if i.Cluster == cluster {
			all = append(all, i)
		}
	}
	slices.SortFunc(all, func(a, b *containerInstance) int {
		return cmp.Or(a.RegisteredAt.Compare(b.RegisteredAt), cmp.Compare(a.ID, b.ID))
	})
	return all
}

// instance finds a container instance by id or ARN.
func (s *Service) instance(c *cluster, idOrARN string) *containerInstance {
	return s.state.Instances[s.acct.ARN("ecs", "container-instance/"+c.Name+"/"+lastPart(idOrARN))]
}

// providerOf is the capacity provider of the cluster whose group the instance
// belongs to, "" for none.
func (s *Service) providerOf(i *containerInstance) string {
	name, ok := s.groups.GroupOf(i.EC2ID)
	if !ok {
		return ""
	}
	group, ok := s.groups.Group(name)
	if !ok {
		return ""
	}
	c := s.state.Clusters[i.Cluster]
	for _, p := range s.state.Providers {
		if p.Status == active && p.GroupARN == group.ARN && c != nil && slices.Contains(c.Providers, p.Name) {
			return p.Name
		}
	}
	return ""
}

// daemonInstances are where a daemon service runs a task.
func (s *Service) daemonInstances(svc *service) []*containerInstance {
	d := svc.primary()
	if d == nil {
		return nil
	}
	definition := s.state.Definitions[lastPart(d.Revision.TaskDefinition)]
	if definition == nil {
		return nil
	}
	r := request{cluster: svc.Cluster, definition: definition, constraints: svc.Constraints, group: "service:" + svc.Name}
	architecture := demandOf(&definition.Definition, nil).architecture
	var wanted []*containerInstance
	for _, i := range s.instances(svc.Cluster) {
		if i.Status != active || (architecture != "" && architecture != i.Attributes[attributeArchitecture]) {
			continue
		}
		if words, _ := s.constrained(withoutDistinct(r), i); words != "" {
			continue
		}
		if len(d.Revision.Strategy) > 0 && !slices.ContainsFunc(d.Revision.Strategy, func(item types.CapacityProviderStrategyItem) bool {
			return aws.ToString(item.CapacityProvider) == s.providerOf(i)
		}) {
			continue
		}
		wanted = append(wanted, i)
	}
	return wanted
}

// withoutDistinct drops distinctInstance, which daemons fulfil by themselves.
func withoutDistinct(r request) request {
	r.constraints = slices.DeleteFunc(slices.Clone(r.constraints), func(c types.PlacementConstraint) bool {
		return c.Type == types.PlacementConstraintTypeDistinctInstance
	})
	return r
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

func (s *Service) listContainerInstances(_ context.Context, in *listInstancesInput) (*listInstancesOutput, error) {
	c, err := s.cluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	if in.Filter != "" {
		if err := checkConstraint(string(types.PlacementConstraintTypeMemberOf), in.Filter); err != nil {
			return nil, err
		}
	}
	arns := []string{}
	for _, i := range s.instances(c.Name) {
		if (in.Status == "" || string(in.Status) == i.Status) && (in.Filter == "" || s.member(i, in.Filter)) {
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

func (s *Service) describeContainerInstances(_ context.Context, in *describeInstancesInput) (*instancesOutput, error) {
	tags := slices.Contains(in.Include, types.ContainerInstanceFieldTags)
	return s.eachInstance(in.Cluster, in.ContainerInstances, func(i *containerInstance) types.ContainerInstance {
		return s.instanceView(i, tags)
	})
}

func (s *Service) eachInstance(clusterName string, names []string, f func(*containerInstance) types.ContainerInstance) (*instancesOutput, error) {
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
		out.Failures = append(out.Failures, missing(s.acct.ARN("ecs", "container-instance/"+c.Name+"/"+lastPart(name))))
	}
	return out, nil
}

func (s *Service) instanceView(i *containerInstance, tags bool) types.ContainerInstance {
	r := i.Registration
	left := s.remaining(i)
	reserved := map[string]bool{}
	for _, port := range reservedPorts {
		reserved[port] = true
	}
	tcp, udp := sortedPorts(reserved)
	leftTCP, leftUDP := sortedPorts(left.ports)
	v := types.ContainerInstance{
		ContainerInstanceArn: &i.ARN, Ec2InstanceId: &i.EC2ID, Status: &i.Status, AgentConnected: i.Connected,
		RegisteredAt: &i.RegisteredAt, Version: i.Version, CapacityProviderName: text(s.providerOf(i)),
		VersionInfo:         &types.VersionInfo{AgentVersion: text(r.AgentVersion), DockerVersion: text("DockerVersion: " + r.DockerVersion)},
		RegisteredResources: resourceList(r.CPUUnits, r.MemoryMiB, tcp, udp, r.GPUs),
		RemainingResources:  resourceList(left.cpu, left.memory, leftTCP, leftUDP, left.gpus),
		Attributes:          []types.Attribute{}, Attachments: []types.Attachment{}, Tags: []types.Tag{},
	}
	for _, name := range sortedKeys(i.Attributes) {
		v.Attributes = append(v.Attributes, types.Attribute{Name: &name, Value: text(i.Attributes[name])})
	}
	for _, t := range s.state.Tasks {
		if t.Instance == i.ARN {
			v.RunningTasksCount += countIf(t.LastStatus == running)
			v.PendingTasksCount += countIf(t.LastStatus == pending)
		}
	}
	if tags {
		v.Tags = tagList(i.Tags)
	}
	return v
}

type updateInstancesInput struct {
	Cluster            string
	ContainerInstances []string
	Status             types.ContainerInstanceStatus
}

func (s *Service) updateContainerInstancesState(_ context.Context, in *updateInstancesInput) (*instancesOutput, error) {
	if in.Status != types.ContainerInstanceStatusActive && in.Status != types.ContainerInstanceStatusDraining {
		return nil, invalid("Container instance status should be one of [ACTIVE, DRAINING], not %q.", in.Status)
	}
	return s.eachInstance(in.Cluster, in.ContainerInstances, func(i *containerInstance) types.ContainerInstance {
		s.setInstanceStatus(i, string(in.Status))
		return s.instanceView(i, true)
	})
}

func (s *Service) setInstanceStatus(i *containerInstance, status string) {
	if i.Status == status {
		return
	}
	i.Status = status
	i.Version++
	s.emitInstance(i)
	s.changed()
}

type deregisterInstanceInput struct {
	Cluster           string
	ContainerInstance string
	Force             bool
}

type instanceOutput struct{ ContainerInstance *types.ContainerInstance }

func (s *Service) deregisterContainerInstance(_ context.Context, in *deregisterInstanceInput) (*instanceOutput, error) {
	c, err := s.cluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	i := s.instance(c, in.ContainerInstance)
	if i == nil {
		return nil, instanceNotFound()
	}
	for _, t := range s.state.Tasks {
		if t.Instance == i.ARN && t.LastStatus != stopped && !in.Force {
			return nil, invalid("Found running tasks on the instance.")
		}
	}
	i.Status = inactive
	v := s.instanceView(i, true)
	s.Deregister(i.ARN)
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

func (s *Service) putAttributes(_ context.Context, in *attributesInput) (*attributesOutput, error) {
	return s.eachAttribute(in, func(i *containerInstance, a types.Attribute) {
		i.Attributes[aws.ToString(a.Name)] = aws.ToString(a.Value)
	})
}

func (s *Service) deleteAttributes(_ context.Context, in *attributesInput) (*attributesOutput, error) {
	return s.eachAttribute(in, func(i *containerInstance, a types.Attribute) {
		delete(i.Attributes, aws.ToString(a.Name))
	})
}

func (s *Service) eachAttribute(in *attributesInput, change func(*containerInstance, types.Attribute)) (*attributesOutput, error) {
	c, err := s.cluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	for _, a := range in.Attributes {
		name := aws.ToString(a.Name)
		if name == "" || strings.HasPrefix(name, "ecs.") || strings.HasPrefix(name, "com.amazonaws.") {
			return nil, invalid("Attribute name %q: it must not be empty or begin with ecs. or com.amazonaws.", name)
		}
		if s.instance(c, aws.ToString(a.TargetId)) == nil {
			return nil, invalid("Target %q does not exist in the cluster.", aws.ToString(a.TargetId))
		}
	}
	for _, a := range in.Attributes {
		i := s.instance(c, aws.ToString(a.TargetId))
		change(i, a)
		i.Version++
	}
	return &attributesOutput{Attributes: list(in.Attributes)}, nil
}

type listAttributesInput struct {
	Cluster        string
	TargetType     types.TargetType
	AttributeName  string
	AttributeValue string
	MaxResults     *int32
	NextToken      string
}

func (s *Service) listAttributes(_ context.Context, in *listAttributesInput) (*attributesOutput, error) {
	c, err := s.cluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	if in.TargetType != types.TargetTypeContainerInstance {
		return nil, invalid("Target type %q: container-instance.", in.TargetType)
	}
	out := &attributesOutput{Attributes: []types.Attribute{}}
	for _, i := range s.instances(c.Name) {
		for _, name := range sortedKeys(i.Attributes) {
			value := i.Attributes[name]
			if (in.AttributeName == "" || in.AttributeName == name) && (in.AttributeValue == "" || in.AttributeValue == value) {
				out.Attributes = append(out.Attributes, types.Attribute{Name: &name, Value: text(value), TargetId: &i.ARN, TargetType: types.TargetTypeContainerInstance})
			}
		}
	}
	return out, nil
}

// cutSuffix reads the number before the suffix.
func cutSuffix(text, suffix string) (int, bool) {
	number, ok := strings.CutSuffix(text, suffix)
	if !ok {
		return 0, false
	}
	n, err := strconv.Atoi(number)
	return n, err == nil
}

// registeredResources and remainingResources are in DescribeContainerInstances.
func resourceList(cpu, memory int, ports, udp, gpus []string) []types.Resource {
	integer := func(name string, value int) types.Resource {
		return types.Resource{Name: &name, Type: aws.String("INTEGER"), IntegerValue: int32(value)} //nolint:gosec // of one machine
	}
	set := func(name string, values []string) types.Resource {
		return types.Resource{Name: &name, Type: aws.String("STRINGSET"), StringSetValue: list(values)}
	}
	resources := []types.Resource{integer("CPU", cpu), integer("MEMORY", memory), set("PORTS", ports), set("PORTS_UDP", udp)}
	if len(gpus) > 0 {
		resources = append(resources, set("GPU", gpus))
	}
	return resources
}

// sortedPorts splits ports such as "80/tcp" by protocol, each sorted.
func sortedPorts(ports map[string]bool) (tcp, udp []string) {
	numbers := map[string][]int{}
	for port := range ports {
		for _, protocol := range []string{"tcp", "udp"} {
			if number, ok := cutSuffix(port, "/"+protocol); ok {
				numbers[protocol] = append(numbers[protocol], number)
			}
		}
	}
	words := func(n []int) []string {
		slices.Sort(n)
		var text []string
		for _, port := range n {
			text = append(text, strconv.Itoa(port))
		}
		return text
	}
	return words(numbers["tcp"]), words(numbers["udp"])
}
