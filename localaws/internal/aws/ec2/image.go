package ec2

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// Accounts of AWS that own images.
const (
	ecsImageOwner   = "591542846629"
	linuxImageOwner = "137112412989"
	amazonAlias     = "amazon"
)

// image is a machine image of AWS: seeded, never changed.
type image struct {
	id, name, description, owner, architecture string
	created                                    time.Time
	rootGiB                                    int
	rootVolumeType                             string
	ecs, gpu                                   bool
	// line is the family of images that this one is the newest of at its
	// date, such as "amazon-linux-2023".
	line string
}

// Image is a machine image as other services see it.
type Image struct {
	ID, Name, Architecture string
	// ECSOptimized means that it has an ECS agent, GPU that it also has the
	// drivers for GPUs.
	ECSOptimized, GPU bool
	// Line is the operating system as public SSM parameters name it:
	// amazon-linux-2023 or amazon-linux-2.
	Line    string
	Created time.Time
	Owner   string
}

// imageOperations are those on machine images.
type imageOperations struct {
	*records
	all []image
}

func (s *imageOperations) operations() []wire.Operation {
	return []wire.Operation{
		wire.ReadOp("DescribeImages", s.describeImages),
		wire.ReadOp("GetInstanceUefiData", s.getInstanceUEFIData),
	}
}

// Image returns the image with that id.
func (s *imageOperations) Image(id string) (Image, bool) {
	i, ok := s.find(id)
	return i.view(), ok
}

func (s *imageOperations) find(id string) (image, bool) {
	i := slices.IndexFunc(s.all, func(i image) bool { return i.id == id })
	if i < 0 {
		return image{}, false
	}
	return s.all[i], true
}

// Images are all images, the newest of each kind first.
func (s *imageOperations) Images() []Image { return each(s.all, image.view) }

func (i image) view() Image {
	return Image{
		ID: i.id, Name: i.name, Architecture: i.architecture, ECSOptimized: i.ecs, GPU: i.gpu,
		Line: i.line, Created: i.created, Owner: i.owner,
	}
}

// releases are the dates of the images, the newest first: several, so that the
// most recent one has to be found.
var releases = []string{"20260210", "20260101", "20251115"}

// imageLine is a series of images with one name but for the date.
type imageLine struct {
	name         string // with %s for the date
	owner        string
	architecture string
	line         string
	description  string
	rootGiB      int
	volumeType   string
	ecs, gpu     bool
}

func imageLines() []imageLine {
	al2023 := "Amazon Linux AMI 2023.0.%s " // as AWS describes them
	return []imageLine{
		{"al2023-ami-ecs-hvm-2023.0.%s-kernel-6.1-x86_64", ecsImageOwner, "x86_64", "amazon-linux-2023", al2023 + "x86_64 ECS HVM EBS", 30, "gp3", true, false},
		{"al2023-ami-ecs-hvm-2023.0.%s-kernel-6.1-arm64", ecsImageOwner, "arm64", "amazon-linux-2023", al2023 + "arm64 ECS HVM EBS", 30, "gp3", true, false},
		{"al2023-ami-ecs-gpu-hvm-2023.0.%s-kernel-6.1-x86_64-ebs", ecsImageOwner, "x86_64", "amazon-linux-2023", al2023 + "x86_64 ECS GPU HVM EBS", 30, "gp3", true, true},
		{"al2023-ami-ecs-gpu-hvm-2023.0.%s-kernel-6.1-arm64-ebs", ecsImageOwner, "arm64", "amazon-linux-2023", al2023 + "arm64 ECS GPU HVM EBS", 30, "gp3", true, true},
		{"amzn2-ami-ecs-hvm-2.0.%s-x86_64-ebs", ecsImageOwner, "x86_64", "amazon-linux-2", "Amazon Linux AMI 2.0.%s x86_64 ECS HVM GP2", 30, "gp2", true, false},
		{"amzn2-ami-ecs-hvm-2.0.%s-arm64-ebs", ecsImageOwner, "arm64", "amazon-linux-2", "Amazon Linux AMI 2.0.%s arm64 ECS HVM GP2", 30, "gp2", true, false},
		{"amzn2-ami-ecs-gpu-hvm-2.0.%s-x86_64-ebs", ecsImageOwner, "x86_64", "amazon-linux-2", "Amazon Linux AMI 2.0.%s x86_64 ECS GPU HVM GP2", 30, "gp2", true, true},
		{"al2023-ami-2023.9.%s.0-kernel-6.1-x86_64", linuxImageOwner, "x86_64", "", "Amazon Linux 2023 AMI 2023.9.%s.0 x86_64 HVM kernel-6.1", 8, "gp3", false, false},
		{"al2023-ami-2023.9.%s.0-kernel-6.1-arm64", linuxImageOwner, "arm64", "", "Amazon Linux 2023 AMI 2023.9.%s.0 arm64 HVM kernel-6.1", 8, "gp3", false, false},
	}
}

