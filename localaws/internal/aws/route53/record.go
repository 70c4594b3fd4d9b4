package route53

import (
	"cmp"
	"fmt"
	"slices"
)

// record is a resource record set, in the API's own form.
type record struct {
	Name             string // normalized
	Type             string
	SetIdentifier    string       `xml:",omitempty" json:",omitempty"`
	Weight           *int64       `xml:",omitempty" json:",omitempty"`
	Region           string       `xml:",omitempty" json:",omitempty"`
	GeoLocation      *geoLocation `xml:",omitempty" json:",omitempty"`
	Failover         string       `xml:",omitempty" json:",omitempty"`
	MultiValueAnswer *bool        `xml:",omitempty" json:",omitempty"`
	TTL              *int64       `xml:",omitempty" json:",omitempty"` // seconds
	Values           []value      `xml:"ResourceRecords>ResourceRecord,omitempty" json:",omitempty"`
	AliasTarget      *aliasTarget `xml:",omitempty" json:",omitempty"`
}

type value struct{ Value string }

type geoLocation struct {
	ContinentCode   string `xml:",omitempty"`
	CountryCode     string `xml:",omitempty"`
	SubdivisionCode string `xml:",omitempty"`
}

type aliasTarget struct {
	HostedZoneID         string `xml:"HostedZoneId"`
	DNSName              string // normalized
	EvaluateTargetHealth bool
}

// policy is the record's routing policy.
func (r *record) policy() string {
	switch {
	case r.Weight != nil:
		return "weighted"
	case r.Region != "":
		return "latency"
	case r.GeoLocation != nil:
		return "geolocation"
	case r.Failover != "":
		return "failover"
	case r.MultiValueAnswer != nil && *r.MultiValueAnswer:
		return "multivalue answer"
	}
	return "simple"
}

// same reports whether two records are one to the API: name, type, identifier.
func (r *record) same(other *record) bool {
	return r.Name == other.Name && r.Type == other.Type && r.SetIdentifier == other.SetIdentifier
}

// equal reports whether two records have the same content, values in any order.
func (r *record) equal(other *record) bool {
	if !r.same(other) || !samePointer(r.TTL, other.TTL) || !samePointer(r.Weight, other.Weight) ||
		r.Region != other.Region || r.Failover != other.Failover ||
		!samePointer(r.MultiValueAnswer, other.MultiValueAnswer) || !samePointer(r.GeoLocation, other.GeoLocation) {
		return false
	}
	if (r.AliasTarget == nil) != (other.AliasTarget == nil) {
		return false
	}
	if r.AliasTarget != nil {
		return *r.AliasTarget == *other.AliasTarget
	}
	return slices.Equal(sortedValues(r.Values), sortedValues(other.Values))
}

func samePointer[T comparable](a, b *T) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

func sortedValues(values []value) []string {
	list := make([]string, 0, len(values))
	for _, v := range values {
		list = append(list, v.Value)
	}
	slices.Sort(list)
	return list
}

// title is how messages of Route 53 name the record.
func (r *record) title() string {
	title := fmt.Sprintf("[name='%s', type='%s'", r.Name, r.Type)
	if r.SetIdentifier != "" {
		title += fmt.Sprintf(", set-identifier='%s'", r.SetIdentifier)
	}
	return title + "]"
}

// compareRecords sorts as ListResourceRecordSets does: by reversed name, type,
// identifier.
func compareRecords(a, b record) int {
	return cmp.Or(
		cmp.Compare(reversed(a.Name), reversed(b.Name)),
		cmp.Compare(a.Type, b.Type),
		cmp.Compare(a.SetIdentifier, b.SetIdentifier),
	)
}

// apexRecords are the NS and SOA records that every zone has.
func apexRecords(z *zone) []record {
	nsTTL, soaTTL := int64(172800), int64(900)
	ns := record{Name: z.Name, Type: "NS", TTL: &nsTTL}
	for _, server := range z.NameServers {
		ns.Values = append(ns.Values, value{server + "."})
	}
	soa := record{Name: z.Name, Type: "SOA", TTL: &soaTTL, Values: []value{
		{z.NameServers[0] + ". awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"},
	}}
	return []record{ns, soa}
}
