package route53

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/paging"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire/rest"
)

// Pages of the lists. A request that asks for more gets the most; the markers
// are documented to be where the next page begins.
// https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListResourceRecordSets.html
var (
	zonePages   = paging.Limits{Default: 100, Max: 100}
	recordPages = paging.Limits{Default: 300, Max: 300}
)

// maxItems reads how many items a page may have.
func maxItems(call *rest.Call, limits paging.Limits) (int, error) {
	text := call.Query.Get("maxitems")
	if text == "" {
		return limits.PageSize(nil)
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, wire.Errorf("InvalidInput", "maxitems is %q: it must be a number above 0", text)
	}
	return limits.PageSize(&n)
}

type listHostedZonesResponse struct {
	HostedZones []zoneXML `xml:"HostedZones>HostedZone"`
	Marker      string
	IsTruncated bool
	NextMarker  string `xml:",omitempty"`
	MaxItems    int
}

func (s *zoneOperations) listHostedZones(_ context.Context, call *rest.Call) (*rest.Answer, error) {
	limit, err := maxItems(call, zonePages)
	if err != nil {
		return nil, err
	}
	marker := call.Query.Get("marker")
	private := call.Query.Get("hostedzonetype") == "PrivateHostedZone"
	var zones []zoneXML
	for id, z := range s.zones.All() {
		if id >= marker && (z.Private || !private) {
			zones = append(zones, z.xml())
		}
	}
	zones, next := paging.Head(zones, limit)
	out := listHostedZonesResponse{HostedZones: zones, Marker: marker, MaxItems: limit}
	if next != nil {
		out.IsTruncated, out.NextMarker = true, strings.TrimPrefix(next.ID, "/hostedzone/")
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

// listHostedZonesByName pages through the zones in the order of their reversed
// names.
func (s *zoneOperations) listHostedZonesByName(_ context.Context, call *rest.Call) (*rest.Answer, error) {
	limit, err := maxItems(call, zonePages)
	if err != nil {
		return nil, err
	}
	out := listHostedZonesByNameResponse{
		DNSName: call.Query.Get("dnsname"), HostedZoneID: call.Query.Get("hostedzoneid"), MaxItems: limit,
	}
	from := ""
	if out.DNSName != "" {
		if from, err = validName(out.DNSName); err != nil {
			return nil, err
		}
	}
	var zones []zoneXML
	for id, z := range s.zones.All() {
		if order := cmp.Compare(reversed(z.Name), reversed(from)); order > 0 || order == 0 && id >= out.HostedZoneID {
			zones = append(zones, z.xml())
		}
	}
	slices.SortStableFunc(zones, func(a, b zoneXML) int { return cmp.Compare(reversed(a.Name), reversed(b.Name)) })
	zones, next := paging.Head(zones, limit)
	out.HostedZones = zones
	if next != nil {
		out.IsTruncated, out.NextDNSName, out.NextHostedZoneID = true, next.Name, strings.TrimPrefix(next.ID, "/hostedzone/")
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
func (s *recordOperations) listRecords(_ context.Context, call *rest.Call) (*rest.Answer, error) {
	limit, err := maxItems(call, recordPages)
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
	records, next := paging.Head(records, limit)
	out := listRecordsResponse{Records: records, MaxItems: limit}
	if next != nil {
		out.IsTruncated = true
		out.NextRecordName, out.NextRecordType, out.NextRecordIdentifier = next.Name, next.Type, next.SetIdentifier
	}
	return &rest.Answer{Body: out}, nil
}
