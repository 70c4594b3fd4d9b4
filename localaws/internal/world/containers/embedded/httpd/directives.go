package httpd

import (
	"fmt"
	"maps"
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/kernel"
)

// scope is where a directive stands: in the main server, a virtual host, or a
// section of either.
type scope struct {
	config    *Config
	host      *Host
	settings  *settings
	reader    *reader
	at        position
	name      string // of the section, "" for the main server
	inSection bool
	sections  *[]section // of a section; nil: the host's
}

func (s *scope) errorf(format string, values ...any) error {
	return &SyntaxError{s.at, fmt.Sprintf(format, values...)}
}

func (s *scope) sectionName() string {
	if s.name == "" {
		return "VirtualHost"
	}
	return s.name
}

func (s *scope) sectionList() *[]section {
	if s.sections != nil {
		return s.sections
	}
	return &s.host.Sections
}

// directive is what httpd knows of one: its module, how many arguments it takes
// (most < 0: any number), where it may stand and what it does (nil: it is
// accepted and changes nothing that can be seen here).
type directive struct {
	module string
	least  int
	most   int
	server bool // not within <VirtualHost> or other sections
	apply  func(s *scope, args []string) error
}

// accepted are directives without an effect here: of processes, limits, files
// that are never sent, and looks of directory listings.
var accepted = map[string]string{
	"": "User Group ServerAdmin Timeout KeepAlive KeepAliveTimeout MaxKeepAliveRequests HostnameLookups " +
		"UseCanonicalName UseCanonicalPhysicalPort EnableSendfile EnableMMAP TraceEnable Mutex AccessFileName " +
		"AllowOverride AllowOverrideList StartServers MinSpareThreads MaxSpareThreads MinSpareServers MaxSpareServers " +
		"MaxRequestWorkers MaxConnectionsPerChild ServerLimit ThreadsPerChild ThreadLimit ThreadStackSize " +
		"AsyncRequestWorkerFactor ListenBacklog SendBufferSize ReceiveBufferSize LimitRequestBody LimitRequestFields " +
		"LimitRequestFieldSize LimitRequestLine LimitXMLRequestBody ExtendedStatus FileETag ContentDigest " +
		"AllowEncodedSlashes AcceptFilter GracefulShutdownTimeout ErrorLogFormat RLimitCPU RLimitMEM RLimitNPROC " +
		"CoreDumpDirectory ScoreBoardFile MergeSlashes HttpProtocolOptions EnableExceptionHook",
	"mime_module":       "AddEncoding AddLanguage AddCharset AddHandler AddOutputFilter AddInputFilter RemoveHandler RemoveType",
	"autoindex_module":  "IndexOptions IndexIgnore AddIcon AddIconByType AddIconByEncoding DefaultIcon AddDescription ReadmeName HeaderName",
	"setenvif_module":   "SetEnvIf SetEnvIfNoCase BrowserMatch BrowserMatchNoCase",
	"env_module":        "SetEnv UnsetEnv PassEnv",
	"reqtimeout_module": "RequestReadTimeout",
	"unixd_module":      "ChrootDir",
	"http2_module":      "H2MaxWorkers H2MinWorkers H2MaxSessionStreams H2WindowSize H2Upgrade H2SerializeHeaders H2Push",
	"cgid_module":       "Scriptsock",
	"ssl_module":        tlsAccepted,
}

// refused are directives of the modules that the image loads, with an effect that
// the embedded httpd does not have.
const refused = "AddDefaultCharset AliasMatch ErrorDocument FallbackResource ForceType Header Redirect RedirectMatch " +
	"RedirectPermanent RedirectTemp ScriptAliasMatch SetHandler TransferLog Undefine"

// directives are all that httpd knows here, by lower-case name.
var directives map[string]directive

func init() { directives = allDirectives() } //nolint:gochecknoinits // Include refers to the table that it is in