// seedImages makes the images of a region. Their ids follow from region and
// name, so that they outlive a restart.
func seedImages(a *core.Account) []image {
	var images []image
	for _, line := range imageLines() {
		for _, date := range releases {
			created, err := time.Parse("20060102", date)
			if err != nil {
				panic(fmt.Sprintf("the date of an image: %v", err)) // a constant of this file
			}
			name := fmt.Sprintf(line.name, date)
			images = append(images, image{
				id: "ami-" + digest("image", a.Region, name), name: name, description: fmt.Sprintf(line.description, date),
				owner: line.owner, architecture: line.architecture, created: created, rootGiB: line.rootGiB,
				rootVolumeType: line.volumeType, ecs: line.ecs, gpu: line.gpu, line: line.line,
			})
		}
	}
	return images
}

func (i image) snapshotID() string { return "snap-" + digest("snapshot", i.id) }

// rootDevice is the name of the root volume of all of these images.
const rootDevice = "/dev/xvda"

type imageItem struct {
	ID                 string       `out:"imageId"`
	Name               string       `out:"name"`
	Description        string       `out:"description"`
	Location           string       `out:"imageLocation"`
	State              string       `out:"imageState"`
	OwnerID            string       `out:"imageOwnerId"`
	OwnerAlias         string       `out:"imageOwnerAlias"`
	CreationDate       string       `out:"creationDate"`
	DeprecationTime    string       `out:"deprecationTime"`
	Public             bool         `out:"isPublic"`
	Architecture       string       `out:"architecture"`
	ImageType          string       `out:"imageType"`
	PlatformDetails    string       `out:"platformDetails"`
	UsageOperation     string       `out:"usageOperation"`
	BlockDevices       []deviceItem `out:"blockDeviceMapping"`
	ENASupport         bool         `out:"enaSupport"`
	Hypervisor         string       `out:"hypervisor"`
	RootDeviceName     string       `out:"rootDeviceName"`
	RootDeviceType     string       `out:"rootDeviceType"`
	SRIOV              string       `out:"sriovNetSupport"`
	VirtualizationType string       `out:"virtualizationType"`
	BootMode           string       `out:"bootMode"`
	IMDSSupport        string       `out:"imdsSupport"`
	Tags               []tags.Tag   `out:"tagSet"`
}

type deviceItem struct {
	Name string     `out:"deviceName"`
	EBS  imageDrive `out:"ebs"`
}

type imageDrive struct {
	DeleteOnTermination bool   `out:"deleteOnTermination"`
	Encrypted           bool   `out:"encrypted"`
	IOPS                *int   `out:"iops"`
	Throughput          *int   `out:"throughput"`
	SnapshotID          string `out:"snapshotId"`
	VolumeSize          int    `out:"volumeSize"`
	VolumeType          string `out:"volumeType"`
}

const imageTime = "2006-01-02T15:04:05.000Z"

func (i image) item() imageItem {
	drive := imageDrive{DeleteOnTermination: true, SnapshotID: i.snapshotID(), VolumeSize: i.rootGiB, VolumeType: i.rootVolumeType}
	if i.rootVolumeType == "gp3" {
		iops, throughput := 3000, 125
		drive.IOPS, drive.Throughput = &iops, &throughput
	}
	item := imageItem{
		ID: i.id, Name: i.name, Description: i.description, Location: amazonAlias + "/" + i.name, State: "available",
		OwnerID: i.owner, OwnerAlias: amazonAlias, CreationDate: i.created.Format(imageTime),
		DeprecationTime: i.created.AddDate(2, 0, 0).Format(imageTime), Public: true, Architecture: i.architecture,
		ImageType: "machine", PlatformDetails: "Linux/UNIX", UsageOperation: "RunInstances",
		BlockDevices: []deviceItem{{rootDevice, drive}}, ENASupport: true, Hypervisor: "xen",
		RootDeviceName: rootDevice, RootDeviceType: "ebs", SRIOV: "simple", VirtualizationType: "hvm", Tags: []tags.Tag{},
	}
	if strings.Contains(i.name, "al2023") {
		item.BootMode, item.IMDSSupport = "uefi-preferred", "v2.0"
	}
	return item
}

