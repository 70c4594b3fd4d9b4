package s3

import (
	"net/http"
	"strconv"
	"strings"
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
	if err := c.checkACL(); err != nil {
		return nil, err
	}
	v := &version{Key: c.key, Body: c.received.body, ETag: c.received.etag, Meta: c.metaOf()}
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
	if strings.EqualFold(c.Header.Get("X-Amz-Checksum-Mode"), "ENABLED") {
		v.setChecksum(header)
	}
	header.Set("Content-Length", strconv.FormatInt(v.Body.Size, 10))
	return &answer{header: header, content: &v.Body}, nil
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
