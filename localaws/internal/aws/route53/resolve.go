package route53

import (
	"slices"
	"strings"
)

// resolver answers DNS queries as the zones have it.
type resolver struct{ *records }

// Record is a record as a resolver sees it.
type Record struct {
	Name          string // normalized, with a dot at its end
	Type          string
	TTL           uint32 // seconds
	Values        []string
	Alias         *Alias // nil for a record with values
	SetIdentifier string
	Policy        string // simple, weighted, latency, geolocation, failover, multivalue answer
	Weight        int64
	Failover      string // PRIMARY or SECONDARY
	Default       bool   // of geolocation records: the one for everywhere else
}

// Alias is an alias record's target.
type Alias struct {
	Name         string // normalized, with a dot at its end
	HostedZoneID string
	// Own says that the target is another record of the same zone.
	Own bool
}

// Answer is what the name servers of the world say about a name.
type Answer struct {
	// Zone is the name of the zone that is responsible; "" when no registered
	// domain is. It ends with a dot.
	Zone string
	// Lame names the zone that is delegated to servers that don't have it; ""
	// when that is not so.
	Lame string
	// Exists says that the name exists, with records of some type or with
	// names below it.
	Exists bool
	// Records are those of the type that was asked for, or the name's CNAME.
	Records []Record
	// SOA is the responsible zone's.
	SOA Record
}

// Lookup answers a query from the public zones, as a resolver would: from the
// registered (seeded) domain down, along NS records, to the zones that these
// name by their name servers. Aliases and CNAMEs are not followed.
func (s *resolver) Lookup(name, rrtype string) Answer {
	normal, err := normalize(name)
	if err != nil {
		return Answer{}
	}
	z := s.registered(normal)
	if z == nil {
		return Answer{}
	}
	for {
		cut := delegation(z, normal)
		if cut == nil {
			return answerFrom(z, normal, rrtype)
		}
		child := s.delegatedTo(cut)
		if child == nil {
			return Answer{Zone: z.Name, Lame: cut.Name}
		}
		z = child
	}
}

// AliasNames are the names of all alias records of public zones, with the name
// of what each is an alias of; both without the dot at their end.
func (s *resolver) AliasNames() map[string]string {
	names := map[string]string{}
	for _, z := range s.zones.All() {
		if z.Private {
			continue
		}
		for _, r := range z.Records {
			if r.AliasTarget != nil {
				names[strings.TrimSuffix(r.Name, ".")] = strings.TrimSuffix(r.AliasTarget.DNSName, ".")
			}
		}
	}
	return names
}

// registered finds the longest registered domain that holds the name.
func (s *resolver) registered(name string) *zone {
	var found *zone
	for _, z := range s.zones.All() {
		if z.Seeded && within(name, z.Name) && (found == nil || len(z.Name) > len(found.Name)) {
			found = z
		}
	}
	return found
}

// delegation finds the NS record, highest first, that hands the name over to
// another zone.
func delegation(z *zone, name string) *record {
	var found *record
	for i := range z.Records {
		r := &z.Records[i]
		if r.Type == "NS" && r.Name != z.Name && within(name, r.Name) && (found == nil || len(r.Name) < len(found.Name)) {
			found = r
		}
	}
	return found
}

// delegatedTo finds the public zone that an NS record means: of its name, and
// with a name server that it names.
func (s *resolver) delegatedTo(ns *record) *zone {
	for _, z := range s.zones.All() {
		if z.Private || z.Name != ns.Name {
			continue
		}
		for _, v := range ns.Values {
			if slices.Contains(z.NameServers, strings.TrimSuffix(strings.ToLower(v.Value), ".")) {
				return z
			}
		}
	}
	return nil
}

func answerFrom(z *zone, name, rrtype string) Answer {
	answer := Answer{Zone: z.Name}
	owner := name
	answer.Exists = exists(z, name)
	if !answer.Exists {
		owner, answer.Exists = wildcard(z, name)
	}
	for i := range z.Records {
		r := &z.Records[i]
		if r.Name == z.Name && r.Type == "SOA" {
			answer.SOA = public(z, r)
		}
		if r.Name == owner && (r.Type == rrtype || r.Type == "CNAME") {
			found := public(z, r)
			found.Name = name
			answer.Records = append(answer.Records, found)
		}
	}
	return answer
}

// exists reports whether a name has records, or names below it.
func exists(z *zone, name string) bool {
	return slices.ContainsFunc(z.Records, func(r record) bool { return within(r.Name, name) })
}

// wildcard finds the wildcard that stands for a name that doesn't exist: the
// one at its closest ancestor that does, RFC 4592.
func wildcard(z *zone, name string) (owner string, found bool) {
	for name != z.Name && name != "." {
		name = parent(name)
		if exists(z, name) {
			owner = `\052.` + name
			return owner, exists(z, owner)
		}
	}
	return "", false
}

func public(z *zone, r *record) Record {
	out := Record{
		Name: r.Name, Type: r.Type, SetIdentifier: r.SetIdentifier, Policy: r.policy(),
		Failover: r.Failover, Default: r.GeoLocation != nil && r.GeoLocation.CountryCode == "*",
	}
	if r.TTL != nil {
		out.TTL = uint32(*r.TTL) //nolint:gosec // checked to be between 0 and 2^31-1
	}
	if r.Weight != nil {
		out.Weight = *r.Weight
	}
	for _, v := range r.Values {
		out.Values = append(out.Values, v.Value)
	}
	if r.AliasTarget != nil {
		out.Alias = &Alias{
			Name: r.AliasTarget.DNSName, HostedZoneID: r.AliasTarget.HostedZoneID,
			Own: r.AliasTarget.HostedZoneID == z.ID,
		}
		out.TTL = 60 // of alias records to load balancers
	}
	return out
}
