package httpd

import (
	"cmp"
	"fmt"
	"html"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/kernel"
)

// handler answers the requests of one listener.
type handler struct {
	config *Config
	files  *kernel.Tree
	port   uint16
	logs   *logs
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	local, client := netip.IPv4Unspecified(), netip.IPv4Unspecified()
	if address, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
		if parsed, err := netip.ParseAddrPort(address.String()); err == nil {
			local = parsed.Addr()
		}
	}
	if parsed, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		client = parsed.Addr()
	}
	host := h.config.hostFor(local, h.port, r.Host)
	e := &exchange{
		handler: h, host: host, request: r, client: client,
		w: &recorder{ResponseWriter: w}, settings: host.Settings,
	}
	started := h.logs.now()
	e.serve() //nolint:contextcheck // it has the request, and with it the context
	h.logs.access(e, started)
}

// exchange is one request and its answer.
type exchange struct {
	*handler
	host     *Host
	request  *http.Request
	client   netip.Addr
	w        *recorder
	settings settings
}

// recorder knows what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	size   int64
}

func (w *recorder) WriteHeader(status int) {
	if w.status != 0 {
		return
	}
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	n, err := w.ResponseWriter.Write(b)
	w.size += int64(n)
	return n, err
}

func (e *exchange) serve() {
	e.w.Header().Set("Server", e.host.serverHeader())
	switch e.request.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost:
	case http.MethodOptions:
		e.w.Header().Set("Allow", "GET,POST,OPTIONS,HEAD")
		e.w.WriteHeader(http.StatusOK)
		return
	default:
		e.w.Header().Set("Allow", "GET,POST,OPTIONS,HEAD")
		e.fail(http.StatusMethodNotAllowed)
		return
	}
	url := path.Clean("/" + e.request.URL.Path)
	if strings.HasSuffix(e.request.URL.Path, "/") && url != "/" {
		url += "/"
	}
	e.file(url)
}

func (e *exchange) moved(status int, target string) {
	e.w.Header().Set("Location", target)
	e.page(status, fmt.Sprintf("<p>The document has moved <a href=\"%s\">here</a>.</p>", html.EscapeString(target)))
}

// mapped finds the file that a URL path is about: by an Alias or below the
// document root.
func (e *exchange) mapped(url string) (name string, script bool) {
	for _, m := range e.host.MapPaths {
		if rest, ok := strings.CutPrefix(url, m.from); ok && (rest == "" || rest[0] == '/' || strings.HasSuffix(m.from, "/")) {
			return m.to + rest, m.script
		}
	}
	return path.Join(e.host.DocumentRoot, url), false
}

// file serves what a URL path stands for.
func (e *exchange) file(url string) {
	name, script := e.mapped(url)
	name = path.Clean(name)
	e.settings = e.host.settingsFor(name, url)
	if !e.settings.grants() {
		e.logs.error("authz_core", "error", fmt.Sprintf("[client %s] AH01630: client denied by server configuration: %s", e.request.RemoteAddr, name))
		e.fail(http.StatusForbidden)
		return
	}
	info, err := e.files.Stat(name)
	switch {
	case err != nil:
		e.fail(http.StatusNotFound)
	case script:
		e.logs.error("cgid", "error", "scripts are not run by the embedded httpd: "+name)
		e.fail(http.StatusInternalServerError)
	case info.IsDir():
		e.directory(name, url)
	default:
		e.send(name)
	}
}

// grants reports whether a request may have what Require guards; it may when
// there is no Require.
func (s *settings) grants() bool { return s.granted == nil || *s.granted }

// settingsFor merges the sections for a file and URL in httpd's order:
// directories from the shortest, files, then locations.
// https://httpd.apache.org/docs/2.4/sections.html#merging
func (h *Host) settingsFor(name, url string) settings {
	result := h.Settings
	var directories, files []section
	for _, s := range h.Sections {
		switch {
		case s.kind == directorySection && s.matches(name):
			directories = append(directories, s)
		case s.kind == filesSection && s.matches(name):
			files = append(files, s)
		}
	}
	for length := 0; length <= len(name); length++ {
		for _, s := range directories {
			if s.pattern == nil && len(strings.TrimSuffix(s.path, "/")) == length || s.pattern != nil && length == len(name) {
				result = result.merge(s.settings)
				for _, nested := range s.nested {
					if nested.kind == filesSection && nested.matches(name) {
						files = append(files, nested)
					}
				}
			}
		}
	}
	for _, s := range files {
		result = result.merge(s.settings)
	}
	for _, s := range h.Sections {
		if s.kind == locationSection && s.matches(url) {
			result = result.merge(s.settings)
		}
	}
	return result
}

