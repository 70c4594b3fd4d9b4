package tools

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/kernel"
)

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

// curl knows -f -s -S -L -k -o -w -X -H and their long forms.
func curl(ctx context.Context, p *kernel.Process) int {
	args, ok := shortened(p, map[string]string{
		"--fail": "-f", "--silent": "-s", "--show-error": "-S", "--location": "-L", "--insecure": "-k",
		"--output": "-o", "--write-out": "-w", "--request": "-X", "--header": "-H",
	})
	p.Args = append(p.Args[:1:1], args...)
	flags, urls, known := options(p, "fsSLko:w:X:H:")
	if !ok || !known {
		return curlUsage
	}
	if len(urls) == 0 {
		p.Errorf("curl: no URL specified")
		return curlUsage
	}
	code := 0
	for _, url := range urls {
		if failed, text := curlOne(ctx, p, url, flags); failed != 0 {
			code = failed
			if !has(flags, 's') || has(flags, 'S') {
				p.Errorf("curl: (%d) %s", code, text)
			}
		}
	}
	return code
}

// shortened replaces long options by short ones.
func shortened(p *kernel.Process, names map[string]string) (args []string, ok bool) {
	for _, arg := range p.Args[1:] {
		if short := names[arg]; short != "" {
			arg = short
		}
		if strings.HasPrefix(arg, "--") {
			return nil, badOption(p, "option "+arg+": is unknown", "")
		}
		args = append(args, arg)
	}
	return args, true
}

// curlOne fetches a URL, and returns curl's exit code with what it says of it.
func curlOne(ctx context.Context, p *kernel.Process, url string, flags map[byte]string) (code int, problem string) {
	request, err := curlRequest(ctx, url, flags)
	if err != nil {
		return curlMalformed, "URL rejected: " + err.Error()
	}
	client := &http.Client{Transport: &http.Transport{DialContext: p.Kernel.DialAddress, DisableKeepAlives: true}}
	if !has(flags, 'L') {
		client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	response, err := client.Do(request)
	if err != nil {
		return curlFailure(err, request.URL.String())
	}
	defer func() { _ = response.Body.Close() }()
	if has(flags, 'f') && response.StatusCode >= http.StatusBadRequest {
		return curlHTTPError, fmt.Sprintf("The requested URL returned error: %d", response.StatusCode)
	}
	if err := curlOutput(p, response, flags['o']); err != nil {
		return curlWriteFailed, "Failure writing output to destination: " + kernel.Reason(err)
	}
	if has(flags, 'w') {
		status := fmt.Sprint(response.StatusCode)
		text, _ := unescape(strings.NewReplacer("%{http_code}", status, "%{response_code}", status).Replace(flags['w']))
		_ = write(p, text) // without a reader there is no one to tell
	}
	return 0, ""
}

func curlRequest(ctx context.Context, url string, flags map[byte]string) (*http.Request, error) {
	if !strings.Contains(url, "://") {
		url = "http://" + url
	}
	method := http.MethodGet
	if has(flags, 'X') {
		method = flags['X']
	}
	request, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		return nil, fmt.Errorf("malformed URL %q: %w", url, err)
	}
	request.Header.Set("User-Agent", "curl/8.5.0")
	for header := range strings.SplitSeq(flags['H'], "\n") {
		name, value, _ := strings.Cut(header, ":")
		switch value = strings.TrimSpace(value); {
		case strings.EqualFold(name, "Host"):
			request.Host = value
		case name != "":
			request.Header.Set(name, value)
		}
	}
	return request, nil
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
	case strings.Contains(err.Error(), "unsupported protocol"):
		return curlMalformed, "URL rejected: " + err.Error()
	}
	return curlRefused, "Failed to connect to " + hostOf(url) + ": " + err.Error()
}

func hostOf(url string) string {
	_, rest, _ := strings.Cut(url, "://")
	host, _, _ := strings.Cut(rest, "/")
	return host
}

func curlOutput(p *kernel.Process, response *http.Response, name string) error {
	w := p.Stdout
	if name != "" && name != "-" {
		file, err := p.Open(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
		if err != nil {
			return err
		}
		defer func() { _ = file.Close() }()
		w = file
	}
	_, err := io.Copy(w, response.Body)
	return err
}
