package dataplane

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"log/slog"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/elbv2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
)

const (
	logPeriod = 5 * time.Minute
	// maxLogLines bounds what a load balancer may have waiting; what comes
	// after that is not logged, as logging is on a best-effort basis on AWS.
	maxLogLines = 100_000
)

// logBuffer is what a load balancer has to log.
type logBuffer struct {
	balancer elbv2.LoadBalancer
	lines    []string
}

func (m *meter) log(balancer elbv2.LoadBalancer, line string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	buffer, ok := m.logs[balancer.ARN]
	if !ok {
		buffer = &logBuffer{}
		m.logs[balancer.ARN] = buffer
	}
	buffer.balancer = balancer
	if len(buffer.lines) < maxLogLines {
		buffer.lines = append(buffer.lines, line)
	}
}

func (m *meter) takeLogs() map[string]*logBuffer {
	m.mu.Lock()
	defer m.mu.Unlock()
	taken := m.logs
	m.logs = map[string]*logBuffer{}
	return taken
}

// deliverLogs writes the access logs every five minutes, until ctx is done.
func (p *Plane) deliverLogs(ctx context.Context) {
	for p.account.Clock.Sleep(ctx, logPeriod) == nil {
		p.flushLogs(p.meter.takeLogs())
	}
}

func (p *Plane) flushLogs(buffers map[string]*logBuffer) {
	for _, buffer := range buffers {
		body, err := compress(buffer.lines)
		if err == nil {
			bucket := buffer.balancer.Attribute("access_logs.s3.bucket")
			err = p.logs.Deliver(bucket, p.logKey(buffer.balancer), body)
		}
		if err != nil {
			p.log().Warn("delivering access logs", slog.String("balancer", buffer.balancer.Name), slog.Any("error", err))
		}
	}
}

func compress(lines []string) ([]byte, error) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(strings.Join(lines, "\n") + "\n")); err != nil {
		return nil, fmt.Errorf("compressing access logs: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("compressing access logs: %w", err)
	}
	return b.Bytes(), nil
}

// logKey names a log file,
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html#access-log-file-format.
func (p *Plane) logKey(balancer elbv2.LoadBalancer) string {
	now := p.account.Clock.Now().UTC()
	parts := []string{
		p.account.ID, "elasticloadbalancing", p.account.Region, strings.ReplaceAll(balancer.Suffix(), "/", "."), now.Format("20060102T1504Z"),
	}
	if balancer.Type == elbv2.Application && len(balancer.Nodes) > 0 {
		parts = append(parts, balancer.Nodes[0].Address.String())
	}
	name := strings.Join(append(parts, ids.Hex(8)), "_") + ".log.gz"
	return path.Join(balancer.Attribute("access_logs.s3.prefix"), "AWSLogs", p.account.ID, "elasticloadbalancing",
		p.account.Region, now.Format("2006/01/02"), name)
}

// logLine is the exchange's entry,
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html#access-log-entry-format.
// The exchange's lock is held.
func (x *exchange) logLine() string {
	r, end := x.request, time.Now()
	target, targetStatus, groupARN := "-", "-", "-"
	if x.lease != nil {
		groupARN = x.roster.group.ARN
		target = fmt.Sprintf("%s:%d", x.lease.host.privateIP, x.lease.target.Port)
	}
	times := []string{"-1", "-1", "-1"}
	if x.targetStatus != 0 {
		targetStatus = strconv.Itoa(x.targetStatus)
		times = []string{secondsText(x.sentAt.Sub(x.began)), secondsText(x.answeredAt.Sub(x.sentAt)), secondsText(end.Sub(x.answeredAt))}
	}
	kind, cipher, protocol, certificate, name := x.logTLS()
	url := fmt.Sprintf("%s://%s:%d%s", strings.ToLower(x.site.listener.Protocol), hostOf(r), x.site.listener.Port, r.URL.RequestURI())
	fields := []string{
		kind, end.UTC().Format("2006-01-02T15:04:05.000000Z"), x.site.balancer.Suffix(), x.client.address.String(), target,
		times[0], times[1], times[2], strconv.Itoa(x.status), targetStatus,
		strconv.FormatInt(x.received, 10), strconv.FormatInt(x.sent, 10),
		quote(r.Method + " " + url + " " + r.Proto), quote(orDash(r.UserAgent())), cipher, protocol, groupARN,
		quote(x.trace), quote(name), quote(certificate), strconv.Itoa(int(x.rule.priority)),
		x.began.UTC().Format("2006-01-02T15:04:05.000000Z"), quote(x.actions), quote(orDash(x.redirectURL)), quote(orDash(x.reason)),
		quote(target), quote(targetStatus), quote("-"), quote("-"), "TID_" + ids.Hex(32),
	}
	return strings.Join(fields, " ")
}

// logTLS is what the entry says of TLS: the type of the request, and cipher,
// protocol, certificate and name.
func (x *exchange) logTLS() (kind, cipher, protocol, certificate, name string) {
	kind, cipher, protocol, certificate, name = "http", "-", "-", "-", "-"
	if x.status == 101 {
		kind = "ws"
	}
	state := x.request.TLS
	if state == nil {
		return kind, cipher, protocol, certificate, name
	}
	switch {
	case kind == "ws":
		kind = "wss"
	case strings.HasPrefix(x.request.Header.Get("Content-Type"), "application/grpc"):
		kind = "grpcs"
	case x.request.ProtoMajor == 2:
		kind = "h2"
	default:
		kind = "https"
	}
	if x.site.tls != nil {
		certificate = certificateARN(x.site.listener, x.site.tls, state.ServerName)
	}
	return kind, tlsCipherName(state.CipherSuite), tlsVersionName(state.Version), certificate, orDash(state.ServerName)
}

func secondsText(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 3, 64) }

func quote(text string) string { return `"` + strings.ReplaceAll(text, `"`, `\x22`) + `"` }

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
