package s3

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

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
// parameters: a sub-resource that nobody knows can't fall through to another
// operation.
type route struct {
	level     level
	method    string
	sub       string // the sub-resource; "" when there is none
	params    []string
	operation string
	handle    func(*call) (*answer, error)
}

// call is a request on its way.
type call struct {
	*wire.Request
	ctx    context.Context
	bucket *bucket // nil when the operation makes it, or needs none
	name   string  // the bucket's
	key    string
	region string
}

// answer is what a handler returns: a body to encode, or a raw one.
type answer struct {
	status int
	header http.Header
	root   string // the name of the outermost element; "" for a raw or no body
	body   any
	raw    []byte
}

// table lists the operations, but for the buckets' plain sub-resources, which
// subresource.go adds.
func (s *Service) table() []route {
	list := []string{"delimiter", "encoding-type", "max-keys", "prefix"}
	responses := []string{
		"versionId", "response-cache-control", "response-content-disposition", "response-content-encoding",
		"response-content-language", "response-content-type", "response-expires",
	}
	version := []string{"versionId"}
	with := func(params []string, more ...string) []string { return append(slices.Clone(params), more...) }
	routes := []route{
		{serviceLevel, "GET", "", []string{"prefix", "max-buckets", "continuation-token", "bucket-region"}, "ListBuckets", s.listBuckets},

		{bucketLevel, "PUT", "", nil, "CreateBucket", s.createBucket},
		{bucketLevel, "HEAD", "", nil, "HeadBucket", s.headBucket},
		{bucketLevel, "DELETE", "", nil, "DeleteBucket", s.deleteBucket},
		{bucketLevel, "GET", "list-type", with(list, "continuation-token", "start-after", "fetch-owner"), "ListObjectsV2", s.listObjectsV2},
		{bucketLevel, "GET", "", with(list, "marker"), "ListObjects", s.listObjects},
		{bucketLevel, "GET", "versions", with(list, "key-marker", "version-id-marker"), "ListObjectVersions", s.listVersions},
		{bucketLevel, "GET", "uploads", []string{"prefix", "key-marker", "encoding-type"}, "ListMultipartUploads", s.listUploads},
		{bucketLevel, "POST", "delete", nil, "DeleteObjects", s.deleteObjects},
		{bucketLevel, "GET", "location", nil, "GetBucketLocation", s.getLocation},
		{bucketLevel, "GET", "policyStatus", nil, "GetBucketPolicyStatus", s.getPolicyStatus},
		{bucketLevel, "GET", "tagging", nil, "GetBucketTagging", s.getBucketTagging},
		{bucketLevel, "PUT", "tagging", nil, "PutBucketTagging", s.putBucketTagging},
		{bucketLevel, "DELETE", "tagging", nil, "DeleteBucketTagging", s.deleteBucketTagging},

		{objectLevel, "PUT", "", nil, "PutObject", s.putObject},
		{objectLevel, "GET", "", responses, "GetObject", s.getObject},
		{objectLevel, "HEAD", "", responses, "HeadObject", s.getObject},
		{objectLevel, "DELETE", "", version, "DeleteObject", s.deleteObject},
		{objectLevel, "GET", "tagging", version, "GetObjectTagging", s.getObjectTagging},
		{objectLevel, "PUT", "tagging", version, "PutObjectTagging", s.putObjectTagging},
		{objectLevel, "DELETE", "tagging", version, "DeleteObjectTagging", s.deleteObjectTagging},
		{objectLevel, "GET", "acl", version, "GetObjectAcl", s.getObjectACL},
		{objectLevel, "POST", "uploads", nil, "CreateMultipartUpload", s.createUpload},
		{objectLevel, "PUT", "uploadId", []string{"partNumber"}, "UploadPart", s.uploadPart},
		{objectLevel, "POST", "uploadId", nil, "CompleteMultipartUpload", s.completeUpload},
		{objectLevel, "DELETE", "uploadId", nil, "AbortMultipartUpload", s.abortUpload},
		{objectLevel, "GET", "uploadId", []string{"max-parts", "part-number-marker"}, "ListParts", s.listParts},
	}
	return append(routes, s.subresourceRoutes()...)
}

// find returns the route of a request.
func (s *Service) find(at level, method string, query url.Values) (*route, bool) {
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
func (s *Service) operation(r *wire.Request) (*wire.RESTOperation, error) {
	if isControl(r) {
		return s.controlOperation(r)
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
	return &wire.RESTOperation{Name: found.operation, Reads: rest.ReadsBy(found.method), Call: func(ctx context.Context) (*wire.Response, error) {
		response, err := s.run(found, &call{Request: r, ctx: ctx, name: name, key: key, region: wire.Region(ctx)})
		if err != nil {
			return nil, render(err, r.Path)
		}
		return response, nil
	}}, nil
}

func (s *Service) run(found *route, c *call) (*wire.Response, error) {
	if found.level != serviceLevel && found.operation != "CreateBucket" {
		var err error
		if c.bucket, err = s.bucket(c.name); err != nil {
			return nil, err
		}
		if owner := c.Header.Get("X-Amz-Expected-Bucket-Owner"); owner != "" && owner != s.account.ID {
			return nil, refuse(http.StatusForbidden, "AccessDenied", "The bucket %s belongs to the account %s, not %s", c.name, s.account.ID, owner)
		}
	}
	if err := c.checkHeaders(); err != nil {
		return nil, err
	}
	if err := c.readBody(); err != nil {
		return nil, err
	}
	out, err := found.handle(c)
	if err != nil {
		return nil, err
	}
	response := &wire.Response{Status: out.status, Header: out.header, Body: out.raw}
	if response.Header == nil {
		response.Header = http.Header{}
	}
	if out.root != "" {
		if response.Body, err = rest.EncodeXML(namespace, out.root, out.body); err != nil {
			return nil, err
		}
	}
	return response, nil
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
