package acm

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/store"
)

// records are the certificates that Certificate Manager keeps.
type records struct {
	account      *core.Account
	certificates *store.Collection[*certificate] // by ARN
	// parsed are the certificates that Certificate has read already.
	parsed map[string]*tls.Certificate
}

func newRecords(a *core.Account) *records {
	return &records{
		account:      a,
		certificates: store.NewCollection[*certificate](a.Records, "acm", "certificates"),
		parsed:       map[string]*tls.Certificate{},
	}
}

// validationRecord is the same for each certificate of an account with the
// domain, and for a domain and its wildcard.
// https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html
func (s *records) validationRecord(name string) resourceRecord {
	base := strings.TrimPrefix(name, "*.")
	token := func(purpose string) string {
		sum := sha256.Sum256([]byte(purpose + "\x00" + s.account.ID + "\x00" + base))
		return hex.EncodeToString(sum[:16])
	}
	return resourceRecord{
		Name: "_" + token("name") + "." + base + ".", Type: "CNAME",
		Value: "_" + token("value") + "." + token("zone")[:10] + ".acm-validations.aws.",
	}
}

func (s *records) certificate(arn string) (*certificate, error) {
	c, ok := s.certificates.Get(arn)
	if !ok {
		return nil, notFound(arn)
	}
	return c, nil
}