func allDirectives() map[string]directive {
	table := map[string]directive{
		"listen":          {"", 1, 2, true, listen},
		"servername":      {"", 1, 1, false, text(func(s *scope, v string) { s.host.ServerName = v })},
		"serveralias":     {"", 1, -1, false, func(s *scope, args []string) error { s.host.Aliases = append(s.host.Aliases, args...); return nil }},
		"serverroot":      {"", 1, 1, true, text(func(s *scope, v string) { s.config.ServerRoot = v })},
		"documentroot":    {"", 1, 1, false, documentRoot},
		"pidfile":         {"", 1, 1, true, text(func(s *scope, v string) { s.config.PidFile = v })},
		"errorlog":        {"", 1, 1, false, text(func(s *scope, v string) { s.host.ErrorLog = v })},
		"loglevel":        {"", 1, -1, false, logLevel},
		"serversignature": {"", 1, 1, false, onOff(func(s *scope, on bool) { s.host.Signature = on })},
		"servertokens":    {"", 1, 1, true, text(func(s *scope, v string) { s.config.Main.ServerTokens = v })},
		"options":         {"", 1, -1, false, options},
		"define":          {"", 1, 2, false, define},
		"include":         {"", 1, 1, false, func(s *scope, args []string) error { return s.reader.include(args[0], false, s) }},
		"includeoptional": {"", 1, 1, false, func(s *scope, args []string) error { return s.reader.include(args[0], true, s) }},
		"loadmodule":      {"so_module", 2, 2, true, loadModule},
		"require":         {"authz_core_module", 1, -1, false, require},
		"directoryindex":  {"dir_module", 1, -1, false, func(s *scope, args []string) error { s.settings.index = args; return nil }},
		"protocols":       {"", 1, -1, false, func(s *scope, args []string) error { s.host.Protocols = args; return nil }},
		"h2direct":        {"http2_module", 1, 1, false, onOff(func(s *scope, on bool) { s.host.H2Direct = &on })},
		"directoryslash":  {"dir_module", 1, 1, false, nil},
		"alias":           {"alias_module", 2, 2, false, alias(false)},
		"scriptalias":     {"alias_module", 2, 2, false, alias(true)},
		"requestheader":   {"headers_module", 2, -1, false, nil},
		"typesconfig":     {"mime_module", 1, 1, true, typesConfig},
		"addtype":         {"mime_module", 2, -1, false, addType},
		"customlog":       {"log_config_module", 2, 3, false, customLog},
		"logformat":       {"log_config_module", 1, 2, false, logFormat},
	}
	maps.Copy(table, tlsDirectives())
	for _, name := range strings.Fields(refused) {
		table[strings.ToLower(name)] = directive{least: 0, most: -1, apply: unsupported}
	}
	for module, names := range accepted {
		for _, name := range strings.Fields(names) {
			table[strings.ToLower(name)] = directive{module: module, least: 0, most: -1}
		}
	}
	return table
}

// apply runs a directive, or says what httpd says of one that it does not take.
func (s *scope) apply(name string, args []string) error {
	d, ok := directives[strings.ToLower(name)]
	if !ok || d.module != "" && !s.config.hasModule(d.module) {
		return s.errorf("Invalid command '%s', perhaps misspelled or defined by a module not included in the server configuration", name)
	}
	if d.server && (s.host != s.config.Main || s.inSection) {
		return s.errorf("%s not allowed in <%s> context", name, s.sectionName())
	}
	switch {
	case len(args) < d.least && d.least == 1 && d.most == 1:
		return s.errorf("%s takes one argument", name)
	case len(args) < d.least:
		return s.errorf("%s requires at least %d argument(s)", name, d.least)
	case d.most >= 0 && len(args) > d.most && d.most == 1:
		return s.errorf("%s takes one argument", name)
	case d.most >= 0 && len(args) > d.most:
		return s.errorf("%s takes at most %d arguments", name, d.most)
	}
	if d.apply == nil {
		return nil
	}
	return d.apply(s, args)
}

func text(set func(*scope, string)) func(*scope, []string) error {
	return func(s *scope, args []string) error { set(s, args[0]); return nil }
}

func onOff(set func(*scope, bool)) func(*scope, []string) error {
	return func(s *scope, args []string) error {
		switch strings.ToLower(args[0]) {
		case "on", "email":
			set(s, true)
		case "off":
			set(s, false)
		default:
			return s.errorf("the value must be On or Off, not %q", args[0])
		}
		return nil
	}
}

func unsupported(s *scope, _ []string) error {
	return s.errorf("it is not supported by the embedded httpd; %s runs the real one", kernel.RealImages)
}

