package dataplane

import (
	"crypto/tls"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// streamLog is what the access log says of a TLS connection through a Network
// Load Balancer; other connections are not logged.
type streamLog struct {
	site        *site
	client      client
	lease       *lease
	began       time.Time
	handshake   time.Duration
	certificate string
	tls         tls.ConnectionState
	received    int64
	sent        int64
}

func (l *streamLog) handshaken(state tls.ConnectionState) {
	l.handshake, l.tls = time.Since(l.began), state
	l.certificate = certificateARN(l.site.listener, l.site.tls, state.ServerName)
}

func (p *Plane) logStream(l *streamLog) {
	if p.logs != nil && on(l.site.balancer.Attribute("access_logs.s3.enabled")) {
		p.meter.log(l.site.balancer, l.line())
	}
}

// line is the connection's entry,
// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-access-logs.html#access-log-entry-format.
func (l *streamLog) line() string {
	const stamp = "2006-01-02T15:04:05"
	end := time.Now()
	listener := l.site.listener.ARN[strings.LastIndex(l.site.listener.ARN, "/")+1:]
	milliseconds := func(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
	return strings.Join([]string{
		"tls", "2.0", end.UTC().Format(stamp), l.site.balancer.Suffix(), listener,
		l.client.address.String(), fmt.Sprintf("%s:%d", l.lease.host.privateIP, l.lease.target.Port),
		milliseconds(end.Sub(l.began)), milliseconds(l.handshake),
		strconv.FormatInt(l.received, 10), strconv.FormatInt(l.sent, 10), "-", l.certificate, "-",
		tlsCipherName(l.tls.CipherSuite), tlsVersionName(l.tls.Version), "-", orDash(l.tls.ServerName),
		orDash(l.tls.NegotiatedProtocol), "-", "-", l.began.UTC().Format(stamp),
	}, " ")
}
