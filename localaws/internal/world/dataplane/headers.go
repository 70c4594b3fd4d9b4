package dataplane

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
)

const traceHeader = "X-Amzn-Trace-Id"

// traceID is the request's, with the load balancer's own field before it, or a
// new one,
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-request-tracing.html.
func traceID(r *http.Request) string {
	own := fmt.Sprintf("1-%08x-%s", time.Now().Unix(), ids.Hex(24))
	given := r.Header.Get(traceHeader)
	if given == "" {
		return "Root=" + own
	}
	var kept []string
	for field := range strings.SplitSeq(given, ";") {
		if field = strings.TrimSpace(field); field != "" && !strings.HasPrefix(field, "Self=") {
			kept = append(kept, field)
		}
	}
	return "Self=" + own + ";" + strings.Join(kept, ";")
}

var validHeaderName = regexp.MustCompile(`^[A-Za-z0-9-]+$`)

// forwardedHeaders sets what the load balancer adds to a request,
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/x-forwarded-headers.html.
func (x *exchange) forwardedHeaders(in, out *http.Request) {
	x.forwardedFor(in, out)
	out.Header.Set("X-Forwarded-Proto", strings.ToLower(x.site.listener.Protocol))
	out.Header.Set("X-Forwarded-Port", strconv.Itoa(int(x.site.listener.Port)))
	if host := in.Header.Get("X-Forwarded-Host"); host != "" {
		out.Header.Set("X-Forwarded-Host", host) // not the load balancer's business
	}
	if forwarded := in.Header.Values("Forwarded"); len(forwarded) > 0 {
		out.Header["Forwarded"] = forwarded
	}
	out.Header.Set(traceHeader, x.trace)
	x.tlsHeaders(in, out)
	if on(x.site.balancer.Attribute("routing.http.drop_invalid_header_fields.enabled")) {
		for name := range out.Header {
			if !validHeaderName.MatchString(name) {
				delete(out.Header, name)
			}
		}
	}
}

func (x *exchange) forwardedFor(in, out *http.Request) {
	const name = "X-Forwarded-For"
	given := in.Header.Values(name)
	switch x.site.balancer.Attribute("routing.http.xff_header_processing.mode") {
	case "remove":
		out.Header.Del(name)
	case "preserve":
		if len(given) > 0 {
			out.Header[name] = given
		}
	default:
		address := x.client.address.Addr().String()
		if on(x.site.balancer.Attribute("routing.http.xff_client_port.enabled")) {
			address = x.client.address.String()
		}
		out.Header.Set(name, strings.Join(append(given[:len(given):len(given)], address), ", "))
	}
}

// tlsHeaders tells the target what was agreed with the client.
func (x *exchange) tlsHeaders(in, out *http.Request) {
	if in.TLS == nil || !on(x.site.balancer.Attribute("routing.http.x_amzn_tls_version_and_cipher_suite.enabled")) {
		return
	}
	version := x.site.listener.Attribute("routing.http.request.x_amzn_tls_version.header_name")
	cipher := x.site.listener.Attribute("routing.http.request.x_amzn_tls_cipher_suite.header_name")
	out.Header.Set(version, tlsVersionName(in.TLS.Version))
	out.Header.Set(cipher, tlsCipherName(in.TLS.CipherSuite))
}
