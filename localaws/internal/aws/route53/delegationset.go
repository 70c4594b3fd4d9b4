package route53

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire/rest"
)

// delegationSet is a reusable one: four name servers that several zones share.
type delegationSet struct {
	ID              string
	CallerReference string
	NameServers     []string
}

func (d *delegationSet) xml() delegationSetXML {
	return delegationSetXML{ID: "/delegationset/" + d.ID, CallerReference: d.CallerReference, NameServers: d.NameServers}
}

func (s *Service) delegationSet(id string) (*delegationSet, error) {
	set, ok := s.state.DelegationSets[strings.TrimPrefix(id, "/delegationset/")]
	if !ok {
		return nil, wire.Errorf("NoSuchDelegationSet", "No delegation set found with ID: %s", id)
	}
	return set, nil
}

func (s *Service) createDelegationSet(_ context.Context, call *rest.Call) (*rest.Answer, error) {
	var in struct {
		CallerReference string
		HostedZoneID    string `xml:"HostedZoneId"`
	}
	if err := decode(call, "CreateReusableDelegationSetRequest", &in); err != nil {
		return nil, err
	}
	for _, other := range s.state.DelegationSets {
		if other.CallerReference == in.CallerReference {
			return nil, wire.Errorf("DelegationSetAlreadyCreated", "A delegation set has already been created with the caller reference %s.", in.CallerReference)
		}
	}
	set := &delegationSet{ID: "N" + upperID(20), CallerReference: in.CallerReference}
	if in.HostedZoneID == "" {
		set.NameServers = drawNameServers()
	} else {
		z, err := s.zone(in.HostedZoneID)
		if err != nil {
			return nil, wire.Errorf("HostedZoneNotFound", "No hosted zone found with ID: %s", in.HostedZoneID)
		}
		if z.DelegationSetID != "" {
			return nil, wire.Errorf("DelegationSetAlreadyReusable", "The delegation set of the hosted zone %s is already reusable.", z.ID)
		}
		set.NameServers, z.DelegationSetID = z.NameServers, set.ID
	}
	s.state.DelegationSets[set.ID] = set
	return &rest.Answer{
		Status: http.StatusCreated,
		Header: http.Header{"Location": {"https://route53." + s.account.DNSSuffix() + "/2013-04-01/delegationset/" + set.ID}},
		Body:   struct{ DelegationSet delegationSetXML }{set.xml()},
	}, nil
}

func (s *Service) getDelegationSet(_ context.Context, call *rest.Call) (*rest.Answer, error) {
	set, err := s.delegationSet(call.Param["id"])
	if err != nil {
		return nil, err
	}
	return &rest.Answer{Body: struct{ DelegationSet delegationSetXML }{set.xml()}}, nil
}

func (s *Service) listDelegationSets(_ context.Context, call *rest.Call) (*rest.Answer, error) {
	limit, err := maxItems(call, 100)
	if err != nil {
		return nil, err
	}
	marker := call.Query.Get("marker")
	var sets []delegationSetXML
	for _, set := range s.state.DelegationSets {
		if set.ID >= marker {
			sets = append(sets, set.xml())
		}
	}
	slices.SortFunc(sets, func(a, b delegationSetXML) int { return cmp.Compare(a.ID, b.ID) })
	sets, next := page(sets, limit)
	out := struct {
		DelegationSets []delegationSetXML `xml:"DelegationSets>DelegationSet"`
		Marker         string
		IsTruncated    bool
		NextMarker     string `xml:",omitempty"`
		MaxItems       int
	}{DelegationSets: sets, Marker: marker, MaxItems: limit}
	if next != nil {
		out.IsTruncated, out.NextMarker = true, strings.TrimPrefix(next.ID, "/delegationset/")
	}
	return &rest.Answer{Body: out}, nil
}

func (s *Service) deleteDelegationSet(_ context.Context, call *rest.Call) (*rest.Answer, error) {
	set, err := s.delegationSet(call.Param["id"])
	if err != nil {
		return nil, err
	}
	for _, z := range s.state.Zones {
		if z.DelegationSetID == set.ID {
			return nil, wire.Errorf("DelegationSetInUse", "The delegation set %s is in use by the hosted zone %s.", set.ID, z.ID)
		}
	}
	delete(s.state.DelegationSets, set.ID)
	return &rest.Answer{Body: struct{}{}}, nil
}
