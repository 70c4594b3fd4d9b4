package ec2_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ec2"
)

// TestLaunchTemplateDataComesBack sends all that a template may hold, and
// reads it again, under the names that answers have.
func TestLaunchTemplateDataComesBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	members := []struct{ in, value, out string }{
		{"ImageId", "ami-0123456789abcdef0", "imageId"},
		{"InstanceType", "t3.micro", "instanceType"},
		{"KeyName", "mine", "keyName"},
		{"UserData", "aGVsbG8=", "userData"},
		{"EbsOptimized", "true", "ebsOptimized"},
		{"DisableApiTermination", "true", "disableApiTermination"},
		{"SecurityGroupId.1", "sg-1", "item"},
		{"IamInstanceProfile.Arn", "arn:aws:iam::123456789012:instance-profile/ecs", "arn"},
		{"BlockDeviceMapping.1.DeviceName", "/dev/xvda", "deviceName"},
		{"BlockDeviceMapping.1.Ebs.Encrypted", "true", "encrypted"},
		{"BlockDeviceMapping.1.Ebs.DeleteOnTermination", "true", "deleteOnTermination"},
		{"BlockDeviceMapping.1.Ebs.VolumeSize", "31", "volumeSize"},
		{"BlockDeviceMapping.1.Ebs.VolumeType", "gp3", "volumeType"},
		{"BlockDeviceMapping.1.Ebs.Iops", "3001", "iops"},
		{"BlockDeviceMapping.1.Ebs.Throughput", "126", "throughput"},
		{"BlockDeviceMapping.1.Ebs.KmsKeyId", "alias/disk", "kmsKeyId"},
		{"MetadataOptions.HttpTokens", "required", "httpTokens"},
		{"MetadataOptions.HttpEndpoint", "enabled", "httpEndpoint"},
		{"MetadataOptions.HttpPutResponseHopLimit", "2", "httpPutResponseHopLimit"},
		{"MetadataOptions.HttpProtocolIpv6", "disabled", "httpProtocolIpv6"},
		{"MetadataOptions.InstanceMetadataTags", "enabled", "instanceMetadataTags"},
		{"Monitoring.Enabled", "true", "enabled"},
		{"Placement.AvailabilityZone", "us-west-2a", "availabilityZone"},
		{"Placement.Tenancy", "default", "tenancy"},
		{"InstanceMarketOptions.MarketType", "spot", "marketType"},
		{"CapacityReservationSpecification.CapacityReservationTarget.CapacityReservationId", "cr-1", "capacityReservationId"},
		{"TagSpecification.1.ResourceType", "volume", "resourceType"},
		{"TagSpecification.1.Tag.1.Key", "Name", "key"},
		{"TagSpecification.1.Tag.1.Value", "disk", "value"},
	}
	var data []string
	for _, m := range members {
		data = append(data, m.in, m.value)
	}
	id := w.template(t, data...)
	reply := w.call(t, "DescribeLaunchTemplateVersions", "LaunchTemplateId", id, "LaunchTemplateVersion.1", "$Latest").OK(t)
	for _, m := range members {
		assert.Contains(t, texts(t, reply.Body, m.out), m.value, m.in)
	}
}

func TestLaunchTemplateOfNothingHasData(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.template(t)
	reply := w.call(t, "DescribeLaunchTemplateVersions", "LaunchTemplateId", id).OK(t)
	assert.Contains(t, string(reply.Body), "<launchTemplateData></launchTemplateData>",
		"without the element the provider takes the answer for empty, and what was not given must not come back")
}

func TestLaunchTemplateInterfaceGroups(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.template(t, "NetworkInterface.1.SecurityGroupId.1", "sg-1", "NetworkInterface.1.AssociatePublicIpAddress", "true")
	reply := w.call(t, "DescribeLaunchTemplateVersions", "LaunchTemplateId", id).OK(t)
	assert.Contains(t, string(reply.Body), "<groupSet><groupId>sg-1</groupId></groupSet>", "clients know the items by this name only")
}

// TestLaunchTemplateTagsStayOutsideOfItsData: what tags the template itself is
// nothing that instances get.
func TestLaunchTemplateTagsStayOutsideOfItsData(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.get(t, "launchTemplateId", "CreateLaunchTemplate", "LaunchTemplateName", "web",
		"TagSpecification.1.ResourceType", "launch-template", "TagSpecification.1.Tag.1.Key", "Name", "TagSpecification.1.Tag.1.Value", "web")
	reply := w.call(t, "DescribeLaunchTemplateVersions", "LaunchTemplateId", id).OK(t)
	assert.NotContains(t, string(reply.Body), "tagSpecificationSet")
	assert.Equal(t, "web", w.get(t, "value", "DescribeLaunchTemplates", "LaunchTemplateId.1", id))
}

