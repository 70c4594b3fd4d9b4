package ecsagent_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/stretchr/testify/assert"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ecs"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/clock"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded"
)

// usage is what an agent has told of a task.
type usage struct {
	task                string
	cpuUnits, memoryMiB float64
}

// gauged is a runtime whose containers say what a test wants them to.
type gauged struct {
	containers.Runtime
	read func(image string) (containers.Usage, error)
}

type gaugedContainer struct {
	containers.Container
	read func() (containers.Usage, error)
}

func (g gauged) Start(ctx context.Context, spec containers.Spec) (containers.Container, error) {
	c, err := g.Runtime.Start(ctx, spec)
	return gaugedContainer{c, func() (containers.Usage, error) { return g.read(spec.Image) }}, err
}

func (c gaugedContainer) Usage(context.Context) (containers.Usage, error) { return c.read() }

// What two containers use makes one number of the task, once a minute.
func TestUsageIsReportedEveryMinute(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	fake := clock.NewFake(start)
	c.Account = core.New("us-west-2", fake, slog.New(slog.NewTextHandler(io.Discard, nil)))
	var mu sync.Mutex
	broken, readings := false, map[string]int{}
	c.runtime = gauged{embedded.New(fake, c.network, nil), func(image string) (containers.Usage, error) {
		mu.Lock()
		defer mu.Unlock()
		readings[image]++
		if broken {
			return containers.Usage{}, errors.New("no daemon")
		}
		n := time.Duration(readings[image])
		// A quarter of a processor in debian, an eighth in alpine, by readings 10 s apart.
		used := map[string]time.Duration{"debian": 2500 * time.Millisecond, "alpine": 1250 * time.Millisecond}[image]
		return containers.Usage{CPU: time.Hour + n*used, At: start.Add(n * 10 * time.Second), MemoryMiB: 32}, nil
	}}
	task := webTask("t1", func(d *types.ContainerDefinition) {
		d.Image, d.Command = aws.String("debian"), []string{"sleep", "1000000"}
	})
	other := task.Containers[0]
	other.Name, other.Image, other.PortMappings = aws.String("other"), aws.String("alpine"), nil
	task.Containers = append(task.Containers, other)
	c.assignments = []ecs.Assignment{task}
	c.run(t)

	read := func() int {
		mu.Lock()
		defer mu.Unlock()
		return min(readings["debian"], readings["alpine"])
	}
	pass := func(minutes int) {
		t.Helper()
		before := read()
		assert.Eventually(t, func() bool { fake.Advance(time.Minute); return read() >= before+minutes }, deadline, 5*time.Millisecond)
	}
	pass(3)
	c.eventually(t, "no usage of both containers", func() bool {
		return slices.Contains(c.usages, usage{"arn:task/t1", 1024 * (0.25 + 0.125), 64})
	})

	mu.Lock()
	broken = true
	mu.Unlock()
	pass(1)
	var told int
	c.Do(func() { told = len(c.usages) })
	pass(3)
	c.Do(func() { assert.Len(t, c.usages, told, "what can't be read is not reported") })
}
