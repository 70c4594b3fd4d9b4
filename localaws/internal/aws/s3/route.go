package s3

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire/rest"
)

// level is what a request's path names.
type level int

const (
	serviceLevel level = iota
	bucketLevel
	objectLevel
)

// route is one operation. A request belongs to it when its level and method
// are the same, the query has its sub-resource, and nothing else but the
// parameters: a sub-resource that localaws does not know can't fall through to another
// operation.
type route struct {
	level     level
	method    string
	sub       string // the sub-resource; "" when there is none
	params    []string
	operation string
	handle    func(*call) (*answer, error)
	// receive reads the body, without the account's lock; nil means that it is
	// a document.
	receive func(*call) error
}

// router finds the operation of a request and runs it.
type router struct {
	*records
	*receiver
	tags   *tagOperations
	routes []route
}

// call is a request on its way.
type call struct {
	*wire.Request
	bucket *bucket // nil when the operation makes it, or needs none
	name   string  // the bucket's
	key    string
	region string
	// received is the body of an object or a part.
	received *received
}

// answer is what a handler returns: a body to encode, a raw one, or an object's content.
type answer struct {
	status int
	header http.Header
	root   string // the name of the outermost element; "" for a raw or no body
	body   any
	raw    []byte

	content *body
}

// table lists the operations, but for the buckets' plain sub-resources, which
// subresource.go adds.
func table(
	b *bucketOperations, l *listOperations, o *objectOperations, t *tagOperations, in *receiver,
) []route {
	list := []string{"delimiter", "encoding-type", "max-keys", "prefix"}
	version := []string{"versionId"}
	with := func(params []string, more ...string) []string { return append(slices.Clone(params), more...) }
	routes := []route{
		{bucketLevel, "PUT", "", nil, "CreateBucket", b.createBucket, nil},
		{bucketLevel, "HEAD", "", nil, "HeadBucket", b.headBucket, nil},
		{bucketLevel, "DELETE", "", nil, "DeleteBucket", b.deleteBucket, nil},
		{bucketLevel, "GET", "list-type", with(list, "continuation-token", "start-after", "fetch-owner"), "ListObjectsV2", l.listObjectsV2, nil},
		{bucketLevel, "GET", "versions", with(list, "key-marker", "version-id-marker"), "ListObjectVersions", l.listVersions, nil},
		{bucketLevel, "POST", "delete", nil, "DeleteObjects", o.deleteObjects, nil},
		{bucketLevel, "GET", "tagging", nil, "GetBucketTagging", t.getBucketTagging, nil},
		{bucketLevel, "PUT", "tagging", nil, "PutBucketTagging", t.putBucketTagging, nil},
		{bucketLevel, "DELETE", "tagging", nil, "DeleteBucketTagging", t.deleteBucketTagging, nil},

		{objectLevel, "PUT", "", nil, "PutObject", o.putObject, in.receiveObject},
		{objectLevel, "GET", "", version, "GetObject", o.getObject, nil},
		{objectLevel, "HEAD", "", version, "HeadObject", o.getObject, nil},
		{objectLevel, "DELETE", "", version, "DeleteObject", o.deleteObject, nil},
	}
	return append(routes, b.subresourceRoutes()...)
}

// find returns the route of a request.
func (s *router) find(at level, method string, query url.Values) (*route, bool) {
	var plain *route
	for i := range s.routes {
		r := &s.routes[i]
		if r.level != at || r.method != method {
			continue
		}
		if r.sub == "" {
			plain = r
		} else if query.Has(r.sub) {
			return r, r.takes(query)
		}
	}
	return plain, plain != nil && plain.takes(query)
}

func (r *route) takes(query url.Values) bool {
	for name := range query {
		signature := name == "x-id" || strings.HasPrefix(strings.ToLower(name), "x-amz-")
		if name != r.sub && !signature && !slices.Contains(r.params, name) {
			return false
		}
	}
	return true
}

// operation finds what a request is for.
func (s *router) operation(r *wire.Request) (*wire.RESTOperation, error) {
	if isControl(r) {
		return s.tags.controlOperation(r)
	}
	name, key, err := address(r)
	if err != nil {
		return nil, render(err, r.Path)
	}
	at := objectLevel
	switch {
	case name == "":
		at = serviceLevel
	case key == "":
		at = bucketLevel
	}
	found, ok := s.find(at, r.Method, r.Query)
	if !ok {
		return nil, render(wire.UnknownREST(r), r.Path)
	}
	return &wire.RESTOperation{Name: found.operation, Streams: true, Call: func(ctx context.Context) (*wire.Response, error) {
		response, err := s.run(ctx, found, &call{Request: r, name: name, key: key, region: wire.Region(ctx)})
		if err != nil {
			return nil, render(err, r.Path)
		}
		return response, nil
	}}, nil
}

