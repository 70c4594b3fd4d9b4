package s3

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
)

// objectOperations are those on objects.
type objectOperations struct {
	*records
	*receiver
}

const (
	metaPrefix = "X-Amz-Meta-"
	// fullObject says that a checksum is not one of the parts' checksums.
	fullObject = "FULL_OBJECT"
)

// objectHeaders are the headers of a PUT that come back with a GET.
var objectHeaders = []string{
	"Content-Type", "Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Expires",
	"X-Amz-Storage-Class", "X-Amz-Server-Side-Encryption", "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id",
	"X-Amz-Server-Side-Encryption-Bucket-Key-Enabled", "X-Amz-Website-Redirect-Location",
}

// metaOf picks the headers to keep.
func (c *call) metaOf() map[string]string {
	meta := map[string]string{}
	for _, name := range objectHeaders {
		if value := c.Header.Get(name); value != "" {
			meta[name] = value
		}
	}
	for name, values := range c.Header {
		if strings.HasPrefix(name, metaPrefix) {
			meta[name] = strings.Join(values, ",")
		}
	}
	if encoding, found := meta["Content-Encoding"]; found {
		meta["Content-Encoding"] = strings.Trim(strings.Replace(encoding, "aws-chunked", "", 1), ", ")
		if meta["Content-Encoding"] == "" {
			delete(meta, "Content-Encoding")
		}
	}
	if meta["Content-Type"] == "" {
		meta["Content-Type"] = "binary/octet-stream"
	}
	if meta["X-Amz-Server-Side-Encryption"] == "" {
		meta["X-Amz-Server-Side-Encryption"] = c.bucket.defaultEncryption()
	}
	return meta
}

// defaultEncryption is the algorithm that the bucket's configuration names.
func (b *bucket) defaultEncryption() string {
	if _, after, found := strings.Cut(b.Config["encryption"], "<SSEAlgorithm>"); found {
		algorithm, _, _ := strings.Cut(after, "<")
		return algorithm
	}
	return "AES256"
}

// versionHeader names the version, in buckets that have them.
func (c *call) versionHeader(v *version) http.Header {
	header := http.Header{}
	if c.bucket.Versioning != "" {
		header.Set("X-Amz-Version-Id", v.ID)
	}
	return header
}

func (s *objectOperations) putObject(c *call) (*answer, error) {
	if c.Header.Get("X-Amz-Copy-Source") != "" {
		return s.copyObject(c)
	}
	if err := s.checkWrite(c); err != nil {
		return nil, err
	}
	set, err := c.headerTags()
	if err != nil {
		return nil, err
	}
	v := &version{Key: c.key, Body: c.received.body, ETag: c.received.etag, Meta: c.metaOf(), Tags: set}
	v.ChecksumName, v.Checksum = c.received.checksum()
	if err := s.store(c.bucket, v); err != nil {
		return nil, err
	}
	header := c.versionHeader(v)
	header.Set("ETag", v.ETag)
	header.Set("X-Amz-Server-Side-Encryption", v.Meta["X-Amz-Server-Side-Encryption"])
	v.setChecksum(header)
	return &answer{header: header}, nil
}

// headerTags reads the header x-amz-tagging, which is a query string.
func (c *call) headerTags() (tags.Set, error) {
	values, err := url.ParseQuery(c.Header.Get("X-Amz-Tagging"))
	if err != nil {
		return nil, invalidArgument("The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters: %v", err)
	}
	var list []tags.Tag
	for key := range values {
		list = append(list, tags.Tag{Key: key, Value: values.Get(key)})
	}
	return objectTagRules.New(list)
}

func (v *version) setChecksum(header http.Header) {
	header.Set(checksumPrefix+v.ChecksumName, v.Checksum)
	header.Set("X-Amz-Checksum-Type", fullObject)
}

// getObject serves GET and HEAD.
func (s *objectOperations) getObject(c *call) (*answer, error) {
	v, err := s.version(c)
	if err != nil {
		return nil, err
	}
	header := c.versionHeader(v)
	for name, value := range v.Meta {
		header.Set(name, value)
	}
	header.Set("ETag", v.ETag)
	header.Set("Last-Modified", v.Modified.UTC().Format(http.TimeFormat))
	header.Set("Accept-Ranges", "bytes")
	if len(v.Tags) > 0 {
		header.Set("X-Amz-Tagging-Count", strconv.Itoa(len(v.Tags)))
	}
	if status, err := c.condition(v); err != nil {
		return nil, err
	} else if status != 0 {
		return &answer{status: status, header: header}, nil
	}
	for parameter := range c.Query {
		if name, found := strings.CutPrefix(parameter, "response-"); found {
			header.Set(name, c.Query.Get(parameter))
		}
	}
	out := &answer{header: header, content: v.Body, part: span{0, v.Size}}
	if text := c.Header.Get("Range"); text != "" {
		first, last, ok := parseRange(text, v.Size)
		if !ok {
			return nil, refuse(http.StatusRequestedRangeNotSatisfiable, "InvalidRange", "The requested range is not satisfiable: %s of %d bytes", text, v.Size)
		}
		out.status, out.part = http.StatusPartialContent, span{first, last - first + 1}
		header.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", first, last, v.Size))
	} else if strings.EqualFold(c.Header.Get("X-Amz-Checksum-Mode"), "ENABLED") {
		v.setChecksum(header)
	}
	header.Set("Content-Length", strconv.FormatInt(out.part.length, 10))
	return out, nil
}

// condition holds a GET against its conditions: a status other than 0 is the
// whole answer.
func (c *call) condition(v *version) (status int, err error) {
	matches := func(list string) bool {
		for one := range strings.SplitSeq(list, ",") {
			if one = strings.TrimSpace(one); one == "*" || strings.Trim(one, `"`) == strings.Trim(v.ETag, `"`) {
				return true
			}
		}
		return false
	}
	modified := v.Modified.Truncate(time.Second)
	failed := refuse(http.StatusPreconditionFailed, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
	if list := c.Header.Get("If-Match"); list != "" {
		if !matches(list) {
			return 0, failed
		}
	} else if since, err := http.ParseTime(c.Header.Get("If-Unmodified-Since")); err == nil && modified.After(since) {
		return 0, failed
	}
	if list := c.Header.Get("If-None-Match"); list != "" {
		if matches(list) {
			return http.StatusNotModified, nil
		}
	} else if since, err := http.ParseTime(c.Header.Get("If-Modified-Since")); err == nil && !modified.After(since) {
		return http.StatusNotModified, nil
	}
	return 0, nil
}

// parseRange reads bytes=1-5, bytes=5- and bytes=-5.
func parseRange(text string, size int64) (first, last int64, ok bool) {
	spec, found := strings.CutPrefix(text, "bytes=")
	from, to, dash := strings.Cut(spec, "-")
	if !found || !dash || size == 0 {
		return 0, 0, false
	}
	if from == "" {
		n, err := strconv.ParseInt(to, 10, 64)
		if err != nil || n <= 0 {
			return 0, 0, false
		}
		return max(size-n, 0), size - 1, true
	}
	first, err := strconv.ParseInt(from, 10, 64)
	if err != nil || first < 0 || first >= size {
		return 0, 0, false
	}
	last = size - 1
	if to != "" {
		n, err := strconv.ParseInt(to, 10, 64)
		if err != nil || n < first {
			return 0, 0, false
		}
		last = min(last, n)
	}
	return first, last, true
}

// number reads a query parameter that limits a list.
func number(text string, limit int) (int, error) {
	if text == "" {
		return limit, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, invalidArgument("%q is not a valid number of items", text)
	}
	return min(n, limit), nil
}
