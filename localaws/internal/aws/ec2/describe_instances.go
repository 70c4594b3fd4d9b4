package ec2

import (
	"context"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

func (s *instanceOperations) operations() []wire.Operation {
	return []wire.Operation{
		wire.ReadOp("DescribeInstances", s.describeInstances),
		wire.ReadOp("DescribeVolumes", s.describeVolumes),
		wire.Op("TerminateInstances", s.terminateInstances),
	}
}

type reservationItem struct {
	ID        string         `out:"reservationId"`
	OwnerID   string         `out:"ownerId"`
	Groups    []groupID      `out:"groupSet"`
	Instances []instanceItem `out:"instancesSet"`
}

type instanceItem struct {
	ID                 string                  `out:"instanceId"`
	ImageID            string                  `out:"imageId"`
	State              stateItem               `out:"instanceState"`
	StateReason        *reasonItem             `out:"stateReason"`
	PrivateDNSName     string                  `out:"privateDnsName"`
	PublicDNSName      string                  `out:"dnsName"`
	KeyName            string                  `out:"keyName"`
	LaunchIndex        int                     `out:"amiLaunchIndex"`
	Type               string                  `out:"instanceType"`
	Launched           time.Time               `out:"launchTime"`
	Placement          placementZone           `out:"placement"`
	Monitoring         stateName               `out:"monitoring"`
	SubnetID           string                  `out:"subnetId"`
	VPCID              string                  `out:"vpcId"`
	PrivateIP          string                  `out:"privateIpAddress"`
	PublicIP           string                  `out:"ipAddress"`
	Architecture       string                  `out:"architecture"`
	RootDeviceType     string                  `out:"rootDeviceType"`
	RootDeviceName     string                  `out:"rootDeviceName"`
	BlockDevices       []instanceDevice        `out:"blockDeviceMapping"`
	VirtualizationType string                  `out:"virtualizationType"`
	Hypervisor         string                  `out:"hypervisor"`
	Lifecycle          string                  `out:"instanceLifecycle"`
	Tags               []tags.Tag              `out:"tagSet"`
	Groups             []groupID               `out:"groupSet"`
	Interfaces         []instanceInterfaceItem `out:"networkInterfaceSet"`
	Profile            *profileItem            `out:"iamInstanceProfile"`
	EBSOptimized       bool                    `out:"ebsOptimized"`
	ENASupport         bool                    `out:"enaSupport"`
	SourceDestCheck    bool                    `out:"sourceDestCheck"`
	Metadata           metadataOptions         `out:"metadataOptions"`
	PlatformDetails    string                  `out:"platformDetails"`
}

type (
	stateItem struct {
		Code int
		Name string
	}
	reasonItem    struct{ Code, Message string }
	stateName     struct{ State string }
	placementZone struct{ AvailabilityZone, Tenancy string }
	profileItem   struct {
		ARN string `out:"arn"`
		ID  string `out:"id"`
	}
	instanceDevice struct {
		Name string         `out:"deviceName"`
		EBS  attachedVolume `out:"ebs"`
	}
	attachedVolume struct {
		VolumeID            string    `out:"volumeId"`
		Status              string    `out:"status"`
		Attached            time.Time `out:"attachTime"`
		DeleteOnTermination bool      `out:"deleteOnTermination"`
	}
	instanceInterfaceItem struct {
		interfaceFacts
		Attachment instanceAttachmentItem `out:"attachment"`
	}
	instanceAttachmentItem struct {
		ID                  string    `out:"attachmentId"`
		Attached            time.Time `out:"attachTime"`
		DeleteOnTermination bool      `out:"deleteOnTermination"`
		DeviceIndex         int       `out:"deviceIndex"`
		Status              string    `out:"status"`
	}
)

func (s *instanceOperations) reservationItem(m *instance) reservationItem {
	return reservationItem{ID: m.ReservationID, OwnerID: s.account.ID, Groups: []groupID{}, Instances: []instanceItem{s.instanceItem(m)}}
}

func (s *instanceOperations) instanceItem(m *instance) instanceItem {
	item := instanceItem{
		ID: m.ID, ImageID: m.ImageID, State: m.state(), KeyName: m.KeyName, Type: m.Type, Launched: m.LaunchTime,
		Placement: placementZone{m.AvailabilityZone, defaultTenancy}, Monitoring: stateName{m.monitoring()}, SubnetID: m.SubnetID, VPCID: m.VPCID,
		PrivateIP: m.PrivateIP, PublicIP: s.publicIPOf(m), Architecture: m.Architecture, RootDeviceType: "ebs", RootDeviceName: rootDevice,
		BlockDevices: each(m.Volumes, volume.attached), VirtualizationType: "hvm", Hypervisor: "xen", Lifecycle: m.lifecycle(),
		Tags: s.tagsOf(m.ID).List(), Groups: []groupID{}, Interfaces: []instanceInterfaceItem{}, EBSOptimized: m.EBSOptimized,
		ENASupport: true, SourceDestCheck: true, Metadata: m.Metadata, PlatformDetails: "Linux/UNIX",
	}
	if m.StateReason != "" {
		item.StateReason = &reasonItem{m.StateReasonCode, m.StateReason}
	}
	if m.ProfileARN != "" {
		item.Profile = &profileItem{m.ProfileARN, m.ProfileID}
	}
	if eni, ok := s.interfaces.Get(m.InterfaceID); ok {
		item.Groups = s.groupIDs(eni.Groups)
		item.PrivateDNSName = s.network.privateName(eni.PrivateIP)
		item.PublicDNSName = s.network.publicName(eni.VPCID, eni.PublicIP)
		item.Interfaces = append(item.Interfaces, instanceInterfaceItem{
			s.network.facts(eni), instanceAttachmentItem{eni.AttachmentID, eni.Attached, true, 0, "attached"},
		})
	}
	return item
}

func (m *instance) state() stateItem { return stateItem{stateCode(m.State), m.State} }

func (m *instance) monitoring() string {
	if m.Monitoring {
		return "enabled"
	}
	return "disabled"
}

func (m *instance) lifecycle() string {
	if m.Spot {
		return "spot"
	}
	return ""
}

func (v volume) attached() instanceDevice {
	return instanceDevice{v.Device, attachedVolume{v.ID, "attached", v.Created, v.DeleteOnTermination}}
}

func (s *instanceOperations) family() family[*instance] {
	eni := func(get func(*networkInterface) []string) func(*instance) []string {
		return func(m *instance) []string {
			if eni, ok := s.interfaces.Get(m.InterfaceID); ok {
				return get(eni)
			}
			return nil
		}
	}
	groups := eni(func(eni *networkInterface) []string { return eni.Groups })
	names := eni(s.network.namesOfGroups)
	return family[*instance]{
		all: list(s.instances), id: func(m *instance) string { return m.ID }, notFound: instanceNotFound,
		attributes: attributes[*instance]{
			"architecture":             func(m *instance) []string { return one(m.Architecture) },
			"availability-zone":        func(m *instance) []string { return one(m.AvailabilityZone) },
			"dns-name":                 func(m *instance) []string { return one(s.network.publicName(m.VPCID, s.publicIPOf(m))) },
			"iam-instance-profile.arn": func(m *instance) []string { return one(m.ProfileARN) },
			"image-id":                 func(m *instance) []string { return one(m.ImageID) },
			"instance-id":              func(m *instance) []string { return one(m.ID) },
			"instance-lifecycle":       func(m *instance) []string { return one(m.lifecycle()) },
			"instance-state-code":      func(m *instance) []string { return oneInt(stateCode(m.State)) },
			"instance-state-name":      func(m *instance) []string { return one(m.State) },
			"instance-type":            func(m *instance) []string { return one(m.Type) },
			"instance.group-id":        groups,
			"instance.group-name":      names,
			"ip-address":               func(m *instance) []string { return one(s.publicIPOf(m)) },
			"key-name":                 func(m *instance) []string { return one(m.KeyName) },
			"owner-id":                 func(*instance) []string { return one(s.account.ID) },
			"private-dns-name":         eni(func(eni *networkInterface) []string { return one(s.network.privateName(eni.PrivateIP)) }),
			"private-ip-address":       func(m *instance) []string { return one(m.PrivateIP) },
			"reservation-id":           func(m *instance) []string { return one(m.ReservationID) },
			"root-device-type":         func(*instance) []string { return one("ebs") },
			"subnet-id":                func(m *instance) []string { return one(m.SubnetID) },
			"vpc-id":                   func(m *instance) []string { return one(m.VPCID) },

			"metadata-options.http-tokens":           func(m *instance) []string { return one(m.Metadata.HTTPTokens) },
			"network-interface.network-interface-id": func(m *instance) []string { return one(m.InterfaceID) },
			"network-interface.group-id":             groups,
			"network-interface.group-name":           names,
			"network-interface.subnet-id":            func(m *instance) []string { return one(m.SubnetID) },
			"network-interface.vpc-id":               func(m *instance) []string { return one(m.VPCID) },
			"block-device-mapping.volume-id": func(m *instance) []string {
				return each(m.Volumes, func(v volume) string { return v.ID })
			},
		},
	}
}

type describeInstancesInput struct {
	selection
	IDs                     []string `in:"InstanceId"`
	IncludeManagedResources *bool
}

type describeInstancesOutput struct {
	Reservations []reservationItem `out:"reservationSet"`
	NextToken    string
}

func (s *instanceOperations) describeInstances(_ context.Context, in *describeInstancesInput) (*describeInstancesOutput, error) {
	page, next, err := choose(s.records, s.family(), in.IDs, in.selection)
	return &describeInstancesOutput{Reservations: each(page, s.reservationItem), NextToken: next}, err
}

type terminateInstancesInput struct {
	IDs            []string `in:"InstanceId"`
	Force          *bool
	SkipOSShutdown *bool
}

type terminateInstancesOutput struct {
	Instances []stateChange `out:"instancesSet"`
}

type stateChange struct {
	ID       string    `out:"instanceId"`
	Current  stateItem `out:"currentState"`
	Previous stateItem `out:"previousState"`
}

func (s *instanceOperations) terminateInstances(_ context.Context, in *terminateInstancesInput) (*terminateInstancesOutput, error) {
	if len(in.IDs) == 0 {
		return nil, missing("InstanceId")
	}
	for _, id := range in.IDs {
		machine, ok := s.instances.Get(id)
		if !ok {
			return nil, instanceNotFound(id)
		}
		if machine.NoTermination {
			return nil, wire.Errorf("OperationNotPermitted",
				"The instance '%s' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.", id)
		}
	}
	out := &terminateInstancesOutput{}
	for _, id := range in.IDs {
		machine, _ := s.instances.Get(id)
		before := machine.state()
		if err := s.Terminate(id); err != nil {
			return nil, err
		}
		out.Instances = append(out.Instances, stateChange{id, machine.state(), before})
	}
	return out, nil
}

type describeVolumesInput struct {
	selection
	IDs []string `in:"VolumeId"`
}

type describeVolumesOutput struct {
	Volumes   []volumeItem `out:"volumeSet"`
	NextToken string
}

type volumeItem struct {
	ID               string             `out:"volumeId"`
	Size             int                `out:"size"`
	SnapshotID       string             `out:"snapshotId"`
	AvailabilityZone string             `out:"availabilityZone"`
	Status           string             `out:"status"`
	Created          time.Time          `out:"createTime"`
	VolumeType       string             `out:"volumeType"`
	IOPS             *int               `out:"iops"`
	Throughput       *int               `out:"throughput"`
	Encrypted        bool               `out:"encrypted"`
	Attachments      []volumeAttachment `out:"attachmentSet"`
	Tags             []tags.Tag         `out:"tagSet"`
}

type volumeAttachment struct {
	VolumeID            string    `out:"volumeId"`
	InstanceID          string    `out:"instanceId"`
	Device              string    `out:"device"`
	Status              string    `out:"status"`
	Attached            time.Time `out:"attachTime"`
	DeleteOnTermination bool      `out:"deleteOnTermination"`
}

// ownedVolume is a volume with its instance: localaws has no others.
type ownedVolume struct {
	volume
	owner *instance
}

func (s *instanceOperations) describeVolumes(_ context.Context, in *describeVolumesInput) (*describeVolumesOutput, error) {
	volumes := family[ownedVolume]{
		all: s.ownedVolumes, id: func(v ownedVolume) string { return v.ID }, notFound: volumeNotFound,
		attributes: attributes[ownedVolume]{
			"volume-id":              func(v ownedVolume) []string { return one(v.ID) },
			"volume-type":            func(v ownedVolume) []string { return one(v.Type) },
			"encrypted":              func(v ownedVolume) []string { return oneBool(v.Encrypted) },
			"size":                   func(v ownedVolume) []string { return oneInt(v.SizeGiB) },
			"status":                 func(ownedVolume) []string { return one("in-use") },
			"availability-zone":      func(v ownedVolume) []string { return one(v.owner.AvailabilityZone) },
			"attachment.instance-id": func(v ownedVolume) []string { return one(v.owner.ID) },
			"attachment.device":      func(v ownedVolume) []string { return one(v.Device) },
			"attachment.status":      func(ownedVolume) []string { return one("attached") },
		},
	}
	page, next, err := choose(s.records, volumes, in.IDs, in.selection)
	return &describeVolumesOutput{Volumes: each(page, s.volumeItem), NextToken: next}, err
}

func (s *instanceOperations) ownedVolumes() []ownedVolume {
	var all []ownedVolume
	for _, m := range s.instances.All() {
		for _, v := range m.Volumes {
			all = append(all, ownedVolume{v, m})
		}
	}
	return all
}

func (s *instanceOperations) volumeItem(v ownedVolume) volumeItem {
	return volumeItem{
		ID: v.ID, Size: v.SizeGiB, SnapshotID: v.SnapshotID, AvailabilityZone: v.owner.AvailabilityZone, Status: "in-use",
		Created: v.Created, VolumeType: v.Type, IOPS: v.IOPS, Throughput: v.Throughput, Encrypted: v.Encrypted,
		Attachments: []volumeAttachment{{v.ID, v.owner.ID, v.Device, "attached", v.Created, v.DeleteOnTermination}},
		Tags:        s.tagsOf(v.ID).List(),
	}
}
