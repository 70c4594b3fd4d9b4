// Package nginx is an embedded nginx for static sites: it reads the image's
// configuration with its server and location blocks, and refuses directives that
// it does not know, such as proxy_pass. In a stream block it answers datagrams.
package nginx

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/kernel"
)

// Version is the release that the embedded nginx answers as.
const Version = "1.29.1"

const configFile = "/etc/nginx/nginx.conf"

// Programs are what the image's files run.
func Programs() map[string]kernel.Program { return map[string]kernel.Program{"nginx": run} }

// Install lays out the image's files.
func Install(files *kernel.Tree) error {
	for name, content := range map[string]string{
		configFile: "user nginx;\nworker_processes auto;\npid /run/nginx.pid;\n\nevents {\n    worker_connections 1024;\n}\n\n" +
			"http {\n    default_type application/octet-stream;\n    sendfile on;\n    keepalive_timeout 65;\n    include /etc/nginx/conf.d/*.conf;\n}\n",
		"/etc/nginx/conf.d/default.conf": "server {\n    listen 80;\n    listen [::]:80;\n    server_name localhost;\n\n" +
			"    location / {\n        root /usr/share/nginx/html;\n        index index.html index.htm;\n    }\n}\n",
		"/usr/share/nginx/html/index.html": "<!DOCTYPE html>\n<html>\n<head>\n<title>Welcome to nginx!</title>\n</head>\n<body>\n<h1>Welcome to nginx!</h1>\n</body>\n</html>\n",
		"/usr/share/nginx/html/50x.html":   "<!DOCTYPE html>\n<html><body><h1>An error occurred.</h1></body></html>\n",
	} {
		if err := files.MkdirAll(path.Dir(name), 0o755); err != nil {
			return fmt.Errorf("laying out the nginx image: %w", err)
		}
		if err := files.WriteFile(name, []byte(content), 0o644); err != nil {
			return fmt.Errorf("laying out the nginx image: %w", err)
		}
	}
	if err := kernel.InstallProgram(files, "/usr/bin/curl", "curl"); err != nil {
		return fmt.Errorf("laying out the nginx image: %w", err)
	}
	return kernel.InstallProgram(files, "/usr/sbin/nginx", "nginx")
}

// run is nginx [-t] [-c file] [-g directives].
func run(ctx context.Context, p *kernel.Process) int {
	name, test, foreground := configFile, false, false
	for i, arg := range p.Args {
		switch {
		case arg == "-t":
			test = true
		case arg == "-c" && i+1 < len(p.Args):
			name = p.Args[i+1]
		case arg == "-g" && i+1 < len(p.Args):
			foreground = strings.Contains(p.Args[i+1], "daemon off")
		case arg == "-v":
			p.Errorf("nginx version: nginx/%s", Version)
			return 0
		}
	}
	list, err := parse(p.Kernel.Files, name)
	var all []server
	if err == nil {
		all, err = servers(list)
	}
	var datagrams []answerer
	if err == nil {
		datagrams, err = answerers(list)
	}
	if err != nil {
		p.Errorf("%s", err)
		return 1
	}
	if test {
		p.Errorf("nginx: the configuration file %s syntax is ok\nnginx: configuration file %s test is successful", name, name)
		return 0
	}
	if foreground || slices.ContainsFunc(list, func(d directive) bool { return d.name == "daemon" && slices.Contains(d.args, "off") }) {
		return serve(ctx, p, all, datagrams)
	}
	// A daemon: the process goes on in the background, and a container that had
	// it as its command ends.
	_, err = p.Spawn(kernel.Spec{Args: p.Args, Env: p.Env, Dir: p.Dir, Stdout: p.Stdout, Stderr: p.Stderr},
		func(ctx context.Context, p *kernel.Process) int { return serve(ctx, p, all, datagrams) })
	if err != nil {
		p.Errorf("nginx: [alert] fork() failed: %s", err)
		return 1
	}
	return 0
}

func serve(ctx context.Context, p *kernel.Process, all []server, datagrams []answerer) int {
	signals := make(chan kernel.Signal, 1)
	p.Notify(signals, kernel.SIGTERM, kernel.SIGINT, kernel.SIGQUIT)
	var serving sync.WaitGroup
	var running []*http.Server
	defer func() {
		for _, srv := range running {
			_ = srv.Close()
		}
		serving.Wait()
	}()
	for _, d := range datagrams {
		conn, err := d.listen(p)
		if err != nil {
			p.Errorf("nginx: [emerg] bind() to %s failed (98: Address already in use)", d.at)
			return 1
		}
		defer func() { _ = conn.Close() }() // before the wait above
		serving.Go(func() { d.answer(conn) })
	}
	var logging sync.Mutex
	for _, at := range addresses(all) {
		listener, err := p.Kernel.Ports.Listen(at)
		if err != nil {
			p.Errorf("nginx: [emerg] bind() to %s failed (98: Address already in use)", at)
			return 1
		}
		srv := &http.Server{
			Handler:           p.Kernel.Metered(&handler{p: p, at: at, servers: all, logging: &logging}),
			ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0),
		}
		running = append(running, srv)
		serving.Go(func() { _ = srv.Serve(listener) }) // ends by Close
	}
	select {
	case <-ctx.Done():
	case signal := <-signals:
		if signal == kernel.SIGQUIT { // finish what is being answered
			bounded, cancel := context.WithTimeout(ctx, 10*time.Second)
			defer cancel()
			for _, srv := range running {
				_ = srv.Shutdown(bounded) // what is left is closed
			}
		}
	}
	return 0
}

