package ecs_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEnvironmentWithoutValueIsDropped(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	d := web(80)
	d.Environment = []types.KeyValuePair{
		{Name: aws.String("A"), Value: aws.String("1")}, {Name: aws.String("NONE")}, {Name: aws.String("EMPTY"), Value: aws.String("")},
	}
	c.define("web", d)
	out, err := c.client.DescribeTaskDefinition(t.Context(), &sdk.DescribeTaskDefinitionInput{TaskDefinition: aws.String("web")})
	require.NoError(t, err)
	var names []string
	for _, e := range out.TaskDefinition.ContainerDefinitions[0].Environment {
		names = append(names, aws.ToString(e.Name))
	}
	assert.Equal(t, []string{"A", "EMPTY"}, names)
}

func TestTaskDefinitionIsEchoed(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	in := &sdk.RegisterTaskDefinitionInput{
		Family: aws.String("web"), Cpu: aws.String("512"), Memory: aws.String("1 GB"),
		ExecutionRoleArn: aws.String("arn:aws:iam::123456789012:role/e"), TaskRoleArn: aws.String("arn:aws:iam::123456789012:role/t"),
		NetworkMode: types.NetworkModeBridge, PidMode: types.PidModeHost, IpcMode: types.IpcModeNone,
		RequiresCompatibilities: []types.Compatibility{types.CompatibilityEc2},
		RuntimePlatform:         &types.RuntimePlatform{CpuArchitecture: types.CPUArchitectureX8664, OperatingSystemFamily: types.OSFamilyLinux},
		PlacementConstraints: []types.TaskDefinitionPlacementConstraint{
			{Type: types.TaskDefinitionPlacementConstraintTypeMemberOf, Expression: aws.String("attribute:ecs.os-type == linux")},
		},
		Volumes: []types.Volume{
			{Name: aws.String("host"), Host: &types.HostVolumeProperties{SourcePath: aws.String("/data")}},
			{Name: aws.String("efs"), EfsVolumeConfiguration: &types.EFSVolumeConfiguration{
				FileSystemId: aws.String("fs-1"), TransitEncryption: types.EFSTransitEncryptionEnabled,
				AuthorizationConfig: &types.EFSAuthorizationConfig{AccessPointId: aws.String("fsap-1"), Iam: types.EFSAuthorizationConfigIAMEnabled},
			}},
			{Name: aws.String("docker"), DockerVolumeConfiguration: &types.DockerVolumeConfiguration{Scope: types.ScopeShared, Labels: map[string]string{"a": "b"}}},
		},
		ContainerDefinitions: []types.ContainerDefinition{{
			Name: aws.String("web"), Image: aws.String("httpd"), Command: []string{"sh", "-c", "true"}, EntryPoint: []string{"/bin/sh"},
			Environment:  []types.KeyValuePair{{Name: aws.String("A"), Value: aws.String("1")}},
			Secrets:      []types.Secret{{Name: aws.String("S"), ValueFrom: aws.String("arn:aws:ssm:us-west-2:1:parameter/x")}},
			PortMappings: []types.PortMapping{{ContainerPort: aws.Int32(80), Name: aws.String("http"), AppProtocol: types.ApplicationProtocolHttp}},
			MountPoints:  []types.MountPoint{{SourceVolume: aws.String("efs"), ContainerPath: aws.String("/efs"), ReadOnly: aws.Bool(true)}},
			LogConfiguration: &types.LogConfiguration{LogDriver: types.LogDriverAwslogs, Options: map[string]string{
				"awslogs-group": "g", "awslogs-region": "us-west-2",
			}},
			HealthCheck: &types.HealthCheck{Command: []string{"CMD-SHELL", "true"}, StartPeriod: aws.Int32(10)},
			LinuxParameters: &types.LinuxParameters{
				InitProcessEnabled: aws.Bool(true), Capabilities: &types.KernelCapabilities{Add: []string{"NET_ADMIN"}},
			},
			Ulimits:              []types.Ulimit{{Name: types.UlimitNameNofile, SoftLimit: 1024, HardLimit: 4096}},
			ResourceRequirements: []types.ResourceRequirement{{Type: types.ResourceTypeGpu, Value: aws.String("1")}},
			DockerLabels:         map[string]string{"l": "v"}, Privileged: aws.Bool(true), User: aws.String("www-data"),
			StopTimeout: aws.Int32(60), WorkingDirectory: aws.String("/srv"),
		}},
		Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("web")}},
	}
	_, err := c.client.RegisterTaskDefinition(t.Context(), in)
	require.NoError(t, err)
	out, err := c.client.DescribeTaskDefinition(t.Context(), &sdk.DescribeTaskDefinitionInput{
		TaskDefinition: aws.String("web"), Include: []types.TaskDefinitionField{types.TaskDefinitionFieldTags},
	})
	require.NoError(t, err)
	d, want := out.TaskDefinition, in.ContainerDefinitions[0]
	assert.Equal(t, "arn:aws:ecs:us-west-2:123456789012:task-definition/web:1", aws.ToString(d.TaskDefinitionArn))
	assert.Equal(t, in.Tags, out.Tags)
	assert.Equal(t, in.Volumes, d.Volumes)
	assert.Equal(t, in.PlacementConstraints, d.PlacementConstraints)
	assert.Equal(t, in.RuntimePlatform, d.RuntimePlatform)
	assert.Equal(t, in.Memory, d.Memory)

	// What ECS adds.
	want.Essential = aws.Bool(true)
	want.PortMappings[0].HostPort, want.PortMappings[0].Protocol = aws.Int32(0), types.TransportProtocolTcp
	want.HealthCheck.Interval, want.HealthCheck.Timeout, want.HealthCheck.Retries = aws.Int32(30), aws.Int32(5), aws.Int32(3)
	want.VolumesFrom, want.SystemControls = []types.VolumeFrom{}, []types.SystemControl{}
	assert.Equal(t, want, d.ContainerDefinitions[0])
}

