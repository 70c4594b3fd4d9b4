package httpd_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
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
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/kernel"
)

// certificates are a key and a certificate for each name, as openssl makes them.
func certificates(t *testing.T, names ...string) map[string]string {
	t.Helper()
	tree := newTree(t)
	require.NoError(t, embedded.InstallBase(tree, embedded.Debian, "web"))
	require.NoError(t, kernel.InstallProgram(tree, "/usr/bin/openssl", "openssl"))
	m := kernel.New(kernel.Options{Files: tree, Clock: clock.New(1), Hostname: "web", Programs: embedded.Programs()})
	t.Cleanup(func() { m.Kill(); m.Wait() })
	init, err := m.Start(t.Context(), kernel.Spec{Args: []string{"init"}}, func(ctx context.Context, _ *kernel.Process) int { <-ctx.Done(); return 0 })
	require.NoError(t, err)
	files := map[string]string{}
	for _, name := range names {
		p, err := m.RunCommand(t.Context(), kernel.Spec{Env: map[string]string{"PATH": "/usr/bin"}, Args: strings.Fields(
			"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc -keyout /tmp/key -out /tmp/certificate -days 2 -subj /CN=" + name + " -addext subjectAltName=DNS:" + name)})
		require.NoError(t, err)
		<-p.Done()
		require.Zero(t, p.ExitCode())
		for _, kind := range []string{"key", "certificate"} {
			content, err := tree.ReadFile("/tmp/" + kind)
			require.NoError(t, err)
			files["/tls/"+name+"."+kind] = string(content)
		}
	}
	init.Signal(kernel.SIGKILL)
	return files
}

// handshake is the certificate that a port shows to who asks for a name.
func (s *site) handshake(t *testing.T, port uint16, config *tls.Config) (string, error) {
	t.Helper()
	ours, theirs := net.Pipe()
	if err := s.Ports.Deliver(t.Context(), port, &named{theirs, net.TCPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0"))}); err != nil {
		return "", err
	}
	conn := tls.Client(ours, config)
	defer func() { _ = ours.Close() }()
	if err := conn.HandshakeContext(t.Context()); err != nil {
		return "", err
	}
	return conn.ConnectionState().PeerCertificates[0].Subject.CommonName, nil
}

// getTLS is the body that an encrypted port answers with.
func (s *site) getTLS(t *testing.T, roots *x509.CertPool, address string) string {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			return ours, s.Ports.Deliver(ctx, 8443, &named{theirs, net.TCPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0"))})
		},
	}}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	require.NoError(t, err)
	response, err := client.Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return string(body)
}

const modSSL = "LoadModule ssl_module modules/mod_ssl.so\nListen 8443 https\n"

func secure(name string) string {
	return "<VirtualHost *:8443>\nServerName " + name + "\nDocumentRoot /srv/" + name + "\n<Directory /srv>\nRequire all granted\n</Directory>\n" +
		"SSLEngine on\nSSLCertificateFile /tls/" + name + ".certificate\nSSLCertificateKeyFile /tls/" + name + ".key\n</VirtualHost>\n"
}

func TestTLS(t *testing.T) {
	t.Parallel()
	files := certificates(t, "a.test", "b.test")
	files["/srv/a.test/index.html"], files["/srv/b.test/index.html"] = "site a", "site b"
	s := start(t, modSSL+"SSLProtocol all -SSLv3 -TLSv1 -TLSv1.1 -TLSv1.2\n"+secure("a.test")+secure("b.test"), files)
	roots := x509.NewCertPool()
	for _, name := range []string{"a.test", "b.test"} {
		block, _ := pem.Decode([]byte(files["/tls/"+name+".certificate"]))
		certificate, err := x509.ParseCertificate(block.Bytes)
		require.NoError(t, err)
		roots.AddCert(certificate)
	}
	require.Eventually(t, func() bool { return s.get(t, "GET", "http://a.test/").status == 200 }, deadline, 20*time.Millisecond)
	for name, want := range map[string]string{"a.test": "a.test", "b.test": "b.test"} {
		shown, err := s.handshake(t, 8443, &tls.Config{ServerName: name, RootCAs: roots, MinVersion: tls.VersionTLS12})
		require.NoError(t, err)
		assert.Equal(t, want, shown)
	}
	shown, err := s.handshake(t, 8443, &tls.Config{ServerName: "c.test", InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}) //nolint:gosec // the certificate is looked at
	require.NoError(t, err)
	assert.Equal(t, "a.test", shown, "who asks for another name gets the first one's")
	_, err = s.handshake(t, 8443, &tls.Config{ServerName: "a.test", RootCAs: roots, MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12})
	require.ErrorContains(t, err, "protocol version")
	assert.Equal(t, 400, s.get(t, "GET", "http://a.test:8443/").status, "plain HTTP on an encrypted port")
	assert.Equal(t, "site b", s.getTLS(t, roots, "https://b.test:8443/"))
}

// What keeps httpd from starting, in mod_ssl's words.
func TestTLSRefusals(t *testing.T) {
	t.Parallel()
	files := certificates(t, "a.test", "b.test")
	files["/tls/empty"] = ""
	for name, test := range map[string]struct{ config, want string }{
		"without the module":     {"Listen 8443\n<VirtualHost *:8443>\nSSLEngine on\n</VirtualHost>\n", "Invalid command 'SSLEngine', perhaps misspelled or defined by a module not included"},
		"no certificate":         {modSSL + "<VirtualHost *:8443>\nServerName a.test\nSSLEngine on\n</VirtualHost>\n", "AH02572: Failed to configure at least one certificate and key for a.test"},
		"a file that is missing": {modSSL + "<VirtualHost *:8443>\nSSLCertificateFile /tls/none\n</VirtualHost>\n", "SSLCertificateFile: file '/tls/none' does not exist or is empty"},
		"a file that is empty":   {modSSL + "<VirtualHost *:8443>\nSSLCertificateFile /tls/empty\n</VirtualHost>\n", "SSLCertificateFile: file '/tls/empty' does not exist or is empty"},
		"another one's key":      {modSSL + strings.Replace(secure("a.test"), "/tls/a.test.key", "/tls/b.test.key", 1), "AH02565: Certificate and private key a.test from /tls/a.test.certificate and /tls/b.test.key do not match"},
		"no protocol is left":    {modSSL + "SSLProtocol -all\n", "AH02231: No SSL protocols available"},
		"an unknown protocol":    {modSSL + "SSLProtocol TLSv9\n", "SSLProtocol: Illegal protocol 'TLSv9'"},
		"a cache without module": {modSSL + "SSLSessionCache shmcb:/tmp/cache(512000)\n", "SSLSessionCache: 'shmcb' session cache not supported"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, test.config, files)
			<-s.process.Done()
			assert.Equal(t, 1, s.process.ExitCode())
			assert.Contains(t, s.stderr.String(), test.want)
		})
	}
}
