package nginx

import (
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/kernel"
)

// answerer is a server block of a stream: it answers each datagram with a text.
type answerer struct {
	at   netip.AddrPort
	text string
}

// answerers are the servers of the stream blocks.
func answerers(list []directive) ([]answerer, error) {
	var all []answerer
	for i := range list {
		if list[i].name != "stream" {
			continue
		}
		for j := range list[i].block {
			d := &list[i].block[j]
			if d.name != "server" {
				return nil, d.unknown()
			}
			a, err := streamServer(d)
			if err != nil {
				return nil, err
			}
			all = append(all, a)
		}
	}
	return all, nil
}

func streamServer(d *directive) (answerer, error) {
	var s server
	a := answerer{}
	for i := range d.block {
		d := &d.block[i]
		switch {
		case d.name == "listen" && !slices.Contains(d.args, "udp"):
			return a, d.errorf("listen without udp in a stream is not supported by the embedded nginx")
		case d.name == "listen":
			if err := s.addListen(d); err != nil {
				return a, err
			}
		case d.name == "return" && len(d.args) == 1 && !strings.Contains(d.args[0], "$"):
			a.text = d.args[0]
		case d.name == "return":
			return a, d.errorf("return with variables in a stream is not supported by the embedded nginx")
		default:
			return a, d.unknown()
		}
	}
	if len(s.listen) != 1 {
		return a, d.errorf("no \"listen\" is defined for server")
	}
	a.at = s.listen[0]
	return a, nil
}

func (a answerer) listen(p *kernel.Process) (net.PacketConn, error) {
	return p.Kernel.Ports.ListenPacket(a.at) //nolint:wrapcheck // serve tells it as nginx does
}

// answer answers datagrams until the socket is closed.
func (a answerer) answer(conn net.PacketConn) {
	buffer := make([]byte, 64<<10)
	for {
		_, from, err := conn.ReadFrom(buffer)
		if err != nil {
			return
		}
		_, _ = conn.WriteTo([]byte(a.text), from) // a lost packet
	}
}