// directory serves the index of a directory, or lists it.
func (e *exchange) directory(name, url string) {
	if !strings.HasSuffix(url, "/") {
		target := "http://" + e.request.Host + url + "/"
		if e.request.URL.RawQuery != "" {
			target += "?" + e.request.URL.RawQuery
		}
		e.moved(http.StatusMovedPermanently, target)
		return
	}
	index := e.settings.index
	if index == nil {
		index = []string{"index.html"}
	}
	for _, candidate := range index {
		if candidate == "disabled" {
			break
		}
		full := path.Join(name, candidate)
		if strings.HasPrefix(candidate, "/") {
			full, _ = e.mapped(candidate)
		}
		if info, err := e.files.Stat(full); err == nil && !info.IsDir() {
			if s := e.host.settingsFor(full, path.Join(url, candidate)); !s.grants() {
				e.fail(http.StatusForbidden)
				return
			}
			e.send(full)
			return
		}
	}
	if e.settings.indexes == nil || !*e.settings.indexes || !e.config.hasModule("autoindex_module") {
		e.logs.error("autoindex", "error", fmt.Sprintf(
			"[client %s] AH01276: Cannot serve directory %s/: No matching DirectoryIndex (%s) found, and server-generated directory index forbidden by Options directive",
			e.request.RemoteAddr, name, strings.Join(index, ",")))
		e.fail(http.StatusForbidden)
		return
	}
	e.list(name, url)
}

func (e *exchange) list(name, url string) {
	entries, err := e.files.ReadDir(name)
	if err != nil {
		e.fail(http.StatusForbidden)
		return
	}
	var body strings.Builder
	fmt.Fprintf(&body, "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 3.2 Final//EN\">\n<html>\n <head>\n  <title>Index of %[1]s</title>\n </head>\n <body>\n<h1>Index of %[1]s</h1>\n<ul>", html.EscapeString(url))
	if url != "/" {
		fmt.Fprintf(&body, "<li><a href=\"%s\"> Parent Directory</a></li>\n", html.EscapeString(path.Dir(strings.TrimSuffix(url, "/"))))
	}
	for _, entry := range entries {
		label := entry.Name()
		if entry.IsDir() {
			label += "/"
		}
		fmt.Fprintf(&body, "<li><a href=\"%[1]s\"> %[1]s</a></li>\n", html.EscapeString(label))
	}
	body.WriteString("</ul>\n</body></html>\n")
	e.w.Header().Set("Content-Type", "text/html;charset=UTF-8")
	e.w.WriteHeader(http.StatusOK)
	e.body(body.String())
}

func (e *exchange) body(text string) {
	if e.request.Method != http.MethodHead {
		_, _ = io.WriteString(e.w, text) // the client may have gone
	}
}

// send answers with a file, ranges and conditions as asked for.
func (e *exchange) send(name string) {
	f, err := e.files.OpenFile(name, os.O_RDONLY, 0)
	if err != nil {
		e.fail(http.StatusForbidden)
		return
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil || info.IsDir() {
		e.fail(http.StatusForbidden)
		return
	}
	header := e.w.Header()
	if mimeType := e.contentType(name); mimeType != "" {
		header.Set("Content-Type", mimeType)
	} else {
		header["Content-Type"] = nil // httpd sends none, and does not guess
	}
	header.Set("ETag", fmt.Sprintf("%q", fmt.Sprintf("%x-%x", info.Size(), info.ModTime().UnixMicro())))
	request := e.request
	if request.Method == http.MethodPost {
		request = request.Clone(request.Context())
		request.Method = http.MethodGet
	}
	http.ServeContent(e.w, request, "", info.ModTime(), f)
}

func (e *exchange) contentType(name string) string {
	extension := path.Ext(name)
	found := cmp.Or(e.settings.types[extension], e.config.types[extension])
	if found == "" && len(e.config.types) == 0 {
		found, _, _ = strings.Cut(mime.TypeByExtension(extension), ";")
	}
	return found
}
