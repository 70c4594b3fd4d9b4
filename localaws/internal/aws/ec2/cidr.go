package ec2

import (
	"encoding/binary"
	"net/netip"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// parseIPv4CIDR reads a CIDR block and clears its host bits, as EC2 does.
func parseIPv4CIDR(parameter, value string) (netip.Prefix, error) {
	prefix, err := netip.ParsePrefix(value)
	if err != nil || !prefix.Addr().Is4() {
		return netip.Prefix{}, invalid(parameter, value, "This is not a valid IPv4 CIDR block.")
	}
	return prefix.Masked(), nil
}

// mustBeNetwork checks the size that EC2 asks of VPCs and subnets: /16 to /28,
// https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html.
func mustBeNetwork(code string, prefix netip.Prefix) error {
	if prefix.Bits() < 16 || prefix.Bits() > 28 {
		return wire.Errorf(code, "The CIDR '%s' is invalid.", prefix)
	}
	return nil
}

// covers reports whether inner lies in outer.
func covers(outer, inner netip.Prefix) bool {
	return outer.Bits() <= inner.Bits() && outer.Contains(inner.Addr())
}

// hosts is how many addresses a subnet has for interfaces: all but the first
// four and the last, which AWS keeps.
func hosts(prefix netip.Prefix) int { return 1<<(32-prefix.Bits()) - 5 }

// host is the nth address of a subnet that an interface can have, from 0.
func host(prefix netip.Prefix, n int) netip.Addr {
	base := prefix.Addr().As4()
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], binary.BigEndian.Uint32(base[:])+4+uint32(n)) //nolint:gosec // n < 2^16
	return netip.AddrFrom4(b)
}

func prefixOf(cidr string) netip.Prefix {
	prefix, err := netip.ParsePrefix(cidr)
	if err != nil {
		return netip.Prefix{} // contains nothing
	}
	return prefix
}
