package s3_test

import (
	"crypto/md5"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/s3"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wiretest"
)

type fixture struct {
	*wiretest.Server
	account *core.Account
	service *s3.Service
}

// newFixture returns an S3 with the bucket "logs" and its files below directory, or
// below one of its own when that is "".
func newFixture(t *testing.T, directory string) *fixture {
	t.Helper()
	if directory == "" {
		directory = t.TempDir()
	}
	a, _ := wiretest.NewAccount()
	f := &fixture{account: a, service: s3.New(a, directory)}
	f.Server = wiretest.NewServer(t, a, f.service.Wire())
	f.createBucket(t, "logs")
	return f
}

const location = "<CreateBucketConfiguration><LocationConstraint>us-west-2</LocationConstraint></CreateBucketConfiguration>"

func (f *fixture) createBucket(t *testing.T, name string) {
	t.Helper()
	f.call(t, "PUT", "/"+name, location).OK(t)
}

// call sends a request; headers are "Name: value".
func (f *fixture) call(t *testing.T, method, path, body string, headers ...string) *wiretest.Reply {
	t.Helper()
	header := http.Header{}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		header.Set(name, value)
	}
	return f.Request(t, "s3", method, path, header, []byte(body))
}

func (f *fixture) versioning(t *testing.T, bucket, status string) {
	t.Helper()
	f.call(t, "PUT", "/"+bucket+"?versioning", "<VersioningConfiguration><Status>"+status+"</Status></VersioningConfiguration>").OK(t)
}

func TestBucketLifecycle(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	f.call(t, "PUT", "/logs", location).Refused(t, "BucketAlreadyOwnedByYou")
	assert.Equal(t, "us-west-2", f.call(t, "HEAD", "/logs", "").OK(t).Header.Get("X-Amz-Bucket-Region"))

	f.call(t, "PUT", "/logs/a", "x").OK(t)
	f.call(t, "DELETE", "/logs", "").Refused(t, "BucketNotEmpty")
	f.call(t, "DELETE", "/logs/a", "").OK(t)
	f.call(t, "DELETE", "/logs", "").OK(t)
	gone := f.call(t, "HEAD", "/logs", "")
	assert.Equal(t, http.StatusNotFound, gone.Status)
	assert.Empty(t, gone.Body)
	f.call(t, "GET", "/logs?policy", "").Refused(t, "NoSuchBucket")
}

func TestBucketsThatAreRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	elsewhere := strings.ReplaceAll(location, "us-west-2", "eu-west-1")
	tests := []struct{ name, path, body, code string }{
		{"upper case", "/Logs", location, "InvalidBucketName"},
		{"too short", "/ab", location, "InvalidBucketName"},
		{"an address", "/192.168.5.4", location, "InvalidBucketName"},
		{"another region", "/other", elsewhere, "IllegalLocationConstraintException"},
		{"no region", "/other", "", "IllegalLocationConstraintException"},
		{"unknown element", "/other", "<CreateBucketConfiguration><Colour/></CreateBucketConfiguration>", "MalformedXML"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f.call(t, "PUT", test.path, test.body).Refused(t, test.code)
		})
	}
}

