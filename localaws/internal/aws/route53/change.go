package route53

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire/rest"
)

// recordOperations are those on the records of zones.
type recordOperations struct {
	*records
	*changeOperations
}

type changeRequest struct {
	Batch struct {
		Comment string
		Changes []changeItem `xml:"Changes>Change"`
	} `xml:"ChangeBatch"`
}

type changeItem struct {
	Action string
	Record record `xml:"ResourceRecordSet"`
}

// changeRecords carries out a batch: all of it or, with one message for each
// change that is wrong, nothing.
// https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
func (s *recordOperations) changeRecords(_ context.Context, call *rest.Call) (*rest.Answer, error) {
	var in changeRequest
	if err := decode(call, "ChangeResourceRecordSetsRequest", &in); err != nil {
		return nil, err
	}
	z, err := s.zone(call.Param["id"])
	if err != nil {
		return nil, err
	}
	for _, item := range in.Batch.Changes {
		if err := checkRequest(item); err != nil {
			return nil, err
		}
	}
	records := slices.Clone(z.Records)
	var wrong []string
	for _, item := range in.Batch.Changes {
		changed, complaints := s.apply(z, records, item)
		if len(complaints) > 0 {
			wrong = append(wrong, complaints...)
			continue
		}
		records = changed
	}
	if len(wrong) == 0 {
		wrong = checkZone(z, records)
	}
	if len(wrong) > 0 {
		return nil, wire.Errorf("InvalidChangeBatch", "[%s]", strings.Join(wrong, ", "))
	}
	slices.SortFunc(records, compareRecords)
	s.zones.Put(z.ID, z)
	z.Records = records
	return &rest.Answer{Body: struct{ ChangeInfo *changeInfoXML }{s.newChange(in.Batch.Comment)}}, nil
}

// apply returns the records after one change, or what is wrong with it.
func (s *recordOperations) apply(z *zone, records []record, item changeItem) ([]record, []string) {
	r := &item.Record
	if err := canonical(r); err != nil {
		return nil, []string{err.Error()}
	}
	if !within(r.Name, z.Name) {
		return nil, []string{fmt.Sprintf("RRSet with DNS name %s is not permitted in zone %s", r.Name, z.Name)}
	}
	at := slices.IndexFunc(records, func(other record) bool { return r.same(&other) })
	switch item.Action {
	case "DELETE":
		if at < 0 {
			return nil, []string{fmt.Sprintf("Tried to delete resource record set %s but it was not found", r.title())}
		}
		if !r.equal(&records[at]) {
			return nil, []string{fmt.Sprintf("Tried to delete resource record set %s but the values provided do not match the current values", r.title())}
		}
		return slices.Delete(slices.Clone(records), at, at+1), nil
	case "CREATE":
		if at >= 0 {
			return nil, []string{fmt.Sprintf("Tried to create resource record set %s but it already exists", r.title())}
		}
	}
	if complaints := s.check(z, r); len(complaints) > 0 {
		return nil, complaints
	}
	changed := slices.Clone(records)
	if at >= 0 {
		changed[at] = *r
	} else {
		changed = append(changed, *r)
	}
	return changed, s.checkAlias(z, changed, r)
}

// canonical brings the names in a record into their stored form.
func canonical(r *record) error {
	name, err := normalize(r.Name)
	if err != nil {
		return fmt.Errorf("FATAL problem: DomainNameInvalid (%q: %w)", r.Name, err)
	}
	r.Name = name
	if r.AliasTarget != nil {
		target, err := normalize(r.AliasTarget.DNSName)
		if err != nil {
			return fmt.Errorf("FATAL problem: DomainNameInvalid (alias target %q: %w)", r.AliasTarget.DNSName, err)
		}
		r.AliasTarget.DNSName = target
		r.AliasTarget.HostedZoneID = strings.TrimPrefix(r.AliasTarget.HostedZoneID, "/hostedzone/")
	}
	return nil
}

// check tells what is wrong with a record by itself.
func (s *recordOperations) check(z *zone, r *record) []string {
	var wrong []string
	complain := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	if !slices.Contains(recordTypes, r.Type) {
		complain("Invalid record type %q for %s: localaws knows %s", r.Type, r.Name, strings.Join(recordTypes, ", "))
		return wrong
	}
	if r.Type == "CNAME" && r.Name == z.Name {
		complain("RRSet of type CNAME with DNS name %s is not permitted at apex in zone %s", r.Name, z.Name)
	}
	if r.Type == "SOA" && r.Name != z.Name {
		complain("RRSet of type SOA with DNS name %s is only permitted at apex of zone %s", r.Name, z.Name)
	}
	if r.Type == "CNAME" && len(r.Values) > 1 {
		complain("RRSet of type CNAME with DNS name %s may have one value only", r.Name)
	}
	for i, v := range r.Values {
		if err := checkValue(r.Type, v.Value); err != nil {
			complain("Invalid Resource Record: 'FATAL problem: %v encountered with '%s''", err, v.Value)
		}
		if slices.Contains(r.Values[:i], v) {
			complain("Duplicate Resource Record: '%s'", v.Value)
		}
	}
	return append(wrong, checkPolicy(r)...)
}

