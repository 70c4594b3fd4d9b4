package s3

import (
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/glob"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/policy"
)

func checkBucketPolicy(c *call) error {
	d, err := policy.Parse(string(c.Body))
	if err == nil {
		err = d.CheckResource("s3", coversBucket(c.name))
	}
	if err != nil {
		return refuse(http.StatusBadRequest, "MalformedPolicy", "%v", err)
	}
	if isPublic(d) && c.bucket.blocksPublicPolicy() {
		return refuse(http.StatusForbidden, "AccessDenied",
			"not authorized to perform: s3:PutBucketPolicy on resource: \"arn:aws:s3:::%s\" because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.", c.name)
	}
	return nil
}

// coversBucket makes a test for resources that name the bucket, or things in it.
func coversBucket(bucketName string) func(resource string) bool {
	return func(resource string) bool {
		_, path, found := strings.Cut(resource, ":s3:::")
		if !found || !strings.HasPrefix(resource, "arn:aws") {
			return false
		}
		name, _, _ := strings.Cut(path, "/")
		return glob.Wildcards(name).Match(bucketName)
	}
}

// limitingKeys are the condition keys that keep a statement for everyone from
// being public.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
var limitingKeys = []string{
	"aws:sourceip", "aws:sourcearn", "aws:sourcevpc", "aws:sourcevpce", "aws:sourceowner", "aws:sourceaccount",
	"aws:userid", "aws:principalorgid", "aws:principalorgpaths", "aws:principalarn", "aws:principalaccount",
	"s3:x-amz-server-side-encryption-aws-kms-key-id", "s3:dataaccesspointarn", "s3:dataaccesspointaccount",
}

// isPublic reports whether a bucket policy lets everyone in.
func isPublic(d *policy.Document) bool {
	return slices.ContainsFunc(d.Statements, func(st policy.Statement) bool {
		return st.Effect == policy.Allow && !limited(st) &&
			(st.NotPrincipal != nil || slices.Contains(st.Principal[policy.AWS], "*"))
	})
}

// limited reports whether a condition keeps a statement from being for everyone.
func limited(st policy.Statement) bool {
	for operator, keys := range st.Condition {
		if strings.Contains(operator, "Not") {
			continue
		}
		for key, values := range keys {
			if slices.Contains(limitingKeys, strings.ToLower(key)) && !slices.ContainsFunc(values, tooWide) {
				return true
			}
		}
	}
	return false
}

func tooWide(value string) bool {
	if _, network, err := net.ParseCIDR(value); err == nil {
		ones, _ := network.Mask.Size()
		return ones == 0
	}
	return value == "*"
}

func (b *bucket) blocksPublicPolicy() bool {
	return strings.Contains(b.Config["publicAccessBlock"], "<BlockPublicPolicy>true</BlockPublicPolicy>")
}
