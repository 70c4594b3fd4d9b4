package httpd

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/kernel"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/regex"
)

// section runs <name args> ... </name>.
func (r *reader) section(c *cursor, l line, name string, args []string, in *scope) error {
	in.at = l.at
	switch strings.ToLower(name) {
	case "ifmodule", "ifdefine", "ifversion", "iffile", "ifdirective", "ifsection":
		return r.conditional(c, name, args, in)
	case "virtualhost":
		return r.virtualHost(c, name, args, in)
	case "directory", "files", "location", "directorymatch", "filesmatch", "locationmatch":
		return r.pathSection(c, name, args, in)
	case "requireall", "requireany", "requirenone", "limit", "limitexcept", "proxy", "proxymatch", "if", "elseif", "else", "macro":
		return in.errorf("<%s> is not supported by the embedded httpd; %s runs the real one", name, kernel.RealImages)
	}
	return in.errorf("Invalid command '<%s', perhaps misspelled or defined by a module not included in the server configuration", name)
}

// conditional reads a section now, or skips it.
func (r *reader) conditional(c *cursor, name string, args []string, in *scope) error {
	if len(args) == 0 {
		return in.errorf("<%s> directive requires additional arguments", name)
	}
	condition, negate := strings.CutPrefix(args[0], "!")
	var truth bool
	switch strings.ToLower(name) {
	case "ifmodule":
		truth = r.config.hasModule(condition)
	case "ifdefine":
		_, truth = r.config.defines[condition]
	case "ifdirective":
		_, truth = directives[strings.ToLower(condition)]
	case "ifversion":
		truth = strings.HasPrefix(Version, strings.TrimSuffix(args[len(args)-1], "*"))
		if len(args) > 1 && strings.ContainsAny(args[0], "<>") {
			truth = strings.HasPrefix(args[0], ">")
		}
	case "iffile":
		_, err := r.files.Stat(in.config.rooted(condition))
		truth = err == nil
	}
	if truth != negate {
		return r.until(c, name, in)
	}
	return r.skip(c, name, in)
}

// skip passes over a section and those of the same name in it.
func (r *reader) skip(c *cursor, name string, in *scope) error {
	depth := 1
	for c.next < len(c.lines) {
		text := strings.ToLower(c.lines[c.next].text)
		c.next++
		switch {
		case strings.HasPrefix(text, "</"+strings.ToLower(name)+">"):
			if depth--; depth == 0 {
				return nil
			}
		case strings.HasPrefix(text, "<"+strings.ToLower(name)+" "):
			depth++
		}
	}
	return in.errorf("<%s> was not closed", name)
}

func (r *reader) virtualHost(c *cursor, name string, args []string, in *scope) error {
	if in.host != in.config.Main || in.inSection {
		return in.errorf("<VirtualHost> cannot occur within <%s> section", in.sectionName())
	}
	if len(args) == 0 {
		return in.errorf("<VirtualHost> directive requires additional arguments")
	}
	host := &Host{}
	for _, arg := range args {
		address, ok := parseHostAddress(arg)
		if !ok {
			return in.errorf("The address or port is invalid: %s", arg)
		}
		host.Addresses = append(host.Addresses, address)
	}
	in.config.Hosts = append(in.config.Hosts, host)
	inner := &scope{config: in.config, host: host, settings: &host.Settings, reader: r, name: "VirtualHost"}
	return r.until(c, name, inner)
}

// parseHostAddress reads *:80, 127.0.0.1:80, _default_:* and the like. A host
// name stands for any address: there is no resolver here.
func parseHostAddress(text string) (hostAddress, bool) {
	var result hostAddress
	host, port := text, ""
	if i := strings.LastIndexByte(text, ':'); i >= 0 && !strings.HasSuffix(text, "]") {
		host, port = text[:i], text[i+1:]
	}
	if port != "" && port != "*" {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			return result, false
		}
		result.port = uint16(n)
	}
	if address, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil && !address.IsUnspecified() {
		result.address = address
	}
	return result, host != ""
}

func (r *reader) pathSection(c *cursor, name string, args []string, in *scope) error {
	if len(args) == 0 {
		return in.errorf("<%s> directive requires additional arguments", name)
	}
	kind, match := strings.CutSuffix(strings.ToLower(name), "match")
	if args[0] == "~" && len(args) > 1 {
		match, args = true, args[1:]
	}
	s := section{path: args[0], kind: map[string]sectionKind{
		"directory": directorySection, "files": filesSection, "location": locationSection,
	}[kind]}
	expression := ""
	switch {
	case match:
		expression = args[0]
	case s.kind == filesSection:
		expression = "(^|/)" + wildcard(args[0]) + "$"
	case strings.ContainsAny(args[0], "*?"):
		expression = "^" + strings.ReplaceAll(wildcard(args[0]), ".*", "[^/]*") + "(/|$)"
	case s.kind == directorySection:
		s.path = in.config.rooted(s.path)
	}
	if expression != "" {
		pattern, err := regex.Compile(expression, regex.Native, false, func(bytes int) { r.patterns += bytes })
		if err == nil && r.patterns > maxPatterns {
			err = regex.ErrTooBig
		}
		if err != nil {
			return in.errorf("Regex could not be compiled: %s", args[0])
		}
		s.pattern = pattern
	}
	inner := &scope{
		config: in.config, host: in.host, settings: &s.settings, reader: r,
		name: name, inSection: true, sections: &s.nested,
	}
	if err := r.until(c, name, inner); err != nil {
		return err
	}
	*in.sectionList() = append(*in.sectionList(), s)
	return nil
}

// hasModule knows a module by its name (headers_module) or file (mod_headers.c).
func (c *Config) hasModule(name string) bool {
	if file, ok := strings.CutPrefix(name, "mod_"); ok {
		name = strings.TrimSuffix(file, ".c") + "_module"
	}
	return c.modules[name] || builtIn[name]
}

// builtIn are the modules that are part of the program itself.
var builtIn = map[string]bool{
	"core_module": true, "so_module": true, "http_module": true, "mpm_event_module": true,
	"core.c": true, "http_core.c": true, "event.c": true,
}
