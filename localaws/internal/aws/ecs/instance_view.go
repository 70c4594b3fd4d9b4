package ecs

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

func (s views) instance(i *containerInstance, tags bool) types.ContainerInstance {
	r := i.Registration
	left := facts(s).free(i, s.tasksOn(i))
	reserved := map[string]bool{}
	for _, port := range reservedPorts {
		reserved[port] = true
	}
	tcp, udp := sortedPorts(reserved)
	leftTCP, leftUDP := sortedPorts(left.Ports)
	v := types.ContainerInstance{
		ContainerInstanceArn: &i.ARN, Ec2InstanceId: &i.EC2ID, Status: &i.Status, AgentConnected: i.Connected,
		RegisteredAt: &i.RegisteredAt, Version: i.Version, CapacityProviderName: text(s.providerOf(i)),
		VersionInfo:         &types.VersionInfo{AgentVersion: text(r.AgentVersion), DockerVersion: text("DockerVersion: " + r.DockerVersion)},
		RegisteredResources: resourceList(r.CPUUnits, r.MemoryMiB, tcp, udp, r.GPUs),
		RemainingResources:  resourceList(left.CPU, left.MemoryMiB, leftTCP, leftUDP, left.GPUs),
		Attributes:          []types.Attribute{}, Attachments: []types.Attachment{}, Tags: []types.Tag{},
	}
	for _, name := range slices.Sorted(maps.Keys(i.Attributes)) {
		v.Attributes = append(v.Attributes, types.Attribute{Name: &name, Value: text(i.Attributes[name])})
	}
	for _, t := range s.tasksOn(i) {
		v.RunningTasksCount += countIf(t.LastStatus == running)
		v.PendingTasksCount += countIf(t.LastStatus == pending)
	}
	if tags {
		v.Tags = tagList(i.Tags)
	}
	return v
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
