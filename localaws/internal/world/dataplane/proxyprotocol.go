package dataplane

import (
	"encoding/binary"
	"net/netip"
)

// proxySignature begins a header of the PROXY protocol, version 2.
const proxySignature = "\r\n\r\n\x00\r\nQUIT\n"

// proxyHeader says who the client of a TCP stream is,
// https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt, section 2.2.
func proxyHeader(who client, target host) []byte {
	to := netip.IPv4Unspecified()
	if private, err := netip.ParseAddr(target.privateIP); err == nil && private.Is4() {
		to = private
	}
	from, dest := who.address.Addr().As4(), to.As4()
	header := append([]byte(proxySignature), 0x21 /* version 2, PROXY */, 0x11 /* TCP over IPv4 */, 0, 12)
	header = append(header, from[:]...)
	header = append(header, dest[:]...)
	header = binary.BigEndian.AppendUint16(header, who.address.Port())
	return binary.BigEndian.AppendUint16(header, target.address.Port())
}
