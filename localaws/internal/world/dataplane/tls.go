package dataplane

import (
	"crypto/tls"
	"slices"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/elbv2"
)

// newTLS makes the settings of a listener with TLS: the certificate that fits
// the name which the client asks for, else the default one; protocols and
// ciphers of its policy. It returns nil for a listener without TLS.
func newTLS(wanted *plan, balancer elbv2.LoadBalancer, listener elbv2.Listener) *tls.Config {
	if len(listener.Certificates) == 0 {
		return nil
	}
	config := &tls.Config{NextProtos: nextProtocols(balancer, listener)}
	for _, arn := range listener.Certificates {
		if certificate, ok := wanted.certificates[arn]; ok {
			// The first that fits is taken, and the first of all when none does.
			config.Certificates = append(config.Certificates, *certificate)
		}
	}
	policy, ok := elbv2.SSLPolicyNamed(listener.SSLPolicy)
	if !ok {
		policy, _ = elbv2.SSLPolicyNamed(elbv2.DefaultSSLPolicy)
	}
	config.MinVersion = tlsVersions[policy.Protocols[0]]
	config.MaxVersion = tlsVersions[policy.Protocols[len(policy.Protocols)-1]]
	for _, name := range policy.Ciphers {
		if id, ok := tlsCiphers[name]; ok {
			config.CipherSuites = append(config.CipherSuites, id)
		}
	}
	return config
}

// nextProtocols are what the listener offers to speak: HTTP/2 unless that is
// switched off, or what a Network Load Balancer's ALPN policy says,
// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/describe-ssl-policies.html#alpn-policies.
func nextProtocols(balancer elbv2.LoadBalancer, listener elbv2.Listener) []string {
	if listener.Protocol == "HTTPS" {
		if on(balancer.Attribute("routing.http2.enabled")) {
			return []string{"h2", "http/1.1"}
		}
		return []string{"http/1.1"}
	}
	switch listener.ALPN {
	case "HTTP1Only":
		return []string{"http/1.1", "http/1.0"}
	case "HTTP2Only":
		return []string{"h2"}
	case "HTTP2Optional":
		return []string{"http/1.1", "http/1.0", "h2"}
	case "HTTP2Preferred":
		return []string{"h2", "http/1.1", "http/1.0"}
	}
	return nil
}

// certificateARN is the certificate that a client got which asked for that
// name.
func certificateARN(listener elbv2.Listener, config *tls.Config, serverName string) string {
	hello := &tls.ClientHelloInfo{
		ServerName: serverName, SupportedVersions: []uint16{tls.VersionTLS13},
		SignatureSchemes: []tls.SignatureScheme{tls.ECDSAWithP256AndSHA256, tls.PSSWithSHA256, tls.PKCS1WithSHA256},
	}
	i := slices.IndexFunc(config.Certificates, func(c tls.Certificate) bool { return hello.SupportsCertificate(&c) == nil })
	if i < 0 || i >= len(listener.Certificates) {
		return listener.Certificates[0]
	}
	return listener.Certificates[i]
}

var tlsVersions = map[string]uint16{
	"TLSv1": tls.VersionTLS10, "TLSv1.1": tls.VersionTLS11, "TLSv1.2": tls.VersionTLS12, "TLSv1.3": tls.VersionTLS13,
}

// tlsVersionName is how OpenSSL, and so AWS, names a version.
func tlsVersionName(version uint16) string {
	for name, known := range tlsVersions {
		if known == version {
			return name
		}
	}
	return "-"
}

// tlsCiphers are those of the policies that Go's TLS has, by OpenSSL's names.
var tlsCiphers = map[string]uint16{
	"ECDHE-ECDSA-AES128-GCM-SHA256": tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
	"ECDHE-RSA-AES128-GCM-SHA256":   tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	"ECDHE-ECDSA-AES256-GCM-SHA384": tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
	"ECDHE-RSA-AES256-GCM-SHA384":   tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	"ECDHE-ECDSA-AES128-SHA256":     tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256,
	"ECDHE-RSA-AES128-SHA256":       tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256,
	"ECDHE-ECDSA-AES128-SHA":        tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA,
	"ECDHE-RSA-AES128-SHA":          tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
	"ECDHE-RSA-AES256-SHA":          tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA,
	"ECDHE-ECDSA-AES256-SHA":        tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA,
	"AES128-GCM-SHA256":             tls.TLS_RSA_WITH_AES_128_GCM_SHA256,
	"AES256-GCM-SHA384":             tls.TLS_RSA_WITH_AES_256_GCM_SHA384,
	"AES128-SHA256":                 tls.TLS_RSA_WITH_AES_128_CBC_SHA256,
	"AES128-SHA":                    tls.TLS_RSA_WITH_AES_128_CBC_SHA,
	"AES256-SHA":                    tls.TLS_RSA_WITH_AES_256_CBC_SHA,
}

// tlsCipherName is how OpenSSL names a cipher.
func tlsCipherName(id uint16) string {
	for name, known := range tlsCiphers {
		if known == id {
			return name
		}
	}
	return tls.CipherSuiteName(id)
}
