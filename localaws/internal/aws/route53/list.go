package route53

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire/rest"
)

// sorted returns the zones by id.
func (s *Service) sorted() []*zone {
	zones := make([]*zone, 0, len(s.state.Zones))
	for _, z := range s.state.Zones {
		zones = append(zones, z)
	}
	slices.SortFunc(zones, func(a, b *zone) int { return cmp.Compare(a.ID, b.ID) })
	return zones
}

// maxItems reads how many items a page may have.
func maxItems(call *rest.Call, limit int) (int, error) {
	text := call.Query.Get("maxitems")
	if text == "" {
		return limit, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, wire.Errorf("InvalidInput", "maxitems is %q, which is no number above 0", text)
	}
	return min(n, limit), nil
}

// page cuts a list at limit.
func page[T any](list []T, limit int) (items []T, next *T) {
	if len(list) <= limit {
		return list, nil
	}
	return list[:limit], &list[limit]
}

func zonesXML(zones []*zone) []zoneXML {
	list := make([]zoneXML, 0, len(zones))
	for _, z := range zones {
		list = append(list, z.xml())
	}
	return list
}

type listHostedZonesResponse struct {
	HostedZones []zoneXML `xml:"HostedZones>HostedZone"`
	Marker      string    `xml:",omitempty"`
	IsTruncated bool
	NextMarker  string `xml:",omitempty"`
	MaxItems    int
}

func (s *Service) listHostedZones(_ context.Context, call *rest.Call) (*rest.Answer, error) {
	limit, err := maxItems(call, 100)
	if err != nil {
		return nil, err
	}
	marker, set := call.Query.Get("marker"), call.Query.Get("delegationsetid")
	private := call.Query.Get("hostedzonetype") == "PrivateHostedZone"
	zones := slices.DeleteFunc(s.sorted(), func(z *zone) bool {
		return z.ID < marker || (set != "" && z.DelegationSetID != set) || (private && !z.Private)
	})
	zones, next := page(zones, limit)
	out := listHostedZonesResponse{HostedZones: zonesXML(zones), Marker: marker, MaxItems: limit}
	if next != nil {
		out.IsTruncated, out.NextMarker = true, (*next).ID
	}
	return &rest.Answer{Body: out}, nil
}

type listHostedZonesByNameResponse struct {
	HostedZones      []zoneXML `xml:"HostedZones>HostedZone"`
	DNSName          string    `xml:",omitempty"`
	HostedZoneID     string    `xml:"HostedZoneId,omitempty"`
	IsTruncated      bool
	NextDNSName      string `xml:",omitempty"`
	NextHostedZoneID string `xml:"NextHostedZoneId,omitempty"`
	MaxItems         int
}

func (s *Service) listHostedZonesByName(_ context.Context, call *rest.Call) (*rest.Answer, error) {
	limit, err := maxItems(call, 100)
	if err != nil {
		return nil, err
	}
	out := listHostedZonesByNameResponse{
		DNSName: call.Query.Get("dnsname"), HostedZoneID: call.Query.Get("hostedzoneid"), MaxItems: limit,
	}
	zones := s.sorted()
	slices.SortStableFunc(zones, func(a, b *zone) int { return cmp.Compare(reversed(a.Name), reversed(b.Name)) })
	if out.DNSName != "" {
		from, err := validName(out.DNSName)
		if err != nil {
			return nil, err
		}
		zones = slices.DeleteFunc(zones, func(z *zone) bool {
			order := cmp.Compare(reversed(z.Name), reversed(from))
			return order < 0 || order == 0 && z.ID < out.HostedZoneID
		})
	}
	zones, next := page(zones, limit)
	out.HostedZones = zonesXML(zones)
	if next != nil {
		out.IsTruncated, out.NextDNSName, out.NextHostedZoneID = true, (*next).Name, (*next).ID
	}
	return &rest.Answer{Body: out}, nil
}

type zoneSummaryXML struct {
	HostedZoneID string `xml:"HostedZoneId"`
	Name         string
	Owner        struct{ OwningAccount string }
}

func (s *Service) listHostedZonesByVPC(_ context.Context, call *rest.Call) (*rest.Answer, error) {
	wanted := vpc{VPCRegion: call.Query.Get("vpcregion"), VPCId: call.Query.Get("vpcid")}
	out := struct {
		Summaries []zoneSummaryXML `xml:"HostedZoneSummaries>HostedZoneSummary"`
		MaxItems  int
	}{MaxItems: 100}
	for _, z := range s.sorted() {
		if slices.Contains(z.VPCs, wanted) {
			summary := zoneSummaryXML{HostedZoneID: z.ID, Name: z.Name}
			summary.Owner.OwningAccount = s.account.ID
			out.Summaries = append(out.Summaries, summary)
		}
	}
	return &rest.Answer{Body: out}, nil
}

type listRecordsResponse struct {
	Records              []record `xml:"ResourceRecordSets>ResourceRecordSet"`
	IsTruncated          bool
	NextRecordName       string `xml:",omitempty"`
	NextRecordType       string `xml:",omitempty"`
	NextRecordIdentifier string `xml:",omitempty"`
	MaxItems             int
}

// listRecords pages through a zone's records in the order of their reversed
// names.
func (s *Service) listRecords(_ context.Context, call *rest.Call) (*rest.Answer, error) {
	limit, err := maxItems(call, 300)
	if err != nil {
		return nil, err
	}
	z, err := s.zone(call.Param["id"])
	if err != nil {
		return nil, err
	}
	from := record{Type: call.Query.Get("type"), SetIdentifier: call.Query.Get("identifier")}
	if from.Type != "" && !call.Query.Has("name") {
		return nil, wire.Errorf("InvalidInput", "The parameter type needs the parameter name.")
	}
	records := z.Records
	if name := call.Query.Get("name"); name != "" {
		if from.Name, err = validName(name); err != nil {
			return nil, err
		}
		at, _ := slices.BinarySearchFunc(records, from, compareRecords)
		records = records[at:]
	}
	records, next := page(records, limit)
	out := listRecordsResponse{Records: records, MaxItems: limit}
	if next != nil {
		out.IsTruncated = true
		out.NextRecordName, out.NextRecordType, out.NextRecordIdentifier = next.Name, next.Type, next.SetIdentifier
	}
	return &rest.Answer{Body: out}, nil
}
