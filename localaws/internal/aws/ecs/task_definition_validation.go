package ecs

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

var (
	containerName = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,255}$`)
	volumeName    = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,255}$`)
)

// validateDefinition checks what RegisterTaskDefinition checks,
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html.
func validateDefinition(in *registerDefinitionInput) error {
	switch {
	case in.Family == "":
		return clientError("Family can not be blank.")
	case !resourceName.MatchString(in.Family):
		return clientError("Family contains invalid characters. (%s)", in.Family)
	case len(in.ContainerDefinitions) == 0:
		return clientError("Container list cannot be empty.")
	case len(in.ContainerDefinitions) > 10:
		return clientError("Too many containers: %d. A task definition has at most 10.", len(in.ContainerDefinitions))
	case slices.Contains(in.RequiresCompatibilities, types.CompatibilityFargate):
		return clientError("localaws runs tasks on EC2 instances; requiresCompatibilities has FARGATE.")
	}
	if err := validateTaskSize(in); err != nil {
		return err
	}
	volumes, err := validateVolumes(in)
	if err != nil {
		return err
	}
	essential := false
	names := map[string]bool{}
	for i := range in.ContainerDefinitions {
		c := &in.ContainerDefinitions[i]
		name := aws.ToString(c.Name)
		if err := validateContainer(in, c, volumes); err != nil {
			return err
		}
		if names[name] {
			return clientError("The container name '%s' is not unique.", name)
		}
		names[name] = true
		essential = essential || c.Essential == nil || *c.Essential
	}
	if !essential {
		return clientError("Invalid 'essential' setting for container. At least one container in a task must be essential.")
	}
	if err := validateLinks(in, names); err != nil {
		return err
	}
	return validateHostPorts(in)
}

func validateTaskSize(in *registerDefinitionInput) error {
	if _, err := cpuUnits(aws.ToString(in.CPU)); err != nil {
		return err
	}
	if _, err := memoryMiB(aws.ToString(in.Memory)); err != nil {
		return err
	}
	for _, role := range []struct{ name, arn string }{
		{"executionRoleArn", aws.ToString(in.ExecutionRoleArn)}, {"taskRoleArn", aws.ToString(in.TaskRoleArn)},
	} {
		if role.arn == "" {
			continue
		}
		if strings.HasPrefix(role.arn, "arn:") && !strings.Contains(role.arn, ":role/") {
			return clientError("Role is not valid: %s is %q.", role.name, role.arn)
		}
	}
	return nil
}

func validateVolumes(in *registerDefinitionInput) (map[string]bool, error) {
	names := map[string]bool{}
	for _, v := range in.Volumes {
		name := aws.ToString(v.Name)
		switch {
		case !volumeName.MatchString(name):
			return nil, clientError("Volume name %q is not valid: up to 255 letters, numbers, hyphens and underscores.", name)
		case names[name]:
			return nil, clientError("The volume name '%s' is not unique.", name)
		case v.FsxWindowsFileServerVolumeConfiguration != nil || v.S3filesVolumeConfiguration != nil || aws.ToBool(v.ConfiguredAtLaunch):
			return nil, clientError("Volume %s: localaws supports only host, Docker and EFS volumes.", name)
		case v.EfsVolumeConfiguration != nil && aws.ToString(v.EfsVolumeConfiguration.FileSystemId) == "":
			return nil, clientError("EFS volume %s needs a fileSystemId.", name)
		}
		names[name] = true
	}
	return names, nil
}

func validateContainer(in *registerDefinitionInput, c *types.ContainerDefinition, volumes map[string]bool) error {
	name := aws.ToString(c.Name)
	switch {
	case !containerName.MatchString(name):
		return clientError("Container name %q is not valid: up to 255 letters, numbers, hyphens and underscores.", name)
	case aws.ToString(c.Image) == "":
		return clientError("Container.image should not be null or empty.")
	case c.Cpu < 0:
		return clientError("Invalid setting for container '%s'. CPU must not be negative: %d.", name, c.Cpu)
	case aws.ToString(in.Memory) == "" && c.Memory == nil && c.MemoryReservation == nil:
		return clientError("Invalid setting for container '%s'. At least one of 'memory' or 'memoryReservation' must be specified.", name)
	case c.Memory != nil && *c.Memory < 4, c.MemoryReservation != nil && *c.MemoryReservation < 4:
		return clientError("Invalid setting for container '%s'. The memory must be at least 4 MiB.", name)
	case c.Memory != nil && c.MemoryReservation != nil && *c.MemoryReservation > *c.Memory:
		return clientError("Invalid setting for container '%s'. The memory reservation %d must not exceed the memory %d.", name, *c.MemoryReservation, *c.Memory)
	case len(c.Secrets) > 0 && aws.ToString(in.ExecutionRoleArn) == "":
		return clientError("When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.")
	}
	for _, m := range c.MountPoints {
		if !volumes[aws.ToString(m.SourceVolume)] {
			return clientError("Unknown volume '%s'.", aws.ToString(m.SourceVolume))
		}
	}
	if err := validatePorts(in.NetworkMode, name, c.PortMappings); err != nil {
		return err
	}
	if err := validateLogs(name, c.LogConfiguration); err != nil {
		return err
	}
	return validateCheck(name, c.HealthCheck)
}

