package ec2

import (
	"encoding/base64"
	"regexp"
	"slices"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// templateData is what instances start with. Pointers tell what was not given
// from what is false or 0, and come back as they went in. See
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RequestLaunchTemplateData.html.
type templateData struct {
	ImageID               string `out:"imageId" json:",omitempty"`
	InstanceType          string `json:",omitempty"`
	KeyName               string `json:",omitempty"`
	UserData              string `json:",omitempty"` // base64
	EBSOptimized          *bool  `out:"ebsOptimized" json:",omitempty"`
	DisableAPITermination *bool  `out:"disableApiTermination" json:",omitempty"`

	SecurityGroupIDs []string `in:"SecurityGroupId" out:"securityGroupIdSet" json:",omitempty"`
	SecurityGroups   []string `in:"SecurityGroup" out:"securityGroupSet" json:",omitempty"`

	IAMInstanceProfile    *templateProfile    `out:"iamInstanceProfile" json:",omitempty"`
	BlockDevices          []templateDevice    `in:"BlockDeviceMapping" out:"blockDeviceMappingSet" json:",omitempty"`
	Interfaces            []templateInterface `in:"NetworkInterface" out:"networkInterfaceSet" json:",omitempty"`
	TagSpecifications     []tagSpecification  `in:"TagSpecification" out:"tagSpecificationSet" json:",omitempty"`
	Monitoring            *enabled            `json:",omitempty"`
	MetadataOptions       *metadataOptions    `json:",omitempty"`
	Placement             *placement          `json:",omitempty"`
	InstanceMarketOptions *marketOptions      `json:",omitempty"`
	CapacityReservation   *reservationOptions `in:"CapacityReservationSpecification" out:"capacityReservationSpecification" json:",omitempty"`
}

type (
	templateProfile struct {
		ARN  string `out:"arn"`
		Name string
	}
	enabled struct{ Enabled bool }

	templateDevice struct {
		DeviceName string
		EBS        *templateVolume `out:"ebs"`
	}
	templateVolume struct {
		Encrypted           *bool
		DeleteOnTermination *bool
		IOPS                *int   `out:"iops"`
		Throughput          *int   // MiB/s
		KMSKeyID            string `out:"kmsKeyId"`
		SnapshotID          string `out:"snapshotId"`
		VolumeSize          *int   // GiB
		VolumeType          string
	}
	templateInterface struct {
		AssociatePublicIP   *bool `in:"AssociatePublicIpAddress" out:"associatePublicIpAddress"`
		DeleteOnTermination *bool
		Description         string
		DeviceIndex         *int
		Groups              []string `in:"SecurityGroupId" out:"groupSet" item:"groupId"`
		InterfaceType       string
		SubnetID            string `out:"subnetId"`
	}
	metadataOptions struct {
		State                   string `out:"state"`
		HTTPTokens              string `out:"httpTokens"`
		HTTPEndpoint            string `out:"httpEndpoint"`
		HTTPPutResponseHopLimit *int   `out:"httpPutResponseHopLimit"`
		HTTPProtocolIPv6        string `out:"httpProtocolIpv6"`
		InstanceMetadataTags    string
	}
	placement struct {
		AvailabilityZone string
		Tenancy          string
	}
	marketOptions struct {
		MarketType string
	}
	reservationOptions struct {
		Preference string             `in:"CapacityReservationPreference" out:"capacityReservationPreference"`
		Target     *reservationTarget `in:"CapacityReservationTarget" out:"capacityReservationTarget"`
	}
	reservationTarget struct {
		ID       string `in:"CapacityReservationId" out:"capacityReservationId"`
		GroupARN string `in:"CapacityReservationResourceGroupArn" out:"capacityReservationResourceGroupArn"`
	}
)

// maxUserData is how large user data may be before it is encoded.
const maxUserData = 16 << 10

var imageID = regexp.MustCompile(`^ami-[0-9a-f]{8,17}$`)

// check refuses what no instance could start with. What the template refers to
// need not exist yet: only launching finds that out, as on AWS.
func (d *templateData) check() error {
	if strings.HasPrefix(d.ImageID, "resolve:") {
		return wire.Errorf("UnsupportedOperation", "localaws does not resolve %s: give an image's id", d.ImageID)
	}
	if d.ImageID != "" && !imageID.MatchString(d.ImageID) {
		return wire.Errorf("InvalidAMIID.Malformed", "Invalid id: %q (expecting \"ami-...\")", d.ImageID)
	}
	raw, err := base64.StdEncoding.DecodeString(d.UserData)
	if err != nil {
		return wire.Errorf("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data.")
	}
	if len(raw) > maxUserData {
		return wire.Errorf("InvalidParameterValue", "User data is limited to %d bytes", maxUserData)
	}
	if p := d.IAMInstanceProfile; p != nil && p.ARN != "" && p.Name != "" {
		return wire.Errorf("InvalidParameterCombination", "The parameter iamInstanceProfile.name can't be used together with iamInstanceProfile.arn")
	}
	if len(d.Interfaces) > 0 && len(d.SecurityGroupIDs)+len(d.SecurityGroups) > 0 {
		return wire.Errorf("InvalidParameterCombination", "Network interfaces and an instance-level security groups may not be specified on the same request")
	}
	if len(d.Interfaces) > 1 {
		return wire.Errorf("UnsupportedOperation", "localaws gives an instance one network interface, %d were asked for", len(d.Interfaces))
	}
	if err := d.checkTags(); err != nil {
		return err
	}
	for _, device := range d.BlockDevices {
		if err := device.check(); err != nil {
			return err
		}
	}
	return d.MetadataOptions.check()
}

// templateTaggable are what the tags of a template's data can be for.
var templateTaggable = []string{"instance", "volume", "network-interface", "spot-instances-request", "elastic-gpu"}

func (d *templateData) checkTags() error {
	for _, spec := range d.TagSpecifications {
		if !slices.Contains(templateTaggable, spec.ResourceType) {
			return notTaggable(spec.ResourceType)
		}
		if _, err := tagRules.New(spec.Tags); err != nil {
			return err
		}
	}
	return nil
}

// tagsFor are the tags that the data gives to one type of resource.
func (d *templateData) tagsFor(resourceType string) tags.Set {
	set := tags.Set{}
	for _, spec := range d.TagSpecifications {
		if spec.ResourceType == resourceType {
			set.Put(spec.Tags)
		}
	}
	return set
}

var volumeTypes = []string{"standard", "gp2", "gp3", "io1", "io2", "sc1", "st1"}

func (d templateDevice) check() error {
	if d.EBS == nil {
		return nil
	}
	if d.EBS.VolumeType != "" && !slices.Contains(volumeTypes, d.EBS.VolumeType) {
		return wire.Errorf("InvalidParameterValue", "Invalid volume type '%s' for device %s", d.EBS.VolumeType, d.DeviceName)
	}
	if size := d.EBS.VolumeSize; size != nil && (*size < 1 || *size > 65536) {
		return wire.Errorf("InvalidParameterValue", "Volume of %d GiB for device %s: the size must be between 1 and 65536", *size, d.DeviceName)
	}
	return nil
}

func (m *metadataOptions) check() error {
	if m == nil {
		return nil
	}
	for _, option := range []struct {
		name, value string
		allowed     []string
	}{
		{"httpTokens", m.HTTPTokens, []string{"optional", "required"}},
		{"httpEndpoint", m.HTTPEndpoint, []string{"enabled", "disabled"}},
		{"httpProtocolIpv6", m.HTTPProtocolIPv6, []string{"enabled", "disabled"}},
		{"instanceMetadataTags", m.InstanceMetadataTags, []string{"enabled", "disabled"}},
	} {
		if option.value != "" && !slices.Contains(option.allowed, option.value) {
			return invalid("metadataOptions."+option.name, option.value, "Use "+strings.Join(option.allowed, " or ")+".")
		}
	}
	if m.HTTPEndpoint == "disabled" {
		return wire.Errorf("UnsupportedOperation", "localaws does not switch the instance metadata off, which leaves an instance "+
			"of AWS without user data and its ECS agent without a role: httpEndpoint can't be disabled")
	}
	if hops := m.HTTPPutResponseHopLimit; hops != nil && (*hops < 1 || *hops > 64) {
		return wire.Errorf("InvalidParameterValue", "Value (%d) for parameter metadataOptions.httpPutResponseHopLimit is invalid. It must be between 1 and 64.", *hops)
	}
	return nil
}
