package autoscaling

import (
	"context"
	"maps"
	"slices"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
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

// tagRules are those of groups,
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-tagging.html.
var tagRules = tags.Rules{AnyCharacter: true, Refuse: func(f tags.Fault) error {
	if f.Problem == tags.Reserved {
		return invalid("Reserved Tag Keys: aws:* tag keys are reserved and may not be used (%s)", f.Tag.Key)
	}
	return invalid("%s", f)
}}

// putTags adds tags to a group that is about to be changed.
func putTags(g *group, list []tagInput) error {
	given := make([]tags.Tag, len(list))
	for i, t := range list {
		given[i] = tags.Tag{Key: t.Key, Value: t.Value}
		// A tag propagates unless the request says otherwise.
		g.Tags[t.Key] = tag{Value: t.Value, Propagate: t.PropagateAtLaunch == nil || *t.PropagateAtLaunch}
	}
	if _, err := tagRules.New(given); err != nil {
		return err
	}
	if most := 50; len(g.Tags) > most {
		return invalid("%s", tags.Fault{Problem: tags.TooMany, Limit: most})
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
func (g *group) launchTags() tags.Set {
	all := tags.Set{"aws:autoscaling:groupName": g.Name}
	for key, t := range g.Tags {
		if t.Propagate {
			all[key] = t.Value
		}
	}
	return all
}

type tagsInput struct{ Tags []tagInput }

func (s groups) createOrUpdateTags(_ context.Context, in *tagsInput) (*wire.Empty, error) {
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

func (s groups) deleteTags(_ context.Context, in *tagsInput) (*wire.Empty, error) {
	for _, t := range in.Tags {
		g, err := s.tagged(t)
		if err != nil {
			return nil, err
		}
		delete(g.Tags, t.Key)
	}
	return nil, nil
}

func (s groups) tagged(t tagInput) (*group, error) {
	if t.ResourceType != "" && t.ResourceType != "auto-scaling-group" {
		return nil, invalid("Invalid resource type %q: the only one is auto-scaling-group", t.ResourceType)
	}
	return s.change(t.ResourceId)
}
