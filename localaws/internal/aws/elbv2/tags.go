package elbv2

import (
	"context"
	"maps"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

const maxTags = 50

// newTags makes a map of tags that a request gives.
func newTags(list []core.Tag) (core.Tags, error) {
	if err := checkTags(list); err != nil {
		return nil, err
	}
	return core.NewTags(list), nil
}

func checkTags(list []core.Tag) error {
	seen := map[string]bool{}
	for _, tag := range list {
		switch {
		case seen[tag.Key]:
			return wire.Errorf("DuplicateTagKeys", "The tag key '%s' was specified more than once", tag.Key)
		case strings.HasPrefix(strings.ToLower(tag.Key), "aws:"):
			return invalid("The tag key '%s' must not begin with 'aws:'", tag.Key)
		}
		seen[tag.Key] = true
	}
	if len(list) > maxTags {
		return tooMany("TooManyTags", "The maximum number of tags per resource has been reached: %d", maxTags)
	}
	return nil
}

type addTagsInput struct {
	ResourceArns []string
	Tags         []core.Tag
}

func (s *Service) addTags(_ context.Context, in *addTagsInput) (*wire.Empty, error) {
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	changed := map[string]core.Tags{}
	for _, arn := range in.ResourceArns {
		tags, err := s.tagsOf(arn)
		if err != nil {
			return nil, err
		}
		tags.Put(in.Tags)
		if len(tags) > maxTags {
			return nil, tooMany("TooManyTags", "The maximum number of tags per resource has been reached: %d", maxTags)
		}
		changed[arn] = tags
	}
	maps.Copy(s.state.Tags, changed)
	return nil, nil
}

type removeTagsInput struct {
	ResourceArns []string
	TagKeys      []string
}

func (s *Service) removeTags(_ context.Context, in *removeTagsInput) (*wire.Empty, error) {
	changed := map[string]core.Tags{}
	for _, arn := range in.ResourceArns {
		tags, err := s.tagsOf(arn)
		if err != nil {
			return nil, err
		}
		tags.Remove(in.TagKeys)
		changed[arn] = tags
	}
	maps.Copy(s.state.Tags, changed)
	return nil, nil
}

type describeTagsInput struct{ ResourceArns []string }

type tagDescription struct {
	ResourceArn string
	Tags        []core.Tag
}

type describeTagsOutput struct{ TagDescriptions []tagDescription }

// describeTags has an entry for each resource, also for one without tags.
func (s *Service) describeTags(_ context.Context, in *describeTagsInput) (*describeTagsOutput, error) {
	out := &describeTagsOutput{TagDescriptions: []tagDescription{}}
	for _, arn := range in.ResourceArns {
		tags, err := s.tagsOf(arn)
		if err != nil {
			return nil, err
		}
		out.TagDescriptions = append(out.TagDescriptions, tagDescription{ResourceArn: arn, Tags: tags.List()})
	}
	return out, nil
}

// tagsOf returns a copy of a resource's tags.
func (s *Service) tagsOf(arn string) (core.Tags, error) {
	if err := s.exists(arn); err != nil {
		return nil, err
	}
	tags := core.Tags{}
	maps.Copy(tags, s.state.Tags[arn])
	return tags, nil
}

func (s *Service) exists(arn string) error {
	var err error
	switch {
	case strings.Contains(arn, ":loadbalancer/"):
		_, err = s.loadBalancer(arn)
	case strings.Contains(arn, ":listener/"):
		_, err = s.listener(arn)
	case strings.Contains(arn, ":listener-rule/"):
		_, err = s.rule(arn)
	case strings.Contains(arn, ":targetgroup/"):
		_, err = s.targetGroup(arn)
	default:
		err = invalid("'%s' is not a valid load balancer, listener, rule or target group ARN", arn)
	}
	return err
}

// TaggedResources lists what has tags, for the Tagging API.
func (s *Service) TaggedResources() []core.TaggedResource {
	var all []core.TaggedResource
	for arn, tags := range s.state.Tags {
		if s.exists(arn) == nil {
			all = append(all, core.TaggedResource{ARN: arn, Tags: tags})
		}
	}
	return all
}
