package s3

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire/rest"
)

type taggingXML struct {
	Tags []core.Tag `xml:"TagSet>Tag"`
}

func readTagging(body []byte) (core.Tags, error) {
	var in taggingXML
	if err := rest.DecodeXML(body, "Tagging", &in); err != nil {
		return nil, malformedXML(err)
	}
	return checkTags(in.Tags)
}

// checkTags refuses tags that S3 would: keys given twice or too long.
func checkTags(list []core.Tag) (core.Tags, error) {
	tags := core.Tags{}
	for _, tag := range list {
		if _, twice := tags[tag.Key]; twice || tag.Key == "" || len(tag.Key) > 128 || len(tag.Value) > 256 {
			return nil, refuse(http.StatusBadRequest, "InvalidTag", "The tag %q is empty, too long, or there twice", tag.Key)
		}
		if strings.HasPrefix(tag.Key, "aws:") {
			return nil, refuse(http.StatusBadRequest, "InvalidTag", "System tags cannot be added/updated by requester: %s", tag.Key)
		}
		tags[tag.Key] = tag.Value
	}
	return tags, nil
}

func (s *Service) getBucketTagging(c *call) (*answer, error) {
	if len(c.bucket.Tags) == 0 {
		return nil, refuse(http.StatusNotFound, "NoSuchTagSet", "The TagSet does not exist")
	}
	return &answer{root: "Tagging", body: taggingXML{c.bucket.Tags.List()}}, nil
}

func (s *Service) putBucketTagging(c *call) (*answer, error) {
	tags, err := readTagging(c.Body)
	if err != nil {
		return nil, err
	}
	c.bucket.Tags = tags
	return &answer{status: http.StatusNoContent}, nil
}

func (s *Service) deleteBucketTagging(c *call) (*answer, error) {
	c.bucket.Tags = core.Tags{}
	return &answer{status: http.StatusNoContent}, nil
}

func (s *Service) getObjectTagging(c *call) (*answer, error) {
	v, err := c.version()
	if err != nil {
		return nil, err
	}
	return &answer{header: c.versionHeader(v), root: "Tagging", body: taggingXML{v.Tags.List()}}, nil
}

func (s *Service) putObjectTagging(c *call) (*answer, error) {
	v, err := c.version()
	if err != nil {
		return nil, err
	}
	tags, err := readTagging(c.Body)
	if err != nil {
		return nil, err
	}
	v.Tags = tags
	return &answer{header: c.versionHeader(v)}, nil
}

func (s *Service) deleteObjectTagging(c *call) (*answer, error) {
	v, err := c.version()
	if err != nil {
		return nil, err
	}
	v.Tags = core.Tags{}
	return &answer{status: http.StatusNoContent, header: c.versionHeader(v)}, nil
}

// controlNamespace is that of S3 Control's answers.
const controlNamespace = "http://awss3control.amazonaws.com/doc/2018-08-20/"

const controlPrefix = "/v20180820/"

// isControl tells S3 Control's requests by their host, which begins with the
// account's number, or by the header that the number also stands in.
func isControl(r *wire.Request) bool {
	return strings.HasPrefix(r.Path, controlPrefix) &&
		(accountLabel.MatchString(r.Host) || r.Header.Get("X-Amz-Account-Id") != "")
}

// controlOperation finds one of the tag calls of S3 Control, the only ones that
// the Terraform provider needs for buckets.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_ListTagsForResource.html
func (s *Service) controlOperation(r *wire.Request) (*wire.RESTOperation, error) {
	escaped, found := strings.CutPrefix(r.Path, controlPrefix+"tags/")
	if !found {
		return nil, wire.UnknownREST(r)
	}
	arn, err := url.PathUnescape(escaped)
	if err != nil {
		return nil, invalidRequest("The resource's ARN can't be read: %v", err)
	}
	_, name, found := strings.Cut(arn, ":s3:::")
	if !found || strings.Contains(name, "/") {
		return nil, invalidRequest("%q is not the ARN of a bucket", arn)
	}
	of := func(operation string, call func(*wire.Request, *bucket) (*wire.Response, error)) (*wire.RESTOperation, error) {
		return &wire.RESTOperation{Name: operation, Reads: rest.ReadsBy(r.Method), Call: func(context.Context) (*wire.Response, error) {
			b, err := s.bucket(name)
			if err != nil {
				return nil, err
			}
			return call(r, b)
		}}, nil
	}
	switch r.Method {
	case http.MethodGet:
		return of("ListTagsForResource", listTags)
	case http.MethodPost:
		return of("TagResource", tagResource)
	case http.MethodDelete:
		return of("UntagResource", untagResource)
	}
	return nil, wire.UnknownREST(r)
}

func listTags(_ *wire.Request, b *bucket) (*wire.Response, error) {
	body, err := rest.EncodeXML(controlNamespace, "ListTagsForResourceResult", struct {
		Tags []core.Tag `xml:"Tags>Tag"`
	}{b.Tags.List()})
	return &wire.Response{Body: body}, err
}

func tagResource(r *wire.Request, b *bucket) (*wire.Response, error) {
	var in struct {
		Tags []core.Tag `xml:"Tags>Tag"`
	}
	if err := rest.DecodeXML(r.Body, "TagResourceRequest", &in); err != nil {
		return nil, malformedXML(err)
	}
	if _, err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	b.Tags.Put(in.Tags)
	return &wire.Response{Status: http.StatusNoContent}, nil
}

func untagResource(r *wire.Request, b *bucket) (*wire.Response, error) {
	b.Tags.Remove(r.Query["tagKeys"])
	return &wire.Response{Status: http.StatusNoContent}, nil
}

// TaggedResources lists what can have tags, for the Tagging API.
func (s *Service) TaggedResources() []core.TaggedResource {
	var all []core.TaggedResource
	for _, b := range s.state.Buckets {
		all = append(all, core.TaggedResource{ARN: "arn:" + s.account.Partition + ":s3:::" + b.Name, Tags: b.Tags})
	}
	return all
}