func (s *imageOperations) family() family[image] {
	return family[image]{
		all: func() []image { return slices.Clone(s.all) }, id: func(i image) string { return i.id }, notFound: imageNotFound,
		attributes: attributes[image]{
			"architecture":        func(i image) []string { return one(i.architecture) },
			"creation-date":       func(i image) []string { return one(i.created.Format(imageTime)) },
			"description":         func(i image) []string { return one(i.description) },
			"ena-support":         func(image) []string { return oneBool(true) },
			"hypervisor":          func(image) []string { return one("xen") },
			"image-id":            func(i image) []string { return one(i.id) },
			"image-type":          func(image) []string { return one("machine") },
			"is-public":           func(image) []string { return oneBool(true) },
			"manifest-location":   func(i image) []string { return one(amazonAlias + "/" + i.name) },
			"name":                func(i image) []string { return one(i.name) },
			"owner-alias":         func(image) []string { return one(amazonAlias) },
			"owner-id":            func(i image) []string { return one(i.owner) },
			"platform":            func(image) []string { return nil },
			"platform-details":    func(image) []string { return one("Linux/UNIX") },
			"root-device-name":    func(image) []string { return one(rootDevice) },
			"root-device-type":    func(image) []string { return one("ebs") },
			"state":               func(image) []string { return one("available") },
			"virtualization-type": func(image) []string { return one("hvm") },

			"block-device-mapping.device-name": func(image) []string { return one(rootDevice) },
			"block-device-mapping.snapshot-id": func(i image) []string { return one(i.snapshotID()) },
			"block-device-mapping.volume-size": func(i image) []string { return oneInt(i.rootGiB) },
			"block-device-mapping.volume-type": func(i image) []string { return one(i.rootVolumeType) },
			"block-device-mapping.encrypted":   func(image) []string { return oneBool(false) },
		},
	}
}

type describeImagesInput struct {
	selection
	IDs               []string `in:"ImageId"`
	Owners            []string `in:"Owner"`
	ExecutableBy      []string
	IncludeDeprecated bool
	IncludeDisabled   bool
}

type describeImagesOutput struct {
	Images    []imageItem `out:"imagesSet"`
	NextToken string
}

func (s *imageOperations) describeImages(_ context.Context, in *describeImagesInput) (*describeImagesOutput, error) {
	for _, id := range in.IDs {
		if !imageID.MatchString(id) {
			return nil, wire.Errorf("InvalidAMIID.Malformed", "Invalid id: %q (expecting \"ami-...\")", id)
		}
	}
	f := s.family()
	all := f.all
	f.all = func() []image {
		return slices.DeleteFunc(all(), func(i image) bool { return !in.shows(i) })
	}
	page, next, err := choose(s.records, f, in.IDs, in.selection)
	return &describeImagesOutput{Images: each(page, image.item), NextToken: next}, err
}

// shows reports whether an image is one of the owners' and may be started by
// those asked for.
func (in *describeImagesInput) shows(i image) bool {
	owned := len(in.Owners) == 0 || slices.Contains(in.Owners, i.owner) || slices.Contains(in.Owners, amazonAlias)
	return owned && (len(in.ExecutableBy) == 0 || slices.Contains(in.ExecutableBy, "all"))
}

type uefiDataInput struct {
	InstanceID string
}

type uefiDataOutput struct {
	InstanceID string `out:"instanceId"`
	UEFIData   string `out:"uefiData"`
}

// getInstanceUEFIData is asked by the provider's image data source for the
// image's id, which EC2 does not take.
func (s *imageOperations) getInstanceUEFIData(_ context.Context, in *uefiDataInput) (*uefiDataOutput, error) {
	if !strings.HasPrefix(in.InstanceID, "i-") {
		return nil, wire.Errorf("InvalidInstanceID.Malformed", "Invalid id: %q (expecting \"i-...\")", in.InstanceID)
	}
	if _, ok := s.instances.Get(in.InstanceID); !ok {
		return nil, instanceNotFound(in.InstanceID)
	}
	return nil, wire.Errorf("UnsupportedOperation", "The instance %s has no UEFI variable store", in.InstanceID)
}
