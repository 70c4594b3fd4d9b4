package httpd

import (
	"fmt"
	"html"
	"net/http"
	"strings"
)

// explanations are the sentences of the built-in error pages.
var explanations = map[int]string{
	http.StatusForbidden:           "You don't have permission to access this resource.",
	http.StatusNotFound:            "The requested URL was not found on this server.",
	http.StatusMethodNotAllowed:    "The requested method is not allowed for this URL.",
	http.StatusGone:                "The requested resource is no longer available on this server and there is no forwarding address.",
	http.StatusServiceUnavailable:  "The server is temporarily unable to service your request.",
	http.StatusInternalServerError: "The server encountered an internal error or misconfiguration and was unable to complete your request.",
}

// fail answers with an error: the ErrorDocument if there is one, which is a
// text, a path on this server or a URL to go to, else httpd's own page.
func (e *exchange) fail(status int) {
	document, ok := e.host.ErrorPages[status]
	switch {
	case !ok || e.inError || strings.EqualFold(document, "default"):
	case strings.HasPrefix(document, "http://") || strings.HasPrefix(document, "https://"):
		e.moved(http.StatusFound, document)
		return
	case strings.HasPrefix(document, "/"):
		e.inError, e.w.pending = true, status
		e.file(document)
		return
	default:
		e.w.Header().Set("Content-Type", "text/html; charset=iso-8859-1")
		e.w.WriteHeader(status)
		e.body(strings.TrimPrefix(document, `"`))
		return
	}
	if e.inError {
		status = e.w.pending
	}
	e.page(status, "<p>"+explanations[status]+"</p>")
}

func (w *recorder) pendingStatus() int {
	if w.pending != 0 {
		return w.pending
	}
	return http.StatusOK
}

func (e *exchange) page(status int, text string) {
	title := fmt.Sprintf("%d %s", status, http.StatusText(status))
	heading := http.StatusText(status)
	body := fmt.Sprintf("<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\n<html><head>\n<title>%s</title>\n</head><body>\n<h1>%s</h1>\n%s\n", title, heading, text)
	if e.host.Signature {
		body += fmt.Sprintf("<hr>\n<address>%s Server at %s Port %d</address>\n", e.host.serverHeader(), html.EscapeString(e.request.Host), e.port)
	}
	body += "</body></html>\n"
	e.w.Header().Set("Content-Type", "text/html; charset=iso-8859-1")
	e.w.WriteHeader(status)
	e.body(body)
}
