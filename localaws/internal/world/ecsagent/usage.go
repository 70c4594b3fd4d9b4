package ecsagent

import (
	"context"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers"
)

// usageInterval is how often an agent says what its tasks use: as often as ECS
// makes data points of it.
const usageInterval = time.Minute

// cpuUnits are those of one vCPU.
const cpuUnits = 1024

// meter tells ECS what the task's containers use, until ctx is done.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cloudwatch-metrics.html
func (t *task) meter(ctx context.Context) {
	last := map[*taskContainer]containers.Usage{}
	for t.agent.account.Clock.Sleep(ctx, usageInterval) == nil {
		cpu, memory, known := t.usage(ctx, last)
		if known {
			t.agent.reportUsage(t.assignment.TaskARN, cpu, memory)
		}
	}
}

// usage adds up what the running containers use: CPU units since the last
// reading, which it replaces, and MiB. It is not known before the second reading
// of a container, nor when one can't be read.
func (t *task) usage(ctx context.Context, last map[*taskContainer]containers.Usage) (cpu, memory float64, known bool) {
	read, failed := 0, false
	for _, c := range t.containers {
		t.mu.Lock()
		started, status := c.running, c.status
		t.mu.Unlock()
		if status != running {
			continue
		}
		now, err := started.Usage(ctx)
		if err != nil {
			failed = true
			continue
		}
		before, again := last[c]
		last[c] = now
		passed := now.At.Sub(before.At)
		if !again || passed <= 0 {
			failed = true
			continue
		}
		cpu += cpuUnits * float64(now.CPU-before.CPU) / float64(passed)
		memory += now.MemoryMiB
		read++
	}
	return cpu, memory, read > 0 && !failed
}
