package autoscaling

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

type tagInput struct {
	Key               string
	Value             string
	PropagateAtLaunch *bool
	ResourceId        string
	ResourceType      string
}

type tagView struct {
	ResourceId        string
	ResourceType      string
	Key               string
	Value             *string
	PropagateAtLaunch bool
}

func putTags(g *group, tags []tagInput) error {
	for _, t := range tags {
		if t.Key == "" || len(t.Key) > 128 || len(t.Value) > 256 {
			return invalid("Tag %q: a key has 1 to 128 characters, a value at most 256", t.Key)
		}
		if strings.HasPrefix(strings.ToLower(t.Key), "aws:") {
			return invalid("Reserved Tag Keys: aws:* tag keys are reserved and may not be used (%s)", t.Key)
		}
		// A tag propagates unless told otherwise.
		g.Tags[t.Key] = tag{Value: t.Value, Propagate: t.PropagateAtLaunch == nil || *t.PropagateAtLaunch}
	}
	return nil
}

func (g *group) tagViews() []tagView {
	views := []tagView{}
	for _, key := range slices.Sorted(maps.Keys(g.Tags)) {
		t := g.Tags[key]
		views = append(views, tagView{
			ResourceId: g.Name, ResourceType: "auto-scaling-group", Key: key, Value: &t.Value, PropagateAtLaunch: t.Propagate,
		})
	}
	return views
}

// launchTags are what an instance gets from its group.
func (g *group) launchTags() core.Tags {
	tags := core.Tags{"aws:autoscaling:groupName": g.Name}
	for key, t := range g.Tags {
		if t.Propagate {
			tags[key] = t.Value
		}
	}
	return tags
}

type tagsInput struct{ Tags []tagInput }

func (s *Service) createOrUpdateTags(_ context.Context, in *tagsInput) (*wire.Empty, error) {
	for _, t := range in.Tags {
		g, err := s.tagged(t)
		if err != nil {
			return nil, err
		}
		if err := putTags(g, []tagInput{t}); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

func (s *Service) deleteTags(_ context.Context, in *tagsInput) (*wire.Empty, error) {
	for _, t := range in.Tags {
		g, err := s.tagged(t)
		if err != nil {
			return nil, err
		}
		delete(g.Tags, t.Key)
	}
	return nil, nil
}

func (s *Service) tagged(t tagInput) (*group, error) {
	if t.ResourceType != "" && t.ResourceType != "auto-scaling-group" {
		return nil, invalid("Invalid resource type %q: the only one is auto-scaling-group", t.ResourceType)
	}
	return s.named(t.ResourceId)
}

type describeTagsInput struct {
	Filters    []filter
	MaxRecords int
	NextToken  string
}

type describeTagsOutput struct {
	Tags      []tagView
	NextToken string
}

func (s *Service) describeTags(_ context.Context, in *describeTagsInput) (*describeTagsOutput, error) {
	out := &describeTagsOutput{Tags: []tagView{}}
	for _, g := range s.groups() {
		for _, t := range g.tagViews() {
			matched, err := t.matches(in.Filters)
			if err != nil {
				return nil, err
			}
			if matched {
				out.Tags = append(out.Tags, t)
			}
		}
	}
	return out, nil
}

func (t tagView) matches(filters []filter) (bool, error) {
	for _, f := range filters {
		var value string
		switch f.Name {
		case "auto-scaling-group":
			value = t.ResourceId
		case "key":
			value = t.Key
		case "value":
			value = *t.Value
		case "propagate-at-launch":
			value = "false"
			if t.PropagateAtLaunch {
				value = "true"
			}
		default:
			return false, invalid("Filter name %q is not valid: auto-scaling-group, key, value, propagate-at-launch", f.Name)
		}
		if !slices.Contains(f.Values, value) {
			return false, nil
		}
	}
	return true, nil
}
