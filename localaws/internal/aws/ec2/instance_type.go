package ec2

import (
	"context"
	"slices"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// InstanceType is what a type of instances has.
type InstanceType struct {
	Name          string
	VCPUs         int
	MemoryMiB     int
	Architectures []string
	GPUs          int
}

// instanceTypeOperations are those on instance types.
type instanceTypeOperations struct{ *records }

func (s *instanceTypeOperations) operations() []wire.Operation {
	return []wire.Operation{wire.ReadOp("DescribeInstanceTypes", s.describeInstanceTypes)}
}

// InstanceType returns the type with that name, such as t3.micro.
func (s *instanceTypeOperations) InstanceType(name string) (InstanceType, bool) {
	t, ok := findType(name)
	if !ok {
		return InstanceType{}, false
	}
	return InstanceType{
		Name: t.name(), VCPUs: t.size.vcpus, MemoryMiB: t.size.memoryMiB,
		Architectures: slices.Clone(t.family.arch), GPUs: t.size.gpus,
	}, true
}

// machineType is one size of a family.
type machineType struct {
	family typeFamily
	size   typeSize
}

func (t machineType) name() string { return t.family.name + "." + t.size.name }

func allTypes() []machineType {
	var all []machineType
	for _, family := range typeFamilies() {
		for _, size := range family.sizes {
			all = append(all, machineType{family, size})
		}
	}
	return all
}

func findType(name string) (machineType, bool) {
	familyName, size, _ := strings.Cut(name, ".")
	for _, family := range typeFamilies() {
		if family.name != familyName {
			continue
		}
		if i := slices.IndexFunc(family.sizes, func(t typeSize) bool { return t.name == size }); i >= 0 {
			return machineType{family, family.sizes[i]}, true
		}
	}
	return machineType{}, false
}

// interfaceLimits returns how many network interfaces a type has, and addresses
// on each; see "Maximum IP addresses per network interface" in the user guide.
func (t machineType) interfaceLimits() (interfaces, addresses int) {
	switch t.size.name {
	case "nano", "micro":
		return 2, 2
	case "small":
		return 3, 4
	case "medium":
		if t.family.burstable {
			return 3, 6
		}
		return 2, 4
	}
	switch {
	case t.size.vcpus <= 2:
		if t.family.burstable {
			return 3, 12
		}
		return 3, 10
	case t.size.vcpus <= 8:
		return 4, 15
	case t.size.vcpus <= 48:
		return 8, 30
	}
	return 15, 50
}

// The provider needs every one of these groups: without one it finds no
// matching instance type.
type typeItem struct {
	Name                     string        `out:"instanceType"`
	CurrentGeneration        bool          `out:"currentGeneration"`
	FreeTierEligible         bool          `out:"freeTierEligible"`
	UsageClasses             []string      `out:"supportedUsageClasses"`
	RootDeviceTypes          []string      `out:"supportedRootDeviceTypes"`
	VirtualizationTypes      []string      `out:"supportedVirtualizationTypes"`
	BootModes                []string      `out:"supportedBootModes"`
	BareMetal                bool          `out:"bareMetal"`
	Hypervisor               string        `out:"hypervisor"`
	Processor                processorItem `out:"processorInfo"`
	VCPU                     vcpuItem      `out:"vCpuInfo"`
	Memory                   memoryItem    `out:"memoryInfo"`
	InstanceStorageSupported bool          `out:"instanceStorageSupported"`
	EBS                      ebsItem       `out:"ebsInfo"`
	Network                  networkItem   `out:"networkInfo"`
	GPU                      *gpuInfoItem  `out:"gpuInfo"`
	PlacementGroup           placementItem `out:"placementGroupInfo"`
	HibernationSupported     bool          `out:"hibernationSupported"`
	Burstable                bool          `out:"burstablePerformanceSupported"`
	DedicatedHosts           bool          `out:"dedicatedHostsSupported"`
	AutoRecovery             bool          `out:"autoRecoverySupported"`
}

type processorItem struct {
	Architectures []string `out:"supportedArchitectures"`
	Clock         float64  `out:"sustainedClockSpeedInGhz"`
	Manufacturer  string   `out:"manufacturer"`
}

type vcpuItem struct {
	VCPUs   int `out:"defaultVCpus"`
	Cores   int `out:"defaultCores"`
	Threads int `out:"defaultThreadsPerCore"`
}

type memoryItem struct {
	SizeInMiB int `out:"sizeInMiB"`
}

type ebsItem struct {
	Optimized  string `out:"ebsOptimizedSupport"`
	Encryption string `out:"encryptionSupport"`
	NVMe       string `out:"nvmeSupport"`
}

type networkItem struct {
	Performance       string            `out:"networkPerformance"`
	MaxInterfaces     int               `out:"maximumNetworkInterfaces"`
	MaxCards          int               `out:"maximumNetworkCards"`
	DefaultCard       int               `out:"defaultNetworkCardIndex"`
	Cards             []networkCardItem `out:"networkCards"`
	IPv4PerInterface  int               `out:"ipv4AddressesPerInterface"`
	IPv6PerInterface  int               `out:"ipv6AddressesPerInterface"`
	IPv6Supported     bool              `out:"ipv6Supported"`
	ENA               string            `out:"enaSupport"`
	EFA               bool              `out:"efaSupported"`
	EncryptionTransit bool              `out:"encryptionInTransitSupported"`
}

type networkCardItem struct {
	Index         int    `out:"networkCardIndex"`
	Performance   string `out:"networkPerformance"`
	MaxInterfaces int    `out:"maximumNetworkInterfaces"`
}

type gpuInfoItem struct {
	GPUs        []gpuItem `out:"gpus"`
	TotalMemory int       `out:"totalGpuMemoryInMiB"`
}

type gpuItem struct {
	Name         string     `out:"name"`
	Manufacturer string     `out:"manufacturer"`
	Count        int        `out:"count"`
	Memory       memoryItem `out:"memoryInfo"`
}

type placementItem struct {
	Strategies []string `out:"supportedStrategies"`
}

func (t machineType) item() typeItem {
	threads := 2
	if slices.Contains(t.family.arch, "arm64") || t.family.name == "t2" || t.family.name == "m7a" || t.family.name == "c7a" || t.size.vcpus == 1 {
		threads = 1
	}
	interfaces, addresses := t.interfaceLimits()
	performance := "Up to 10 Gigabit"
	if t.family.burstable && !t.family.xen {
		performance = "Up to 5 Gigabit"
	}
	item := typeItem{
		Name: t.name(), CurrentGeneration: true, FreeTierEligible: t.size.name == "micro" && (t.family.name == "t2" || t.family.name == "t3"),
		UsageClasses: []string{"on-demand", "spot"}, RootDeviceTypes: []string{"ebs"}, VirtualizationTypes: []string{"hvm"},
		BootModes: []string{"legacy-bios", "uefi"}, Hypervisor: "nitro",
		Processor: processorItem{t.family.arch, t.family.clock, t.family.maker},
		VCPU:      vcpuItem{t.size.vcpus, t.size.vcpus / threads, threads},
		Memory:    memoryItem{t.size.memoryMiB},
		EBS:       ebsItem{"default", "supported", "required"},
		Network: networkItem{
			Performance: performance, MaxInterfaces: interfaces, MaxCards: 1, Cards: []networkCardItem{{0, performance, interfaces}},
			IPv4PerInterface: addresses, IPv6PerInterface: addresses, IPv6Supported: true, ENA: "required",
		},
		PlacementGroup: placementItem{[]string{"partition", "spread"}}, Burstable: t.family.burstable, AutoRecovery: true,
	}
	if t.family.xen {
		item.Hypervisor, item.BootModes = "xen", []string{"legacy-bios"}
		item.EBS = ebsItem{"unsupported", "supported", "unsupported"}
		item.Network.ENA = "unsupported"
	}
	if slices.Contains(t.family.arch, "arm64") {
		item.BootModes = []string{"uefi"}
	}
	if !t.family.burstable {
		item.PlacementGroup.Strategies = append([]string{"cluster"}, item.PlacementGroup.Strategies...)
		item.DedicatedHosts = true
	}
	if t.size.gpus > 0 {
		item.GPU = &gpuInfoItem{
			GPUs:        []gpuItem{{t.family.gpu, "NVIDIA", t.size.gpus, memoryItem{t.family.gpuMemory}}},
			TotalMemory: t.size.gpus * t.family.gpuMemory,
		}
	}
	return item
}

func typeNotFound(name string) error {
	return wire.Errorf("InvalidInstanceType", "The following supplied instance types do not exist: [%s]", name)
}

func types() family[machineType] {
	return family[machineType]{
		all: allTypes, id: machineType.name, notFound: typeNotFound,
		attributes: attributes[machineType]{
			"instance-type":                         func(t machineType) []string { return one(t.name()) },
			"processor-info.supported-architecture": func(t machineType) []string { return t.family.arch },
			"vcpu-info.default-vcpus":               func(t machineType) []string { return oneInt(t.size.vcpus) },
			"vcpu-info.default-cores":               func(t machineType) []string { return oneInt(t.item().VCPU.Cores) },
			"memory-info.size-in-mib":               func(t machineType) []string { return oneInt(t.size.memoryMiB) },
			"current-generation":                    func(machineType) []string { return oneBool(true) },
			"bare-metal":                            func(machineType) []string { return oneBool(false) },
			"burstable-performance-supported":       func(t machineType) []string { return oneBool(t.family.burstable) },
			"hypervisor":                            func(t machineType) []string { return one(t.item().Hypervisor) },
			"supported-usage-class":                 func(machineType) []string { return []string{"on-demand", "spot"} },
			"free-tier-eligible":                    func(t machineType) []string { return oneBool(t.item().FreeTierEligible) },
		},
	}
}

type describeTypesInput struct {
	selection
	Names []string `in:"InstanceType"`
}

type describeTypesOutput struct {
	Types     []typeItem `out:"instanceTypeSet"`
	NextToken string
}

// maxTypes is the most that one answer holds, when nothing smaller is asked.
const maxTypes = 100

func (s *instanceTypeOperations) describeInstanceTypes(_ context.Context, in *describeTypesInput) (*describeTypesOutput, error) {
	if in.MaxResults == nil {
		limit := maxTypes
		in.MaxResults = &limit
	}
	page, next, err := choose(s.records, types(), in.Names, in.selection)
	return &describeTypesOutput{Types: each(page, machineType.item), NextToken: next}, err
}