// listen reads port, address:port or [address]:port, and a protocol.
func listen(s *scope, args []string) error {
	host, port := "", args[0]
	if i := strings.LastIndexByte(args[0], ':'); i >= 0 {
		host, port = strings.Trim(args[0][:i], "[]"), args[0][i+1:]
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || number == 0 {
		return s.errorf("Port must be specified")
	}
	address := netip.IPv4Unspecified()
	if host != "" && host != "*" {
		if address, err = netip.ParseAddr(host); err != nil {
			return s.errorf("Listen %q: the address is not an IP address", args[0])
		}
	}
	l := Listener{Address: netip.AddrPortFrom(address, uint16(number)), Protocol: "http", At: s.at}
	if number == 443 {
		l.Protocol = "https"
	}
	if len(args) > 1 {
		l.Protocol = strings.ToLower(args[1])
	}
	s.config.Listeners = append(s.config.Listeners, l)
	return nil
}

func documentRoot(s *scope, args []string) error {
	root := s.config.rooted(args[0])
	if info, err := s.reader.files.Stat(root); err != nil || !info.IsDir() {
		if s.host == s.config.Main && !s.inSection {
			return s.errorf("DocumentRoot '%s' is not a directory, or is not readable", root)
		}
		s.config.warnings = append(s.config.warnings, fmt.Sprintf("AH00112: Warning: DocumentRoot [%s] does not exist", root))
	}
	s.host.DocumentRoot = path.Clean(root)
	return nil
}

// rooted makes a name absolute from ServerRoot.
func (c *Config) rooted(name string) string {
	if path.IsAbs(name) {
		return path.Clean(name)
	}
	return path.Join(c.ServerRoot, name)
}

var logLevels = []string{
	"emerg", "alert", "crit", "error", "warn", "notice", "info", "debug",
	"trace1", "trace2", "trace3", "trace4", "trace5", "trace6", "trace7", "trace8",
}

func logLevel(s *scope, args []string) error {
	for _, arg := range args {
		module, level, perModule := strings.Cut(arg, ":")
		if !perModule {
			level = module
		}
		if !slices.Contains(logLevels, strings.ToLower(level)) {
			return s.errorf("LogLevel requires level keyword: one of emerg/alert/crit/error/warn/notice/info/debug/trace1/.../trace8")
		}
		if !perModule {
			s.config.LogLevel = strings.ToLower(level)
		}
	}
	return nil
}

func options(s *scope, args []string) error {
	known := []string{"indexes", "followsymlinks", "symlinksifownermatch", "execcgi", "includes", "includesnoexec", "multiviews", "all", "none"}
	for _, arg := range args {
		name := strings.ToLower(strings.TrimLeft(arg, "+-"))
		if !slices.Contains(known, name) {
			return s.errorf("Illegal option %s", arg)
		}
		on := arg[0] != '-'
		switch {
		case name == "indexes" || name == "all":
			s.settings.indexes = &on
		case s.settings.indexes == nil && arg[0] != '+' && arg[0] != '-':
			s.settings.indexes = new(bool)
		}
	}
	return nil
}

func define(s *scope, args []string) error {
	value := ""
	if len(args) > 1 {
		value = args[1]
	}
	if strings.Contains(args[0], ":") || len(value) > 4096 {
		return s.errorf("Define: the name may not contain ':' and the value not be longer than 4096")
	}
	s.config.defines[args[0]] = value
	return nil
}

// shipped are the modules of the image whose directives are known here.
var shipped = strings.Fields("authn_file_module authn_core_module authz_host_module authz_groupfile_module " +
	"authz_user_module authz_core_module access_compat_module auth_basic_module reqtimeout_module filter_module " +
	"mime_module log_config_module env_module headers_module setenvif_module version_module unixd_module " +
	"status_module autoindex_module dir_module alias_module mpm_event_module mpm_worker_module mpm_prefork_module " +
	"socache_shmcb_module negotiation_module cgid_module cgi_module http2_module ssl_module")

func loadModule(s *scope, args []string) error {
	if slices.Contains(shipped, args[0]) {
		s.config.modules[args[0]] = true
		return nil
	}
	return s.errorf("LoadModule %s: the embedded httpd has no such module; %s runs the real one", args[0], kernel.RealImages)
}

func alias(script bool) func(*scope, []string) error {
	return func(s *scope, args []string) error {
		if !strings.HasPrefix(args[0], "/") {
			return s.errorf("Alias: the URL path %q must begin with /", args[0])
		}
		s.host.MapPaths = append(s.host.MapPaths, mapping{from: args[0], to: args[1], script: script})
		return nil
	}
}

func typesConfig(s *scope, args []string) error {
	name := s.config.rooted(args[0])
	content, err := s.reader.files.ReadFile(name)
	if err != nil {
		return s.errorf("TypesConfig: could not open mime types config file %s: %s", name, reason(err))
	}
	for _, text := range strings.Split(string(content), "\n") {
		fields := strings.Fields(text)
		if len(fields) < 2 || fields[0][0] == '#' {
			continue
		}
		for _, extension := range fields[1:] {
			s.config.types["."+extension] = fields[0]
		}
	}
	return nil
}

func addType(s *scope, args []string) error {
	if s.settings.types == nil {
		s.settings.types = map[string]string{}
	}
	for _, extension := range args[1:] {
		s.settings.types["."+strings.TrimPrefix(extension, ".")] = args[0]
	}
	return nil
}

func customLog(s *scope, args []string) error {
	l := accessLog{file: args[0], format: "common"}
	if len(args) > 1 {
		l.format = args[1]
	}
	if len(args) > 2 || strings.HasPrefix(l.file, "|") {
		return s.errorf("CustomLog: conditions and pipes are not supported by the embedded httpd")
	}
	s.host.Logs = append(s.host.Logs, l)
	return nil
}

func logFormat(s *scope, args []string) error {
	nickname := ""
	if len(args) > 1 {
		nickname = args[1]
	}
	s.config.formats[nickname] = args[0]
	return nil
}
