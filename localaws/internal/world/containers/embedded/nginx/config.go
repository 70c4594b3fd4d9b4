package nginx

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/kernel"
)

// directive is a statement of the configuration, with the block after it if it
// has one.
type directive struct {
	name  string
	args  []string
	block []directive
	file  string
	line  int
}

func (d *directive) errorf(format string, values ...any) error {
	return fmt.Errorf("nginx: [emerg] %s in %s:%d", fmt.Sprintf(format, values...), d.file, d.line)
}

// maxDepth bounds nested blocks and included files, and maxText all of them, in
// bytes.
const (
	maxDepth = 32
	maxText  = 1 << 20
)

type parser struct {
	files *kernel.Tree
	file  string
	text  string
	line  int
	depth int
	size  *int // of all files
}

// parse reads a file and those that it includes.
func parse(files *kernel.Tree, name string) ([]directive, error) {
	return parseFile(files, name, 0, new(int))
}

func parseFile(files *kernel.Tree, name string, depth int, size *int) ([]directive, error) {
	content, err := files.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("nginx: [emerg] open() %q failed (2: %s)", name, kernel.Reason(err))
	}
	if *size += len(content) + 1; *size > maxText {
		return nil, fmt.Errorf("nginx: [emerg] the configuration is longer than %d bytes in %s", maxText, name)
	}
	p := &parser{files: files, file: name, text: string(content), line: 1, depth: depth, size: size}
	if depth > maxDepth {
		return nil, fmt.Errorf("nginx: [emerg] files and blocks nest deeper than %d in %s", maxDepth, name)
	}
	return p.block(false)
}

// token reads a word, or one of ; { } which it returns as quoted=false.
func (p *parser) token() (text string, quoted bool, err error) {
	for p.text != "" {
		c := p.text[0]
		switch {
		case c == '\n':
			p.line++
			p.text = p.text[1:]
		case c == ' ' || c == '\t' || c == '\r':
			p.text = p.text[1:]
		case c == '#':
			_, p.text, _ = strings.Cut(p.text, "\n")
			p.line++
		case c == '"' || c == '\'':
			end := strings.IndexByte(p.text[1:], c)
			if end < 0 {
				return "", false, fmt.Errorf("nginx: [emerg] unexpected end of file, expecting a quote in %s:%d", p.file, p.line)
			}
			text, p.text = p.text[1:end+1], p.text[end+2:]
			p.line += strings.Count(text, "\n")
			return text, true, nil
		case strings.IndexByte(";{}", c) >= 0:
			p.text = p.text[1:]
			return string(c), false, nil
		default:
			end := strings.IndexAny(p.text, " \t\r\n;{}")
			if end < 0 {
				end = len(p.text)
			}
			text, p.text = p.text[:end], p.text[end:]
			return text, true, nil
		}
	}
	return "", false, nil
}

func (p *parser) block(nested bool) ([]directive, error) {
	var list []directive
	var words []string
	start := p.line
	for {
		text, word, err := p.token()
		switch {
		case err != nil:
			return nil, err
		case word:
			if words == nil {
				start = p.line
			}
			words = append(words, text)
			continue
		case text == "" && (nested || words != nil):
			return nil, fmt.Errorf("nginx: [emerg] unexpected end of file, expecting \"}\" or \";\" in %s:%d", p.file, p.line)
		case text == "":
			return list, nil
		case text == "}" && nested && words == nil:
			return list, nil
		case words == nil || text == "}":
			return nil, fmt.Errorf("nginx: [emerg] unexpected %q in %s:%d", text, p.file, p.line)
		}
		d := directive{name: words[0], args: words[1:], file: p.file, line: start}
		words = nil
		added := []directive{d}
		switch {
		case text == "{":
			if p.depth++; p.depth > maxDepth {
				return nil, d.errorf("blocks nest deeper than %d", maxDepth)
			}
			added[0].block, err = p.block(true)
			p.depth--
		case d.name == "include" && len(d.args) == 1:
			added, err = p.include(&d)
		}
		if err != nil {
			return nil, err
		}
		list = append(list, added...)
	}
}

func (p *parser) include(d *directive) ([]directive, error) {
	pattern := d.args[0]
	if !path.IsAbs(pattern) {
		pattern = path.Join("/etc/nginx", pattern)
	}
	names := []string{pattern}
	if strings.ContainsAny(pattern, "*?[") {
		names = nil
		entries, err := p.files.ReadDir(path.Dir(pattern))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, d.errorf("include %s: %s", pattern, kernel.Reason(err))
		}
		for _, entry := range entries {
			if ok, err := path.Match(path.Base(pattern), entry.Name()); err == nil && ok {
				names = append(names, path.Join(path.Dir(pattern), entry.Name()))
			}
		}
	}
	var list []directive
	for _, name := range names {
		included, err := parseFile(p.files, name, p.depth+1, p.size)
		if err != nil {
			return nil, err
		}
		list = append(list, included...)
	}
	return list, nil
}

// server is a server block.
type server struct {
	listen    []netip.AddrPort
	names     []string
	isDefault bool
	location  // what stands in the server itself
	locations []location
}

