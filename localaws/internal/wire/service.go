// Package wire speaks AWS's protocols: it finds out which service and
// operation a request is for, decodes the parameters into a Go struct, calls
// the service, and encodes what comes back.
//
// A service says once, in a table, which operations it has; it never sees a
// protocol. Names on the wire follow from the names of the struct's fields:
//
//   - the field's name, or the tag `aws:"Name"`;
//   - `in:"Name"` and `out:"name"` where requests and answers differ (EC2);
//   - in JSON services with LowerCamel, and in EC2's answers, an untagged name
//     begins with a lower-case letter;
//   - the tag `item:"name"` names a list's items in XML where they are not
//     called as the protocol has it ("member", in EC2 "item");
//   - the tag `empty:"kept"` writes a string that is empty too, as a tag's value;
//   - the members of an embedded struct belong to the struct that embeds it;
//   - reading ignores case.
//
// Left out of answers: nil pointers, slices and maps, empty strings, zero
// times, and fields tagged `aws:"-"`. Numbers and booleans are always there:
// use a pointer for an optional one. A parameter that the struct does not have
// is refused with its name: localaws never ignores what it does not know.
package wire

import (
	"context"
	"io"
	"net/http"
	"net/url"
)

// Protocol is how a service's requests and answers are written.
type Protocol int

// The protocols; see https://smithy.io/2.0/aws/protocols/.
const (
	JSON10 Protocol = iota
	JSON11
	Query
	EC2Query
	REST
)

// Service is one AWS service's entry.
type Service struct {
	// Name is the signing name: the service in the request's credential
	// scope, such as "elasticloadbalancing".
	Name     string
	Protocol Protocol
	// TargetPrefix is what stands before the dot in X-Amz-Target (JSON).
	TargetPrefix string
	// LowerCamel says that member names begin with a lower-case letter (JSON).
	LowerCamel bool
	// Namespace is the answers' XML namespace (Query, EC2Query).
	Namespace string
	// RPCName is the name under which a Query service also speaks Smithy RPC
	// v2 CBOR, and before the dot in X-Amz-Target JSON 1.0, if it does: SDKs
	// choose among a service's protocols.
	RPCName string
	// RESTJSON says that clients of a REST service read JSON: refusals from
	// before its operation is found are written so.
	RESTJSON bool
	// AnyRegion says that requests may be signed for any region: the service
	// is a global one, or tells regions apart itself.
	AnyRegion bool
	// Operations are called with the account's lock held, those of Op in a
	// transaction, those of ReadOp to read only.
	Operations []Operation
	// Check, if any, holds a request's parameters to the API's rules before the
	// operation is called. It reads no state, as it is called without the
	// account's lock.
	Check func(operation string, parameters map[string]any) error
	// Unsigned are the operations that need no signature (Query): those
	// that give credentials to callers without any.
	Unsigned []string
	// REST finds the operation of a request, of a service whose Protocol is
	// REST. It reads no state, as it is called without the account's lock.
	REST func(*Request) (*RESTOperation, error)
}

// Operation is one API call of a service.
type Operation struct {
	Name  string
	reads bool
	make  func() any
	call  func(context.Context, any) (any, error)
}

// ReadOp makes an Operation that changes nothing of a typed function.
func ReadOp[In, Out any](name string, f func(context.Context, *In) (*Out, error)) Operation {
	op := Op(name, f)
	op.reads = true
	return op
}

// Op makes an Operation of a typed function. In and Out are structs whose
// fields name the members. What it changed is put back when it fails.
func Op[In, Out any](name string, f func(context.Context, *In) (*Out, error)) Operation {
	return Operation{
		Name: name,
		make: func() any { return new(In) },
		call: func(ctx context.Context, in any) (any, error) {
			out, err := f(ctx, in.(*In))
			if err != nil {
				return nil, err
			}
			if out == nil {
				out = new(Out)
			}
			return out, nil
		},
	}
}

// Empty is the Out of operations that answer nothing.
type Empty struct{}

// Request is what a REST service gets.
type Request struct {
	Method string
	// Path is still escaped: an S3 key or an ARN may hold slashes.
	Path   string
	Query  url.Values
	Header http.Header
	Host   string
	Body   []byte
	// Stream is the body instead, for an operation that Streams.
	Stream io.Reader
}

// Response is what a REST service answers.
type Response struct {
	Status int // 0 means 200
	Header http.Header
	Body   []byte
	// Stream, if any, is the body instead; the server reads and closes it.
	Stream io.ReadCloser
}

// RESTOperation is what a request to a REST service is for.
type RESTOperation struct {
	// Name is the API's name of the operation.
	Name string
	// Reads says that it changes nothing.
	Reads bool
	// Streams says that bodies are too large for memory: Call reads the
	// request's Stream and may answer one.
	Streams bool
	// Call is called with the account's lock held. That of an operation that
	// Streams is called without, and takes it for what must not be interrupted.
	Call func(context.Context) (*Response, error)
}

// RESTError lets a REST service render refusals in its own envelope: S3 has
// <Error>, the others <ErrorResponse>.
type RESTError struct {
	Refusal *Error
	Header  http.Header
	Body    []byte
}

func (e *RESTError) Error() string { return e.Refusal.Error() }

// Unwrap gives the refusal itself.
func (e *RESTError) Unwrap() error { return e.Refusal }

type contextKey int

const signerKey contextKey = iota

// signer is who signed a request, and the region it was signed for.
type signer struct{ accessKeyID, region string }

// Region is the region in the request's credential scope. Global services are
// signed for us-east-1.
func Region(ctx context.Context) string {
	by, _ := ctx.Value(signerKey).(signer)
	return by.region
}

// AccessKeyID is the key that the request was signed with.
func AccessKeyID(ctx context.Context) string {
	by, _ := ctx.Value(signerKey).(signer)
	return by.accessKeyID
}
