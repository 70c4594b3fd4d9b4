package s3_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/s3"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wiretest"
)

// What refusals.md says, beyond what the other tests hold.

func TestEachOperationHasARow(t *testing.T) {
	t.Parallel()
	operations := append(newFixture(t, "").service.Operations(), "ListTagsForResource", "TagResource", "UntagResource")
	wiretest.RefusalsByCode(t, operations, s3.Refusals, wiretest.MayMiss)
}

func TestNamesOfBuckets(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	for _, name := range []string{
		strings.Repeat("a", 64), "a_b", "-ab", "ab-", ".ab", "ab.", "a..b", "xn--ab", "sthree-ab", "amzn-s3-demo-ab",
		"ab-s3alias", "ab--ol-s3", "ab.mrap", "ab--x-s3", "ab--table-s3",
	} {
		assert.Equal(t, "InvalidBucketName", f.call(t, "PUT", "/"+name, location).Code, name)
	}
	f.call(t, "PUT", "/a.b-c"+strings.Repeat("d", 57), location).OK(t)
}

func TestTagsThatAreRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	tag := func(key, value string) string { return "<Tag><Key>" + key + "</Key><Value>" + value + "</Value></Tag>" }
	var many strings.Builder
	for i := range 51 {
		many.WriteString(tag(fmt.Sprint("key", i), "v"))
	}
	for name, tags := range map[string]string{
		"too many": many.String(), "no key": tag("", "v"), "long key": tag(strings.Repeat("k", 129), "v"),
		"long value": tag("k", strings.Repeat("v", 257)), "reserved": tag("aws:k", "v"), "twice": tag("k", "v") + tag("k", "w"),
	} {
		assert.Equal(t, "InvalidTag", f.call(t, "PUT", "/logs?tagging", "<Tagging><TagSet>"+tags+"</TagSet></Tagging>").Code, name)
		created := f.call(t, "PUT", "/new", strings.Replace(location, "</CreateB", "<Tags>"+tags+"</Tags></CreateB", 1))
		assert.Equal(t, "InvalidTag", created.Code, name)
	}
}

func TestBodiesThatAreRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	encrypt := func(inner string) string {
		return "<Rule><ApplyServerSideEncryptionByDefault>" + inner + "</ApplyServerSideEncryptionByDefault></Rule>"
	}
	encryption := func(rules string) string {
		return "<ServerSideEncryptionConfiguration>" + rules + "</ServerSideEncryptionConfiguration>"
	}
	rule := func(id, status, content string) string {
		return "<Rule><ID>" + id + "</ID><Status>" + status + "</Status><Filter/>" + content + "</Rule>"
	}
	lifecycle := func(rules ...string) string {
		return "<LifecycleConfiguration>" + strings.Join(rules, "") + "</LifecycleConfiguration>"
	}
	const aes, expires = "<SSEAlgorithm>AES256</SSEAlgorithm>", "<Expiration><Days>3</Days></Expiration>"
	keys := strings.Repeat("<Object><Key>a</Key></Object>", 1001)
	for name, c := range map[string]struct{ query, body, code string }{
		"status of versions":   {"versioning", "<VersioningConfiguration><Status>On</Status></VersioningConfiguration>", "MalformedXML"},
		"MFA":                  {"versioning", "<VersioningConfiguration><Status>Enabled</Status><MfaDelete>Enabled</MfaDelete></VersioningConfiguration>", "NotImplemented"},
		"two rules":            {"encryption", encryption(encrypt(aes) + encrypt(aes)), "MalformedXML"},
		"algorithm":            {"encryption", encryption(encrypt("<SSEAlgorithm>ROT13</SSEAlgorithm>")), "MalformedXML"},
		"key of AES256":        {"encryption", encryption(encrypt(aes + "<KMSMasterKeyID>k</KMSMasterKeyID>")), "InvalidArgument"},
		"id twice":             {"lifecycle", lifecycle(rule("a", "Enabled", expires), rule("a", "Enabled", expires)), "InvalidArgument"},
		"long id":              {"lifecycle", lifecycle(rule(strings.Repeat("a", 256), "Enabled", expires)), "InvalidArgument"},
		"status of a rule":     {"lifecycle", lifecycle(rule("a", "On", expires)), "MalformedXML"},
		"days of old versions": {"lifecycle", lifecycle(rule("a", "Enabled", "<NoncurrentVersionExpiration><NoncurrentDays>0</NoncurrentDays></NoncurrentVersionExpiration>")), "InvalidArgument"},
		"too early for IA":     {"lifecycle", lifecycle(rule("a", "Enabled", "<Transition><Days>29</Days><StorageClass>STANDARD_IA</StorageClass></Transition>")), "InvalidArgument"},
		"too many keys":        {"delete", "<Delete>" + keys + "</Delete>", "MalformedXML"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			method := map[bool]string{true: "POST", false: "PUT"}[c.query == "delete"]
			f.call(t, method, "/logs?"+c.query, c.body).Refused(t, c.code)
		})
	}
}