func TestTaskDefinitionRevisions(t *testing.T) {
	t.Parallel()
	c := stack(t)
	first, second := c.define("web", web(80)), c.define("web", web(80))
	out, err := c.client.DescribeTaskDefinition(t.Context(), &sdk.DescribeTaskDefinitionInput{TaskDefinition: aws.String("web")})
	require.NoError(t, err)
	assert.Equal(t, second, aws.ToString(out.TaskDefinition.TaskDefinitionArn))

	_, err = c.client.DeregisterTaskDefinition(t.Context(), &sdk.DeregisterTaskDefinitionInput{TaskDefinition: &second})
	require.NoError(t, err)
	out, err = c.client.DescribeTaskDefinition(t.Context(), &sdk.DescribeTaskDefinitionInput{TaskDefinition: &second})
	require.NoError(t, err)
	assert.Equal(t, types.TaskDefinitionStatusInactive, out.TaskDefinition.Status)
	out, err = c.client.DescribeTaskDefinition(t.Context(), &sdk.DescribeTaskDefinitionInput{TaskDefinition: aws.String("web")})
	require.NoError(t, err)
	assert.Equal(t, first, aws.ToString(out.TaskDefinition.TaskDefinitionArn))

	_, err = c.client.CreateService(t.Context(), &sdk.CreateServiceInput{
		Cluster: aws.String("main"), ServiceName: aws.String("web"), TaskDefinition: &second, DesiredCount: aws.Int32(1),
	})
	_, message := refusal(t, err)
	assert.Equal(t, "TaskDefinition is inactive", message)
	assert.Equal(t, "arn:aws:ecs:us-west-2:123456789012:task-definition/web:3", c.define("web", web(80)), "numbers are not used again")

	list, err := c.client.ListTaskDefinitions(t.Context(), &sdk.ListTaskDefinitionsInput{FamilyPrefix: aws.String("web"), MaxResults: aws.Int32(1)})
	require.NoError(t, err)
	assert.Equal(t, []string{first}, list.TaskDefinitionArns)
	list, err = c.client.ListTaskDefinitions(t.Context(), &sdk.ListTaskDefinitionsInput{FamilyPrefix: aws.String("web"), NextToken: list.NextToken})
	require.NoError(t, err)
	assert.Len(t, list.TaskDefinitionArns, 1)

	_, err = c.client.DeleteTaskDefinitions(t.Context(), &sdk.DeleteTaskDefinitionsInput{TaskDefinitions: []string{second}})
	require.NoError(t, err)
	c.settle()
	_, err = c.client.DescribeTaskDefinition(t.Context(), &sdk.DescribeTaskDefinitionInput{TaskDefinition: &second})
	code, _ := refusal(t, err)
	assert.Equal(t, "ClientException", code)
}
