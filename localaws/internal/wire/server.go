package wire

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"sync"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
)

// maxBody bounds a request's body, unless the operation streams it.
const maxBody = 64 << 20

// maxUnknown bounds how many different unknown operations are kept: their names
// are the client's.
const maxUnknown = 1000

// Server is the HTTP handler of all services.
type Server struct {
	account  Account
	region   string
	log      *slog.Logger
	services map[string]*mounted
	cbor     map[string]*mounted

	mu      sync.Mutex
	unknown map[string]int
	fault   Fault
}

// mounted is a service with its operations by name.
type mounted struct {
	Service
	operations map[string]Operation
}

// Fault is asked before every call; what it returns, when not nil, is answered
// instead. Tests inject throttling and the like with it.
type Fault func(service, operation string) *Error

// Account is what all calls run in.
type Account interface {
	// View runs f, which only reads, under the lock that guards the state of
	// all services.
	View(f func())
	// Update runs f under that lock. When f fails, nothing of what it did
	// stays. Otherwise it returns when what f changed can't be lost, as a
	// client is told only that.
	Update(ctx context.Context, f func() error) error
}

// NewServer returns a handler without services. Requests without a signature
// count as signed for region.
func NewServer(a Account, region string, log *slog.Logger) *Server {
	return &Server{
		account:  a,
		region:   region,
		log:      log,
		services: map[string]*mounted{},
		cbor:     map[string]*mounted{},
		unknown:  map[string]int{},
	}
}

// Register mounts a service.
func (s *Server) Register(service Service) {
	m := &mounted{Service: service, operations: map[string]Operation{}}
	for _, op := range service.Operations {
		m.operations[op.Name] = op
	}
	s.services[service.Name] = m
	if service.RPCName != "" {
		s.cbor[service.RPCName] = m
	}
}

// Unknown counts the operations that were asked for and that no service has,
// by "service:operation".
func (s *Server) Unknown() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.unknown)
}

// InjectFault installs a fault, or with nil removes it.
func (s *Server) InjectFault(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

// call is one request on its way.
type call struct {
	service   *mounted
	operation string
	codec     codec
	requestID string
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{codec: clientCodec(r), requestID: ids.UUID()}
	w.Header().Set("X-Amzn-Requestid", c.requestID)
	answer, err := s.serve(w, r, c)
	name := c.name()
	if err != nil {
		refusal := asError(err)
		w.Header().Set("X-Amzn-Errortype", refusal.Code)
		answer = &Response{Status: refusal.status(), Body: c.codec.failure(w.Header(), err, refusal, c.requestID)}
		s.log.LogAttrs(r.Context(), slog.LevelInfo, "refused", slog.String("call", name),
			slog.Int("status", answer.Status), slog.String("code", refusal.Code), slog.String("message", refusal.Message))
	} else {
		s.log.LogAttrs(r.Context(), slog.LevelDebug, "answered", slog.String("call", name))
	}
	answer.write(w, r.Method)
}

// write sends the status and the body. A client that is gone can't be told of an
// error; one that is there misses bytes.
func (r *Response) write(w http.ResponseWriter, method string) {
	body := io.NopCloser(bytes.NewReader(r.Body))
	if r.Stream != nil {
		body = r.Stream
	}
	defer func() { _ = body.Close() }() // it was only read
	w.WriteHeader(r.Status)
	if method != http.MethodHead {
		_, _ = io.Copy(w, body)
	}
}

func (c *call) name() string {
	if c.service == nil {
		return "?"
	}
	return c.service.Name + ":" + c.operation
}

// serve finds, decodes, calls and encodes.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, c *call) (answer *Response, err error) {
	defer recoverInto(&err, s.log, c)
	signer, err := s.find(w, r, c)
	if err != nil {
		return nil, err
	}
	ctx := context.WithValue(r.Context(), signerKey, signer)
	if c.service.Protocol == REST && c.operation == "" {
		return s.serveREST(ctx, w, r, c)
	}
	body, err := readBody(w, r)
	if err != nil {
		return nil, err
	}
	if body, err = decompress(r, body); err != nil {
		return nil, err
	}
	tree, err := c.codec.parse(r, body, c)
	if err != nil {
		return nil, err
	}
	op, known := c.service.operations[c.operation]
	if !known {
		s.countUnknown(c.name())
		return nil, c.codec.unknown(c)
	}
	encoded, err := s.invoke(ctx, c, op, tree)
	if err != nil {
		return nil, err
	}
	c.codec.header(w.Header())
	return &Response{Status: http.StatusOK, Body: encoded}, nil
}

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return nil, Errorf("RequestEntityTooLarge", "reading the request's body: %v", err)
	}
	return body, nil
}