func validatePorts(mode types.NetworkMode, name string, mappings []types.PortMapping) error {
	seen := map[string]bool{}
	for _, m := range mappings {
		port, host := aws.ToInt32(m.ContainerPort), aws.ToInt32(m.HostPort)
		protocol := m.Protocol
		if protocol == "" {
			protocol = types.TransportProtocolTcp
		}
		id := fmt.Sprintf("%d/%s/%d", port, protocol, host)
		switch {
		case m.ContainerPortRange != nil:
			return clientError("Container %s: localaws does not support containerPortRange.", name)
		case port < 1 || port > 65535:
			return clientError("Invalid containerPort %d for container %s: it must be between 1 and 65535.", port, name)
		case host < 0 || host > 65535:
			return clientError("Invalid hostPort %d for container %s: it must be between 0 and 65535.", host, name)
		case mode == types.NetworkModeNone:
			return clientError("Port mappings are not supported with network mode none. (container %s)", name)
		case mode == types.NetworkModeHost && host != 0 && host != port:
			return clientError("When networkMode=host, the host ports and container ports in port mappings must match.")
		case seen[id]:
			return clientError("Container %s maps port %d of protocol %s twice.", name, port, protocol)
		}
		seen[id] = true
	}
	return nil
}

// validateHostPorts refuses a fixed host port that two mappings want.
func validateHostPorts(in *registerDefinitionInput) error {
	taken := map[string]string{}
	for _, c := range in.ContainerDefinitions {
		for _, m := range c.PortMappings {
			if aws.ToInt32(m.HostPort) == 0 {
				continue
			}
			protocol := m.Protocol
			if protocol == "" {
				protocol = types.TransportProtocolTcp
			}
			id := fmt.Sprintf("%d/%s", *m.HostPort, protocol)
			if other, ok := taken[id]; ok {
				return clientError("Host port %s is used by container %s and by container %s.", id, other, aws.ToString(c.Name))
			}
			taken[id] = aws.ToString(c.Name)
		}
	}
	return nil
}

func validateLogs(name string, logs *types.LogConfiguration) error {
	if logs == nil {
		return nil
	}
	drivers := types.LogDriver("").Values()
	if !slices.Contains(drivers, logs.LogDriver) {
		return clientError("%s is not a valid log driver. Must be one of [%s]", logs.LogDriver, joined(drivers))
	}
	if logs.LogDriver == types.LogDriverAwslogs {
		for _, option := range []string{"awslogs-group", "awslogs-region"} {
			if logs.Options[option] == "" {
				return clientError("Log driver awslogs requires options: %s (container %s).", option, name)
			}
		}
	}
	return nil
}

func joined(drivers []types.LogDriver) string {
	names := make([]string, 0, len(drivers))
	for _, driver := range drivers {
		names = append(names, string(driver))
	}
	return strings.Join(names, ",")
}

// validateCheck checks the ranges of
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html.
func validateCheck(name string, h *types.HealthCheck) error {
	if h == nil {
		return nil
	}
	if len(h.Command) == 0 || !slices.Contains([]string{"CMD", "CMD-SHELL", "NONE"}, h.Command[0]) {
		return clientError("The health check of container %s: the command must begin with CMD, CMD-SHELL or NONE.", name)
	}
	for _, r := range []struct {
		field     string
		value     *int32
		low, high int32
	}{
		{"interval", h.Interval, 5, 300}, {"timeout", h.Timeout, 2, 60},
		{"retries", h.Retries, 1, 10}, {"startPeriod", h.StartPeriod, 0, 300},
	} {
		if r.value != nil && (*r.value < r.low || *r.value > r.high) {
			return clientError("The health check of container %s: %s %d must be between %d and %d.", name, r.field, *r.value, r.low, r.high)
		}
	}
	return nil
}

// validateLinks checks links, dependencies and volumesFrom.
func validateLinks(in *registerDefinitionInput, names map[string]bool) error {
	for _, c := range in.ContainerDefinitions {
		name := aws.ToString(c.Name)
		for _, link := range c.Links {
			if in.NetworkMode != "" && in.NetworkMode != types.NetworkModeBridge {
				return clientError("Links are not supported when networkMode=%s.", in.NetworkMode)
			}
			if other, _, _ := strings.Cut(link, ":"); !names[other] {
				return clientError("Container %s links to %s, which is not in the task definition.", name, other)
			}
		}
		for _, d := range c.DependsOn {
			other := aws.ToString(d.ContainerName)
			if !names[other] || other == name {
				return clientError("Container %s depends on %s, which is not another container of the task definition.", name, other)
			}
		}
		for _, v := range c.VolumesFrom {
			if !names[aws.ToString(v.SourceContainer)] {
				return clientError("Container %s takes volumes from %s, which is not in the task definition.", name, aws.ToString(v.SourceContainer))
			}
		}
	}
	return nil
}
