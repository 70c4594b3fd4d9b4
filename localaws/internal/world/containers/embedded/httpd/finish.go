package httpd

import (
	"fmt"
	"path"
	"strings"
)

// Version is the release that the embedded httpd answers as.
const Version = "2.4.65"

// Prefix is where httpd lives in the image.
const Prefix = "/usr/local/apache2"

func newConfig(serverRoot string) *Config {
	return &Config{
		ServerRoot: serverRoot, LogLevel: "warn",
		Main:    &Host{DocumentRoot: path.Join(serverRoot, "htdocs")},
		modules: map[string]bool{}, defines: map[string]string{}, types: map[string]string{},
		formats: map[string]string{"common": `%h %l %u %t "%r" %>s %b`},
	}
}

// finish checks what can only be known at the end, and gives the virtual hosts
// what they inherit from the main server.
func (c *Config) finish(files Files) error {
	if len(c.Listeners) == 0 {
		return fmt.Errorf("no listening sockets available, shutting down\nAH00015: Unable to open logs")
	}
	if !c.hasModule("unixd_module") || !c.hasModule("authz_core_module") {
		return fmt.Errorf("AH00136: Server MUST relinquish startup privileges before accepting connections.  Please ensure mod_unixd and mod_authz_core are loaded")
	}
	for _, host := range c.Hosts {
		if host.DocumentRoot == "" {
			host.DocumentRoot = c.Main.DocumentRoot
		}
		if host.ErrorLog == "" {
			host.ErrorLog = c.Main.ErrorLog
		}
		if host.Logs == nil {
			host.Logs = c.Main.Logs
		}
		host.MapPaths = append(host.MapPaths, c.Main.MapPaths...)
		host.Settings = c.Main.Settings.merge(host.Settings)
		host.Sections = append(append([]section{}, c.Main.Sections...), host.Sections...)
		host.Signature = host.Signature || c.Main.Signature
		host.ServerTokens = c.Main.ServerTokens
		if host.ServerName == "" {
			host.ServerName = c.Main.ServerName
		}
	}
	for _, host := range append([]*Host{c.Main}, c.Hosts...) {
		for i, l := range host.Logs {
			if format, ok := c.formats[l.format]; ok {
				host.Logs[i].format = format
			}
		}
	}
	return c.loadCertificates(files)
}

// serverHeader is the Server header, as long as ServerTokens allows.
func (h *Host) serverHeader() string {
	switch strings.ToLower(h.ServerTokens) {
	case "prod", "productonly":
		return "Apache"
	case "major":
		return "Apache/2"
	case "minor":
		return "Apache/2.4"
	case "min", "minimal":
		return "Apache/" + Version
	}
	return "Apache/" + Version + " (Unix)"
}
