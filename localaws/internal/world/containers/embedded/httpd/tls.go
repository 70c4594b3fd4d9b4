package httpd

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// encryption is what mod_ssl is told for a server,
// https://httpd.apache.org/docs/2.4/mod/mod_ssl.html.
type encryption struct {
	engine            *bool // nil: not said
	certificate, key  string
	oldest, newest    uint16 // versions; 0: not said
	loadedCertificate *tls.Certificate
}

// inherit fills in what the main server says.
func (e *encryption) inherit(main *encryption) {
	if e.engine == nil {
		e.engine = main.engine
	}
	if e.certificate == "" {
		e.certificate, e.key = main.certificate, main.key
	}
	if e.oldest == 0 {
		e.oldest, e.newest = main.oldest, main.newest
	}
}

func (h *Host) encrypted() bool { return h.TLS.engine != nil && *h.TLS.engine }

// tlsAccepted are mod_ssl's directives without an effect here.
const tlsAccepted = "SSLCipherSuite SSLHonorCipherOrder SSLSessionCacheTimeout SSLSessionTickets SSLRandomSeed SSLOptions " +
	"SSLPassPhraseDialog SSLCompression SSLProxyCipherSuite SSLProxyProtocol SSLUseStapling SSLStaplingCache"

func tlsDirectives() map[string]directive {
	return map[string]directive{
		"sslengine": {"ssl_module", 1, 1, false, onOff(func(s *scope, on bool) { s.host.TLS.engine = &on })},
		"sslcertificatefile": {"ssl_module", 1, 1, false, tlsFile("SSLCertificateFile", func(e *encryption, name string) {
			e.certificate = name
		})},
		"sslcertificatekeyfile": {"ssl_module", 1, 1, false, tlsFile("SSLCertificateKeyFile", func(e *encryption, name string) {
			e.key = name
		})},
		"sslprotocol":     {"ssl_module", 1, -1, false, tlsProtocol},
		"sslsessioncache": {"ssl_module", 1, 1, true, sessionCache},
	}
}

// tlsFile takes the name of a file that has to be there.
func tlsFile(directive string, set func(*encryption, string)) func(*scope, []string) error {
	return func(s *scope, args []string) error {
		name := s.config.rooted(args[0])
		if info, err := s.reader.files.Stat(name); err != nil || info.IsDir() || info.Size() == 0 {
			return s.errorf("%s: file '%s' does not exist or is empty", directive, name)
		}
		set(&s.host.TLS, name)
		return nil
	}
}

func sessionCache(s *scope, args []string) error {
	kind, _, _ := strings.Cut(args[0], ":")
	switch kind {
	case "none", "nonenotnull":
		return nil
	case "shmcb":
		if s.config.hasModule("socache_shmcb_module") {
			return nil
		}
	}
	return s.errorf("SSLSessionCache: '%s' session cache not supported (known names: ). Maybe you need to load the appropriate socache module (mod_socache_%s?).", kind, kind)
}

// tlsVersions are what SSLProtocol can name, from the oldest on.
var tlsVersions = []struct {
	name   string
	number uint16
}{{"tlsv1", tls.VersionTLS10}, {"tlsv1.1", tls.VersionTLS11}, {"tlsv1.2", tls.VersionTLS12}, {"tlsv1.3", tls.VersionTLS13}}

// tlsProtocol reads such as "all -TLSv1 -TLSv1.1". What is between the oldest
// and the newest is spoken too.
func tlsProtocol(s *scope, args []string) error {
	on := map[uint16]bool{}
	for _, arg := range args {
		name, add := strings.ToLower(strings.TrimLeft(arg, "+-")), !strings.HasPrefix(arg, "-")
		known := name == "all" || name == "sslv3" && !add
		for _, version := range tlsVersions {
			if name == "all" || name == version.name {
				known, on[version.number] = true, add
			}
		}
		if !known {
			return s.errorf("SSLProtocol: Illegal protocol '%s'", arg)
		}
	}
	e := &s.host.TLS
	e.oldest, e.newest = 0, 0
	for _, version := range tlsVersions {
		if on[version.number] {
			if e.oldest == 0 {
				e.oldest = version.number
			}
			e.newest = version.number
		}
	}
	if e.oldest == 0 {
		return errors.New("AH02231: No SSL protocols available [hint: SSLProtocol]\nAH00016: Configuration Failed")
	}
	return nil
}

// loadCertificates reads the certificates of the servers that encrypt.
func (c *Config) loadCertificates(files Files) error {
	for _, host := range append([]*Host{c.Main}, c.Hosts...) {
		if host != c.Main {
			host.TLS.inherit(&c.Main.TLS)
		}
		if !c.hasModule("ssl_module") || !host.encrypted() || host == c.Main && !c.mainServes() {
			continue
		}
		if err := host.loadCertificate(files); err != nil {
			return fmt.Errorf("%w\nAH00016: Configuration Failed", err)
		}
	}
	return nil
}

// mainServes reports whether any listener leads to the main server.
func (c *Config) mainServes() bool {
	return slices.ContainsFunc(c.Listeners, func(l Listener) bool {
		return c.hostFor(l.Address.Addr(), l.Address.Port(), "") == c.Main
	})
}

func (h *Host) loadCertificate(files Files) error {
	e := &h.TLS
	if e.certificate == "" {
		return fmt.Errorf("AH02572: Failed to configure at least one certificate and key for %s", h.ServerName)
	}
	certificate, err := files.ReadFile(e.certificate)
	if err != nil {
		return fmt.Errorf("AH02561: Failed to configure certificate %s, check %s: %w", h.ServerName, e.certificate, err)
	}
	key, keyFile := certificate, e.certificate
	if e.key != "" {
		if key, err = files.ReadFile(e.key); err != nil {
			return fmt.Errorf("AH02564: Failed to configure encrypted (?) private key %s, check %s: %w", h.ServerName, e.key, err)
		}
		keyFile = e.key
	}
	loaded, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return fmt.Errorf("AH02565: Certificate and private key %s from %s and %s do not match: %w", h.ServerName, e.certificate, keyFile, err)
	}
	e.loadedCertificate = &loaded
	return nil
}

// tlsFor is how connections to an address and port are encrypted; nil means not
// at all. The first virtual host of the address decides, and the name that the
// client asks for picks the certificate.
func (c *Config) tlsFor(at netip.AddrPort) *tls.Config {
	first := c.hostFor(at.Addr(), at.Port(), "")
	if !c.hasModule("ssl_module") || !first.encrypted() {
		return nil
	}
	return &tls.Config{ //nolint:gosec // the configuration says which versions
		MinVersion: max(first.TLS.oldest, tls.VersionTLS12), MaxVersion: first.TLS.newest,
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			if named := c.hostFor(at.Addr(), at.Port(), hello.ServerName); named.TLS.loadedCertificate != nil {
				return named.TLS.loadedCertificate, nil
			}
			return first.TLS.loadedCertificate, nil
		},
	}
}
