// Package route53 is Amazon Route 53: hosted zones, their records, and the
// answer to a DNS query as it follows from them, delegation included.
//
// API: https://docs.aws.amazon.com/Route53/latest/APIReference/.
package route53

import (
	"context"
	_ "embed"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/refusals"
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
	*records

	// What other services ask for.
	*zoneOperations
	*resolver
	*tagOperations

	changes *changeOperations
	routes  []rest.Route
}

// New returns a Route 53 without zones.
func New(a *core.Account) *Service {
	r := newRecords(a)
	changes := &changeOperations{r}
	s := &Service{
		records: r, zoneOperations: &zoneOperations{r, changes}, resolver: &resolver{r}, tagOperations: &tagOperations{r},
		changes: changes,
	}
	s.routes = table(s.zoneOperations, &recordOperations{r, changes}, changes, s.tagOperations)
	return s
}

// CheckAliases refuses alias records whose target no service has.
func (s *Service) CheckAliases(targets AliasTargets) { s.aliases = targets }

//go:embed refusals.md
var refusalsText string

// Refusals are what AWS refuses of requests.
var Refusals = refusals.MustParse(refusalsText)

// Wire is the service's entry in the server.
func (s *Service) Wire() wire.Service {
	return wire.Service{Name: "route53", AnyRegion: true, Protocol: wire.REST, REST: s.find}
}

// table lists the operations.
func table(z *zoneOperations, r *recordOperations, c *changeOperations, t *tagOperations) []rest.Route {
	const root = "/2013-04-01"
	return []rest.Route{
		{Method: "POST", Path: root + "/hostedzone", Operation: "CreateHostedZone", Handle: z.createHostedZone},
		{Method: "GET", Path: root + "/hostedzone", Query: []string{"marker", "maxitems", "hostedzonetype"}, Operation: "ListHostedZones", Handle: z.listHostedZones},
		{Method: "GET", Path: root + "/hostedzonesbyname", Query: []string{"dnsname", "hostedzoneid", "maxitems"}, Operation: "ListHostedZonesByName", Handle: z.listHostedZonesByName},
		{Method: "GET", Path: root + "/hostedzone/{id}", Operation: "GetHostedZone", Handle: z.getHostedZone},
		{Method: "POST", Path: root + "/hostedzone/{id}", Operation: "UpdateHostedZoneComment", Handle: z.updateHostedZoneComment},
		{Method: "DELETE", Path: root + "/hostedzone/{id}", Operation: "DeleteHostedZone", Handle: z.deleteHostedZone},
		{Method: "GET", Path: root + "/hostedzone/{id}/dnssec", Operation: "GetDNSSEC", Handle: z.getDNSSEC},
		{Method: "POST", Path: root + "/hostedzone/{id}/rrset", Operation: "ChangeResourceRecordSets", Handle: r.changeRecords},
		{Method: "GET", Path: root + "/hostedzone/{id}/rrset", Query: []string{"name", "type", "identifier", "maxitems"}, Operation: "ListResourceRecordSets", Handle: r.listRecords},
		{Method: "GET", Path: root + "/change/{id}", Operation: "GetChange", Handle: c.getChange},
		{Method: "GET", Path: root + "/tags/{type}/{id}", Operation: "ListTagsForResource", Handle: t.listTags},
		{Method: "POST", Path: root + "/tags/{type}/{id}", Operation: "ChangeTagsForResource", Handle: t.changeTags},
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

// decode reads a request's body, the root of which is named for its operation,
// and holds it to the table.
func decode(call *rest.Call, root string, into any) error {
	if err := rest.DecodeXML(call.Body, root, into); err != nil {
		return wire.Errorf("InvalidInput", "The request's body can't be read: %v", err)
	}
	return Refusals.Refuse("InvalidInput")(strings.TrimSuffix(root, "Request"), rest.Parameters(into))
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
func (s *Service) Run(ctx context.Context) { s.account.Reconcile(ctx, s.changes.propagate) }