// checkRequest refuses a change that lacks members or has too many, whatever
// the zone holds: AWS answers these, also for a DELETE, before it looks at the
// batch.
func checkRequest(item changeItem) error {
	r := &item.Record
	const (
		contents = "AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId"
		policies = "Weight, Region, Failover, GeoLocation, or MultiValueAnswer"
	)
	named := 0
	for _, given := range []bool{r.Weight != nil, r.Region != "", r.GeoLocation != nil, r.Failover != "", r.MultiValueAnswer != nil} {
		if given {
			named++
		}
	}
	var wrong string
	switch {
	case r.AliasTarget != nil && (len(r.Values) > 0 || r.TTL != nil):
		wrong = "Expected exactly one of [" + contents + "], but found more than one"
	case r.AliasTarget == nil && (len(r.Values) == 0 || r.TTL == nil):
		wrong = "Expected exactly one of [" + contents + "], but found none"
	case named > 1:
		wrong = "Expected exactly one of [" + policies + "], but found more than one"
	case named == 1 && r.SetIdentifier == "":
		wrong = "Missing field 'SetIdentifier'"
	case named == 0 && r.SetIdentifier != "":
		wrong = "Expected exactly one of [" + policies + "], but found none"
	default:
		return nil
	}
	return wire.Errorf("InvalidInput", "Invalid request: %s in Change with [Action=%s, Name=%s, Type=%s, SetIdentifier=%s]",
		wrong, item.Action, r.Name, r.Type, cmp.Or(r.SetIdentifier, "null"))
}

// checkPolicy tells what is wrong with a record's routing policy.
func checkPolicy(r *record) []string {
	if r.MultiValueAnswer != nil && *r.MultiValueAnswer && r.AliasTarget != nil {
		return []string{fmt.Sprintf("Invalid request: the multivalue answer record %s can't be an alias", r.title())}
	}
	return nil
}

// checkAlias reports whether an alias record's target is there.
func (s *recordOperations) checkAlias(z *zone, records []record, r *record) []string {
	if r.AliasTarget == nil {
		return nil
	}
	target := r.AliasTarget
	if target.HostedZoneID != z.ID {
		if s.aliases != nil && !s.aliases.OwnsAlias(strings.TrimSuffix(target.DNSName, "."), target.HostedZoneID) {
			return []string{fmt.Sprintf("Tried to create an alias that targets %s, type %s in zone %s, but the alias target name does not lie within the target zone", target.DNSName, r.Type, target.HostedZoneID)}
		}
		return nil
	}
	if target.DNSName == r.Name {
		return []string{fmt.Sprintf("Tried to create an alias that targets itself: %s", r.Name)}
	}
	if !within(target.DNSName, z.Name) {
		return []string{fmt.Sprintf("Tried to create an alias that targets %s, type %s in zone %s, but the alias target name does not lie within the target zone", target.DNSName, r.Type, z.ID)}
	}
	found := slices.ContainsFunc(records, func(other record) bool {
		return other.Name == target.DNSName && other.Type == r.Type
	})
	if !found {
		return []string{fmt.Sprintf("Tried to create an alias that targets %s, type %s in zone %s, but that target was not found", target.DNSName, r.Type, z.ID)}
	}
	return nil
}

// checkZone tells what is wrong between the records of a zone.
func checkZone(z *zone, records []record) []string {
	byName := map[string][]record{}
	soa, ns := 0, 0
	for _, r := range records {
		byName[r.Name] = append(byName[r.Name], r)
		if r.Name == z.Name && r.Type == "SOA" {
			soa++
		}
		if r.Name == z.Name && r.Type == "NS" {
			ns++
		}
	}
	var wrong []string
	if soa != 1 {
		wrong = append(wrong, "A HostedZone must contain exactly one SOA record.")
	}
	if ns == 0 {
		wrong = append(wrong, "A HostedZone must contain at least one NS record for the zone itself.")
	}
	for name, group := range byName {
		hasCNAME := slices.ContainsFunc(group, func(r record) bool { return r.Type == "CNAME" })
		hasOther := slices.ContainsFunc(group, func(r record) bool { return r.Type != "CNAME" })
		if hasCNAME && hasOther {
			wrong = append(wrong, fmt.Sprintf("RRSet of type CNAME with DNS name %s is not permitted as it conflicts with other records with the same DNS name in zone %s", name, z.Name))
		}
		wrong = append(wrong, checkSiblings(group)...)
	}
	slices.Sort(wrong)
	return wrong
}

// checkSiblings reports whether the records of one name and type have different
// routing policies, or simple ones side by side.
func checkSiblings(group []record) []string {
	var wrong []string
	for i := range group {
		for j := range group[:i] {
			r, other := &group[i], &group[j]
			if r.Type == other.Type && r.policy() != other.policy() {
				wrong = append(wrong, fmt.Sprintf("RRSet with DNS name %s, type %s, SetIdentifier %s cannot be created as a %s set exists with the same name and type.", r.Name, r.Type, cmp.Or(r.SetIdentifier, "none"), other.policy()))
			}
		}
	}
	return wrong
}
