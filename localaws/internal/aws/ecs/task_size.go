package ecs

import (
	"strconv"
	"strings"
)

// cpuUnits reads "256" or "0.25 vCPU"; "" is 0.
func cpuUnits(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	lower := strings.ToLower(strings.TrimSpace(text))
	if number, isVCPU := strings.CutSuffix(lower, "vcpu"); isVCPU {
		value, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err == nil && value > 0 {
			return int(value * 1024), nil
		}
	} else if value, err := strconv.Atoi(lower); err == nil && value > 0 {
		return value, nil
	}
	return 0, clientError("Invalid 'cpu' setting for task. The value %q is not valid: such as 256 or 0.25 vCPU.", text)
}

// memoryMiB reads "512" or "1 GB"; "" is 0.
func memoryMiB(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	lower := strings.ToLower(strings.TrimSpace(text))
	if number, isGB := strings.CutSuffix(lower, "gb"); isGB {
		value, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err == nil && value > 0 {
			return int(value * 1024), nil
		}
	} else if value, err := strconv.Atoi(lower); err == nil && value > 0 {
		return value, nil
	}
	return 0, clientError("Invalid 'memory' setting for task. The value %q is not valid: such as 512 or 1 GB.", text)
}
