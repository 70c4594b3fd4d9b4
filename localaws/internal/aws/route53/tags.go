package route53

import (
	"context"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire/rest"
)

// tagOperations are those on the tags of hosted zones.
type tagOperations struct{ *records }

// tagRules are those of https://docs.aws.amazon.com/Route53/latest/APIReference/API_Tag.html.
var tagRules = tags.Rules{Refuse: func(f tags.Fault) error { return wire.Errorf("InvalidInput", "%s", f) }}

// tags are those of hosted zones, the only resources here that can have tags.
func (s *tagOperations) tags(resourceType string) tags.Resources {
	return tags.Resources{Rules: tagRules, Find: func(id string) (tags.Resource, error) {
		if resourceType != "hostedzone" {
			return tags.Resource{}, wire.NotFoundf("NoSuchHealthCheck", "localaws has no resources of the type %s", resourceType)
		}
		found, ok := tags.In(s.zones, id, func(z *zone) *tags.Set { return &z.Tags })
		if !ok {
			return found, noSuchZone(id)
		}
		return found, nil
	}}
}

type tagSetXML struct {
	ResourceType string
	ResourceID   string     `xml:"ResourceId"`
	Tags         []tags.Tag `xml:"Tags>Tag"`
}

func (s *tagOperations) listTags(_ context.Context, call *rest.Call) (*rest.Answer, error) {
	resourceType, id := call.Param["type"], call.Param["id"]
	list, err := s.tags(resourceType).List(id)
	if err != nil {
		return nil, err
	}
	return &rest.Answer{Body: struct{ ResourceTagSet tagSetXML }{tagSetXML{resourceType, id, list}}}, nil
}

func (s *tagOperations) changeTags(_ context.Context, call *rest.Call) (*rest.Answer, error) {
	var in struct {
		AddTags       []tags.Tag `xml:"AddTags>Tag"`
		RemoveTagKeys []string   `xml:"RemoveTagKeys>Key"`
	}
	if err := decode(call, "ChangeTagsForResourceRequest", &in); err != nil {
		return nil, err
	}
	resources, id := s.tags(call.Param["type"]), call.Param["id"]
	if err := resources.Remove(in.RemoveTagKeys, id); err != nil {
		return nil, err
	}
	if err := resources.Add(in.AddTags, id); err != nil {
		return nil, err
	}
	return &rest.Answer{Body: struct{}{}}, nil
}

// TaggedResources lists what can have tags, for the Tagging API.
func (s *tagOperations) TaggedResources() []tags.Tagged {
	var all []tags.Tagged
	for id, z := range s.zones.All() {
		all = append(all, tags.Tagged{ARN: "arn:" + s.account.Partition + ":route53:::hostedzone/" + id, Tags: z.Tags})
	}
	return all
}
