package ecsagent

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// configFile is where the agent finds its settings.
const configFile = "/etc/ecs/ecs.config"

// settings are what the agent takes from its configuration file,
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
			problems = append(problems, fmt.Sprintf("%s line %d: %q is not NAME=value", configFile, number+1, line))
			continue
		}
		if err := s.set(strings.TrimSpace(name), unquote(strings.TrimSpace(value))); err != nil {
			problems = append(problems, fmt.Sprintf("%s line %d: %s: %s", configFile, number+1, name, err))
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
			return fmt.Errorf("%q is not a JSON object of strings", value)
		}
	case "ECS_RESERVED_MEMORY":
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 {
			return fmt.Errorf("%q is not a number of MiB", value)
		}
		s.reservedMemory = n
	case "ECS_CONTAINER_STOP_TIMEOUT":
		d, err := time.ParseDuration(value)
		if err != nil || d < time.Second {
			return fmt.Errorf("%q must be a duration of at least 1s", value)
		}
		s.stopTimeout = d
	case "ECS_ENABLE_GPU_SUPPORT":
		s.gpus = value == "true"
	case "ECS_DYNAMIC_HOST_PORT_RANGE":
		first, last, _ := strings.Cut(value, "-")
		from, errFrom := strconv.ParseUint(first, 10, 16)
		to, errTo := strconv.ParseUint(last, 10, 16)
		if errFrom != nil || errTo != nil || from < 1024 || from > to {
			return fmt.Errorf("%q is not a range of ports such as 32768-60999", value)
		}
		s.firstPort, s.lastPort = uint16(from), uint16(to)
	}
	return nil
}
