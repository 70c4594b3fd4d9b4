package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers"
)

// readSecrets fetches the containers' secrets in the execution role's name.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specifying-sensitive-data.html
func (t *task) readSecrets() (failure string) {
	for _, c := range t.containers {
		for _, secret := range c.definition.Secrets {
			value, err := t.secret(aws.ToString(secret.ValueFrom))
			if err != nil {
				failure := "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: " + err.Error()
				c.fail(failure)
				return failure
			}
			c.secrets[aws.ToString(secret.Name)] = value
		}
		if len(c.definition.EnvironmentFiles) > 0 {
			return "ResourceInitializationError: environmentFiles are not supported by localaws"
		}
	}
	return ""
}

// secret reads an SSM parameter, by name or ARN, or a secret of Secrets Manager
// by ARN, with :json-key:version-stage:version-id behind it.
func (t *task) secret(from string) (string, error) {
	role := t.assignment.ExecutionRoleARN
	if role == "" {
		return "", errors.New("the task has no execution role")
	}
	parts := strings.Split(from, ":")
	if len(parts) >= 7 && parts[0] == "arn" && parts[2] == "secretsmanager" {
		return t.managedSecret(role, parts)
	}
	return t.parameter(role, from)
}

func (t *task) parameter(role, from string) (value string, err error) {
	a := t.host.agents
	arn := from
	if !strings.HasPrefix(from, "arn:") {
		arn = a.account.ARN("ssm", "parameter/"+strings.TrimPrefix(from, "/"))
	}
	a.account.Do(func() {
		if ok, why := a.Roles.Allows(role, "ssm:GetParameters", arn); !ok {
			err = errors.New("unable to retrieve secrets from ssm: " + denied(role, "ssm:GetParameters", arn, why))
			return
		}
		found := false
		if a.Parameters != nil {
			value, found = a.Parameters.Parameter(from)
		}
		if !found {
			err = fmt.Errorf("unable to retrieve secrets from ssm: service call has been retried 1 time(s): invalid parameters: %s", from)
		}
	})
	return value, err
}

func (t *task) managedSecret(role string, parts []string) (value string, err error) {
	a := t.host.agents
	arn := strings.Join(parts[:7], ":")
	field := func(i int) string {
		if i < len(parts) {
			return parts[i]
		}
		return ""
	}
	a.account.Do(func() {
		if ok, why := a.Roles.Allows(role, "secretsmanager:GetSecretValue", arn); !ok {
			err = errors.New("unable to retrieve secret from asm: " + denied(role, "secretsmanager:GetSecretValue", arn, why))
			return
		}
		found := false
		if a.Secrets != nil {
			value, found = a.Secrets.SecretValue(arn, field(8), field(9))
		}
		if !found {
			err = errors.New("unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret " + arn +
				" from secrets manager: ResourceNotFoundException: Secrets Manager can't find the specified secret.")
		}
	})
	if err != nil || field(7) == "" {
		return value, err
	}
	return jsonField(arn, value, field(7))
}

func jsonField(arn, document, key string) (string, error) {
	var fields map[string]any
	if err := json.Unmarshal([]byte(document), &fields); err != nil {
		return "", fmt.Errorf("unable to retrieve secret from asm: secret %s is no JSON object", arn)
	}
	value, ok := fields[key]
	if !ok {
		return "", fmt.Errorf("unable to retrieve secret from asm: retrieved secret from Secrets Manager did not contain json key %s", key)
	}
	if text, ok := value.(string); ok {
		return text, nil
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		return "", fmt.Errorf("unable to retrieve secret from asm: key %s of %s: %w", key, arn, err)
	}
	return string(encoded), nil
}

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
	disk := t.host.disk
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
	a, id := t.host.agents, aws.ToString(c.FileSystemId)
	failure := "failed to invoke EFS utils commands to set up EFS volumes: stderr: "
	if a.Files == nil {
		return "", fmt.Errorf("%sthere is no EFS", failure)
	}
	a.account.Do(func() { directory, err = a.Files.Mount(id, t.host.instance.InterfaceID) })
	if err != nil {
		return "", fmt.Errorf("%s%w", failure, err)
	}
	root := filepath.Join(directory, filepath.Clean("/"+aws.ToString(c.RootDirectory)))
	if err := os.MkdirAll(root, 0o755); err != nil { //nolint:gosec // as on a file system
		return "", fmt.Errorf("%s%w", failure, err)
	}
	return root, nil
}

// dial makes connections of the instance or a container on it: to the metadata
// endpoints and other machines of localaws. There is no way to the real network.
func (h *host) dial(ctx context.Context, network, address string, fromContainer bool) (net.Conn, error) {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, fmt.Errorf("dial %s %s: no such host", network, address)
	}
	if conn, ours, err := h.metadata.dialMetadata(ctx, at, fromContainer); ours {
		return conn, err
	}
	if !h.agents.Network.Contains(at.Addr()) {
		return nil, fmt.Errorf("dial %s %s: network is unreachable", network, address)
	}
	return h.agents.Network.Dial(ctx, h.instance.Address, at)
}
