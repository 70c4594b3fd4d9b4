// Package route53 is Amazon Route 53: hosted zones, their records, and the
// answer to a DNS query as it follows from them, delegation included.
//
// API: https://docs.aws.amazon.com/Route53/latest/APIReference/.
package route53

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire/rest"
)

const namespace = "https://route53.amazonaws.com/doc/2013-04-01/"

// propagation is how long a change takes to reach all name servers.
const propagation = 5 * time.Second

// AliasTargets knows the names that other services offer to alias records.
type AliasTargets interface {
	// OwnsAlias tells whether a resource has that DNS name in that hosted zone.
	OwnsAlias(dnsName, hostedZoneID string) bool
}

// Service is Route 53. Its methods are called with the account's lock held.
type Service struct {
	account *core.Account
	aliases AliasTargets
	state   state
	routes  []rest.Route
}

// state is what outlives the process.
type state struct {
	Zones          map[string]*zone
	Changes        map[string]*change
	DelegationSets map[string]*delegationSet
}

// New returns a Route 53 without zones.
func New(a *core.Account) *Service {
	s := &Service{account: a}
	s.state.init()
	s.routes = s.table()
	return s
}

func (st *state) init() {
	if st.Zones == nil {
		st.Zones = map[string]*zone{}
	}
	if st.Changes == nil {
		st.Changes = map[string]*change{}
	}
	if st.DelegationSets == nil {
		st.DelegationSets = map[string]*delegationSet{}
	}
}

// CheckAliases makes alias records be refused whose target nobody owns.
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
		{Method: "GET", Path: root + "/hostedzone", Query: []string{"marker", "maxitems", "delegationsetid", "hostedzonetype"}, Operation: "ListHostedZones", Handle: s.listHostedZones},
		{Method: "GET", Path: root + "/hostedzonecount", Operation: "GetHostedZoneCount", Handle: s.getHostedZoneCount},
		{Method: "GET", Path: root + "/hostedzonesbyname", Query: []string{"dnsname", "hostedzoneid", "maxitems"}, Operation: "ListHostedZonesByName", Handle: s.listHostedZonesByName},
		{Method: "GET", Path: root + "/hostedzonesbyvpc", Query: []string{"vpcid", "vpcregion"}, Operation: "ListHostedZonesByVPC", Handle: s.listHostedZonesByVPC},
		{Method: "GET", Path: root + "/hostedzone/{id}", Operation: "GetHostedZone", Handle: s.getHostedZone},
		{Method: "POST", Path: root + "/hostedzone/{id}", Operation: "UpdateHostedZoneComment", Handle: s.updateHostedZoneComment},
		{Method: "DELETE", Path: root + "/hostedzone/{id}", Operation: "DeleteHostedZone", Handle: s.deleteHostedZone},
		{Method: "GET", Path: root + "/hostedzone/{id}/dnssec", Operation: "GetDNSSEC", Handle: s.getDNSSEC},
		{Method: "POST", Path: root + "/hostedzone/{id}/associatevpc", Operation: "AssociateVPCWithHostedZone", Handle: s.associateVPC},
		{Method: "POST", Path: root + "/hostedzone/{id}/disassociatevpc", Operation: "DisassociateVPCFromHostedZone", Handle: s.disassociateVPC},
		{Method: "POST", Path: root + "/hostedzone/{id}/rrset", Operation: "ChangeResourceRecordSets", Handle: s.changeRecords},
		{Method: "GET", Path: root + "/hostedzone/{id}/rrset", Query: []string{"name", "type", "identifier", "maxitems"}, Operation: "ListResourceRecordSets", Handle: s.listRecords},
		{Method: "GET", Path: root + "/change/{id}", Operation: "GetChange", Handle: s.getChange},
		{Method: "POST", Path: root + "/delegationset", Operation: "CreateReusableDelegationSet", Handle: s.createDelegationSet},
		{Method: "GET", Path: root + "/delegationset", Query: []string{"marker", "maxitems"}, Operation: "ListReusableDelegationSets", Handle: s.listDelegationSets},
		{Method: "GET", Path: root + "/delegationset/{id}", Operation: "GetReusableDelegationSet", Handle: s.getDelegationSet},
		{Method: "DELETE", Path: root + "/delegationset/{id}", Operation: "DeleteReusableDelegationSet", Handle: s.deleteDelegationSet},
		{Method: "GET", Path: root + "/tags/{type}/{id}", Operation: "ListTagsForResource", Handle: s.listTags},
		{Method: "POST", Path: root + "/tags/{type}/{id}", Operation: "ChangeTagsForResource", Handle: s.changeTags},
		{Method: "POST", Path: root + "/tags/{type}", Operation: "ListTagsForResources", Reads: true, Handle: s.listTagsOfMany},
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

// Name is the service's key in the snapshot.
func (s *Service) Name() string { return "route53" }

// Snapshot returns all state.
func (s *Service) Snapshot() any { return s.state }

// Restore replaces the state.
func (s *Service) Restore(raw json.RawMessage) error {
	var restored state
	if err := json.Unmarshal(raw, &restored); err != nil {
		return fmt.Errorf("restoring route53: %w", err)
	}
	restored.init()
	s.state = restored
	return nil
}

// Resources is the number of resources by kind, for the status page. Seeded zones,
// and the NS and SOA records that each zone has, don't count.
func (s *Service) Resources() map[string]int {
	zones, records := 0, 0
	for _, z := range s.state.Zones {
		if !z.Seeded {
			zones++
		}
		records += len(z.Records) - 2
	}
	return map[string]int{"hosted zones": zones, "records": records}
}

// Run lets changes reach all name servers, until ctx is done.
func (s *Service) Run(ctx context.Context) { s.account.Reconcile(ctx, s.propagate) }
