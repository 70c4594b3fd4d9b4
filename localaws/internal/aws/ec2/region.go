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

// region has the Availability Zones.
type region struct{ *records }

func (s *region) operations() []wire.Operation {
	return []wire.Operation{wire.ReadOp("DescribeAvailabilityZones", s.describeAvailabilityZones)}
}

// zoneID is a zone's id, the same in all accounts: us-west-2a is usw2-az1.
func (s *region) zoneID(zone string) string {
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

// zone returns the Availability Zone with that name or id; the first when both
// are "".
func (s *region) zone(name, id string) (string, error) {
	for _, zone := range s.account.Zones() {
		switch {
		case name == "" && id == "", name == zone, id == s.zoneID(zone):
			return zone, nil
		}
	}
	return "", invalid("availabilityZone", name+id, "Subnets can currently only be created in the following availability zones: "+
		strings.Join(s.account.Zones(), ", ")+".")
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

func (s *region) zoneItems() []zoneItem {
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

func (s *region) family() family[zoneItem] {
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
			"network-border-group": func(z zoneItem) []string { return one(z.NetworkBorderGroup) },
		},
	}
}

func (s *region) describeAvailabilityZones(_ context.Context, in *describeZonesInput) (*describeZonesOutput, error) {
	if len(in.ZoneIDs) > 0 {
		in.Filters = append(in.Filters, filter{Name: "zone-id", Values: in.ZoneIDs})
	}
	found, _, err := choose(s.records, s.family(), in.ZoneNames, selection{Filters: in.Filters})
	return &describeZonesOutput{Zones: found}, err
}
