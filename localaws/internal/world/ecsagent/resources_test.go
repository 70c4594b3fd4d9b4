package ecsagent_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ecs"
)

func TestLogGroupIsMadeWhenAskedFor(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.groups = map[string]bool{}
	c.assignments = []ecs.Assignment{webTask("t1", func(d *types.ContainerDefinition) {
		d.LogConfiguration.Options["awslogs-create-group"] = "true"
		d.Command = []string{"sh", "-c", "echo hello; sleep 100000"}
	})}
	c.run(t)
	c.eventually(t, "no log", func() bool { return slices.Contains(c.events["/ecs/web:app/web/t1"], "hello") })
}

// files is EFS with one file system, which one interface reaches.
type files struct{ directory, reachedBy string }

func (f files) Mount(id, interfaceID string) (string, error) {
	if interfaceID != f.reachedBy {
		return "", errors.New("Mount attempt 3/3 failed due to timeout after 15 sec.")
	}
	return f.directory + "/" + id, nil
}

func TestFileSystems(t *testing.T) {
	t.Parallel()
	task := webTask("t1", func(d *types.ContainerDefinition) {
		d.MountPoints = []types.MountPoint{{SourceVolume: aws.String("data"), ContainerPath: aws.String("/data")}}
		d.Command = []string{"sh", "-c", "echo from the task > /data/file; sleep 100000"}
	})
	task.Volumes = []types.Volume{{Name: aws.String("data"), EfsVolumeConfiguration: &types.EFSVolumeConfiguration{
		FileSystemId: aws.String("fs-1"), RootDirectory: aws.String("/sub"),
	}}}
	t.Run("is mounted", func(t *testing.T) {
		t.Parallel()
		c := newCloud(t)
		directory := t.TempDir()
		c.files, c.assignments = files{directory, "eni-1"}, []ecs.Assignment{task}
		c.run(t)
		assert.Eventually(t, func() bool {
			content, err := os.ReadFile(filepath.Join(directory, "fs-1", "sub", "file"))
			return err == nil && string(content) == "from the task\n"
		}, deadline, 5*time.Millisecond)
	})
	t.Run("a link on it stays within it", func(t *testing.T) {
		t.Parallel()
		c := newCloud(t)
		directory, outside := t.TempDir(), t.TempDir()
		require.NoError(t, os.MkdirAll(filepath.Join(directory, "fs-1", outside), 0o755))
		require.NoError(t, os.Symlink(outside, filepath.Join(directory, "fs-1", "sub")))
		c.files, c.assignments = files{directory, "eni-1"}, []ecs.Assignment{task}
		c.run(t)
		assert.Eventually(t, func() bool {
			content, err := os.ReadFile(filepath.Join(directory, "fs-1", outside, "file"))
			return err == nil && string(content) == "from the task\n"
		}, deadline, 5*time.Millisecond)
		assert.NoFileExists(t, filepath.Join(outside, "file"))
	})
	t.Run("out of reach", func(t *testing.T) {
		t.Parallel()
		c := newCloud(t)
		c.files, c.assignments = files{t.TempDir(), "eni-2"}, []ecs.Assignment{task}
		c.run(t)
		r := c.awaitStatus(t, "arn:task/t1", "STOPPED")
		assert.Equal(t, "ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: "+
			"Mount attempt 3/3 failed due to timeout after 15 sec.", r.StoppedReason)
	})
}

func TestContainerIsToldItsGPUs(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	task := webTask("t1", func(d *types.ContainerDefinition) {
		d.Command = []string{"sh", "-c", `echo "shown $NVIDIA_VISIBLE_DEVICES"; sleep 100000`}
	})
	task.GPUs = map[string][]string{"web": {"GPU-1", "GPU-2"}, "other": {"GPU-3"}}
	c.assignments = []ecs.Assignment{task}
	c.run(t)
	c.eventually(t, "no log", func() bool { return slices.Contains(c.events["/ecs/web:app/web/t1"], "shown GPU-1,GPU-2") })
}
