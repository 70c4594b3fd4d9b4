package httpd

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/kernel"
)

// logs writes the access logs and the error log.
type logs struct {
	now   func() time.Time
	level string
	pid   int

	mu     sync.Mutex
	errors io.Writer
	files  map[string]io.Writer // access logs by file name
	opened []io.Closer
}

// openLogs opens every log that the configuration names.
func openLogs(p *kernel.Process, config *Config) (*logs, error) {
	l := &logs{now: p.Kernel.Clock.Now, level: config.LogLevel, pid: p.PID, errors: p.Stderr, files: map[string]io.Writer{}}
	open := func(name string) (io.Writer, error) {
		full := config.rooted(name)
		if l.files[full] != nil {
			return l.files[full], nil
		}
		file, err := p.Open(full, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
		if err != nil {
			return nil, fmt.Errorf("(2)%s: AH00091: httpd: could not open error log file %s.\nAH00015: Unable to open logs", kernel.Reason(err), full)
		}
		l.files[full] = file
		l.opened = append(l.opened, file)
		return file, nil
	}
	if config.Main.ErrorLog != "" {
		file, err := open(config.Main.ErrorLog)
		if err != nil {
			return nil, err
		}
		l.errors = file
	}
	for _, host := range append([]*Host{config.Main}, config.Hosts...) {
		for _, log := range host.Logs {
			if _, err := open(log.file); err != nil {
				return nil, err
			}
		}
	}
	return l, nil
}

func (l *logs) close() {
	for _, file := range l.opened {
		_ = file.Close()
	}
}

// error writes a line to the error log if LogLevel lets it.
func (l *logs) error(module, level, text string) {
	if slices.Index(logLevels, level) > slices.Index(logLevels, l.level) && level != "notice" {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = fmt.Fprintf(l.errors, "[%s] [%s:%s] [pid %d:tid %d] %s\n",
		l.now().UTC().Format("Mon Jan 02 15:04:05.000000 2006"), module, level, l.pid, l.pid, text)
}

func (l *logs) access(e *exchange, started time.Time) {
	if e.w.status == 0 {
		e.w.status = http.StatusOK
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, log := range e.host.Logs {
		if w := l.files[e.config.rooted(log.file)]; w != nil {
			_, _ = io.WriteString(w, formatAccess(log.format, e, started, l.now())+"\n")
		}
	}
}

// formatAccess is mod_log_config's format,
// https://httpd.apache.org/docs/2.4/mod/mod_log_config.html#formats
func formatAccess(format string, e *exchange, started, ended time.Time) string {
	var out strings.Builder
	format = strings.ReplaceAll(format, `\"`, `"`)
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			out.WriteByte(format[i])
			continue
		}
		i++
		argument := ""
		for i < len(format) && strings.IndexByte("<>!,0123456789{", format[i]) >= 0 {
			if format[i] == '{' {
				end := strings.IndexByte(format[i:], '}')
				if end < 0 {
					return out.String()
				}
				argument = format[i+1 : i+end]
				i += end
			}
			i++
		}
		if i < len(format) {
			out.WriteString(accessField(format[i], argument, e, started, ended))
		}
	}
	return out.String()
}

func accessField(letter byte, argument string, e *exchange, started, ended time.Time) string {
	r := e.request
	switch letter {
	case '%':
		return "%"
	case 'h', 'a':
		return e.client.String()
	case 't':
		return started.UTC().Format("[02/Jan/2006:15:04:05 +0000]")
	case 'r':
		return r.Method + " " + r.RequestURI + " " + r.Proto
	case 's':
		return strconv.Itoa(e.w.status)
	case 'b':
		if e.w.size == 0 {
			return "-"
		}
		return strconv.FormatInt(e.w.size, 10)
	case 'B', 'O':
		return strconv.FormatInt(e.w.size, 10)
	case 'D':
		return strconv.FormatInt(ended.Sub(started).Microseconds(), 10)
	case 'T':
		return strconv.Itoa(int(ended.Sub(started).Seconds()))
	case 'i':
		return cmp.Or(r.Header.Get(argument), "-")
	case 'o':
		return cmp.Or(e.w.Header().Get(argument), "-")
	case 'v', 'V':
		return cmp.Or(e.host.ServerName, r.Host)
	case 'p':
		return strconv.Itoa(int(e.port))
	case 'U':
		return r.URL.Path
	case 'q':
		if r.URL.RawQuery == "" {
			return ""
		}
		return "?" + r.URL.RawQuery
	case 'm':
		return r.Method
	case 'H':
		return r.Proto
	case 'f':
		name, _ := e.mapped(r.URL.Path)
		return name
	}
	return "-"
}