func TestUnknownSubresourcesNeverFallThrough(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	for _, request := range [][2]string{
		{"PUT", "/logs?colour"}, {"GET", "/logs?analytics"}, {"DELETE", "/logs?inventory&id=1"}, {"PUT", "/logs/key?retention"},
		{"GET", "/logs/key?torrent"}, {"DELETE", "/logs/key?legal-hold"}, {"POST", "/logs/key?restore"}, {"GET", "/logs?policy&colour"},
		{"DELETE", "/logs?versioning"}, {"PUT", "/logs?cors"}, {"PUT", "/logs?replication"}, {"POST", "/logs/key?uploads"},
	} {
		reply := f.call(t, request[0], request[1], "").Refused(t, "NotImplemented")
		assert.Equal(t, http.StatusBadRequest, reply.Status, "%v", request)
	}
	f.call(t, "HEAD", "/logs", "").OK(t)
	f.call(t, "PUT", "/logs/key", "x", "X-Amz-Object-Lock-Mode: GOVERNANCE").Refused(t, "NotImplemented")
	for _, header := range []string{"Range: bytes=1-", "If-Match: x", "X-Amz-Copy-Source: /logs/other", "X-Amz-Tagging: a=b"} {
		f.call(t, "PUT", "/logs/key", "x", header).Refused(t, "NotImplemented")
	}
	f.call(t, "PUT", "/other", location, "X-Amz-Bucket-Object-Lock-Enabled: true").Refused(t, "NotImplemented")
	f.call(t, "PUT", "/other", location, "X-Amz-Bucket-Object-Lock-Enabled: false").OK(t)
	assert.Equal(t, 17, f.Unknown()["s3:PUT /logs"]+f.Unknown()["s3:GET /logs"]+f.Unknown()["s3:DELETE /logs"]+
		f.Unknown()["s3:PUT /logs/key"]+f.Unknown()["s3:GET /logs/key"]+f.Unknown()["s3:DELETE /logs/key"]+f.Unknown()["s3:POST /logs/key"],
		"%v", f.Unknown())
}

func TestSubresources(t *testing.T) {
	t.Parallel()
	const ns = ` xmlns="http://s3.amazonaws.com/doc/2006-03-01/"`
	tests := []struct {
		name, absent, put, has string // absent: a code, or a part of the default answer
	}{
		{"accelerate", "<AccelerateConfiguration", "", ""},
		{"cors", "NoSuchCORSConfiguration", "", ""},
		{"encryption", "AES256", "<ServerSideEncryptionConfiguration" + ns + "><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>", "aws:kms"},
		{"lifecycle", "NoSuchLifecycleConfiguration", "<LifecycleConfiguration><Rule><ID>r</ID><Filter><Prefix></Prefix></Filter><Status>Enabled</Status><Expiration><Days>3</Days></Expiration></Rule></LifecycleConfiguration>", "<Days>3</Days>"},
		{"logging", "<BucketLoggingStatus", "", ""},
		{"object-lock", "ObjectLockConfigurationNotFoundError", "", ""},
		{"policy", "NoSuchBucketPolicy", `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::logs/*"}}`, "2012-10-17"},
		{"publicAccessBlock", "<RestrictPublicBuckets>true", "<PublicAccessBlockConfiguration><BlockPublicAcls>false</BlockPublicAcls></PublicAccessBlockConfiguration>", "false"},
		{"replication", "ReplicationConfigurationNotFoundError", "", ""},
		{"requestPayment", "BucketOwner", "", ""},
		{"tagging", "NoSuchTagSet", "<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag></TagSet></Tagging>", "<Key>a</Key>"},
		{"versioning", "<VersioningConfiguration", "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>", "Enabled"},
		{"website", "NoSuchWebsiteConfiguration", "", ""},
		{"acl", "FULL_CONTROL", "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, "")
			absent := f.call(t, "GET", "/logs?"+test.name, "")
			assert.Contains(t, absent.Code+string(absent.Body), test.absent)
			if test.put == "" {
				return
			}
			f.call(t, "PUT", "/logs?"+test.name, test.put).OK(t)
			assert.Contains(t, string(f.call(t, "GET", "/logs?"+test.name, "").OK(t).Body), test.has)
			f.call(t, "PUT", "/logs?"+test.name, "<Broken").Refused(t, map[bool]string{true: "MalformedPolicy", false: "MalformedXML"}[test.name == "policy"])

			if deleted := f.call(t, "DELETE", "/logs?"+test.name, ""); deleted.Code != "NotImplemented" {
				deleted.OK(t)
				again := f.call(t, "GET", "/logs?"+test.name, "")
				assert.NotContains(t, string(again.Body), test.has)
			}
		})
	}
}

