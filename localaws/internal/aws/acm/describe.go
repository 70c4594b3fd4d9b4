package acm

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"strconv"
	"strings"
	"time"
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

func (s *certificateOperations) describeCertificate(_ context.Context, in *arnInput) (*describeOutput, error) {
	c, err := s.certificate(in.CertificateArn)
	if err != nil {
		return nil, err
	}
	detail := certificateDetail{
		CertificateArn: c.ARN, DomainName: c.Domains[0].Name, SubjectAlternativeNames: c.names(),
		CreatedAt: c.CreatedAt, IssuedAt: c.IssuedAt, Status: c.Status,
		KeyAlgorithm: describedKey(c.KeyAlgorithm), InUseBy: append([]string{}, c.UsedBy...), FailureReason: c.FailureReason,
		Type: "AMAZON_ISSUED", RenewalEligibility: c.renewal(), Issuer: "Amazon", Subject: "CN=" + c.Domains[0].Name,
		Options: &certificateOptions{CertificateTransparencyLoggingPreference: c.Logging, Export: c.Export},
	}
	for _, d := range c.Domains {
		detail.DomainValidationOptions = append(detail.DomainValidationOptions, validationDetail{
			DomainName: d.Name, ValidationDomain: d.Name, ValidationStatus: d.Status,
			ResourceRecord: s.validationRecord(d.Name), ValidationMethod: "DNS",
		})
	}
	if leaf := c.leaf(); leaf != nil {
		detail.describeLeaf(leaf)
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

// renewal: ACM renews a certificate while something uses it.
func (c *certificate) renewal() string {
	if len(c.UsedBy) > 0 {
		return "ELIGIBLE"
	}
	return "INELIGIBLE"
}
