package acm

import (
	"context"
	"crypto/tls"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/route53"
)

// issuance validates the names of certificates and has them signed.
type issuance struct {
	*records
	zones  Zones
	issuer Issuer
	// issuing are the certificates that Run is signing.
	issuing map[string]bool
	queue   []job
}

const (
	// issueTime passes from the last domain's validation to the issue.
	issueTime = 15 * time.Second
	// validationTime is how long ACM waits for the records.
	validationTime = 72 * time.Hour
	// maxHops bounds how many CNAMEs are followed.
	maxHops = 8
)

// authorities are the names that CAA records may have for Amazon.
// https://docs.aws.amazon.com/acm/latest/userguide/setup-caa.html
var authorities = []string{"amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com"}

// job is a certificate to sign. Making a key takes too long to do it under the
// account's lock.
type job struct {
	arn       string
	names     []string
	algorithm string
}

// Run validates and issues certificates until ctx is done.
func (s *issuance) Run(ctx context.Context) {
	wake := make(chan struct{}, 1)
	var signer sync.WaitGroup
	signer.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-wake:
				s.signQueued(ctx)
			}
		}
	})
	s.account.Reconcile(ctx, func() time.Time {
		again := s.step()
		if len(s.queue) > 0 {
			select {
			case wake <- struct{}{}:
			default: // it is awake already
			}
		}
		return again
	})
	signer.Wait()
}

// signQueued signs until the queue is empty. It is called without the lock.
func (s *issuance) signQueued(ctx context.Context) {
	for ctx.Err() == nil {
		var j job
		s.account.Do(func() {
			if len(s.queue) > 0 {
				j, s.queue = s.queue[0], s.queue[1:]
			}
		})
		if j.arn == "" {
			return
		}
		s.sign(j)
	}
}

// step looks at every pending certificate, and queues those to sign.
func (s *issuance) step() (again time.Time) {
	now := s.account.Clock.Now()
	for arn, c := range s.certificates.All() {
		if c.Status != statusPending || s.issuing[arn] {
			continue
		}
		s.validate(c)
		due := c.CreatedAt.Add(validationTime)
		switch {
		case c.IssueAt.IsZero() && now.After(due):
			s.certificates.Put(arn, c)
			c.Status = statusTimedOut
		case !c.IssueAt.IsZero() && now.Before(c.IssueAt):
			due = c.IssueAt
		case !c.IssueAt.IsZero():
			s.decide(c)
		}
		if again.IsZero() || due.Before(again) {
			again = due
		}
	}
	return again
}

// validate looks for the record of each domain.
func (s *issuance) validate(c *certificate) {
	valid := 0
	for i := range c.Domains {
		d := &c.Domains[i]
		if d.Status == statusPending && s.hasRecord(d.Name) {
			s.certificates.Put(c.ARN, c)
			d.Status = statusSuccess
		}
		if d.Status == statusSuccess {
			valid++
		}
	}
	if valid == len(c.Domains) && c.IssueAt.IsZero() {
		s.certificates.Put(c.ARN, c)
		c.IssueAt = s.account.Clock.In(issueTime)
	}
}

func (s *issuance) hasRecord(name string) bool {
	want := s.validationRecord(name)
	for _, record := range s.zones.Lookup(want.Name, "CNAME").Records {
		if slices.ContainsFunc(record.Values, func(value string) bool {
			return strings.EqualFold(strings.TrimSuffix(value, "."), strings.TrimSuffix(want.Value, "."))
		}) {
			return true
		}
	}
	return false
}

// decide checks the CAA records of a certificate whose domains are valid, and
// lets it be signed or fail.
func (s *issuance) decide(c *certificate) {
	for i := range c.Domains {
		if !s.allowed(c.Domains[i].Name) {
			s.certificates.Put(c.ARN, c)
			c.Domains[i].Status = statusFailed
			c.Status, c.FailureReason = statusFailed, "CAA_ERROR"
		}
	}
	if c.Status == statusFailed {
		return
	}
	s.issuing[c.ARN] = true
	s.queue = append(s.queue, job{arn: c.ARN, names: c.names(), algorithm: c.KeyAlgorithm})
}

// sign makes the key and the certificate. It is called without the lock.
func (s *issuance) sign(j job) {
	pair, err := s.makePair(j)
	s.account.Do(func() {
		delete(s.issuing, j.arn)
		c, ok := s.certificates.Change(j.arn)
		if !ok {
			return // deleted in the meantime
		}
		if err == nil {
			c.ChainPEM, c.KeyPEM, err = encodePair(pair)
		}
		if err != nil {
			s.account.Log.Error("issuing a certificate", "certificate", j.arn, "error", err)
			c.Status, c.FailureReason = statusFailed, "OTHER"
			return
		}
		c.Status, c.IssuedAt = statusIssued, s.account.Clock.Now()
	})
}

func (s *issuance) makePair(j job) (*tls.Certificate, error) {
	key, err := newKey(j.algorithm)
	if err != nil {
		return nil, err
	}
	return s.issuer.IssueFor(j.names, key)
}

// allowed reports whether the CAA records for a name, at the name itself or at
// its closest ancestor that has any, let Amazon issue: RFC 8659.
func (s *issuance) allowed(name string) bool {
	wild := strings.HasPrefix(name, "*.")
	for at := strings.TrimPrefix(name, "*."); at != ""; _, at, _ = strings.Cut(at, ".") {
		if set := s.caa(at, maxHops); len(set) > 0 {
			return permits(set, wild)
		}
	}
	return true
}

// caa are the CAA records of a name, CNAMEs followed.
func (s *issuance) caa(name string, hops int) []route53.CAA {
	var set []route53.CAA
	for _, record := range s.zones.Lookup(name, "CAA").Records {
		for _, value := range record.Values {
			if record.Type == "CNAME" {
				if hops > 0 {
					return s.caa(value, hops-1)
				}
				continue
			}
			if parsed, err := route53.ParseCAA(value); err == nil {
				set = append(set, parsed)
			}
		}
	}
	return set
}

func permits(set []route53.CAA, wild bool) bool {
	var issue, issueWild []string
	hasIssue, hasWild := false, false
	for _, record := range set {
		authority, _, _ := strings.Cut(record.Value, ";") // parameters follow
		authority = strings.TrimSpace(authority)
		switch record.Tag {
		case "issue":
			hasIssue, issue = true, append(issue, authority)
		case "issuewild":
			hasWild, issueWild = true, append(issueWild, authority)
		case "iodef", "issuemail", "contactemail", "contactphone":
		default:
			if record.Critical {
				return false
			}
		}
	}
	if wild && hasWild {
		hasIssue, issue = true, issueWild
	}
	return !hasIssue || slices.ContainsFunc(issue, func(a string) bool { return slices.Contains(authorities, a) })
}
