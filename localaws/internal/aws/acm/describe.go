package acm

import (
	"cmp"
	"context"
	"crypto/x509"
	"encoding/pem"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

type arnInput struct{ CertificateArn string }

type describeOutput struct{ Certificate certificateDetail }

// certificateDetail is a certificate in the API's form.
type certificateDetail struct {
	CertificateArn          string
	DomainName              string
	SubjectAlternativeNames []string
	DomainValidationOptions []validationDetail
	Serial                  string
	Subject                 string
	Issuer                  string
	CreatedAt               time.Time
	IssuedAt                time.Time
	ImportedAt              time.Time
	Status                  string
	NotBefore               time.Time
	NotAfter                time.Time
	KeyAlgorithm            string
	SignatureAlgorithm      string
	InUseBy                 []string
	FailureReason           string
	Type                    string
	RenewalEligibility      string
	KeyUsages               []struct{ Name string }
	ExtendedKeyUsages       []struct{ Name, OID string }
	Options                 *certificateOptions
}

type validationDetail struct {
	DomainName       string
	ValidationDomain string
	ValidationStatus string
	ResourceRecord   resourceRecord
	ValidationMethod string
}

func (s *Service) describeCertificate(_ context.Context, in *arnInput) (*describeOutput, error) {
	c, err := s.certificate(in.CertificateArn)
	if err != nil {
		return nil, err
	}
	detail := certificateDetail{
		CertificateArn: c.ARN, DomainName: c.Domains[0].Name, SubjectAlternativeNames: c.names(),
		CreatedAt: c.CreatedAt, IssuedAt: c.IssuedAt, ImportedAt: c.ImportedAt, Status: c.Status,
		KeyAlgorithm: describedKey(c.KeyAlgorithm), InUseBy: append([]string{}, c.UsedBy...), FailureReason: c.FailureReason,
		Type: c.Type, RenewalEligibility: c.renewal(), Issuer: "Amazon", Subject: "CN=" + c.Domains[0].Name,
		Options: &certificateOptions{CertificateTransparencyLoggingPreference: c.Logging, Export: c.Export},
	}
	if c.Type == "AMAZON_ISSUED" {
		for _, d := range c.Domains {
			detail.DomainValidationOptions = append(detail.DomainValidationOptions, validationDetail{
				DomainName: d.Name, ValidationDomain: d.Name, ValidationStatus: d.Status,
				ResourceRecord: s.validationRecord(d.Name), ValidationMethod: "DNS",
			})
		}
	}
	if leaf := c.leaf(); leaf != nil {
		detail.describeLeaf(leaf)
		if c.Type == "IMPORTED" {
			detail.Issuer = leaf.Issuer.CommonName
		}
	}
	return &describeOutput{detail}, nil
}

func (d *certificateDetail) describeLeaf(leaf *x509.Certificate) {
	d.Serial = serialText(leaf)
	d.Subject = leaf.Subject.String()
	d.NotBefore, d.NotAfter = leaf.NotBefore, leaf.NotAfter
	d.SignatureAlgorithm = strings.ReplaceAll(leaf.SignatureAlgorithm.String(), "-", "")
	if leaf.KeyUsage&x509.KeyUsageDigitalSignature != 0 {
		d.KeyUsages = append(d.KeyUsages, struct{ Name string }{"DIGITAL_SIGNATURE"})
	}
	if leaf.KeyUsage&x509.KeyUsageKeyEncipherment != 0 {
		d.KeyUsages = append(d.KeyUsages, struct{ Name string }{"KEY_ENCIPHERMENT"})
	}
	for _, usage := range leaf.ExtKeyUsage {
		switch usage {
		case x509.ExtKeyUsageServerAuth:
			d.ExtendedKeyUsages = append(d.ExtendedKeyUsages, struct{ Name, OID string }{"TLS_WEB_SERVER_AUTHENTICATION", "1.3.6.1.5.5.7.3.1"})
		case x509.ExtKeyUsageClientAuth:
			d.ExtendedKeyUsages = append(d.ExtendedKeyUsages, struct{ Name, OID string }{"TLS_WEB_CLIENT_AUTHENTICATION", "1.3.6.1.5.5.7.3.2"})
		}
	}
}

// serialText writes a serial number as ACM does: bytes with colons between.
func serialText(leaf *x509.Certificate) string {
	var parts []string
	for _, b := range leaf.SerialNumber.Bytes() {
		parts = append(parts, strconv.FormatUint(uint64(b)+256, 16)[1:])
	}
	return strings.Join(parts, ":")
}

// leaf is the certificate itself, nil before it was issued.
func (c *certificate) leaf() *x509.Certificate {
	block, _ := pem.Decode([]byte(c.ChainPEM))
	if block == nil {
		return nil
	}
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil
	}
	return leaf
}

