package s3

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// source finds what the header x-amz-copy-source names: bucket/key, perhaps
// with ?versionId= behind it.
func (s *Service) source(c *call) (*version, error) {
	path, query, _ := strings.Cut(strings.TrimPrefix(c.Header.Get("X-Amz-Copy-Source"), "/"), "?versionId=")
	path, err := url.PathUnescape(path)
	if err != nil {
		return nil, invalidArgument("The header x-amz-copy-source can't be read: %v", err)
	}
	name, key, found := strings.Cut(path, "/")
	if !found {
		return nil, invalidArgument("The header x-amz-copy-source is not bucket/key: %s", path)
	}
	b, err := s.bucket(name)
	if err != nil {
		return nil, err
	}
	from := &call{Request: c.Request, bucket: b, name: name, key: key}
	reading := *c.Request
	reading.Query = url.Values{}
	if query != "" {
		reading.Query.Set("versionId", query)
	}
	from.Request = &reading
	v, err := from.version()
	if err != nil {
		return nil, err
	}
	if want := c.Header.Get("X-Amz-Copy-Source-If-Match"); want != "" && strings.Trim(want, `"`) != strings.Trim(v.ETag, `"`) {
		return nil, refuse(http.StatusPreconditionFailed, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
	}
	return v, nil
}

type copyXML struct {
	LastModified time.Time
	ETag         string
}

func (s *Service) copyObject(c *call) (*answer, error) {
	from, err := s.source(c)
	if err != nil {
		return nil, err
	}
	body, err := s.blobs.get(from.Blob)
	if err != nil {
		return nil, err
	}
	meta, tags := maps.Clone(from.Meta), maps.Clone(from.Tags)
	if c.Header.Get("X-Amz-Metadata-Directive") == "REPLACE" {
		meta = c.metaOf()
	}
	if c.Header.Get("X-Amz-Tagging-Directive") == "REPLACE" {
		if tags, err = c.headerTags(); err != nil {
			return nil, err
		}
	}
	v, err := s.store(c.bucket, c.key, body, meta, tags)
	if err != nil {
		return nil, err
	}
	header := c.versionHeader(v)
	header.Set("X-Amz-Server-Side-Encryption", v.Meta["X-Amz-Server-Side-Encryption"])
	return &answer{header: header, root: "CopyObjectResult", body: copyXML{v.Modified.UTC(), v.ETag}}, nil
}
