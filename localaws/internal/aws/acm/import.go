package acm

import (
	"context"
	"crypto/tls"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

type importInput struct {
	CertificateArn   string
	Certificate      []byte
	PrivateKey       []byte
	CertificateChain []byte
	Tags             []core.Tag
}

// importCertificate takes a certificate in, or with an ARN replaces an imported
// one.
func (s *Service) importCertificate(_ context.Context, in *importInput) (*arnOutput, error) {
	chain := strings.TrimSpace(string(in.Certificate)) + "\n" + string(in.CertificateChain)
	pair, err := tls.X509KeyPair([]byte(chain), in.PrivateKey)
	if err != nil {
		return nil, wire.Errorf("ValidationException", "The certificate and its private key can't be read, or don't fit together: %v", err)
	}
	algorithm, err := keyAlgorithm(pair.Leaf)
	if err != nil {
		return nil, wire.Errorf("ValidationException", "The certificate can't be imported: %v", err)
	}
	now := s.account.Clock.Now()
	if now.After(pair.Leaf.NotAfter) {
		return nil, wire.Errorf("ValidationException", "The certificate expired on %s.", pair.Leaf.NotAfter)
	}
	c := &certificate{ARN: s.account.ARN("acm", "certificate/"+ids.UUID()), CreatedAt: now, Tags: core.NewTags(in.Tags)}
	if in.CertificateArn != "" {
		if c, err = s.reimported(in); err != nil {
			return nil, err
		}
	}
	c.Status, c.Type, c.ImportedAt = statusIssued, "IMPORTED", now
	c.KeyAlgorithm, c.ChainPEM, c.KeyPEM = algorithm, chain, string(in.PrivateKey)
	c.setOptions(certificateOptions{CertificateTransparencyLoggingPreference: "DISABLED"})
	c.Domains = nil
	for _, name := range uniqueNames(pair.Leaf.Subject.CommonName, pair.Leaf.DNSNames) {
		if name != "" {
			c.Domains = append(c.Domains, domain{Name: name, Status: statusSuccess})
		}
	}
	if len(c.Domains) == 0 {
		return nil, wire.Errorf("ValidationException", "The certificate names no domain.")
	}
	s.state.Certificates[c.ARN] = c
	delete(s.parsed, c.ARN)
	return &arnOutput{c.ARN}, nil
}

func (s *Service) reimported(in *importInput) (*certificate, error) {
	c, err := s.certificate(in.CertificateArn)
	if err != nil {
		return nil, err
	}
	if c.Type != "IMPORTED" {
		return nil, wire.Errorf("ValidationException", "The certificate %s was not imported, and can't be replaced.", c.ARN)
	}
	if len(in.Tags) > 0 {
		return nil, wire.Errorf("InvalidParameterException", "Tags can't be given when a certificate is imported again.")
	}
	return c, nil
}
