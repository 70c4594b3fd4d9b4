package route53

import (
	"context"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire/rest"
)

type tagSetXML struct {
	ResourceType string
	ResourceID   string     `xml:"ResourceId"`
	Tags         []core.Tag `xml:"Tags>Tag"`
}

func (s *Service) taggedZone(resourceType, id string) (*zone, error) {
	if resourceType != "hostedzone" {
		return nil, wire.NotFoundf("NoSuchHealthCheck", "localaws has no resources of the type %s", resourceType)
	}
	return s.zone(id)
}

func (s *Service) listTags(_ context.Context, call *rest.Call) (*rest.Answer, error) {
	z, err := s.taggedZone(call.Param["type"], call.Param["id"])
	if err != nil {
		return nil, err
	}
	return &rest.Answer{Body: struct{ ResourceTagSet tagSetXML }{tagSetOf(z)}}, nil
}

func tagSetOf(z *zone) tagSetXML {
	return tagSetXML{ResourceType: "hostedzone", ResourceID: z.ID, Tags: z.Tags.List()}
}

func (s *Service) changeTags(_ context.Context, call *rest.Call) (*rest.Answer, error) {
	var in struct {
		AddTags       []core.Tag `xml:"AddTags>Tag"`
		RemoveTagKeys []string   `xml:"RemoveTagKeys>Key"`
	}
	if err := decode(call, "ChangeTagsForResourceRequest", &in); err != nil {
		return nil, err
	}
	z, err := s.taggedZone(call.Param["type"], call.Param["id"])
	if err != nil {
		return nil, err
	}
	z.Tags.Remove(in.RemoveTagKeys)
	z.Tags.Put(in.AddTags)
	return &rest.Answer{Body: struct{}{}}, nil
}

func (s *Service) listTagsOfMany(_ context.Context, call *rest.Call) (*rest.Answer, error) {
	var in struct {
		IDs []string `xml:"ResourceIds>ResourceId"`
	}
	if err := decode(call, "ListTagsForResourcesRequest", &in); err != nil {
		return nil, err
	}
	var out struct {
		Sets []tagSetXML `xml:"ResourceTagSets>ResourceTagSet"`
	}
	for _, id := range in.IDs {
		z, err := s.taggedZone(call.Param["type"], id)
		if err != nil {
			return nil, err
		}
		out.Sets = append(out.Sets, tagSetOf(z))
	}
	return &rest.Answer{Body: out}, nil
}

// TaggedResources lists what can have tags, for the Tagging API.
func (s *Service) TaggedResources() []core.TaggedResource {
	var all []core.TaggedResource
	for _, z := range s.state.Zones {
		all = append(all, core.TaggedResource{ARN: "arn:" + s.account.Partition + ":route53:::hostedzone/" + z.ID, Tags: z.Tags})
	}
	return all
}