// renewal: ACM renews what it issued, while something uses it.
func (c *certificate) renewal() string {
	if c.Type == "AMAZON_ISSUED" && len(c.UsedBy) > 0 {
		return "ELIGIBLE"
	}
	return "INELIGIBLE"
}

type getCertificateOutput struct{ Certificate, CertificateChain string }

func (s *Service) getCertificate(_ context.Context, in *arnInput) (*getCertificateOutput, error) {
	c, err := s.certificate(in.CertificateArn)
	if err != nil {
		return nil, err
	}
	if c.Status != statusIssued {
		return nil, wire.Errorf("RequestInProgressException", "The certificate %s is in the state %s; wait until it is ISSUED.", c.ARN, c.Status)
	}
	block, chain := pem.Decode([]byte(c.ChainPEM))
	return &getCertificateOutput{string(pem.EncodeToMemory(block)), string(chain)}, nil
}

type listCertificatesInput struct {
	CertificateStatuses []string
	Includes            struct {
		KeyTypes []string
	}
	MaxItems  int32
	NextToken string
}

type listCertificatesOutput struct {
	CertificateSummaryList []certificateSummary
	NextToken              string
}

type certificateSummary struct {
	CertificateArn                  string
	DomainName                      string
	SubjectAlternativeNameSummaries []string
	Status                          string
	Type                            string
	KeyAlgorithm                    string
	InUse                           bool
	RenewalEligibility              string
	CreatedAt                       time.Time
	IssuedAt                        time.Time
	ImportedAt                      time.Time
}

// listCertificates lists, when no key types are asked for, those with RSA keys
// of up to 2048 bits only, as ACM does.
func (s *Service) listCertificates(_ context.Context, in *listCertificatesInput) (*listCertificatesOutput, error) {
	keys := in.Includes.KeyTypes
	if len(keys) == 0 {
		keys = []string{"RSA_1024", "RSA_2048"}
	}
	var found []*certificate
	for _, c := range s.state.Certificates {
		if slices.Contains(keys, c.KeyAlgorithm) &&
			(len(in.CertificateStatuses) == 0 || slices.Contains(in.CertificateStatuses, c.Status)) && c.ARN > in.NextToken {
			found = append(found, c)
		}
	}
	slices.SortFunc(found, func(a, b *certificate) int { return cmp.Compare(a.ARN, b.ARN) })
	out := &listCertificatesOutput{CertificateSummaryList: []certificateSummary{}}
	limit := 100
	if in.MaxItems > 0 {
		limit = int(in.MaxItems)
	}
	if len(found) > limit {
		found = found[:limit]
		out.NextToken = found[limit-1].ARN
	}
	for _, c := range found {
		out.CertificateSummaryList = append(out.CertificateSummaryList, certificateSummary{
			CertificateArn: c.ARN, DomainName: c.Domains[0].Name, SubjectAlternativeNameSummaries: c.names(),
			Status: c.Status, Type: c.Type, KeyAlgorithm: describedKey(c.KeyAlgorithm), InUse: len(c.UsedBy) > 0,
			RenewalEligibility: c.renewal(), CreatedAt: c.CreatedAt, IssuedAt: c.IssuedAt, ImportedAt: c.ImportedAt,
		})
	}
	return out, nil
}