// location is a location block, or what it inherits.
type location struct {
	exact   bool
	prefix  string
	root    string
	index   []string
	status  int
	text    string // of return: a body or a URL
	headers [][2]string
	try     []string
}

// ignored are directives without an effect here.
var ignored = strings.Fields("user worker_processes worker_connections pid error_log access_log log_format sendfile tcp_nopush " +
	"tcp_nodelay keepalive_timeout keepalive_requests gzip gzip_types gzip_vary default_type types_hash_max_size server_tokens " +
	"client_max_body_size error_page charset multi_accept use daemon worker_rlimit_nofile events types expires etag http2 autoindex log_not_found")

// servers makes sense of a configuration.
func servers(list []directive) ([]server, error) {
	var all []server
	for i := range list {
		d := &list[i]
		switch {
		case d.name == "http":
			inner, err := httpBlock(d.block)
			if err != nil {
				return nil, err
			}
			all = append(all, inner...)
		case d.name == "stream": // has answerers
		case !slices.Contains(ignored, d.name):
			return nil, d.unknown()
		}
	}
	return all, nil
}

func (d *directive) unknown() error {
	return d.errorf("unknown directive %q", d.name)
}

func httpBlock(list []directive) ([]server, error) {
	base := location{root: "/etc/nginx/html", index: []string{"index.html"}}
	var all []server
	for i := range list {
		d := &list[i]
		if d.name == "server" {
			s, err := serverBlock(d.block, base)
			if err != nil {
				return nil, err
			}
			all = append(all, s)
			continue
		}
		if err := base.set(d); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func serverBlock(list []directive, base location) (server, error) {
	s := server{location: base}
	for i := range list {
		d := &list[i]
		var err error
		switch d.name {
		case "listen":
			err = s.addListen(d)
		case "server_name":
			s.names = append(s.names, d.args...)
		case "location":
		default:
			err = s.set(d)
		}
		if err != nil {
			return s, err
		}
	}
	for i := range list {
		d := &list[i]
		if d.name != "location" {
			continue
		}
		l := s.location
		l.status, l.text = 0, ""
		switch {
		case len(d.args) == 2 && (d.args[0] == "=" || d.args[0] == "^~"):
			l.exact, l.prefix = d.args[0] == "=", d.args[1]
		case len(d.args) == 1 && !strings.HasPrefix(d.args[0], "~"):
			l.prefix = d.args[0]
		default:
			return s, d.errorf("location by a regular expression is not supported by the embedded nginx")
		}
		for j := range d.block {
			if err := l.set(&d.block[j]); err != nil {
				return s, err
			}
		}
		s.locations = append(s.locations, l)
	}
	if s.listen == nil {
		s.listen = []netip.AddrPort{netip.AddrPortFrom(netip.IPv4Unspecified(), 80)}
	}
	return s, nil
}

func (s *server) addListen(d *directive) error {
	if len(d.args) == 0 {
		return d.errorf("invalid number of arguments in \"listen\" directive")
	}
	s.isDefault = s.isDefault || slices.Contains(d.args, "default_server")
	if slices.Contains(d.args, "ssl") {
		return d.errorf("listen ssl is not supported by the embedded nginx")
	}
	host, port := "", d.args[0]
	if i := strings.LastIndexByte(port, ':'); i >= 0 {
		host, port = strings.Trim(port[:i], "[]"), port[i+1:]
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || number == 0 {
		return d.errorf("invalid port in %q of the \"listen\" directive", d.args[0])
	}
	address := netip.IPv4Unspecified()
	if host != "" && host != "*" && host != "::" {
		if address, err = netip.ParseAddr(host); err != nil {
			return d.errorf("host not found in %q of the \"listen\" directive", d.args[0])
		}
	}
	at := netip.AddrPortFrom(address, uint16(number))
	if !slices.Contains(s.listen, at) { // [::]:80 beside 80
		s.listen = append(s.listen, at)
	}
	return nil
}

func (l *location) set(d *directive) error {
	switch d.name {
	case "root":
		if len(d.args) != 1 {
			return d.errorf("invalid number of arguments in \"root\" directive")
		}
		l.root = d.args[0]
	case "index":
		l.index = d.args
	case "try_files":
		l.try = d.args
	case "add_header":
		if len(d.args) < 2 {
			return d.errorf("invalid number of arguments in \"add_header\" directive")
		}
		l.headers = append(slices.Clone(l.headers), [2]string{d.args[0], d.args[1]})
	case "return":
		if len(d.args) == 0 {
			return d.errorf("invalid number of arguments in \"return\" directive")
		}
		code, err := strconv.Atoi(d.args[0])
		if err != nil {
			code = 302
			l.text = d.args[0]
		}
		if code < 100 || code > 599 {
			return d.errorf("invalid return code %q", d.args[0])
		}
		l.status = code
		if err == nil && len(d.args) > 1 {
			l.text = d.args[1]
		}
	default:
		if !slices.Contains(ignored, d.name) {
			return d.unknown()
		}
	}
	return nil
}