// run receives the body, handles the call under the account's lock, and opens what
// is to be answered.
func (s *router) run(ctx context.Context, found *route, c *call) (*wire.Response, error) {
	if err := c.checkHeaders(); err != nil {
		return nil, err
	}
	receive := found.receive
	if receive == nil {
		receive = s.receiveDocument
	}
	if err := receive(c); err != nil {
		return nil, err
	}
	for {
		out, err := s.transact(ctx, found, c)
		if err != nil {
			return nil, err
		}
		response := &wire.Response{Status: out.status, Header: out.header, Body: out.raw}
		if response.Header == nil {
			response.Header = http.Header{}
		}
		if out.content == nil || found.method == http.MethodHead {
			return response, nil
		}
		response.Stream, err = s.files.open(out.content)
		if err == nil {
			return response, nil
		}
		if !errors.Is(err, fs.ErrNotExist) || !s.replaced(out.content) {
			return nil, err
		}
		// Look again: the object was replaced or deleted meanwhile.
	}
}

// replaced reports whether a body that was read a moment ago is that of no object
// any more.
func (s *router) replaced(b *body) (gone bool) {
	s.account.View(func() { gone = !s.files.used.Has(b.File) })
	return gone
}

// transact handles a call under the account's lock.
func (s *router) transact(ctx context.Context, found *route, c *call) (out *answer, err error) {
	handle := func() (err error) {
		if err = s.findBucket(found, c); err != nil {
			return err
		}
		if out, err = found.handle(c); err != nil || out.root == "" {
			return err
		}
		out.raw, err = rest.EncodeXML(namespace, out.root, out.body)
		return err
	}
	if rest.ReadsBy(found.method) {
		s.account.View(func() { err = handle() })
		return out, err
	}
	defer func() { s.tidy(c.files()...) }()
	err = s.account.Update(ctx, handle)
	return out, err
}

// findBucket finds the bucket of a call; one whose configuration the call may
// change is marked.
func (s *router) findBucket(found *route, c *call) (err error) {
	if found.level == serviceLevel || found.operation == "CreateBucket" {
		return nil
	}
	if c.bucket, err = s.bucket(c.name); err != nil {
		return err
	}
	if owner := c.Header.Get("X-Amz-Expected-Bucket-Owner"); owner != "" && owner != s.account.ID {
		return refuse(http.StatusForbidden, "AccessDenied", "The bucket %s belongs to the account %s, not %s", c.name, s.account.ID, owner)
	}
	if found.level == bucketLevel && !rest.ReadsBy(found.method) {
		s.buckets.Put(c.name, c.bucket)
	}
	return nil
}

// files are those that the call has written.
func (c *call) files() []string {
	if c.received == nil {
		return nil
	}
	return []string{c.received.body.File}
}

// accountLabel is how S3 Control's host names begin.
var accountLabel = regexp.MustCompile(`^\d{12}\.`)

// address reads bucket and key: the bucket may be the first part of the path,
// or stand in front of the host.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
func address(r *wire.Request) (bucketName, key string, err error) {
	path := strings.TrimPrefix(r.Path, "/")
	var escapedBucket string
	if bucketName = hostBucket(r.Host); bucketName == "" {
		escapedBucket, path, _ = strings.Cut(path, "/")
		if bucketName, err = url.PathUnescape(escapedBucket); err != nil {
			return "", "", refuse(http.StatusBadRequest, "InvalidURI", "Couldn't parse the specified URI: %v", err)
		}
	}
	if key, err = url.PathUnescape(path); err != nil {
		return "", "", refuse(http.StatusBadRequest, "InvalidURI", "Couldn't parse the specified URI: %v", err)
	}
	if !utf8.ValidString(key) || strings.Contains(key, "\x00") {
		return "", "", refuse(http.StatusBadRequest, "InvalidURI", "Couldn't parse the specified URI: the key %q must be UTF-8 without null characters", key)
	}
	return bucketName, key, nil
}

// hostBucket is the bucket in a host such as bucket.s3.us-west-2.amazonaws.com,
// bucket.localhost or bucket.127.0.0.1; "" when there is none.
func hostBucket(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return ""
	}
	if name, ok := strings.CutSuffix(host, ".localhost"); ok {
		return name
	}
	if at := strings.LastIndex(host, ".127."); at > 0 {
		if _, err := netip.ParseAddr(host[at+1:]); err == nil {
			return host[:at]
		}
	}
	for _, separator := range []string{".s3.", ".s3-"} {
		if name, _, found := strings.Cut(host, separator); found {
			return name
		}
	}
	return ""
}
