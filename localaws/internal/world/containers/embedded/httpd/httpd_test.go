package httpd_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/clock"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/containertest"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/httpd"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/kernel"
)

const (
	deadline = 20 * time.Second
	conf     = httpd.Prefix + "/conf/httpd.conf"
	htdocs   = httpd.Prefix + "/htdocs/"
)

// site is a machine with the image's files.
type site struct {
	*kernel.Kernel
	stdout, stderr containertest.Buffer
	process        *kernel.Process
}

func newTree(tb testing.TB) *kernel.Tree {
	tb.Helper()
	files, err := kernel.OpenTree(tb.TempDir())
	require.NoError(tb, err)
	tb.Cleanup(func() { assert.NoError(tb, files.Close()) })
	require.NoError(tb, httpd.Install(files))
	return files
}

// start runs httpd with the image's configuration and more behind it. The files
// are written first.
func start(t *testing.T, more string, files map[string]string) *site {
	t.Helper()
	tree := newTree(t)
	require.NoError(t, embedded.InstallBase(tree, embedded.Debian, "web"))
	content, err := tree.ReadFile(conf)
	require.NoError(t, err)
	require.NoError(t, tree.WriteFile(conf, append(content, more...), 0o644))
	for name, text := range files {
		require.NoError(t, tree.MkdirAll(name[:strings.LastIndexByte(name, '/')], 0o755))
		require.NoError(t, tree.WriteFile(name, []byte(text), 0o644))
	}
	programs := embedded.Programs()
	for name, program := range httpd.Programs() {
		programs[name] = program
	}
	s := &site{Kernel: kernel.New(kernel.Options{Files: tree, Clock: clock.New(0), Hostname: "web", Programs: programs})}
	t.Cleanup(func() { s.Kill(); s.Wait() })
	s.process, err = s.RunCommand(context.Background(), kernel.Spec{
		Args: []string{"httpd-foreground"}, Env: httpd.Env(), Dir: httpd.Prefix, Stdout: &s.stdout, Stderr: &s.stderr,
	})
	require.NoError(t, err)
	return s
}

type answer struct {
	status int
	header http.Header
	body   string
}

// get asks a port of the machine from outside; status 0 means no answer.
func (s *site) get(t *testing.T, method, address string) answer {
	t.Helper()
	client := &http.Client{
		Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
			at := netip.MustParseAddrPort("127.0.0.1:0")
			_, port, err := net.SplitHostPort(address)
			if err != nil {
				return nil, err
			}
			number, err := net.DefaultResolver.LookupPort(ctx, "tcp", port)
			if err != nil {
				return nil, err
			}
			ours, theirs := net.Pipe()
			return ours, s.Ports.Deliver(ctx, uint16(number), &named{theirs, net.TCPAddrFromAddrPort(at)})
		}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	request, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	require.NoError(t, err)
	response, err := client.Do(request)
	if err != nil {
		return answer{body: err.Error()}
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return answer{response.StatusCode, response.Header, string(body)}
}

type named struct {
	net.Conn
	remote net.Addr
}

func (n *named) RemoteAddr() net.Addr { return n.remote }

func (s *site) up(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool {
		_, err := s.Files.Stat(httpd.Prefix + "/logs/httpd.pid")
		return err == nil && strings.Contains(s.stderr.String(), "resuming normal operations")
	}, deadline, time.Millisecond, "%s", &s.stderr)
}