func addresses(all []server) []netip.AddrPort {
	var list []netip.AddrPort
	for _, s := range all {
		for _, at := range s.listen {
			if !slices.Contains(list, at) {
				list = append(list, at)
			}
		}
	}
	return list
}

type handler struct {
	p       *kernel.Process
	at      netip.AddrPort
	servers []server
	logging *sync.Mutex
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	recorded := &recorder{ResponseWriter: w}
	w.Header().Set("Server", "nginx/"+Version)
	h.answer(recorded, r)
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	h.logging.Lock()
	defer h.logging.Unlock()
	_, _ = fmt.Fprintf(h.p.Stdout, "%s - - [%s] \"%s %s %s\" %d %d \"-\" %q \"-\"\n", host,
		h.p.Kernel.Clock.Now().UTC().Format("02/Jan/2006:15:04:05 +0000"), r.Method, r.RequestURI, r.Proto, recorded.status, recorded.size, r.UserAgent())
}

type recorder struct {
	http.ResponseWriter
	status, size int
}

func (w *recorder) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	w.size += len(b)
	return w.ResponseWriter.Write(b)
}

// server picks the server block: by name, else the default, else the first.
func (h *handler) server(name string) *server {
	if host, _, err := net.SplitHostPort(name); err == nil {
		name = host
	}
	var first *server
	for i := range h.servers {
		s := &h.servers[i]
		if !slices.Contains(s.listen, h.at) {
			continue
		}
		if slices.Contains(s.names, name) {
			return s
		}
		if first == nil || s.isDefault && !first.isDefault {
			first = s
		}
	}
	return first
}

// locate picks the location: the exact one, else the longest prefix.
func (s *server) locate(url string) *location {
	best := &s.location
	for i := range s.locations {
		l := &s.locations[i]
		switch {
		case l.exact && l.prefix == url:
			return l
		case !l.exact && strings.HasPrefix(url, l.prefix) && (best == &s.location || len(l.prefix) > len(best.prefix)):
			best = l
		}
	}
	return best
}

func (h *handler) answer(w http.ResponseWriter, r *http.Request) {
	s := h.server(r.Host)
	url := path.Clean("/" + r.URL.Path)
	if strings.HasSuffix(r.URL.Path, "/") && url != "/" {
		url += "/"
	}
	l := s.locate(url)
	if s.status != 0 {
		l = &s.location
	}
	for _, header := range l.headers {
		w.Header().Set(header[0], header[1])
	}
	switch {
	case l.status >= 300 && l.status < 400 && l.text != "":
		w.Header().Set("Location", strings.NewReplacer("$host", r.Host, "$request_uri", r.RequestURI, "$uri", url).Replace(l.text))
		errorPage(w, l.status)
	case l.status != 0 && l.text == "" && l.status >= 300:
		errorPage(w, l.status)
	case l.status != 0:
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(l.status)
		_, _ = io.WriteString(w, l.text) // the client may have gone
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		errorPage(w, http.StatusMethodNotAllowed)
	default:
		h.file(w, r, l, url)
	}
}

// file serves a file below the root, or what try_files names.
func (h *handler) file(w http.ResponseWriter, r *http.Request, l *location, url string) {
	candidates := []string{url}
	otherwise := http.StatusNotFound
	if n := len(l.try); n > 0 {
		candidates = nil
		for i, name := range l.try {
			if code := 0; i == n-1 && strings.HasPrefix(name, "=") {
				if _, err := fmt.Sscanf(name, "=%d", &code); err == nil {
					otherwise = code
				}
				continue
			}
			candidates = append(candidates, path.Clean("/"+strings.ReplaceAll(name, "$uri", url)))
		}
	}
	for _, candidate := range candidates {
		name := path.Join(l.root, candidate)
		info, err := h.p.Kernel.Files.Stat(name)
		if err != nil {
			continue
		}
		if !info.IsDir() {
			h.send(w, r, name)
			return
		}
		if !strings.HasSuffix(url, "/") && len(l.try) == 0 && url != "/" {
			w.Header().Set("Location", "http://"+r.Host+url+"/")
			errorPage(w, http.StatusMovedPermanently)
			return
		}
		for _, index := range l.index {
			if info, err := h.p.Kernel.Files.Stat(path.Join(name, index)); err == nil && !info.IsDir() {
				h.send(w, r, path.Join(name, index))
				return
			}
		}
		otherwise = http.StatusForbidden
	}
	errorPage(w, otherwise)
}

func (h *handler) send(w http.ResponseWriter, r *http.Request, name string) {
	f, err := h.p.Kernel.Files.OpenFile(name, 0, 0)
	if err != nil {
		errorPage(w, http.StatusForbidden)
		return
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		errorPage(w, http.StatusForbidden)
		return
	}
	w.Header().Set("ETag", fmt.Sprintf("%q", fmt.Sprintf("%x-%x", info.ModTime().Unix(), info.Size())))
	http.ServeContent(w, r, name, info.ModTime(), f)
}

func errorPage(w http.ResponseWriter, status int) {
	title := fmt.Sprintf("%d %s", status, http.StatusText(status))
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "<html>\r\n<head><title>%[1]s</title></head>\r\n<body>\r\n<center><h1>%[1]s</h1></center>\r\n<hr><center>nginx/%[2]s</center>\r\n</body>\r\n</html>\r\n", title, Version)
}
