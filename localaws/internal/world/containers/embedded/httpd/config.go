package httpd

import (
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/regex"
)

// Config is what a configuration says, ready to be served.
type Config struct {
	ServerRoot string
	PidFile    string
	LogLevel   string
	Listeners  []Listener
	Main       *Host
	Hosts      []*Host // <VirtualHost> sections, in order

	modules  map[string]bool   // by name, such as "headers_module"
	defines  map[string]string // Define, and -D on the command line
	formats  map[string]string // LogFormat by nickname
	types    map[string]string // MIME types by file name extension
	warnings []string          // what httpd says at the start, and goes on
}

// Listener is one Listen directive.
type Listener struct {
	Address  netip.AddrPort // unspecified for all addresses
	Protocol string         // http or https
	At       position
}

// Host is the main server or a virtual host.
type Host struct {
	Addresses    []hostAddress // none for the main server
	ServerName   string
	Aliases      []string
	DocumentRoot string
	ErrorLog     string
	Logs         []accessLog
	MapPaths     []mapping
	Settings     settings
	Sections     []section
	Signature    bool
	ServerTokens string
	Protocols    []string // h2c, http/1.1; nil: as the main server
	H2Direct     *bool    // nil: as the main server
	TLS          encryption
}

type hostAddress struct {
	address netip.Addr // invalid for any
	port    uint16     // 0 for any
}

type accessLog struct{ file, format string }

// mapping is an Alias.
type mapping struct {
	from, to string
	script   bool
}

// settings are what may differ by directory or location; nil is not said.
type settings struct {
	index   []string
	granted *bool             // Require
	indexes *bool             // Options Indexes
	types   map[string]string // AddType
}

// section is a <Directory>, <Files>, <Location> or their Match forms.
type section struct {
	kind     sectionKind
	path     string
	pattern  *regex.Expression
	settings settings
	nested   []section // <Files> in <Directory>
}

type sectionKind int

const (
	directorySection sectionKind = iota
	filesSection
	locationSection
)

// merge lays more particular settings over s.
func (s settings) merge(over settings) settings {
	if over.index != nil {
		s.index = over.index
	}
	if over.granted != nil {
		s.granted = over.granted
	}
	if over.indexes != nil {
		s.indexes = over.indexes
	}
	merged := maps.Clone(s.types)
	if merged == nil {
		merged = map[string]string{}
	}
	maps.Copy(merged, over.types)
	s.types = merged
	return s
}

// matches reports whether a section is about a file or URL path.
func (s *section) matches(name string) bool {
	if s.pattern != nil {
		matches, err := s.pattern.Matches(name)
		return matches && err == nil
	}
	if strings.HasSuffix(s.path, "/") {
		return strings.HasPrefix(name+"/", s.path)
	}
	return name == s.path || strings.HasPrefix(name, s.path+"/")
}

// hostFor picks the virtual host for a connection to a port and a Host header:
// of those whose address fits, the first that has the name, else the first; the
// main server if none fits. https://httpd.apache.org/docs/2.4/vhosts/details.html
func (c *Config) hostFor(address netip.Addr, port uint16, name string) *Host {
	var first *Host
	for _, exact := range []bool{true, false} {
		for _, host := range c.Hosts {
			if !host.fits(address, port, exact) {
				continue
			}
			if first == nil {
				first = host
			}
			if host.named(name) {
				return host
			}
		}
		if first != nil {
			return first
		}
	}
	return c.Main
}

// fits reports whether a host is for an address and port; exact leaves out those
// that are for any address.
func (h *Host) fits(address netip.Addr, port uint16, exact bool) bool {
	for _, a := range h.Addresses {
		if (a.port == 0 || a.port == port) && a.address.IsValid() == exact && (!exact || a.address == address) {
			return true
		}
	}
	return false
}

// speaksH2C reports whether connections to an address and port may begin with
// HTTP/2 in clear text. https://httpd.apache.org/docs/2.4/mod/mod_http2.html#h2direct
func (c *Config) speaksH2C(at netip.AddrPort) bool {
	direct := c.Main.H2Direct
	if host := c.hostFor(at.Addr(), at.Port(), ""); host.H2Direct != nil {
		direct = host.H2Direct
	}
	return c.speaks(at, "h2c") && (direct == nil || *direct)
}

// speaks reports whether HTTP/2, as h2 or h2c, is spoken on an address and port.
// The first virtual host of the address decides, since no name is known yet.
func (c *Config) speaks(at netip.AddrPort, protocol string) bool {
	protocols := c.Main.Protocols
	if host := c.hostFor(at.Addr(), at.Port(), ""); host.Protocols != nil {
		protocols = host.Protocols
	}
	return c.hasModule("http2_module") && slices.Contains(protocols, protocol)
}

func (h *Host) named(name string) bool {
	if name, _, ok := strings.Cut(name, ":"); ok {
		return h.named(name)
	}
	serverName, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(h.ServerName, "https://"), "http://"), ":")
	if strings.EqualFold(name, serverName) {
		return name != ""
	}
	for _, alias := range h.Aliases {
		if matched, err := regexp.MatchString("(?i)^"+wildcard(alias)+"$", name); err == nil && matched {
			return true
		}
	}
	return false
}

// wildcard makes a regular expression of a name with * and ?.
func wildcard(pattern string) string {
	quoted := regexp.QuoteMeta(pattern)
	return strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(quoted)
}
