package s3

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire/rest"
)

// tagOperations are those on the tags of buckets.
type tagOperations struct{ *records }

type taggingXML struct {
	Tags []tags.Tag `xml:"TagSet>Tag"`
}

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/tagging-managing.html
var tagRules = tags.Rules{Refuse: invalidTag}

func invalidTag(f tags.Fault) error {
	return refuse(http.StatusBadRequest, "InvalidTag", "%s", f)
}

func (s *tagOperations) getBucketTagging(c *call) (*answer, error) {
	if len(c.bucket.Tags) == 0 {
		return nil, refuse(http.StatusNotFound, "NoSuchTagSet", "The TagSet does not exist")
	}
	return &answer{root: "Tagging", body: taggingXML{c.bucket.Tags.List()}}, nil
}

func (s *tagOperations) putBucketTagging(c *call) (*answer, error) {
	var in taggingXML
	if err := rest.DecodeXML(c.Body, "Tagging", &in); err != nil {
		return nil, malformedXML(err)
	}
	set, err := tagRules.New(in.Tags)
	if err != nil {
		return nil, err
	}
	c.bucket.Tags = set
	return &answer{status: http.StatusNoContent}, nil
}

func (s *tagOperations) deleteBucketTagging(c *call) (*answer, error) {
	c.bucket.Tags = tags.Set{}
	return &answer{status: http.StatusNoContent}, nil
}

// controlNamespace is that of S3 Control's answers.
const controlNamespace = "http://awss3control.amazonaws.com/doc/2018-08-20/"

const controlPrefix = "/v20180820/"

// isControl recognizes S3 Control's requests by their host, which begins with the
// account's number, or by the header that the number also stands in.
func isControl(r *wire.Request) bool {
	return strings.HasPrefix(r.Path, controlPrefix) &&
		(accountLabel.MatchString(r.Host) || r.Header.Get("X-Amz-Account-Id") != "")
}

// controlOperation finds one of the tag calls of S3 Control, the only ones that
// the Terraform provider needs for buckets.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_ListTagsForResource.html
func (s *tagOperations) controlOperation(r *wire.Request) (*wire.RESTOperation, error) {
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
	of := func(operation string, call func(tags.Resources) ([]byte, error)) (*wire.RESTOperation, error) {
		return &wire.RESTOperation{Name: operation, Reads: rest.ReadsBy(r.Method), Call: func(context.Context) (*wire.Response, error) {
			body, err := call(s.tags())
			if body == nil {
				return &wire.Response{Status: http.StatusNoContent}, err
			}
			return &wire.Response{Body: body}, err
		}}, nil
	}
	switch r.Method {
	case http.MethodGet:
		return of("ListTagsForResource", func(all tags.Resources) ([]byte, error) {
			list, err := all.List(name)
			if err != nil {
				return nil, err
			}
			return rest.EncodeXML(controlNamespace, "ListTagsForResourceResult", controlTags{list})
		})
	case http.MethodPost:
		return of("TagResource", func(all tags.Resources) ([]byte, error) {
			var in controlTags
			if err := rest.DecodeXML(r.Body, "TagResourceRequest", &in); err != nil {
				return nil, malformedXML(err)
			}
			return nil, all.Add(in.Tags, name)
		})
	case http.MethodDelete:
		return of("UntagResource", func(all tags.Resources) ([]byte, error) {
			return nil, all.Remove(r.Query["tagKeys"], name)
		})
	}
	return nil, wire.UnknownREST(r)
}

type controlTags struct {
	Tags []tags.Tag `xml:"Tags>Tag"`
}

// tags are those of buckets, which are found by name.
func (s *tagOperations) tags() tags.Resources {
	return tags.Resources{Rules: tagRules, Find: func(name string) (tags.Resource, error) {
		b, err := s.bucket(name)
		if err != nil {
			return tags.Resource{}, err
		}
		return tags.Resource{Tags: b.Tags, Replace: func(all tags.Set) {
			s.buckets.Put(name, b)
			b.Tags = all
		}}, nil
	}}
}

// TaggedResources lists what can have tags, for the Tagging API.
func (s *tagOperations) TaggedResources() []tags.Tagged {
	var all []tags.Tagged
	for _, b := range s.buckets.All() {
		all = append(all, tags.Tagged{ARN: "arn:" + s.account.Partition + ":s3:::" + b.Name, Tags: b.Tags})
	}
	return all
}
