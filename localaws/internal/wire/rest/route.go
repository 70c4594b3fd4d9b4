// Package rest is what the services with REST protocols share: a table of
// routes, and strict reading and writing of XML and JSON bodies.
package rest

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// Route is one operation of a REST service.
type Route struct {
	Method string
	// Path is a pattern such as /2013-04-01/hostedzone/{id}/rrset; a trailing
	// slash of a request doesn't count.
	Path string
	// Query names the parameters that the query string may have.
	Query     []string
	Operation string
	// Reads says that the operation changes nothing. What is asked for by GET
	// or HEAD never does.
	Reads  bool
	Handle func(context.Context, *Call) (*Answer, error)
}

// Call is a request and what its path said.
type Call struct {
	*wire.Request
	// Param holds the path's parts by the names in the pattern, unescaped.
	Param map[string]string
}

// Answer is what a handler returns.
type Answer struct {
	Status int // 0 means 200
	Header http.Header
	// Body is a struct for Encode; nil means that there is none.
	Body any
}

// Find returns the route for a request, and the request with its path read.
func Find(routes []Route, r *wire.Request) (*Route, *Call, bool) {
	parts := split(r.Path)
	for i := range routes {
		if routes[i].Method != r.Method {
			continue
		}
		if param, ok := match(split(routes[i].Path), parts); ok {
			return &routes[i], &Call{Request: r, Param: param}, true
		}
	}
	return nil, nil, false
}

// RESTOperation is the route's operation, which call runs.
func (r *Route) RESTOperation(call func(context.Context) (*wire.Response, error)) *wire.RESTOperation {
	return &wire.RESTOperation{Name: r.Operation, Reads: r.Reads || ReadsBy(r.Method), Call: call}
}

// ReadsBy reports whether requests of a method change nothing.
func ReadsBy(method string) bool { return method == http.MethodGet || method == http.MethodHead }

// CheckQuery refuses a parameter in the query string that the route does not
// have; the signature may stand there too.
func (r *Route) CheckQuery(call *Call) error {
	for name := range call.Query {
		if !slices.Contains(r.Query, name) && !strings.HasPrefix(name, "X-Amz-") {
			return wire.Errorf("UnsupportedParameter", "localaws does not know the parameter %s of %s", name, r.Operation)
		}
	}
	return nil
}

func split(path string) []string { return strings.Split(strings.Trim(path, "/"), "/") }

func match(pattern, parts []string) (map[string]string, bool) {
	if len(pattern) != len(parts) {
		return nil, false
	}
	param := map[string]string{}
	for i, want := range pattern {
		if !strings.HasPrefix(want, "{") {
			if want != parts[i] {
				return nil, false
			}
			continue
		}
		value, err := url.PathUnescape(parts[i])
		if err != nil || value == "" {
			return nil, false
		}
		param[strings.Trim(want, "{}")] = value
	}
	return param, true
}

// EncodeXML renders a body; root is the name of its outermost element.
func EncodeXML(namespace, root string, body any) ([]byte, error) {
	var b strings.Builder
	b.WriteString(xml.Header)
	start := xml.StartElement{Name: xml.Name{Local: root}}
	if namespace != "" {
		start.Attr = []xml.Attr{{Name: xml.Name{Local: "xmlns"}, Value: namespace}}
	}
	if err := xml.NewEncoder(&b).EncodeElement(body, start); err != nil {
		return nil, err
	}
	return []byte(b.String()), nil
}

// DecodeJSON reads a body; a member that the struct lacks is an error that
// names it.
func DecodeJSON(body []byte, into any) error {
	if len(body) == 0 {
		return nil
	}
	decoder := json.NewDecoder(strings.NewReader(string(body)))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}
