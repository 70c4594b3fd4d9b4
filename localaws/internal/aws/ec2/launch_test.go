package ec2_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ec2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
)

func (w *world) launch(t *testing.T, spec ec2.LaunchSpec) ec2.Instance {
	t.Helper()
	var machine ec2.Instance
	w.account.Do(func() {
		var err error
		machine, err = w.ec2.Launch(spec)
		require.NoError(t, err)
	})
	w.account.Changed()
	return machine
}

func (w *world) instance(id string) ec2.Instance {
	return locked(w, func() ec2.Instance { machine, _ := w.ec2.Instance(id); return machine })
}

func TestInstanceFromLaunchToTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run(t)
	n := w.network(t, "10.1.0.0/16")
	group := w.group(t, n.vpc, "backend")
	image := w.ecsImage(t, "x86_64")
	template := w.template(t, "ImageId", image, "InstanceType", "t3.micro", "UserData", "I2Nsb3VkLWNvbmZpZw==",
		"SecurityGroupId.1", group, "IamInstanceProfile.Name", "ecs", "MetadataOptions.HttpTokens", "required",
		"MetadataOptions.HttpPutResponseHopLimit", "2", "BlockDeviceMapping.1.DeviceName", "/dev/xvda",
		"BlockDeviceMapping.1.Ebs.VolumeSize", "40", "BlockDeviceMapping.1.Ebs.Encrypted", "true",
		"TagSpecification.1.ResourceType", "instance", "TagSpecification.1.Tag.1.Key", "from", "TagSpecification.1.Tag.1.Value", "template",
		"TagSpecification.2.ResourceType", "volume", "TagSpecification.2.Tag.1.Key", "from", "TagSpecification.2.Tag.1.Value", "disk")

	started := w.launch(t, ec2.LaunchSpec{TemplateID: template, Version: "$Latest", SubnetID: n.public, Tags: core.Tags{"aws:autoscaling:groupName": "web"}})
	eni := locked(w, func() ec2.Interface { eni, _ := w.ec2.Interface(started.InterfaceID); return eni })
	assert.Equal(t, ec2.Instance{
		ID: started.ID, Type: "t3.micro", Architecture: "x86_64", ImageID: image, SubnetID: n.public, VPCID: n.vpc,
		AvailabilityZone: "us-west-2a", State: ec2.StatePending, UserData: []byte("#cloud-config"), ProfileARN: w.profiles["ecs"].ARN,
		InterfaceID: eni.ID, PrivateIP: eni.PrivateIP, PublicIP: eni.PublicIP, Address: eni.Address, LaunchTime: w.clock.Now(),
		MetadataTokens: "required", MetadataHops: 2, TemplateID: template, TemplateVersion: 1,
		Tags: core.Tags{
			"from": "template", "aws:autoscaling:groupName": "web",
			"aws:ec2launchtemplate:id": template, "aws:ec2launchtemplate:version": "1",
		},
	}, started)
	assert.NotEmpty(t, started.PublicIP, "the subnet gives public addresses")
	assert.Equal(t, started.ID, eni.InstanceID)
	assert.Equal(t, []string{group}, eni.Groups)

	w.clock.Advance(time.Minute)
	eventually(t, "running", func() bool { return w.instance(started.ID).State == ec2.StateRunning })
	reply := w.call(t, "DescribeInstances", "Filter.1.Name", "tag:from", "Filter.1.Value.1", "template").OK(t)
	for element, want := range map[string]string{"instanceId": started.ID, "httpTokens": "required", "privateIpAddress": eni.PrivateIP} {
		assert.Contains(t, texts(t, reply.Body, element), want, element)
	}
	volumes := w.call(t, "DescribeVolumes", "Filter.1.Name", "attachment.instance-id", "Filter.1.Value.1", started.ID).OK(t)
	assert.Equal(t, []string{"40"}, texts(t, volumes.Body, "size"))
	assert.Equal(t, []string{"true"}, texts(t, volumes.Body, "encrypted"))
	assert.Equal(t, []string{"gp3"}, texts(t, volumes.Body, "volumeType"), "as the image's")
	assert.Equal(t, []string{"disk"}, texts(t, volumes.Body, "value"))

	w.call(t, "DeleteSubnet", "SubnetId", n.public).Refused(t, "DependencyViolation")
	assert.Equal(t, []string{"shutting-down", "running"}, w.list(t, "name", "TerminateInstances", "InstanceId.1", started.ID))
	w.clock.Advance(time.Minute)
	eventually(t, "terminated", func() bool { return w.instance(started.ID).State == ec2.StateTerminated })
	ended := w.instance(started.ID)
	assert.Empty(t, ended.InterfaceID)
	assert.False(t, ended.Address.IsValid())
	assert.Zero(t, w.addresses.count(), "its address is free")
	w.call(t, "DeleteSubnet", "SubnetId", n.public).OK(t)
	w.clock.Advance(2 * time.Hour)
	eventually(t, "forgotten", func() bool {
		return w.call(t, "DescribeInstances", "InstanceId.1", started.ID).Code == "InvalidInstanceID.NotFound"
	})
}

func TestLaunchRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n, other := w.network(t, "10.1.0.0/16"), w.network(t, "10.2.0.0/16")
	elsewhere := w.group(t, other.vpc, "other")
	w.profiles["empty"] = w.profiles["ecs"]
	empty := w.profiles["empty"]
	empty.RoleARN = ""
	w.profiles["empty"] = empty
	x86, arm := w.ecsImage(t, "x86_64"), w.ecsImage(t, "arm64")

	for name, c := range map[string]struct {
		data []string
		spec ec2.LaunchSpec
		says []string
	}{
		"no image":                   {nil, ec2.LaunchSpec{}, []string{"MissingParameter", "ImageId"}},
		"an image that is not there": {[]string{"ImageId", "ami-00000000", "InstanceType", "t3.micro"}, ec2.LaunchSpec{}, []string{"InvalidAMIID.NotFound", "ami-00000000"}},
		"no type":                    {[]string{"ImageId", x86}, ec2.LaunchSpec{}, []string{"MissingParameter", "InstanceType"}},
		"an unknown type":            {[]string{"ImageId", x86, "InstanceType", "t3.giant"}, ec2.LaunchSpec{}, []string{"InvalidParameterValue", "t3.giant"}},
		"a type of another CPU":      {[]string{"ImageId", arm, "InstanceType", "t3.micro"}, ec2.LaunchSpec{}, []string{"'x86_64'", "'arm64'"}},
		"an override of another CPU": {[]string{"ImageId", x86, "InstanceType", "t3.micro"}, ec2.LaunchSpec{InstanceType: "t4g.micro"}, []string{"'arm64'", "'x86_64'"}},
		"an unknown key":             {[]string{"ImageId", x86, "InstanceType", "t3.micro", "KeyName", "lost"}, ec2.LaunchSpec{}, []string{"InvalidKeyPair.NotFound", "lost"}},
		"an unknown group":           {[]string{"ImageId", x86, "InstanceType", "t3.micro", "SecurityGroupId.1", "sg-0"}, ec2.LaunchSpec{}, []string{"InvalidGroup.NotFound", "sg-0"}},
		"a group of another VPC":     {[]string{"ImageId", x86, "InstanceType", "t3.micro", "SecurityGroupId.1", elsewhere}, ec2.LaunchSpec{}, []string{elsewhere, "different networks"}},
		"a group by name":            {[]string{"ImageId", x86, "InstanceType", "t3.micro", "SecurityGroup.1", "web"}, ec2.LaunchSpec{}, []string{"groupName"}},
		"an unknown profile":         {[]string{"ImageId", x86, "InstanceType", "t3.micro", "IamInstanceProfile.Name", "none"}, ec2.LaunchSpec{}, []string{"Invalid IAM Instance Profile name", "none"}},
		"a profile without a role":   {[]string{"ImageId", x86, "InstanceType", "t3.micro", "IamInstanceProfile.Name", "empty"}, ec2.LaunchSpec{}, []string{"no associated IAM Roles"}},
		"a volume too small":         {[]string{"ImageId", x86, "InstanceType", "t3.micro", "BlockDeviceMapping.1.DeviceName", "/dev/xvda", "BlockDeviceMapping.1.Ebs.VolumeSize", "8"}, ec2.LaunchSpec{}, []string{"InvalidBlockDeviceMapping", "8GB", "30GB"}},
		"a volume without a size":    {[]string{"ImageId", x86, "InstanceType", "t3.micro", "BlockDeviceMapping.1.DeviceName", "/dev/sdf", "BlockDeviceMapping.1.Ebs.Encrypted", "true"}, ec2.LaunchSpec{}, []string{"InvalidBlockDeviceMapping", "/dev/sdf"}},
		"another zone":               {[]string{"ImageId", x86, "InstanceType", "t3.micro", "Placement.AvailabilityZone", "us-west-2c"}, ec2.LaunchSpec{}, []string{"us-west-2c", n.public}},
		"no template":                {nil, ec2.LaunchSpec{TemplateID: "lt-0"}, []string{"InvalidLaunchTemplateId.NotFound", "lt-0"}},
		"no such version":            {nil, ec2.LaunchSpec{Version: "7"}, []string{"VersionNotFound", "7"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.spec.TemplateID == "" {
				c.spec.TemplateID = w.template(t, c.data...)
			}
			c.spec.SubnetID = n.public
			w.account.Do(func() {
				_, err := w.ec2.Launch(c.spec)
				for _, says := range c.says {
					require.ErrorContains(t, err, says)
				}
			})
		})
	}
}

func TestLaunchGivesAWSDefaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.network(t, "10.1.0.0/16")
	template := w.template(t, "ImageId", w.ecsImage(t, "arm64"), "InstanceType", "t4g.small")
	machine := w.launch(t, ec2.LaunchSpec{TemplateID: template, SubnetID: n.private, Spot: true})
	assert.Equal(t, "required", machine.MetadataTokens, "an AL2023 image asks for IMDSv2")
	assert.Equal(t, 2, machine.MetadataHops)
	assert.Empty(t, machine.PublicIP)
	assert.True(t, machine.Spot)
	assert.Equal(t, []string{"spot"}, w.list(t, "instanceLifecycle", "DescribeInstances"))
	eni := locked(w, func() ec2.Interface { eni, _ := w.ec2.Interface(machine.InterfaceID); return eni })
	assert.Len(t, eni.Groups, 1, "the VPC's default group")
	assert.Len(t, locked(w, w.ec2.Instances), 1)
}

func TestTerminationProtection(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.network(t, "10.1.0.0/16")
	machine := w.launch(t, ec2.LaunchSpec{SubnetID: n.private, TemplateID: w.template(t, "ImageId", w.ecsImage(t, "x86_64"), "InstanceType", "m5.large",
		"DisableApiTermination", "true")})
	reply := w.call(t, "TerminateInstances", "InstanceId.1", machine.ID).Refused(t, "OperationNotPermitted")
	assert.Equal(t, "The instance '"+machine.ID+"' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.", reply.Message)
	w.account.Do(func() { require.NoError(t, w.ec2.Terminate(machine.ID), "Auto Scaling may") })
	assert.Equal(t, ec2.StateShuttingDown, w.instance(machine.ID).State)
}

func TestTerminatingTwiceOrNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.network(t, "10.1.0.0/16")
	machine := w.launch(t, ec2.LaunchSpec{SubnetID: n.private,
		TemplateID: w.template(t, "ImageId", w.ecsImage(t, "x86_64"), "InstanceType", "m5.large")})
	w.account.Do(func() {
		require.NoError(t, w.ec2.Terminate(machine.ID))
		require.NoError(t, w.ec2.Terminate(machine.ID))
		require.ErrorContains(t, w.ec2.Terminate("i-0"), "InvalidInstanceID.NotFound")
	})
	w.call(t, "TerminateInstances", "InstanceId.1", machine.ID, "InstanceId.2", "i-0").Refused(t, "InvalidInstanceID.NotFound")
	w.call(t, "TerminateInstances").Refused(t, "MissingParameter")
}
