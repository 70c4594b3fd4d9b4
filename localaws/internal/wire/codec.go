package wire

import (
	"bytes"
	"cmp"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"

	"github.com/aws/smithy-go/encoding/cbor"
)

// codec is one protocol.
type codec interface {
	// parse reads the parameters, and the operation's name into the call.
	parse(r *http.Request, body []byte, c *call) (map[string]any, error)
	encode(c *call, out any) ([]byte, error)
	// header sets what a good answer says of itself.
	header(h http.Header)
	// failure renders a refusal and sets its headers.
	failure(h http.Header, err error, refusal *Error, requestID string) []byte
	// unknown is the refusal for an operation that the service lacks, with
	// the code that this protocol's services use.
	unknown(c *call) *Error
}

func codecFor(p Protocol) codec {
	switch p {
	case JSON10:
		return jsonCodec{version: "1.0"}
	case JSON11:
		return jsonCodec{version: "1.1"}
	case Query:
		return queryCodec{style: queryStyle}
	case EC2Query:
		return queryCodec{style: ec2Style, ec2: true}
	}
	return restCodec{}
}

// codecOf is the codec of a service's own protocol, or of the one that a request
// to a service of several chose.
func codecOf(service *mounted, r *http.Request) codec {
	if service.RPCName != "" && r.Header.Get(targetHeader) != "" {
		return jsonCodec{version: "1.0", query: true}
	}
	if service.RESTJSON {
		return restCodec{json: true}
	}
	return codecFor(service.Protocol)
}

// clientCodec is the codec that a request's client reads, as far as can be told
// before its service is known.
func clientCodec(r *http.Request) codec {
	if r.Header.Get(targetHeader) == "" {
		return restCodec{}
	}
	if strings.HasSuffix(r.Header.Get("Content-Type"), "-1.0") {
		return codecFor(JSON10)
	}
	return codecFor(JSON11)
}

// Headers of requests and answers.
const (
	targetHeader = "X-Amz-Target"
	queryError   = "X-Amzn-Query-Error"
)

func decodeRoot(tree map[string]any, in any) error {
	return decode(tree, reflect.ValueOf(in).Elem(), "")
}

func unknownOperation(code string, c *call) *Error {
	return Errorf(code, "localaws does not know the operation %s of %s", c.operation, c.service.Name)
}

// jsonCodec is AWS JSON 1.0 and 1.1,
// https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html.
type jsonCodec struct {
	version string
	// query says that the service's own protocol is Query, whose codes clients
	// expect in a header,
	// https://smithy.io/2.0/aws/protocols/aws-query-protocol.html#awsquerycompatible.
	query bool
}

func (j jsonCodec) parse(r *http.Request, body []byte, c *call) (map[string]any, error) {
	prefix, operation, found := strings.Cut(r.Header.Get(targetHeader), ".")
	wanted := c.service.TargetPrefix
	if j.query {
		wanted = c.service.RPCName
	}
	if !found || (wanted != "" && prefix != wanted) {
		return nil, Errorf("UnknownOperationException", "the header X-Amz-Target is %q; %s expects %s.<operation>",
			r.Header.Get(targetHeader), c.service.Name, wanted)
	}
	c.operation = operation
	tree := map[string]any{}
	if len(bytes.TrimSpace(body)) == 0 {
		return tree, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if err := decoder.Decode(&tree); err != nil {
		return nil, Errorf("SerializationException", "the request's body is not a JSON object: %v", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, Errorf("SerializationException", "the request's body goes on after the JSON object")
	}
	return tree, nil
}

func (j jsonCodec) encode(c *call, out any) ([]byte, error) {
	return encodeJSON(out, c.service.LowerCamel)
}

func (j jsonCodec) header(h http.Header) {
	h.Set("Content-Type", "application/x-amz-json-"+j.version)
}

func (j jsonCodec) failure(h http.Header, _ error, refusal *Error, _ string) []byte {
	j.header(h)
	code := refusal.Code
	if j.query {
		h.Set(queryError, refusal.Code+";Sender")
		code = cmp.Or(refusal.Shape, code)
	}
	// Some services say "message", some "Message"; clients read either.
	body, err := json.Marshal(map[string]string{"__type": code, "message": refusal.Message})
	if err != nil {
		return []byte(`{"__type":"InternalFailure"}`)
	}
	return body
}

func (j jsonCodec) unknown(c *call) *Error { return unknownOperation("UnknownOperationException", c) }

// queryCodec is AWS Query and EC2 Query,
// https://smithy.io/2.0/aws/protocols/aws-query-protocol.html.
type queryCodec struct {
	style xmlStyle
	ec2   bool
}

func (q queryCodec) parse(r *http.Request, body []byte, c *call) (map[string]any, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, Errorf("MalformedQueryString", "the request's body is not a form: %v", err)
	}
	if r.Method == http.MethodGet {
		form = r.URL.Query()
	}
	c.operation = form.Get("Action")
	if c.operation == "" {
		return nil, Errorf("MissingAction", "the request names no Action")
	}
	return formTree(form)
}

func (q queryCodec) encode(c *call, out any) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(xml.Header)
	b.WriteString("<" + c.operation + `Response xmlns="` + c.service.Namespace + `">`)
	if q.ec2 {
		b.WriteString("<requestId>" + c.requestID + "</requestId>")
		encodeXML(&b, out, q.style)
	} else {
		b.WriteString("<" + c.operation + "Result>")
		encodeXML(&b, out, q.style)
		b.WriteString("</" + c.operation + "Result>")
		b.WriteString("<ResponseMetadata><RequestId>" + c.requestID + "</RequestId></ResponseMetadata>")
	}
	b.WriteString("</" + c.operation + "Response>")
	return b.Bytes(), nil
}

