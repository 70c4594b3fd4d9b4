package ec2

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

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
	Tags               []core.Tag              `out:"tagSet"`
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
		ID              string                  `out:"networkInterfaceId"`
		SubnetID        string                  `out:"subnetId"`
		VPCID           string                  `out:"vpcId"`
		Description     string                  `out:"description"`
		OwnerID         string                  `out:"ownerId"`
		Status          string                  `out:"status"`
		MAC             string                  `out:"macAddress"`
		InterfaceType   string                  `out:"interfaceType"`
		PrivateIP       string                  `out:"privateIpAddress"`
		PrivateDNSName  string                  `out:"privateDnsName"`
		SourceDestCheck bool                    `out:"sourceDestCheck"`
		Groups          []groupID               `out:"groupSet"`
		Attachment      instanceAttachmentItem  `out:"attachment"`
		Association     *addressAssociationItem `out:"association"`
		PrivateIPs      []privateIPItem         `out:"privateIpAddressesSet"`
	}
	instanceAttachmentItem struct {
		ID                  string    `out:"attachmentId"`
		Attached            time.Time `out:"attachTime"`
		DeleteOnTermination bool      `out:"deleteOnTermination"`
		DeviceIndex         int       `out:"deviceIndex"`
		Status              string    `out:"status"`
	}
)

func (s *Service) reservationItem(m *instance) reservationItem {
	return reservationItem{ID: m.ReservationID, OwnerID: s.account.ID, Groups: []groupID{}, Instances: []instanceItem{s.instanceItem(m)}}
}

func (s *Service) instanceItem(m *instance) instanceItem {
	item := instanceItem{
		ID: m.ID, ImageID: m.ImageID, State: m.state(), KeyName: m.KeyName, Type: m.Type, Launched: m.Launched,
		Placement: placementZone{m.AvailabilityZone, "default"}, Monitoring: stateName{m.monitoring()}, SubnetID: m.SubnetID, VPCID: m.VPCID,
		PrivateIP: m.PrivateIP, PublicIP: s.publicIPOf(m), Architecture: m.Architecture, RootDeviceType: "ebs", RootDeviceName: rootDevice,
		BlockDevices: each(m.Volumes, volume.attached), VirtualizationType: "hvm", Hypervisor: "xen", Lifecycle: m.lifecycle(),
		Tags: s.tagList(m.ID), Groups: s.groupIDs(m.Groups), Interfaces: []instanceInterfaceItem{}, EBSOptimized: m.EBSOptimized,
		ENASupport: true, SourceDestCheck: true, Metadata: m.Metadata, PlatformDetails: "Linux/UNIX",
	}
	if m.StateReason != "" {
		item.StateReason = &reasonItem{m.StateReasonCode, m.StateReason}
	}
	if m.ProfileARN != "" {
		item.Profile = &profileItem{m.ProfileARN, m.ProfileID}
	}
	if eni, ok := s.state.Interfaces[m.InterfaceID]; ok {
		item.Groups = s.groupIDs(eni.Groups)
		item.PrivateDNSName = s.privateName(eni.PrivateIP)
		item.PublicDNSName = s.publicName(eni.VPCID, eni.PublicIP)
		item.Interfaces = append(item.Interfaces, s.instanceInterface(eni))
	}
	return item
}