func TestLaunchTemplateVersions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.get(t, "launchTemplateId", "CreateLaunchTemplate", "LaunchTemplateName", "web", "ClientToken", "once",
		"LaunchTemplateData.InstanceType", "t3.micro", "LaunchTemplateData.KeyName", "mine")
	assert.Equal(t, id, w.get(t, "launchTemplateId", "CreateLaunchTemplate", "LaunchTemplateName", "web", "ClientToken", "once"))

	assert.Equal(t, "2", w.get(t, "versionNumber", "CreateLaunchTemplateVersion", "LaunchTemplateId", id,
		"VersionDescription", "larger", "LaunchTemplateData.InstanceType", "t3.small"))
	numbers := func() []string {
		reply := w.call(t, "DescribeLaunchTemplates", "LaunchTemplateName.1", "web").OK(t)
		return append(texts(t, reply.Body, "defaultVersionNumber"), texts(t, reply.Body, "latestVersionNumber")...)
	}
	assert.Equal(t, []string{"1", "2"}, numbers())
	resolve := func(version string) (ec2.Template, error) {
		var template ec2.Template
		var err error
		w.account.Do(func() { template, err = w.ec2.ResolveTemplate("", "web", version) })
		return template, err
	}
	for version, want := range map[string]int64{"$Default": 1, "": 1, "$Latest": 2, "1": 1, "2": 2} {
		template, err := resolve(version)
		require.NoError(t, err, version)
		assert.Equal(t, ec2.Template{ID: id, Name: "web", Version: want}, template, version)
	}
	_, err := resolve("3")
	require.ErrorContains(t, err, "InvalidLaunchTemplateId.VersionNotFound")
	_, err = resolve("newest")
	require.ErrorContains(t, err, "newest")

	w.call(t, "ModifyLaunchTemplate", "LaunchTemplateId", id, "SetDefaultVersion", "2").OK(t)
	assert.Equal(t, []string{"2", "2"}, numbers())
	assert.Equal(t, []string{"false", "true"}, w.list(t, "defaultVersion", "DescribeLaunchTemplateVersions", "LaunchTemplateId", id))

	w.call(t, "DeleteLaunchTemplate", "LaunchTemplateId", id).OK(t)
	w.call(t, "DescribeLaunchTemplateVersions", "LaunchTemplateId", id).Refused(t, "InvalidLaunchTemplateId.NotFound")
	w.call(t, "DeleteLaunchTemplate", "LaunchTemplateName", "web").Refused(t, "InvalidLaunchTemplateName.NotFoundException")
}

func TestLaunchTemplateRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.call(t, "CreateLaunchTemplate", "LaunchTemplateName", "taken").OK(t)
	large := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", 16385)))
	for name, c := range map[string]struct {
		parameters []string
		code, says string
	}{
		"a name twice":                 {[]string{"LaunchTemplateName", "taken"}, "InvalidLaunchTemplateName.AlreadyExistsException", "in use"},
		"a short name":                 {[]string{"LaunchTemplateName", "ab"}, "InvalidLaunchTemplateName.MalformedException", "between 3 and 128"},
		"a name with a space":          {[]string{"LaunchTemplateName", "a b c"}, "InvalidLaunchTemplateName.MalformedException", "characters"},
		"user data that is not base64": {[]string{"LaunchTemplateData.UserData", "#cloud-config"}, "InvalidUserData.Malformed", "BASE64"},
		"too much user data":           {[]string{"LaunchTemplateData.UserData", large}, "InvalidParameterValue", "16384"},
		"an image that is not an id":   {[]string{"LaunchTemplateData.ImageId", "linux"}, "InvalidAMIID.Malformed", "linux"},
		"an image of a parameter":      {[]string{"LaunchTemplateData.ImageId", "resolve:ssm:/a"}, "UnsupportedOperation", "resolve:ssm:/a"},
		"tokens that may be":           {[]string{"LaunchTemplateData.MetadataOptions.HttpTokens", "maybe"}, "InvalidParameterValue", "maybe"},
		"no metadata":                  {[]string{"LaunchTemplateData.MetadataOptions.HttpEndpoint", "disabled"}, "UnsupportedOperation", "httpEndpoint"},
		"no hop":                       {[]string{"LaunchTemplateData.MetadataOptions.HttpPutResponseHopLimit", "0"}, "InvalidParameterValue", "between 1 and 64"},
		"an unknown volume type":       {[]string{"LaunchTemplateData.BlockDeviceMapping.1.Ebs.VolumeType", "gp9"}, "InvalidParameterValue", "gp9"},
		"a profile twice":              {[]string{"LaunchTemplateData.IamInstanceProfile.Arn", "a", "LaunchTemplateData.IamInstanceProfile.Name", "b"}, "InvalidParameterCombination", "iamInstanceProfile"},
		"groups twice":                 {[]string{"LaunchTemplateData.NetworkInterface.1.DeviceIndex", "0", "LaunchTemplateData.SecurityGroupId.1", "sg-1"}, "InvalidParameterCombination", "security groups"},
		"two interfaces":               {[]string{"LaunchTemplateData.NetworkInterface.1.DeviceIndex", "0", "LaunchTemplateData.NetworkInterface.2.DeviceIndex", "1"}, "UnsupportedOperation", "2 were asked"},
		"what has no effect":           {[]string{"LaunchTemplateData.CpuOptions.CoreCount", "1"}, "UnsupportedParameter", "LaunchTemplateData.CpuOptions"},
		"requirements of the machine":  {[]string{"LaunchTemplateData.InstanceRequirements.MemoryMiB.Min", "1"}, "UnsupportedParameter", "LaunchTemplateData.InstanceRequirements"},
		"tags of a template inside":    {[]string{"LaunchTemplateData.TagSpecification.1.ResourceType", "launch-template"}, "InvalidParameterValue", "launch-template"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			parameters := c.parameters
			if parameters[0] != "LaunchTemplateName" {
				parameters = append([]string{"LaunchTemplateName", "template"}, parameters...)
			}
			assert.Contains(t, w.call(t, "CreateLaunchTemplate", parameters...).Refused(t, c.code).Message, c.says)
		})
	}
}