func TestPublicAccessIsBlocked(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	public := `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::logs/*"}]}`
	limited := strings.Replace(public, `"Resource"`, `"Condition":{"StringEquals":{"aws:SourceVpc":"vpc-1"}},"Resource"`, 1)
	f.call(t, "PUT", "/logs?policy", public).Refused(t, "AccessDenied")
	f.call(t, "PUT", "/logs?policy", limited).OK(t)
	f.call(t, "DELETE", "/logs?publicAccessBlock", "").OK(t)
	f.call(t, "PUT", "/logs?policy", public).OK(t)
	f.call(t, "PUT", "/other", location, "X-Amz-Acl: public-read").Refused(t, "AccessControlListNotSupported")
	f.call(t, "PUT", "/logs?policy", strings.ReplaceAll(public, "logs", "other")).Refused(t, "MalformedPolicy")
}

func TestHostsNameBuckets(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	f.call(t, "PUT", "/logs/a", "x").OK(t)
	for _, host := range []string{"logs.localhost:4566", "logs.127.0.0.1:4566", "logs.s3.us-west-2.amazonaws.com", "logs.s3.amazonaws.com", "logs.s3-us-west-2.amazonaws.com"} {
		assert.Equal(t, "x", string(f.call(t, "GET", "/a", "", "Host: "+host).OK(t).Body), host)
	}
	for _, host := range []string{"localhost:4566", "127.0.0.1:4566", "s3.us-west-2.amazonaws.com", "[::1]:4566"} {
		assert.Equal(t, "x", string(f.call(t, "GET", "/logs/a", "", "Host: "+host).OK(t).Body), host)
	}
}

func TestS3ControlTags(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	tagged := strings.Replace(location, "</Create", "<Tags><Tag><Key>made</Key><Value>with</Value></Tag></Tags></Create", 1)
	f.call(t, "PUT", "/tagged", tagged).OK(t)
	const path = "/v20180820/tags/arn%3Aaws%3As3%3A%3A%3Atagged"
	for _, host := range []string{"123456789012.127.0.0.1:4566", "123456789012.s3-control.us-west-2.amazonaws.com", "123456789012.localhost:4566"} {
		assert.Contains(t, string(f.call(t, "GET", path, "", "Host: "+host).OK(t).Body), "<Key>made</Key>", host)
	}
	const host = "Host: 123456789012.127.0.0.1:4566"
	f.call(t, "POST", path, "<TagResourceRequest><Tags><Tag><Key>b</Key><Value>2</Value></Tag></Tags></TagResourceRequest>", host).OK(t)
	f.call(t, "DELETE", path+"?tagKeys=made", "", host).OK(t)
	assert.Contains(t, string(f.call(t, "GET", "/tagged?tagging", "").OK(t).Body), "<TagSet><Tag><Key>b</Key>")
	f.call(t, "GET", strings.Replace(path, "tagged", "none", 1), "", host).Refused(t, "NoSuchBucket")
	f.call(t, "GET", "/v20180820/jobs", "", host).Refused(t, "NotImplemented")
}

