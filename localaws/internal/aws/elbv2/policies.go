package elbv2

import (
	"slices"
)

// DefaultSSLPolicy is that of listeners which name none.
const DefaultSSLPolicy = "ELBSecurityPolicy-2016-08"

// SSLPolicy is a set of protocols and ciphers, named as OpenSSL names them; see
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html.
type SSLPolicy struct {
	Name      string
	Protocols []string // such as "TLSv1.2", oldest first
	Ciphers   []string // in the order of preference
}

// Sets of ciphers from which the policies are made.
var (
	ciphers13  = []string{"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"}
	ciphersGCM = []string{
		"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256",
		"ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384",
	}
	ciphersCBC = []string{
		"ECDHE-ECDSA-AES128-SHA256", "ECDHE-RSA-AES128-SHA256",
		"ECDHE-ECDSA-AES256-SHA384", "ECDHE-RSA-AES256-SHA384",
	}
	ciphersSHA = []string{
		"ECDHE-ECDSA-AES128-SHA", "ECDHE-RSA-AES128-SHA",
		"ECDHE-RSA-AES256-SHA", "ECDHE-ECDSA-AES256-SHA",
	}
	ciphersRSA    = []string{"AES128-GCM-SHA256", "AES128-SHA256", "AES256-GCM-SHA384", "AES256-SHA256"}
	ciphersRSASHA = []string{"AES128-SHA", "AES256-SHA"}

	since10   = []string{"TLSv1", "TLSv1.1", "TLSv1.2"}
	since11   = []string{"TLSv1.1", "TLSv1.2"}
	only12    = []string{"TLSv1.2"}
	only13    = []string{"TLSv1.3"}
	from12    = []string{"TLSv1.2", "TLSv1.3"}
	from11    = []string{"TLSv1.1", "TLSv1.2", "TLSv1.3"}
	from10    = []string{"TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"}
	allLegacy = slices.Concat(ciphersGCM, ciphersCBC, ciphersSHA, ciphersRSA, ciphersRSASHA)
	forward   = slices.Concat(ciphersGCM, ciphersCBC, ciphersSHA)
	strong    = slices.Concat(ciphersGCM, ciphersCBC)
)

var sslPolicies = []SSLPolicy{
	{"ELBSecurityPolicy-TLS13-1-2-2021-06", from12, slices.Concat(ciphers13, strong)},
	{"ELBSecurityPolicy-TLS13-1-2-Res-2021-06", from12, slices.Concat(ciphers13, ciphersGCM)},
	{"ELBSecurityPolicy-TLS13-1-2-Ext1-2021-06", from12, slices.Concat(ciphers13, strong, ciphersRSA)},
	{"ELBSecurityPolicy-TLS13-1-2-Ext2-2021-06", from12, slices.Concat(ciphers13, allLegacy)},
	{"ELBSecurityPolicy-TLS13-1-3-2021-06", only13, ciphers13},
	{"ELBSecurityPolicy-TLS13-1-1-2021-06", from11, slices.Concat(ciphers13, allLegacy)},
	{"ELBSecurityPolicy-TLS13-1-0-2021-06", from10, slices.Concat(ciphers13, allLegacy)},
	{DefaultSSLPolicy, since10, allLegacy},
	{"ELBSecurityPolicy-2015-05", since10, allLegacy},
	{"ELBSecurityPolicy-TLS-1-0-2015-04", since10, allLegacy},
	{"ELBSecurityPolicy-TLS-1-1-2017-01", since11, allLegacy},
	{"ELBSecurityPolicy-TLS-1-2-2017-01", only12, slices.Concat(strong, ciphersRSA)},
	{"ELBSecurityPolicy-TLS-1-2-Ext-2018-06", only12, allLegacy},
	{"ELBSecurityPolicy-FS-2018-06", since10, forward},
	{"ELBSecurityPolicy-FS-1-1-2019-08", since11, forward},
	{"ELBSecurityPolicy-FS-1-2-2019-08", only12, forward},
	{"ELBSecurityPolicy-FS-1-2-Res-2019-08", only12, strong},
	{"ELBSecurityPolicy-FS-1-2-Res-2020-10", only12, ciphersGCM},
}

// SSLPolicyNamed returns the policy with that name.
func SSLPolicyNamed(name string) (SSLPolicy, bool) {
	i := slices.IndexFunc(sslPolicies, func(p SSLPolicy) bool { return p.Name == name })
	if i < 0 {
		return SSLPolicy{}, false
	}
	return sslPolicies[i], true
}
