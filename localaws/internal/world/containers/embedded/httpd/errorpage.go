package httpd

import (
	"fmt"
	"html"
	"net/http"
)

// explanations are the sentences of the built-in error pages.
var explanations = map[int]string{
	http.StatusForbidden:           "You don't have permission to access this resource.",
	http.StatusNotFound:            "The requested URL was not found on this server.",
	http.StatusMethodNotAllowed:    "The requested method is not allowed for this URL.",
	http.StatusInternalServerError: "The server encountered an internal error or misconfiguration and was unable to complete your request.",
}

// fail answers with httpd's own page of an error.
func (e *exchange) fail(status int) { e.page(status, "<p>"+explanations[status]+"</p>") }

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
