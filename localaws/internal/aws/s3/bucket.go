package s3

import (
	"net/http"
	"net/netip"
	"regexp"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire/rest"
)

// bucketOperations are those on buckets and their sub-resources.
type bucketOperations struct{ *records }

// bucketName is what a bucket may be called.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
var bucketName = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{1,61})[a-z0-9]$`)

// reservedName are the beginnings and ends that AWS keeps to itself.
var reservedName = regexp.MustCompile(`^(xn--|sthree-|amzn-s3-demo-)|(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$`)

func checkBucketName(name string) error {
	_, notAddress := netip.ParseAddr(name)
	if !bucketName.MatchString(name) || strings.Contains(name, "..") || notAddress == nil || reservedName.MatchString(name) {
		return refuse(http.StatusBadRequest, "InvalidBucketName", "The specified bucket is not valid: %q", name)
	}
	return nil
}

type createBucketRequest struct {
	LocationConstraint string
	Tags               []tags.Tag `xml:"Tags>Tag"`
}

func (s *bucketOperations) createBucket(c *call) (*answer, error) {
	if err := checkBucketName(c.name); err != nil {
		return nil, err
	}
	var in createBucketRequest
	if len(c.Body) > 0 {
		if err := rest.DecodeXML(c.Body, "CreateBucketConfiguration", &in); err != nil {
			return nil, malformedXML(err)
		}
	}
	region := c.region
	if in.LocationConstraint != "" {
		if in.LocationConstraint != c.region && c.region != "us-east-1" {
			return nil, refuse(http.StatusBadRequest, "IllegalLocationConstraintException",
				"The %s location constraint is incompatible for the region specific endpoint this request was sent to.", in.LocationConstraint)
		}
		region = in.LocationConstraint
	} else if c.region != "us-east-1" {
		return nil, refuse(http.StatusBadRequest, "IllegalLocationConstraintException",
			"The unspecified location constraint is incompatible for the region specific endpoint this request was sent to.")
	}
	created := http.Header{"Location": {"/" + c.name}}
	if s.buckets.Has(c.name) {
		if c.region == "us-east-1" {
			return &answer{header: created}, nil
		}
		return nil, refuse(http.StatusConflict, "BucketAlreadyOwnedByYou", "Your previous request to create the named bucket %s succeeded and you already own it.", c.name)
	}
	set, err := tagRules.New(in.Tags)
	if err != nil {
		return nil, err
	}
	if err := c.checkACL(); err != nil {
		return nil, err
	}
	// No public access, as every new bucket since April 2023.
	b := &bucket{Name: c.name, Region: region, Tags: set, Config: map[string]string{"publicAccessBlock": blockAllPublicAccess}}
	s.buckets.Put(c.name, b)
	return &answer{header: created}, nil
}

func (s *bucketOperations) headBucket(c *call) (*answer, error) {
	return &answer{header: http.Header{"X-Amz-Bucket-Region": {c.bucket.Region}, "Content-Type": {"application/xml"}}}, nil
}

func (s *bucketOperations) deleteBucket(c *call) (*answer, error) {
	for range s.versions.under(c.name, "") {
		message := "The bucket you tried to delete is not empty"
		if c.bucket.Versioning != "" {
			message += ". You must delete all versions in the bucket."
		}
		return nil, refuse(http.StatusConflict, "BucketNotEmpty", "%s", message)
	}
	s.buckets.Delete(c.name)
	return &answer{status: http.StatusNoContent}, nil
}

type ownerXML struct {
	ID          string
	DisplayName string
}
