package route53

import (
	"context"
	"crypto/rand"
	"fmt"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire/rest"
)

// zoneOperations are those on hosted zones.
type zoneOperations struct {
	*records
	*changeOperations
}

// zone is a hosted zone.
type zone struct {
	ID              string
	Name            string // normalized
	CallerReference string
	Comment         string
	Private         bool
	Seeded          bool // a domain that is registered, not one that was created
	VPCs            []vpc
	NameServers     []string // without the dot at their end
	Records         []record // sorted
	Tags            tags.Set
}

type vpc struct {
	VPCRegion string
	VPCId     string
}

type zoneXML struct {
	ID                     string `xml:"Id"`
	Name                   string
	CallerReference        string
	Config                 zoneConfigXML
	ResourceRecordSetCount int
}

type zoneConfigXML struct {
	Comment     string `xml:",omitempty"`
	PrivateZone bool
}

type delegationSetXML struct {
	NameServers []string `xml:"NameServers>NameServer"`
}

type changeInfoXML struct {
	ID          string `xml:"Id"`
	Status      string
	SubmittedAt time.Time
	Comment     string `xml:",omitempty"`
}

func (z *zone) xml() zoneXML {
	return zoneXML{
		ID: "/hostedzone/" + z.ID, Name: z.Name, CallerReference: z.CallerReference,
		Config:                 zoneConfigXML{Comment: z.Comment, PrivateZone: z.Private},
		ResourceRecordSetCount: len(z.Records),
	}
}

func (z *zone) delegation() *delegationSetXML {
	if z.Private {
		return nil
	}
	return &delegationSetXML{NameServers: z.NameServers}
}

func (c *change) xml() changeInfoXML {
	status := "PENDING"
	if c.InSync {
		status = "INSYNC"
	}
	return changeInfoXML{ID: "/change/" + c.ID, Status: status, SubmittedAt: c.SubmittedAt.UTC(), Comment: c.Comment}
}

// SeedZone makes a public zone for a domain that counts as registered: the
// world's name servers delegate to it. A zone that was seeded before is kept.
func (s *zoneOperations) SeedZone(name string) (zoneID string) {
	normal, err := normalize(name)
	if err != nil {
		panic(fmt.Sprintf("seeding the zone %q: %v", name, err)) // a name in the program's own text
	}
	for _, z := range s.zones.All() {
		if z.Seeded && z.Name == normal {
			return z.ID
		}
	}
	z := &zone{
		ID: newZoneID(), Name: normal, CallerReference: "seeded", Seeded: true,
		Comment: "registered domain", Tags: tags.Set{}, NameServers: s.newNameServers(normal),
	}
	z.Records = apexRecords(z)
	s.zones.Put(z.ID, z)
	return z.ID
}

type createHostedZoneRequest struct {
	Name             string
	CallerReference  string
	HostedZoneConfig struct {
		Comment     string
		PrivateZone bool
	}
	VPC *vpc
}

type zoneResponse struct {
	HostedZone    zoneXML
	ChangeInfo    *changeInfoXML    `xml:",omitempty"`
	DelegationSet *delegationSetXML `xml:",omitempty"`
	VPC           *vpc              `xml:",omitempty"`
	VPCs          []vpc             `xml:"VPCs>VPC,omitempty"`
}

func (s *zoneOperations) createHostedZone(_ context.Context, call *rest.Call) (*rest.Answer, error) {
	var in createHostedZoneRequest
	if err := decode(call, "CreateHostedZoneRequest", &in); err != nil {
		return nil, err
	}
	name, err := validName(in.Name)
	if err != nil {
		return nil, err
	}
	for _, other := range s.zones.All() {
		if other.CallerReference == in.CallerReference {
			return nil, &wire.Error{
				Code: "HostedZoneAlreadyExists", Status: http.StatusConflict,
				Message: "A hosted zone has already been created with the specified caller reference.",
			}
		}
	}
	z := &zone{
		ID: newZoneID(), Name: name, CallerReference: in.CallerReference, Tags: tags.Set{},
		Comment: in.HostedZoneConfig.Comment, Private: in.HostedZoneConfig.PrivateZone || in.VPC != nil,
	}
	switch {
	case !z.Private:
		z.NameServers = s.newNameServers(z.Name)
	case in.VPC == nil:
		return nil, wire.Errorf("InvalidInput", "The private hosted zone %s needs a VPC.", z.Name)
	default:
		z.VPCs = []vpc{*in.VPC}
		z.NameServers = []string{"ns-0.awsdns-00.com", "ns-512.awsdns-00.net", "ns-1024.awsdns-00.org", "ns-1536.awsdns-00.co.uk"}
	}
	z.Records = apexRecords(z)
	s.zones.Put(z.ID, z)
	return &rest.Answer{
		Status: http.StatusCreated,
		Header: http.Header{"Location": {"https://route53." + s.account.DNSSuffix() + "/2013-04-01/hostedzone/" + z.ID}},
		Body:   zoneResponse{HostedZone: z.xml(), ChangeInfo: s.newChange(""), DelegationSet: z.delegation(), VPC: in.VPC},
	}, nil
}

