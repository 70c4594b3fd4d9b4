// Package acm is AWS Certificate Manager: certificates that are really issued
// once DNS proves who owns their names.
//
// API: https://docs.aws.amazon.com/acm/latest/APIReference/.
package acm

import (
	"crypto"
	"crypto/tls"
	_ "embed"
	"slices"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/route53"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/refusals"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// Zones answers DNS queries as the world's name servers would.
type Zones interface {
	Lookup(name, rrtype string) route53.Answer
}

// Issuer signs certificates.
type Issuer interface {
	IssueFor(names []string, key crypto.Signer) (*tls.Certificate, error)
}

// Service is Certificate Manager. Its methods are called with the account's
// lock held, except Run.
type Service struct {
	*records
	*issuance
	*tagOperations
	operations []wire.Operation
}

// certificate is a certificate that was requested.
type certificate struct {
	ARN              string
	Domains          []domain // the first is the certificate's name
	Status           string
	KeyAlgorithm     string // as requests have it: RSA_2048
	FailureReason    string
	IdempotencyToken string
	Logging          string // certificate transparency: ENABLED or DISABLED
	Export           string
	CreatedAt        time.Time
	IssueAt          time.Time // when all domains are valid: the time of issue
	IssuedAt         time.Time
	ChainPEM         string // of what was issued
	KeyPEM           string
	UsedBy           []string // ARNs, sorted
	Tags             tags.Set
}

// domain is a name and how its owner was proven.
type domain struct {
	Name   string
	Status string // PENDING_VALIDATION, SUCCESS, FAILED
}

// New returns a Certificate Manager without certificates.
func New(a *core.Account, zones Zones, issuer Issuer) *Service {
	r := newRecords(a)
	tags := &tagOperations{r}
	return &Service{
		records: r, issuance: &issuance{records: r, zones: zones, issuer: issuer, issuing: map[string]bool{}}, tagOperations: tags,
		operations: slices.Concat((&certificateOperations{r}).operations(), tags.operations()),
	}
}

//go:embed refusals.md
var refusalsText string

// Refusals are what AWS refuses of requests.
var Refusals = refusals.MustParse(refusalsText)

// Wire is the service's entry in the server.
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name: "acm", Protocol: wire.JSON11, TargetPrefix: "CertificateManager",
		Check:      Refusals.Refuse("ValidationException"),
		Operations: s.operations,
	}
}

// Resources is the number of resources by kind, for the status page.
func (s *Service) Resources() map[string]int {
	return map[string]int{"certificates": s.certificates.Len()}
}

// Certificate is what was issued; ok is false before that.
func (s *Service) Certificate(arn string) (found *tls.Certificate, ok bool) {
	c, known := s.certificates.Get(arn)
	if !known || c.Status != statusIssued {
		return nil, false
	}
	if s.parsed[arn] == nil {
		pair, err := tls.X509KeyPair([]byte(c.ChainPEM), []byte(c.KeyPEM))
		if err != nil {
			s.account.Log.Error("reading a certificate's own PEM", "certificate", arn, "error", err)
			return nil, false
		}
		s.parsed[arn] = &pair
	}
	return s.parsed[arn], true
}

// Status is a certificate's state, such as ISSUED or PENDING_VALIDATION.
func (s *Service) Status(arn string) (status string, ok bool) {
	c, ok := s.certificates.Get(arn)
	if !ok {
		return "", false
	}
	return c.Status, true
}

// Use notes that a resource uses the certificate, which can't be deleted then.
func (s *Service) Use(arn, byARN string) {
	if c, ok := s.certificates.Change(arn); ok && !slices.Contains(c.UsedBy, byARN) {
		c.UsedBy = append(c.UsedBy, byARN)
		slices.Sort(c.UsedBy)
	}
}

// Unuse notes that a resource no longer uses the certificate.
func (s *Service) Unuse(arn, byARN string) {
	if c, ok := s.certificates.Change(arn); ok {
		c.UsedBy = slices.DeleteFunc(c.UsedBy, func(user string) bool { return user == byARN })
	}
}

func notFound(arn string) error {
	return wire.Errorf("ResourceNotFoundException", "Could not find certificate %s.", arn)
}
