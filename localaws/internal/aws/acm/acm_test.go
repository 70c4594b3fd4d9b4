package acm_test

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/acm"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/route53"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/clock"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wiretest"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/pki"
)

// zones is a DNS of "name type" -> values.
type zones map[string][]string

func (z zones) Lookup(name, rrtype string) route53.Answer {
	name = strings.TrimSuffix(name, ".")
	answer := route53.Answer{Zone: "localaws.test."}
	for _, kind := range []string{rrtype, "CNAME"} {
		if values := z[name+" "+kind]; values != nil {
			answer.Records = []route53.Record{{Name: name, Type: kind, Values: values}}
			return answer
		}
	}
	return answer
}

type fixture struct {
	*wiretest.Server
	account *core.Account
	clock   *clock.Fake
	service *acm.Service
	zones   zones
	ca      *pki.Authority
}

// newFixture returns an ACM that works until the test ends.
func newFixture(t *testing.T) *fixture {
	t.Helper()
	a, fake := wiretest.NewAccount()
	ca, err := pki.Open(t.TempDir())
	require.NoError(t, err)
	f := &fixture{account: a, clock: fake, zones: zones{}, ca: ca}
	f.service = acm.New(a, f.zones, ca)
	f.Server = wiretest.NewServer(t, a, f.service.Wire())
	f.run(t, f.service)
	return f
}

