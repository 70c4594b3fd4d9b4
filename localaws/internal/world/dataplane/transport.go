package dataplane

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ec2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/elbv2"
)

// connectTimeout is how long an Application Load Balancer tries to connect to
// a target.
const connectTimeout = 10 * time.Second

// newTransport makes the connections to the targets of a group that balances
// requests: HTTP/1.1, or HTTP/2 from the first byte; with TLS the certificate
// is not verified, as on AWS.
func newTransport(p *Plane, o *pool, group elbv2.TargetGroup) *http.Transport {
	protocols := &http.Protocols{}
	switch {
	case group.ProtocolVersion == "HTTP1":
		protocols.SetHTTP1(true)
	case group.Protocol == "HTTPS":
		protocols.SetHTTP2(true)
	default:
		protocols.SetUnencryptedHTTP2(true)
	}
	return &http.Transport{
		Protocols:           protocols,
		DisableCompression:  true, // bodies pass as they are
		MaxIdleConnsPerHost: 64,
		IdleConnTimeout:     requestPatience,
		TLSClientConfig:     &tls.Config{InsecureSkipVerify: true},
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			x, ok := ctx.Value(exchangeKey{}).(*exchange)
			if !ok {
				return nil, fmt.Errorf("no exchange to dial for in group %s", group.ARN)
			}
			return p.dialTarget(ctx, x.client.node, netip.Addr{}, x.lease.host)
		},
	}
}

// dialTarget connects from a load balancer's node to a target. Packets that
// are blocked get lost: then the time that a load balancer tries to connect
// passes, and errNoAnswer is returned. preserved is the address of a client
// whose packets keep it, or not valid.
func (p *Plane) dialTarget(ctx context.Context, from elbv2.Node, preserved netip.Addr, to host) (net.Conn, error) {
	why := errShortHost
	if to.address.IsValid() {
		why = p.reach(ec2.Peer{InterfaceID: from.InterfaceID, Address: preserved},
			ec2.Peer{InterfaceID: to.interfaceID}, "tcp", to.address.Port())
	}
	if why != nil {
		if err := p.account.Clock.Sleep(ctx, connectTimeout); err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("%w: %w", errNoAnswer, why)
	}
	return p.network.Dial(ctx, from.Address, to.address)
}
