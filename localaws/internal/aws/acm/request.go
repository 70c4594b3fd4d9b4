package acm

import (
	"context"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// certificateOperations are those on certificates.
type certificateOperations struct{ *records }

func (s *certificateOperations) operations() []wire.Operation {
	return []wire.Operation{
		wire.Op("RequestCertificate", s.requestCertificate),
		wire.ReadOp("DescribeCertificate", s.describeCertificate),
		wire.Op("DeleteCertificate", s.deleteCertificate),
		wire.Op("UpdateCertificateOptions", s.updateCertificateOptions),
	}
}

// The states of certificates and of their domains.
const (
	statusPending  = "PENDING_VALIDATION"
	statusIssued   = "ISSUED"
	statusFailed   = "FAILED"
	statusTimedOut = "VALIDATION_TIMED_OUT"
	statusSuccess  = "SUCCESS"
)

// maxNames is how many names a certificate may have: ACM's quota at its
// highest.
const maxNames = 100

type requestCertificateInput struct {
	DomainName              string
	SubjectAlternativeNames []string
	ValidationMethod        string
	DomainValidationOptions []struct{ DomainName, ValidationDomain string }
	IdempotencyToken        string
	KeyAlgorithm            string
	Options                 certificateOptions
	Tags                    []tags.Tag
}

type certificateOptions struct {
	CertificateTransparencyLoggingPreference string
	Export                                   string
}

type arnOutput struct{ CertificateArn string }

func (s *certificateOperations) requestCertificate(_ context.Context, in *requestCertificateInput) (*arnOutput, error) {
	if in.ValidationMethod != "" && in.ValidationMethod != "DNS" {
		return nil, wire.Errorf("ValidationException", "localaws validates by DNS only: ValidationMethod is %s", in.ValidationMethod)
	}
	if err := checkNames(in.DomainName, in.SubjectAlternativeNames); err != nil {
		return nil, err
	}
	names := uniqueNames(in.DomainName, in.SubjectAlternativeNames)
	if len(names) > maxNames {
		return nil, wire.Errorf("LimitExceededException", "A certificate may have %d names, not %d.", maxNames, len(names))
	}
	if in.KeyAlgorithm == "" {
		in.KeyAlgorithm = defaultKeyAlgorithm
	}
	if !slices.Contains(requestableKeys, in.KeyAlgorithm) {
		return nil, wire.Errorf("ValidationException", "The key algorithm %s can't be requested for a public certificate; use one of %s.",
			in.KeyAlgorithm, strings.Join(requestableKeys, ", "))
	}
	all, err := tagRules.New(in.Tags)
	if err != nil {
		return nil, err
	}
	c := &certificate{
		ARN: s.account.ARN("acm", "certificate/"+ids.UUID()), Status: statusPending,
		KeyAlgorithm: in.KeyAlgorithm, IdempotencyToken: in.IdempotencyToken,
		CreatedAt: s.account.Clock.Now(), Tags: all,
	}
	c.setOptions(in.Options)
	for _, name := range names {
		c.Domains = append(c.Domains, domain{Name: name, Status: statusPending})
	}
	if earlier := s.sameRequest(c); earlier != nil {
		return &arnOutput{earlier.ARN}, nil
	}
	s.certificates.Put(c.ARN, c)
	return &arnOutput{c.ARN}, nil
}

// setOptions takes over what is given; the defaults are those of ACM.
func (c *certificate) setOptions(o certificateOptions) {
	if o.CertificateTransparencyLoggingPreference != "" || c.Logging == "" {
		c.Logging = orDefault(o.CertificateTransparencyLoggingPreference, "ENABLED")
	}
	if o.Export != "" || c.Export == "" {
		c.Export = orDefault(o.Export, "DISABLED")
	}
}

func orDefault(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// sameRequest finds the certificate that the same request, told by its
// idempotency token, made within the last hour.
func (s *certificateOperations) sameRequest(c *certificate) *certificate {
	if c.IdempotencyToken == "" {
		return nil
	}
	for _, earlier := range s.certificates.All() {
		if earlier.IdempotencyToken == c.IdempotencyToken && slices.Equal(earlier.names(), c.names()) &&
			c.CreatedAt.Sub(earlier.CreatedAt) < time.Hour {
			return earlier
		}
	}
	return nil
}

func (c *certificate) names() []string {
	names := make([]string, 0, len(c.Domains))
	for _, d := range c.Domains {
		names = append(names, d.Name)
	}
	return names
}

func uniqueNames(first string, more []string) []string {
	var names []string
	for _, name := range append([]string{first}, more...) {
		name = strings.TrimSuffix(strings.ToLower(name), ".")
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// namePattern is what ACM takes as a name, in its own words: at least two
// labels of letters, digits and hyphens, the first may be an asterisk.
// https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html
const namePattern = `(\*\.)?(((?!-)[A-Za-z0-9-]{0,62}[A-Za-z0-9])\.)+((?!-)[A-Za-z0-9-]{1,62}[A-Za-z0-9])`

// domainName is namePattern without what Go's expressions lack.
var domainName = regexp.MustCompile(`^(\*\.)?([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9][A-Za-z0-9-]{0,61}[A-Za-z0-9]$`)

func fits(name string) bool {
	name = strings.TrimSuffix(name, ".")
	_, err := netip.ParseAddr(name)
	return len(name) <= 253 && domainName.MatchString(name) && err != nil // an address is no name
}

func checkNames(first string, more []string) error {
	if !fits(first) {
		return wire.Errorf("ValidationException",
			"1 validation error detected: Value '%s' at 'domainName' failed to satisfy constraint: Member must satisfy regular expression pattern: %s", first, namePattern)
	}
	for _, name := range more {
		if !fits(name) {
			return wire.Errorf("ValidationException", "1 validation error detected: Value '[%s]' at 'subjectAlternativeNames' failed to satisfy constraint: "+
				"Member must satisfy constraint: [Member must have length less than or equal to 253, Member must have length greater than or equal to 1, "+
				"Member must satisfy regular expression pattern: %s]", strings.Join(more, ", "), namePattern)
		}
	}
	return nil
}

// resourceRecord is the CNAME that proves who owns a domain.
type resourceRecord struct{ Name, Type, Value string }
