package ec2

import "fmt"

// typeFamily is a family of instance types: its sizes differ in how much they
// have of the same.
type typeFamily struct {
	name  string
	arch  []string
	clock float64 // GHz
	maker string
	// burstable families get CPU credits.
	burstable bool
	// xen families run on the hypervisor before Nitro.
	xen bool
	// gpu is the family's accelerator, or "".
	gpu       string
	gpuMemory int // MiB each
	sizes     []typeSize
}

type typeSize struct {
	name      string
	vcpus     int
	memoryMiB int
	gpus      int
}

var (
	x86   = []string{"x86_64"}
	arm   = []string{"arm64"}
	x8632 = []string{"i386", "x86_64"}
)

// typeFamilies are the types that AWS documents on
// https://docs.aws.amazon.com/ec2/latest/instancetypes/ and that a container
// host is likely to be.
func typeFamilies() []typeFamily {
	intel, amd, graviton := "Intel", "AMD", "AWS"
	return []typeFamily{
		{name: "t2", arch: x8632, clock: 2.3, maker: intel, burstable: true, xen: true, sizes: []typeSize{
			{"nano", 1, 512, 0}, {"micro", 1, 1024, 0}, {"small", 1, 2048, 0}, {"medium", 2, 4096, 0},
			{"large", 2, 8192, 0}, {"xlarge", 4, 16384, 0}, {"2xlarge", 8, 32768, 0}}},
		{name: "t3", arch: x86, clock: 2.5, maker: intel, burstable: true, sizes: burstableSizes()},
		{name: "t3a", arch: x86, clock: 2.2, maker: amd, burstable: true, sizes: burstableSizes()},
		{name: "t4g", arch: arm, clock: 2.5, maker: graviton, burstable: true, sizes: burstableSizes()},

		{name: "m5", arch: x86, clock: 3.1, maker: intel, sizes: sizes(4, 2, 4, 8, 16, 32, 48, 64, 96)},
		{name: "m5a", arch: x86, clock: 2.5, maker: amd, sizes: sizes(4, 2, 4, 8, 16, 32, 48, 64, 96)},
		{name: "m6i", arch: x86, clock: 3.5, maker: intel, sizes: sizes(4, 2, 4, 8, 16, 32, 48, 64, 96, 128)},
		{name: "m6a", arch: x86, clock: 3.6, maker: amd, sizes: sizes(4, 2, 4, 8, 16, 32, 48, 64, 96, 128, 192)},
		{name: "m6g", arch: arm, clock: 2.5, maker: graviton, sizes: sizes(4, 1, 2, 4, 8, 16, 32, 48, 64)},
		{name: "m7i", arch: x86, clock: 3.2, maker: intel, sizes: sizes(4, 2, 4, 8, 16, 32, 48, 64, 96, 192)},
		{name: "m7a", arch: x86, clock: 3.7, maker: amd, sizes: sizes(4, 1, 2, 4, 8, 16, 32, 48, 64, 96, 128, 192)},
		{name: "m7g", arch: arm, clock: 2.6, maker: graviton, sizes: sizes(4, 1, 2, 4, 8, 16, 32, 48, 64)},
		{name: "m8g", arch: arm, clock: 2.8, maker: graviton, sizes: sizes(4, 1, 2, 4, 8, 16, 32, 48, 64, 96, 192)},

		{name: "c5", arch: x86, clock: 3.4, maker: intel, sizes: sizes(2, 2, 4, 8, 16, 36, 48, 72, 96)},
		{name: "c5a", arch: x86, clock: 3.3, maker: amd, sizes: sizes(2, 2, 4, 8, 16, 32, 48, 64, 96)},
		{name: "c6i", arch: x86, clock: 3.5, maker: intel, sizes: sizes(2, 2, 4, 8, 16, 32, 48, 64, 96, 128)},
		{name: "c6a", arch: x86, clock: 3.6, maker: amd, sizes: sizes(2, 2, 4, 8, 16, 32, 48, 64, 96, 128, 192)},
		{name: "c6g", arch: arm, clock: 2.5, maker: graviton, sizes: sizes(2, 1, 2, 4, 8, 16, 32, 48, 64)},
		{name: "c7i", arch: x86, clock: 3.2, maker: intel, sizes: sizes(2, 2, 4, 8, 16, 32, 48, 64, 96, 192)},
		{name: "c7a", arch: x86, clock: 3.7, maker: amd, sizes: sizes(2, 1, 2, 4, 8, 16, 32, 48, 64, 96, 128, 192)},
		{name: "c7g", arch: arm, clock: 2.6, maker: graviton, sizes: sizes(2, 1, 2, 4, 8, 16, 32, 48, 64)},
		{name: "c8g", arch: arm, clock: 2.8, maker: graviton, sizes: sizes(2, 1, 2, 4, 8, 16, 32, 48, 64, 96, 192)},

		{name: "r5", arch: x86, clock: 3.1, maker: intel, sizes: sizes(8, 2, 4, 8, 16, 32, 48, 64, 96)},
		{name: "r6i", arch: x86, clock: 3.5, maker: intel, sizes: sizes(8, 2, 4, 8, 16, 32, 48, 64, 96, 128)},
		{name: "r6g", arch: arm, clock: 2.5, maker: graviton, sizes: sizes(8, 1, 2, 4, 8, 16, 32, 48, 64)},
		{name: "r7i", arch: x86, clock: 3.2, maker: intel, sizes: sizes(8, 2, 4, 8, 16, 32, 48, 64, 96, 192)},
		{name: "r7g", arch: arm, clock: 2.6, maker: graviton, sizes: sizes(8, 1, 2, 4, 8, 16, 32, 48, 64)},

		{name: "g4dn", arch: x86, clock: 2.5, maker: intel, gpu: "T4", gpuMemory: 16384, sizes: gpuSizes(4,
			[2]int{4, 1}, [2]int{8, 1}, [2]int{16, 1}, [2]int{32, 1}, [2]int{48, 4}, [2]int{64, 1})},
		{name: "g5", arch: x86, clock: 3.3, maker: amd, gpu: "A10G", gpuMemory: 24576, sizes: gpuSizes(4,
			[2]int{4, 1}, [2]int{8, 1}, [2]int{16, 1}, [2]int{32, 1}, [2]int{48, 4}, [2]int{64, 1}, [2]int{96, 4}, [2]int{192, 8})},
		{name: "g5g", arch: arm, clock: 2.5, maker: graviton, gpu: "T4g", gpuMemory: 16384, sizes: gpuSizes(2,
			[2]int{4, 1}, [2]int{8, 1}, [2]int{16, 1}, [2]int{32, 1}, [2]int{64, 2})},
		{name: "g6", arch: x86, clock: 3.4, maker: amd, gpu: "L4", gpuMemory: 24576, sizes: gpuSizes(4,
			[2]int{4, 1}, [2]int{8, 1}, [2]int{16, 1}, [2]int{32, 1}, [2]int{48, 4}, [2]int{64, 1}, [2]int{96, 4}, [2]int{192, 8})},
		{name: "p3", arch: x86, clock: 2.7, maker: intel, xen: true, gpu: "V100", gpuMemory: 16384, sizes: []typeSize{
			{"2xlarge", 8, 62464, 1}, {"8xlarge", 32, 249856, 4}, {"16xlarge", 64, 499712, 8}}},
		{name: "p4d", arch: x86, clock: 3.0, maker: intel, gpu: "A100", gpuMemory: 40960, sizes: []typeSize{
			{"24xlarge", 96, 1179648, 8}}},
	}
}