// What directives make httpd answer, over the image's own configuration.
func TestConfigurations(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		config string
		files  map[string]string
		url    string
		status int
		body   string
		header map[string]string
	}{
		"the image's page":     {url: "http://a/", status: 200, body: "It works!", header: map[string]string{"Content-Type": "text/html", "Server": "Apache/2.4.65 (Unix)"}},
		"nothing there":        {url: "http://a/none", status: 404, body: "was not found on this server"},
		"another port":         {config: "Listen 8081\n", url: "http://a:8081/", status: 200, body: "It works!"},
		"an address and port":  {config: "Listen 0.0.0.0:8081 http\n", url: "http://a:8081/", status: 200, body: "It works!"},
		"a port for localhost": {config: "Listen 127.0.0.1:8081\n", url: "http://a:8081/", body: "connection refused"},
		"no listener":          {url: "http://a:8081/", body: "connection refused"},
		"a virtual host by port": {
			config: "Listen 8081\n<VirtualHost *:8081>\nDocumentRoot \"" + htdocs + "b\"\n</VirtualHost>\n",
			files:  map[string]string{htdocs + "b/index.html": "site b"}, url: "http://a:8081/", status: 200, body: "site b",
		},
		"a virtual host of another port": {
			config: "Listen 8081\n<VirtualHost *:8081>\nDocumentRoot \"" + htdocs + "b\"\n</VirtualHost>\n",
			files:  map[string]string{htdocs + "b/index.html": "site b"}, url: "http://a/", status: 200, body: "It works!",
		},
		"a virtual host by name": {
			config: "<VirtualHost *:80>\nServerName one.test\n</VirtualHost>\n<VirtualHost *:80>\nServerName two.test\nServerAlias *.two.test\nDocumentRoot " + htdocs + "b\n</VirtualHost>\n",
			files:  map[string]string{htdocs + "b/index.html": "site b"}, url: "http://www.two.test/", status: 200, body: "site b",
		},
		"the first virtual host for other names": {
			config: "<VirtualHost *:80>\nServerName one.test\nDocumentRoot " + htdocs + "b\n</VirtualHost>\n<VirtualHost *:80>\nServerName two.test\n</VirtualHost>\n",
			files:  map[string]string{htdocs + "b/index.html": "site b"}, url: "http://three.test/", status: 200, body: "site b",
		},
		"a document root that nothing grants": {
			config: "DocumentRoot /srv/www\n", files: map[string]string{"/srv/www/index.html": "mine"}, url: "http://a/", status: 403, body: "have permission",
		},
		"a document root that is granted": {
			config: "DocumentRoot /srv/www\n<Directory /srv/www>\nRequire all granted\n</Directory>\n",
			files:  map[string]string{"/srv/www/index.html": "mine"}, url: "http://a/", status: 200, body: "mine",
		},
		"a denied directory":  {config: "<Directory " + htdocs + "b>\nRequire all denied\n</Directory>\n", files: map[string]string{htdocs + "b/index.html": "b"}, url: "http://a/b/", status: 403},
		"hidden files":        {files: map[string]string{htdocs + ".htpasswd": "x"}, url: "http://a/.htpasswd", status: 403},
		"another index":       {config: "DirectoryIndex none.html start.html\n", files: map[string]string{htdocs + "start.html": "start"}, url: "http://a/", status: 200, body: "start"},
		"a listing":           {files: map[string]string{htdocs + "b/file.txt": "x"}, url: "http://a/b/", status: 200, body: "Index of /b/"},
		"no listing":          {config: "<Directory " + htdocs + ">\nOptions -Indexes\n</Directory>\n", files: map[string]string{htdocs + "b/file.txt": "x"}, url: "http://a/b/", status: 403},
		"a directory's slash": {files: map[string]string{htdocs + "b/index.html": "x"}, url: "http://a/b?q=1", status: 301, header: map[string]string{"Location": "http://a/b/?q=1"}},
		"an alias":            {config: "Alias /files /srv/files\n<Directory /srv/files>\nRequire all granted\n</Directory>\n", files: map[string]string{"/srv/files/a.txt": "aliased"}, url: "http://a/files/a.txt", status: 200, body: "aliased", header: map[string]string{"Content-Type": "text/plain"}},
		"a define":            {config: "Define port 8081\nListen ${port}\n", url: "http://a:8081/", status: 200},
		"a module that is there": {
			config: "<IfModule mod_headers.c>\nListen 8081\n</IfModule>\n<IfModule !headers_module>\nNonsense\n</IfModule>\n", url: "http://a:8081/", status: 200,
		},
		"a module that is not": {config: "<IfModule ssl_module>\nSSLEngine on\n<IfModule x>\n</IfModule>\n</IfModule>\n", url: "http://a/", status: 200},
		"an included file":     {config: "Include conf/extra/*.inc\n", files: map[string]string{httpd.Prefix + "/conf/extra/a.inc": "Listen 8081\n"}, url: "http://a:8081/", status: 200},
		"an optional file":     {config: "IncludeOptional conf/none.conf\n", url: "http://a/", status: 200},
		"the image's extras":   {config: "Include conf/extra/httpd-default.conf\n", url: "http://a/", status: 200},
		"a continued line":     {config: "Listen \\\n 8081\n", url: "http://a:8081/", status: 200},
		"words in any case":    {config: "listen 8081\n<virtualhost *:8081>\nDOCUMENTROOT " + htdocs + "\n</VirtualHost>\n", url: "http://a:8081/", status: 200},
		"server tokens":        {config: "ServerTokens Prod\nServerSignature On\n", url: "http://a/none", status: 404, body: "<address>Apache Server at a Port 80</address>", header: map[string]string{"Server": "Apache"}},
		"a type":               {config: "AddType text/x-mine .mine\n", files: map[string]string{htdocs + "a.mine": "x"}, url: "http://a/a.mine", status: 200, header: map[string]string{"Content-Type": "text/x-mine"}},
		"dots in the path":     {files: map[string]string{"/srv/secret": "x"}, url: "http://a/../../../srv/secret", status: 404},
		"escaped dots":         {files: map[string]string{"/srv/secret": "x"}, url: "http://a/%2e%2e/%2e%2e/%2e%2e/srv/secret", status: 404},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, "\nServerName web.test\n"+test.config, test.files)
			s.up(t)
			got := s.get(t, http.MethodGet, test.url)
			assert.Equal(t, test.status, got.status, got.body)
			assert.Contains(t, got.body, test.body)
			for name, value := range test.header {
				assert.Equal(t, value, got.header.Get(name), name)
			}
		})
	}
}