// decompress undoes the compression that SDKs apply to long bodies, such as
// PutMetricData's.
func decompress(r *http.Request, body []byte) ([]byte, error) {
	if r.Header.Get("Content-Encoding") != "gzip" {
		return body, nil
	}
	reader, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, Errorf("SerializationException", "the request's body is not gzip: %v", err)
	}
	plain, err := io.ReadAll(io.LimitReader(reader, maxBody+1))
	if err != nil {
		return nil, Errorf("SerializationException", "the request's body is not gzip: %v", err)
	}
	if len(plain) > maxBody {
		return nil, Errorf("RequestEntityTooLarge", "the request's body has more than %d bytes", maxBody)
	}
	return plain, nil
}

// invoke runs the operation under the account's lock, and encodes its answer
// there, as it may share memory with the service's state.
func (s *Server) invoke(ctx context.Context, c *call, op Operation, tree map[string]any) (answer []byte, err error) {
	if refusal := s.injected(c); refusal != nil {
		return nil, refusal
	}
	in := op.make()
	rehearsal, err := takeDryRun(c, tree)
	if err != nil {
		return nil, err
	}
	if err := decodeRoot(tree, in); err != nil {
		return nil, err
	}
	if c.service.Check != nil {
		if err := c.service.Check(c.operation, tree); err != nil {
			return nil, err
		}
	}
	err = s.run(ctx, c, op.reads, func() error {
		out, err := op.call(ctx, in)
		switch {
		case err != nil:
			return err
		case rehearsal:
			return errDryRun // so that nothing of it stays
		}
		answer, err = c.codec.encode(c, out)
		return err
	})
	return answer, err
}

// errDryRun is EC2's answer to a request that would have succeeded,
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/CommonParameters.html.
var errDryRun = &Error{
	Code: "DryRunOperation", Status: http.StatusPreconditionFailed, Message: "Request would have succeeded, but DryRun flag is set.",
}

// takeDryRun reports whether a request is only to be tried, as all of EC2's can
// be, and takes the parameter out of it.
func takeDryRun(c *call, tree map[string]any) (rehearsal bool, err error) {
	given, ok := tree["DryRun"]
	if !ok || c.service.Protocol != EC2Query {
		return false, nil
	}
	delete(tree, "DryRun")
	err = decode(given, reflect.ValueOf(&rehearsal).Elem(), "DryRun")
	return rehearsal, err
}

// run runs a call under the account's lock. One that panics fails.
func (s *Server) run(ctx context.Context, c *call, reads bool, f func() error) (err error) {
	guarded := func() (err error) {
		defer recoverInto(&err, s.log, c)
		return f()
	}
	if reads {
		s.account.View(func() { err = guarded() })
		return err
	}
	return s.account.Update(ctx, guarded)
}

func (s *Server) serveREST(ctx context.Context, w http.ResponseWriter, r *http.Request, c *call) (*Response, error) {
	request := &Request{
		Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.Query(), Header: r.Header, Host: r.Host, Stream: r.Body,
	}
	c.operation = r.Method + " " + request.Path
	if refusal := s.injected(c); refusal != nil {
		return nil, refusal
	}
	op, err := c.service.REST(request)
	if err == nil && !op.Streams {
		request.Body, err = readBody(w, r)
	}
	var response *Response
	if err == nil {
		response, err = s.callREST(ctx, c, op)
	}
	if HasCode(err, unknownREST) {
		s.countUnknown(c.name())
	}
	if err != nil {
		return nil, err
	}
	c.operation = op.Name // for the log
	maps.Copy(w.Header(), response.Header)
	if w.Header().Get("Content-Type") == "" && len(response.Body) > 0 {
		w.Header().Set("Content-Type", "application/xml")
	}
	response.Status = cmp.Or(response.Status, http.StatusOK)
	return response, nil
}

func (s *Server) callREST(ctx context.Context, c *call, op *RESTOperation) (response *Response, err error) {
	if op.Streams {
		return op.Call(ctx)
	}
	err = s.run(ctx, c, op.Reads, func() error {
		response, err = op.Call(ctx)
		return err
	})
	return response, err
}

// unknownREST is the code of UnknownREST's refusal.
const unknownREST = "NotImplemented"

// UnknownREST is what a REST service returns for a request that it does not
// know: with S3's own code, but not its status 501, as clients repeat what the
// server is to blame for.
func UnknownREST(r *Request) *Error {
	return &Error{
		Code:    unknownREST,
		Message: fmt.Sprintf("localaws does not know the request %s %s?%s", r.Method, r.Path, r.Query.Encode()),
		Status:  http.StatusBadRequest,
	}
}

