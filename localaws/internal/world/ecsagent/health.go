package ecsagent

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers"
)

// shortestTimeout is how long, on the wall, a health check's command has at
// least: the work that it does is real, however fast the clock runs.
const shortestTimeout = 2 * time.Second

// checkHealth runs the container's health check until ctx is done.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html
func (c *taskContainer) checkHealth(ctx context.Context, started containers.Container) {
	check := c.definition.HealthCheck
	if check == nil {
		return
	}
	command := healthCommand(check.Command)
	if command == nil {
		return
	}
	clock := c.task.agent.account.Clock
	interval := seconds(check.Interval, 30)
	timeout := max(clock.Real(seconds(check.Timeout, 5)), shortestTimeout)
	retries := int32(3)
	if check.Retries != nil {
		retries = *check.Retries
	}
	starting := clock.Now()
	grace, begun := clock.Real(seconds(check.StartPeriod, 0)), false
	failures := int32(0)
	for {
		if clock.Sleep(ctx, interval) != nil {
			return
		}
		healthy := passes(ctx, started, command, timeout)
		if ctx.Err() != nil {
			return
		}
		if healthy {
			failures, begun = 0, true
			c.setHealth(types.HealthStatusHealthy)
			continue
		}
		// Failures in the start period don't count, until one check has passed.
		if !begun && clock.Now().Sub(starting) < grace {
			continue
		}
		if failures++; failures >= retries {
			c.setHealth(types.HealthStatusUnhealthy)
		}
	}
}

// passes runs the check's command once.
func passes(ctx context.Context, started containers.Container, command []string, timeout time.Duration) bool {
	bounded, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	code, _, err := started.Exec(bounded, command)
	return err == nil && code == 0
}

func (c *taskContainer) setHealth(health types.HealthStatus) {
	c.task.mu.Lock()
	same := c.health == health
	c.task.mu.Unlock()
	if !same {
		c.task.update(func() { c.health = health })
	}
}

// healthCommand is what to run; nil for NONE. The first word says how: CMD runs
// the others, CMD-SHELL gives the second to the shell.
func healthCommand(words []string) []string {
	switch {
	case len(words) == 0 || words[0] == "NONE":
		return nil
	case words[0] == "CMD" && len(words) > 1:
		return words[1:]
	case words[0] == "CMD-SHELL" && len(words) > 1:
		return []string{"/bin/sh", "-c", words[1]}
	}
	return words
}

func seconds(n *int32, otherwise int32) time.Duration {
	if n == nil {
		n = aws.Int32(otherwise)
	}
	return time.Duration(*n) * time.Second
}
