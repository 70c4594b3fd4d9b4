package ec2

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// digest is 17 hex digits that follow from the parts: ids of what is there
// without having been made.
func digest(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\n")))
	return hex.EncodeToString(sum[:])[:17]
}

// zoneID is a zone's id, the same in all accounts: us-west-2a is usw2-az1.
func (s *Service) zoneID(zone string) string {
	parts := strings.Split(s.account.Region, "-")
	short := parts[0]
	for _, part := range parts[1 : len(parts)-1] {
		short += directions[part]
	}
	short += parts[len(parts)-1]
	return fmt.Sprintf("%s-az%d", short, slices.Index(s.account.Zones(), zone)+1)
}

var directions = map[string]string{
	"north": "n", "south": "s", "east": "e", "west": "w", "central": "c", "gov": "g",
	"northeast": "ne", "northwest": "nw", "southeast": "se", "southwest": "sw",
}

type describeZonesInput struct {
	Filters              []filter `in:"Filter"`
	ZoneNames            []string `in:"ZoneName"`
	ZoneIDs              []string `in:"ZoneId"`
	AllAvailabilityZones bool
}

type describeZonesOutput struct {
	Zones []zoneItem `out:"availabilityZoneInfo"`
}

type zoneItem struct {
	ZoneName           string
	ZoneID             string `out:"zoneId"`
	ZoneState          string
	ZoneType           string
	RegionName         string
	OptInStatus        string
	GroupName          string
	GroupLongName      string
	NetworkBorderGroup string
	Messages           []string `out:"messageSet"`
}

func (s *Service) zoneItems() []zoneItem {
	region := s.account.Region
	var items []zoneItem
	for _, zone := range s.account.Zones() {
		items = append(items, zoneItem{
			ZoneName: zone, ZoneID: s.zoneID(zone), ZoneState: "available", ZoneType: "availability-zone", RegionName: region,
			OptInStatus: "opt-in-not-required", GroupName: region + "-zg-1", NetworkBorderGroup: region, Messages: []string{},
		})
	}
	return items
}

func zones(s *Service) family[zoneItem] {
	return family[zoneItem]{
		all: s.zoneItems, id: func(z zoneItem) string { return z.ZoneName },
		notFound: func(name string) error { return invalid("zoneName", name, "There is no such zone.") },
		attributes: attributes[zoneItem]{
			"zone-name":            func(z zoneItem) []string { return one(z.ZoneName) },
			"zone-id":              func(z zoneItem) []string { return one(z.ZoneID) },
			"zone-type":            func(z zoneItem) []string { return one(z.ZoneType) },
			"state":                func(z zoneItem) []string { return one(z.ZoneState) },
			"region-name":          func(z zoneItem) []string { return one(z.RegionName) },
			"opt-in-status":        func(z zoneItem) []string { return one(z.OptInStatus) },
			"group-name":           func(z zoneItem) []string { return one(z.GroupName) },
			"message":              func(zoneItem) []string { return nil },
			"parent-zone-id":       func(zoneItem) []string { return nil },
			"parent-zone-name":     func(zoneItem) []string { return nil },
			"network-border-group": func(z zoneItem) []string { return one(z.NetworkBorderGroup) },
		},
	}
}

func (s *Service) describeAvailabilityZones(_ context.Context, in *describeZonesInput) (*describeZonesOutput, error) {
	if len(in.ZoneIDs) > 0 {
		in.Filters = append(in.Filters, filter{Name: "zone-id", Values: in.ZoneIDs})
	}
	found, _, err := choose(s, zones(s), in.ZoneNames, selection{Filters: in.Filters})
	return &describeZonesOutput{Zones: each(found, func(z zoneItem) zoneItem { return z })}, err
}

type describeRegionsInput struct {
	Filters     []filter `in:"Filter"`
	RegionNames []string `in:"RegionName"`
	AllRegions  bool
}

type describeRegionsOutput struct {
	Regions []regionItem `out:"regionInfo"`
}

type regionItem struct {
	RegionName     string
	RegionEndpoint string
	OptInStatus    string
}

// describeRegions knows the one region of this localaws.
func (s *Service) describeRegions(_ context.Context, in *describeRegionsInput) (*describeRegionsOutput, error) {
	region := s.account.Region
	regions := family[regionItem]{
		all: func() []regionItem {
			return []regionItem{{region, "ec2." + region + "." + s.account.DNSSuffix(), "opt-in-not-required"}}
		},
		id:       func(r regionItem) string { return r.RegionName },
		notFound: func(name string) error { return invalid("region", name, "This localaws has "+region+" only.") },
		attributes: attributes[regionItem]{
			"region-name":   func(r regionItem) []string { return one(r.RegionName) },
			"endpoint":      func(r regionItem) []string { return one(r.RegionEndpoint) },
			"opt-in-status": func(r regionItem) []string { return one(r.OptInStatus) },
		},
	}
	found, _, err := choose(s, regions, in.RegionNames, selection{Filters: in.Filters})
	return &describeRegionsOutput{Regions: each(found, func(r regionItem) regionItem { return r })}, err
}

type accountAttributesInput struct {
	AttributeNames []string `in:"AttributeName"`
}

type accountAttributesOutput struct {
	Attributes []accountAttribute `out:"accountAttributeSet"`
}

type accountAttribute struct {
	Name   string           `out:"attributeName"`
	Values []attributeValue `out:"attributeValueSet"`
}

type attributeValue struct {
	Value string `out:"attributeValue"`
}

func (s *Service) describeAccountAttributes(_ context.Context, in *accountAttributesInput) (*accountAttributesOutput, error) {
	all := []accountAttribute{
		{"supported-platforms", []attributeValue{{"VPC"}}},
		{"default-vpc", []attributeValue{{"none"}}},
		{"max-instances", []attributeValue{{"20"}}},
		{"vpc-max-security-groups-per-interface", []attributeValue{{"5"}}},
		{"max-elastic-ips", []attributeValue{{"5"}}},
		{"vpc-max-elastic-ips", []attributeValue{{"5"}}},
	}
	out := &accountAttributesOutput{Attributes: []accountAttribute{}}
	for _, attribute := range all {
		if len(in.AttributeNames) == 0 || slices.Contains(in.AttributeNames, attribute.Name) {
			out.Attributes = append(out.Attributes, attribute)
		}
	}
	for _, name := range in.AttributeNames {
		if !slices.ContainsFunc(all, func(a accountAttribute) bool { return a.Name == name }) {
			return nil, wire.Errorf("InvalidParameterValue", "Value (%s) for parameter attributeName is invalid.", name)
		}
	}
	return out, nil
}
