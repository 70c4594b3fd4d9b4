package ssm

import (
	"context"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// tagRules are those of parameters,
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_AddTagsToResource.html.
var tagRules = tags.Rules{Refuse: func(f tags.Fault) error {
	if f.Problem == tags.TooMany {
		return wire.Errorf("TooManyTagsError", "%s", f)
	}
	return wire.Errorf("ValidationException", "%s", f)
}}

type tagsInput struct {
	ResourceType string
	ResourceID   string
	Tags         []tags.Tag
	TagKeys      []string
}

// tagged are the resources of the type that a request is about.
func (s *Service) tagged(in *tagsInput) tags.Resources {
	return tags.Resources{Rules: tagRules, Find: func(id string) (tags.Resource, error) {
		if in.ResourceType != "Parameter" {
			return tags.Resource{}, wire.Errorf("InvalidResourceType", "The resource type %q is not valid: localaws tags parameters only", in.ResourceType)
		}
		found, ok := tags.In(s.parameters, id, func(p *parameter) *tags.Set { return &p.Tags })
		if !ok {
			return found, wire.Errorf("InvalidResourceId", "The resource ID %q is not valid. Verify the ID and try again.", id)
		}
		return found, nil
	}}
}

func (s *Service) addTags(_ context.Context, in *tagsInput) (*wire.Empty, error) {
	return nil, s.tagged(in).Add(in.Tags, in.ResourceID)
}

func (s *Service) removeTags(_ context.Context, in *tagsInput) (*wire.Empty, error) {
	return nil, s.tagged(in).Remove(in.TagKeys, in.ResourceID)
}

type tagsOutput struct{ TagList []tags.Tag }

func (s *Service) listTags(_ context.Context, in *tagsInput) (*tagsOutput, error) {
	list, err := s.tagged(in).List(in.ResourceID)
	return &tagsOutput{list}, err
}

// TaggedResources lists what can have tags, for the Tagging API.
func (s *Service) TaggedResources() []tags.Tagged {
	var all []tags.Tagged
	for _, p := range s.parameters.All() {
		all = append(all, tags.Tagged{ARN: s.arn(p), Tags: p.Tags})
	}
	return all
}