func TestLogDeliveryNeedsTheBucketPolicy(t *testing.T) {
	t.Parallel()
	allow := func(principal, resource string) string {
		return `{"Effect":"Allow","Principal":` + principal + `,"Action":"s3:PutObject","Resource":"arn:aws:s3:::` + resource + `"}`
	}
	deny := `{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::logs","arn:aws:s3:::logs/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}}`
	const region = `{"AWS":"arn:aws:iam::797873946194:root"}`
	const service = `{"Service":"logdelivery.elasticloadbalancing.amazonaws.com"}`
	tests := []struct {
		name, policy, key, principal string
		allowed                      bool
	}{
		{"no policy", "", "AWSLogs/x", s3.LoadBalancerPrincipal, false},
		{"region's account", allow(region, "logs/*"), "AWSLogs/x", s3.LoadBalancerPrincipal, true},
		{"region's account by number", allow(`{"AWS":"797873946194"}`, "logs/*"), "AWSLogs/x", s3.LoadBalancerPrincipal, true},
		{"service", allow(service, "logs/AWSLogs/*"), "AWSLogs/x", s3.LoadBalancerPrincipal, true},
		{"another prefix", allow(region, "logs/other/*"), "AWSLogs/x", s3.LoadBalancerPrincipal, false},
		{"another region's account", allow(`{"AWS":"arn:aws:iam::127311923021:root"}`, "logs/*"), "AWSLogs/x", s3.LoadBalancerPrincipal, false},
		{"another action", strings.ReplaceAll(allow(region, "logs/*"), "PutObject", "GetObject"), "AWSLogs/x", s3.LoadBalancerPrincipal, false},
		{"plain http is denied", allow(region, "logs/*") + "," + deny, "AWSLogs/x", s3.LoadBalancerPrincipal, true},
		{"https is denied", allow(region, "logs/*") + "," + strings.Replace(deny, `"false"`, `"true"`, 1), "AWSLogs/x", s3.LoadBalancerPrincipal, false},
		{"network load balancer", strings.Replace(allow(`{"Service":"delivery.logs.amazonaws.com"}`, "logs/*"), `"Resource"`, `"Condition":{"StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control","aws:SourceAccount":"123456789012"}},"Resource"`, 1), "AWSLogs/x", "delivery.logs.amazonaws.com", true},
		{"another source account", strings.Replace(allow(`{"Service":"delivery.logs.amazonaws.com"}`, "logs/*"), `"Resource"`, `"Condition":{"StringEquals":{"aws:SourceAccount":"1"}},"Resource"`, 1), "AWSLogs/x", "delivery.logs.amazonaws.com", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, "")
			if test.policy != "" {
				f.call(t, "PUT", "/logs?policy", `{"Version":"2012-10-17","Statement":[`+test.policy+`]}`).OK(t)
			}
			f.account.Do(func() { assert.Equal(t, test.allowed, f.service.AllowsWrite("logs", test.key, test.principal)) })
		})
	}
}

func TestLogDeliveryNeedsS3ManagedKeys(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	f.call(t, "PUT", "/logs?policy", `{"Statement":[{"Effect":"Allow","Principal":{"AWS":"797873946194"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::logs/*"}]}`).OK(t)
	f.call(t, "PUT", "/logs?encryption", "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>").OK(t)
	f.account.Do(func() { assert.False(t, f.service.AllowsWrite("logs", "a", s3.LoadBalancerPrincipal)) })
}

func TestStateOutlivesTheProcess(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	f := newFixture(t, directory)
	f.account.Do(func() { require.NoError(t, f.service.PutObject("logs", "AWSLogs/a", []byte("x"))) })
	require.NoError(t, f.service.Deliver("logs", "AWSLogs/b", []byte("yz")))
	revived, _ := wiretest.NewAccount()
	next := &fixture{account: revived, service: s3.New(revived, directory)}
	wiretest.Revive(t, f.account, revived)
	next.Server = wiretest.NewServer(t, revived, next.service.Wire())
	for key, want := range map[string]string{"a": "x", "b": "yz"} {
		got := next.call(t, "GET", "/logs/AWSLogs/"+key, "").OK(t)
		assert.Equal(t, want, string(got.Body))
		sum := md5.Sum([]byte(want))
		assert.Equal(t, `"`+hex.EncodeToString(sum[:])+`"`, got.Header.Get("ETag"))
	}
}

func TestLifecycleRulesThatAreRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	rule := func(content string) string {
		return "<LifecycleConfiguration><Rule><ID>r</ID><Status>Enabled</Status>" + content + "</Rule></LifecycleConfiguration>"
	}
	tests := []struct{ name, body, code string }{
		{"no rule", "<LifecycleConfiguration/>", "MalformedXML"},
		{"no action", rule("<Filter/>"), "InvalidRequest"},
		{"no filter", rule("<Expiration><Days>1</Days></Expiration>"), "MalformedXML"},
		{"zero days", rule("<Filter/><Expiration><Days>0</Days></Expiration>"), "InvalidArgument"},
		{"expires before it moves", rule("<Filter/><Expiration><Days>30</Days></Expiration><Transition><Days>60</Days><StorageClass>GLACIER</StorageClass></Transition>"), "InvalidArgument"},
		{"unknown element", rule("<Filter/><Colour/>"), "MalformedXML"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f.call(t, "PUT", "/logs?lifecycle", test.body).Refused(t, test.code)
		})
	}
}
