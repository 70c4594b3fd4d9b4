package tools

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path"
	"strings"
	"syscall"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/kernel"
)

// fetching is what curl and wget have in common.
type fetching struct {
	client  *http.Client
	method  string
	url     string
	body    string
	headers []string
}

func newFetching(p *kernel.Process, url string) *fetching {
	if !strings.Contains(url, "://") {
		url = "http://" + url
	}
	return &fetching{
		url: url, method: http.MethodGet,
		client: &http.Client{
			Transport:     &http.Transport{DialContext: p.Kernel.DialAddress, DisableKeepAlives: true},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// follow makes it go where redirections lead to.
func (f *fetching) follow() { f.client.CheckRedirect = nil }

func (f *fetching) do(ctx context.Context) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, f.method, f.url, strings.NewReader(f.body))
	if err != nil {
		return nil, fmt.Errorf("malformed URL %q: %w", f.url, err)
	}
	for _, header := range f.headers {
		name, value, _ := strings.Cut(header, ":")
		if value = strings.TrimSpace(value); strings.EqualFold(name, "Host") {
			request.Host = value
		} else {
			request.Header.Set(name, value)
		}
	}
	return f.client.Do(request)
}

// Exit codes of curl, https://curl.se/docs/manpage.html#EXIT.
const (
	curlUsage       = 2
	curlMalformed   = 3
	curlUnresolved  = 6
	curlRefused     = 7
	curlHTTPError   = 22
	curlWriteFailed = 23
	curlTimeout     = 28
	curlEmptyAnswer = 52
)

// curl knows -f -s -S -L -k -i -I -o -O -w -X -H -d -m --connect-timeout and
// their long forms.
func curl(ctx context.Context, p *kernel.Process) int {
	args, ok := shortened(p, map[string]string{
		"--fail": "-f", "--silent": "-s", "--show-error": "-S", "--location": "-L", "--insecure": "-k", "--include": "-i",
		"--head": "-I", "--output": "-o", "--write-out": "-w", "--request": "-X", "--header": "-H", "--data": "-d",
		"--max-time": "-m", "--connect-timeout": "-m", "--user-agent": "-A", "--noproxy": "-x",
	})
	p.Args = append(p.Args[:1:1], args...)
	flags, urls, known := options(p, "fsSLkiIOgo:w:X:H:d:m:A:x:")
	if !ok || !known {
		return curlUsage
	}
	if len(urls) == 0 {
		p.Errorf("curl: no URL specified")
		return curlUsage
	}
	code := 0
	for _, url := range urls {
		f := newFetching(p, url)
		f.headers = append([]string{"User-Agent: curl/8.5.0"}, headersOf(flags)...)
		if failed := curlOne(ctx, p, f, flags); failed != 0 {
			code = failed
		}
	}
	return code
}

// shortened replaces long options by short ones.
func shortened(p *kernel.Process, names map[string]string) (args []string, ok bool) {
	for _, arg := range p.Args[1:] {
		name, value, hasValue := strings.Cut(arg, "=")
		if short := names[name]; short != "" {
			args = append(args, short)
			if hasValue {
				args = append(args, value)
			}
			continue
		}
		if strings.HasPrefix(arg, "--") {
			return nil, badOption(p, "option "+arg+": is unknown", "")
		}
		args = append(args, arg)
	}
	return args, true
}

// headersOf are the values of all -H.
func headersOf(flags map[byte]string) []string {
	if !has(flags, 'H') {
		return nil
	}
	return strings.Split(flags['H'], "\n")
}

func curlOne(ctx context.Context, p *kernel.Process, f *fetching, flags map[byte]string) int {
	if has(flags, 'd') {
		f.method, f.body = http.MethodPost, flags['d']
		f.headers = append([]string{"Content-Type: application/x-www-form-urlencoded"}, f.headers...)
	}
	if has(flags, 'I') {
		f.method = http.MethodHead
	}
	if has(flags, 'X') {
		f.method = flags['X']
	}
	if has(flags, 'L') {
		f.follow()
	}
	complain := func(code int, format string, values ...any) int {
		if !has(flags, 's') || has(flags, 'S') {
			p.Errorf("curl: (%d) %s", code, fmt.Sprintf(format, values...))
		}
		return code
	}
	ctx, cancel, ok := limited(ctx, p, flags['m'])
	defer cancel()
	if !ok {
		return complain(curlUsage, "option -m: expected a proper numerical parameter")
	}
	response, err := f.do(ctx)
	if err != nil {
		code, text := curlFailure(err, f.url)
		return complain(code, "%s", text)
	}
	defer func() { _ = response.Body.Close() }()
	if has(flags, 'f') && response.StatusCode >= http.StatusBadRequest {
		return complain(curlHTTPError, "The requested URL returned error: %d", response.StatusCode)
	}
	if err := curlOutput(p, f, response, flags); err != nil {
		return complain(curlWriteFailed, "Failure writing output to destination: %s", kernel.Reason(err))
	}
	if has(flags, 'w') {
		text, _ := unescape(strings.NewReplacer("%{http_code}", fmt.Sprint(response.StatusCode),
			"%{response_code}", fmt.Sprint(response.StatusCode), "%{content_type}", response.Header.Get("Content-Type")).Replace(flags['w']))
		_ = write(p, text) // nobody reads it: nothing to say to anyone
	}
	return 0
}

// limited bounds a request by seconds of real time, as the work is real.
func limited(ctx context.Context, _ *kernel.Process, seconds string) (context.Context, context.CancelFunc, bool) {
	if seconds == "" {
		ctx, cancel := context.WithCancel(ctx)
		return ctx, cancel, true
	}
	d, err := time.ParseDuration(seconds + "s")
	ctx, cancel := context.WithTimeout(ctx, d)
	return ctx, cancel, err == nil && d > 0
}

func curlFailure(err error, url string) (int, string) {
	var network net.Error
	switch {
	case errors.As(err, &network) && network.Timeout():
		return curlTimeout, "Operation timed out"
	case errors.Is(err, syscall.ECONNREFUSED):
		return curlRefused, "Failed to connect to " + hostOf(url) + ": Couldn't connect to server"
	case errors.Is(err, io.EOF):
		return curlEmptyAnswer, "Empty reply from server"
	case strings.Contains(err.Error(), "no such host"):
		return curlUnresolved, "Could not resolve host: " + hostOf(url)
	case strings.Contains(err.Error(), "malformed") || strings.Contains(err.Error(), "unsupported protocol"):
		return curlMalformed, "URL rejected: " + err.Error()
	}
	return curlRefused, "Failed to connect to " + hostOf(url) + ": " + err.Error()
}

func hostOf(url string) string {
	_, rest, _ := strings.Cut(url, "://")
	host, _, _ := strings.Cut(rest, "/")
	return host
}

func curlOutput(p *kernel.Process, f *fetching, response *http.Response, flags map[byte]string) error {
	w := p.Stdout
	name := flags['o']
	if has(flags, 'O') {
		name = path.Base(f.url)
	}
	if name != "" && name != "-" {
		file, err := p.Open(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
		if err != nil {
			return err
		}
		defer func() { _ = file.Close() }()
		w = file
	}
	if has(flags, 'i') || has(flags, 'I') {
		if _, err := fmt.Fprintf(w, "%s %s\r\n", response.Proto, response.Status); err != nil {
			return err
		}
		if err := response.Header.Write(w); err != nil {
			return err
		}
		if _, err := io.WriteString(w, "\r\n"); err != nil {
			return err
		}
	}
	_, err := io.Copy(w, response.Body)
	return err
}

// wget is busybox's: -q -O FILE -S -T SECONDS --spider --header.
func wget(ctx context.Context, p *kernel.Process) int {
	args, ok := shortened(p, map[string]string{
		"--quiet": "-q", "--output-document": "-O", "--spider": "-s", "--timeout": "-T", "--tries": "-t",
		"--no-verbose": "-q", "--header": "-H", "--no-check-certificate": "-k",
	})
	p.Args = append(p.Args[:1:1], args...)
	flags, urls, known := options(p, "qO:sST:t:H:kc")
	if !ok || !known || len(urls) != 1 {
		p.Errorf("wget: usage: wget [-q] [-O FILE] [--spider] [-T SEC] URL")
		return 1
	}
	f := newFetching(p, urls[0])
	f.headers = append([]string{"User-Agent: Wget"}, headersOf(flags)...)
	f.follow()
	ctx, cancel, ok := limited(ctx, p, flags['T'])
	defer cancel()
	if !ok {
		p.Errorf("wget: invalid number '%s'", flags['T'])
		return 1
	}
	response, err := f.do(ctx)
	if err != nil {
		p.Errorf("wget: can't connect to remote host (%s): %s", hostOf(f.url), kernel.Reason(err))
		return 1
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode >= http.StatusBadRequest {
		p.Errorf("wget: server returned error: %s %s", response.Proto, response.Status)
		return 1
	}
	if has(flags, 's') {
		return 0
	}
	target := map[byte]string{'o': flags['O']}
	if flags['O'] == "" {
		target['o'] = path.Base(f.url)
		if strings.HasSuffix(f.url, "/") || !strings.Contains(strings.TrimPrefix(f.url, "http://"), "/") {
			target['o'] = "index.html"
		}
	}
	if err := curlOutput(p, f, response, target); err != nil {
		return fail(p, target['o'], err)
	}
	return 0
}