func (s *Service) instanceInterface(eni *networkInterface) instanceInterfaceItem {
	full := s.interfaceItem(eni)
	return instanceInterfaceItem{
		ID: full.ID, SubnetID: full.SubnetID, VPCID: full.VPCID, Description: full.Description, OwnerID: full.OwnerID, Status: full.Status,
		MAC: full.MAC, InterfaceType: full.InterfaceType, PrivateIP: full.PrivateIP, PrivateDNSName: full.PrivateDNSName,
		SourceDestCheck: full.SourceDestCheck, Groups: full.Groups, Association: full.Association, PrivateIPs: full.PrivateIPs,
		Attachment: instanceAttachmentItem{eni.AttachmentID, eni.Attached, true, 0, "attached"},
	}
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

// privateName is a host's name inside the VPC, such as
// ip-10-0-1-7.us-west-2.compute.internal.
func (s *Service) privateName(address string) string {
	name := "ip-" + strings.ReplaceAll(address, ".", "-")
	if s.account.Region == "us-east-1" {
		return name + ".ec2.internal"
	}
	return name + "." + s.account.Region + ".compute.internal"
}

// publicName is a host's name on the internet: "" without a public address, or
// in a VPC that gives no names.
func (s *Service) publicName(vpcID, address string) string {
	if v := s.state.VPCs[vpcID]; address == "" || v == nil || !v.DNSHostnames {
		return ""
	}
	name := "ec2-" + strings.ReplaceAll(address, ".", "-")
	if s.account.Region == "us-east-1" {
		return name + ".compute-1." + s.account.DNSSuffix()
	}
	return name + "." + s.account.Region + ".compute." + s.account.DNSSuffix()
}

func (s *Service) instances() family[*instance] {
	eni := func(get func(*networkInterface) []string) func(*instance) []string {
		return func(m *instance) []string {
			if eni, ok := s.state.Interfaces[m.InterfaceID]; ok {
				return get(eni)
			}
			return nil
		}
	}
	groups := eni(func(eni *networkInterface) []string { return eni.Groups })
	names := eni(s.namesOfGroups)
	return family[*instance]{
		all: values(s.state.Instances), id: func(m *instance) string { return m.ID }, notFound: instanceNotFound,
		attributes: attributes[*instance]{
			"architecture":             func(m *instance) []string { return one(m.Architecture) },
			"availability-zone":        func(m *instance) []string { return one(m.AvailabilityZone) },
			"dns-name":                 func(m *instance) []string { return one(s.publicName(m.VPCID, s.publicIPOf(m))) },
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
			"private-dns-name":         eni(func(eni *networkInterface) []string { return one(s.privateName(eni.PrivateIP)) }),
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

func (s *Service) describeInstances(_ context.Context, in *describeInstancesInput) (*describeInstancesOutput, error) {
	page, next, err := choose(s, s.instances(), in.IDs, in.selection)
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

func (s *Service) terminateInstances(_ context.Context, in *terminateInstancesInput) (*terminateInstancesOutput, error) {
	if len(in.IDs) == 0 {
		return nil, missing("InstanceId")
	}
	for _, id := range in.IDs {
		machine, ok := s.state.Instances[id]
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
		machine := s.state.Instances[id]
		before := machine.state()
		if err := s.Terminate(id); err != nil {
			return nil, err
		}
		out.Instances = append(out.Instances, stateChange{id, machine.state(), before})
	}
	return out, nil
}

type describeInstanceStatusInput struct {
	selection
	IDs        []string `in:"InstanceId"`
	IncludeAll bool     `in:"IncludeAllInstances"`
}

type describeInstanceStatusOutput struct {
	Statuses  []statusItem `out:"instanceStatusSet"`
	NextToken string
}

type statusItem struct {
	ID               string    `out:"instanceId"`
	AvailabilityZone string    `out:"availabilityZone"`
	State            stateItem `out:"instanceState"`
	System           checkItem `out:"systemStatus"`
	Instance         checkItem `out:"instanceStatus"`
}

type checkItem struct {
	Status  string
	Details []checkDetail
}

type checkDetail struct{ Name, Status string }

// describeInstanceStatus lists running instances, or all.
func (s *Service) describeInstanceStatus(_ context.Context, in *describeInstanceStatusInput) (*describeInstanceStatusOutput, error) {
	f := s.instances()
	if !in.IncludeAll {
		in.Filters = append(in.Filters, filter{Name: "instance-state-name", Values: []string{StateRunning}})
	}
	page, next, err := choose(s, f, in.IDs, in.selection)
	return &describeInstanceStatusOutput{Statuses: each(page, (*instance).status), NextToken: next}, err
}

func (m *instance) status() statusItem {
	check := checkItem{"not-applicable", []checkDetail{}}
	switch m.State {
	case StateRunning:
		check = checkItem{"ok", []checkDetail{{"reachability", "passed"}}}
	case StatePending:
		check = checkItem{"initializing", []checkDetail{{"reachability", "initializing"}}}
	}
	return statusItem{m.ID, m.AvailabilityZone, m.state(), check, check}
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
	Tags             []core.Tag         `out:"tagSet"`
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

func (s *Service) describeVolumes(_ context.Context, in *describeVolumesInput) (*describeVolumesOutput, error) {
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
	page, next, err := choose(s, volumes, in.IDs, in.selection)
	return &describeVolumesOutput{Volumes: each(page, s.volumeItem), NextToken: next}, err
}

func (s *Service) ownedVolumes() []ownedVolume {
	var all []ownedVolume
	for _, m := range s.state.Instances {
		for _, v := range m.Volumes {
			all = append(all, ownedVolume{v, m})
		}
	}
	return all
}

func (s *Service) volumeItem(v ownedVolume) volumeItem {
	return volumeItem{
		ID: v.ID, Size: v.SizeGiB, SnapshotID: v.SnapshotID, AvailabilityZone: v.owner.AvailabilityZone, Status: "in-use",
		Created: v.Created, VolumeType: v.Type, IOPS: v.IOPS, Throughput: v.Throughput, Encrypted: v.Encrypted,
		Attachments: []volumeAttachment{{v.ID, v.owner.ID, v.Device, "attached", v.Created, v.DeleteOnTermination}},
		Tags:        s.tagList(v.ID),
	}
}

type describeInstanceAttributeInput struct {
	InstanceID string
	Attribute  string
}

type describeInstanceAttributeOutput struct {
	InstanceID                        string       `out:"instanceId"`
	UserData                          *stringValue `out:"userData"`
	DisableAPITermination             *boolean     `out:"disableApiTermination"`
	DisableAPIStop                    *boolean     `out:"disableApiStop"`
	InstanceInitiatedShutdownBehavior *stringValue `out:"instanceInitiatedShutdownBehavior"`
	InstanceType                      *stringValue `out:"instanceType"`
}

type stringValue struct{ Value string }

func (s *Service) describeInstanceAttribute(_ context.Context, in *describeInstanceAttributeInput) (*describeInstanceAttributeOutput, error) {
	m, ok := s.state.Instances[in.InstanceID]
	if !ok {
		return nil, instanceNotFound(in.InstanceID)
	}
	out := &describeInstanceAttributeOutput{InstanceID: m.ID}
	switch in.Attribute {
	case "userData":
		out.UserData = &stringValue{m.UserData}
	case "instanceType":
		out.InstanceType = &stringValue{m.Type}
	case "disableApiTermination":
		out.DisableAPITermination = &boolean{m.NoTermination}
	case "disableApiStop":
		out.DisableAPIStop = &boolean{m.NoStop}
	case "instanceInitiatedShutdownBehavior":
		out.InstanceInitiatedShutdownBehavior = &stringValue{cmp.Or(m.ShutdownBehavior, "stop")}
	default:
		return nil, wire.Errorf("UnsupportedOperation", "localaws does not keep the instance attribute %q", in.Attribute)
	}
	return out, nil
}
