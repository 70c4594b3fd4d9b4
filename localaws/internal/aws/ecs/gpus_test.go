package ecs_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ecs"
)

// Every container that asks for a GPU has one to itself, and a task for which
// none is left waits.
func TestGPUsAreHeldByOneContainerEach(t *testing.T) {
	t.Parallel()
	c := stack(t)
	instance := c.instance("main", "i-gpu", "a", "")
	c.account.Do(func() {
		_, err := c.service.Register(ecs.Registration{Cluster: "main", EC2InstanceID: "i-gpu", CPUUnits: 2048, MemoryMiB: 3900, GPUs: []string{"GPU-1", "GPU-2"}})
		require.NoError(t, err)
	})
	container := web(80)
	container.ResourceRequirements = []types.ResourceRequirement{{Type: types.ResourceTypeGpu, Value: aws.String("1")}}
	c.create(c.define("web", container), 3, nil)
	c.settle()
	assert.Contains(t, strings.Join(c.messages(), "\n"), "has insufficient GPU resource available")

	held := map[string]string{} // by task
	for _, task := range c.tasks(types.DesiredStatusRunning) {
		if aws.ToString(task.ContainerInstanceArn) == instance {
			require.Len(t, task.Containers[0].GpuIds, 1)
			held[aws.ToString(task.TaskArn)] = task.Containers[0].GpuIds[0]
		}
	}
	require.Len(t, held, 2)
	var told []string
	c.account.Do(func() {
		for _, a := range c.service.Assignments(instance) {
			require.Equal(t, []string{held[a.TaskARN]}, a.GPUs["web"])
			told = append(told, a.GPUs["web"]...)
		}
	})
	assert.ElementsMatch(t, []string{"GPU-1", "GPU-2"}, told)
}
