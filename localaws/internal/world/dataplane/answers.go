package dataplane

import (
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
)

// serverName is what the load balancer calls itself in its own answers.
const serverName = "awselb/2.0"

// Statuses that only load balancers have, see
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html.
const (
	statusClientLeft   = 460
	statusIncompatible = 464
)

var statusNames = map[int]string{statusIncompatible: "Incompatible protocol versions"}

// refuse gives the load balancer's own answer to what went wrong.
func (x *exchange) refuse(w http.ResponseWriter, status int, reason string) {
	x.mu.Lock()
	x.reason = reason
	x.mu.Unlock()
	x.page(w, status)
}

// page is an answer with no more than its status.
func (x *exchange) page(w http.ResponseWriter, status int) {
	name := http.StatusText(status)
	if name == "" {
		name = statusNames[status]
	}
	if status == http.StatusServiceUnavailable {
		name = "Service Temporarily Unavailable"
	}
	title := fmt.Sprintf("%d %s", status, name)
	body := "<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n<center><h1>" + title +
		"</h1></center>\r\n</body>\r\n</html>\r\n"
	x.answer(w, status, "text/html", body)
}

func (x *exchange) answer(w http.ResponseWriter, status int, contentType, body string) {
	h := w.Header()
	h.Set("Server", serverName)
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	x.listenerHeaders(h)
	w.WriteHeader(status)
	if x.request.Method != http.MethodHead {
		_, _ = w.Write([]byte(body)) // the client may be gone
	}
}

func (x *exchange) fixedResponse(w http.ResponseWriter) {
	config := x.rule.action.FixedResponseConfig
	status, err := strconv.Atoi(config.StatusCode)
	if err != nil {
		status = http.StatusInternalServerError // can't be: elbv2 has checked it
	}
	contentType := config.ContentType
	if contentType == "" {
		contentType = "text/plain"
	}
	x.answer(w, status, contentType+"; charset=utf-8", config.MessageBody)
}

func (x *exchange) redirect(w http.ResponseWriter) {
	target := x.redirectTarget()
	x.mu.Lock()
	x.redirectURL = target
	x.mu.Unlock()
	w.Header().Set("Location", target)
	status := http.StatusFound
	if x.rule.action.RedirectConfig.StatusCode == "HTTP_301" {
		status = http.StatusMovedPermanently
	}
	x.page(w, status)
}

// redirectTarget puts the request's parts into the places that the action
// names.
func (x *exchange) redirectTarget() string {
	r, config := x.request, x.rule.action.RedirectConfig
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	protocol := strings.ToLower(x.site.listener.Protocol)
	parts := strings.NewReplacer(
		"#{protocol}", protocol, "#{host}", host, "#{port}", strconv.Itoa(int(x.site.listener.Port)),
		"#{path}", strings.TrimPrefix(r.URL.EscapedPath(), "/"), "#{query}", r.URL.RawQuery,
	)
	target := strings.ToLower(parts.Replace(config.Protocol)) + "://" + parts.Replace(config.Host) + ":" +
		parts.Replace(config.Port) + parts.Replace(config.Path)
	if config.Query != nil {
		if query := parts.Replace(*config.Query); query != "" {
			target += "?" + query
		}
	}
	return target
}

// responseHeaders are those that a listener's attributes may set.
var responseHeaders = map[string]string{
	"strict_transport_security":        "Strict-Transport-Security",
	"access_control_allow_origin":      "Access-Control-Allow-Origin",
	"access_control_allow_methods":     "Access-Control-Allow-Methods",
	"access_control_allow_headers":     "Access-Control-Allow-Headers",
	"access_control_allow_credentials": "Access-Control-Allow-Credentials",
	"access_control_expose_headers":    "Access-Control-Expose-Headers",
	"access_control_max_age":           "Access-Control-Max-Age",
	"content_security_policy":          "Content-Security-Policy",
	"x_content_type_options":           "X-Content-Type-Options",
	"x_frame_options":                  "X-Frame-Options",
}

// listenerHeaders sets and removes what the listener's attributes say.
func (x *exchange) listenerHeaders(h http.Header) {
	for key, name := range responseHeaders {
		if value := x.site.listener.Attribute("routing.http.response." + key + ".header_value"); value != "" {
			h.Set(name, value)
		}
	}
	if !on(x.site.listener.Attribute("routing.http.response.server.enabled")) {
		h.Del("Server")
	}
}
