// Package route53 is Amazon Route 53: hosted zones, their records, and the
// answer to a DNS query as it follows from them, delegation included.
//
// API: https://docs.aws.amazon.com/Route53/latest/APIReference/.
package route53

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/store"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire/rest"
)

const namespace = "https://route53.amazonaws.com/doc/2013-04-01/"

// propagation is how long a change takes to reach all name servers.
const propagation = 5 * time.Second

// AliasTargets knows the names that other services offer to alias records.
type AliasTargets interface {
	// OwnsAlias reports whether a resource has that DNS name in that hosted zone.
	OwnsAlias(dnsName, hostedZoneID string) bool
}

// Service is Route 53. Its methods are called with the account's lock held.
type Service struct {
	account *core.Account
	aliases AliasTargets
	zones   *store.Collection[*zone]   // by id
	changes *store.Collection[*change] // by id
	routes  []rest.Route
}

// New returns a Route 53 without zones.
func New(a *core.Account) *Service {
	s := &Service{
		account: a,
		zones:   store.NewCollection[*zone](a.Records, "route53", "zones"),
		changes: store.NewCollection[*change](a.Records, "route53", "changes"),
	}
	s.routes = s.table()
	return s
}

// CheckAliases refuses alias records whose target no service has.
func (s *Service) CheckAliases(targets AliasTargets) { s.aliases = targets }

// Wire is the service's entry in the server.
func (s *Service) Wire() wire.Service {
	return wire.Service{Name: "route53", Protocol: wire.REST, REST: s.find}
}

// table lists the operations.
func (s *Service) table() []rest.Route {
	const root = "/2013-04-01"
	return []rest.Route{
		{Method: "POST", Path: root + "/hostedzone", Operation: "CreateHostedZone", Handle: s.createHostedZone},
		{Method: "GET", Path: root + "/hostedzone", Query: []string{"marker", "maxitems", "hostedzonetype"}, Operation: "ListHostedZones", Handle: s.listHostedZones},
		{Method: "GET", Path: root + "/hostedzonesbyname", Query: []string{"dnsname", "hostedzoneid", "maxitems"}, Operation: "ListHostedZonesByName", Handle: s.listHostedZonesByName},
		{Method: "GET", Path: root + "/hostedzone/{id}", Operation: "GetHostedZone", Handle: s.getHostedZone},
		{Method: "POST", Path: root + "/hostedzone/{id}", Operation: "UpdateHostedZoneComment", Handle: s.updateHostedZoneComment},
		{Method: "DELETE", Path: root + "/hostedzone/{id}", Operation: "DeleteHostedZone", Handle: s.deleteHostedZone},
		{Method: "GET", Path: root + "/hostedzone/{id}/dnssec", Operation: "GetDNSSEC", Handle: s.getDNSSEC},
		{Method: "POST", Path: root + "/hostedzone/{id}/rrset", Operation: "ChangeResourceRecordSets", Handle: s.changeRecords},
		{Method: "GET", Path: root + "/hostedzone/{id}/rrset", Query: []string{"name", "type", "identifier", "maxitems"}, Operation: "ListResourceRecordSets", Handle: s.listRecords},
		{Method: "GET", Path: root + "/change/{id}", Operation: "GetChange", Handle: s.getChange},
		{Method: "GET", Path: root + "/tags/{type}/{id}", Operation: "ListTagsForResource", Handle: s.listTags},
		{Method: "POST", Path: root + "/tags/{type}/{id}", Operation: "ChangeTagsForResource", Handle: s.changeTags},
	}
}

func (s *Service) find(r *wire.Request) (*wire.RESTOperation, error) {
	route, call, ok := rest.Find(s.routes, r)
	if !ok {
		return nil, wire.UnknownREST(r)
	}
	if err := route.CheckQuery(call); err != nil {
		return nil, err
	}
	return route.RESTOperation(func(ctx context.Context) (*wire.Response, error) {
		answer, err := route.Handle(ctx, call)
		if err != nil {
			return nil, err
		}
		return respond(route.Operation, answer)
	}), nil
}

func respond(operation string, answer *rest.Answer) (*wire.Response, error) {
	body, err := rest.EncodeXML(namespace, operation+"Response", answer.Body)
	if err != nil {
		return nil, fmt.Errorf("encoding the answer of %s: %w", operation, err)
	}
	header := answer.Header
	if header == nil {
		header = http.Header{}
	}
	header.Set("Content-Type", "text/xml")
	return &wire.Response{Status: answer.Status, Header: header, Body: body}, nil
}

// decode reads a request's body.
func decode(call *rest.Call, root string, into any) error {
	if err := rest.DecodeXML(call.Body, root, into); err != nil {
		return wire.Errorf("InvalidInput", "The request's body can't be read: %v", err)
	}
	return nil
}

// Resources is the number of resources by kind, for the status page. Seeded zones,
// and the NS and SOA records that each zone has, don't count.
func (s *Service) Resources() map[string]int {
	zones, records := 0, 0
	for _, z := range s.zones.All() {
		if !z.Seeded {
			zones++
		}
		records += len(z.Records) - 2
	}
	return map[string]int{"hosted zones": zones, "records": records}
}

// Run lets changes reach all name servers, until ctx is done.
func (s *Service) Run(ctx context.Context) { s.account.Reconcile(ctx, s.propagate) }
