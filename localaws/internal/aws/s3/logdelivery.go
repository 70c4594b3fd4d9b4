package s3

import (
	"io"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/policy"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// delivery stores what other services write, such as access logs.
type delivery struct{ *records }

// elbAccounts are the accounts of Elastic Load Balancing that write access
// logs, by region. Other regions have a service principal only.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
var elbAccounts = map[string]string{
	"us-east-1": "127311923021", "us-east-2": "033677994240", "us-west-1": "027434742980", "us-west-2": "797873946194",
	"af-south-1": "098369216593", "ap-east-1": "754344448648", "ap-southeast-3": "589379963580", "ap-south-1": "718504428378",
	"ap-northeast-3": "383597477331", "ap-northeast-2": "600734575887", "ap-southeast-1": "114774131450",
	"ap-southeast-2": "783225319266", "ap-northeast-1": "582318560864", "ca-central-1": "985666609251",
	"eu-central-1": "054676820928", "eu-west-1": "156460612806", "eu-west-2": "652711504416", "eu-south-1": "635631232127",
	"eu-west-3": "009996457667", "eu-north-1": "897822967062", "me-south-1": "076674570225", "sa-east-1": "507241528517",
	"us-gov-west-1": "048591011584", "us-gov-east-1": "190560391635", "cn-north-1": "638102146993", "cn-northwest-1": "037604701340",
}

// LoadBalancerPrincipal is the principal that stands for whoever writes the
// access logs of application load balancers in the bucket's region.
const LoadBalancerPrincipal = "logdelivery.elasticloadbalancing.amazonaws.com"

// AllowsWrite reports whether a bucket exists, is of the account's region, lets a
// principal write an object with that key, and is encrypted in a way that log
// delivery can use: with S3's own keys. The principal is an account's ARN
// (arn:aws:iam::797873946194:root) or a service
// (delivery.logs.amazonaws.com); LoadBalancerPrincipal means that service or
// the account of Elastic Load Balancing in the region.
func (s *delivery) AllowsWrite(bucketName, key, principal string) bool {
	b, ok := s.buckets.Get(bucketName)
	if !ok || b.Region != s.account.Region || b.defaultEncryption() != "AES256" || b.Config["policy"] == "" {
		return false
	}
	d, err := policy.Parse(b.Config["policy"])
	if err != nil {
		return false
	}
	return d.Decide(policy.Request{
		Principals: s.writers(principal), Action: "s3:PutObject", Resource: "arn:" + s.account.Partition + ":s3:::" + bucketName + "/" + key,
		Context: policy.NewContext(map[string]string{
			"aws:SecureTransport": "true", "s3:TlsVersion": "1.3", "s3:x-amz-acl": "bucket-owner-full-control",
			"aws:SourceAccount": s.account.ID, "aws:PrincipalIsAWSService": "true",
			"aws:SourceArn": s.account.ARN("elasticloadbalancing", "loadbalancer/any"),
		}),
	}) == policy.Allowed
}

// writers are the names that a policy may give the principal of a log delivery.
func (s *delivery) writers(principal string) policy.Principals {
	if account, isRoot := strings.CutSuffix(principal, ":root"); isRoot {
		return policy.Principals{policy.AWS: {principal, account[strings.LastIndex(account, ":")+1:]}}
	}
	who := policy.Principals{policy.Service: {principal}}
	if account := elbAccounts[s.account.Region]; principal == LoadBalancerPrincipal && account != "" {
		who[policy.AWS] = policy.List{account, "arn:" + s.account.Partition + ":iam::" + account + ":root"}
	}
	return who
}

// PutObject stores a small object within another service's operation, as the owner
// of the bucket would. Its body is kept with its record.
func (s *delivery) PutObject(bucketName, key string, content []byte) error {
	sums := (&call{Request: &wire.Request{}}).digests()
	_, _ = sums.Write(content) // it never fails
	return s.put(bucketName, key, sums.received(body{Data: content, Size: sums.size}))
}

// Deliver stores an object as PutObject does. It is called without the account's
// lock, as it writes the body to a file first.
func (s *delivery) Deliver(bucketName, key string, content []byte) error {
	sums := (&call{Request: &wire.Request{}}).digests()
	file, err := s.files.write(func(w io.Writer) error {
		_, err := io.MultiWriter(w, sums).Write(content)
		return err
	})
	if err != nil {
		return err
	}
	s.account.Do(func() { err = s.put(bucketName, key, sums.received(body{File: file, Size: sums.size})) })
	s.tidy(file)
	return err
}

func (s *delivery) put(bucketName, key string, r *received) error {
	b, err := s.bucket(bucketName)
	if err != nil {
		return err
	}
	v := &version{Key: key, Body: r.body, ETag: r.etag, Meta: map[string]string{"Content-Type": "binary/octet-stream"}}
	v.ChecksumName, v.Checksum = r.checksum()
	return s.store(b, v)
}
