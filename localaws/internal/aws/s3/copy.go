package s3

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// source finds what the header x-amz-copy-source names: bucket/key, perhaps
// with ?versionId= behind it.
func (s *objectOperations) source(c *call) (*version, error) {
	path, query, _ := strings.Cut(strings.TrimPrefix(c.Header.Get("X-Amz-Copy-Source"), "/"), "?versionId=")
	path, err := url.PathUnescape(path)
	if err != nil {
		return nil, invalidArgument("The header x-amz-copy-source can't be read: %v", err)
	}
	name, key, found := strings.Cut(path, "/")
	if !found {
		return nil, invalidArgument("The header x-amz-copy-source is not bucket/key: %s", path)
	}
	if _, err := s.bucket(name); err != nil {
		return nil, err
	}
	from := &call{Request: &wire.Request{Query: url.Values{}}, name: name, key: key}
	if query != "" {
		from.Query.Set("versionId", query)
	}
	v, err := s.version(from)
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

// copyObject makes an object that has the body of another.
func (s *objectOperations) copyObject(c *call) (*answer, error) {
	from, err := s.source(c)
	if err != nil {
		return nil, err
	}
	v := &version{
		Key: c.key, Body: from.Body, ETag: from.ETag, ChecksumName: from.ChecksumName, Checksum: from.Checksum,
		Meta: maps.Clone(from.Meta), Tags: maps.Clone(from.Tags),
	}
	if c.Header.Get("X-Amz-Metadata-Directive") == "REPLACE" {
		v.Meta = c.metaOf()
	}
	if c.Header.Get("X-Amz-Tagging-Directive") == "REPLACE" {
		if v.Tags, err = c.headerTags(); err != nil {
			return nil, err
		}
	}
	if err := s.store(c.bucket, v); err != nil {
		return nil, err
	}
	header := c.versionHeader(v)
	header.Set("X-Amz-Server-Side-Encryption", v.Meta["X-Amz-Server-Side-Encryption"])
	return &answer{header: header, root: "CopyObjectResult", body: copyXML{v.Modified.UTC(), v.ETag}}, nil
}