func (q queryCodec) header(h http.Header) { h.Set("Content-Type", "text/xml") }

func (q queryCodec) failure(h http.Header, _ error, refusal *Error, requestID string) []byte {
	q.header(h)
	var b bytes.Buffer
	b.WriteString(xml.Header)
	detail := "<Code>" + escape(refusal.Code) + "</Code><Message>" + escape(refusal.Message) + "</Message>"
	if q.ec2 {
		b.WriteString("<Response><Errors><Error>" + detail + "</Error></Errors><RequestID>" + requestID + "</RequestID></Response>")
	} else {
		b.WriteString("<ErrorResponse><Error><Type>Sender</Type>" + detail + "</Error><RequestId>" + requestID + "</RequestId></ErrorResponse>")
	}
	return b.Bytes()
}

func (q queryCodec) unknown(c *call) *Error {
	refusal := unknownOperation("InvalidAction", c)
	// The provider goes on without an operation when it reads these words.
	refusal.Message += ": the action is not valid for this web service"
	return refusal
}

func escape(text string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(text)) // a bytes.Buffer never fails
	return b.String()
}

// cborCodec is Smithy RPC v2 CBOR,
// https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html.
type cborCodec struct{}

func (cborCodec) parse(_ *http.Request, body []byte, _ *call) (map[string]any, error) {
	if len(body) == 0 {
		return map[string]any{}, nil
	}
	value, err := cbor.Decode(body)
	if err != nil {
		return nil, Errorf("SerializationException", "the request's body is not CBOR: %v", err)
	}
	tree, ok := cborTree(value).(map[string]any)
	if !ok {
		return nil, Errorf("SerializationException", "the request's body is not a CBOR map")
	}
	return tree, nil
}

func cborTree(value cbor.Value) any {
	switch v := value.(type) {
	case cbor.Map:
		tree := map[string]any{}
		for key, member := range v {
			tree[key] = cborTree(member)
		}
		return tree
	case cbor.List:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = cborTree(item)
		}
		return list
	case *cbor.Tag:
		return cborTree(v.Value)
	case cbor.String:
		return string(v)
	case cbor.Slice:
		return []byte(v)
	case cbor.Bool:
		return bool(v)
	case cbor.Float64:
		return float64(v)
	case cbor.Float32:
		return float64(v)
	case cbor.Uint:
		return int64(v) //nolint:gosec // no member of AWS's APIs needs the last bit
	case cbor.NegInt:
		return -int64(v) //nolint:gosec // as above
	}
	return nil
}

func (cborCodec) encode(_ *call, out any) ([]byte, error) { return encodeCBOR(out), nil }

func (cborCodec) header(h http.Header) {
	h.Set("Content-Type", "application/cbor")
	h.Set("Smithy-Protocol", "rpc-v2-cbor")
}

func (c cborCodec) failure(h http.Header, _ error, refusal *Error, _ string) []byte {
	c.header(h)
	h.Set(queryError, refusal.Code+";Sender")
	return cbor.Encode(cbor.Map{"__type": cbor.String(cmp.Or(refusal.Shape, refusal.Code)), "message": cbor.String(refusal.Message)})
}

func (cborCodec) unknown(c *call) *Error { return unknownOperation("UnknownOperationException", c) }

// restCodec renders the refusals of REST services; their answers they make
// themselves.
type restCodec struct {
	queryCodec
	json bool
}

func (q restCodec) failure(h http.Header, err error, refusal *Error, requestID string) []byte {
	rendered, ok := asRESTError(err)
	if !ok && q.json {
		body := jsonCodec{}.failure(h, err, refusal, requestID)
		h.Set("Content-Type", "application/json")
		return body
	}
	if !ok {
		return q.queryCodec.failure(h, err, refusal, requestID)
	}
	h.Set("Content-Type", "application/xml")
	for name, values := range rendered.Header {
		h[name] = values
	}
	return rendered.Body
}