func (s *Server) countUnknown(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.unknown) < maxUnknown || s.unknown[name] > 0 {
		s.unknown[name]++
	}
	s.log.Warn("unknown operation", slog.String("call", name))
}

func (s *Server) injected(c *call) *Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fault == nil {
		return nil
	}
	return s.fault(c.service.Name, c.operation)
}

// recoverInto turns a panic of a service into a refusal: no request may end
// the process.
func recoverInto(err *error, log *slog.Logger, c *call) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("panic in %s: %v", c.name(), p)
		log.Error("panic", slog.String("call", c.name()), slog.Any("panic", p), slog.String("stack", string(debug.Stack())))
	}
}

// credentialScope is the part of a signature that names the key, region and
// service: KEY/20260131/us-west-2/ecs/aws4_request.
var credentialScope = regexp.MustCompile(`Credential=([^/]+)/\d{8}/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request`)

var errNoCredentials = &Error{
	Code: "MissingAuthenticationToken", Status: http.StatusForbidden,
	Message: "The request is not signed: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to any value (localaws env prints them)",
}

// find names the service and the protocol of a request, and returns who signed
// it for which region.
func (s *Server) find(w http.ResponseWriter, r *http.Request, c *call) (signer, error) {
	if name, operation, ok := cborPath(r); ok {
		c.codec = cborCodec{}
		c.operation = operation
		if c.service = s.cbor[name]; c.service == nil {
			s.countUnknown(name + ":" + operation)
			return signer{}, Errorf("UnknownOperationException", "localaws does not know the service %s", name)
		}
	}
	scope := r.Header.Get("Authorization")
	if scope == "" && r.URL.Query().Has("X-Amz-Credential") {
		scope = "Credential=" + r.URL.Query().Get("X-Amz-Credential")
	}
	match := credentialScope.FindStringSubmatch(scope)
	if match == nil {
		return s.findUnsigned(w, r, c)
	}
	by := signer{accessKeyID: match[1], region: match[2]}
	if c.service != nil {
		return by, s.checkRegion(c.service, by)
	}
	service, known := s.services[match[3]]
	if !known {
		s.countUnknown(match[3] + ":" + operationHint(r))
		return signer{}, Errorf("UnknownOperationException", "localaws does not have the service %s", match[3])
	}
	c.service = service
	c.codec = codecOf(service, r)
	return by, s.checkRegion(service, by)
}

// checkRegion refuses what is signed for another region than the one that is
// here: its resources are not that region's.
func (s *Server) checkRegion(service *mounted, by signer) error {
	if service.AnyRegion || by.region == s.region {
		return nil
	}
	return &Error{Code: "RegionNotServed", Status: http.StatusForbidden, Message: fmt.Sprintf(
		"The request to %s is signed for the region %s, but this localaws is the region %s: use that one, or start another localaws with -dir and -region %s",
		service.Name, by.region, s.region, by.region)}
}

// findUnsigned names the service of a request without a signature, which only
// operations that give credentials out may have.
func (s *Server) findUnsigned(w http.ResponseWriter, r *http.Request, c *call) (signer, error) {
	body, err := readBody(w, r)
	if err != nil {
		return signer{}, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body)) // to be read once more
	form, err := url.ParseQuery(string(body))
	if err == nil && form.Get("Action") != "" {
		for _, service := range s.services {
			if slices.Contains(service.Unsigned, form.Get("Action")) {
				c.service, c.codec = service, codecFor(service.Protocol)
				return signer{region: s.region}, nil
			}
		}
	}
	return signer{}, errNoCredentials
}

func operationHint(r *http.Request) string {
	if called := r.Header.Get(targetHeader); called != "" {
		return called[strings.LastIndex(called, ".")+1:]
	}
	return r.Method + " " + r.URL.Path
}

// cborPath reads /service/NAME/operation/OPERATION of Smithy RPC v2 CBOR.
func cborPath(r *http.Request) (service, operation string, ok bool) {
	if r.Header.Get("Smithy-Protocol") != "rpc-v2-cbor" {
		return "", "", false
	}
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if len(parts) != 4 || parts[0] != "service" || parts[2] != "operation" {
		return "", "", false
	}
	return parts[1], parts[3], true
}

// asRESTError finds the body that a REST service made for its refusal.
func asRESTError(err error) (*RESTError, bool) {
	var rendered *RESTError
	return rendered, errors.As(err, &rendered)
}
