package dns

import (
	"crypto/rand"
	"math/big"
	"slices"
	"strings"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/route53"
)

const (
	// maxChain bounds how many CNAMEs and aliases are followed.
	maxChain = 8
	// hostTTL is the TTL of load balancers' names, in seconds.
	hostTTL = 60
	// maxMultiValue is how many multivalue answer records one answer has.
	maxMultiValue = 8
)

// result is an answer before it is written.
type result struct {
	code    dnsmessage.RCode
	records []resource
	soa     *resource // of the zone that has no such name or no such record
}

// resource is a record in an answer; its value is in Route 53's text form.
type resource struct {
	name, kind, value string
	ttl               uint32
}

// resolve answers a question, with the account's lock held.
func (s *Server) resolve(name, rrtype string) result {
	var answer result
	for range maxChain {
		step := s.resolveOnce(name, rrtype)
		answer.records = append(answer.records, step.records...)
		answer.code, answer.soa = step.code, step.soa
		if rrtype == "CNAME" || len(step.records) != 1 || step.records[0].kind != "CNAME" {
			return answer
		}
		name = step.records[0].value
	}
	answer.code = dnsmessage.RCodeServerFailure // the chain is too long, or a circle
	return answer
}

// resolveOnce answers without following a CNAME.
func (s *Server) resolveOnce(name, rrtype string) result {
	if records, ok := s.host(name, name, rrtype); ok {
		return result{records: records}
	}
	answer := s.zones.Lookup(name, rrtype)
	switch {
	case answer.Zone == "":
		return result{code: dnsmessage.RCodeRefused}
	case answer.Lame != "":
		s.log.Debug("a zone is delegated to name servers that don't have it", "zone", answer.Lame)
		return result{code: dnsmessage.RCodeServerFailure}
	}
	out := result{records: s.records(name, rrtype, answer)}
	if len(out.records) == 0 {
		out.soa = negative(answer)
		if !answer.Exists {
			out.code = dnsmessage.RCodeNameError
		}
	}
	return out
}

// host answers for a resource's own name. owner is the name in the answer.
func (s *Server) host(owner, name, rrtype string) ([]resource, bool) {
	if s.hosts == nil {
		return nil, false
	}
	bare := strings.TrimPrefix(strings.TrimSuffix(strings.ToLower(name), "."), "dualstack.")
	addresses, ok := s.hosts.ResolveName(bare)
	if !ok {
		return nil, false
	}
	var records []resource
	for _, address := range addresses {
		if address.Is4() == (rrtype == "A") && (rrtype == "A" || rrtype == "AAAA") {
			records = append(records, resource{name: owner, kind: rrtype, value: address.String(), ttl: hostTTL})
		}
	}
	return records, true
}

// records picks by routing policy, and resolves aliases.
func (s *Server) records(name, rrtype string, answer route53.Answer) []resource {
	var records []resource
	for _, r := range s.route(answer.Records) {
		if r.Alias != nil {
			records = append(records, s.alias(name, rrtype, r.Alias, maxChain)...)
			continue
		}
		for _, value := range r.Values {
			records = append(records, resource{name: name, kind: r.Type, value: value, ttl: r.TTL})
		}
	}
	return records
}

// alias answers with what the alias's target has, under the alias's own name.
func (s *Server) alias(owner, rrtype string, target *route53.Alias, hops int) []resource {
	if hops == 0 {
		return nil
	}
	if !target.Own {
		records, _ := s.host(owner, target.Name, rrtype)
		return records
	}
	var records []resource
	for _, r := range s.route(s.zones.Lookup(target.Name, rrtype).Records) {
		if r.Alias != nil {
			records = append(records, s.alias(owner, rrtype, r.Alias, hops-1)...)
			continue
		}
		for _, value := range r.Values {
			records = append(records, resource{name: owner, kind: r.Type, value: value, ttl: r.TTL})
		}
	}
	return records
}

// route picks the records of a name by their routing policy. There are no
// health checks and there is one place: of failover records the primary is
// taken, of geolocation records the default one, and of latency records the
// first, as all regions are equally near.
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy.html
func (s *Server) route(records []route53.Record) []route53.Record {
	if len(records) == 0 {
		return nil
	}
	switch records[0].Policy {
	case "weighted":
		return s.weigh(records)
	case "failover":
		return preferred(records, func(r route53.Record) bool { return r.Failover == "PRIMARY" })
	case "geolocation":
		if at := slices.IndexFunc(records, func(r route53.Record) bool { return r.Default }); at >= 0 {
			return records[at : at+1]
		}
		return nil
	case "latency":
		return records[:1]
	case "multivalue answer":
		return records[:min(len(records), maxMultiValue)]
	}
	return records
}

func preferred(records []route53.Record, wanted func(route53.Record) bool) []route53.Record {
	if at := slices.IndexFunc(records, wanted); at >= 0 {
		return records[at : at+1]
	}
	return records[:1]
}

// weigh draws one record; each is as probable as its share of the weights.
// When all weights are 0, all are equally probable.
func (s *Server) weigh(records []route53.Record) []route53.Record {
	var total int64
	for _, r := range records {
		total += r.Weight
	}
	if total == 0 {
		at := s.draw(int64(len(records)))
		return records[at : at+1]
	}
	drawn := s.draw(total)
	for i, r := range records {
		if drawn < r.Weight {
			return records[i : i+1]
		}
		drawn -= r.Weight
	}
	return records[:1]
}

func randomBelow(n int64) int64 {
	drawn, err := rand.Int(rand.Reader, big.NewInt(n))
	if err != nil {
		return 0 // crypto/rand never fails
	}
	return drawn.Int64()
}

// negative is the SOA record that says how long "no" may be remembered.
func negative(answer route53.Answer) *resource {
	if len(answer.SOA.Values) == 0 {
		return nil
	}
	return &resource{name: answer.Zone, kind: "SOA", value: answer.SOA.Values[0], ttl: answer.SOA.TTL}
}