// burstableSizes are those of t3, t3a and t4g.
func burstableSizes() []typeSize {
	return []typeSize{
		{"nano", 2, 512, 0}, {"micro", 2, 1024, 0}, {"small", 2, 2048, 0}, {"medium", 2, 4096, 0},
		{"large", 2, 8192, 0}, {"xlarge", 4, 16384, 0}, {"2xlarge", 8, 32768, 0},
	}
}

// sizes makes a family's sizes of their vCPUs and of the GiB that each has.
func sizes(gibPerCPU int, vcpus ...int) []typeSize {
	var all []typeSize
	for _, n := range vcpus {
		all = append(all, typeSize{name: sizeName(n), vcpus: n, memoryMiB: n * gibPerCPU << 10})
	}
	return all
}

// gpuSizes makes sizes of pairs of vCPUs and GPUs.
func gpuSizes(gibPerCPU int, pairs ...[2]int) []typeSize {
	var all []typeSize
	for _, pair := range pairs {
		all = append(all, typeSize{sizeName(pair[0]), pair[0], pair[0] * gibPerCPU << 10, pair[1]})
	}
	return all
}

// sizeName is the name of the size with so many vCPUs.
func sizeName(vcpus int) string {
	switch vcpus {
	case 1:
		return "medium"
	case 2:
		return "large"
	case 4:
		return "xlarge"
	}
	return fmt.Sprintf("%dxlarge", vcpus/4)
}
