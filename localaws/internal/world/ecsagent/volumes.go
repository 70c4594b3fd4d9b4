package ecsagent

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/kernel"
)

// openVolumes finds the directories of the task's volumes and mounts them.
func (t *task) openVolumes() (failure string) {
	directories := map[string]string{}
	for i := range t.assignment.Volumes {
		volume := &t.assignment.Volumes[i]
		directory, err := t.volume(volume)
		if err != nil {
			return "ResourceInitializationError: " + err.Error()
		}
		directories[aws.ToString(volume.Name)] = directory
	}
	for _, c := range t.containers {
		for _, point := range c.definition.MountPoints {
			c.mounts = append(c.mounts, containers.Mount{
				Source: directories[aws.ToString(point.SourceVolume)], Target: aws.ToString(point.ContainerPath),
				ReadOnly: aws.ToBool(point.ReadOnly),
			})
		}
	}
	for _, c := range t.containers {
		for _, from := range c.definition.VolumesFrom {
			if other := t.container(aws.ToString(from.SourceContainer)); other != nil {
				for _, m := range other.mounts {
					m.ReadOnly = m.ReadOnly || aws.ToBool(from.ReadOnly)
					c.mounts = append(c.mounts, m)
				}
			}
		}
	}
	return ""
}

// volume is the directory of one volume: on the instance's disk, shared by its
// tasks or the task's own, or a file system.
func (t *task) volume(v *types.Volume) (string, error) {
	name := aws.ToString(v.Name)
	disk := t.agent.machine.Disk()
	switch {
	case v.EfsVolumeConfiguration != nil:
		return t.fileSystem(v.EfsVolumeConfiguration)
	case v.FsxWindowsFileServerVolumeConfiguration != nil:
		return "", fmt.Errorf("volume %s: FSx is not supported by localaws", name)
	case v.DockerVolumeConfiguration != nil && v.DockerVolumeConfiguration.Scope == types.ScopeShared:
		return disk.HostDirectory("/var/lib/docker/volumes/" + name + "/_data")
	case v.Host != nil && aws.ToString(v.Host.SourcePath) != "":
		return disk.HostDirectory(aws.ToString(v.Host.SourcePath))
	}
	directory := filepath.Join(t.directory, "volumes", name)
	if err := os.MkdirAll(directory, 0o755); err != nil { //nolint:gosec // as on an instance
		return "", fmt.Errorf("volume %s: %w", name, err)
	}
	return directory, nil
}

func (t *task) fileSystem(c *types.EFSVolumeConfiguration) (directory string, err error) {
	a, id := t.agent, aws.ToString(c.FileSystemId)
	failure := "failed to invoke EFS utils commands to set up EFS volumes: stderr: "
	a.account.Do(func() { directory, err = a.Files.Mount(id, a.machine.Instance.InterfaceID) })
	if err != nil {
		return "", fmt.Errorf("%s%w", failure, err)
	}
	if err := os.MkdirAll(directory, 0o755); err != nil { //nolint:gosec // as on a file system
		return "", fmt.Errorf("%s%w", failure, err)
	}
	// Links on the file system were made by containers: they stay within it.
	files, err := kernel.OpenTree(directory)
	if err != nil {
		return "", fmt.Errorf("%s%w", failure, err)
	}
	defer func() { _ = files.Close() }()
	root, err := files.HostDirectory("/" + aws.ToString(c.RootDirectory))
	if err != nil {
		return "", fmt.Errorf("%s%w", failure, err)
	}
	return root, nil
}