func (f *fixture) run(t *testing.T, service *acm.Service) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var running sync.WaitGroup
	running.Go(func() { service.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
}

type object = map[string]any

func (f *fixture) call(t *testing.T, operation string, in, out any) *wiretest.Reply {
	t.Helper()
	return f.JSON(t, "acm", "CertificateManager."+operation, in, out)
}

func (f *fixture) request(t *testing.T, in object) string {
	t.Helper()
	var out struct{ CertificateArn string }
	f.call(t, "RequestCertificate", in, &out).OK(t)
	return out.CertificateArn
}

type detail struct {
	CertificateArn, DomainName, Status, FailureReason, KeyAlgorithm, Serial string
	SubjectAlternativeNames, InUseBy                                        []string
	DomainValidationOptions                                                 []struct {
		DomainName, ValidationStatus string
		ResourceRecord               struct{ Name, Type, Value string }
	}
}

func (f *fixture) describe(t *testing.T, arn string) detail {
	t.Helper()
	var out struct{ Certificate detail }
	f.call(t, "DescribeCertificate", object{"CertificateArn": arn}, &out).OK(t)
	return out.Certificate
}

// publish puts the validation records of a certificate into DNS.
func (f *fixture) publish(t *testing.T, arn string) {
	t.Helper()
	d := f.describe(t, arn)
	f.account.Do(func() {
		for _, option := range d.DomainValidationOptions {
			r := option.ResourceRecord
			f.zones[strings.TrimSuffix(r.Name, ".")+" "+r.Type] = []string{r.Value}
		}
	})
	f.account.Changed()
}

// reach lets time pass until the certificate is in a state.
func (f *fixture) reach(t *testing.T, arn, status string) detail {
	t.Helper()
	var last detail
	require.Eventually(t, func() bool {
		f.clock.Advance(time.Second)
		last = f.describe(t, arn)
		return last.Status == status
	}, 20*time.Second, 5*time.Millisecond, "waiting for %s", status)
	return last
}

func TestCertificateIsIssuedOnceDNSProvesTheDomains(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	arn := f.request(t, object{
		"DomainName": "www.localaws.test", "SubjectAlternativeNames": []string{"*.localaws.test", "localaws.test"},
		"ValidationMethod": "DNS",
	})
	d := f.describe(t, arn)
	require.Len(t, d.DomainValidationOptions, 3)
	assert.Equal(t, d.DomainValidationOptions[1].ResourceRecord, d.DomainValidationOptions[2].ResourceRecord,
		"a domain and its wildcard share their record")

	f.clock.Advance(24 * time.Hour)
	f.account.Changed()
	assert.Equal(t, "PENDING_VALIDATION", f.describe(t, arn).Status)
	f.account.Do(func() {
		_, ok := f.service.Certificate(arn)
		assert.False(t, ok)
	})

	f.publish(t, arn)
	d = f.reach(t, arn, "ISSUED")
	assert.Equal(t, "RSA-2048", d.KeyAlgorithm)
	for _, option := range d.DomainValidationOptions {
		assert.Equal(t, "SUCCESS", option.ValidationStatus)
		assert.NotEmpty(t, option.ResourceRecord.Name, "the record must stay, or Terraform replaces the certificate")
	}
	f.account.Do(func() {
		issued, ok := f.service.Certificate(arn)
		require.True(t, ok)
		assert.IsType(t, &rsa.PublicKey{}, issued.Leaf.PublicKey)
		_, err := issued.Leaf.Verify(x509.VerifyOptions{Roots: f.ca.Pool(), DNSName: "any.localaws.test"})
		assert.NoError(t, err)
	})
}

func TestOneMissingRecordKeepsTheCertificatePending(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	arn := f.request(t, object{"DomainName": "a.localaws.test", "SubjectAlternativeNames": []string{"b.localaws.test"}})
	other := f.request(t, object{"DomainName": "a.localaws.test"})
	f.publish(t, other)
	f.reach(t, other, "ISSUED")
	d := f.describe(t, arn)
	assert.Equal(t, "PENDING_VALIDATION", d.Status)
	assert.Equal(t, "SUCCESS", d.DomainValidationOptions[0].ValidationStatus)
	assert.Equal(t, "PENDING_VALIDATION", d.DomainValidationOptions[1].ValidationStatus)

	f.clock.Advance(73 * time.Hour)
	f.reach(t, arn, "VALIDATION_TIMED_OUT")
}

func TestCAARecords(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, domain string
		zones        zones
		issued       bool
	}{
		{"none", "a.localaws.test", zones{}, true},
		{"amazon", "a.localaws.test", zones{"localaws.test CAA": {`0 issue "amazon.com"`}}, true},
		{"amazon among others", "a.localaws.test", zones{"localaws.test CAA": {`0 issue "ca.example"`, `0 issue "amazontrust.com; a=b"`}}, true},
		{"another authority", "a.localaws.test", zones{"localaws.test CAA": {`0 issue "ca.example"`}}, false},
		{"nobody", "a.localaws.test", zones{"a.localaws.test CAA": {`0 issue ";"`}}, false},
		{"the closest counts", "a.localaws.test", zones{"a.localaws.test CAA": {`0 issue "amazon.com"`}, "localaws.test CAA": {`0 issue "ca.example"`}}, true},
		{"iodef only", "a.localaws.test", zones{"localaws.test CAA": {`0 iodef "mailto:a@localaws.test"`}}, true},
		{"issuewild binds wildcards", "*.localaws.test", zones{"localaws.test CAA": {`0 issue "amazon.com"`, `0 issuewild "ca.example"`}}, false},
		{"issuewild does not bind names", "a.localaws.test", zones{"localaws.test CAA": {`0 issue "amazon.com"`, `0 issuewild "ca.example"`}}, true},
		{"issue binds wildcards", "*.localaws.test", zones{"localaws.test CAA": {`0 issue "ca.example"`}}, false},
		{"critical unknown tag", "a.localaws.test", zones{"localaws.test CAA": {`128 future "x"`}}, false},
		{"through a cname", "a.localaws.test", zones{"a.localaws.test CNAME": {"b.elsewhere.test."}, "b.elsewhere.test CAA": {`0 issue "ca.example"`}}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.account.Do(func() {
				for key, values := range test.zones {
					f.zones[key] = values
				}
			})
			arn := f.request(t, object{"DomainName": test.domain, "KeyAlgorithm": "EC_prime256v1"})
			f.publish(t, arn)
			if test.issued {
				f.reach(t, arn, "ISSUED")
				return
			}
			assert.Equal(t, "CAA_ERROR", f.reach(t, arn, "FAILED").FailureReason)
		})
	}
}

func TestCertificatesInUseStay(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	arn := f.request(t, object{"DomainName": "a.localaws.test"})
	f.account.Do(func() { f.service.Use(arn, "listener"); f.service.Use(arn, "listener") })
	assert.Equal(t, []string{"listener"}, f.describe(t, arn).InUseBy)
	f.call(t, "DeleteCertificate", object{"CertificateArn": arn}, nil).Refused(t, "ResourceInUseException")
	f.account.Do(func() { f.service.Unuse(arn, "listener") })
	f.call(t, "DeleteCertificate", object{"CertificateArn": arn}, nil).OK(t)
	f.call(t, "DescribeCertificate", object{"CertificateArn": arn}, nil).Refused(t, "ResourceNotFoundException")
}

func TestRequestsThatAreRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	tests := []struct {
		name string
		in   object
	}{
		{"one label", object{"DomainName": "localhost"}},
		{"inner asterisk", object{"DomainName": "a.*.localaws.test"}},
		{"underscore", object{"DomainName": "a_b.localaws.test"}},
		{"underscore in an alternative name", object{"DomainName": "a.localaws.test", "SubjectAlternativeNames": []string{"_a.localaws.test"}}},
		{"hyphen first", object{"DomainName": "-a.localaws.test"}},
		{"hyphen last", object{"DomainName": "a-.localaws.test"}},
		{"a label of 64", object{"DomainName": strings.Repeat("a", 64) + ".localaws.test"}},
		{"address", object{"DomainName": "10.0.0.10"}},
		{"bad alternative name", object{"DomainName": "a.localaws.test", "SubjectAlternativeNames": []string{"a b"}}},
		{"e-mail validation", object{"DomainName": "a.localaws.test", "ValidationMethod": "EMAIL"}},
		{"unknown key", object{"DomainName": "a.localaws.test", "KeyAlgorithm": "RSA_512"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f.call(t, "RequestCertificate", test.in, nil).Refused(t, "ValidationException")
		})
	}
}

func TestIdempotencyToken(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	in := object{"DomainName": "a.localaws.test", "IdempotencyToken": "once"}
	first := f.request(t, in)
	assert.Equal(t, first, f.request(t, in))
	f.clock.Advance(2 * time.Hour)
	assert.NotEqual(t, first, f.request(t, in))
}

// What ACM says names the member, the value and the pattern; upper case is fine.
func TestNamesOfCertificates(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const pattern = `(\*\.)?(((?!-)[A-Za-z0-9-]{0,62}[A-Za-z0-9])\.)+((?!-)[A-Za-z0-9-]{1,62}[A-Za-z0-9])`
	reply := f.call(t, "RequestCertificate", object{"DomainName": "a_b.localaws.test"}, nil).Refused(t, "ValidationException")
	assert.Equal(t, "1 validation error detected: Value 'a_b.localaws.test' at 'domainName' failed to satisfy constraint: "+
		"Member must satisfy regular expression pattern: "+pattern, reply.Message)
	reply = f.call(t, "RequestCertificate", object{"DomainName": "a.localaws.test", "SubjectAlternativeNames": []string{"b.localaws.test", "a_b.localaws.test"}}, nil).
		Refused(t, "ValidationException")
	assert.Contains(t, reply.Message, "Value '[b.localaws.test, a_b.localaws.test]' at 'subjectAlternativeNames' failed to satisfy constraint")
	arn := f.request(t, object{"DomainName": "A-1." + strings.Repeat("b", 63) + ".LocalAWS.test"})
	assert.Equal(t, "a-1."+strings.Repeat("b", 63)+".localaws.test", f.describe(t, arn).DomainName)
}

func TestTags(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	arn := f.request(t, object{"DomainName": "a.localaws.test", "Tags": []core.Tag{{Key: "a", Value: "1"}}})
	f.call(t, "AddTagsToCertificate", object{"CertificateArn": arn, "Tags": []core.Tag{{Key: "b", Value: "2"}}}, nil).OK(t)
	f.call(t, "RemoveTagsFromCertificate", object{"CertificateArn": arn, "Tags": []core.Tag{{Key: "a"}}}, nil).OK(t)
	var out struct{ Tags []core.Tag }
	f.call(t, "ListTagsForCertificate", object{"CertificateArn": arn}, &out).OK(t)
	assert.Equal(t, []core.Tag{{Key: "b", Value: "2"}}, out.Tags)
	for name, c := range map[string]struct {
		tags object
		code string
	}{
		"reserved":  {object{"Key": "aws:a"}, "InvalidTagException"},
		"too long":  {object{"Key": "a", "Value": strings.Repeat("a", 257)}, "ValidationException"},
		"not there": {object{"Key": "a"}, "ResourceNotFoundException"},
	} {
		arn := map[bool]string{false: arn, true: arn + "0"}[name == "not there"]
		f.call(t, "AddTagsToCertificate", object{"CertificateArn": arn, "Tags": []object{c.tags}}, nil).Refused(t, c.code)
	}
	var list []object
	for i := range 51 {
		list = append(list, object{"Key": strings.Repeat("k", i+1)})
	}
	f.call(t, "RequestCertificate", object{"DomainName": "a.localaws.test", "Tags": list}, nil).Refused(t, "ValidationException")
	f.call(t, "AddTagsToCertificate", object{"CertificateArn": arn, "Tags": list[:50]}, nil).Refused(t, "TooManyTagsException")
}

func TestStateOutlivesTheProcess(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	arn := f.request(t, object{"DomainName": "a.localaws.test"})
	f.publish(t, arn)
	f.reach(t, arn, "ISSUED")
	account, _ := wiretest.NewAccount()
	next := acm.New(account, f.zones, f.ca)
	wiretest.Revive(t, f.account, account)
	f.account.View(func() {
		before, _ := f.service.Certificate(arn)
		after, ok := next.Certificate(arn)
		require.True(t, ok)
		assert.Equal(t, before.Certificate, after.Certificate)
	})
}
