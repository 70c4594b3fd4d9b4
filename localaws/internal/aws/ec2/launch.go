package ec2

import (
	"cmp"
	"encoding/base64"
	"maps"
	"slices"
	"strconv"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/iam"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// LaunchSpec is what Launch needs: a launch template, and what replaces or adds
// to what it says.
type LaunchSpec struct {
	// TemplateID or TemplateName, and Version as ResolveTemplate takes it.
	TemplateID, TemplateName, Version string
	// InstanceType, ImageID and SubnetID replace the template's when not "".
	InstanceType, ImageID, SubnetID string
	// Spot asks for a Spot instance even when the template does not.
	Spot bool
	// Tags are added to the template's tags of the instance. AWS's own
	// ("aws:...") may be among them.
	Tags tags.Set
}

// launcher starts instances.
type launcher struct {
	*instanceOperations
	images   *imageOperations
	profiles Profiles
}

// plan is a launch that was checked.
type plan struct {
	template *launchTemplate
	version  *templateVersion
	data     *templateData
	image    image
	kind     machineType
	subnet   *subnet
	groups   []string
	public   bool
	profile  iam.Profile
	volumes  []volume
	spot     bool
}

// Launch starts an instance. It is pending, and running after about 20 s; what
// the launch template refers to must exist and fit together, else the error
// says, as RunInstances does, what does not.
func (s *launcher) Launch(spec LaunchSpec) (Instance, error) {
	p, err := s.plan(spec)
	if err != nil {
		return Instance{}, err
	}
	eni, err := s.network.createInterface(InterfaceSpec{SubnetID: p.subnet.ID, Description: p.description(), Groups: p.groups, Public: p.public})
	if err != nil {
		return Instance{}, err
	}
	metadata := p.metadata()
	m := &instance{
		Instance: Instance{
			ID: ids.New("i"), Type: p.kind.name(), Architecture: p.image.architecture, ImageID: p.image.id,
			SubnetID: eni.SubnetID, VPCID: eni.VPCID, AvailabilityZone: eni.AvailabilityZone, State: StatePending,
			UserData: decodeUserData(p.data.UserData), ProfileARN: p.profile.ARN,
			InterfaceID: eni.ID, PrivateIP: eni.PrivateIP, Address: eni.Address, LaunchTime: s.account.Clock.Now(), Spot: p.spot,
			MetadataTokens: metadata.HTTPTokens, MetadataHops: *metadata.HTTPPutResponseHopLimit,
			TemplateID: p.template.ID, TemplateVersion: p.version.Number,
		},
		ReservationID: ids.New("r"), KeyName: p.data.KeyName, ProfileID: p.profile.ID, Metadata: metadata, Volumes: p.volumes,
		EBSOptimized:  p.data.EBSOptimized != nil && *p.data.EBSOptimized,
		Monitoring:    p.data.Monitoring != nil && p.data.Monitoring.Enabled,
		NoTermination: p.data.DisableAPITermination != nil && *p.data.DisableAPITermination,
		Next:          s.account.Clock.In(bootTime),
	}
	eni.InstanceID, eni.AttachmentID, eni.InstanceOwnerID = m.ID, ids.New("eni-attach"), s.account.ID
	s.instances.Put(m.ID, m)
	s.tagLaunched(m, p, spec.Tags)
	return s.instanceView(m), nil
}

// tagLaunched tags an instance and what came with it.
func (s *launcher) tagLaunched(m *instance, p *plan, extra tags.Set) {
	set := p.data.tagsFor("instance")
	maps.Copy(set, extra)
	set["aws:ec2launchtemplate:id"] = p.template.ID
	set["aws:ec2launchtemplate:version"] = strconv.FormatInt(p.version.Number, 10)
	s.setTags(m.ID, set)
	s.setTags(m.InterfaceID, p.data.tagsFor("network-interface"))
	for _, v := range m.Volumes {
		s.setTags(v.ID, p.data.tagsFor("volume"))
	}
}

// plan resolves and checks a launch, in the order in which RunInstances does.
func (s *launcher) plan(spec LaunchSpec) (*plan, error) {
	template, err := s.launchTemplate(spec.TemplateID, spec.TemplateName)
	if err != nil {
		return nil, err
	}
	version, err := s.version(template, spec.Version)
	if err != nil {
		return nil, err
	}
	p := &plan{template: template, version: version, data: &version.Data, spot: spec.Spot}
	if m := p.data.InstanceMarketOptions; m != nil && m.MarketType == "spot" {
		p.spot = true
	}
	if err := s.planMachine(p, spec); err != nil {
		return nil, err
	}
	if err := s.planNetwork(p, spec); err != nil {
		return nil, err
	}
	if err := s.planProfile(p); err != nil {
		return nil, err
	}
	return p, s.planVolumes(p)
}

func (s *launcher) planMachine(p *plan, spec LaunchSpec) error {
	imageID := cmp.Or(spec.ImageID, p.data.ImageID)
	if imageID == "" {
		return missing("ImageId")
	}
	image, ok := s.images.find(imageID)
	if !ok {
		return imageNotFound(imageID)
	}
	p.image = image
	// Without a type EC2 starts an m1.small, which is of the past.
	name := cmp.Or(spec.InstanceType, p.data.InstanceType)
	if name == "" {
		return missing("InstanceType")
	}
	kind, ok := findType(name)
	if !ok {
		return wire.Errorf("InvalidParameterValue", "Invalid value '%s' for InstanceType.", name)
	}
	p.kind = kind
	if !slices.Contains(kind.family.arch, p.image.architecture) {
		return wire.Errorf("InvalidParameterValue",
			"The architecture '%s' of the specified instance type does not match the architecture '%s' of the specified AMI. "+
				"Specify an instance type and an AMI that have matching architectures, and try again.",
			kind.family.arch[len(kind.family.arch)-1], p.image.architecture)
	}
	if p.data.KeyName != "" {
		if _, ok := s.keyByName(p.data.KeyName); !ok {
			return keyPairNotFound(p.data.KeyName)
		}
	}
	return nil
}

func (s *launcher) planNetwork(p *plan, spec LaunchSpec) error {
	if len(p.data.SecurityGroups) > 0 {
		return wire.Errorf("InvalidParameterCombination", "The parameter groupName cannot be used with the parameter subnet")
	}
	subnetID := spec.SubnetID
	if len(p.data.Interfaces) > 0 {
		subnetID = cmp.Or(subnetID, p.data.Interfaces[0].SubnetID)
	}
	if subnetID == "" {
		return wire.Errorf("MissingInput", "No subnets found for the default VPC: give a subnet")
	}
	sn, err := s.subnet(subnetID)
	if err != nil {
		return err
	}
	p.subnet, p.groups, p.public = sn, p.data.groups(), sn.MapPublicIP
	if len(p.data.Interfaces) > 0 && p.data.Interfaces[0].AssociatePublicIP != nil {
		p.public = *p.data.Interfaces[0].AssociatePublicIP
	}
	if zone := p.data.Placement; zone != nil && zone.AvailabilityZone != "" && zone.AvailabilityZone != sn.AvailabilityZone {
		return wire.Errorf("InvalidParameterCombination", "The specified Availability Zone %s is not the one of the subnet %s", zone.AvailabilityZone, sn.ID)
	}
	return s.network.checkGroups(p.groups, sn.VPCID)
}

func (s *launcher) planProfile(p *plan) error {
	given := p.data.IAMInstanceProfile
	if given == nil || given.ARN+given.Name == "" {
		return nil
	}
	profile, ok := s.profiles.InstanceProfile(cmp.Or(given.ARN, given.Name))
	switch {
	case !ok && given.ARN != "":
		return wire.Errorf("InvalidParameterValue", "Value (%s) for parameter iamInstanceProfile.arn is invalid. Invalid IAM Instance Profile ARN", given.ARN)
	case !ok:
		return wire.Errorf("InvalidParameterValue", "Value (%s) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name", given.Name)
	case profile.RoleARN == "":
		return wire.Errorf("InvalidParameterValue", "IAM Instance Profile %q has no associated IAM Roles", profile.ARN)
	}
	p.profile = profile
	return nil
}

// planVolumes are the image's volume as the template changes it, and those that
// the template adds.
func (s *launcher) planVolumes(p *plan) error {
	root := volume{
		ID: ids.New("vol"), Device: rootDevice, Type: p.image.rootVolumeType, SnapshotID: p.image.snapshotID(), SizeGiB: p.image.rootGiB,
		DeleteOnTermination: true, Created: s.account.Clock.Now(),
	}
	p.volumes = []volume{root}
	for _, device := range p.data.BlockDevices {
		if device.EBS == nil {
			continue
		}
		v := volume{ID: ids.New("vol"), Device: device.DeviceName, Type: "gp2", DeleteOnTermination: true, Created: root.Created}
		at := 0
		if device.DeviceName == rootDevice {
			v = root
		} else {
			p.volumes = append(p.volumes, v)
			at = len(p.volumes) - 1
		}
		if err := v.set(device.EBS); err != nil {
			return err
		}
		p.volumes[at] = v
	}
	if size := p.volumes[0].SizeGiB; size < p.image.rootGiB {
		return wire.Errorf("InvalidBlockDeviceMapping", "Volume of size %dGB is smaller than snapshot '%s', expect size >= %dGB",
			size, p.image.snapshotID(), p.image.rootGiB)
	}
	return nil
}

func (v *volume) set(to *templateVolume) error {
	v.Type = cmp.Or(to.VolumeType, v.Type)
	v.SnapshotID = cmp.Or(to.SnapshotID, v.SnapshotID)
	v.IOPS, v.Throughput = to.IOPS, to.Throughput
	if to.VolumeSize != nil {
		v.SizeGiB = *to.VolumeSize
	}
	if to.Encrypted != nil {
		v.Encrypted = *to.Encrypted
	}
	if to.DeleteOnTermination != nil {
		v.DeleteOnTermination = *to.DeleteOnTermination
	}
	if v.SizeGiB == 0 {
		return wire.Errorf("InvalidBlockDeviceMapping", "The device %s has neither a size nor a snapshot", v.Device)
	}
	return nil
}

func (p *plan) description() string {
	if len(p.data.Interfaces) > 0 {
		return p.data.Interfaces[0].Description
	}
	return ""
}

// metadata are the options of the instance's metadata service, with AWS's
// defaults: an AL2023 image asks for IMDSv2.
func (p *plan) metadata() metadataOptions {
	hops := 1
	m := metadataOptions{State: "applied", HTTPTokens: "optional", HTTPEndpoint: "enabled", HTTPProtocolIPv6: "disabled", InstanceMetadataTags: "disabled"}
	if p.image.item().IMDSSupport == "v2.0" {
		m.HTTPTokens, hops = "required", 2
	}
	m.HTTPPutResponseHopLimit = &hops
	if given := p.data.MetadataOptions; given != nil {
		m.HTTPTokens = cmp.Or(given.HTTPTokens, m.HTTPTokens)
		m.HTTPEndpoint = cmp.Or(given.HTTPEndpoint, m.HTTPEndpoint)
		m.HTTPProtocolIPv6 = cmp.Or(given.HTTPProtocolIPv6, m.HTTPProtocolIPv6)
		m.InstanceMetadataTags = cmp.Or(given.InstanceMetadataTags, m.InstanceMetadataTags)
		if given.HTTPPutResponseHopLimit != nil {
			m.HTTPPutResponseHopLimit = given.HTTPPutResponseHopLimit
		}
	}
	return m
}

func decodeUserData(encoded string) []byte {
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil // checked when the template was made
	}
	return raw
}
