package agent

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ec2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ecs"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
)

// Versions that the agent says it has.
const (
	agentVersion  = "1.97.1"
	dockerVersion = "25.0.8"
)

// settings are what the agent takes from /etc/ecs/ecs.config,
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-agent-config.html
type settings struct {
	cluster        string
	attributes     map[string]string
	reservedMemory int // MiB
	stopTimeout    time.Duration
	gpus           bool
	firstPort      uint16
	lastPort       uint16
}

// defaultSettings are the agent's own; without ECS_CLUSTER it joins "default".
func defaultSettings() settings {
	return settings{
		cluster: "default", attributes: map[string]string{}, stopTimeout: 30 * time.Second,
		firstPort: 32768, lastPort: 60999,
	}
}

// parseSettings reads NAME=value lines. What is wrong is in problems, and the
// default counts.
func parseSettings(text string) (s settings, problems []string) {
	s = defaultSettings()
	for number, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok {
			problems = append(problems, fmt.Sprintf("/etc/ecs/ecs.config line %d: %q is not NAME=value", number+1, line))
			continue
		}
		if err := s.set(strings.TrimSpace(name), unquote(strings.TrimSpace(value))); err != nil {
			problems = append(problems, fmt.Sprintf("/etc/ecs/ecs.config line %d: %s: %s", number+1, name, err))
		}
	}
	return s, problems
}

func unquote(value string) string {
	if len(value) > 1 && (value[0] == '"' || value[0] == '\'') && value[len(value)-1] == value[0] {
		return value[1 : len(value)-1]
	}
	return value
}

func (s *settings) set(name, value string) error {
	switch name {
	case "ECS_CLUSTER":
		if value != "" {
			s.cluster = value
		}
	case "ECS_INSTANCE_ATTRIBUTES":
		if err := json.Unmarshal([]byte(value), &s.attributes); err != nil {
			return fmt.Errorf("%q is no JSON object of strings", value)
		}
	case "ECS_RESERVED_MEMORY":
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 {
			return fmt.Errorf("%q is no number of MiB", value)
		}
		s.reservedMemory = n
	case "ECS_CONTAINER_STOP_TIMEOUT":
		d, err := time.ParseDuration(value)
		if err != nil || d < time.Second {
			return fmt.Errorf("%q is no duration of at least 1s", value)
		}
		s.stopTimeout = d
	case "ECS_ENABLE_GPU_SUPPORT":
		s.gpus = value == "true"
	case "ECS_DYNAMIC_HOST_PORT_RANGE":
		first, last, _ := strings.Cut(value, "-")
		from, errFrom := strconv.ParseUint(first, 10, 16)
		to, errTo := strconv.ParseUint(last, 10, 16)
		if errFrom != nil || errTo != nil || from < 1024 || from > to {
			return fmt.Errorf("%q is no range of ports such as 32768-60999", value)
		}
		s.firstPort, s.lastPort = uint16(from), uint16(to)
	}
	return nil
}

// capabilities are attributes of every instance with a current agent,
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-placement-constraints.html
var capabilities = strings.Fields(`
com.amazonaws.ecs.capability.docker-remote-api.1.17 com.amazonaws.ecs.capability.docker-remote-api.1.18
com.amazonaws.ecs.capability.docker-remote-api.1.19 com.amazonaws.ecs.capability.docker-remote-api.1.21
com.amazonaws.ecs.capability.docker-remote-api.1.25 com.amazonaws.ecs.capability.docker-remote-api.1.29
com.amazonaws.ecs.capability.docker-remote-api.1.44
com.amazonaws.ecs.capability.logging-driver.awslogs com.amazonaws.ecs.capability.logging-driver.json-file
com.amazonaws.ecs.capability.logging-driver.none com.amazonaws.ecs.capability.logging-driver.syslog
com.amazonaws.ecs.capability.privileged-container com.amazonaws.ecs.capability.task-iam-role
com.amazonaws.ecs.capability.task-iam-role-network-host com.amazonaws.ecs.capability.ecr-auth
ecs.capability.execution-role-awslogs ecs.capability.execution-role-ecr-pull ecs.capability.container-health-check
ecs.capability.container-ordering ecs.capability.secrets.asm.environment-variables
ecs.capability.secrets.ssm.environment-variables ecs.capability.docker-plugin.local ecs.capability.efsAuth ecs.capability.efs`)

// registration is what the agent says of its instance.
func (h *host) registration(current ec2.Instance, image ec2.Image) ecs.Registration {
	kind, _ := h.agents.Machines.InstanceType(current.Type)
	r := ecs.Registration{
		Cluster: h.settings.cluster, EC2InstanceID: current.ID,
		CPUUnits: kind.VCPUs * 1024, MemoryMiB: max(0, usableMemory(kind.MemoryMiB)-h.settings.reservedMemory),
		AgentVersion: agentVersion, DockerVersion: dockerVersion, Attributes: map[string]string{},
	}
	for _, name := range capabilities {
		r.Attributes[name] = ""
	}
	for name, value := range h.settings.attributes {
		r.Attributes[name] = value
	}
	if h.settings.gpus && image.GPU {
		for range kind.GPUs {
			r.GPUs = append(r.GPUs, "GPU-"+ids.UUID())
		}
	}
	return r
}

// usableMemory is what the kernel of an instance sees of its type's memory, in
// MiB: about 5 % goes to the platform and the kernel itself.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/memory-management.html
func usableMemory(total int) int { return total*955/1000 - 40 }