// What httpd refuses, and ends with exit code 1, with its own words.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ config, want string }{
		"an unknown directive":                       {"Lisen 81\n", "Invalid command 'Lisen', perhaps misspelled or defined by a module not included in the server configuration"},
		"a directive of a module that is not loaded": {"RewriteEngine On\n", "Invalid command 'RewriteEngine', perhaps misspelled"},
		"a module that is not embedded":              {"LoadModule rewrite_module modules/mod_rewrite.so\n", "the embedded httpd has no such module"},
		"a port that is not one":                     {"Listen abc\n", "Port must be specified"},
		"no argument":                                {"Listen\n", "Listen requires at least 1 argument(s)"},
		"too many arguments":                         {"ServerName a b\n", "ServerName takes one argument"},
		"the same port twice":                        {"Listen 80\n", "(98)Address already in use: AH00072: make_sock: could not bind to address [::]:80"},
		"another machine's address":                  {"Listen 10.9.8.7:81\n", "(99)Cannot assign requested address: AH00072"},
		"a document root that is not there":          {"DocumentRoot /none\n", "DocumentRoot '/none' is not a directory, or is not readable"},
		"a section that does not end":                {"<VirtualHost *:80>\n", "<VirtualHost> was not closed"},
		"a section that ends otherwise":              {"<VirtualHost *:80>\n</Directory>\n", "Expected </VirtualHost> but saw </Directory>"},
		"an end without a section":                   {"</VirtualHost>\n", "</VirtualHost> without matching <VirtualHost> section"},
		"Listen in a virtual host":                   {"<VirtualHost *:80>\nListen 81\n</VirtualHost>\n", "Listen not allowed in <VirtualHost> context"},
		"a file that is not there":                   {"Include conf/none.conf\n", "Could not open configuration file /usr/local/apache2/conf/none.conf: No such file or directory"},
		"a file that includes itself":                {"Include conf/httpd.conf\n", "httpd: sections and included files nest deeper than"},
		"a log directory that is not there":          {"ErrorLog /none/error_log\n", "AH00091: httpd: could not open error log file /none/error_log."},
		"a log level that is not one":                {"LogLevel loud\n", "LogLevel requires level keyword"},
		"Require that says nothing":                  {"<Location />\nRequire all\n</Location>\n", "Require all: the argument must be 'granted' or 'denied'"},
		"an open quote":                              {"ServerName \"a\n", "unmatched quote"},
		"a directive without its effect":             {"Redirect /a /b\n", "it is not supported by the embedded httpd"},
		"a section without its effect":               {"<Location />\n<RequireAll>\n", "<RequireAll> is not supported by the embedded httpd"},
		"an address of clients":                      {"<Location />\nRequire ip 10.0.0.0/8\n", "Unknown Authz provider: ip"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, "\n"+test.config, nil)
			select {
			case <-s.process.Done():
			case <-time.After(deadline):
				require.Fail(t, "httpd runs", "%s", &s.stderr)
			}
			assert.Equal(t, 1, s.process.ExitCode())
			assert.Contains(t, s.stderr.String(), test.want)
		})
	}
}

