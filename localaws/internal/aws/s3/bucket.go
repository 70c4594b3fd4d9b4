package s3

import (
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire/rest"
)

// bucketOperations are those on buckets and their sub-resources.
type bucketOperations struct{ *records }

// bucketName is what a bucket may be called.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
var bucketName = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{1,61})[a-z0-9]$`)

func checkBucketName(name string) error {
	_, notAddress := netip.ParseAddr(name)
	if !bucketName.MatchString(name) || strings.Contains(name, "..") || notAddress == nil ||
		strings.HasPrefix(name, "xn--") || strings.HasSuffix(name, "-s3alias") {
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
	set, err := bucketTagRules.New(in.Tags)
	if err != nil {
		return nil, err
	}
	b := &bucket{Name: c.name, Region: region, Created: s.account.Clock.Now(), Tags: set, Config: map[string]string{}}
	if err := b.setDefaults(c); err != nil {
		return nil, err
	}
	s.buckets.Put(c.name, b)
	return &answer{header: created}, nil
}

// setDefaults gives a new bucket what every one has since April 2023: no
// public access and no ACLs.
func (b *bucket) setDefaults(c *call) error {
	b.Config["publicAccessBlock"] = blockAllPublicAccess
	ownership := c.Header.Get("X-Amz-Object-Ownership")
	if ownership == "" {
		ownership = enforcedOwnership
	}
	b.Config["ownershipControls"] = "<OwnershipControls xmlns=\"" + namespace + "\"><Rule><ObjectOwnership>" + ownership + "</ObjectOwnership></Rule></OwnershipControls>"
	if err := checkOwnership(b.Config["ownershipControls"]); err != nil {
		return err
	}
	if canned := c.Header.Get("X-Amz-Acl"); canned != "" {
		if err := b.setCannedACL(canned); err != nil {
			return err
		}
	}
	if c.Header.Get("X-Amz-Bucket-Object-Lock-Enabled") == "true" {
		b.Config["object-lock"] = "<ObjectLockConfiguration xmlns=\"" + namespace + "\"><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>"
		b.Versioning = versioningEnabled
	}
	return nil
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
	for u := range s.uploads.in(c.name) {
		s.uploads.delete(u)
	}
	s.buckets.Delete(c.name)
	return &answer{status: http.StatusNoContent}, nil
}

func (s *bucketOperations) getLocation(c *call) (*answer, error) {
	region := c.bucket.Region
	if region == "us-east-1" {
		region = ""
	}
	return &answer{root: "LocationConstraint", body: region}, nil
}

type ownerXML struct {
	ID          string
	DisplayName string
}

type bucketXML struct {
	Name         string
	CreationDate time.Time
	BucketRegion string
}

type listBucketsXML struct {
	Owner             ownerXML
	Buckets           []bucketXML `xml:"Buckets>Bucket"`
	ContinuationToken string      `xml:",omitempty"`
	Prefix            string      `xml:",omitempty"`
}

func (s *bucketOperations) listBuckets(c *call) (*answer, error) {
	limit, err := number(c.Query.Get("max-buckets"), 10000)
	if err != nil {
		return nil, err
	}
	out := listBucketsXML{Owner: s.owner(), Prefix: c.Query.Get("prefix")}
	for name, b := range s.buckets.Prefix(out.Prefix) {
		region := c.Query.Get("bucket-region")
		if name <= c.Query.Get("continuation-token") || (region != "" && region != b.Region) {
			continue
		}
		if len(out.Buckets) == limit {
			out.ContinuationToken = out.Buckets[limit-1].Name
			break
		}
		out.Buckets = append(out.Buckets, bucketXML{Name: name, CreationDate: b.Created.UTC(), BucketRegion: b.Region})
	}
	return &answer{root: "ListAllMyBucketsResult", body: out}, nil
}