func (s *zoneOperations) getHostedZone(_ context.Context, call *rest.Call) (*rest.Answer, error) {
	z, err := s.zone(call.Param["id"])
	if err != nil {
		return nil, err
	}
	return &rest.Answer{Body: zoneResponse{HostedZone: z.xml(), DelegationSet: z.delegation(), VPCs: z.VPCs}}, nil
}

func (s *zoneOperations) updateHostedZoneComment(_ context.Context, call *rest.Call) (*rest.Answer, error) {
	var in struct{ Comment string }
	if err := decode(call, "UpdateHostedZoneCommentRequest", &in); err != nil {
		return nil, err
	}
	z, err := s.zone(call.Param["id"])
	if err != nil {
		return nil, err
	}
	s.zones.Put(z.ID, z)
	z.Comment = in.Comment
	return &rest.Answer{Body: zoneResponse{HostedZone: z.xml()}}, nil
}

func (s *zoneOperations) deleteHostedZone(_ context.Context, call *rest.Call) (*rest.Answer, error) {
	z, err := s.zone(call.Param["id"])
	if err != nil {
		return nil, err
	}
	if len(z.Records) > 2 {
		return nil, wire.Errorf("HostedZoneNotEmpty", "The specified hosted zone contains non-required resource record sets and so cannot be deleted.")
	}
	s.zones.Delete(z.ID)
	return &rest.Answer{Body: struct{ ChangeInfo *changeInfoXML }{s.newChange("")}}, nil
}

// getDNSSEC answers that the zone is not signed: signing needs KMS, which
// localaws does not have.
func (s *zoneOperations) getDNSSEC(_ context.Context, call *rest.Call) (*rest.Answer, error) {
	z, err := s.zone(call.Param["id"])
	if err != nil {
		return nil, err
	}
	if z.Private {
		return nil, wire.Errorf("InvalidArgument", "DNSSEC is not supported for the private hosted zone %s.", z.ID)
	}
	var out struct {
		Signature string   `xml:"Status>ServeSignature"`
		Keys      struct{} `xml:"KeySigningKeys"`
	}
	out.Signature = "NOT_SIGNING"
	return &rest.Answer{Body: out}, nil
}

func noSuchZone(id string) error {
	return wire.NotFoundf("NoSuchHostedZone", "No hosted zone found with ID: %s", id)
}

// newNameServers draws four name servers, of which no zone of that name has
// one: so a delegation tells zones of the same name apart.
func (s *zoneOperations) newNameServers(zoneName string) []string {
	for {
		servers := drawNameServers()
		taken := false
		for _, z := range s.zones.All() {
			taken = taken || z.Name == zoneName && slices.ContainsFunc(servers, func(ns string) bool { return slices.Contains(z.NameServers, ns) })
		}
		if !taken {
			return servers
		}
	}
}

// drawNameServers picks one of 512 name servers in each of four domains, and
// names them as Route 53 does: ns-2047.awsdns-63.co.uk.
func drawNameServers() []string {
	servers := make([]string, 4)
	for i, domain := range []string{"com", "net", "org", "co.uk"} {
		n, err := rand.Int(rand.Reader, big.NewInt(512))
		if err != nil {
			panic(err) // crypto/rand never fails
		}
		servers[i] = fmt.Sprintf("ns-%d.awsdns-%02d.%s", int64(i)*512+n.Int64(), n.Int64()/8, domain)
	}
	return servers
}

// newZoneID makes an id that has at most 32 characters behind "/hostedzone/":
// the API's model has no room for more.
func newZoneID() string { return "Z" + upperID(19) }

// upperID is n characters as the ids of zones and changes have.
func upperID(n int) string { return strings.ToUpper(ids.Hex(n)) }