func TestSyntaxErrorNamesFileAndLine(t *testing.T) {
	t.Parallel()
	files := newTree(t)
	require.NoError(t, files.WriteFile("/a.conf", []byte("Listen 80\n# comment\nNonsense here\n"), 0o644))
	_, err := httpd.Parse(files, "/a.conf", httpd.Prefix, nil)
	require.EqualError(t, err, "AH00526: Syntax error on line 3 of /a.conf:\nInvalid command 'Nonsense', perhaps misspelled or defined by a module not included in the server configuration")
}

func TestMethods(t *testing.T) {
	t.Parallel()
	s := start(t, "\n", nil)
	s.up(t)
	for method, want := range map[string]int{"HEAD": 200, "POST": 200, "OPTIONS": 200, "PUT": 405, "DELETE": 405} {
		assert.Equal(t, want, s.get(t, method, "http://a/").status, method)
	}
	assert.Empty(t, s.get(t, "HEAD", "http://a/").body)
}

func TestAccessLog(t *testing.T) {
	t.Parallel()
	s := start(t, "\nLogFormat \"%h %>s %b %{User-Agent}i %m %U%q\" short\nCustomLog logs/access.log short\n", nil)
	s.up(t)
	s.get(t, http.MethodGet, "http://a/index.html?x=1")
	assert.Eventually(t, func() bool {
		content, err := s.Files.ReadFile(httpd.Prefix + "/logs/access.log")
		return err == nil && string(content) == "127.0.0.1 200 45 Go-http-client/1.1 GET /index.html?x=1\n"
	}, deadline, time.Millisecond)
	assert.Contains(t, s.stdout.String(), `"GET /index.html?x=1 HTTP/1.1" 200 45`, "the image's own log goes to stdout")
}

// A server that would go to the background ends its container.
func TestForegroundOnly(t *testing.T) {
	t.Parallel()
	s := start(t, "\nServerName a\n", nil)
	s.up(t)
	var output containertest.Buffer
	p, err := s.RunCommand(s.Context(), kernel.Spec{Args: []string{"httpd"}, Env: httpd.Env(), Stderr: &output})
	require.NoError(t, err)
	<-p.Done()
	assert.Equal(t, 1, p.ExitCode())
	assert.Contains(t, output.String(), "httpd-foreground")

	s.process.Signal(kernel.SIGTERM)
	<-s.process.Done()
	assert.Zero(t, s.process.ExitCode())
	_, err = s.Files.Stat(httpd.Prefix + "/logs/httpd.pid")
	require.Error(t, err)
}

func FuzzParse(f *testing.F) {
	files := newTree(f)
	content, err := files.ReadFile(conf)
	require.NoError(f, err)
	for _, seed := range []string{
		string(content), "Listen 80\n<VirtualHost *:80 [::1]:*>\nServerAlias *.a\n</VirtualHost>\n", "Define A ${A}${A}\nListen ${A}\n",
		"<Directory \"~\" />\nRequire not ip 10.\n</Directory>", "Include conf/*.conf\n", "<IfModule !x>\nHeader always set \"a", "Redirect 410 /a\nErrorDocument 404 \"",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		require.NoError(t, files.WriteFile("/fuzz.conf", []byte(text), 0o644))
		config, err := httpd.Parse(files, "/fuzz.conf", httpd.Prefix, nil)
		if err == nil {
			assert.NotEmpty(t, config.Listeners)
		}
	})
}
